/*
 * What the files of the DynamoDB inventory share. Nobody else includes it, but for its unit tests.
 *
 *   dynamodb.c         opening, closing, the function table
 *   dynamodb_rows.c    releases, heads and events from and to items
 *   dynamodb_size.c    what of it fits into an item
 *   dynamodb_seen.c    what this process saw last
 *   dynamodb_read.c, dynamodb_page.c  the functions of the table that read
 *   dynamodb_begin.c   what all writes begin with
 *   dynamodb_write.c, dynamodb_channel.c  the functions that write
 *   dynamodb_import.c  a whole family
 *   dynamodb_init.c    making the table
 */
#ifndef GK_INVENTORY_DYNAMODB_PRIVATE_H
#define GK_INVENTORY_DYNAMODB_PRIVATE_H

#include "aws/dynamodb.h"
#include "inventory/dynamodb.h"

enum {
	DYNAMODB_FORMAT = 1,    /* of every item; a newer goldkeep's is higher */
	DYNAMODB_PK_SIZE = 256,
	DYNAMODB_SK_SIZE = 1025,
	DYNAMODB_TRIES_MAX = 50, /* of a write that others keep overtaking */
	DYNAMODB_TIME_SIZE = 48,
	DYNAMODB_SEEN_MAX = 64,    /* releases that are kept in memory */
	DYNAMODB_SEEN_IMAGES = 50, /* of each; a larger one is read again */
};

#define DYNAMODB_LIVE 'V'
#define DYNAMODB_RETIRED 'X'

/* What the head of a family says. */
struct dynamodb_head {
	bool exists;
	char *importing; /* digest of what an unfinished import brings; NULL: the family is there */
	char *top_key;
	struct semver top;
	int64_t channels_revision;
	struct channel_list channels;
};

struct dynamodb_seen {
	struct {
		struct release release; /* family NULL: none */
		char key[SEMVER_KEY_SIZE];
	} releases[DYNAMODB_SEEN_MAX];
	size_t next;
	char *head_family; /* NULL: none was seen */
	struct dynamodb_head head;
};

struct dynamodb_inventory {
	struct inventory base;
	struct dynamodb db;
	char *table, *region, *endpoint;
	const struct gk_log *log;
	struct gk_strv ready; /* families whose head was seen complete: it stays so */
	int64_t last_event;   /* microseconds since 1970 */
	struct dynamodb_seen seen;
};

/* --- names ---------------------------------------------------------------------------------- */

/* "F#web" into pk[DYNAMODB_PK_SIZE]; returns pk. */
const char *dynamodb_pk(const char *family, char *pk);
/* "V#<key>" into sk[DYNAMODB_SK_SIZE]; returns sk. */
const char *dynamodb_sk(char prefix, const char *key, char *sk);
/* The highest text below `key`, for a range that ends before it. `key` may be the same buffer. */
void dynamodb_below(const char *key, char *ret, size_t size);
/* V or X: where a release of that state stands. */
char dynamodb_place_of(enum release_state state);

/* --- items ---------------------------------------------------------------------------------- */

/* Fills in the item of a release. `old` is what it replaces, NULL if it is new. GK_FAILED, with the
 * number, if it could become larger than DynamoDB takes by the time it is retired; what was let in
 * is taken in every later state, if need be with the reasons of its snapshots cut. */
int dynamodb_row_write(struct dynamodb_request *request, cJSON *item,
		       const struct release *release, const struct release *old,
		       struct gk_error *err);
/* The item as it is, reasons of snapshots cut to so many bytes. */
void dynamodb_row_fill(struct dynamodb_request *request, cJSON *item,
		       const struct release *release, size_t reason_max);
/* Also remembers it. */
int dynamodb_row_read(struct dynamodb_inventory *store, const cJSON *item, const char *family,
		      struct release *ret, struct gk_error *err);
/* GK_FAILED for an item of a newer goldkeep, or of none. */
int dynamodb_row_check(const struct dynamodb_inventory *store, const cJSON *item,
		       struct gk_error *err);
/* Wraps: which row of which table it is. Returns -1. */
int dynamodb_row_error(const struct dynamodb_inventory *store, const cJSON *item,
		       struct gk_error *err);

void dynamodb_head_done(struct dynamodb_head *head);
/* A channel as the head has it: a map of `version` and `trail`. */
void dynamodb_put_channel(struct dynamodb_request *request, cJSON *to, const char *name,
			  const struct channel *channel);
int dynamodb_head_copy(const struct dynamodb_head *from, struct dynamodb_head *ret,
		       struct gk_error *err);
/* item NULL: there is none. */
int dynamodb_head_parse(const struct dynamodb_inventory *store, const cJSON *item,
			struct dynamodb_head *ret, struct gk_error *err);

/* Fills in the item of an event. */
void dynamodb_event_write(struct dynamodb_request *request, cJSON *item, const char *version,
			  const struct event *event);
int dynamodb_event_read(const struct dynamodb_inventory *store, const cJSON *item,
			struct event_row *ret, struct gk_error *err);
/* Microseconds as text that sorts, into text[DYNAMODB_TIME_SIZE]. */
const char *dynamodb_event_time(int64_t microseconds, char *text);

