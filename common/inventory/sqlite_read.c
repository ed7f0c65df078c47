#include "base/mem.h"
#include "inventory/sqlite_private.h"

static struct sqlite_inventory *self(struct inventory *inventory)
{
	return (struct sqlite_inventory *)inventory;
}

/* The release that the statement finds by family and one more text. */
static int find(struct sqlite_inventory *store, enum sqlite_statement id, const char *family,
		const char *by, bool *ret_found, struct release *ret, struct gk_error *err)
{
	_cleanup_(sqlite_transaction_done) struct sqlite_transaction transaction = {0};
	_cleanup_(sqlite_query_done) struct sqlite_query query = {0};
	int step = 0;

	if (sqlite_transaction_init(&transaction, store, false, err) < 0 ||
	    sqlite_query_init(&query, store, id, err) < 0)
		return -1;
	sqlite_bind_text(&query, family);
	sqlite_bind_text(&query, by);
	step = sqlite_query_step(&query, err);
	if (step < 0 || (step > 0 && sqlite_row_release(&query, family, ret, err) < 0))
		return -1;
	*ret_found = step > 0;
	return 0;
}

int sqlite_get(struct inventory *inventory, const char *family, const struct semver *version,
	       bool *ret_found, struct release *ret, struct gk_error *err)
{
	char key[SEMVER_KEY_SIZE];

	return find(self(inventory), SQL_GET, family, semver_key(version, key), ret_found, ret,
		    err);
}

int sqlite_find_run(struct inventory *inventory, const char *family, const char *run,
		    bool *ret_found, struct release *ret, struct gk_error *err)
{
	return find(self(inventory), SQL_FIND_RUN, family, run, ret_found, ret, err);
}

int sqlite_top(struct inventory *inventory, const char *family, const struct version_range *range,
	       bool *ret_found, struct semver *ret, struct gk_error *err)
{
	_cleanup_(sqlite_query_done) struct sqlite_query query = {0};
	int step = 0;

	if (sqlite_query_init(&query, self(inventory), SQL_TOP, err) < 0)
		return -1;
	sqlite_bind_text(&query, family);
	sqlite_bind_text(&query, range->low);
	sqlite_bind_text(&query, range->high);
	step = sqlite_query_step(&query, err);
	if (step < 0)
		return -1;
	if (step > 0 && sqlite_version_parse(sqlite_column(&query, 0), ret, err) < 0)
		return -1;
	*ret_found = step > 0;
	return 0;
}

/* LIMIT is a signed number, and below zero means none. */
static int64_t limit_of(size_t limit)
{
	return limit > INT64_MAX ? INT64_MAX : (int64_t)limit;
}

int sqlite_page(struct inventory *inventory, const char *family, enum inventory_filter filter,
		const struct semver *before, size_t limit, struct release_list *ret,
		struct gk_error *err)
{
	static const enum sqlite_statement statements[] = {
		[INVENTORY_ALIVE] = SQL_PAGE_ALIVE,
		[INVENTORY_UNFINISHED] = SQL_PAGE_UNFINISHED,
		[INVENTORY_ALL] = SQL_PAGE_ALL,
	};
	_cleanup_(sqlite_transaction_done) struct sqlite_transaction transaction = {0};
	_cleanup_(sqlite_query_done) struct sqlite_query query = {0};
	_cleanup_(release_list_done) struct release_list list = {0};
	char key[SEMVER_KEY_SIZE] = "\x7f"; /* keys are printable ASCII: all are below it */
	int step = 0;

	if (before)
		semver_key(before, key);
	if (sqlite_transaction_init(&transaction, self(inventory), false, err) < 0 ||
	    sqlite_query_init(&query, self(inventory), statements[filter], err) < 0)
		return -1;
	sqlite_bind_text(&query, family);
	sqlite_bind_text(&query, key);
	sqlite_bind_integer(&query, limit_of(limit));
	while ((step = sqlite_query_step(&query, err)) > 0) {
		struct release *added =
			gk_array_add(&list.items, &list.count, sizeof(*list.items), err);

		if (!added || sqlite_row_release(&query, family, added, err) < 0)
			return -1;
	}
	if (step < 0)
		return -1;
	*ret = list;
	list = (struct release_list){0};
	return 0;
}

