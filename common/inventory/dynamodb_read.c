#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "inventory/dynamodb_private.h"

static struct dynamodb_inventory *self(struct inventory *inventory)
{
	return (struct dynamodb_inventory *)inventory;
}

int dynamodb_send(struct dynamodb_inventory *store, struct dynamodb_request *request,
		  struct gk_error *err)
{
	return dynamodb_run(&store->db, &request, 1, err);
}

/* --- heads ---------------------------------------------------------------------------------- */

int dynamodb_set_ready(struct dynamodb_inventory *store, const char *family, struct gk_error *err)
{
	return gk_strv_add_unique(&store->ready, family, err);
}

static int take_head(struct dynamodb_inventory *store, const char *family,
		     const cJSON *item, struct dynamodb_head *ret, struct gk_error *err)
{
	if (dynamodb_head_parse(store, item, ret, err) < 0)
		return -1;
	dynamodb_see_head(store, family, ret);
	if (ret->exists && !ret->importing)
		return dynamodb_set_ready(store, family, err);
	return 0;
}

/* As a query, which a table of other keys cannot answer: it is told before anything is written. */
int dynamodb_head_get(struct dynamodb_inventory *store, const char *family,
		      struct dynamodb_head *ret, struct gk_error *err)
{
	_cleanup_(gk_json_freep) cJSON *items = NULL;
	char pk[DYNAMODB_PK_SIZE];
	const struct dynamodb_range range = {.pk = dynamodb_pk(family, pk), .low = "H", .high = "H"};

	if (dynamodb_query_all(&store->db, &range, 1, &items, err) < 0)
		return -1;
	return take_head(store, family, items->child, ret, err);
}

int dynamodb_is_ready(struct dynamodb_inventory *store, const char *family, bool *ret,
		      struct gk_error *err)
{
	_cleanup_(dynamodb_head_done) struct dynamodb_head head = {0};

	*ret = gk_strv_has(&store->ready, family);
	if (*ret)
		return 0;
	if (dynamodb_head_get(store, family, &head, err) < 0)
		return -1;
	*ret = head.exists && !head.importing;
	return 0;
}

/*
 * One item, and the head beside it in the same round trip unless the family is known to be there
 * whole. *ret_item, borrowed from the request, is NULL for a family that is not. One item that was
 * seen before the head was is right in either case: it was there, or the family was not yet.
 */
static int get_one(struct dynamodb_inventory *store, const char *family, const char *sk,
		   struct dynamodb_request *request, const cJSON **ret_item, struct gk_error *err)
{
	_cleanup_(dynamodb_request_done) struct dynamodb_request asked = {0};
	_cleanup_(dynamodb_head_done) struct dynamodb_head head = {0};
	struct dynamodb_request *both[] = {request, &asked};
	bool known = gk_strv_has(&store->ready, family);
	char pk[DYNAMODB_PK_SIZE];

	dynamodb_get_item(request, dynamodb_pk(family, pk), sk);
	if (!known)
		dynamodb_get_item(&asked, pk, "H");
	if (dynamodb_run(&store->db, both, known ? 1 : 2, err) < 0 ||
	    (!known && take_head(store, family, dynamodb_item(&asked), &head, err) < 0))
		return -1;
	*ret_item = known || (head.exists && !head.importing) ? dynamodb_item(request) : NULL;
	return 0;
}

/* --- one release ---------------------------------------------------------------------------- */

/* Where it lives is looked at first: a release that is retired meanwhile is found where it went. */
int dynamodb_find(struct dynamodb_inventory *store, const char *family, const char *key,
		  bool *ret_found, struct release *ret, struct gk_error *err)
{
	static const char prefixes[] = {DYNAMODB_LIVE, DYNAMODB_RETIRED};
	char pk[DYNAMODB_PK_SIZE];
	char sk[DYNAMODB_SK_SIZE];

	dynamodb_pk(family, pk);
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		_cleanup_(dynamodb_request_done) struct dynamodb_request request = {0};

		dynamodb_get_item(&request, pk, dynamodb_sk(prefixes[i], key, sk));
		if (dynamodb_send(store, &request, err) < 0)
			return -1;
		if (!dynamodb_item(&request))
			continue;
		*ret_found = true;
		return dynamodb_row_read(store, dynamodb_item(&request), family, ret, err);
	}
	*ret_found = false;
	return 0;
}

