#include "resolve.h"

#include <stdio.h>

#include "base/mem.h"
#include "image/text.h"

enum {
	PAGE = 100,
	REVOKED_NAMED = 3,  /* in a message */
	CHANNEL_LOOKS = 3,  /* at a channel that others move meanwhile */
};

static bool can_be_launched(enum release_state state)
{
	return state == RELEASE_LIVE || state == RELEASE_DEPRECATED;
}

static int check_usable(const struct release *release, struct gk_error *err)
{
	static const char *const why[] = {
		[RELEASE_PENDING] = "its release is not finished, `goldkeep resume` finishes it",
		[RELEASE_DISABLED] = "nothing can be launched from its images",
		[RELEASE_RETIRING] = "its images are being removed",
		[RELEASE_RETIRED] = "its images are gone",
	};
	char label[RELEASE_LABEL_SIZE];

	release_label(release, label);
	if (release->revoked)
		return gk_error_set(err, GK_REFUSED, "%s is revoked: %s", label, release->revoked);
	if (can_be_launched(release->state))
		return 0;
	return gk_error_set(err, GK_NOT_FOUND, "%s is %s: %s", label,
			    release_state_name(release->state), why[release->state]);
}

/* ---- ranges ---- */

/* What a walk over the family saw. */
struct walk {
	const struct range *range; /* NULL: nothing lies in it */
	struct release found;
	bool has_found;
	struct semver highest;     /* of those that could be handed out at all */
	bool has_highest;
	struct gk_strv revoked;    /* in the range: "1.4.2 (CVE-2026-1)" */
};

static void walk_done(struct walk *walk)
{
	release_done(&walk->found);
	gk_strv_done(&walk->revoked);
}

/* The release is taken out of the page when it is found. */
static int visit(struct walk *walk, struct release *release, struct gk_error *err)
{
	bool inside = walk->range && range_has(walk->range, &release->version);
	char version[SEMVER_TEXT_SIZE];

	if (!can_be_launched(release->state))
		return 0;
	if (release->revoked) {
		if (!inside || walk->revoked.count == REVOKED_NAMED)
			return 0;
		return gk_strv_addf(&walk->revoked, err, "%s (%s)",
				    semver_format(&release->version, version), release->revoked);
	}
	if (!walk->has_highest)
		walk->highest = release->version;
	walk->has_highest = true;
	if (inside) {
		walk->found = *release;
		walk->has_found = true;
		*release = (struct release){0};
	}
	return 0;
}

/* Newest version first, until one is found; without a range, until one can be named instead. */
static int walk_family(struct inventory *inventory, const char *family, struct walk *walk,
		       struct gk_error *err)
{
	struct semver before;
	bool more = true;

	for (const struct semver *from = NULL; more; from = &before) {
		_cleanup_(release_list_done) struct release_list page = {0};

		if (inventory->ops->page(inventory, family, INVENTORY_ALIVE, from, PAGE, &page, err) < 0)
			return -1;
		more = page.count == PAGE;
		if (more)
			before = page.items[page.count - 1].version;
		for (size_t i = 0; i < page.count; i++) {
			if (visit(walk, &page.items[i], err) < 0)
				return -1;
			if (walk->range ? walk->has_found : walk->has_highest)
				return 0;
		}
	}
	return 0;
}

static int check_family(struct inventory *inventory, const char *family, struct gk_error *err)
{
	bool known = false;

	if (inventory_knows_family(inventory, family, &known, err) < 0)
		return -1;
	if (!known)
		return gk_error_set(err, GK_NOT_FOUND, "the inventory has no family %s", family);
	return 0;
}

/* Says that there is no such thing in the family, and what there is instead. */
static int nothing_there(const char *what, const struct walk *walk, struct gk_error *err)
{
	char version[SEMVER_TEXT_SIZE];

	if (!walk->has_highest)
		return gk_error_set(err, GK_NOT_FOUND, "%s, nor any other release to use", what);
	return gk_error_set(err, GK_NOT_FOUND, "%s; the highest to use is %s", what,
			    semver_format(&walk->highest, version));
}

static int nothing_in_range(struct inventory *inventory, const char *family, const char *asked,
			    const struct walk *walk, struct gk_error *err)
{
	char shown[TEXT_QUOTE_SIZE], what[TEXT_QUOTE_SIZE + 32];

	text_quote(asked, shown);
	if (walk->revoked.count > 0) {
		_cleanup_free_ char *revoked = gk_strv_join(&walk->revoked, ", ", err);

		if (!revoked)
			return -1;
		return gk_error_set(err, GK_NOT_FOUND, "%s: there are revoked releases only: %s",
				    shown, revoked);
	}
	if (check_family(inventory, family, err) < 0)
		return -1;
	snprintf(what, sizeof(what), "%s: there is no such release", shown);
	return nothing_there(what, walk, err);
}

