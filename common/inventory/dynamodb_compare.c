/* Is a family that is to be imported there already, and the same? */
#include <string.h>

#include "base/mem.h"
#include "inventory/dynamodb_private.h"

static int differs(const struct family_dump *dump, const char *what, struct gk_error *err)
{
	return gk_error_set(err, GK_CONFLICT, "family %s is in the inventory already, and %s",
			    dump->family, what);
}

static int differs_in(const struct release *release, const char *what, struct gk_error *err)
{
	char label[RELEASE_LABEL_SIZE];

	return gk_error_set(err, GK_CONFLICT,
			    "%s is in the inventory already, and its %s %s different there",
			    release_label(release, label), what,
			    what[strlen(what) - 1] == 's' ? "are" : "is");
}

static bool same_snapshots(const struct image *a, const struct image *b)
{
	if (a->snapshot_count != b->snapshot_count)
		return false;
	for (size_t i = 0; i < a->snapshot_count; i++)
		if (!gk_str_equal(a->snapshots[i].id, b->snapshots[i].id) ||
		    a->snapshots[i].state != b->snapshots[i].state ||
		    !gk_str_equal(a->snapshots[i].reason, b->snapshots[i].reason))
			return false;
	return true;
}

static bool same_images(const struct release *a, const struct release *b)
{
	if (a->image_count != b->image_count)
		return false;
	for (size_t i = 0; i < a->image_count; i++) {
		const struct image *x = &a->images[i];
		const struct image *y = &b->images[i];

		if (!gk_str_equal(x->provider, y->provider) ||
		    !gk_str_equal(x->location, y->location) || !gk_str_equal(x->id, y->id) ||
		    !gk_str_equal(x->name, y->name) ||
		    !gk_str_equal(x->architecture, y->architecture) ||
		    !gk_str_equal(x->account, y->account) ||
		    !gk_str_equal(x->bundle, y->bundle) || x->state != y->state ||
		    !same_snapshots(x, y))
			return false;
	}
	return true;
}

/* The name of what is different, or NULL. */
static const char *find_difference(const struct release *a, const struct release *b)
{
	char x[SEMVER_TEXT_SIZE];
	char y[SEMVER_TEXT_SIZE];
	const struct {
		const char *name;
		bool same;
	} fields[] = {
		{"version", strcmp(semver_format(&a->version, x),
				   semver_format(&b->version, y)) == 0},
		{"run", gk_str_equal(a->run, b->run)},
		{"state", a->state == b->state},
		{"hold", gk_str_equal(a->held, b->held)},
		{"build time", a->created_at == b->created_at},
		{"build", gk_str_equal(a->build, b->build)},
		{"builder", gk_str_equal(a->builder, b->builder)},
		{"fingerprint", gk_str_equal(a->fingerprint, b->fingerprint)},
		{"intent", gk_str_equal(a->intent, b->intent)},
		{"revision", a->revision == b->revision},
		{"images", same_images(a, b)},
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (!fields[i].same)
			return fields[i].name;
	return NULL;
}

/* `stored` is newest first, the dump oldest first. */
static bool same_events(const struct event_list *dump, const struct event_list *stored)
{
	if (dump->count != stored->count)
		return false;
	for (size_t i = 0; i < dump->count; i++) {
		const struct event_row *a = &dump->items[i];
		const struct event_row *b = &stored->items[stored->count - 1 - i];

		if (a->at != b->at || !gk_str_equal(a->actor, b->actor) ||
		    !gk_str_equal(a->action, b->action) || !gk_str_equal(a->detail, b->detail))
			return false;
	}
	return true;
}

static int compare_release(struct dynamodb_inventory *store,
			   const struct family_dump_release *dump, const struct release *stored,
			   struct gk_error *err)
{
	_cleanup_(event_list_done) struct event_list events = {0};
	const char *difference = NULL;

	if (semver_compare(&dump->release.version, &stored->version) != 0)
		return differs_in(stored, "version", err);
	difference = find_difference(&dump->release, stored);
	if (difference)
		return differs_in(&dump->release, difference, err);
	if (dynamodb_events(&store->base, stored->family, &stored->version, SIZE_MAX, &events,
			    err) < 0)
		return -1;
	return same_events(&dump->events, &events) ? 0
						   : differs_in(&dump->release, "events", err);
}

static int compare_channels(const struct family_dump *dump, const struct channel_list *stored,
			    struct gk_error *err)
{
	bool same = dump->channels.count == stored->count;

	for (size_t i = 0; same && i < dump->channels.count; i++) {
		const struct channel *channel = &dump->channels.items[i];
		const struct channel *other = channel_list_find(stored, channel->name);

		same = other && semver_compare(&channel->version, &other->version) == 0;
	}
	return same ? 0 : differs(dump, "its channels are different there", err);
}

int dynamodb_compare_family(struct dynamodb_inventory *store, const struct family_dump *dump,
			    struct gk_error *err)
{
	_cleanup_(release_list_done) struct release_list stored = {0};
	_cleanup_(channel_list_done) struct channel_list channels = {0};

	if (inventory_collect(&store->base, dump->family, INVENTORY_ALL, &stored, err) < 0 ||
	    dynamodb_channels(&store->base, dump->family, &channels, err) < 0)
		return -1;
	for (size_t i = 0; i < dump->release_count && i < stored.count; i++)
		if (compare_release(store, &dump->releases[i],
				    &stored.items[stored.count - 1 - i], err) < 0)
			return -1;
	if (stored.count != dump->release_count)
		return differs(dump, "it has other releases there", err);
	return compare_channels(dump, &channels, err);
}