int sqlite_families(struct inventory *inventory, bool unfinished_only, struct gk_strv *ret,
		    struct gk_error *err)
{
	_cleanup_(sqlite_query_done) struct sqlite_query query = {0};
	_cleanup_(gk_strv_done) struct gk_strv families = {0};
	int step = 0;

	if (sqlite_query_init(&query, self(inventory),
			      unfinished_only ? SQL_FAMILIES_UNFINISHED : SQL_FAMILIES, err) < 0)
		return -1;
	while ((step = sqlite_query_step(&query, err)) > 0) {
		_cleanup_free_ char *name = NULL;

		if (sqlite_column_dup(&query, 0, &name, err) < 0 ||
		    gk_strv_add(&families, name, err) < 0)
			return -1;
	}
	if (step < 0)
		return -1;
	*ret = families;
	families = (struct gk_strv){0};
	return 0;
}

static int add_channel(struct sqlite_query *query, struct channel_list *list, struct gk_error *err)
{
	_cleanup_(channel_done) struct channel channel = {0};

	if (sqlite_column_dup(query, 0, &channel.name, err) < 0 ||
	    sqlite_version_parse(sqlite_column(query, 1), &channel.version, err) < 0 ||
	    sqlite_column_lines(query, 2, &channel.trail, err) < 0)
		return -1;
	return channel_list_set(list, &channel, err);
}

int sqlite_channels(struct inventory *inventory, const char *family, struct channel_list *ret,
		    struct gk_error *err)
{
	_cleanup_(sqlite_query_done) struct sqlite_query query = {0};
	_cleanup_(channel_list_done) struct channel_list list = {0};
	int step = 0;

	if (sqlite_query_init(&query, self(inventory), SQL_CHANNELS, err) < 0)
		return -1;
	sqlite_bind_text(&query, family);
	while ((step = sqlite_query_step(&query, err)) > 0)
		if (add_channel(&query, &list, err) < 0)
			return -1;
	if (step < 0)
		return -1;
	*ret = list;
	list = (struct channel_list){0};
	return 0;
}

static int add_event(struct sqlite_query *query, struct event_list *list, struct gk_error *err)
{
	struct event_row *row = gk_array_add(&list->items, &list->count, sizeof(*list->items), err);

	if (!row)
		return -1;
	row->at = sqlite3_column_int64(query->statement, 0);
	if (sqlite_column_dup(query, 1, &row->actor, err) < 0 ||
	    sqlite_column_dup(query, 2, &row->action, err) < 0 ||
	    sqlite_column_dup(query, 3, &row->version, err) < 0)
		return -1;
	return sqlite_column_dup(query, 4, &row->detail, err);
}

int sqlite_events(struct inventory *inventory, const char *family, const struct semver *version,
		  size_t limit, struct event_list *ret, struct gk_error *err)
{
	_cleanup_(sqlite_query_done) struct sqlite_query query = {0};
	_cleanup_(event_list_done) struct event_list list = {0};
	char key[SEMVER_KEY_SIZE];
	int step = 0;

	if (sqlite_query_init(&query, self(inventory),
			      version ? SQL_EVENTS_OF_RELEASE : SQL_EVENTS_OF_FAMILY, err) < 0)
		return -1;
	sqlite_bind_text(&query, family);
	if (version)
		sqlite_bind_text(&query, semver_key(version, key));
	sqlite_bind_integer(&query, limit_of(limit));
	while ((step = sqlite_query_step(&query, err)) > 0)
		if (add_event(&query, &list, err) < 0)
			return -1;
	if (step < 0)
		return -1;
	*ret = list;
	list = (struct event_list){0};
	return 0;
}
