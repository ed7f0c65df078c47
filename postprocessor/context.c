#include "context.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cloud/aws.h"
#include "cloud/rehearsal.h"
#include "commands.h"
#include "inventory/dynamodb.h"
#include "inventory/rehearsal.h"
#include "inventory/sqlite.h"
#include "output.h"

const char *context_env(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* ---- options ---- */

/* goldkeep.ini stands beside the manifest, unless --config names it. */
static int read_config(struct context *context, struct gk_error *err)
{
	const char *named = options_text(&context->options, NULL, "config");
	const char *manifest = options_text(&context->options, NULL, "manifest");
	_cleanup_free_ char *folder = NULL;
	_cleanup_free_ char *path = NULL;

	if (named)
		return options_read_file(&context->options, named, true, commands_all_options(), err);
	folder = gk_path_folder(manifest ? manifest : "", err);
	path = folder ? gk_str_format(err, "%s/goldkeep.ini", folder) : NULL;
	if (!path)
		return -1;
	return options_read_file(&context->options,
				 strcmp(folder, ".") == 0 ? "goldkeep.ini" : path, false,
				 commands_all_options(), err);
}

static int one_of(const struct context *context, const char *name, const char *first,
		  const char *second, bool *ret_second, struct gk_error *err)
{
	const struct option_value *value = options_find(&context->options, NULL, name);

	*ret_second = value && strcmp(value->text, second) == 0;
	if (!value || *ret_second || strcmp(value->text, first) == 0)
		return 0;
	return gk_error_set(err, GK_USAGE, "%s: '%s' is neither %s nor %s", value->origin,
			    value->text, first, second);
}

static int open_result(struct context *context, struct gk_error *err)
{
	const char *path = options_text(&context->options, NULL, "result");

	if (!path)
		return 0;
	if (gk_file_draft_open(&context->result, path, err) < 0)
		return gk_error_wrap(err, "--result");
	context->has_result = true;
	return 0;
}

/* "user@host" for the history. */
static int find_actor(struct context *context, struct gk_error *err)
{
	const struct passwd *user = getpwuid(geteuid());
	char host[256] = "localhost";

	gethostname(host, sizeof(host) - 1);
	context->actor = gk_str_format(err, "%s@%s", user ? user->pw_name : "?", host);
	return context->actor ? 0 : -1;
}

int context_init(struct context *context, struct gk_error *err)
{
	const struct options *options = &context->options;

	context->packer = context_env("PACKER_BUILD_NAME") != NULL;
	context->log = (struct gk_log){.write = output_log, .context = context};
	if (options_read_environment(&context->options, context_env, err) < 0 ||
	    one_of(context, "output", "text", "json", &context->json, err) < 0 ||
	    read_config(context, err) < 0 ||
	    one_of(context, "output", "text", "json", &context->json, err) < 0 ||
	    one_of(context, "log-format", "text", "json", &context->log_json, err) < 0 ||
	    options_switch(options, NULL, "verbose", &context->verbose, err) < 0 ||
	    options_switch(options, NULL, "quiet", &context->quiet, err) < 0)
		return -1;
	return find_actor(context, err) < 0 ? -1 : open_result(context, err);
}

void context_prepare_failure(struct context *context)
{
	const char *output = options_text(&context->options, NULL, "output");

	if (!output)
		output = context_env("GOLDKEEP_OUTPUT");
	if (output && strcmp(output, "json") == 0)
		context->json = true;
	if (!context->actor)
		open_result(context, NULL);
}

static void close_world(struct context *context)
{
	cloud_closep(&context->cloud);
	inventory_closep(&context->inventory);
	aws_client_freep(&context->aws);
	http_transport_freep(&context->transport);
}

void context_done(struct context *context)
{
	close_world(context);
	gk_file_draft_done(&context->result);
	free(context->actor);
	options_done(&context->options);
}

/* ---- the inventory ---- */

int context_open_inventory(struct context *context, const char *family, bool dry,
			   struct gk_error *err)
{
	_cleanup_(store_address_done) struct store_address address = {0};
	struct dynamodb_place place = {0};

	if (context_store_address(context, family, &address, err) < 0)
		return -1;
	if (!address.dynamodb)
		return sqlite_inventory_open(address.name,
					     dry ? SQLITE_READ_ONLY : SQLITE_READ_WRITE,
					     &context->inventory, err);
	place = (struct dynamodb_place){address.name, address.region, address.endpoint};
	if (context_open_client(context, family, err) < 0)
		return -1;
	return dynamodb_inventory_open(context->aws, &context->log, &place, &context->inventory,
				       err);
}

/* ---- the cloud ---- */

/* A profile that was named to goldkeep itself counts as named by flag. */
int context_make_client(struct context *context, const char *family, struct gk_error *err)
{
	const struct options *options = &context->options;
	struct aws_options aws = {
		.profile = options_text(options, family, "profile"),
		.region = options_text(options, family, "region"),
		.endpoint_url = options_text(options, family, "endpoint-url"),
		.getenv = context_env,
	};
	_cleanup_free_ char *bundle = NULL;
	struct http_curl_options curl = {
		.user_agent = "goldkeep/" GOLDKEEP_VERSION,
		.env = context_env,
	};

	if (context->aws)
		return 0;
	if (aws_ca_bundle(&aws, &bundle, err) < 0)
		return -1;
	curl.ca_bundle = bundle;
	http_transport_freep(&context->transport);
	if (http_curl_new(&curl, &context->transport, err) < 0)
		return -1;
	return aws_client_new(&aws, context->transport, &gk_system_clock, &context->log,
			      &context->aws, err);
}

int context_open_client(struct context *context, const char *family, struct gk_error *err)
{
	return context_make_client(context, family, err) < 0 ? -1
							     : aws_client_check(context->aws, err);
}

int context_open_cloud(struct context *context, const char *family, struct gk_error *err)
{
	if (context_open_client(context, family, err) < 0)
		return -1;
	return aws_cloud_open(context->aws, &context->cloud, err);
}

/* From here on what is written is kept in memory, and what is removed only pretended. */
static int rehearse(struct context *context, struct gk_error *err)
{
	struct inventory *inventory = NULL;
	struct cloud *cloud = NULL;

	if (rehearsal_inventory_open(context->inventory, &inventory, err) < 0)
		return -1;
	context->inventory = inventory;
	if (rehearsal_cloud_open(context->cloud, &cloud, err) < 0)
		return -1;
	context->cloud = cloud;
	return 0;
}

static struct lifecycle lifecycle_of(const struct context *context)
{
	return (struct lifecycle){
		.inventory = context->inventory,
		.cloud = context->cloud,
		.clock = &gk_system_clock,
		.log = &context->log,
		.actor = context->actor,
	};
}

int context_open_records(struct context *context, const char *family, bool read_only,
			 struct lifecycle *ret, struct gk_error *err)
{
	close_world(context);
	if (context_open_inventory(context, family, read_only, err) < 0)
		return -1;
	*ret = lifecycle_of(context);
	return 0;
}

int context_open_lifecycle(struct context *context, const char *family, bool dry,
			   struct lifecycle *ret, struct gk_error *err)
{
	close_world(context);
	if (context_open_inventory(context, family, dry, err) < 0 ||
	    context_open_cloud(context, family, err) < 0 ||
	    (dry && rehearse(context, err) < 0))
		return -1;
	*ret = lifecycle_of(context);
	ret->dry_run = dry;
	return 0;
}

const char *context_family(const struct context *context, size_t index)
{
	if (context->options.arguments.count > index)
		return context->options.arguments.items[index];
	return options_text(&context->options, NULL, "family");
}

int context_choose_families(struct context *context, bool unfinished_only, struct gk_strv *ret,
			    struct gk_error *err)
{
	const char *family = context_family(context, 0);
	bool known = false;

	if (!family)
		return context->inventory->ops->families(context->inventory, unfinished_only, ret,
							 err);
	if (family_check(family, err) < 0 ||
	    inventory_knows_family(context->inventory, family, &known, err) < 0)
		return -1;
	if (!known)
		return gk_error_set(err, GK_NOT_FOUND, "the inventory has no family %s", family);
	return gk_strv_add(ret, family, err);
}
