#include <string.h>

#include "base/mem.h"
#include "inventory/sqlite_private.h"

static struct sqlite_inventory *self(struct inventory *inventory)
{
	return (struct sqlite_inventory *)inventory;
}

/* The parameters that SQL_RELEASE_ADD and SQL_RELEASE_SAVE have in common. `version` is the
 * caller's buffer: bound text is borrowed. */
static void bind_release(struct sqlite_query *query, const struct release *release, char *version)
{
	sqlite_bind_text(query, semver_format(&release->version, version));
	sqlite_bind_text(query, release_state_name(release->state));
	sqlite_bind_text(query, release->held);
	sqlite_bind_integer(query, release->created_at);
	sqlite_bind_text(query, release->run);
	sqlite_bind_text(query, release->build);
	sqlite_bind_text(query, release->builder);
	sqlite_bind_text(query, release->fingerprint);
	sqlite_bind_text(query, release->intent);
	sqlite_bind_integer(query, release->state == RELEASE_RETIRED);
	sqlite_bind_integer(query, release_is_unfinished(release));
	sqlite_bind_text(query, release->revoked);
	sqlite_bind_lines(query, &release->published);
}

/* Runs a statement that writes a release's row: its version or its run may be taken. */
static int run_release(struct sqlite_query *query, const struct release *release,
		       struct gk_error *err)
{
	char label[RELEASE_LABEL_SIZE];

	if (sqlite_query_run(query, err) == 0)
		return 0;
	if (sqlite3_extended_errcode(query->store->db) != SQLITE_CONSTRAINT_UNIQUE)
		return -1;
	return gk_error_set(err, GK_CONFLICT, "the inventory has %s or a release of run %s already",
			    release_label(release, label), release->run);
}

int sqlite_add_family(struct sqlite_inventory *store, const char *family, struct gk_error *err)
{
	_cleanup_(sqlite_query_done) struct sqlite_query query = {0};

	if (sqlite_query_init(&query, store, SQL_FAMILY_ADD, err) < 0)
		return -1;
	sqlite_bind_text(&query, family);
	return sqlite_query_run(&query, err);
}

int sqlite_add_release(struct sqlite_inventory *store, const struct release *release,
		       int64_t revision, int64_t *ret_row, struct gk_error *err)
{
	_cleanup_(sqlite_query_done) struct sqlite_query query = {0};
	char key[SEMVER_KEY_SIZE];
	char version[SEMVER_TEXT_SIZE];
	int64_t row = 0;

	if (sqlite_query_init(&query, store, SQL_RELEASE_ADD, err) < 0)
		return -1;
	sqlite_bind_text(&query, release->family);
	sqlite_bind_text(&query, semver_key(&release->version, key));
	bind_release(&query, release, version);
	sqlite_bind_integer(&query, revision);
	if (run_release(&query, release, err) < 0)
		return -1;
	row = sqlite3_last_insert_rowid(store->db);
	if (sqlite_rows_add_images(store, row, release, err) < 0)
		return -1;
	*ret_row = row;
	return 0;
}

int sqlite_add_event(struct sqlite_inventory *store, int64_t row, const struct event *event,
		     struct gk_error *err)
{
	_cleanup_(sqlite_query_done) struct sqlite_query query = {0};

	if (sqlite_query_init(&query, store, SQL_EVENT_ADD, err) < 0)
		return -1;
	sqlite_bind_integer(&query, row);
	sqlite_bind_integer(&query, event->at);
	sqlite_bind_text(&query, event->actor);
	sqlite_bind_text(&query, event->action);
	sqlite_bind_text(&query, event->detail);
	return sqlite_query_run(&query, err);
}

int sqlite_insert(struct inventory *inventory, struct release *release, const struct event *event,
		  struct gk_error *err)
{
	_cleanup_(sqlite_transaction_done) struct sqlite_transaction transaction = {0};
	struct sqlite_inventory *store = self(inventory);
	int64_t row = 0;

