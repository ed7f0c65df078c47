/* Carrying out a discard: tag, look, remove, forget. Written down before it comes here. */
#include <string.h>

#include "lifecycle/removal.h"

/* ---- what the history says ---- */

/* The event that wrote down that the image is to go; "" if it is not among the newest. */
static const char *find_detail(const struct event_list *events, const struct image *image)
{
	for (size_t i = 0; i < events->count; i++)
		if (strcmp(events->items[i].action, DISCARDING) == 0 &&
		    discard_names(events->items[i].detail, image->id))
			return events->items[i].detail;
	return "";
}

/* ---- the images of one run ---- */

/* What one run made, on its way out. `leaving` has its images alone, and is never saved itself. */
struct discard {
	struct lifecycle *lifecycle;
	struct release *release; /* that stays */
	struct release leaving;
	const char *detail;
	struct outcome found;    /* notes of the steps, under their own names */
};

static void discard_done(struct discard *discard)
{
	release_done(&discard->leaving);
	outcome_done(&discard->found);
}

/* The release with some of its images only: those that `detail` names, as a release that is on its
 * way out, so that the steps of a removal take it; or (events NULL) those that stay, as one that is
 * live, so that they take it for a witness. */
static int copy_images(const struct release *release, const struct event_list *events,
		       const char *detail, struct release *ret, struct gk_error *err)
{
	if (release_copy(release, ret, err) < 0)
		return -1;
	for (size_t i = ret->image_count; i-- > 0;) {
		struct image *image = &ret->images[i];
		bool wanted = events ? release_discards(release, image) &&
					       strcmp(find_detail(events, image), detail) == 0
				     : image->state > RELEASE_PENDING &&
					       image->state < RELEASE_RETIRING;

		if (!wanted)
			release_drop_image(ret, image);
	}
	ret->state = events ? RELEASE_RETIRING : RELEASE_LIVE;
	return 0;
}

/* ---- the record ---- */

static bool has_leftovers(const struct image *image)
{
	for (size_t i = 0; i < image->snapshot_count; i++)
		if (image->snapshots[i].state == SNAPSHOT_LEFTOVER)
			return true;
	return false;
}

static bool is_over(const struct release *leaving)
{
	for (size_t i = 0; i < leaving->image_count; i++)
		if (leaving->images[i].state != RELEASE_RETIRED || has_leftovers(&leaving->images[i]))
			return false;
	return true;
}

/* Brings what became of the images into the release: they are forgotten together, so that until
 * then the run is known by them. Tells whether there was anything to bring: another run may have
 * forgotten them by now. */
static int apply(const struct release *leaving, struct release *release, bool *ret_any,
		 struct gk_error *err)
{
	*ret_any = false;
	for (size_t i = 0; i < leaving->image_count; i++) {
		const struct image *left = &leaving->images[i];
		struct image *image = release_find_image(release, left->location, left->id);

		if (!image || !release_discards(release, image))
			continue;
		*ret_any = true;
		if (is_over(leaving)) {
			release_drop_image(release, image);
			continue;
		}
		image_done(image);
		if (image_copy(left, image, err) < 0)
			return -1;
		image->state = RELEASE_RETIRING;
	}
	return 0;
}

static int save(struct discard *discard, const char *action, const char *detail,
		struct gk_error *err)
{
	for (int round = 0; round < SAVE_ROUNDS; round++) {
		struct gk_error problem = {0};
		bool any = false;

		if (apply(&discard->leaving, discard->release, &any, err) < 0)
			return -1;
		if (!any || journal_save(discard->lifecycle, discard->release, action, detail,
					 &problem) == 0)
			return 0;
		if (journal_retry(discard->lifecycle, discard->release, &problem, err) < 0)
			return -1;
	}
	return journal_gave_up(discard->release, err);
}

/* ---- taking it back ---- */

/* Forgets the images without removing them. */
static int take_back(struct discard *discard, const char *reason, struct gk_error *err)
{
	char label[RELEASE_LABEL_SIZE];

	for (size_t i = 0; i < discard->leaving.image_count; i++) {
		struct image *image = &discard->leaving.images[i];

		/* As if it were gone: the release forgets it. */
		image->state = RELEASE_RETIRED;
		if (gk_strv_addf(&discard->found.warnings, err,
				 "%s in %s is not discarded in favour of %s: %s", image->id,
				 image->location, release_label(discard->release, label), reason) <
		    0)
			return -1;
	}
	return save(discard, "kept", reason, err);
}

