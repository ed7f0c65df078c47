#include "inventory/dump.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "image/text.h"

enum {
	EVENTS_MAX = 100000, /* of one release: more is no history of ours */
	ROUNDS_MAX = 20,
	PAGE_SIZE = 500,
};

void family_dump_done(struct family_dump *dump)
{
	for (size_t i = 0; i < dump->release_count; i++) {
		release_done(&dump->releases[i].release);
		event_list_done(&dump->releases[i].events);
	}
	free(dump->releases);
	free(dump->family);
	channel_list_done(&dump->channels);
	*dump = (struct family_dump){0};
}

/* --- reading ------------------------------------------------------------------------------- */

static int compare_channels(const void *a, const void *b)
{
	return strcmp(((const struct channel *)a)->name, ((const struct channel *)b)->name);
}

static int read_channels(struct inventory *inventory, const char *family,
			 struct channel_list *ret, struct gk_error *err)
{
	if (inventory->ops->channels(inventory, family, ret, err) < 0)
		return -1;
	if (ret->count)
		qsort(ret->items, ret->count, sizeof(*ret->items), compare_channels);
	return 0;
}

static void reverse_events(struct event_list *list)
{
	for (size_t i = 0, last = list->count; i + 1 < last; i++) {
		struct event_row swap = list->items[i];

		list->items[i] = list->items[--last];
		list->items[last] = swap;
	}
}

int family_dump_read_events(struct inventory *inventory, struct family_dump_release *dumped,
			    struct gk_error *err)
{
	const struct release *release = &dumped->release;
	char label[RELEASE_LABEL_SIZE];

	if (inventory->ops->events(inventory, release->family, &release->version, EVENTS_MAX + 1,
				   &dumped->events, err) < 0)
		return -1;
	if (dumped->events.count > EVENTS_MAX)
		return gk_error_set(err, GK_FAILED, "%s has more than %d events",
				    release_label(release, label), EVENTS_MAX);
	reverse_events(&dumped->events);
	return 0;
}

/* Moves the releases, which come newest first, into the dump. */
static int take_releases(struct family_dump *dump, struct release_list *list, struct gk_error *err)
{
	if (list->count == 0)
		return 0;
	dump->releases = calloc(list->count, sizeof(*dump->releases));
	if (!dump->releases)
		return gk_error_memory(err);
	dump->release_count = list->count;
	for (size_t i = 0; i < list->count; i++) {
		dump->releases[list->count - 1 - i].release = list->items[i];
		list->items[i] = (struct release){0};
	}
	return 0;
}

static int compare_version(const void *key, const void *item)
{
	return semver_compare(key, &((const struct family_dump_release *)item)->release.version);
}

struct family_dump_release *family_dump_find(const struct family_dump *dump,
					     const struct semver *version)
{
	if (dump->release_count == 0)
		return NULL;
	return bsearch(version, dump->releases, dump->release_count, sizeof(*dump->releases),
		       compare_version);
}

static bool is_named(const struct channel_list *channels, const struct semver *version)
{
	for (size_t i = 0; i < channels->count; i++)
		if (semver_compare(&channels->items[i].version, version) == 0)
			return true;
	return false;
}

/* Takes the events that were read before, if nothing has happened to the release since. (A channel
 * that comes to it leaves an event, but the revision as it was.) */
static bool take_events(struct family_dump *before, const struct family_dump *dump,
			struct family_dump_release *dumped)
{
	const struct release *release = &dumped->release;
	struct family_dump_release *old = family_dump_find(before, &release->version);

	if (!old || old->release.revision != release->revision ||
	    is_named(&dump->channels, &release->version))
		return false;
	dumped->events = old->events;
	old->events = (struct event_list){0};
	return true;
}

/* What take_events asks, and the events: no family is held twice. */
static void keep_events(struct family_dump *dump)
{
	for (size_t i = 0; i < dump->release_count; i++) {
		struct release *release = &dump->releases[i].release;
		struct release known = {.version = release->version, .revision = release->revision};

		release_done(release);
		*release = known;
	}
}

/* `before` is what the round before has read, and loses what can still be used. */
static int read_once(struct inventory *inventory, const char *family, struct family_dump *before,
		     struct family_dump *dump, struct gk_error *err)
{
	_cleanup_(release_list_done) struct release_list list = {0};

