#include "lifecycle/private.h"

#include <limits.h>
#include <stdlib.h>

void retention_done(struct retention *retention)
{
	plan_done(&retention->plan);
	for (size_t i = 0; i < retention->facts_count; i++)
		gk_strv_done(&retention->facts[i].blocks);
	free(retention->facts);
	channel_list_done(&retention->channels);
	release_list_done(&retention->leftovers);
	release_list_done(&retention->releases);
	*retention = (struct retention){0};
}

/* What was built after the run whose policy this is does not concern it. */
static void drop_newer(struct retention *retention, const struct release *current)
{
	size_t kept = 0;

	for (size_t i = 0; i < retention->releases.count; i++) {
		struct release *release = &retention->releases.items[i];

		if (release_is_newer(release, current))
			release_done(release);
		else
			retention->releases.items[kept++] = *release;
	}
	retention->releases.count = kept;
}

/* The retired releases whose pre-releases are still there: they supersede them. */
static int add_superseding(struct retention *retention, struct gk_error *err)
{
	struct inventory *inventory = retention->lifecycle->inventory;
	size_t count = retention->releases.count;

	for (size_t i = 0; i < count; i++) {
		struct semver core = retention->releases.items[i].version;
		struct release found = {0};
		struct release *added = NULL;
		bool there = false;

		if (!semver_is_prerelease(&core))
			continue;
		core.prerelease[0] = core.build[0] = '\0';
		if (inventory->ops->get(inventory, retention->family, &core, &there, &found, err) < 0)
			return -1;
		if (there && found.state == RELEASE_RETIRED)
			added = gk_array_add(&retention->releases.items,
					     &retention->releases.count, sizeof(*added), err);
		if (there && found.state == RELEASE_RETIRED && !added) {
			release_done(&found);
			return -1;
		}
		if (added)
			*added = found;
		else if (there)
			release_done(&found);
	}
	return 0;
}

