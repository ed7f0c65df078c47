#include "inventory/inventory.h"

#include "base/mem.h"

enum {
	PAGE_SIZE = 500,
	/* Every round that is lost is a version that somebody else got: more than any team builds
	 * at once. */
	ROUNDS_MAX = 1000,
};

void event_list_done(struct event_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].actor);
		free(list->items[i].action);
		free(list->items[i].version);
		free(list->items[i].detail);
	}
	free(list->items);
	*list = (struct event_list){0};
}

void inventory_close(struct inventory *inventory)
{
	if (inventory)
		inventory->ops->close(inventory);
}

void inventory_closep(struct inventory **inventory)
{
	inventory_close(*inventory);
	*inventory = NULL;
}

/* An exact version is free, or it is a conflict that names who has it. */
static int check_exact(struct inventory *inventory, const char *family,
		       const struct semver *version, struct gk_error *err)
{
	_cleanup_(release_done) struct release holder = {0};
	char label[RELEASE_LABEL_SIZE];
	bool found = false;

	if (inventory->ops->get(inventory, family, version, &found, &holder, err) < 0)
		return -1;
	if (!found)
		return 0;
	return gk_error_set(err, GK_CONFLICT,
			    "%s is taken: run %s has it (%s); choose another version, or let goldkeep "
			    "choose",
			    release_label(&holder, label), holder.run,
			    release_state_name(holder.state));
}

/* Pre-releases are numbered on from the highest of the same core and name. */
static int continue_prerelease(struct inventory *inventory, const char *family,
			       struct semver *version, struct gk_error *err)
{
	struct version_range range;
	struct semver top;
	bool found = false;

	version_prerelease_range(version, &range);
	if (inventory->ops->top(inventory, family, &range, &found, &top, err) < 0)
		return -1;
	return found ? version_continue(version, &top, err) : 0;
}

int inventory_next_version(struct inventory *inventory, const char *family,
			   const struct version_request *request, struct semver *ret,
			   struct gk_error *err)
{
	struct version_range range;
	struct semver version;
	struct semver top;
	bool found = false;

	if (request->kind == VERSION_EXACT) {
		if (check_exact(inventory, family, &request->exact, err) < 0)
			return -1;
		return version_choose(request, NULL, ret, err);
	}
	version_request_range(request, &range);
	if (inventory->ops->top(inventory, family, &range, &found, &top, err) < 0 ||
	    version_choose(request, found ? &top : NULL, &version, err) < 0)
		return -1;
	if (request->prerelease[0] &&
	    continue_prerelease(inventory, family, &version, err) < 0)
		return -1;
	*ret = version;
	return 0;
}

/* Replaces *release by what this run has in the family already. */
static int find_existing(struct inventory *inventory, struct release *release, bool *ret_found,
			 struct gk_error *err)
{
	_cleanup_(release_done) struct release existing = {0};
	bool found = false;

	if (inventory->ops->find_run(inventory, release->family, release->run, &found, &existing,
				     err) < 0)
		return -1;
	if (found) {
		release_done(release);
		*release = existing;
		existing = (struct release){0};
	}
	*ret_found = found;
	return 0;
}

/* Chooses a version and tries to get it. */
static int try_version(struct inventory *inventory, const struct version_request *request,
		       const struct event *event, struct release *release, struct gk_error *err)
{
	if (inventory_next_version(inventory, release->family, request, &release->version, err) < 0)
		return -1;
	return inventory->ops->insert(inventory, release, event, err);
}

/*
 * Between looking and inserting another process may have taken the version, or have allocated for
 * the very same run: a conflict means to look again. An exact version that is held stays a
 * conflict, once it is sure that the holder is not this run.
 */
int inventory_allocate(struct inventory *inventory, const struct version_request *request,
		       const struct event *event, struct release *release, bool *ret_existing,
		       struct gk_error *err)
{
	struct gk_error failure = {0};
	bool existing = false;

	for (int round = 0; round < ROUNDS_MAX; round++) {
		if (find_existing(inventory, release, &existing, err) < 0)
			return -1;
		/* Of an exact version, the second look has told that another run holds it. */
		if (existing || (round > 1 && request->kind == VERSION_EXACT))
			break;
		failure = (struct gk_error){0};
		if (try_version(inventory, request, event, release, &failure) == 0 ||
		    failure.code != GK_CONFLICT)
			break;
	}
	if (!existing && failure.code != GK_OK) {
		if (err)
			*err = failure;
		return -1;
	}
	*ret_existing = existing;
	return 0;
}

/* Moves the releases of `page` to the end of `list`. */
static int append_page(struct release_list *list, struct release_list *page, struct gk_error *err)
{
	for (size_t i = 0; i < page->count; i++) {
		struct release *slot =
			gk_array_add(&list->items, &list->count, sizeof(*list->items), err);

		if (!slot)
			return -1;
		*slot = page->items[i];
		page->items[i] = (struct release){0};
	}
	return 0;
}

int inventory_collect(struct inventory *inventory, const char *family,
		      enum inventory_filter filter, struct release_list *ret,
		      struct gk_error *err)
{
	_cleanup_(release_list_done) struct release_list all = {0};
	size_t got = PAGE_SIZE;

	while (got == PAGE_SIZE) {
		_cleanup_(release_list_done) struct release_list page = {0};
		const struct semver *before =
			all.count ? &all.items[all.count - 1].version : NULL;

		if (inventory->ops->page(inventory, family, filter, before, PAGE_SIZE, &page,
					 err) < 0)
			return -1;
		got = page.count;
		if (append_page(&all, &page, err) < 0)
			return -1;
	}
	*ret = all;
	all = (struct release_list){0};
	return 0;
}

bool inventory_may_be_named(enum release_state state, bool revoked)
{
	return !revoked && (state == RELEASE_LIVE || state == RELEASE_DEPRECATED ||
			    state == RELEASE_DISABLED);
}

int inventory_check_target(const char *family, const struct channel *channel,
			   const struct release *release, struct gk_error *err)
{
	const char *state = release ? release_state_name(release->state) : "not in the inventory";
	char version[SEMVER_TEXT_SIZE];

	if (release && inventory_may_be_named(release->state, release->revoked != NULL))
		return 0;
	semver_format(&channel->version, version);
	if (release && release->revoked)
		return gk_error_set(err, GK_REFUSED,
				    "channel %s cannot name %s %s, which is revoked: %s",
				    channel->name, family, version, release->revoked);
	return gk_error_set(err, GK_REFUSED, "channel %s cannot name %s %s, which is %s",
			    channel->name, family, version, state);
}

int inventory_refuse_named(const struct release *release, const char *channel,
			   struct gk_error *err)
{
	char label[RELEASE_LABEL_SIZE];

	return gk_error_set(err, GK_REFUSED, "%s cannot become %s: channel %s names it",
			    release_label(release, label),
			    release->revoked ? "revoked" : release_state_name(release->state),
			    channel);
}

int inventory_knows_family(struct inventory *inventory, const char *family, bool *ret,
			   struct gk_error *err)
{
	_cleanup_(release_list_done) struct release_list page = {0};

	if (inventory->ops->page(inventory, family, INVENTORY_ALL, NULL, 1, &page, err) < 0)
		return -1;
	*ret = page.count > 0;
	return 0;
}
