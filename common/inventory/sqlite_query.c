#include <string.h>

#include "base/mem.h"
#include "inventory/sqlite_private.h"

#define RELEASE_COLUMNS                                                                            \
	"r.id, r.version, r.state, r.held, r.created_at, r.run, r.build, r.builder, "              \
	"r.fingerprint, r.intent, r.revision, r.revoked, r.published"
#define IN_FAMILY "WHERE r.family = (SELECT id FROM families WHERE name = ?1) "
#define FROM_FAMILY "FROM releases r " IN_FAMILY
#define PAGE_REST "AND r.key < ?2 ORDER BY r.key DESC LIMIT ?3"
#define EVENT_COLUMNS "e.at, e.actor, e.action, r.version, e.detail"

static const char *const statement_texts[SQL_STATEMENTS] = {
	[SQL_BEGIN_READ] = "BEGIN",
	[SQL_BEGIN_WRITE] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_GET] = "SELECT " RELEASE_COLUMNS " " FROM_FAMILY "AND r.key = ?2",
	[SQL_FIND_RUN] = "SELECT " RELEASE_COLUMNS " " FROM_FAMILY "AND r.run = ?2",
	[SQL_TOP] = "SELECT r.version " FROM_FAMILY "AND r.key >= ?2 AND r.key < ?3 "
		    "ORDER BY r.key DESC LIMIT 1",
	/* INDEXED BY: a page must not walk over what it leaves out, whatever the planner thinks. */
	[SQL_PAGE_ALIVE] =
		"SELECT " RELEASE_COLUMNS " FROM releases r INDEXED BY releases_alive " IN_FAMILY
		"AND r.retired = 0 " PAGE_REST,
	[SQL_PAGE_UNFINISHED] =
		"SELECT " RELEASE_COLUMNS " FROM releases r INDEXED BY releases_unfinished "
		IN_FAMILY "AND r.unfinished = 1 " PAGE_REST,
	[SQL_PAGE_ALL] = "SELECT " RELEASE_COLUMNS " " FROM_FAMILY PAGE_REST,
	[SQL_IMAGES] = "SELECT i.id, i.provider, i.location, i.image, i.name, i.architecture, "
		       "i.account, i.bundle, i.state, s.snapshot, s.state, s.reason "
		       "FROM images i LEFT JOIN snapshots s ON s.image = i.id "
		       "WHERE i.release = ?1 ORDER BY i.position, s.position",
	[SQL_FAMILIES] = "SELECT name FROM families ORDER BY name",
	[SQL_FAMILIES_UNFINISHED] =
		"SELECT name FROM families f WHERE EXISTS (SELECT 1 FROM releases r "
		"INDEXED BY releases_unfinished WHERE r.family = f.id AND r.unfinished = 1) "
		"ORDER BY name",
	[SQL_CHANNELS] = "SELECT c.name, r.version, c.trail FROM families f "
			 "JOIN channels c ON c.family = f.id JOIN releases r ON r.id = c.release "
			 "WHERE f.name = ?1 ORDER BY c.name",
	[SQL_CHANNEL] = "SELECT r.version FROM families f "
			"JOIN channels c ON c.family = f.id JOIN releases r ON r.id = c.release "
			"WHERE f.name = ?1 AND c.name = ?2",
	[SQL_CHANNELS_OF_RELEASE] = "SELECT name FROM channels WHERE release = ?1 ORDER BY name",
	[SQL_EVENTS_OF_FAMILY] = "SELECT " EVENT_COLUMNS " FROM families f "
				 "JOIN events e ON e.family = f.id "
				 "JOIN releases r ON r.id = e.release "
				 "WHERE f.name = ?1 ORDER BY e.id DESC LIMIT ?2",
	[SQL_EVENTS_OF_RELEASE] = "SELECT " EVENT_COLUMNS " FROM families f "
				  "JOIN releases r ON r.family = f.id "
				  "JOIN events e ON e.release = r.id "
				  "WHERE f.name = ?1 AND r.key = ?2 ORDER BY e.id DESC LIMIT ?3",
	[SQL_FAMILY_ADD] = "INSERT INTO families (name) VALUES (?1) ON CONFLICT DO NOTHING",
	[SQL_RELEASE_ADD] =
		"INSERT INTO releases (family, key, version, state, held, created_at, run, build, "
		"builder, fingerprint, intent, retired, unfinished, revoked, published, revision) "
		"VALUES ((SELECT id FROM families WHERE name = ?1), "
		"?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
	[SQL_RELEASE_ROW] = "SELECT r.id, r.revision, r.state, r.revoked " FROM_FAMILY "AND r.key = ?2",
	[SQL_RELEASE_SAVE] =
		"UPDATE releases SET version = ?2, state = ?3, held = ?4, created_at = ?5, "
		"run = ?6, build = ?7, builder = ?8, fingerprint = ?9, intent = ?10, "
		"retired = ?11, unfinished = ?12, revoked = ?13, published = ?14, "
		"revision = revision + 1 WHERE id = ?1",
	[SQL_IMAGES_CLEAR] = "DELETE FROM images WHERE release = ?1",
	[SQL_IMAGE_ADD] =
		"INSERT INTO images (release, position, provider, location, image, name, "
		"architecture, account, bundle, state) "
		"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	[SQL_SNAPSHOT_ADD] = "INSERT INTO snapshots (image, position, snapshot, state, reason) "
			     "VALUES (?1, ?2, ?3, ?4, ?5)",
	[SQL_CHANNEL_SET] = "INSERT INTO channels (family, name, release, trail) VALUES ("
			    "(SELECT id FROM families WHERE name = ?1), ?2, ?3, ?4) "
			    "ON CONFLICT DO UPDATE SET release = excluded.release, "
			    "trail = excluded.trail",
	[SQL_EVENT_ADD] = "INSERT INTO events (family, release, at, actor, action, detail) "
			  "SELECT family, id, ?2, ?3, ?4, ?5 FROM releases WHERE id = ?1",
};