/* --- what was seen -------------------------------------------------------------------------- */

/*
 * What a write is decided on need not be read again if this process has just read or written it.
 * It is never the answer to a read: every write has conditions that fail if it has changed since,
 * and is decided anew then, on what is read. None of these can fail: what there is no memory for
 * is read again.
 */
void dynamodb_seen_done(struct dynamodb_seen *seen);
/* Borrowed until the next one is seen; NULL unless it was seen with that revision
 * (0: any). */
const struct release *dynamodb_seen_release(struct dynamodb_inventory *store, const char *family,
					    const char *key, int64_t revision);
void dynamodb_see_release(struct dynamodb_inventory *store, const struct release *release);
void dynamodb_forget_release(struct dynamodb_inventory *store, const char *family,
			     const char *key);
/* The head of the family that was asked last; NULL if that is another one. */
const struct dynamodb_head *dynamodb_seen_head(const struct dynamodb_inventory *store,
					       const char *family);
void dynamodb_see_head(struct dynamodb_inventory *store, const char *family,
		       const struct dynamodb_head *head);
/* A channel was moved by us. */
void dynamodb_see_channel(struct dynamodb_inventory *store, const char *family,
			  const struct channel *channel);
void dynamodb_forget_head(struct dynamodb_inventory *store);

/* --- reading -------------------------------------------------------------------------------- */

int dynamodb_send(struct dynamodb_inventory *store, struct dynamodb_request *request,
		  struct gk_error *err);
int dynamodb_head_get(struct dynamodb_inventory *store, const char *family,
		      struct dynamodb_head *ret, struct gk_error *err);
/* Is there such a family, whole? */
int dynamodb_is_ready(struct dynamodb_inventory *store, const char *family, bool *ret,
		      struct gk_error *err);
int dynamodb_set_ready(struct dynamodb_inventory *store, const char *family,
		       struct gk_error *err);
/* The release of that key, wherever it stands, whether the family is ready or not. */
int dynamodb_find(struct dynamodb_inventory *store, const char *family, const char *key,
		  bool *ret_found, struct release *ret, struct gk_error *err);

/* --- writing -------------------------------------------------------------------------------- */

/* The first actions of every write are its history; the store's own follow. */
enum { DYNAMODB_ACTION_EVENT, DYNAMODB_ACTION_EVENT_OF_RELEASE, DYNAMODB_ACTION_FIRST };

/* A write under way. */
struct dynamodb_write {
	struct dynamodb_inventory *store;
	struct dynamodb_request request;
	char pk[DYNAMODB_PK_SIZE];
	char key[SEMVER_KEY_SIZE];
	char version[SEMVER_TEXT_SIZE];
};

/* Begins the transaction with the two items of an event. The first has a random name: if it is
 * there already, then an earlier attempt of this very write was carried out, and its answer was
 * lost. */
int dynamodb_write_init(struct dynamodb_write *write, struct dynamodb_inventory *store,
			const char *family, const struct semver *version,
			const struct event *event, struct gk_error *err);
void dynamodb_write_done(struct dynamodb_write *write);
/* *ret_refused: a condition was false, and it was not this write itself that made it so. */
int dynamodb_write_run(struct dynamodb_write *write, bool *ret_refused, struct gk_error *err);
/* GK_USAGE if the family's or the run's name cannot stand in a key. */
int dynamodb_check_names(const struct release *release, struct gk_error *err);
/* What is told when others are faster every time. Returns -1. */
int dynamodb_overtaken(const char *family, struct gk_error *err);

/* --- the table ------------------------------------------------------------------------------ */

int dynamodb_get(struct inventory *inventory, const char *family, const struct semver *version,
		 bool *ret_found, struct release *ret, struct gk_error *err);
int dynamodb_find_run(struct inventory *inventory, const char *family, const char *run,
		      bool *ret_found, struct release *ret, struct gk_error *err);
int dynamodb_top(struct inventory *inventory, const char *family,
		 const struct version_range *range, bool *ret_found, struct semver *ret,
		 struct gk_error *err);
int dynamodb_page(struct inventory *inventory, const char *family, enum inventory_filter filter,
		  const struct semver *before, size_t limit, struct release_list *ret,
		  struct gk_error *err);
int dynamodb_families(struct inventory *inventory, bool unfinished_only, struct gk_strv *ret,
		      struct gk_error *err);
int dynamodb_channels(struct inventory *inventory, const char *family, struct channel_list *ret,
		      struct gk_error *err);
int dynamodb_events(struct inventory *inventory, const char *family,
		    const struct semver *version, size_t limit, struct event_list *ret,
		    struct gk_error *err);
int dynamodb_insert(struct inventory *inventory, struct release *release,
		    const struct event *event, struct gk_error *err);
int dynamodb_save(struct inventory *inventory, struct release *release,
		  const struct event *event, struct gk_error *err);
int dynamodb_set_channel(struct inventory *inventory, const char *family,
			 const struct semver *from, const struct channel *to,
			 const struct event *event, struct gk_error *err);
int dynamodb_import_family(struct inventory *inventory, const struct family_dump *dump,
			   struct gk_error *err);

#endif