/* What could not be read is no ground for anything: it is noted. */
static int note_unread(struct discard *discard, const struct cloud_look *look,
		       struct gk_error *err)
{
	for (size_t i = 0; i < look->image_count; i++)
		if (look->images[i].error.code != GK_OK &&
		    outcome_add_incomplete(&discard->found, DISCARDING, look->images[i].location,
					   look->images[i].error.message, err) < 0)
			return -1;
	return 0;
}

/* Nothing of it is gone, as far as was seen. */
static bool is_untouched(const struct discard *discard, const struct cloud_look *look)
{
	for (size_t i = 0; i < discard->leaving.image_count; i++) {
		const struct image *image = &discard->leaving.images[i];
		const struct cloud_image *seen = look_image(look, image->location, image->id);

		if (!seen || seen->error.code != GK_OK || seen->status == CLOUD_ABSENT)
			return false;
	}
	return true;
}

static bool is_tagged_otherwise(const struct discard *discard, const struct cloud_look *look)
{
	char version[SEMVER_TEXT_SIZE];

	semver_format(&discard->release->version, version);
	for (size_t i = 0; i < look->image_count; i++) {
		const struct cloud_image *seen = &look->images[i];
		const char *tagged = tag_list_get(&seen->tags, TAG_VERSION);

		if (tagged && release_find_image(&discard->leaving, seen->location, seen->id) &&
		    (strcmp(tagged, version) != 0 ||
		     !gk_str_equal(tag_list_get(&seen->tags, TAG_FAMILY), discard->release->family)))
			return true;
	}
	return false;
}

/* The release, or what is left of it, cannot stand in for the images any more. */
static const char *reason_to_return(const struct discard *discard, const struct cloud_look *look)
{
	for (size_t i = 0; i < look->image_count; i++) {
		const struct cloud_image *seen = &look->images[i];

		if (seen->status != CLOUD_AVAILABLE &&
		    !release_find_image(&discard->leaving, seen->location, seen->id))
			return "an image of that release is not available any more; release the run "
			       "again";
	}
	return duplicate_stands(discard->release)
		       ? NULL
		       : "that release was withdrawn; release the run again";
}

static int find_record(struct discard *discard, char **ret_reason, struct gk_error *err)
{
	return duplicate_find_record(discard->lifecycle, discard->release->family,
				     &discard->leaving, &discard->release->version, ret_reason,
				     err);
}

/* Why the images must stay after all (owned); NULL if they may go. */
static int find_reason(struct discard *discard, const struct cloud_look *look, char **ret_reason,
		       struct gk_error *err)
{
	if (is_tagged_otherwise(discard, look))
		return gk_str_set(ret_reason, "by its tags it is another release's", err);
	if (find_record(discard, ret_reason, err) < 0)
		return -1;
	if (*ret_reason || !is_untouched(discard, look))
		return 0;
	return gk_str_set(ret_reason, reason_to_return(discard, look), err);
}

/* A discard of which a part is done already cannot be taken back. */
static int keep(struct discard *discard, const struct cloud_look *look, const char *reason,
		struct gk_error *err)
{
	return is_untouched(discard, look)
		       ? take_back(discard, reason, err)
		       : outcome_add_incomplete(&discard->found, DISCARDING, NULL, reason, err);
}

/* ---- tagging ---- */

/* The images and what stays in their place. */
static int look_first(struct discard *discard, const struct release *staying,
		      struct cloud_look *look, struct gk_error *err)
{
	struct lifecycle *lifecycle = discard->lifecycle;

	for (size_t i = 0; i < discard->leaving.image_count; i++)
		if (look_add_recorded(look, &discard->leaving.images[i], err) < 0)
			return -1;
	for (size_t i = 0; i < staying->image_count; i++)
		if (!cloud_look_add_image(look, staying->images[i].location,
					  staying->images[i].id, err))
			return -1;
	return lifecycle->cloud->ops->look(lifecycle->cloud, look, err);
}

