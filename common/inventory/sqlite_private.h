/*
 * What the files of the SQLite inventory share. Nobody else includes it, but for its unit tests.
 *
 *   sqlite.c         opening, closing, the function table
 *   sqlite_schema.c  what is in the file, and bringing it up to date
 *   sqlite_query.c   statements, transactions, and SQLite's codes as errors
 *   sqlite_rows.c    releases from and to rows
 *   sqlite_read.c, sqlite_write.c, sqlite_import.c  the functions of the table
 */
#ifndef GK_INVENTORY_SQLITE_PRIVATE_H
#define GK_INVENTORY_SQLITE_PRIVATE_H

#include <sqlite3.h>

#include "inventory/sqlite.h"

/* Every statement, prepared when first used and kept. Their text is in sqlite_query.c. */
enum sqlite_statement {
	SQL_BEGIN_READ,
	SQL_BEGIN_WRITE,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_GET,
	SQL_FIND_RUN,
	SQL_TOP,
	SQL_PAGE_ALIVE,
	SQL_PAGE_UNFINISHED,
	SQL_PAGE_ALL,
	SQL_IMAGES,
	SQL_FAMILIES,
	SQL_FAMILIES_UNFINISHED,
	SQL_CHANNELS,
	SQL_CHANNEL,
	SQL_CHANNELS_OF_RELEASE,
	SQL_EVENTS_OF_FAMILY,
	SQL_EVENTS_OF_RELEASE,
	SQL_FAMILY_ADD,
	SQL_RELEASE_ADD,
	SQL_RELEASE_ROW,
	SQL_RELEASE_SAVE,
	SQL_IMAGES_CLEAR,
	SQL_IMAGE_ADD,
	SQL_SNAPSHOT_ADD,
	SQL_CHANNEL_SET,
	SQL_EVENT_ADD,
	SQL_STATEMENTS,
};

enum { SQLITE_BUSY_MILLISECONDS = 10000 };

struct sqlite_inventory {
	struct inventory base;
	char *path; /* as the caller named it, for messages */
	sqlite3 *db;
	sqlite3_stmt *statements[SQL_STATEMENTS];
	int busy_milliseconds;
};

/* For unit tests, which cannot wait ten seconds. */
void sqlite_set_busy_timeout(struct sqlite_inventory *store, int milliseconds);

/* The failure that SQLite reported last, as one sentence that names the file. Returns -1. */
int sqlite_failure(const struct sqlite_inventory *store, struct gk_error *err);

/* --- statements ---------------------------------------------------------------------------- */

/* A statement in use. Parameters are bound in their order; a failure to bind sticks and is reported
 * by the step. */
struct sqlite_query {
	struct sqlite_inventory *store;
	sqlite3_stmt *statement; /* borrowed from the store */
	int bound;
	int code;
};

int sqlite_query_init(struct sqlite_query *query, struct sqlite_inventory *store,
		      enum sqlite_statement id, struct gk_error *err);
void sqlite_query_done(struct sqlite_query *query);
void sqlite_bind_text(struct sqlite_query *query, const char *value); /* NULL binds NULL */
void sqlite_bind_integer(struct sqlite_query *query, int64_t value);
/* A list is kept as lines: what it consists of has no line feed in it, and is not empty. */
void sqlite_bind_lines(struct sqlite_query *query, const struct gk_strv *lines);
/* 1 on a row, 0 at the end. */
int sqlite_query_step(struct sqlite_query *query, struct gk_error *err);
/* Runs to the end and expects no row. */
int sqlite_query_run(struct sqlite_query *query, struct gk_error *err);
/* Text of a column that is never NULL in the schema, borrowed until the next step; "" if memory ran
 * out, which no reader of a version or a state takes. */
const char *sqlite_column(const struct sqlite_query *query, int column);
/* Replaces *target by a copy of the column's text; NULL stays NULL. */
int sqlite_column_dup(struct sqlite_query *query, int column, char **target, struct gk_error *err);
/* Appends the column's lines. */
int sqlite_column_lines(struct sqlite_query *query, int column, struct gk_strv *ret,
			struct gk_error *err);

/* --- transactions -------------------------------------------------------------------------- */

