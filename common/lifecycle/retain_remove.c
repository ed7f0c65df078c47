/* Carrying out a plan: claim, look again, remove, record. */
#include "lifecycle/private.h"

#include <stdlib.h>
#include <string.h>

/* One release on its way out. */
struct departure {
	struct release *release;      /* the retention's */
	enum release_state before;    /* the state to go back to */
	bool claimed;                 /* written down as retiring */
};

struct departures {
	struct departure *items;
	size_t count;
};

static void departures_done(struct departures *departures)
{
	free(departures->items);
}

/* Deregistrations and snapshot deletions, and whose they are. */
struct work {
	struct cloud_removal *removals;
	size_t count;
};

static void work_done(struct work *work)
{
	for (size_t i = 0; i < work->count; i++)
		cloud_removal_done(&work->removals[i]);
	free(work->removals);
}

/* ---- claiming ---- */

static int block(struct retention *retention, const struct release *release, const char *reason,
		 struct gk_error *err)
{
	struct plan_facts *facts = NULL;

	for (size_t i = 0; i < retention->facts_count; i++)
		if (semver_compare(&retention->facts[i].version, &release->version) == 0)
			facts = &retention->facts[i];
	if (!facts) {
		facts = gk_array_add(&retention->facts, &retention->facts_count, sizeof(*facts),
				     err);
		if (!facts)
			return -1;
		facts->version = release->version;
	}
	return gk_strv_add(&facts->blocks, reason, err);
}

static void mark_retiring(struct release *release)
{
	release->state = RELEASE_RETIRING;
	for (size_t i = 0; i < release->image_count; i++)
		if (release->images[i].state != RELEASE_RETIRED)
			release->images[i].state = RELEASE_RETIRING;
}

/* Writes down that the release goes. From now on no channel can be moved to it, and any run finishes the
 * removal. Somebody else who changed it meanwhile knows more than this plan: it stays. */
static int claim(struct retention *retention, struct departure *departure, struct gk_error *err)
{
	struct release *release = departure->release;
	struct gk_error problem = {0};

	departure->before = release->state;
	if (release->state == RELEASE_RETIRING) {
		departure->claimed = true;
		return 0;
	}
	mark_retiring(release);
	if (journal_save(retention->lifecycle, release, "retiring", NULL, &problem) == 0) {
		departure->claimed = true;
		return 0;
	}
	if (problem.code != GK_CONFLICT && problem.code != GK_REFUSED) {
		*err = problem;
		return -1;
	}
	if (block(retention, release, "changed by another run meanwhile", err) < 0)
		return -1;
	return journal_reload(retention->lifecycle, release, err);
}

/* ---- looking again ---- */

static bool has_begun(const struct release *release, const struct cloud_look *look)
{
	for (size_t i = 0; i < release->image_count; i++) {
		const struct image *image = &release->images[i];
		const struct cloud_image *seen = look_image(look, image->location, image->id);

		if (image->state == RELEASE_RETIRED ||
		    (seen && seen->error.code == GK_OK && seen->status == CLOUD_ABSENT))
			return true;
	}
	return false;
}

static int note_half_removed(const struct release *release, struct outcome *outcome,
			     struct gk_error *err)
{
	char label[RELEASE_LABEL_SIZE];
	_cleanup_free_ char *text =
		gk_str_format(err, "%s is half removed and blocked now: the next run goes on with it",
			      release_label(release, label));

	return text ? outcome_add_incomplete(outcome, "retain", NULL, text, err) : -1;
}

/* Back to where it was, unless something of it is gone already. */
static int unclaim(struct retention *retention, struct departure *departure,
		   const struct cloud_look *look, struct outcome *outcome, struct gk_error *err)
{
	struct release *release = departure->release;
	struct gk_error problem = {0};

	departure->claimed = false;
	if (has_begun(release, look))
		return note_half_removed(release, outcome, err);
	/* A removal that an earlier run announced and did not begin: the release was live. */
	release->state = departure->before == RELEASE_RETIRING ? RELEASE_LIVE : departure->before;
	for (size_t i = 0; i < release->image_count; i++)
		release->images[i].state = release->state;
	if (journal_save(retention->lifecycle, release, "kept", "blocked before its removal",
			 &problem) == 0)
		return 0;
	if (problem.code == GK_CONFLICT)
		return journal_reload(retention->lifecycle, release, err);
	*err = problem;
	return -1;
}

