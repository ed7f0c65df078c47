/*
 * What every command works with: its options, where its output goes, and the world (inventory,
 * cloud), opened when asked for. The only place that reads global settings; main makes it and
 * takes it down.
 */
#ifndef GK_POSTPROCESSOR_CONTEXT_H
#define GK_POSTPROCESSOR_CONTEXT_H

#include "aws/client.h"
#include "base/file.h"
#include "exit.h"
#include "lifecycle/lifecycle.h"
#include "net/transport.h"
#include "options.h"

struct command;

/* What --store says. Texts owned. */
struct store_address {
	bool dynamodb;
	char *name;              /* path of the SQLite file, or the table */
	char *region, *endpoint; /* of a table; NULL: as everything else */
};

void store_address_done(struct store_address *address);
bool store_address_equal(const struct store_address *a, const struct store_address *b);

struct context {
	const struct command *command; /* borrowed */
	struct options options;

	/* From the global options. */
	bool json;         /* --output json: one document on standard output, nothing else */
	bool log_json;     /* --log-format json */
	bool verbose, quiet;
	bool packer;       /* started by Packer: $PACKER_BUILD_NAME is set */
	bool stdout_lost;  /* standard output was closed when we started */
	bool document_begun; /* part of a JSON document was printed: no other one may follow */
	bool output_told;  /* its loss was told already, and is in the status */
	struct gk_log log; /* steps to standard output, the rest to standard error */

	/* --result FILE, opened before anything is done. */
	bool has_result;
	struct gk_file_draft result;

	/* The world. */
	char *actor;
	struct inventory *inventory;
	struct http_transport *transport;
	struct aws_client *aws;
	struct cloud *cloud;
};

/* Environment variable, NULL if unset or empty. */
const char *context_env(const char *name);

/* Reads environment, goldkeep.ini and the global options. */
int context_init(struct context *context, struct gk_error *err);

/* Before a failure is reported: finds out where its document goes, if context_init did not come so
 * far. */
void context_prepare_failure(struct context *context);
void context_done(struct context *context);

/* What the inventory of --store (the default without) is. GK_USAGE. */
int context_store_address(const struct context *context, const char *family,
			  struct store_address *ret, struct gk_error *err);

/* One client for cloud and inventory, made once; its credentials are not looked for yet. */
int context_make_client(struct context *context, const char *family, struct gk_error *err);
/* The same, and its credentials are there. */
int context_open_client(struct context *context, const char *family, struct gk_error *err);

/* Opens the inventory of --store; reading only if `dry`. */
int context_open_inventory(struct context *context, const char *family, bool dry,
			   struct gk_error *err);

/* Makes the cloud and resolves credentials. Sends nothing. */
int context_open_cloud(struct context *context, const char *family, struct gk_error *err);

/* The inventory alone, for what of the lifecycle needs no cloud; what was open before is closed. The
 * context must outlive it. */
int context_open_records(struct context *context, const char *family, bool read_only,
			 struct lifecycle *ret, struct gk_error *err);

/* Both, as the lifecycle wants them; what was open before is closed. The context must outlive it.
 * */
int context_open_lifecycle(struct context *context, const char *family, bool dry,
			   struct lifecycle *ret, struct gk_error *err);

/* The family that was named, which the inventory must know (GK_NOT_FOUND), else all of the
 * inventory, or all with something unfinished. */
int context_choose_families(struct context *context, bool unfinished_only, struct gk_strv *ret,
			    struct gk_error *err);

/* The family that was named: argument `index` of the command, else --family. NULL if none. */
const char *context_family(const struct context *context, size_t index);

#endif