	if (sqlite_transaction_init(&transaction, store, true, err) < 0 ||
	    sqlite_add_family(store, release->family, err) < 0 ||
	    sqlite_add_release(store, release, 1, &row, err) < 0 ||
	    sqlite_add_event(store, row, event, err) < 0 ||
	    sqlite_transaction_commit(&transaction, err) < 0)
		return -1;
	release->revision = 1;
	return 0;
}

/* What a write has to know of the row that it is about. */
struct stored {
	int64_t row;
	int64_t revision;
	struct release release; /* its state and whether it is revoked, no more */
};

static void stored_done(struct stored *stored)
{
	release_done(&stored->release);
}

static int find_row(struct sqlite_inventory *store, const char *family,
		    const struct semver *version, bool *ret_found, struct stored *ret,
		    struct gk_error *err)
{
	_cleanup_(sqlite_query_done) struct sqlite_query query = {0};
	char key[SEMVER_KEY_SIZE];
	int step = 0;

	if (sqlite_query_init(&query, store, SQL_RELEASE_ROW, err) < 0)
		return -1;
	sqlite_bind_text(&query, family);
	sqlite_bind_text(&query, semver_key(version, key));
	step = sqlite_query_step(&query, err);
	if (step < 0)
		return -1;
	*ret_found = step > 0;
	if (step == 0)
		return 0;
	ret->row = sqlite3_column_int64(query.statement, 0);
	ret->revision = sqlite3_column_int64(query.statement, 1);
	if (release_state_parse(sqlite_column(&query, 2), &ret->release.state, err) < 0)
		return -1;
	return sqlite_column_dup(&query, 3, &ret->release.revoked, err);
}

static int find_unchanged(struct sqlite_inventory *store, const struct release *release,
			  int64_t *ret_row, struct gk_error *err)
{
	_cleanup_(stored_done) struct stored stored = {0};
	char label[RELEASE_LABEL_SIZE];
	bool found = false;

	if (find_row(store, release->family, &release->version, &found, &stored, err) < 0)
		return -1;
	if (!found)
		return gk_error_set(err, GK_NOT_FOUND, "the inventory has no %s",
				    release_label(release, label));
	if (stored.revision != release->revision)
		return gk_error_set(err, GK_CONFLICT, "%s was changed by another process meanwhile",
				    release_label(release, label));
	*ret_row = stored.row;
	return 0;
}

/* A release that no channel may name must be named by none. */
static int check_channels(struct sqlite_inventory *store, int64_t row,
			  const struct release *release, struct gk_error *err)
{
	_cleanup_(sqlite_query_done) struct sqlite_query query = {0};
	int step = 0;

	if (inventory_may_be_named(release->state, release->revoked != NULL))
		return 0;
	if (sqlite_query_init(&query, store, SQL_CHANNELS_OF_RELEASE, err) < 0)
		return -1;
	sqlite_bind_integer(&query, row);
	step = sqlite_query_step(&query, err);
	return step > 0 ? inventory_refuse_named(release, sqlite_column(&query, 0), err) : step;
}

static int save_row(struct sqlite_inventory *store, int64_t row, const struct release *release,
		    struct gk_error *err)
{
	_cleanup_(sqlite_query_done) struct sqlite_query query = {0};
	char version[SEMVER_TEXT_SIZE];

	if (sqlite_query_init(&query, store, SQL_RELEASE_SAVE, err) < 0)
		return -1;
	sqlite_bind_integer(&query, row);
	bind_release(&query, release, version);
	return run_release(&query, release, err);
}

static int replace_images(struct sqlite_inventory *store, int64_t row,
			  const struct release *release, struct gk_error *err)
{
	_cleanup_(sqlite_query_done) struct sqlite_query query = {0};

	if (sqlite_query_init(&query, store, SQL_IMAGES_CLEAR, err) < 0)
		return -1;
	sqlite_bind_integer(&query, row);
	if (sqlite_query_run(&query, err) < 0)
		return -1;
	return sqlite_rows_add_images(store, row, release, err);
}