static int drop_blocked(struct retention *retention, struct departures *departures,
			const struct cloud_look *look, struct outcome *outcome,
			struct gk_error *err)
{
	for (size_t i = 0; i < departures->count; i++) {
		struct departure *departure = &departures->items[i];
		const struct plan_facts *facts =
			retention_facts(retention, &departure->release->version);

		if (departure->claimed && facts && facts->blocks.count > 0 &&
		    unclaim(retention, departure, look, outcome, err) < 0)
			return -1;
	}
	return 0;
}

static int look_again(struct retention *retention, struct departures *departures,
		      struct cloud_look *look, struct outcome *outcome, struct gk_error *err)
{
	_cleanup_free_ struct release **claimed = calloc(departures->count + 1, sizeof(*claimed));
	size_t count = 0;

	if (!claimed)
		return gk_error_memory(err);
	for (size_t i = 0; i < departures->count; i++)
		if (departures->items[i].claimed)
			claimed[count++] = departures->items[i].release;
	if (retention_look(retention, claimed, count, look, outcome, err) < 0)
		return -1;
	return drop_blocked(retention, departures, look, outcome, err);
}

/* ---- the work ---- */

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

static struct cloud_removal *add_removal(struct work *work, const struct image *image,
					 bool image_too, struct gk_error *err)
{
	struct cloud_removal *removal =
		gk_array_add(&work->removals, &work->count, sizeof(*removal), err);

	if (!removal)
		return NULL;
	removal->location = image->location;
	removal->id = image_too ? image->id : NULL;
	return removal;
}

