#include <string.h>

#include "base/mem.h"
#include "inventory/sqlite_private.h"

/* Columns of SQL_GET and its kin, and of SQL_IMAGES. */
enum { R_ID, R_VERSION, R_STATE, R_HELD, R_CREATED, R_RUN, R_BUILD, R_BUILDER, R_FINGERPRINT,
       R_INTENT, R_REVISION, R_REVOKED, R_PUBLISHED };
enum { I_ID, I_PROVIDER, I_LOCATION, I_IMAGE, I_NAME, I_ARCHITECTURE, I_ACCOUNT, I_BUNDLE, I_STATE,
       I_SNAPSHOT, I_SNAPSHOT_STATE, I_REASON };

int sqlite_version_parse(const char *text, struct semver *ret, struct gk_error *err)
{
	if (semver_parse(text, ret, err) == 0)
		return 0;
	if (err)
		err->code = GK_FAILED; /* nobody's option is wrong: the row is */
	return gk_error_wrap(err, "a version in the inventory");
}

static int read_fields(struct sqlite_query *query, struct release *release, struct gk_error *err)
{
	release->created_at = sqlite3_column_int64(query->statement, R_CREATED);
	release->revision = sqlite3_column_int64(query->statement, R_REVISION);
	if (sqlite_version_parse(sqlite_column(query, R_VERSION), &release->version, err) < 0 ||
	    release_state_parse(sqlite_column(query, R_STATE), &release->state, err) < 0 ||
	    sqlite_column_dup(query, R_HELD, &release->held, err) < 0 ||
	    sqlite_column_dup(query, R_REVOKED, &release->revoked, err) < 0 ||
	    sqlite_column_lines(query, R_PUBLISHED, &release->published, err) < 0 ||
	    sqlite_column_dup(query, R_RUN, &release->run, err) < 0 ||
	    sqlite_column_dup(query, R_BUILD, &release->build, err) < 0 ||
	    sqlite_column_dup(query, R_BUILDER, &release->builder, err) < 0 ||
	    sqlite_column_dup(query, R_FINGERPRINT, &release->fingerprint, err) < 0)
		return -1;
	return sqlite_column_dup(query, R_INTENT, &release->intent, err);
}

static int read_image(struct sqlite_query *query, struct image *image, struct gk_error *err)
{
	if (release_state_parse(sqlite_column(query, I_STATE), &image->state, err) < 0 ||
	    sqlite_column_dup(query, I_PROVIDER, &image->provider, err) < 0 ||
	    sqlite_column_dup(query, I_LOCATION, &image->location, err) < 0 ||
	    sqlite_column_dup(query, I_IMAGE, &image->id, err) < 0 ||
	    sqlite_column_dup(query, I_NAME, &image->name, err) < 0 ||
	    sqlite_column_dup(query, I_ARCHITECTURE, &image->architecture, err) < 0 ||
	    sqlite_column_dup(query, I_ACCOUNT, &image->account, err) < 0)
		return -1;
	return sqlite_column_dup(query, I_BUNDLE, &image->bundle, err);
}

static int read_snapshot(struct sqlite_query *query, struct image *image, struct gk_error *err)
{
	struct snapshot *snapshot =
		image_add_snapshot(image, sqlite_column(query, I_SNAPSHOT), err);

	if (!snapshot ||
	    snapshot_state_parse(sqlite_column(query, I_SNAPSHOT_STATE), &snapshot->state, err) < 0)
		return -1;
	return sqlite_column_dup(query, I_REASON, &snapshot->reason, err);
}

/* A row for every snapshot, and one for an image that has none. */
static int read_images(struct sqlite_inventory *store, int64_t row, struct release *release,
		       struct gk_error *err)
{
	_cleanup_(sqlite_query_done) struct sqlite_query query = {0};
	struct image *image = NULL;
	int64_t last = 0; /* row ids begin at 1 */
	int step = 0;

	if (sqlite_query_init(&query, store, SQL_IMAGES, err) < 0)
		return -1;
	sqlite_bind_integer(&query, row);
	while ((step = sqlite_query_step(&query, err)) > 0) {
		int64_t id = sqlite3_column_int64(query.statement, I_ID);

		if (id != last) {
			image = release_add_image(release, err);
			if (!image || read_image(&query, image, err) < 0)
				return -1;
		}
		last = id;
		if (sqlite3_column_type(query.statement, I_SNAPSHOT) != SQLITE_NULL &&
		    read_snapshot(&query, image, err) < 0)
			return -1;
	}
	return step;
}

int sqlite_row_release(struct sqlite_query *query, const char *family, struct release *ret,
		       struct gk_error *err)
{
	_cleanup_(release_done) struct release release = {0};
	int64_t row = sqlite3_column_int64(query->statement, R_ID);

	if (gk_str_set(&release.family, family, err) < 0 ||
	    read_fields(query, &release, err) < 0 ||
	    read_images(query->store, row, &release, err) < 0)
		return -1;
	*ret = release;
	release = (struct release){0};
	return 0;
}

static int add_snapshot(struct sqlite_inventory *store, int64_t image_row, size_t position,
			const struct snapshot *snapshot, struct gk_error *err)
{
	_cleanup_(sqlite_query_done) struct sqlite_query query = {0};

	if (sqlite_query_init(&query, store, SQL_SNAPSHOT_ADD, err) < 0)
		return -1;
	sqlite_bind_integer(&query, image_row);
	sqlite_bind_integer(&query, (int64_t)position);
	sqlite_bind_text(&query, snapshot->id);
	sqlite_bind_text(&query, snapshot_state_name(snapshot->state));
	sqlite_bind_text(&query, snapshot->reason);
	return sqlite_query_run(&query, err);
}

static int add_image_row(struct sqlite_inventory *store, int64_t row, size_t position,
			 const struct image *image, struct gk_error *err)
{
	_cleanup_(sqlite_query_done) struct sqlite_query query = {0};

	if (sqlite_query_init(&query, store, SQL_IMAGE_ADD, err) < 0)
		return -1;
	sqlite_bind_integer(&query, row);
	sqlite_bind_integer(&query, (int64_t)position);
	sqlite_bind_text(&query, image->provider);
	sqlite_bind_text(&query, image->location);
	sqlite_bind_text(&query, image->id);
	sqlite_bind_text(&query, image->name);
	sqlite_bind_text(&query, image->architecture);
	sqlite_bind_text(&query, image->account);
	sqlite_bind_text(&query, image->bundle);
	sqlite_bind_text(&query, release_state_name(image->state));
	return sqlite_query_run(&query, err);
}

static int add_image(struct sqlite_inventory *store, int64_t row, size_t position,
		     const struct image *image, struct gk_error *err)
{
	int64_t image_row = 0;

	if (add_image_row(store, row, position, image, err) < 0)
		return -1;
	image_row = sqlite3_last_insert_rowid(store->db);
	for (size_t i = 0; i < image->snapshot_count; i++)
		if (add_snapshot(store, image_row, i, &image->snapshots[i], err) < 0)
			return -1;
	return 0;
}

int sqlite_rows_add_images(struct sqlite_inventory *store, int64_t row,
			   const struct release *release, struct gk_error *err)
{
	for (size_t i = 0; i < release->image_count; i++)
		if (add_image(store, row, i, &release->images[i], err) < 0)
			return -1;
	return 0;
}