static int locked(const struct sqlite_inventory *store, struct gk_error *err)
{
	return gk_error_set(err, GK_LOCKED,
			    "the inventory %s is locked by another process (waited %d s)",
			    store->path, store->busy_milliseconds / 1000);
}

static int cannot_open(const struct sqlite_inventory *store, struct gk_error *err)
{
	int reason = store->db ? sqlite3_system_errno(store->db) : 0;

	if (reason)
		return gk_error_errno(err, reason, "the inventory %s cannot be opened",
				      store->path);
	return gk_error_set(err, GK_FAILED, "the inventory %s cannot be opened", store->path);
}

int sqlite_failure(const struct sqlite_inventory *store, struct gk_error *err)
{
	const char *path = store->path;

	switch (sqlite3_errcode(store->db) & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_PROTOCOL: /* gave up on a lock that many processes want */
		return locked(store, err);
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return cannot_open(store, err);
	case SQLITE_FULL:
		return gk_error_set(err, GK_FAILED, "no space is left for the inventory %s", path);
	case SQLITE_READONLY:
		return gk_error_set(err, GK_FAILED,
				    "the inventory %s cannot be written: it or its folder is "
				    "read-only", path);
	case SQLITE_NOTADB:
		return gk_error_set(err, GK_FAILED, "%s is no SQLite database", path);
	case SQLITE_CORRUPT:
		return gk_error_set(err, GK_FAILED, "the inventory %s is damaged", path);
	case SQLITE_NOMEM:
		return gk_error_memory(err);
	default:
		return gk_error_set(err, GK_FAILED, "the inventory %s: %s", path,
				    sqlite3_errmsg(store->db));
	}
}

int sqlite_query_init(struct sqlite_query *query, struct sqlite_inventory *store,
		      enum sqlite_statement id, struct gk_error *err)
{
	sqlite3_stmt **cached = &store->statements[id];

