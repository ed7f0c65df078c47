/* Recording what a removal did. */
#include "lifecycle/removal.h"

#include <stdlib.h>
#include <string.h>

/* The removal of the image itself; NULL if there was none to be. */
static const struct cloud_removal *find_removal(const struct work *work, const struct image *image)
{
	for (size_t i = 0; i < work->count; i++)
		if (strcmp(work->removals[i].location, image->location) == 0 &&
		    gk_str_equal(work->removals[i].id, image->id))
			return &work->removals[i];
	return NULL;
}

static const struct cloud_snapshot_removal *find_in(const struct cloud_removal *removal,
						    const char *id)
{
	for (size_t i = 0; i < removal->snapshot_count; i++)
		if (strcmp(removal->snapshots[i].id, id) == 0)
			return &removal->snapshots[i];
	return NULL;
}

/* What became of a snapshot. Two images of one run may share it: it is deleted once one of them
 * could delete it, and a leftover, not somebody else's, if each was in the other's way. */
static const struct cloud_snapshot_removal *find_snapshot(const struct work *work,
							  const struct image *image,
							  const char *id, bool *ret_in_the_way)
{
	const struct cloud_snapshot_removal *found = NULL;
	size_t holders = 0;

	for (size_t i = 0; i < work->count; i++) {
		const struct cloud_removal *removal = &work->removals[i];
		const struct cloud_snapshot_removal *here = find_in(removal, id);

		if (!here || strcmp(removal->location, image->location) != 0)
			continue;
		if (!found || here->outcome == CLOUD_DELETED || gk_str_equal(removal->id, image->id))
			found = found && found->outcome == CLOUD_DELETED ? found : here;
		holders++;
	}
	*ret_in_the_way = found && found->outcome == CLOUD_SHARED && holders > 1;
	return found;
}

static int record_snapshot(struct snapshot *snapshot, const struct cloud_snapshot_removal *done,
			   struct gk_error *err)
{
	static const enum snapshot_state states[] = {
		[CLOUD_DELETED] = SNAPSHOT_DELETED,
		[CLOUD_SHARED] = SNAPSHOT_SHARED,
		[CLOUD_LEFTOVER] = SNAPSHOT_LEFTOVER,
	};

	snapshot->state = states[done->outcome];
	return gk_str_set(&snapshot->reason, done->reason, err);
}

static int record_snapshots(struct image *image, const struct work *work, struct gk_error *err)
{
	for (size_t i = 0; i < image->snapshot_count; i++) {
		struct snapshot *snapshot = &image->snapshots[i];
		bool in_the_way = false;
		const struct cloud_snapshot_removal *done =
			find_snapshot(work, image, snapshot->id, &in_the_way);

		if (done && record_snapshot(snapshot, done, err) < 0)
			return -1;
		if (in_the_way)
			snapshot->state = SNAPSHOT_LEFTOVER;
		/* Recorded once, and no longer part of the image when it went: not ours to delete.
		 * */
		if (!done && snapshot->state == SNAPSHOT_LIVE) {
			snapshot->state = SNAPSHOT_SHARED;
			if (gk_str_set(&snapshot->reason, "was no longer part of its image", err) <
			    0)
				return -1;
		}
	}
	return 0;
}

/* Snapshots that stay are said: those of others as a warning, ours as unfinished work. */
static int report_snapshots(const struct release *release, const struct image *image,
			    struct outcome *outcome, struct gk_error *err)
{
	for (size_t i = 0; i < image->snapshot_count; i++) {
		const struct snapshot *snapshot = &image->snapshots[i];
		const char *reason = snapshot->reason ? snapshot->reason : "in use";
		char label[RELEASE_LABEL_SIZE];
		_cleanup_free_ char *text = NULL;

		if (snapshot->state != SNAPSHOT_SHARED && snapshot->state != SNAPSHOT_LEFTOVER)
			continue;
		text = gk_str_format(err, "%s of %s stays in %s: %s", snapshot->id,
				     release_label(release, label), image->location, reason);
		if (!text)
			return -1;
		if (snapshot->state == SNAPSHOT_SHARED
			    ? gk_strv_add(&outcome->warnings, text, err) < 0
			    : outcome_add_incomplete(outcome, "retain", image->location, text,
						     err) < 0)
			return -1;
	}
	return 0;
}

int work_record_image(const struct work *work, const struct release *release, struct image *image,
		      struct outcome *outcome, struct gk_error *err)
{
	const struct cloud_removal *removal = find_removal(work, image);

