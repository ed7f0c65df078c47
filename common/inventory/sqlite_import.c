#include "base/mem.h"
#include "inventory/dump.h"
#include "inventory/sqlite_private.h"

/* One event of the family, and where it stands in the dump. */
struct place {
	time_t at; /* of the event, or of a later-dated one of its release before it */
	size_t release, event;
};

static int compare_places(const void *first, const void *second)
{
	const struct place *a = first, *b = second;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	if (a->release != b->release)
		return a->release < b->release ? -1 : 1;
	return a->event < b->event ? -1 : a->event > b->event;
}

/* All events of the family in one line: every release's own order stays, else time decides. */
static int order_events(const struct family_dump *dump, struct place **ret, size_t *ret_count,
			struct gk_error *err)
{
	struct place *places = NULL;
	size_t count = 0;

	for (size_t r = 0; r < dump->release_count; r++)
		count += dump->releases[r].events.count;
	places = calloc(count + 1, sizeof(*places));
	if (!places)
		return gk_error_memory(err);
	*ret = places;
	*ret_count = count;
	for (size_t r = 0; r < dump->release_count; r++) {
		const struct event_list *events = &dump->releases[r].events;

		for (size_t e = 0; e < events->count; e++, places++) {
			*places = (struct place){events->items[e].at, r, e};
			if (e > 0 && places[-1].at > places->at)
				places->at = places[-1].at;
		}
	}
	qsort(*ret, count, sizeof(**ret), compare_places);
	return 0;
}

static int add_events(struct sqlite_inventory *store, const struct family_dump *dump,
		      const int64_t *rows, struct gk_error *err)
{
	_cleanup_free_ struct place *places = NULL;
	size_t count = 0;

	if (order_events(dump, &places, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const struct event_row *row =
			&dump->releases[places[i].release].events.items[places[i].event];
		struct event event = {row->at, row->actor, row->action, row->detail};

		if (sqlite_add_event(store, rows[places[i].release], &event, err) < 0)
			return -1;
	}
	return 0;
}

static int add_all(struct sqlite_inventory *store, const struct family_dump *dump,
		   struct gk_error *err)
{
	_cleanup_free_ int64_t *rows = calloc(dump->release_count + 1, sizeof(*rows));
	int64_t named = 0;

	if (!rows)
		return gk_error_memory(err);
	if (sqlite_add_family(store, dump->family, err) < 0)
		return -1;
	for (size_t i = 0; i < dump->release_count; i++)
		if (sqlite_add_release(store, &dump->releases[i].release,
				       dump->releases[i].release.revision, &rows[i], err) < 0)
			return -1;
	for (size_t i = 0; i < dump->channels.count; i++)
		if (sqlite_name_release(store, dump->family, &dump->channels.items[i], &named,
					err) < 0)
			return -1;
	return add_events(store, dump, rows, err);
}

int sqlite_import_family(struct inventory *inventory, const struct family_dump *dump,
			 struct gk_error *err)
{
	_cleanup_(sqlite_transaction_done) struct sqlite_transaction transaction = {0};
	struct sqlite_inventory *store = (struct sqlite_inventory *)inventory;
	bool known = false;

	if (sqlite_transaction_init(&transaction, store, true, err) < 0 ||
	    inventory_knows_family(inventory, dump->family, &known, err) < 0)
		return -1;
	if (known)
		return family_dump_check_same(inventory, dump, err);
	/* A family begins with its first release. */
	if (dump->release_count == 0)
		return 0;
	if (add_all(store, dump, err) < 0)
		return -1;
	return sqlite_transaction_commit(&transaction, err);
}
