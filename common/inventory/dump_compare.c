#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "image/text.h"
#include "inventory/dump.h"
#include "inventory/dump_fields.h"

/* Half a sentence that names the release: `web 1.0.3: "state" is 'live' in the inventory and
 * 'retired' in the import`. */
enum { DIFFERENCE_SIZE = 768, PLACE_SIZE = RELEASE_LABEL_SIZE + 64, PAGE_SIZE = 500 };

static const char *quote(const char *text, char *quoted)
{
	return text ? text_quote(text, quoted) : "not set";
}

static bool same_fields(const struct dump_field *fields, const void *a, const void *b,
			const char *place, char *difference)
{
	for (; fields->key; fields++) {
		char there[DUMP_FIELD_SIZE], given[DUMP_FIELD_SIZE];
		char shown[2][TEXT_QUOTE_SIZE];
		const char *left = dump_field_text(fields, a, there);
		const char *right = dump_field_text(fields, b, given);

		if (gk_str_equal(left, right))
			continue;
		snprintf(difference, DIFFERENCE_SIZE,
			 "%s: \"%s\" is %s in the inventory and %s in the import", place,
			 fields->key, quote(left, shown[0]), quote(right, shown[1]));
		return false;
	}
	return true;
}

static bool same_count(size_t there, size_t given, const char *what, const char *place,
		       char *difference)
{
	if (there == given)
		return true;
	snprintf(difference, DIFFERENCE_SIZE,
		 "%s has %zu %s in the inventory and %zu in the import", place, there, what, given);
	return false;
}

static bool same_image(const struct image *a, const struct image *b, const char *label,
		       char *difference)
{
	char place[PLACE_SIZE];
	char shown[TEXT_QUOTE_SIZE];

	snprintf(place, sizeof(place), "%s, image %s", label, quote(a->id, shown));
	if (!same_fields(dump_image_fields, a, b, place, difference) ||
	    !same_count(a->snapshot_count, b->snapshot_count, "snapshots", place, difference))
		return false;
	for (size_t i = 0; i < a->snapshot_count; i++) {
		snprintf(place, sizeof(place), "%s, snapshot %s", label,
			 quote(a->snapshots[i].id, shown));
		if (!same_fields(dump_snapshot_fields, &a->snapshots[i], &b->snapshots[i], place,
				 difference))
			return false;
	}
	return true;
}

static bool same_texts(const struct gk_strv *a, const struct gk_strv *b, const char *what,
		       const char *place, char *difference)
{
	_cleanup_free_ char *there = gk_strv_join(a, " ", NULL);
	_cleanup_free_ char *given = gk_strv_join(b, " ", NULL);
	char shown[2][TEXT_QUOTE_SIZE];

	if (gk_strv_equal(a, b))
		return true;
	snprintf(difference, DIFFERENCE_SIZE,
		 "%s: \"%s\" is %s in the inventory and %s in the import", place, what,
		 quote(there, shown[0]), quote(given, shown[1]));
	return false;
}

static bool same_release(const struct family_dump_release *a, const struct family_dump_release *b,
			 char *difference)
{
	char label[RELEASE_LABEL_SIZE];
	char place[PLACE_SIZE];

	release_label(&a->release, label);
	if (!same_fields(dump_release_fields, &a->release, &b->release, label, difference) ||
	    !same_texts(&a->release.published, &b->release.published, "published", label,
			difference) ||
	    !same_count(a->release.image_count, b->release.image_count, "images", label,
			difference) ||
	    !same_count(a->events.count, b->events.count, "events", label, difference))
		return false;
	for (size_t i = 0; i < a->release.image_count; i++)
		if (!same_image(&a->release.images[i], &b->release.images[i], label, difference))
			return false;
	for (size_t i = 0; i < a->events.count; i++) {
		snprintf(place, sizeof(place), "%s, event %zu", label, i + 1);
		if (!same_fields(dump_event_fields, &a->events.items[i], &b->events.items[i], place,
				 difference))
			return false;
	}
	return true;
}