	if (gk_str_set(&dump->family, family, err) < 0 ||
	    read_channels(inventory, family, &dump->channels, err) < 0 ||
	    inventory_collect(inventory, family, INVENTORY_ALL, &list, err) < 0 ||
	    take_releases(dump, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < dump->release_count; i++)
		if (!take_events(before, dump, &dump->releases[i]) &&
		    family_dump_read_events(inventory, &dump->releases[i], err) < 0)
			return -1;
	return 0;
}

static bool same_channels(const struct channel_list *a, const struct channel_list *b)
{
	bool same = a->count == b->count;

	for (size_t i = 0; same && i < a->count; i++)
		same = channel_equal(&a->items[i], &b->items[i]);
	return same;
}

/* Walks down the family again; *left counts the releases of the dump below the page. */
static bool page_is_same(const struct family_dump *dump, const struct release_list *page,
			 size_t *left)
{
	for (size_t i = 0; i < page->count; i++) {
		const struct release *before = NULL;

		if (*left == 0)
			return false;
		before = &dump->releases[--*left].release;
		if (semver_compare(&before->version, &page->items[i].version) != 0 ||
		    before->revision != page->items[i].revision)
			return false;
	}
	return page->count == PAGE_SIZE || *left == 0;
}

/* Every change of a release raises its revision, every other one moves a channel. */
static int is_unchanged(struct inventory *inventory, const struct family_dump *dump, bool *ret,
			struct gk_error *err)
{
	_cleanup_(channel_list_done) struct channel_list channels = {0};
	size_t left = dump->release_count;
	bool same = true;

	for (bool more = true; more && same;) {
		_cleanup_(release_list_done) struct release_list page = {0};
		const struct semver *before = left < dump->release_count
						      ? &dump->releases[left].release.version
						      : NULL;

		if (inventory->ops->page(inventory, dump->family, INVENTORY_ALL, before, PAGE_SIZE,
					 &page, err) < 0)
			return -1;
		same = page_is_same(dump, &page, &left);
		more = page.count == PAGE_SIZE;
	}
	if (same && read_channels(inventory, dump->family, &channels, err) < 0)
		return -1;
	*ret = same && same_channels(&channels, &dump->channels);
	return 0;
}

int family_dump_read(struct inventory *inventory, const char *family, struct family_dump *ret,
		     struct gk_error *err)
{
	_cleanup_(family_dump_done) struct family_dump before = {0};

	for (int round = 0; round < ROUNDS_MAX; round++) {
		_cleanup_(family_dump_done) struct family_dump dump = {0};
		bool unchanged = false;

		if (read_once(inventory, family, &before, &dump, err) < 0 ||
		    is_unchanged(inventory, &dump, &unchanged, err) < 0)
			return -1;
		family_dump_done(&before);
		*(unchanged ? ret : &before) = dump;
		dump = (struct family_dump){0};
		if (unchanged)
			return 0;
		keep_events(&before);
	}
	return gk_error_set(err, GK_LOCKED, "family %s went on changing while it was read", family);
}

/* --- checking ------------------------------------------------------------------------------ */

int family_dump_check_order(const struct family_dump *dump, size_t index, struct gk_error *err)
{
	const struct release *release = &dump->releases[index].release;
	char label[RELEASE_LABEL_SIZE];
	int order = 0;

	if (index == 0)
		return 0;
	order = semver_compare(&dump->releases[index - 1].release.version, &release->version);
	if (order < 0)
		return 0;
	return gk_error_set(err, GK_USAGE, order == 0 ? "%s is there twice"
						      : "%s stands behind a higher version",
			    release_label(release, label));
}

static int compare_runs(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int check_runs(const struct family_dump *dump, struct gk_error *err)
{
	_cleanup_free_ const char **runs = calloc(dump->release_count + 1, sizeof(*runs));
	char shown[TEXT_QUOTE_SIZE];

	if (!runs)
		return gk_error_memory(err);
	for (size_t i = 0; i < dump->release_count; i++)
		runs[i] = dump->releases[i].release.run;
	qsort(runs, dump->release_count, sizeof(*runs), compare_runs);
	for (size_t i = 1; i < dump->release_count; i++)
		if (strcmp(runs[i - 1], runs[i]) == 0)
			return gk_error_set(err, GK_USAGE, "family %s has two releases of run %s",
					    dump->family, text_quote(runs[i], shown));
	return 0;
}

static int check_channel(const struct family_dump *dump, const struct channel *channel,
			 struct gk_error *err)
{
	const struct family_dump_release *named = family_dump_find(dump, &channel->version);
	struct gk_error problem = {0};

	if (inventory_check_target(dump->family, channel, named ? &named->release : NULL,
				   &problem) == 0)
		return 0;
	return gk_error_set(err, GK_USAGE, "%s", problem.message);
}

int family_dump_check(const struct family_dump *dump, struct gk_error *err)
{
	for (size_t i = 0; i < dump->release_count; i++)
		if (family_dump_check_order(dump, i, err) < 0)
			return -1;
	if (check_runs(dump, err) < 0)
		return -1;
	for (size_t i = 0; i < dump->channels.count; i++)
		if (check_channel(dump, &dump->channels.items[i], err) < 0)
			return -1;
	return 0;
}
