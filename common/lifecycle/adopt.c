/* Rebuilding releases from the tags that images carry. */
#include "lifecycle/private.h"

#include <stdlib.h>
#include <string.h>

enum verdict { ADOPT_KNOWN, ADOPT_NEW, ADOPT_PASSED_OVER };

struct adoption {
	struct release_list releases; /* what the tags tell */
	enum verdict *verdicts;       /* one for each of them */
	struct gk_strv warnings;
};

static void adoption_done(struct adoption *adoption)
{
	release_list_done(&adoption->releases);
	free(adoption->verdicts);
	gk_strv_done(&adoption->warnings);
}

static struct release *find_release(const struct adoption *adoption, const char *family,
				    const struct semver *version)
{
	for (size_t i = 0; i < adoption->releases.count; i++) {
		struct release *release = &adoption->releases.items[i];

		if (strcmp(release->family, family) == 0 &&
		    semver_compare(&release->version, version) == 0)
			return release;
	}
	return NULL;
}

static struct release *add_release(struct adoption *adoption, const char *family,
				   const struct semver *version, const char *run,
				   struct gk_error *err)
{
	struct release *release = gk_array_add(&adoption->releases.items,
					       &adoption->releases.count, sizeof(*release), err);

	if (!release || gk_str_set(&release->family, family, err) < 0 ||
	    gk_str_set(&release->run, run, err) < 0)
		return NULL;
	release->version = *version;
	release->state = RELEASE_LIVE;
	return release;
}

static int warn(struct adoption *adoption, const struct cloud_image *seen, const char *why,
		struct gk_error *err)
{
	return gk_strv_addf(&adoption->warnings, err, "%s in %s was passed over: %s", seen->id,
			    seen->location, why);
}

static int adopt_image(struct adoption *adoption, const struct cloud_image *seen,
		       struct gk_error *err)
{
	const char *family = tag_list_get(&seen->tags, TAG_FAMILY);
	const char *run = tag_list_get(&seen->tags, TAG_RUN);
	const char *text = tag_list_get(&seen->tags, TAG_VERSION);
	struct gk_error problem = {0};
	struct release *release = NULL;
	struct image *image = NULL;
	struct semver version;

	if (seen->status != CLOUD_AVAILABLE && seen->status != CLOUD_DISABLED)
		return warn(adoption, seen, seen->status_text ? seen->status_text : "not available",
			    err);
	if (!family || !run || !*run || !text)
		return warn(adoption, seen, "it lacks a goldkeep: tag", err);
	if (family_check(family, &problem) < 0 || semver_parse(text, &version, &problem) < 0)
		return warn(adoption, seen, problem.message, err);
	release = find_release(adoption, family, &version);
	if (release && strcmp(release->run, run) != 0)
		return warn(adoption, seen, "another image has its version from another run", err);
	if (!release)
		release = add_release(adoption, family, &version, run, err);
	image = release ? release_add_image(release, err) : NULL;
	if (!image || image_from_cloud(image, seen, err) < 0)
		return -1;
	image->state = RELEASE_LIVE;
	if (release->created_at == 0 || seen->created_at < release->created_at)
		release->created_at = seen->created_at;
	return 0;
}

static int look_for_tags(struct lifecycle *lifecycle, const char *family,
			 const struct gk_strv *locations, struct cloud_look *look,
			 struct gk_error *err)
{
	for (size_t i = 0; i < locations->count; i++)
		if (!cloud_look_add_search(look, locations->items[i], family, err))
			return -1;
	if (lifecycle->cloud->ops->look(lifecycle->cloud, look, err) < 0)
		return -1;
	for (size_t i = 0; i < look->search_count; i++)
		if (look->searches[i].error.code != GK_OK)
			return gk_error_set(err, GK_FAILED,
					    "reading tags in %s: %s; nothing was adopted",
					    look->searches[i].location,
					    look->searches[i].error.message);
	return 0;
}

static int read_tags(const struct cloud_look *look, struct adoption *adoption,
		     struct gk_error *err)
{
	for (size_t s = 0; s < look->search_count; s++)
		for (size_t i = 0; i < look->searches[s].image_count; i++)
			if (adopt_image(adoption, &look->searches[s].images[i], err) < 0)
				return -1;
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct image *one = a;
	const struct image *other = b;
	int order = strcmp(one->location, other->location);

	return order ? order : strcmp(one->id, other->id);
}

static int by_family_newest_first(const void *a, const void *b)
{
	const struct release *one = a;
	const struct release *other = b;
	int order = strcmp(one->family, other->family);

	return order ? order : semver_compare(&other->version, &one->version);
}

/* A provider lists images in any order. */
static void sort(struct release_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		qsort(list->items[i].images, list->items[i].image_count, sizeof(struct image),
		      by_place);
	if (list->count > 1)
		qsort(list->items, list->count, sizeof(*list->items), by_family_newest_first);
}

/* Images that the inventory's release does not have yet. */
static int complete(struct lifecycle *lifecycle, struct release *known,
		    const struct release *found, enum verdict *ret, struct gk_error *err)
{
	*ret = ADOPT_KNOWN;
	for (size_t i = 0; i < found->image_count; i++) {
		const struct image *from = &found->images[i];
		struct image *image = NULL;

		if (release_find_image(known, from->location, from->id))
			continue;
		image = release_add_image(known, err);
		if (!image || image_copy(from, image, err) < 0)
			return -1;
		*ret = ADOPT_NEW;
	}
	return *ret == ADOPT_NEW ? journal_save(lifecycle, known, "adopted", NULL, err) : 0;
}

static int insert(struct lifecycle *lifecycle, struct release *release, enum verdict *ret,
		  struct gk_error *err)
{
	char label[RELEASE_LABEL_SIZE];
	struct gk_error problem = {0};

