#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "inventory/dynamodb_private.h"

enum { MARKERS_AT_ONCE = 100 };

static struct dynamodb_inventory *self(struct inventory *inventory)
{
	return (struct dynamodb_inventory *)inventory;
}

static const char *sort_key(const cJSON *item)
{
	const char *sk = NULL;

	return dynamodb_text(item, "sk", &sk, NULL) < 0 || !sk ? "" : sk;
}

/* Items of one prefix below a version (NULL: from the top), newest version first. */
static int query_below(struct dynamodb_inventory *store, const char *family, char prefix,
		       const char *before, size_t limit, cJSON **ret, struct gk_error *err)
{
	char pk[DYNAMODB_PK_SIZE];
	char low[DYNAMODB_SK_SIZE];
	char high[DYNAMODB_SK_SIZE];
	struct dynamodb_range range = {.pk = dynamodb_pk(family, pk), .descending = true};

	range.low = dynamodb_sk(prefix, "", low);
	dynamodb_sk(prefix, before ? before : "~", high);
	if (before)
		dynamodb_below(high, high, sizeof(high));
	range.high = high;
	return dynamodb_query_all(&store->db, &range, limit, ret, err);
}

static int add_row(struct dynamodb_inventory *store, const char *family, const cJSON *item,
		   struct release_list *list, struct gk_error *err)
{
	struct release *added = gk_array_add(&list->items, &list->count, sizeof(*added), err);

	return added ? dynamodb_row_read(store, item, family, added, err) : -1;
}

/* Both lists, which are sorted, as one. What was retired between the two queries stands in both,
 * and counts as retired. */
static int merge(struct dynamodb_inventory *store, const char *family, const cJSON *live,
		 const cJSON *retired, size_t limit, struct release_list *list,
		 struct gk_error *err)
{
	const cJSON *a = live ? live->child : NULL;
	const cJSON *b = retired ? retired->child : NULL;

	while (list->count < limit && (a || b)) {
		/* Behind "V#" and "X#" the keys compare. */
		int order = !a ? -1 : !b ? 1 : strcmp(sort_key(a) + 1, sort_key(b) + 1);

		if (add_row(store, family, order > 0 ? a : b, list, err) < 0)
			return -1;
		if (order >= 0)
			a = a->next;
		if (order <= 0)
			b = b->next;
	}
	return 0;
}

/* --- what is unfinished --------------------------------------------------------------------- */

static int query_markers(struct dynamodb_inventory *store, const char *family, const char *before,
			 size_t limit, cJSON **ret, struct gk_error *err)
{
	char low[DYNAMODB_SK_SIZE];
	char high[DYNAMODB_SK_SIZE];
	struct dynamodb_range range = {.pk = "U", .low = low, .high = high, .descending = true};

	snprintf(low, sizeof(low), "%s#", family);
	snprintf(high, sizeof(high), "%s#%s", family, before ? before : "~");
	if (before)
		dynamodb_below(high, high, sizeof(high));
	return dynamodb_query_all(&store->db, &range, limit, ret, err);
}

struct marked {
	struct dynamodb_request requests[MARKERS_AT_ONCE];
	struct dynamodb_request *pointers[MARKERS_AT_ONCE];
	size_t request_count;
	struct release releases[MARKERS_AT_ONCE]; /* family NULL: not seen, asked for */
	const char *keys[MARKERS_AT_ONCE];
	size_t count;
};

static void marked_freep(struct marked **marked)
{
	for (size_t i = 0; *marked && i < (*marked)->count; i++) {
		dynamodb_request_done(&(*marked)->requests[i]);
		release_done(&(*marked)->releases[i]);
	}
	free(*marked);
}

static int check_marker(const char *key, const char *place, struct gk_error *err)
{
	if (key && (*place == DYNAMODB_LIVE || *place == DYNAMODB_RETIRED))
		return 0;
	return gk_error_set(err, GK_FAILED, "it names no release");
}

/* A marker is written whenever its release is: what was seen with its revision is as it stands. */
static int take_marker(struct dynamodb_inventory *store, const char *family, const cJSON *marker,
		       struct marked *marked, struct gk_error *err)
{
	size_t number = marked->count;
	struct dynamodb_request *request = &marked->requests[number];
	const struct release *seen = NULL;
	const char *key = strchr(sort_key(marker), '#');
	const char *place = NULL;
	char pk[DYNAMODB_PK_SIZE];
	char sk[DYNAMODB_SK_SIZE];
	int64_t revision = 0;

	if (dynamodb_row_check(store, marker, err) < 0)
		return -1;
	if (dynamodb_need_text(marker, "place", &place, err) < 0 ||
	    dynamodb_number(marker, "rev", 0, &revision, err) < 0 ||
	    check_marker(key, place, err) < 0)
		return dynamodb_row_error(store, marker, err);
	marked->keys[marked->count++] = ++key;
	if (revision > 0)
		seen = dynamodb_seen_release(store, family, key, revision);
	if (seen)
		return release_copy(seen, &marked->releases[number], err);
	marked->pointers[marked->request_count++] = request;
	dynamodb_get_item(request, dynamodb_pk(family, pk),
			  dynamodb_sk(*place, key, sk));
	return 0;
}

