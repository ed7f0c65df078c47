/* What is to be removed: images with the snapshots that they have now, and snapshots whose image
 * is gone. */
#include "lifecycle/removal.h"

#include <stdlib.h>
#include <string.h>

void work_done(struct work *work)
{
	for (size_t i = 0; i < work->count; i++)
		cloud_removal_done(&work->removals[i]);
	free(work->removals);
	gk_strv_done(&work->texts);
}

/* A snapshot of an image that is gone is deleted only while it carries the tags of its release. */
static bool is_ours(const struct release *release, const struct cloud_snapshot *snapshot)
{
	char version[SEMVER_TEXT_SIZE];

	return gk_str_equal(tag_list_get(&snapshot->tags, TAG_MANAGED_BY),
			    TAG_MANAGED_BY_VALUE) &&
	       gk_str_equal(tag_list_get(&snapshot->tags, TAG_FAMILY), release->family) &&
	       gk_str_equal(tag_list_get(&snapshot->tags, TAG_VERSION),
			    semver_format(&release->version, version));
}

/* What a look alone decides about a snapshot whose image is gone. */
static int settle_snapshot(const struct release *release, struct snapshot *snapshot,
			   const struct cloud_snapshot *seen, bool account_seen,
			   struct gk_error *err)
{
	if (!seen || seen->error.code != GK_OK) {
		snapshot->state = SNAPSHOT_LEFTOVER;
		return gk_str_set(&snapshot->reason,
				  seen ? seen->error.message : "was not looked at", err);
	}
	if (!seen->present && !account_seen) {
		snapshot->state = SNAPSHOT_LEFTOVER;
		return gk_str_set(&snapshot->reason,
				  "not visible, nor any image of its account: these may be other "
				  "credentials",
				  err);
	}
	if (!seen->present) {
		snapshot->state = SNAPSHOT_DELETED;
		return gk_str_set(&snapshot->reason, NULL, err);
	}
	if (!is_ours(release, seen)) {
		snapshot->state = SNAPSHOT_SHARED;
		return gk_str_set(&snapshot->reason, "its tags do not name this release", err);
	}
	snapshot->state = SNAPSHOT_LEFTOVER;
	return gk_str_set(&snapshot->reason, "not deleted yet", err);
}

static const char *keep_text(struct work *work, const char *text, struct gk_error *err)
{
	return gk_strv_add(&work->texts, text, err) < 0 ? NULL
							: work->texts.items[work->texts.count - 1];
}

static struct cloud_removal *add_removal(struct work *work, const struct image *image,
					 bool image_too, struct gk_error *err)
{
	const char *location = keep_text(work, image->location, err);
	const char *id = location && image_too ? keep_text(work, image->id, err) : NULL;
	struct cloud_removal *removal = NULL;

	if (!location || (image_too && !id))
		return NULL;
	removal = gk_array_add(&work->removals, &work->count, sizeof(*removal), err);
	if (!removal)
		return NULL;
	removal->location = location;
	removal->id = id;
	return removal;
}

/* Snapshots of an image that is gone. */
static int add_orphans(const struct release *release, struct image *image,
		       const struct cloud_look *look, struct work *work, struct gk_error *err)
{
	bool account_seen = look_sees_account(look, image->location, image->account);
	struct cloud_removal *removal = NULL;

	for (size_t i = 0; i < image->snapshot_count; i++) {
		struct snapshot *snapshot = &image->snapshots[i];

		if (snapshot->state == SNAPSHOT_DELETED || snapshot->state == SNAPSHOT_SHARED)
			continue;
		if (settle_snapshot(release, snapshot,
				    look_snapshot(look, image->location, snapshot->id),
				    account_seen, err) < 0)
			return -1;
		/* Only what was seen to be ours a moment ago is deleted. */
		if (snapshot->state != SNAPSHOT_LEFTOVER ||
		    !gk_str_equal(snapshot->reason, "not deleted yet"))
			continue;
		if (!removal)
			removal = add_removal(work, image, false, err);
		if (!removal || !cloud_removal_add_snapshot(removal, snapshot->id, err))
			return -1;
	}
	return 0;
}

/* An image that is there goes with the snapshots that it has now; they are recorded first. */
static int add_image(struct image *image, const struct cloud_image *seen, struct work *work,
		     bool *ret_new_snapshots, struct gk_error *err)
{
	struct cloud_removal *removal = add_removal(work, image, true, err);

	if (!removal)
		return -1;
	for (size_t i = 0; i < seen->snapshots.count; i++) {
		const char *id = seen->snapshots.items[i];

		if (!cloud_removal_add_snapshot(removal, id, err))
			return -1;
		if (image_find_snapshot(image, id))
			continue;
		if (!image_add_snapshot(image, id, err))
			return -1;
		*ret_new_snapshots = true;
	}
	return 0;
}

int work_add_image(struct work *work, const struct release *release, struct image *image,
		   const struct cloud_look *look, bool *ret_new_snapshots, struct gk_error *err)
{
	const struct cloud_image *seen = look_image(look, image->location, image->id);

	if (!seen || seen->error.code != GK_OK)
		return gk_error_set(err, GK_FAILED, "%s was not looked at", image->id);
	if (seen->status != CLOUD_ABSENT)
		return add_image(image, seen, work, ret_new_snapshots, err);
	image->state = RELEASE_RETIRED;
	return add_orphans(release, image, look, work, err);
}

static int add_release(struct retention *retention, struct release *release,
		       const struct cloud_look *look, struct work *work, struct gk_error *err)
{
	bool new_snapshots = false;

	for (size_t i = 0; i < release->image_count; i++)
		if (release->images[i].state != RELEASE_RETIRED &&
		    work_add_image(work, release, &release->images[i], look, &new_snapshots, err) <
			    0)
			return -1;
	return new_snapshots ? journal_save(retention->lifecycle, release, "retiring",
					    "snapshots recorded", err)
			     : 0;
}

static int add_leftovers(struct release *release, const struct cloud_look *look,
			 struct work *work, struct gk_error *err)
{
	for (size_t i = 0; i < release->image_count; i++)
		if (add_orphans(release, &release->images[i], look, work, err) < 0)
			return -1;
	return 0;
}

int work_build(struct retention *retention, struct departures *departures,
	       const struct cloud_look *look, struct work *work, struct gk_error *err)
{
	for (size_t i = 0; i < departures->count; i++)
		if (departures->items[i].claimed &&
		    add_release(retention, departures->items[i].release, look, work, err) < 0)
			return -1;
	for (size_t i = 0; i < retention->leftovers.count; i++)
		if (add_leftovers(&retention->leftovers.items[i], look, work, err) < 0)
			return -1;
	return 0;
}
