/* Carrying out a plan: claim, look again, remove, record. */
#include "lifecycle/removal.h"

#include <stdlib.h>

static void departures_done(struct departures *departures)
{
	free(departures->items);
}

/* ---- claiming ---- */

int departure_block(struct retention *retention, const struct release *release, const char *reason,
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

/* An image that was never tagged stays pending: it is not known to be ours. */
static void mark_retiring(struct release *release)
{
	release->state = RELEASE_RETIRING;
	for (size_t i = 0; i < release->image_count; i++)
		if (release->images[i].state != RELEASE_RETIRED &&
		    release->images[i].state != RELEASE_PENDING)
			release->images[i].state = RELEASE_RETIRING;
}

void departure_restore(struct departure *departure)
{
	struct release *release = departure->release;

	/* A removal that an earlier run announced and did not begin: the release was live, unless
	 * it was withdrawn. */
	release->state = departure->before != RELEASE_RETIRING ? departure->before
			 : release->revoked		       ? RELEASE_DEPRECATED
							       : RELEASE_LIVE;
	for (size_t i = 0; i < release->image_count; i++)
		if (release->images[i].state == RELEASE_RETIRING)
			release->images[i].state = release->state;
}

/* Writes down that the release goes. From now on no channel can be moved to it, and any run
 * finishes the removal. Somebody else who changed it meanwhile knows more than this plan: it
 * stays. */
static int claim(struct retention *retention, struct departure *departure, struct gk_error *err)
{
	struct release *release = departure->release;
	struct gk_error problem = {0};

	departure->before = release->state;
	mark_retiring(release);
	/* A claim that was read is written anew: whoever made it may have taken it back since. */
	if (journal_save(retention->lifecycle, release, "retiring",
			 departure->before == RELEASE_RETIRING ? "goes on" : NULL, &problem) == 0) {
		departure->claimed = true;
		return 0;
	}
	if (problem.code != GK_CONFLICT && problem.code != GK_REFUSED) {
		*err = problem;
		return -1;
	}
	if (departure_block(retention, release, "changed by another run meanwhile", err) < 0)
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
		    (seen && seen->error.code == GK_OK && seen->status == CLOUD_ABSENT &&
		     look_sees_account(look, image->location, image->account)))
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
	departure_restore(departure);
	if (journal_save(retention->lifecycle, release, "kept", "blocked before its removal",
			 &problem) == 0)
		return 0;
	return journal_retry(retention->lifecycle, release, &problem, err);
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

static bool is_unchanged(const struct release *release, const struct release_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (semver_compare(&list->items[i].version, &release->version) == 0)
			return list->items[i].revision == release->revision;
	return false;
}

/* Looking takes its time: whoever claimed a release since then removes it, or has found a reason
 * not to. One read for all. */
static int confirm_claims(struct retention *retention, struct departures *departures,
			  struct gk_error *err)
{
	_cleanup_(release_list_done) struct release_list list = {0};

	if (departures->count > 0 &&
	    inventory_collect(retention->lifecycle->inventory, retention->family,
			      INVENTORY_UNFINISHED, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < departures->count; i++) {
		struct departure *departure = &departures->items[i];

		if (!departure->claimed || is_unchanged(departure->release, &list))
			continue;
		departure->claimed = false;
		if (departure_block(retention, departure->release,
				    "changed by another run meanwhile", err) < 0 ||
		    journal_reload(retention->lifecycle, departure->release, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- the order of it all ---- */

static int carry_out(struct retention *retention, struct departures *departures,
		     struct outcome *outcome, struct gk_error *err)
{
	struct cloud *cloud = retention->lifecycle->cloud;
	_cleanup_(cloud_look_done) struct cloud_look look = {0};
	_cleanup_(work_done) struct work work = {0};

	if (look_again(retention, departures, &look, outcome, err) < 0 ||
	    confirm_claims(retention, departures, err) < 0 ||
	    work_build(retention, departures, &look, &work, err) < 0 ||
	    (work.count > 0 && cloud->ops->remove(cloud, work.removals, work.count, err) < 0))
		return -1;
	return work_record(retention, departures, &work, outcome, err);
}

static int claim_all(struct retention *retention, struct release *const *releases, size_t count,
		     struct departures *departures, struct gk_error *err)
{
	for (size_t i = 0; i < count; i++) {
		struct departure *departure = gk_array_add(&departures->items, &departures->count,
							   sizeof(*departure), err);

		if (!departure)
			return -1;
		departure->release = releases[i];
		if (claim(retention, departure, err) < 0)
			return -1;
	}
	return 0;
}

int retention_remove(struct retention *retention, struct release *const *releases, size_t count,
		     struct outcome *outcome, struct gk_error *err)
{
	_cleanup_(departures_done) struct departures departures = {0};
	struct gk_error problem = {0};

	if (count == 0 && retention->leftovers.count == 0)
		return 0;
	if (claim_all(retention, releases, count, &departures, &problem) == 0 &&
	    carry_out(retention, &departures, outcome, &problem) == 0)
		return 0;
	/* Claims are written, and more may be done: the next run goes on from there. */
	return outcome_add_incomplete(outcome, "retain", NULL, problem.message, err);
}