int sqlite_save(struct inventory *inventory, struct release *release, const struct event *event,
		struct gk_error *err)
{
	_cleanup_(sqlite_transaction_done) struct sqlite_transaction transaction = {0};
	struct sqlite_inventory *store = self(inventory);
	int64_t row = 0;

	if (sqlite_transaction_init(&transaction, store, true, err) < 0 ||
	    find_unchanged(store, release, &row, err) < 0 ||
	    check_channels(store, row, release, err) < 0 ||
	    save_row(store, row, release, err) < 0 ||
	    replace_images(store, row, release, err) < 0 ||
	    sqlite_add_event(store, row, event, err) < 0 ||
	    sqlite_transaction_commit(&transaction, err) < 0)
		return -1;
	release->revision++;
	return 0;
}

/* The version that a channel names now. */
static int find_channel(struct sqlite_inventory *store, const char *family, const char *name,
			bool *ret_found, struct semver *ret, struct gk_error *err)
{
	_cleanup_(sqlite_query_done) struct sqlite_query query = {0};
	int step = 0;

	if (sqlite_query_init(&query, store, SQL_CHANNEL, err) < 0)
		return -1;
	sqlite_bind_text(&query, family);
	sqlite_bind_text(&query, name);
	step = sqlite_query_step(&query, err);
	if (step < 0)
		return -1;
	*ret_found = step > 0;
	if (step == 0)
		return 0;
	return sqlite_version_parse(sqlite_column(&query, 0), ret, err);
}

static int check_from(struct sqlite_inventory *store, const char *family, const char *name,
		      const struct semver *from, struct gk_error *err)
{
	char text[SEMVER_TEXT_SIZE];
	struct semver now = {0};
	bool found = false;

	if (find_channel(store, family, name, &found, &now, err) < 0)
		return -1;
	if (found == (from != NULL) && (!from || semver_compare(from, &now) == 0))
		return 0;
	return gk_error_set(err, GK_CONFLICT, "channel %s of %s was moved meanwhile: it names %s",
			    name, family, found ? semver_format(&now, text) : "nothing");
}

static int check_to(struct sqlite_inventory *store, const char *family,
		    const struct channel *to, int64_t *ret_row, struct gk_error *err)
{
	_cleanup_(stored_done) struct stored stored = {0};
	bool found = false;

	if (find_row(store, family, &to->version, &found, &stored, err) < 0 ||
	    inventory_check_target(family, to, found ? &stored.release : NULL, err) < 0)
		return -1;
	*ret_row = stored.row;
	return 0;
}

static int put_channel(struct sqlite_inventory *store, const char *family,
		       const struct channel *channel, int64_t row, struct gk_error *err)
{
	_cleanup_(sqlite_query_done) struct sqlite_query query = {0};

	if (sqlite_query_init(&query, store, SQL_CHANNEL_SET, err) < 0)
		return -1;
	sqlite_bind_text(&query, family);
	sqlite_bind_text(&query, channel->name);
	sqlite_bind_integer(&query, row);
	sqlite_bind_lines(&query, &channel->trail);
	return sqlite_query_run(&query, err);
}

int sqlite_name_release(struct sqlite_inventory *store, const char *family,
			const struct channel *channel, int64_t *ret_row, struct gk_error *err)
{
	int64_t row = 0;

	if (check_to(store, family, channel, &row, err) < 0 ||
	    put_channel(store, family, channel, row, err) < 0)
		return -1;
	*ret_row = row;
	return 0;
}

int sqlite_set_channel(struct inventory *inventory, const char *family, const struct semver *from,
		       const struct channel *to, const struct event *event, struct gk_error *err)
{
	_cleanup_(sqlite_transaction_done) struct sqlite_transaction transaction = {0};
	struct sqlite_inventory *store = self(inventory);
	int64_t row = 0;

	if (sqlite_transaction_init(&transaction, store, true, err) < 0 ||
	    check_from(store, family, to->name, from, err) < 0 ||
	    sqlite_name_release(store, family, to, &row, err) < 0 ||
	    sqlite_add_event(store, row, event, err) < 0)
		return -1;
	return sqlite_transaction_commit(&transaction, err);
}