	if (journal_insert(lifecycle, release, "adopted", NULL, &problem) == 0) {
		gk_log(lifecycle->log, GK_LOG_STEP, "%s: adopted, %zu image%s",
		       release_label(release, label), release->image_count,
		       release->image_count == 1 ? "" : "s");
		*ret = ADOPT_NEW;
		return 0;
	}
	*ret = ADOPT_PASSED_OVER;
	if (problem.code == GK_CONFLICT)
		return 0;
	*err = problem;
	return -1;
}

/* Writes one release down, or tells why not. */
static int record(struct lifecycle *lifecycle, struct release *release, struct adoption *adoption,
		  enum verdict *ret, struct gk_error *err)
{
	struct inventory *inventory = lifecycle->inventory;
	_cleanup_(release_done) struct release known = {0};
	char label[RELEASE_LABEL_SIZE];
	bool found = false;

	if (inventory->ops->get(inventory, release->family, &release->version, &found, &known,
				err) < 0)
		return -1;
	if (found && known.state < RELEASE_RETIRING && gk_str_equal(known.run, release->run))
		return complete(lifecycle, &known, release, ret, err);
	*ret = ADOPT_PASSED_OVER;
	if (!found && insert(lifecycle, release, ret, err) < 0)
		return -1;
	if (*ret != ADOPT_PASSED_OVER)
		return 0;
	return gk_strv_addf(&adoption->warnings, err,
			    "%s was passed over: the inventory knows it otherwise (%s, run %s)",
			    release_label(release, label),
			    found ? release_state_name(known.state) : "another version of its run",
			    found ? known.run : release->run);
}

static bool is_highest(const struct adoption *adoption, const struct release *release)
{
	for (size_t i = 0; i < adoption->releases.count; i++) {
		const struct release *other = &adoption->releases.items[i];

		if (adoption->verdicts[i] != ADOPT_PASSED_OVER &&
		    strcmp(other->family, release->family) == 0 &&
		    !semver_is_prerelease(&other->version) &&
		    semver_compare(&other->version, &release->version) > 0)
			return false;
	}
	return true;
}

/* `latest` of every family that was touched; it moves forwards only. */
static int point_latest(struct lifecycle *lifecycle, const struct adoption *adoption,
			struct gk_error *err)
{
	struct gk_strv none = {0};

	for (size_t i = 0; i < adoption->releases.count; i++) {
		const struct release *release = &adoption->releases.items[i];
		_cleanup_(channel_list_done) struct channel_list channels = {0};

		if (adoption->verdicts[i] != ADOPT_PASSED_OVER && is_highest(adoption, release) &&
		    channels_move(lifecycle, release, &none, &channels, err) < 0)
			return -1;
	}
	return 0;
}

static int add_channels(struct lifecycle *lifecycle, struct outcome *outcome, struct gk_error *err)
{
	_cleanup_(channel_list_done) struct channel_list channels = {0};
	const struct release *release = &outcome->release;

	if (lifecycle->inventory->ops->channels(lifecycle->inventory, release->family, &channels,
						err) < 0)
		return -1;
	return channels_naming(&channels, &release->version, &outcome->channels, err);
}

static int report(struct lifecycle *lifecycle, struct adoption *adoption, struct outcome_list *ret,
		  struct gk_error *err)
{
	for (size_t i = 0; i < adoption->releases.count; i++) {
		struct release *release = &adoption->releases.items[i];
		struct outcome *outcome = NULL;

		if (adoption->verdicts[i] == ADOPT_PASSED_OVER)
			continue;
		outcome = outcome_list_add(ret, release->family, err);
		if (!outcome)
			return -1;
		outcome->result =
			adoption->verdicts[i] == ADOPT_NEW ? OUTCOME_DONE : OUTCOME_UNCHANGED;
		outcome->has_release = true;
		outcome->release = *release;
		*release = (struct release){0};
		if (add_channels(lifecycle, outcome, err) < 0)
			return -1;
	}
	if (ret->count == 0 && adoption->warnings.count > 0 &&
	    !outcome_list_add(ret, adoption->releases.items[0].family, err))
		return -1;
	return ret->count > 0 ? gk_strv_extend(&ret->items[0].warnings, &adoption->warnings, err)
			      : 0;
}

static int record_all(struct lifecycle *lifecycle, struct adoption *adoption, struct gk_error *err)
{
	adoption->verdicts = calloc(adoption->releases.count, sizeof(*adoption->verdicts));
	if (!adoption->verdicts)
		return gk_error_memory(err);
	for (size_t i = 0; i < adoption->releases.count; i++)
		if (record(lifecycle, &adoption->releases.items[i], adoption,
			   &adoption->verdicts[i], err) < 0)
			return -1;
	return 0;
}

int lifecycle_adopt_tags(struct lifecycle *lifecycle, const char *family,
			 const struct gk_strv *locations, struct outcome_list *ret,
			 struct gk_error *err)
{
	_cleanup_(cloud_look_done) struct cloud_look look = {0};
	_cleanup_(adoption_done) struct adoption adoption = {0};

	if (look_for_tags(lifecycle, family, locations, &look, err) < 0 ||
	    read_tags(&look, &adoption, err) < 0)
		return -1;
	if (adoption.releases.count == 0)
		return gk_error_set(err, GK_NOT_FOUND, "no image carries the tags of %s%s%s%s",
				    family ? "family " : "any family", family ? family : "",
				    adoption.warnings.count ? "; " : "",
				    adoption.warnings.count ? adoption.warnings.items[0] : "");
	sort(&adoption.releases);
	if (record_all(lifecycle, &adoption, err) < 0 ||
	    point_latest(lifecycle, &adoption, err) < 0)
		return -1;
	return report(lifecycle, &adoption, ret, err);
}