int dynamodb_get(struct inventory *inventory, const char *family, const struct semver *version,
		 bool *ret_found, struct release *ret, struct gk_error *err)
{
	_cleanup_(dynamodb_request_done) struct dynamodb_request request = {0};
	struct dynamodb_inventory *store = self(inventory);
	const cJSON *item = NULL;
	char key[SEMVER_KEY_SIZE];
	char sk[DYNAMODB_SK_SIZE];

	semver_key(version, key);
	if (get_one(store, family, dynamodb_sk(DYNAMODB_LIVE, key, sk), &request, &item, err) < 0)
		return -1;
	if (!item) {
		dynamodb_request_done(&request);
		if (get_one(store, family, dynamodb_sk(DYNAMODB_RETIRED, key, sk), &request,
			    &item, err) < 0)
			return -1;
	}
	*ret_found = item != NULL;
	return item ? dynamodb_row_read(store, item, family, ret, err) : 0;
}

int dynamodb_find_run(struct inventory *inventory, const char *family, const char *run,
		      bool *ret_found, struct release *ret, struct gk_error *err)
{
	_cleanup_(dynamodb_request_done) struct dynamodb_request request = {0};
	struct dynamodb_inventory *store = self(inventory);
	const cJSON *item = NULL;
	const char *key = NULL;
	char sk[DYNAMODB_SK_SIZE];

	if (get_one(store, family, dynamodb_sk('R', run, sk), &request, &item, err) < 0)
		return -1;
	*ret_found = item != NULL;
	if (!item)
		return 0;
	if (dynamodb_row_check(store, item, err) < 0)
		return -1;
	if (dynamodb_need_text(item, "key", &key, err) < 0)
		return dynamodb_row_error(store, item, err);
	if (dynamodb_find(store, family, key, ret_found, ret, err) < 0)
		return -1;
	if (*ret_found)
		return 0;
	gk_error_set(err, GK_FAILED, "the release that it names is not there");
	return dynamodb_row_error(store, item, err);
}

/* --- the highest version -------------------------------------------------------------------- */

/* The highest of a range under one prefix, if it is above what was found so far. */
static int top_under(struct dynamodb_inventory *store, const char *family, char prefix,
		     const struct version_range *range, bool *found, struct semver *top,
		     struct gk_error *err)
{
	_cleanup_(gk_json_freep) cJSON *items = NULL;
	_cleanup_(release_done) struct release release = {0};
	char pk[DYNAMODB_PK_SIZE];
	char low[DYNAMODB_SK_SIZE];
	char high[DYNAMODB_SK_SIZE];
	struct dynamodb_range wanted = {.pk = dynamodb_pk(family, pk), .descending = true};

	wanted.low = dynamodb_sk(prefix, range->low, low);
	dynamodb_below(dynamodb_sk(prefix, range->high, high), high, sizeof(high));
	wanted.high = high;
	if (dynamodb_query_all(&store->db, &wanted, 1, &items, err) < 0)
		return -1;
	if (!items->child)
		return 0;
	if (dynamodb_row_read(store, items->child, family, &release, err) < 0)
		return -1;
	if (!*found || semver_compare(&release.version, top) > 0)
		*top = release.version;
	*found = true;
	return 0;
}

int dynamodb_top(struct inventory *inventory, const char *family,
		 const struct version_range *range, bool *ret_found, struct semver *ret,
		 struct gk_error *err)
{
	_cleanup_(dynamodb_head_done) struct dynamodb_head head = {0};
	struct dynamodb_inventory *store = self(inventory);
	struct semver top;
	bool found = false;

	if (dynamodb_head_get(store, family, &head, err) < 0)
		return -1;
	if (!head.exists || head.importing || strcmp(head.top_key, range->low) < 0) {
		*ret_found = false;
		return 0;
	}
	if (strcmp(head.top_key, range->high) < 0) {
		*ret_found = true;
		*ret = head.top;
		return 0;
	}
	/* In this order: what is retired meanwhile is seen where it went. */
	if (top_under(store, family, DYNAMODB_LIVE, range, &found, &top, err) < 0 ||
	    top_under(store, family, DYNAMODB_RETIRED, range, &found, &top, err) < 0)
		return -1;
	if (found)
		*ret = top;
	*ret_found = found;
	return 0;
}