static int choose_range(struct inventory *inventory, const struct selector *selector,
			const char *asked, struct release *ret, struct gk_error *err)
{
	_cleanup_(walk_done) struct walk walk = {.range = &selector->range};

	if (walk_family(inventory, selector->family, &walk, err) < 0)
		return -1;
	if (!walk.has_found)
		return nothing_in_range(inventory, selector->family, asked, &walk, err);
	*ret = walk.found;
	walk.found = (struct release){0};
	return 0;
}

/* ---- exact versions ---- */

static int no_version(struct inventory *inventory, const char *family,
		      const struct semver *version, struct gk_error *err)
{
	_cleanup_(walk_done) struct walk walk = {0};
	char text[SEMVER_TEXT_SIZE], what[RELEASE_LABEL_SIZE + 32];

	if (check_family(inventory, family, err) < 0 ||
	    walk_family(inventory, family, &walk, err) < 0)
		return -1;
	snprintf(what, sizeof(what), "%s has no release %s", family, semver_format(version, text));
	return nothing_there(what, &walk, err);
}

static int choose_version(struct inventory *inventory, const char *family,
			  const struct semver *version, struct release *ret, struct gk_error *err)
{
	_cleanup_(release_done) struct release release = {0};
	bool found = false;

	if (inventory->ops->get(inventory, family, version, &found, &release, err) < 0)
		return -1;
	if (!found)
		return no_version(inventory, family, version, err);
	if (check_usable(&release, err) < 0)
		return -1;
	*ret = release;
	release = (struct release){0};
	return 0;
}

/* ---- channels ---- */

static int no_channel(struct inventory *inventory, const struct selector *selector,
		      const struct channel_list *channels, struct gk_error *err)
{
	_cleanup_(gk_strv_done) struct gk_strv names = {0};
	_cleanup_free_ char *text = NULL;

	if (check_family(inventory, selector->family, err) < 0)
		return -1;
	for (size_t i = 0; i < channels->count; i++)
		if (gk_strv_add(&names, channels->items[i].name, err) < 0)
			return -1;
	gk_strv_sort(&names);
	text = gk_strv_join(&names, ", ", err);
	if (!text)
		return -1;
	return gk_error_set(err, GK_NOT_FOUND, "%s has no channel %s; it has %s", selector->family,
			    selector->channel, *text ? text : "none");
}

/* The version that the channel names now. */
static int read_channel(struct inventory *inventory, const struct selector *selector,
			struct semver *ret, struct gk_error *err)
{
	_cleanup_(channel_list_done) struct channel_list channels = {0};
	const struct channel *channel = NULL;

	if (inventory->ops->channels(inventory, selector->family, &channels, err) < 0)
		return -1;
	channel = channel_list_find(&channels, selector->channel);
	if (!channel)
		return no_channel(inventory, selector, &channels, err);
	*ret = channel->version;
	return 0;
}

/* Between two reads a channel may move on, and what it named be retired: then it is read again. */
static int choose_channel(struct inventory *inventory, const struct selector *selector,
			  struct release *ret, struct gk_error *err)
{
	struct semver version, next;

	if (read_channel(inventory, selector, &version, err) < 0)
		return -1;
	for (int looks = 1;; looks++, version = next) {
		struct gk_error problem = {0};

		if (choose_version(inventory, selector->family, &version, ret, &problem) == 0)
			return 0;
		if (looks < CHANNEL_LOOKS && read_channel(inventory, selector, &next, err) < 0)
			return -1;
		if (looks < CHANNEL_LOOKS && semver_compare(&version, &next) != 0)
			continue;
		gk_error_set(err, problem.code, "%s", problem.message);
		return gk_error_wrap(err, "%s:%s", selector->family, selector->channel);
	}
}

int resolve_choose(struct inventory *inventory, const struct selector *selector,
		   const char *asked, struct release *ret, struct gk_error *err)
{
	if (selector->channel)
		return choose_channel(inventory, selector, ret, err);
	if (selector->range.exact)
		return choose_version(inventory, selector->family,
				      &selector->range.comparators[0].version, ret, err);
	return choose_range(inventory, selector, asked, ret, err);
}