static bool missing(const struct release *release, const char *where, char *difference)
{
	char label[RELEASE_LABEL_SIZE];

	snprintf(difference, DIFFERENCE_SIZE, "%s is not in the %s",
		 release_label(release, label), where);
	return false;
}

/* What a channel names, for a message. */
static const char *named_by(const struct channel_list *list, const char *name, char *version)
{
	const struct channel *channel = channel_list_find(list, name);

	return channel ? semver_format(&channel->version, version) : "nothing";
}

static bool has_same_channels(const struct family_dump *given, const struct channel_list *names,
			      const struct channel_list *there, char *difference)
{
	for (size_t i = 0; i < names->count; i++) {
		const char *name = names->items[i].name;
		const struct channel *left = channel_list_find(there, name);
		const struct channel *right = channel_list_find(&given->channels, name);
		char versions[2][SEMVER_TEXT_SIZE];
		char place[PLACE_SIZE];

		snprintf(place, sizeof(place), "channel %s of %s", name, given->family);
		if (left && right && semver_compare(&left->version, &right->version) == 0) {
			if (!same_texts(&left->trail, &right->trail, "trail", place, difference))
				return false;
			continue;
		}
		snprintf(difference, DIFFERENCE_SIZE,
			 "%s names %s in the inventory and %s in the import", place,
			 named_by(there, name, versions[0]),
			 named_by(&given->channels, name, versions[1]));
		return false;
	}
	return true;
}

/* *left counts the releases that are given and were not come to yet, the newest ones last. */
static int compare_release(struct inventory *inventory, const struct family_dump *given,
			   size_t *left, const struct release *release, char *difference,
			   struct gk_error *err)
{
	const struct family_dump_release *next = *left ? &given->releases[*left - 1] : NULL;
	int order = next ? semver_compare(&release->version, &next->release.version) : 1;
	struct family_dump_release there = {.release = *release}; /* borrowed, but for the events */
	int result = 0;

	if (order != 0) {
		missing(order > 0 ? release : &next->release, order > 0 ? "import" : "inventory",
			difference);
		return 0;
	}
	--*left;
	result = family_dump_read_events(inventory, &there, err);
	if (result == 0)
		same_release(&there, next, difference);
	event_list_done(&there.events);
	return result;
}

/* Page by page, newest version first: what is there is not held a second time. */
static int compare_releases(struct inventory *inventory, const struct family_dump *given,
			    char *difference, struct gk_error *err)
{
	size_t left = given->release_count;
	struct semver last = {0};
	size_t got = PAGE_SIZE;

	for (bool first = true; got == PAGE_SIZE && !*difference; first = false) {
		_cleanup_(release_list_done) struct release_list page = {0};

		if (inventory->ops->page(inventory, given->family, INVENTORY_ALL,
					 first ? NULL : &last, PAGE_SIZE, &page, err) < 0)
			return -1;
		got = page.count;
		for (size_t i = 0; i < got && !*difference; i++)
			if (compare_release(inventory, given, &left, &page.items[i], difference,
					    err) < 0)
				return -1;
		if (got)
			last = page.items[got - 1].version;
	}
	if (left > 0 && !*difference)
		missing(&given->releases[left - 1].release, "inventory", difference);
	return 0;
}

static int compare_channels(struct inventory *inventory, const struct family_dump *given,
			    char *difference, struct gk_error *err)
{
	_cleanup_(channel_list_done) struct channel_list channels = {0};

	if (inventory->ops->channels(inventory, given->family, &channels, err) < 0)
		return -1;
	if (has_same_channels(given, &channels, &channels, difference))
		has_same_channels(given, &given->channels, &channels, difference);
	return 0;
}

int family_dump_check_same(struct inventory *inventory, const struct family_dump *given,
			   struct gk_error *err)
{
	char difference[DIFFERENCE_SIZE] = "";

	if (compare_releases(inventory, given, difference, err) < 0 ||
	    (!*difference && compare_channels(inventory, given, difference, err) < 0))
		return -1;
	if (!*difference)
		return 0;
	return gk_error_set(err, GK_CONFLICT, "the inventory has family %s already, and it is "
			    "different: %s", given->family, difference);
}