	if (!*cached && sqlite3_prepare_v3(store->db, statement_texts[id], -1,
					   SQLITE_PREPARE_PERSISTENT, cached, NULL) != SQLITE_OK)
		return sqlite_failure(store, err);
	*query = (struct sqlite_query){.store = store, .statement = *cached};
	return 0;
}

void sqlite_query_done(struct sqlite_query *query)
{
	if (!query->statement)
		return;
	sqlite3_reset(query->statement);
	/* Bound text is borrowed: the statement outlives it. */
	sqlite3_clear_bindings(query->statement);
	*query = (struct sqlite_query){0};
}

static void keep_failure(struct sqlite_query *query, int code)
{
	if (query->code == SQLITE_OK)
		query->code = code;
}

void sqlite_bind_text(struct sqlite_query *query, const char *value)
{
	keep_failure(query, sqlite3_bind_text(query->statement, ++query->bound, value, -1,
					      SQLITE_STATIC));
}

void sqlite_bind_integer(struct sqlite_query *query, int64_t value)
{
	keep_failure(query, sqlite3_bind_int64(query->statement, ++query->bound, value));
}

void sqlite_bind_lines(struct sqlite_query *query, const struct gk_strv *lines)
{
	char *text = gk_strv_join(lines, "\n", NULL);

	query->bound++;
	keep_failure(query, !text ? SQLITE_NOMEM
				  : sqlite3_bind_text(query->statement, query->bound, text, -1,
						      free));
}

int sqlite_query_step(struct sqlite_query *query, struct gk_error *err)
{
	if (query->code != SQLITE_OK)
		return gk_error_set(err, GK_FAILED, "the inventory %s: %s", query->store->path,
				    sqlite3_errstr(query->code));
	switch (sqlite3_step(query->statement)) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		return 0;
	default:
		return sqlite_failure(query->store, err);
	}
}

int sqlite_query_run(struct sqlite_query *query, struct gk_error *err)
{
	return sqlite_query_step(query, err) < 0 ? -1 : 0;
}

const char *sqlite_column(const struct sqlite_query *query, int column)
{
	const char *text = (const char *)sqlite3_column_text(query->statement, column);

	return text ? text : "";
}

int sqlite_column_dup(struct sqlite_query *query, int column, char **target, struct gk_error *err)
{
	const char *text = (const char *)sqlite3_column_text(query->statement, column);

	if (!text && sqlite3_column_type(query->statement, column) != SQLITE_NULL)
		return gk_error_memory(err);
	return gk_str_set(target, text, err);
}

int sqlite_column_lines(struct sqlite_query *query, int column, struct gk_strv *ret,
			struct gk_error *err)
{
	const char *text = (const char *)sqlite3_column_text(query->statement, column);

	return text ? gk_strv_split(ret, text, '\n', err) : gk_error_memory(err);
}

static int run_simple(struct sqlite_inventory *store, enum sqlite_statement id,
		      struct gk_error *err)
{
	_cleanup_(sqlite_query_done) struct sqlite_query query = {0};

	if (sqlite_query_init(&query, store, id, err) < 0)
		return -1;
	return sqlite_query_run(&query, err);
}

int sqlite_transaction_init(struct sqlite_transaction *transaction, struct sqlite_inventory *store,
			    bool write, struct gk_error *err)
{
	if (!write && !sqlite3_get_autocommit(store->db))
		return 0;
	if (run_simple(store, write ? SQL_BEGIN_WRITE : SQL_BEGIN_READ, err) < 0)
		return -1;
	transaction->store = store;
	return 0;
}

int sqlite_transaction_commit(struct sqlite_transaction *transaction, struct gk_error *err)
{
	if (run_simple(transaction->store, SQL_COMMIT, err) < 0)
		return -1;
	transaction->store = NULL;
	return 0;
}

void sqlite_transaction_done(struct sqlite_transaction *transaction)
{
	struct sqlite_inventory *store = transaction->store;

	transaction->store = NULL;
	/* Some failures (a full disk) have made SQLite roll back already. */
	if (store && !sqlite3_get_autocommit(store->db))
		run_simple(store, SQL_ROLLBACK, NULL);
}