/* The permission to remove may hang on the tags of a release. Those that are gone need none. */
static int tag(struct discard *discard, const struct cloud_look *look, struct gk_error *err)
{
	static const struct tag_list none = {0};
	struct release *leaving = &discard->leaving;
	_cleanup_(tag_list_done) struct tag_list tags = {0};
	int done = 0;

	if (release_tags(leaving, &none, &tags, err) < 0)
		return -1;
	for (size_t i = 0; i < leaving->image_count; i++) {
		struct image *image = &leaving->images[i];
		const struct cloud_image *seen = look_image(look, image->location, image->id);

		if (seen && seen->error.code == GK_OK && seen->status != CLOUD_ABSENT &&
		    look_missing_tags(look, image, &tags))
			image->state = RELEASE_PENDING;
	}
	done = finish_tags(discard->lifecycle, leaving, &none, &discard->found, err);
	for (size_t i = 0; i < leaving->image_count; i++)
		leaving->images[i].state = RELEASE_RETIRING;
	return done;
}

/* ---- removing ---- */

static bool is_noted(const struct outcome *outcome, const char *error)
{
	for (size_t i = 0; i < outcome->incomplete_count; i++)
		if (strcmp(outcome->incomplete[i].error, error) == 0)
			return true;
	return false;
}

/* Everything that could find a reason against the removal, asked a moment before it. */
static int look_again(struct discard *discard, struct retention *retention,
		      struct release *staying, struct cloud_look *look, struct gk_error *err)
{
	struct release *leaving = &discard->leaving;
	struct plan_entry *entry = gk_array_add(&retention->plan.entries, &retention->plan.count,
						sizeof(*entry), err);
	const struct plan_facts *facts = NULL;

	if (!entry)
		return -1;
	entry->release = staying;
	if (retention_look(retention, &leaving, 1, look, &discard->found, err) < 0)
		return -1;
	facts = retention_facts(retention, &leaving->version);
	for (size_t i = 0; facts && i < facts->blocks.count; i++)
		if (!is_noted(&discard->found, facts->blocks.items[i]) &&
		    outcome_add_incomplete(&discard->found, DISCARDING, NULL,
					   facts->blocks.items[i], err) < 0)
			return -1;
	return 0;
}

/* Looking takes its time: the release may have been withdrawn, and another run may have finished
 * this, or taken it back. Returns whether it is still to be done. */
static int confirm(struct discard *discard, const struct cloud_look *look, struct gk_error *err)
{
	const struct release *release = discard->release;
	_cleanup_free_ char *reason = NULL;
	char label[RELEASE_LABEL_SIZE];

	if (journal_reload(discard->lifecycle, discard->release, err) < 0 ||
	    find_record(discard, &reason, err) < 0)
		return -1;
	if (reason)
		return gk_error_set(err, GK_CONFLICT, "%s meanwhile", reason);
	for (size_t i = 0; i < discard->leaving.image_count; i++) {
		const struct image *leaving = &discard->leaving.images[i];
		const struct image *image =
			release_find_image(release, leaving->location, leaving->id);

		if (!image || !release_discards(release, image))
			return 0;
	}
	if (!duplicate_stands(release) && is_untouched(discard, look))
		return gk_error_set(err, GK_CONFLICT, "%s was withdrawn meanwhile",
				    release_label(release, label));
	return 1;
}

static int remove_images(struct discard *discard, const struct cloud_look *look,
			 struct gk_error *err)
{
	struct lifecycle *lifecycle = discard->lifecycle;
	struct release *leaving = &discard->leaving;
	_cleanup_(work_done) struct work work = {0};
	bool new_snapshots = false;

	for (size_t i = 0; i < leaving->image_count; i++)
		if (work_add_image(&work, leaving, &leaving->images[i], look, &new_snapshots, err) <
		    0)
			return -1;
	if (new_snapshots && save(discard, "retiring", "snapshots recorded", err) < 0)
		return -1;
	if (work.count > 0 &&
	    lifecycle->cloud->ops->remove(lifecycle->cloud, work.removals, work.count, err) < 0)
		return -1;
	for (size_t i = 0; i < leaving->image_count; i++)
		if (work_record_image(&work, leaving, &leaving->images[i], &discard->found, err) <
		    0)
			return -1;
	return 0;
}

/* Says once what went, and writes it down. */
static int record(struct discard *discard, struct gk_error *err)
{
	const struct release *leaving = &discard->leaving;
	_cleanup_(gk_strv_done) struct gk_strv gone = {0};
	_cleanup_free_ char *text = NULL;
	char label[RELEASE_LABEL_SIZE];
	bool all = is_over(leaving);

	for (size_t i = 0; i < leaving->image_count; i++) {
		const struct image *image = &leaving->images[i];

		if (image->state != RELEASE_RETIRED)
			continue;
		if (gk_strv_addf(&gone, err, "%s in %s", image->id, image->location) < 0 ||
		    gk_strv_add(&discard->found.discarded, image->id, err) < 0)
			return -1;
	}
	text = gk_strv_join(&gone, ", ", err);
	if (!text || (gone.count > 0 && save(discard, all ? DISCARDED : "retiring",
					     all ? discard->detail : NULL, err) < 0))
		return -1;
	if (gone.count > 0)
		gk_log(discard->lifecycle->log, GK_LOG_STEP,
		       "discarded %s in favour of %s, made from the same inputs", text,
		       release_label(discard->release, label));
	return 0;
}

