#include "inventory/rehearsal.h"

#include <string.h>

#include "base/mem.h"

/* The channels of a family, once one of them was moved. */
struct moved {
	char *family;
	struct channel_list channels;
};

struct rehearsal {
	struct inventory inventory;
	struct inventory *base;       /* owned; only read */
	struct release_list releases; /* as they were written last */
	struct moved *moved;
	size_t moved_count;
};

static struct rehearsal *self(struct inventory *inventory)
{
	return (struct rehearsal *)inventory;
}

static void close_rehearsal(struct inventory *inventory)
{
	struct rehearsal *rehearsal = self(inventory);

	for (size_t i = 0; i < rehearsal->moved_count; i++) {
		free(rehearsal->moved[i].family);
		channel_list_done(&rehearsal->moved[i].channels);
	}
	free(rehearsal->moved);
	release_list_done(&rehearsal->releases);
	inventory_close(rehearsal->base);
	free(rehearsal);
}

/* ---- releases ---- */

static struct release *find_written(const struct rehearsal *rehearsal, const char *family,
				    const struct semver *version)
{
	for (size_t i = 0; i < rehearsal->releases.count; i++) {
		struct release *release = &rehearsal->releases.items[i];

		if (strcmp(release->family, family) == 0 &&
		    semver_compare(&release->version, version) == 0)
			return release;
	}
	return NULL;
}

static int get(struct inventory *inventory, const char *family, const struct semver *version,
	       bool *ret_found, struct release *ret, struct gk_error *err)
{
	struct inventory *base = self(inventory)->base;
	const struct release *written = find_written(self(inventory), family, version);

	if (!written)
		return base->ops->get(base, family, version, ret_found, ret, err);
	*ret_found = true;
	return release_copy(written, ret, err);
}

static int find_run(struct inventory *inventory, const char *family, const char *run,
		    bool *ret_found, struct release *ret, struct gk_error *err)
{
	struct inventory *base = self(inventory)->base;
	const struct release_list *written = &self(inventory)->releases;

	for (size_t i = 0; i < written->count; i++)
		if (strcmp(written->items[i].family, family) == 0 &&
		    gk_str_equal(written->items[i].run, run)) {
			*ret_found = true;
			return release_copy(&written->items[i], ret, err);
		}
	return base->ops->find_run(base, family, run, ret_found, ret, err);
}

static bool is_in_range(const struct semver *version, const struct version_range *range)
{
	char key[SEMVER_KEY_SIZE];

	semver_key(version, key);
	return strcmp(key, range->low) >= 0 && strcmp(key, range->high) < 0;
}

static int top(struct inventory *inventory, const char *family, const struct version_range *range,
	       bool *ret_found, struct semver *ret, struct gk_error *err)
{
	struct inventory *base = self(inventory)->base;
	const struct release_list *written = &self(inventory)->releases;

	if (base->ops->top(base, family, range, ret_found, ret, err) < 0)
		return -1;
	for (size_t i = 0; i < written->count; i++) {
		const struct release *release = &written->items[i];

		if (strcmp(release->family, family) != 0 ||
		    !is_in_range(&release->version, range) ||
		    (*ret_found && semver_compare(&release->version, ret) < 0))
			continue;
		*ret = release->version;
		*ret_found = true;
	}
	return 0;
}

static bool passes(const struct release *release, enum inventory_filter filter)
{
	switch (filter) {
	case INVENTORY_ALIVE:
		return release->state != RELEASE_RETIRED;
	case INVENTORY_UNFINISHED:
		return release_is_unfinished(release);
	case INVENTORY_ALL:
		break;
	}
	return true;
}

static int add_copy(struct release_list *list, const struct release *release, struct gk_error *err)
{
	struct release *added = gk_array_add(&list->items, &list->count, sizeof(*added), err);

	return added ? release_copy(release, added, err) : -1;
}

