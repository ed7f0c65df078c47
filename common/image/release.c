#include "image/release.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "image/text.h"
#include "image/version.h"

enum { FAMILY_MAX = 200, CHANNEL_MAX = 64 };

static const char *const release_states[] = {
	[RELEASE_PENDING] = "pending",       [RELEASE_LIVE] = "live",
	[RELEASE_DEPRECATED] = "deprecated", [RELEASE_DISABLED] = "disabled",
	[RELEASE_RETIRING] = "retiring",     [RELEASE_RETIRED] = "retired",
};

static const char *const snapshot_states[] = {
	[SNAPSHOT_LIVE] = "live",
	[SNAPSHOT_DELETED] = "deleted",
	[SNAPSHOT_SHARED] = "shared",
	[SNAPSHOT_LEFTOVER] = "leftover",
};

static void snapshot_done(struct snapshot *snapshot)
{
	free(snapshot->id);
	free(snapshot->reason);
	*snapshot = (struct snapshot){0};
}

void image_done(struct image *image)
{
	for (size_t i = 0; i < image->snapshot_count; i++)
		snapshot_done(&image->snapshots[i]);
	free(image->snapshots);
	free(image->provider);
	free(image->location);
	free(image->id);
	free(image->name);
	free(image->architecture);
	free(image->account);
	free(image->bundle);
	*image = (struct image){0};
}

void release_done(struct release *release)
{
	for (size_t i = 0; i < release->image_count; i++)
		image_done(&release->images[i]);
	free(release->images);
	free(release->family);
	free(release->held);
	free(release->revoked);
	gk_strv_done(&release->published);
	free(release->run);
	free(release->build);
	free(release->builder);
	free(release->fingerprint);
	free(release->intent);
	*release = (struct release){0};
}

void release_list_done(struct release_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		release_done(&list->items[i]);
	free(list->items);
	*list = (struct release_list){0};
}

static int copy_snapshots(const struct image *from, struct image *to, struct gk_error *err)
{
	for (size_t i = 0; i < from->snapshot_count; i++) {
		const struct snapshot *old = &from->snapshots[i];
		struct snapshot *new = image_add_snapshot(to, old->id, err);

		if (!new || gk_str_set(&new->reason, old->reason, err) < 0)
			return -1;
		new->state = old->state;
	}
	return 0;
}

int image_copy(const struct image *from, struct image *to, struct gk_error *err)
{
	to->state = from->state;
	if (gk_str_set(&to->provider, from->provider, err) < 0 ||
	    gk_str_set(&to->location, from->location, err) < 0 ||
	    gk_str_set(&to->id, from->id, err) < 0 ||
	    gk_str_set(&to->name, from->name, err) < 0 ||
	    gk_str_set(&to->architecture, from->architecture, err) < 0 ||
	    gk_str_set(&to->account, from->account, err) < 0 ||
	    gk_str_set(&to->bundle, from->bundle, err) < 0)
		return -1;
	return copy_snapshots(from, to, err);
}

static int copy_texts(const struct release *from, struct release *to, struct gk_error *err)
{
	if (gk_str_set(&to->family, from->family, err) < 0 ||
	    gk_str_set(&to->held, from->held, err) < 0 ||
	    gk_str_set(&to->revoked, from->revoked, err) < 0 ||
	    gk_strv_extend(&to->published, &from->published, err) < 0 ||
	    gk_str_set(&to->run, from->run, err) < 0 ||
	    gk_str_set(&to->build, from->build, err) < 0 ||
	    gk_str_set(&to->builder, from->builder, err) < 0 ||
	    gk_str_set(&to->fingerprint, from->fingerprint, err) < 0 ||
	    gk_str_set(&to->intent, from->intent, err) < 0)
		return -1;
	return 0;
}

int release_copy(const struct release *from, struct release *ret, struct gk_error *err)
{
	_cleanup_(release_done) struct release copy = {
		.version = from->version,
		.state = from->state,
		.created_at = from->created_at,
		.revision = from->revision,
	};

	if (copy_texts(from, &copy, err) < 0)
		return -1;
	for (size_t i = 0; i < from->image_count; i++) {
		struct image *image = release_add_image(&copy, err);

		if (!image || image_copy(&from->images[i], image, err) < 0)
			return -1;
	}
	*ret = copy;
	copy = (struct release){0};
	return 0;
}

struct image *release_add_image(struct release *release, struct gk_error *err)
{
	return gk_array_add(&release->images, &release->image_count, sizeof(struct image), err);
}

struct snapshot *image_add_snapshot(struct image *image, const char *id, struct gk_error *err)
{
	_cleanup_free_ char *copy = NULL;
	struct snapshot *snapshot = NULL;

	if (gk_str_set(&copy, id, err) < 0)
		return NULL;
	snapshot = gk_array_add(&image->snapshots, &image->snapshot_count, sizeof(*snapshot), err);
	if (snapshot)
		snapshot->id = TAKE_PTR(copy);
	return snapshot;
}

struct image *release_find_image(const struct release *release, const char *location,
				 const char *id)
{
	for (size_t i = 0; i < release->image_count; i++)
		if (gk_str_equal(release->images[i].location, location) &&
		    gk_str_equal(release->images[i].id, id))
			return &release->images[i];
	return NULL;
}

struct snapshot *image_find_snapshot(const struct image *image, const char *id)
{
	for (size_t i = 0; i < image->snapshot_count; i++)
		if (gk_str_equal(image->snapshots[i].id, id))
			return &image->snapshots[i];
	return NULL;
}

/* On the way from one state to another: somebody has still to bring it there. */
static bool is_on_its_way(enum release_state state)
{
	return state == RELEASE_PENDING || state == RELEASE_RETIRING;
}