struct sqlite_transaction {
	struct sqlite_inventory *store;
};

/* A read transaction sees one state of the file throughout; a write transaction (BEGIN IMMEDIATE)
 * keeps every other writer out from its beginning. done rolls back what was not committed. Reading
 * inside another transaction is part of that one. */
int sqlite_transaction_init(struct sqlite_transaction *transaction, struct sqlite_inventory *store,
			    bool write, struct gk_error *err);
int sqlite_transaction_commit(struct sqlite_transaction *transaction, struct gk_error *err);
void sqlite_transaction_done(struct sqlite_transaction *transaction);

/* --- schema -------------------------------------------------------------------------------- */

enum sqlite_content {
	SQLITE_CONTENT_NONE,    /* nothing in it yet */
	SQLITE_CONTENT_CURRENT, /* an inventory of this schema */
	SQLITE_CONTENT_OLDER,
};

/* What the file holds. GK_FAILED if it is no inventory, or a newer goldkeep's. */
int sqlite_schema_inspect(struct sqlite_inventory *store, enum sqlite_content *ret,
			  struct gk_error *err);
/* Brings the file to the current schema, in one transaction. Several processes may try at once. */
int sqlite_schema_update(struct sqlite_inventory *store, struct gk_error *err);

/* --- rows ---------------------------------------------------------------------------------- */

/* The release of the row that the query (SQL_GET and its kin) stands on, with its images. Call it
 * inside a transaction. */
int sqlite_row_release(struct sqlite_query *query, const char *family, struct release *ret,
		       struct gk_error *err);
/* Adds the images of the release with that row id. */
int sqlite_rows_add_images(struct sqlite_inventory *store, int64_t row,
			   const struct release *release, struct gk_error *err);
/* What a write is made of; each is called inside a write transaction. A family that is there stays.
 * The release with its images: GK_CONFLICT if its version or its run is there already. A channel,
 * wherever it is: GK_REFUSED if it may not name its version. */
int sqlite_add_family(struct sqlite_inventory *store, const char *family, struct gk_error *err);
int sqlite_add_release(struct sqlite_inventory *store, const struct release *release,
		       int64_t revision, int64_t *ret_row, struct gk_error *err);
int sqlite_add_event(struct sqlite_inventory *store, int64_t row, const struct event *event,
		     struct gk_error *err);
int sqlite_name_release(struct sqlite_inventory *store, const char *family,
			const struct channel *channel, int64_t *ret_row, struct gk_error *err);
int sqlite_version_parse(const char *text, struct semver *ret, struct gk_error *err);

/* --- the table ----------------------------------------------------------------------------- */

int sqlite_get(struct inventory *inventory, const char *family, const struct semver *version,
	       bool *ret_found, struct release *ret, struct gk_error *err);
int sqlite_find_run(struct inventory *inventory, const char *family, const char *run,
		    bool *ret_found, struct release *ret, struct gk_error *err);
int sqlite_top(struct inventory *inventory, const char *family, const struct version_range *range,
	       bool *ret_found, struct semver *ret, struct gk_error *err);
int sqlite_page(struct inventory *inventory, const char *family, enum inventory_filter filter,
		const struct semver *before, size_t limit, struct release_list *ret,
		struct gk_error *err);
int sqlite_families(struct inventory *inventory, bool unfinished_only, struct gk_strv *ret,
		    struct gk_error *err);
int sqlite_channels(struct inventory *inventory, const char *family, struct channel_list *ret,
		    struct gk_error *err);
int sqlite_events(struct inventory *inventory, const char *family, const struct semver *version,
		  size_t limit, struct event_list *ret, struct gk_error *err);
int sqlite_insert(struct inventory *inventory, struct release *release, const struct event *event,
		  struct gk_error *err);
int sqlite_save(struct inventory *inventory, struct release *release, const struct event *event,
		struct gk_error *err);
int sqlite_set_channel(struct inventory *inventory, const char *family, const struct semver *from,
		       const struct channel *to, const struct event *event, struct gk_error *err);
int sqlite_import_family(struct inventory *inventory, const struct family_dump *dump,
			 struct gk_error *err);

#endif