static int newest_first(const void *a, const void *b)
{
	return semver_compare(&((const struct release *)b)->version,
			      &((const struct release *)a)->version);
}

/* What the base has and was not written over, and what was written. */
static int merge(struct rehearsal *rehearsal, const char *family, enum inventory_filter filter,
		 const struct semver *before, struct release_list *ret, struct gk_error *err)
{
	_cleanup_(release_list_done) struct release_list stored = {0};

	if (inventory_collect(rehearsal->base, family, filter, &stored, err) < 0)
		return -1;
	for (size_t i = 0; i < stored.count; i++)
		if (!find_written(rehearsal, family, &stored.items[i].version) &&
		    (!before || semver_compare(&stored.items[i].version, before) < 0) &&
		    add_copy(ret, &stored.items[i], err) < 0)
			return -1;
	for (size_t i = 0; i < rehearsal->releases.count; i++) {
		const struct release *release = &rehearsal->releases.items[i];

		if (strcmp(release->family, family) == 0 && passes(release, filter) &&
		    (!before || semver_compare(&release->version, before) < 0) &&
		    add_copy(ret, release, err) < 0)
			return -1;
	}
	if (ret->count > 1)
		qsort(ret->items, ret->count, sizeof(*ret->items), newest_first);
	return 0;
}

static int page(struct inventory *inventory, const char *family, enum inventory_filter filter,
		const struct semver *before, size_t limit, struct release_list *ret,
		struct gk_error *err)
{
	_cleanup_(release_list_done) struct release_list all = {0};

	if (merge(self(inventory), family, filter, before, &all, err) < 0)
		return -1;
	for (; all.count > limit; all.count--)
		release_done(&all.items[all.count - 1]);
	*ret = all;
	all = (struct release_list){0};
	return 0;
}

/* Keeps the release as it is now; its revision goes up. */
static int keep(struct rehearsal *rehearsal, struct release *release, struct gk_error *err)
{
	struct release *written = find_written(rehearsal, release->family, &release->version);

	release->revision++;
	if (!written)
		return add_copy(&rehearsal->releases, release, err);
	release_done(written);
	return release_copy(release, written, err);
}

static int insert(struct inventory *inventory, struct release *release, const struct event *event,
		  struct gk_error *err)
{
	_cleanup_(release_done) struct release version = {0};
	_cleanup_(release_done) struct release run = {0};
	bool has_version = false;
	bool has_run = false;

	(void)event;
	if (get(inventory, release->family, &release->version, &has_version, &version, err) < 0 ||
	    find_run(inventory, release->family, release->run, &has_run, &run, err) < 0)
		return -1;
	if (has_version || has_run)
		return gk_error_set(err, GK_CONFLICT,
				    "the inventory has the version or the run already");
	release->revision = 0;
	return keep(self(inventory), release, err);
}

/* ---- channels ---- */

static struct moved *find_moved(const struct rehearsal *rehearsal, const char *family)
{
	for (size_t i = 0; i < rehearsal->moved_count; i++)
		if (strcmp(rehearsal->moved[i].family, family) == 0)
			return &rehearsal->moved[i];
	return NULL;
}

static int channels(struct inventory *inventory, const char *family, struct channel_list *ret,
		    struct gk_error *err)
{
	struct inventory *base = self(inventory)->base;
	const struct moved *moved = find_moved(self(inventory), family);

	if (!moved)
		return base->ops->channels(base, family, ret, err);
	for (size_t i = 0; i < moved->channels.count; i++)
		if (channel_list_set(ret, &moved->channels.items[i], err) < 0)
			return -1;
	return 0;
}

static int save(struct inventory *inventory, struct release *release, const struct event *event,
		struct gk_error *err)
{
	_cleanup_(channel_list_done) struct channel_list names = {0};
	_cleanup_(release_done) struct release now = {0};
	char label[RELEASE_LABEL_SIZE];
	bool found = false;