static bool image_is_unfinished(const struct image *image)
{
	for (size_t i = 0; i < image->snapshot_count; i++)
		if (image->snapshots[i].state == SNAPSHOT_LEFTOVER)
			return true;
	return is_on_its_way(image->state);
}

bool release_is_newer(const struct release *a, const struct release *b)
{
	if (a->created_at != b->created_at)
		return a->created_at > b->created_at;
	return semver_compare(&a->version, &b->version) > 0;
}

bool release_is_unfinished(const struct release *release)
{
	for (size_t i = 0; i < release->image_count; i++)
		if (image_is_unfinished(&release->images[i]))
			return true;
	return release->intent || is_on_its_way(release->state);
}

bool release_discards(const struct release *release, const struct image *image)
{
	return image->state == RELEASE_RETIRING && release->state < RELEASE_RETIRING;
}

bool release_discards_any(const struct release *release)
{
	for (size_t i = 0; i < release->image_count; i++)
		if (release_discards(release, &release->images[i]))
			return true;
	return false;
}

void release_drop_image(struct release *release, struct image *image)
{
	size_t behind = release->image_count - 1 - (size_t)(image - release->images);

	image_done(image);
	memmove(image, image + 1, behind * sizeof(*image));
	release->image_count--;
}

const char *release_label(const struct release *release, char *text)
{
	char version[SEMVER_TEXT_SIZE];

	snprintf(text, RELEASE_LABEL_SIZE, "%.*s %s", FAMILY_MAX,
		 release->family ? release->family : "", semver_format(&release->version, version));
	return text;
}

static int find_name(const char *const *names, size_t count, const char *what, const char *name,
		     struct gk_error *err)
{
	char shown[TEXT_QUOTE_SIZE];

	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return (int)i;
	return gk_error_set(err, GK_FAILED, "%s is no state of a %s", text_quote(name, shown),
			    what);
}

const char *release_state_name(enum release_state state)
{
	return release_states[state];
}

int release_state_parse(const char *name, enum release_state *ret, struct gk_error *err)
{
	int found = find_name(release_states, ARRAY_SIZE(release_states), "release", name, err);

	if (found < 0)
		return -1;
	*ret = (enum release_state)found;
	return 0;
}

const char *snapshot_state_name(enum snapshot_state state)
{
	return snapshot_states[state];
}

int snapshot_state_parse(const char *name, enum snapshot_state *ret, struct gk_error *err)
{
	int found = find_name(snapshot_states, ARRAY_SIZE(snapshot_states), "snapshot", name, err);

	if (found < 0)
		return -1;
	*ret = (enum snapshot_state)found;
	return 0;
}

/* The first byte that is no letter, no digit and none of `others`; the end if there is none. */
static const char *find_other(const char *text, const char *others)
{
	while (*text && (text_is_alphanumeric(*text) || strchr(others, *text)))
		text++;
	return text;
}

/* True if a part of the path is "." or "..", or is empty between two slashes. */
static bool has_path_trick(const char *family)
{
	for (const char *part = family;; part++) {
		size_t length = strcspn(part, "/");

		if ((length == 0 && *part) || (length == 1 && part[0] == '.') ||
		    (length == 2 && part[0] == '.' && part[1] == '.'))
			return true;
		part += length;
		if (!*part)
			return false;
	}
}

int family_check(const char *family, struct gk_error *err)
{
	char shown[TEXT_QUOTE_SIZE], bad[TEXT_QUOTE_SIZE];
	const char *other = find_other(family, "._/-");

	text_quote(family, shown);
	if (!*family)
		return gk_error_set(err, GK_USAGE, "a family name is empty");
	if (*other)
		return gk_error_set(err, GK_USAGE, "family %s: %s in it; letters, digits and . _ / "
				    "- may be", shown, text_quote_character(other, bad));
	if (!text_is_alphanumeric(family[0]))
		return gk_error_set(err, GK_USAGE, "family %s: it begins with a letter or a digit",
				    shown);
	if (strlen(family) > FAMILY_MAX)
		return gk_error_set(err, GK_USAGE, "family %s: it has at most %d characters", shown,
				    FAMILY_MAX);
	if (has_path_trick(family))
		return gk_error_set(err, GK_USAGE, "family %s: no //, and no . or .. between "
				    "slashes", shown);
	return 0;
}

static bool reads_as_version(const char *channel)
{
	struct version_request request = {0};

	return (channel[0] == 'v' || channel[0] == 'V') &&
	       version_request_parse(channel + 1, &request, NULL) == 0;
}

int channel_check(const char *channel, struct gk_error *err)
{
	char shown[TEXT_QUOTE_SIZE], bad[TEXT_QUOTE_SIZE];
	const char *other = find_other(channel, "._-");

	text_quote(channel, shown);
	if (!*channel)
		return gk_error_set(err, GK_USAGE, "a channel name is empty");
	if (*other)
		return gk_error_set(err, GK_USAGE, "channel %s: %s in it; letters, digits and . _ "
				    "- may be", shown, text_quote_character(other, bad));
	if (!text_is_alphanumeric(channel[0]) || text_is_digit(channel[0]))
		return gk_error_set(err, GK_USAGE, "channel %s: it begins with a letter", shown);
	if (strlen(channel) > CHANNEL_MAX)
		return gk_error_set(err, GK_USAGE, "channel %s: it has at most %d characters",
				    shown, CHANNEL_MAX);
	if (reads_as_version(channel))
		return gk_error_set(err, GK_USAGE, "channel %s reads as a version", shown);
	return 0;
}