/* Asks for those of their releases that were not seen, all at once. */
static int get_marked(struct dynamodb_inventory *store, const char *family, const cJSON *markers,
		      struct marked *marked, struct gk_error *err)
{
	const cJSON *marker = NULL;

	cJSON_ArrayForEach(marker, markers)
		if (take_marker(store, family, marker, marked, err) < 0)
			return -1;
	return dynamodb_run(&store->db, marked->pointers, marked->request_count, err);
}

/* Adds the release of a marker, if it still is unfinished: it may have moved or ended since. */
static int add_marked(struct dynamodb_inventory *store, const char *family, struct marked *marked,
		      size_t number, struct release_list *list, struct gk_error *err)
{
	const cJSON *item = dynamodb_item(&marked->requests[number]);
	_cleanup_(release_done) struct release release = marked->releases[number];
	struct release *added = NULL;
	bool found = release.family || item;

	marked->releases[number] = (struct release){0};
	if (!release.family &&
	    (item ? dynamodb_row_read(store, item, family, &release, err)
		  : dynamodb_find(store, family, marked->keys[number], &found, &release, err)) < 0)
		return -1;
	if (!found || !release_is_unfinished(&release))
		return 0;
	added = gk_array_add(&list->items, &list->count, sizeof(*added), err);
	if (!added)
		return -1;
	*added = release;
	release = (struct release){0};
	return 0;
}

static int page_unfinished(struct dynamodb_inventory *store, const char *family,
			   const char *before, size_t limit, struct release_list *list,
			   struct gk_error *err)
{
	char last[SEMVER_KEY_SIZE] = "";
	size_t wanted = MARKERS_AT_ONCE;
	size_t got = wanted;

	if (before)
		snprintf(last, sizeof(last), "%s", before);
	while (got == wanted && list->count < limit) {
		_cleanup_(marked_freep) struct marked *marked = calloc(1, sizeof(*marked));
		_cleanup_(gk_json_freep) cJSON *markers = NULL;

		if (!marked)
			return gk_error_memory(err);
		wanted = limit - list->count < MARKERS_AT_ONCE ? limit - list->count
							       : MARKERS_AT_ONCE;
		if (query_markers(store, family, *last ? last : NULL, wanted, &markers, err) < 0 ||
		    get_marked(store, family, markers, marked, err) < 0)
			return -1;
		got = marked->count;
		for (size_t i = 0; i < got; i++)
			if (add_marked(store, family, marked, i, list, err) < 0)
				return -1;
		if (got)
			snprintf(last, sizeof(last), "%s", marked->keys[got - 1]);
	}
	return 0;
}

/* --- the page ------------------------------------------------------------------------------- */

/* `top`: the key of the highest release there is, if that was just read. */
static int page_rows(struct dynamodb_inventory *store, const char *family, bool all,
		     const char *top, const char *before, size_t limit,
		     struct release_list *list, struct gk_error *err)
{
	_cleanup_(gk_json_freep) cJSON *live = NULL;
	_cleanup_(gk_json_freep) cJSON *retired = NULL;

	/* In this order: what is retired meanwhile is seen where it went. */
	if (query_below(store, family, DYNAMODB_LIVE, before, limit, &live, err) < 0)
		return -1;
	if (limit == 1 && top && live->child && strcmp(sort_key(live->child) + 2, top) == 0)
		all = false; /* nothing stands above it */
	if (all &&
	    query_below(store, family, DYNAMODB_RETIRED, before, limit, &retired, err) < 0)
		return -1;
	return merge(store, family, live, retired, limit, list, err);
}

int dynamodb_page(struct inventory *inventory, const char *family, enum inventory_filter filter,
		  const struct semver *before, size_t limit, struct release_list *ret,
		  struct gk_error *err)
{
	struct dynamodb_inventory *store = self(inventory);
	_cleanup_(release_list_done) struct release_list list = {0};
	bool known = gk_strv_has(&store->ready, family);
	char key[SEMVER_KEY_SIZE];
	const char *below = before ? semver_key(before, key) : NULL;
	bool ready = false;

	if (limit && dynamodb_is_ready(store, family, &ready, err) < 0)
		return -1;
	if (ready && filter == INVENTORY_UNFINISHED) {
		if (page_unfinished(store, family, below, limit, &list, err) < 0)
			return -1;
	} else if (ready) {
		const struct dynamodb_head *head = dynamodb_seen_head(store, family);
		_cleanup_free_ char *top = NULL;

		if (!known && head && gk_str_set(&top, head->top_key, err) < 0)
			return -1;
		if (page_rows(store, family, filter == INVENTORY_ALL, top, below, limit, &list,
			      err) < 0)
			return -1;
	}
	*ret = list;
	list = (struct release_list){0};
	return 0;
}