/* Retired releases among the unfinished ones have snapshots left. */
static int read_leftovers(struct retention *retention, struct gk_error *err)
{
	_cleanup_(release_list_done) struct release_list list = {0};

	if (inventory_collect(retention->lifecycle->inventory, retention->family,
			      INVENTORY_UNFINISHED, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		struct release *added = NULL;

		if (list.items[i].state != RELEASE_RETIRED)
			continue;
		added = gk_array_add(&retention->leftovers.items, &retention->leftovers.count,
				     sizeof(*added), err);
		if (!added)
			return -1;
		*added = list.items[i];
		list.items[i] = (struct release){0};
	}
	return 0;
}

static int read_inventory(struct retention *retention, const struct release *current,
			  bool as_of_current, struct gk_error *err)
{
	struct inventory *inventory = retention->lifecycle->inventory;

	if (inventory_collect(inventory, retention->family, INVENTORY_ALIVE, &retention->releases,
			      err) < 0)
		return -1;
	if (as_of_current)
		drop_newer(retention, current);
	if (add_superseding(retention, err) < 0 || read_leftovers(retention, err) < 0)
		return -1;
	return inventory->ops->channels(inventory, retention->family, &retention->channels, err);
}

static int make_plan(struct retention *retention, const struct policy *policy,
		     struct gk_error *err)
{
	struct plan_input input = {
		.releases = retention->releases.items,
		.release_count = retention->releases.count,
		.channels = &retention->channels,
		.policy = policy,
		.run = retention->run,
		.facts = retention->facts,
		.facts_count = retention->facts_count,
		.now = retention->now,
	};
	struct plan plan = {0};

	if (plan_make(&input, &plan, err) < 0)
		return -1;
	plan_done(&retention->plan);
	retention->plan = plan;
	return 0;
}

struct candidates {
	struct release **items; /* the array is owned, the releases are the retention's */
	size_t count;
};

static void candidates_done(struct candidates *candidates)
{
	free(candidates->items);
}

/* A removal that was announced and is blocked now is a candidate too: its claim is taken back. */
static bool is_candidate(const struct plan_entry *entry)
{
	return entry->action == PLAN_REMOVE ||
	       (entry->action == PLAN_BLOCKED && entry->release->state == RELEASE_RETIRING);
}

/* What the plan removes, oldest first. */
static int collect_candidates(struct retention *retention, struct candidates *ret,
			      struct gk_error *err)
{
	for (size_t i = retention->plan.count; i-- > 0;) {
		const struct plan_entry *entry = &retention->plan.entries[i];
		struct release **slot = NULL;

		if (!is_candidate(entry))
			continue;
		slot = gk_array_add(&ret->items, &ret->count, sizeof(struct release *), err);
		if (!slot)
			return -1;
		*slot = &retention->releases
				 .items[entry->release - retention->releases.items];
	}
	return 0;
}

/* First what the policy alone would remove, then what of it may be removed. */
static int decide(struct retention *retention, struct candidates *ret, struct outcome *outcome,
		  struct gk_error *err)
{
	_cleanup_(candidates_done) struct candidates candidates = {0};
	_cleanup_(cloud_look_done) struct cloud_look look = {0};
	struct policy unlimited = *retention->policy;

	unlimited.max_remove = INT_MAX;
	if (make_plan(retention, &unlimited, err) < 0 ||
	    collect_candidates(retention, &candidates, err) < 0 ||
	    (candidates.count > 0 && retention_look(retention, candidates.items, candidates.count,
						    &look, outcome, err) < 0) ||
	    make_plan(retention, retention->policy, err) < 0)
		return -1;
	return collect_candidates(retention, ret, err);
}

static int report_entry(const struct retention *retention, const struct plan_entry *entry,
			struct outcome *outcome, struct gk_error *err)
{
	const struct release *release = entry->release;
	const struct plan_facts *facts = retention_facts(retention, &release->version);
	struct outcome_retained *added = gk_array_add(&outcome->retention, &outcome->retention_count,
						      sizeof(*added), err);

	if (!added)
		return -1;
	added->action = entry->action;
	/* What was blocked at the last moment is blocked, whatever the plan said before. */
	if (entry->action == PLAN_REMOVE && facts && facts->blocks.count > 0)
		added->action = PLAN_BLOCKED;
	added->version = release->version;
	added->state = release->state;
	if (gk_strv_extend(&added->reasons,
			   added->action == PLAN_BLOCKED && facts && facts->blocks.count > 0
				   ? &facts->blocks
				   : &entry->reasons,
			   err) < 0)
		return -1;
	for (size_t i = 0; i < release->image_count; i++)
		if (gk_strv_add(&added->images, release->images[i].id, err) < 0 ||
		    gk_strv_add(&added->locations, release->images[i].location, err) < 0)
			return -1;
	return 0;
}

static int report(const struct retention *retention, struct outcome *outcome, struct gk_error *err)
{
	outcome->has_retention = true;
	for (size_t i = 0; i < retention->plan.count; i++)
		if (report_entry(retention, &retention->plan.entries[i], outcome, err) < 0)
			return -1;
	return 0;
}

int retention_run(struct lifecycle *lifecycle, const char *family, const struct policy *policy,
		  const struct release *current, bool as_of_current, struct outcome *outcome,
		  struct gk_error *err)
{
	_cleanup_(retention_done) struct retention retention = {
		.lifecycle = lifecycle,
		.family = family,
		.policy = policy,
		.run = current ? current->run : NULL,
		.now = lifecycle->clock->now(lifecycle->clock),
	};
	_cleanup_(candidates_done) struct candidates candidates = {0};

	if (read_inventory(&retention, current, as_of_current, err) < 0 ||
	    decide(&retention, &candidates, outcome, err) < 0 ||
	    retention_remove(&retention, candidates.items, candidates.count, outcome, err) < 0)
		return -1;
	return report(&retention, outcome, err);
}

/* The policy is written down with the family's newest live release, where `resume` finds it. */
static int remember(struct lifecycle *lifecycle, const char *family, const struct policy *policy,
		    struct gk_error *err)
{
	_cleanup_(release_list_done) struct release_list list = {0};
	struct intent intent = {.policy = *policy};
	struct release *newest = NULL;

	if (inventory_collect(lifecycle->inventory, family, INVENTORY_ALIVE, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++)
		if (list.items[i].state == RELEASE_LIVE &&
		    (!newest || release_is_newer(&list.items[i], newest)))
			newest = &list.items[i];
	return newest ? journal_remember(lifecycle, newest, &intent, err) : 0;
}

/* What a retention comes to, once nothing stops it any more. */
static int conclude(struct lifecycle *lifecycle, const char *family, const struct policy *policy,
		    struct outcome *outcome, struct gk_error *err)
{
	if (outcome->incomplete_count > 0)
		return remember(lifecycle, family, policy, err);
	outcome->result = OUTCOME_UNCHANGED;
	for (size_t i = 0; i < outcome->retention_count; i++)
		if (outcome->retention[i].action == PLAN_REMOVE)
			outcome->result = OUTCOME_DONE;
	return others_supersede(lifecycle, family, NULL, err);
}

int lifecycle_retain(struct lifecycle *lifecycle, const char *family, const struct policy *policy,
		     struct outcome *outcome, struct gk_error *err)
{
	struct gk_error problem = {0};
	bool known = false;

	if (inventory_knows_family(lifecycle->inventory, family, &known, err) < 0)
		return -1;
	if (!known)
		return gk_error_set(err, GK_NOT_FOUND, "the inventory has no family %s", family);
	if (retention_run(lifecycle, family, policy, NULL, false, outcome, err) < 0)
		return -1;
	/* What was removed is removed: what fails now is unfinished work. */
	if (conclude(lifecycle, family, policy, outcome, &problem) < 0)
		return outcome_add_incomplete(outcome, "record", NULL, problem.message, err);
	return 0;
}
