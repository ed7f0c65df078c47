#include "base/mem.h"
#include "inventory/sqlite_private.h"

enum {
	APPLICATION_ID = 0x474b494e, /* "GKIN", so that a database of somebody else is recognised */
	SCHEMA_VERSION = 2,
};

/* What leads from one PRAGMA user_version to the next. Never changed once released. */
static const char *const migrations[SCHEMA_VERSION] = {
	"CREATE TABLE families ("
	"  id INTEGER PRIMARY KEY,"
	"  name TEXT NOT NULL UNIQUE"
	") STRICT;"
	"CREATE TABLE releases ("
	"  id INTEGER PRIMARY KEY,"
	"  family INTEGER NOT NULL REFERENCES families (id),"
	"  key TEXT NOT NULL,"     /* semver_key: byte order is the order of precedence */
	"  version TEXT NOT NULL," /* as text, with build metadata */
	"  state TEXT NOT NULL,"
	"  held TEXT,"
	"  created_at INTEGER NOT NULL," /* seconds since 1970 */
	"  run TEXT NOT NULL,"
	"  build TEXT,"
	"  builder TEXT,"
	"  fingerprint TEXT,"
	"  intent TEXT,"
	"  revision INTEGER NOT NULL,"
	"  retired INTEGER NOT NULL,"    /* 0 or 1, from state */
	"  unfinished INTEGER NOT NULL," /* 0 or 1, release_is_unfinished */
	"  UNIQUE (family, key),"
	"  UNIQUE (family, run)"
	") STRICT;"
	"CREATE INDEX releases_alive ON releases (family, key) WHERE retired = 0;"
	"CREATE INDEX releases_unfinished ON releases (family, key) WHERE unfinished = 1;"
	"CREATE TABLE images ("
	"  id INTEGER PRIMARY KEY,"
	"  release INTEGER NOT NULL REFERENCES releases (id) ON DELETE CASCADE,"
	"  position INTEGER NOT NULL,"
	"  provider TEXT,"
	"  location TEXT,"
	"  image TEXT,"
	"  name TEXT,"
	"  architecture TEXT,"
	"  account TEXT,"
	"  bundle TEXT,"
	"  state TEXT NOT NULL,"
	"  UNIQUE (release, position)"
	") STRICT;"
	"CREATE TABLE snapshots ("
	"  image INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,"
	"  position INTEGER NOT NULL,"
	"  snapshot TEXT NOT NULL,"
	"  state TEXT NOT NULL,"
	"  reason TEXT,"
	"  PRIMARY KEY (image, position)"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE channels ("
	"  family INTEGER NOT NULL REFERENCES families (id),"
	"  name TEXT NOT NULL,"
	"  release INTEGER NOT NULL REFERENCES releases (id),"
	"  PRIMARY KEY (family, name)"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX channels_release ON channels (release);"
	"CREATE TABLE events ("
	"  id INTEGER PRIMARY KEY," /* in the order of what happened */
	"  family INTEGER NOT NULL REFERENCES families (id),"
	"  release INTEGER NOT NULL REFERENCES releases (id),"
	"  at INTEGER NOT NULL,"
	"  actor TEXT,"
	"  action TEXT NOT NULL,"
	"  detail TEXT"
	") STRICT;"
	"CREATE INDEX events_family ON events (family);" /* an index ends in the id */
	"CREATE INDEX events_release ON events (release);",
	"ALTER TABLE releases ADD COLUMN revoked TEXT;"
	"ALTER TABLE releases ADD COLUMN published TEXT NOT NULL DEFAULT '';" /* one a line */
	"ALTER TABLE channels ADD COLUMN trail TEXT NOT NULL DEFAULT '';",    /* the same */
};

struct header {
	int64_t application_id;
	int64_t user_version;
	int64_t objects;
};

/* One statement, so that all three are of one moment. Not kept: it runs once. */
static int read_header(struct sqlite_inventory *store, struct header *ret, struct gk_error *err)
{
	static const char text[] =
		"SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema) "
		"FROM pragma_application_id, pragma_user_version";
	sqlite3_stmt *statement = NULL;
	bool good = sqlite3_prepare_v2(store->db, text, -1, &statement, NULL) == SQLITE_OK &&
		    sqlite3_step(statement) == SQLITE_ROW;

	if (good)
		*ret = (struct header){
			.application_id = sqlite3_column_int64(statement, 0),
			.user_version = sqlite3_column_int64(statement, 1),
			.objects = sqlite3_column_int64(statement, 2),
		};
	else
		sqlite_failure(store, err);
	sqlite3_finalize(statement);
	return good ? 0 : -1;
}

static int judge(const struct sqlite_inventory *store, const struct header *header,
		 enum sqlite_content *ret, struct gk_error *err)
{
	bool ours = header->application_id == APPLICATION_ID;

	if (header->application_id == 0 && header->user_version == 0 && header->objects == 0)
		*ret = SQLITE_CONTENT_NONE;
	else if (!ours || header->user_version < 1)
		return gk_error_set(err, GK_FAILED,
				    "%s is an SQLite database, but no goldkeep inventory",
				    store->path);
	else if (header->user_version > SCHEMA_VERSION)
		return gk_error_set(err, GK_FAILED,
				    "the inventory %s was made by a newer goldkeep (schema %lld, "
				    "this one knows %d): upgrade goldkeep",
				    store->path, (long long)header->user_version, SCHEMA_VERSION);
	else
		*ret = header->user_version == SCHEMA_VERSION ? SQLITE_CONTENT_CURRENT
							      : SQLITE_CONTENT_OLDER;
	return 0;
}

int sqlite_schema_inspect(struct sqlite_inventory *store, enum sqlite_content *ret,
			  struct gk_error *err)
{
	struct header header = {0};

	if (read_header(store, &header, err) < 0)
		return -1;
	return judge(store, &header, ret, err);
}

static int execute(struct sqlite_inventory *store, const char *text, struct gk_error *err)
{
	if (sqlite3_exec(store->db, text, NULL, NULL, NULL) != SQLITE_OK)
		return sqlite_failure(store, err);
	return 0;
}

/* SQLite takes no parameters in a PRAGMA. */
static int set_header(struct sqlite_inventory *store, struct gk_error *err)
{
	char text[96];

	sqlite3_snprintf(sizeof(text), text, "PRAGMA application_id = %d; PRAGMA user_version = %d",
			 APPLICATION_ID, SCHEMA_VERSION);
	return execute(store, text, err);
}

int sqlite_schema_update(struct sqlite_inventory *store, struct gk_error *err)
{
	_cleanup_(sqlite_transaction_done) struct sqlite_transaction transaction = {0};
	struct header header = {0};
	enum sqlite_content content = SQLITE_CONTENT_NONE;

	/* Looked at again inside the transaction: another process may have been faster. */
	if (sqlite_transaction_init(&transaction, store, true, err) < 0 ||
	    read_header(store, &header, err) < 0 || judge(store, &header, &content, err) < 0)
		return -1;
	for (int64_t version = header.user_version; version < SCHEMA_VERSION; version++)
		if (execute(store, migrations[version], err) < 0)
			return -1;
	if (content != SQLITE_CONTENT_CURRENT && set_header(store, err) < 0)
		return -1;
	return sqlite_transaction_commit(&transaction, err);
}