/* Snapshots of an image that is gone. */
static int add_orphans(const struct release *release, struct image *image,
		       const struct cloud_look *look, struct work *work, struct gk_error *err)
{
	bool account_seen = look_sees_account(look, image->account);
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

static int add_release(struct retention *retention, struct release *release,
		       const struct cloud_look *look, struct work *work, struct gk_error *err)
{
	bool new_snapshots = false;

	for (size_t i = 0; i < release->image_count; i++) {
		struct image *image = &release->images[i];
		const struct cloud_image *seen = look_image(look, image->location, image->id);

		if (image->state == RELEASE_RETIRED)
			continue;
		if (!seen || seen->error.code != GK_OK)
			return gk_error_set(err, GK_FAILED, "%s was not looked at", image->id);
		if (seen->status == CLOUD_ABSENT) {
			image->state = RELEASE_RETIRED;
			if (add_orphans(release, image, look, work, err) < 0)
				return -1;
		} else if (add_image(image, seen, work, &new_snapshots, err) < 0) {
			return -1;
		}
	}
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

static int build_work(struct retention *retention, struct departures *departures,
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

/* ---- recording what was done ---- */

static const struct cloud_removal *find_removal(const struct work *work, const struct image *image,
						const char *snapshot)
{
	for (size_t i = 0; i < work->count; i++) {
		const struct cloud_removal *removal = &work->removals[i];

		if (strcmp(removal->location, image->location) != 0)
			continue;
		if (!snapshot && gk_str_equal(removal->id, image->id))
			return removal;
		for (size_t s = 0; snapshot && s < removal->snapshot_count; s++)
			if (strcmp(removal->snapshots[s].id, snapshot) == 0)
				return removal;
	}
	return NULL;
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
		const struct cloud_removal *removal = find_removal(work, image, snapshot->id);

		for (size_t s = 0; removal && s < removal->snapshot_count; s++)
			if (strcmp(removal->snapshots[s].id, snapshot->id) == 0 &&
			    record_snapshot(snapshot, &removal->snapshots[s], err) < 0)
				return -1;
		/* Recorded once, and no longer part of the image when it went: not ours to delete. */
		if (!removal && snapshot->state == SNAPSHOT_LIVE) {
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

static int record_image(struct retention *retention, const struct release *release,
			struct image *image, const struct work *work, struct outcome *outcome,
			struct gk_error *err)
{
	const struct cloud_removal *removal = find_removal(work, image, NULL);
	char label[RELEASE_LABEL_SIZE];

	if (removal && removal->error.code != GK_OK)
		return outcome_add_incomplete(outcome, "retain", image->location,
					      removal->error.message, err);
	if (removal) {
		image->state = RELEASE_RETIRED;
		gk_log(retention->lifecycle->log, GK_LOG_STEP, "%s: deregistered %s in %s",
		       release_label(release, label), image->id, image->location);
		if (image->bundle &&
		    gk_strv_addf(&outcome->warnings, err,
				 "%s was instance-store: its bundle stays in S3 at %s", image->id,
				 image->bundle) < 0)
			return -1;
	}
	if (record_snapshots(image, work, err) < 0)
		return -1;
	return report_snapshots(release, image, outcome, err);
}

static void mark_retired(struct release *release)
{
	for (size_t i = 0; i < release->image_count; i++)
		if (release->images[i].state != RELEASE_RETIRED)
			return;
	release->state = RELEASE_RETIRED;
	free(gk_take(&release->intent));
}

static int record_release(struct retention *retention, struct release *release,
			  const struct work *work, struct outcome *outcome, struct gk_error *err)
{
	struct gk_error problem = {0};

	for (size_t i = 0; i < release->image_count; i++)
		if (record_image(retention, release, &release->images[i], work, outcome, err) < 0)
			return -1;
	mark_retired(release);
	if (journal_save(retention->lifecycle, release,
			 release->state == RELEASE_RETIRED ? "retired" : "retiring", NULL,
			 &problem) == 0)
		return 0;
	/* Another run finished the same removal and wrote it down first. */
	if (problem.code == GK_CONFLICT)
		return journal_reload(retention->lifecycle, release, err);
	*err = problem;
	return -1;
}

static int record_all(struct retention *retention, struct departures *departures,
		      const struct work *work, struct outcome *outcome, struct gk_error *err)
{
	for (size_t i = 0; i < departures->count; i++)
		if (departures->items[i].claimed &&
		    record_release(retention, departures->items[i].release, work, outcome, err) < 0)
			return -1;
	for (size_t i = 0; i < retention->leftovers.count; i++)
		if (record_release(retention, &retention->leftovers.items[i], work, outcome, err) <
		    0)
			return -1;
	return 0;
}

/* ---- the order of it all ---- */

/* The lines that the removal itself would have logged. */
static void log_dry(struct retention *retention, struct release *const *releases, size_t count)
{
	char label[RELEASE_LABEL_SIZE];

	for (size_t i = 0; i < count; i++) {
		const struct plan_facts *facts = retention_facts(retention, &releases[i]->version);

		if (facts && facts->blocks.count > 0)
			continue;
		for (size_t m = 0; m < releases[i]->image_count; m++)
			if (releases[i]->images[m].state != RELEASE_RETIRED)
				gk_log(retention->lifecycle->log, GK_LOG_STEP,
				       "%s: deregistered %s in %s",
				       release_label(releases[i], label), releases[i]->images[m].id,
				       releases[i]->images[m].location);
	}
}

static int carry_out(struct retention *retention, struct departures *departures,
		     struct outcome *outcome, struct gk_error *err)
{
	struct cloud *cloud = retention->lifecycle->cloud;
	_cleanup_(cloud_look_done) struct cloud_look look = {0};
	_cleanup_(work_done) struct work work = {0};

	if (look_again(retention, departures, &look, outcome, err) < 0 ||
	    build_work(retention, departures, &look, &work, err) < 0 ||
	    (work.count > 0 && cloud->ops->remove(cloud, work.removals, work.count, err) < 0))
		return -1;
	return record_all(retention, departures, &work, outcome, err);
}

int retention_remove(struct retention *retention, struct release *const *releases, size_t count,
		     struct outcome *outcome, struct gk_error *err)
{
	_cleanup_(departures_done) struct departures departures = {0};

	if (retention->lifecycle->dry_run) {
		log_dry(retention, releases, count);
		return 0;
	}
	if (count == 0 && retention->leftovers.count == 0)
		return 0;
	for (size_t i = 0; i < count; i++) {
		struct departure *departure = gk_array_add(&departures.items, &departures.count,
							   sizeof(*departure), err);

		if (!departure)
			return -1;
		departure->release = releases[i];
		if (claim(retention, departure, err) < 0)
			return -1;
	}
	return carry_out(retention, &departures, outcome, err);
}