	(void)event;
	if (get(inventory, release->family, &release->version, &found, &now, err) < 0 ||
	    channels(inventory, release->family, &names, err) < 0)
		return -1;
	release_label(release, label);
	if (!found)
		return gk_error_set(err, GK_NOT_FOUND, "%s is not in the inventory", label);
	if (now.revision != release->revision)
		return gk_error_set(err, GK_CONFLICT, "%s was changed meanwhile", label);
	for (size_t i = 0; i < names.count; i++)
		if (semver_compare(&names.items[i].version, &release->version) == 0 &&
		    !inventory_may_be_named(release->state, release->revoked != NULL))
			return inventory_refuse_named(release, names.items[i].name, err);
	return keep(self(inventory), release, err);
}

static struct moved *add_moved(struct rehearsal *rehearsal, const char *family,
			       struct gk_error *err)
{
	struct channel_list now = {0};
	struct moved *moved = NULL;

	if (channels(&rehearsal->inventory, family, &now, err) < 0)
		return NULL;
	moved = gk_array_add(&rehearsal->moved, &rehearsal->moved_count, sizeof(*moved), err);
	if (!moved) {
		channel_list_done(&now);
		return NULL;
	}
	moved->channels = now;
	return gk_str_set(&moved->family, family, err) < 0 ? NULL : moved;
}

static int set_channel(struct inventory *inventory, const char *family, const struct semver *from,
		       const struct channel *to, const struct event *event, struct gk_error *err)
{
	_cleanup_(release_done) struct release target = {0};
	struct moved *moved = find_moved(self(inventory), family);
	const struct channel *channel = NULL;
	bool found = false;

	(void)event;
	if (get(inventory, family, &to->version, &found, &target, err) < 0 ||
	    inventory_check_target(family, to, found ? &target : NULL, err) < 0)
		return -1;
	if (!moved)
		moved = add_moved(self(inventory), family, err);
	if (!moved)
		return -1;
	channel = channel_list_find(&moved->channels, to->name);
	if (!channel != !from || (from && semver_compare(&channel->version, from) != 0))
		return gk_error_set(err, GK_CONFLICT, "channel %s of %s was moved meanwhile",
				    to->name, family);
	return channel_list_set(&moved->channels, to, err);
}

/* ---- families and history ---- */

static int families(struct inventory *inventory, bool unfinished_only, struct gk_strv *ret,
		    struct gk_error *err)
{
	struct inventory *base = self(inventory)->base;
	const struct release_list *written = &self(inventory)->releases;

	if (base->ops->families(base, unfinished_only, ret, err) < 0)
		return -1;
	for (size_t i = 0; i < written->count; i++)
		if ((!unfinished_only || release_is_unfinished(&written->items[i])) &&
		    gk_strv_add_unique(ret, written->items[i].family, err) < 0)
			return -1;
	gk_strv_sort(ret);
	return 0;
}

/* What is only rehearsed is no history. */
static int events(struct inventory *inventory, const char *family, const struct semver *version,
		  size_t limit, struct event_list *ret, struct gk_error *err)
{
	struct inventory *base = self(inventory)->base;

	return base->ops->events(base, family, version, limit, ret, err);
}

static const struct inventory_ops ops = {
	.close = close_rehearsal,
	.get = get,
	.find_run = find_run,
	.top = top,
	.page = page,
	.insert = insert,
	.save = save,
	.families = families,
	.channels = channels,
	.set_channel = set_channel,
	.events = events,
};

int rehearsal_inventory_open(struct inventory *base, struct inventory **ret, struct gk_error *err)
{
	struct rehearsal *rehearsal = calloc(1, sizeof(*rehearsal));

	if (!rehearsal)
		return gk_error_memory(err);
	rehearsal->inventory.ops = &ops;
	rehearsal->base = base;
	*ret = &rehearsal->inventory;
	return 0;
}