static int carry_out(struct discard *discard, const struct policy *policy, struct gk_error *err)
{
	struct lifecycle *lifecycle = discard->lifecycle;
	_cleanup_(release_done) struct release staying = {0};
	_cleanup_(cloud_look_done) struct cloud_look first = {0};
	_cleanup_(cloud_look_done) struct cloud_look look = {0};
	_cleanup_(retention_done) struct retention retention = {
		.lifecycle = lifecycle,
		.family = discard->leaving.family,
		.policy = policy,
		.now = lifecycle->clock->now(lifecycle->clock),
	};
	_cleanup_free_ char *reason = NULL;
	int still = 0;

	if (copy_images(discard->release, NULL, NULL, &staying, err) < 0 ||
	    look_first(discard, &staying, &first, err) < 0 ||
	    note_unread(discard, &first, err) < 0)
		return -1;
	if (discard->found.incomplete_count > 0)
		return 0;
	if (find_reason(discard, &first, &reason, err) < 0)
		return -1;
	if (reason)
		return keep(discard, &first, reason, err);
	if (tag(discard, &first, err) < 0)
		return -1;
	if (discard->found.incomplete_count > 0)
		return 0;
	if (look_again(discard, &retention, &staying, &look, err) < 0)
		return -1;
	if (discard->found.incomplete_count > 0)
		return 0;
	still = confirm(discard, &look, err);
	if (still <= 0)
		return still;
	return remove_images(discard, &look, err) < 0 ? -1 : record(discard, err);
}

/* ---- all of them ---- */

/* Whatever step it was that did not succeed: it is the discard that is unfinished. */
static int hand_over(const struct discard *discard, struct outcome *outcome, struct gk_error *err)
{
	const struct outcome *found = &discard->found;

	for (size_t i = 0; i < found->incomplete_count; i++)
		if (outcome_add_incomplete(outcome, "discard", found->incomplete[i].location,
					   found->incomplete[i].error, err) < 0)
			return -1;
	if (gk_strv_extend(&outcome->warnings, &found->warnings, err) < 0)
		return -1;
	return gk_strv_extend(&outcome->discarded, &found->discarded, err);
}

static int finish_run(struct lifecycle *lifecycle, struct release *release,
		      const struct event_list *events, const char *detail,
		      const struct policy *policy, struct outcome *outcome, struct gk_error *err)
{
	_cleanup_(discard_done) struct discard discard = {
		.lifecycle = lifecycle,
		.release = release,
		.detail = detail,
	};
	struct gk_error problem = {0};

	if (copy_images(release, events, detail, &discard.leaving, err) < 0)
		return -1;
	if (discard.leaving.image_count == 0)
		return 0;
	if (carry_out(&discard, policy, &problem) < 0 &&
	    outcome_add_failure(&discard.found, DISCARDING, &problem, err) < 0)
		return -1;
	return hand_over(&discard, outcome, err);
}

int discard_finish(struct lifecycle *lifecycle, struct release *release,
		   const struct policy *policy, struct outcome *outcome, struct gk_error *err)
{
	_cleanup_(event_list_done) struct event_list events = {0};
	_cleanup_(gk_strv_done) struct gk_strv details = {0};
	struct policy defaults;

	policy_init(&defaults);
	if (lifecycle->inventory->ops->events(lifecycle->inventory, release->family,
					      &release->version, DISCARD_EVENTS, &events, err) < 0)
		return -1;
	for (size_t i = 0; i < release->image_count; i++)
		if (release_discards(release, &release->images[i]) &&
		    gk_strv_add_unique(&details, find_detail(&events, &release->images[i]), err) <
			    0)
			return -1;
	for (size_t i = 0; i < details.count; i++)
		if (finish_run(lifecycle, release, &events, details.items[i],
			       policy ? policy : &defaults, outcome, err) < 0)
			return -1;
	return 0;
}