	if (removal && removal->error.code != GK_OK)
		return outcome_add_incomplete(outcome, "retain", image->location,
					      removal->error.message, err);
	if (removal) {
		image->state = RELEASE_RETIRED;
		if (image->bundle &&
		    gk_strv_addf(&outcome->warnings, err,
				 "%s was instance-store: its bundle stays in S3 at %s", image->id,
				 image->bundle) < 0)
			return -1;
	}
	if (record_snapshots(image, work, err) < 0 ||
	    report_snapshots(release, image, outcome, err) < 0)
		return -1;
	return removal != NULL;
}

static int record_image(struct retention *retention, const struct release *release,
			struct image *image, const struct work *work, struct outcome *outcome,
			struct gk_error *err)
{
	int removed = work_record_image(work, release, image, outcome, err);
	char label[RELEASE_LABEL_SIZE];

	if (removed > 0)
		gk_log(retention->lifecycle->log, GK_LOG_STEP, "%s: deregistered %s in %s",
		       release_label(release, label), image->id, image->location);
	return removed < 0 ? -1 : 0;
}

static void mark_retired(struct release *release)
{
	for (size_t i = 0; i < release->image_count; i++)
		if (release->images[i].state != RELEASE_RETIRED)
			return;
	release->state = RELEASE_RETIRED;
	free(gk_take(&release->intent));
}

static bool has_begun(const struct release *release)
{
	for (size_t i = 0; i < release->image_count; i++)
		if (release->images[i].state == RELEASE_RETIRED)
			return true;
	return false;
}

/* Another run wrote first. If it finished the removal, that is that; else, whatever it decided, an
 * image that was removed here is gone. */
static int record_anew(struct retention *retention, struct release *release, struct gk_error *err)
{
	for (int round = 0; round < SAVE_ROUNDS; round++) {
		_cleanup_(release_done) struct release theirs = {0};

		if (release_copy(release, &theirs, err) < 0 ||
		    journal_reload(retention->lifecycle, &theirs, err) < 0)
			return -1;
		if (!has_begun(release) || theirs.state == RELEASE_RETIRED) {
			release_done(release);
			*release = theirs;
			theirs = (struct release){0};
			return 0;
		}
		release->revision = theirs.revision;
		if (journal_save(retention->lifecycle, release,
				 release->state == RELEASE_RETIRED ? "retired" : "retiring",
				 "against another run", err) == 0)
			return 0;
		if (err->code != GK_CONFLICT)
			return -1;
	}
	return -1;
}

/* Every image was refused, so nothing of the release is gone (an answer that got lost proves
 * nothing). */
static bool was_refused(const struct release *release, const struct work *work)
{
	for (size_t i = 0; i < release->image_count; i++) {
		const struct cloud_removal *removal = find_removal(work, &release->images[i]);

		if (!removal || removal->error.code != GK_DENIED)
			return false;
	}
	return release->image_count > 0;
}

static int save_record(struct retention *retention, struct release *release, const char *action,
		       struct gk_error *err)
{
	struct gk_error problem = {0};

	if (journal_save(retention->lifecycle, release, action, NULL, &problem) == 0)
		return 0;
	if (problem.code == GK_CONFLICT)
		return record_anew(retention, release, err);
	*err = problem;
	return -1;
}

static int record_release(struct retention *retention, struct release *release,
			  const struct work *work, struct outcome *outcome, struct gk_error *err)
{
	for (size_t i = 0; i < release->image_count; i++)
		if (record_image(retention, release, &release->images[i], work, outcome, err) < 0)
			return -1;
	mark_retired(release);
	return save_record(retention, release,
			   release->state == RELEASE_RETIRED ? "retired" : "retiring", err);
}

/* A refused release is as it was before, and the next policy decides anew. */
static int record_departure(struct retention *retention, struct departure *departure,
			    const struct work *work, struct outcome *outcome,
			    struct gk_error *err)
{
	struct release *release = departure->release;

	if (!was_refused(release, work))
		return record_release(retention, release, work, outcome, err);
	for (size_t i = 0; i < release->image_count; i++) {
		struct image *image = &release->images[i];

		if (record_image(retention, release, image, work, outcome, err) < 0 ||
		    departure_block(retention, release, find_removal(work, image)->error.message,
				    err) < 0)
			return -1;
	}
	departure_restore(departure);
	return save_record(retention, release, "kept", err);
}

int work_record(struct retention *retention, struct departures *departures,
		const struct work *work, struct outcome *outcome, struct gk_error *err)
{
	for (size_t i = 0; i < departures->count; i++)
		if (departures->items[i].claimed &&
		    record_departure(retention, &departures->items[i], work, outcome, err) < 0)
			return -1;
	for (size_t i = 0; i < retention->leftovers.count; i++)
		if (record_release(retention, &retention->leftovers.items[i], work, outcome, err) <
		    0)
			return -1;
	return 0;
}