/* --- directory, channels, events ------------------------------------------------------------ */

static int add_family(struct dynamodb_inventory *store, const cJSON *item, struct gk_strv *list,
		      struct gk_error *err)
{
	const char *sk = NULL;
	const char *family = NULL;

	if (dynamodb_row_check(store, item, err) < 0)
		return -1;
	if (dynamodb_need_text(item, "sk", &sk, err) < 0)
		return dynamodb_row_error(store, item, err);
	family = strncmp(sk, "F#", 2) == 0 ? sk + 2 : "";
	if (family_check(family, err) < 0)
		return dynamodb_row_error(store, item, err);
	return gk_strv_add(list, family, err);
}

/* "web#<key>": the families are those of the markers, without what is still being imported. */
static int add_unfinished(struct dynamodb_inventory *store, const cJSON *item,
			  struct gk_strv *list, struct gk_error *err)
{
	_cleanup_free_ char *family = NULL;
	const char *sk = NULL;
	bool ready = false;

	if (dynamodb_row_check(store, item, err) < 0)
		return -1;
	if (dynamodb_need_text(item, "sk", &sk, err) < 0)
		return dynamodb_row_error(store, item, err);
	family = gk_str_format(err, "%.*s", (int)strcspn(sk, "#"), sk);
	if (!family)
		return -1;
	if (list->count && strcmp(list->items[list->count - 1], family) == 0)
		return 0;
	if (dynamodb_is_ready(store, family, &ready, err) < 0)
		return -1;
	return ready ? gk_strv_add(list, family, err) : 0;
}

int dynamodb_families(struct inventory *inventory, bool unfinished_only, struct gk_strv *ret,
		      struct gk_error *err)
{
	_cleanup_(gk_json_freep) cJSON *items = NULL;
	_cleanup_(gk_strv_done) struct gk_strv families = {0};
	struct dynamodb_range range = {.pk = unfinished_only ? "U" : "D", .low = "!", .high = "~"};
	const cJSON *item = NULL;

	if (dynamodb_query_all(&self(inventory)->db, &range, SIZE_MAX, &items, err) < 0)
		return -1;
	cJSON_ArrayForEach(item, items)
		if ((unfinished_only
			     ? add_unfinished(self(inventory), item, &families, err)
			     : add_family(self(inventory), item, &families, err)) < 0)
			return -1;
	*ret = families;
	families = (struct gk_strv){0};
	return 0;
}

int dynamodb_channels(struct inventory *inventory, const char *family, struct channel_list *ret,
		      struct gk_error *err)
{
	_cleanup_(dynamodb_head_done) struct dynamodb_head head = {0};

	if (dynamodb_head_get(self(inventory), family, &head, err) < 0)
		return -1;
	*ret = head.channels;
	head.channels = (struct channel_list){0};
	return 0;
}

int dynamodb_events(struct inventory *inventory, const char *family,
		    const struct semver *version, size_t limit, struct event_list *ret,
		    struct gk_error *err)
{
	_cleanup_(gk_json_freep) cJSON *items = NULL;
	_cleanup_(event_list_done) struct event_list list = {0};
	struct dynamodb_inventory *store = self(inventory);
	char pk[DYNAMODB_PK_SIZE];
	char key[SEMVER_KEY_SIZE] = "";
	char low[DYNAMODB_SK_SIZE];
	char high[DYNAMODB_SK_SIZE];
	struct dynamodb_range range = {.pk = dynamodb_pk(family, pk), .descending = true};
	const cJSON *item = NULL;
	bool ready = false;

	if (dynamodb_is_ready(store, family, &ready, err) < 0)
		return -1;
	if (!ready) {
		*ret = list;
		return 0;
	}
	range.low = dynamodb_sk(version ? 'T' : 'E', version ? semver_key(version, key) : "", low);
	snprintf(high, sizeof(high), "%.1000s%s", low, version ? "#~" : "~");
	range.high = high;
	if (dynamodb_query_all(&store->db, &range, limit, &items, err) < 0)
		return -1;
	cJSON_ArrayForEach(item, items) {
		struct event_row *row =
			gk_array_add(&list.items, &list.count, sizeof(*list.items), err);

		if (!row || dynamodb_event_read(store, item, row, err) < 0)
			return -1;
	}
	*ret = list;
	list = (struct event_list){0};
	return 0;
}
