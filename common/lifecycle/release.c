/* The order of a release, from the manifest entries to the last step. */
#include "lifecycle/private.h"

static bool has_begun_removals(struct lifecycle *lifecycle, const char *family)
{
	_cleanup_(release_list_done) struct release_list list = {0};
	struct gk_error ignored = {0};

	if (inventory_collect(lifecycle->inventory, family, INVENTORY_UNFINISHED, &list, &ignored) <
	    0)
		return false;
	for (size_t i = 0; i < list.count; i++)
		if (list.items[i].state >= RELEASE_RETIRING)
			return true;
	return false;
}

/* Retention is the last step, and only if everything before it is complete. */
static int retain(struct lifecycle *lifecycle, struct release *release,
		  const struct policy *policy, struct outcome *outcome, struct gk_error *err)
{
	if (outcome->incomplete_count > 0 || release->state == RELEASE_PENDING)
		return 0;
	if (policy->given || has_begun_removals(lifecycle, release->family)) {
		if (retention_run(lifecycle, release->family, policy, release, false, outcome,
				  err) < 0)
			return -1;
		if (outcome->incomplete_count > 0)
			return 0;
	}
	if (policy->given && others_supersede(lifecycle, release->family, release, err) < 0)
		return -1;
	return finish_intent(lifecycle, release, err);
}

/* Once everything before it is complete. Returns how much was written. */
static int publish(struct lifecycle *lifecycle, struct release *release,
		   const struct release_order *order, const struct intent *intent,
		   struct outcome *outcome, struct gk_error *err)
{
	int written = 0;

	if (outcome->incomplete_count > 0)
		return 0;
	/* The path is shown as it was given. */
	if (intent->publish || intent->tfvars)
		written = publish_release(lifecycle, release,
					  order->tfvars ? order->tfvars : intent->tfvars, outcome,
					  err);
	if (written < 0 || outcome->incomplete_count > 0)
		return written;
	if (moves_forget(lifecycle, release, intent, err) < 0)
		return -1;
	if (!intent->publish && !intent->tfvars)
		return written;
	return finish_publication(lifecycle, release, outcome, err) < 0 ? -1 : written;
}

/* What the channels named before may be published where this release is not. */
static int warn_left(struct lifecycle *lifecycle, const struct release *release,
		     const struct channel_list *channels, struct outcome *outcome,
		     struct gk_error *err)
{
	for (size_t i = 0; i < channels->count; i++) {
		const struct channel *channel = &channels->items[i];
		_cleanup_(release_done) struct release before = {0};
		struct semver version;
		bool found = false;

		if (semver_compare(&channel->version, &release->version) != 0 ||
		    channel->trail.count == 0)
			continue;
		if (semver_parse(channel->trail.items[0], &version, err) < 0 ||
		    lifecycle->inventory->ops->get(lifecycle->inventory, release->family, &version,
						   &found, &before, err) < 0)
			return -1;
		if (found && moves_warn_left(lifecycle, &before, release, channel->name, outcome,
					     err) < 0)
			return -1;
	}
	return 0;
}

/* All steps after the record, in their order. Returns how much was moved and published. */
static int take_steps(struct lifecycle *lifecycle, struct release *release,
		      const struct release_order *order, const struct intent *intent,
		      struct channel_list *channels, struct outcome *outcome,
		      const char **ret_step, struct gk_error *err)
{
	int moved = 0;
	int published = 0;

	*ret_step = "record";
	moved = finish_release(lifecycle, release, intent, outcome, channels, err);
	if (moved < 0)
		return -1;
	*ret_step = "publish";
	published = publish(lifecycle, release, order, intent, outcome, err);
	if (published < 0 ||
	    (moved > 0 && warn_left(lifecycle, release, channels, outcome, err) < 0))
		return -1;
	*ret_step = "record";
	if (others_finish(lifecycle, release, outcome, err) < 0)
		return -1;
	*ret_step = "discard";
	if (release_discards_any(release) &&
	    discard_finish(lifecycle, release, &intent->policy, outcome, err) < 0)
		return -1;
	*ret_step = "retain";
	return retain(lifecycle, release, &intent->policy, outcome, err) < 0 ? -1
									     : moved + published;
}

/* A failure in these steps is unfinished work, no failure of the release. */
static int finish(struct lifecycle *lifecycle, struct release *release,
		  const struct release_order *order, const struct intent *intent,
		  bool *ret_moved, struct outcome *outcome, struct gk_error *err)
{
	_cleanup_(channel_list_done) struct channel_list channels = {0};
	struct gk_error problem = {0};
	const char *step = NULL;
	int moved = take_steps(lifecycle, release, order, intent, &channels, outcome, &step,
			       &problem);

	*ret_moved = moved > 0;
	if (moved < 0 && outcome_add_failure(outcome, step, &problem, err) < 0)
		return -1;
	/* What is unfinished must be in the inventory, or `resume` would not know of it. */
	if (outcome->incomplete_count > 0 &&
	    journal_remember(lifecycle, release, intent, &problem) < 0 &&
	    outcome_add_incomplete(outcome, "record", NULL, problem.message, err) < 0)
		return -1;
	return channels_naming(&channels, &release->version, &outcome->channels, err);
}

static bool removed_any(const struct outcome *outcome)
{
	for (size_t i = 0; i < outcome->retention_count; i++)
		if (outcome->retention[i].action == PLAN_REMOVE)
			return true;
	return false;
}

static void hand_over(struct release *release, struct outcome *outcome)
{
	outcome->has_release = true;
	outcome->release = *release;
	*release = (struct release){0};
}

/* The run was released and has been retired since: nothing of it can be released again. A build of
 * the run that was not part of it is too late. */
static int already_retired(struct release *release, const struct release_order *order,
			   struct outcome *outcome, struct gk_error *err)
{
	char label[RELEASE_LABEL_SIZE];

	release_label(release, label);
	for (size_t e = 0; e < order->entry_count; e++)
		for (size_t i = 0; i < order->entries[e]->image_count; i++) {
			const struct manifest_image *made = &order->entries[e]->images[i];

			if (!release_find_image(release, made->location, made->id))
				return gk_error_set(err, GK_CONFLICT,
						    "%s of this run is %s already, so %s in %s "
						    "cannot join it: build it in a run of its own",
						    label, release_state_name(release->state),
						    made->id, made->location);
		}
	outcome->result = OUTCOME_UNCHANGED;
	if (gk_strv_addf(&outcome->warnings, err, "%s of this run is %s already", label,
			 release_state_name(release->state)) < 0)
		return -1;
	hand_over(release, outcome);
	return 0;
}

/* The run has a release, and an image of it is not as it should be: no reason to say that nothing
 * was recorded. What can be finished is finished. */
static int finish_damaged(struct lifecycle *lifecycle, struct release *release,
			  const char *damage, struct outcome *outcome, struct gk_error *err)
{
	struct gk_error problem = {0};

	if (others_finish_one(lifecycle, release, true, outcome, &problem) < 0 &&
	    outcome_add_incomplete(outcome, "record", NULL, problem.message, err) < 0)
		return -1;
	hand_over(release, outcome);
	return outcome_add_incomplete(outcome, "describe", NULL, damage, err);
}

/* An exact version that is not the one that the run has already is worth a word. */
static int warn_other_version(const struct release_order *order, const struct release *release,
			      struct outcome *outcome, struct gk_error *err)
{
	char wanted[SEMVER_TEXT_SIZE];
	char label[RELEASE_LABEL_SIZE];

	if (order->version.kind != VERSION_EXACT ||
	    semver_compare(&order->version.exact, &release->version) == 0)
		return 0;
	return gk_strv_addf(&outcome->warnings, err,
			    "this run is %s already and stays it; --version %s was not used",
			    release_label(release, label),
			    semver_format(&order->version.exact, wanted));
}

static int warn_revoked(const struct release *release, const struct intent *intent,
			struct outcome *outcome, struct gk_error *err)
{
	const char *reason = intent->revoke ? intent->revoke : release->revoked;
	char label[RELEASE_LABEL_SIZE];

	return reason ? gk_strv_addf(&outcome->warnings, err, "%s of this run was revoked: %s",
				     release_label(release, label), reason)
		      : 0;
}

/* The steps after the record, and what they come to. From here on -1 would say that there is no
 * release. */
static void complete(struct lifecycle *lifecycle, const struct release_order *order,
		     struct release *release, const struct intent *intent, bool changed,
		     struct outcome *outcome)
{
	struct gk_error problem = {0};
	bool moved = false;
	int done = 0;

	changed = changed || release_is_unfinished(release);
	done = warn_other_version(order, release, outcome, &problem);
	if (done == 0)
		done = warn_revoked(release, intent, outcome, &problem);
	if (done == 0)
		done = finish(lifecycle, release, order, intent, &moved, outcome, &problem);
	if (done < 0 || outcome->incomplete_count > 0)
		outcome->result = OUTCOME_INCOMPLETE;
	else
		outcome->result = changed || moved || removed_any(outcome) ? OUTCOME_RELEASED
									   : OUTCOME_UNCHANGED;
	hand_over(release, outcome);
}

int lifecycle_release(struct lifecycle *lifecycle, const struct release_order *order,
		      struct outcome *outcome, struct gk_error *err)
{
	struct inventory *inventory = lifecycle->inventory;
	_cleanup_(cloud_look_done) struct cloud_look look = {0};
	_cleanup_(release_done) struct release recorded = {0};
	_cleanup_(release_done) struct release release = {0};
	_cleanup_(intent_done) struct intent intent = {0};
	struct gk_error problem = {0};
	bool known = false, found = false, changed = false, settled = false;

	if (inventory_knows_family(inventory, order->family, &known, err) < 0 ||
	    inventory->ops->find_run(inventory, order->family, order->run, &found, &recorded,
				     err) < 0)
		return -1;
	if (found && recorded.state >= RELEASE_RETIRING)
		return already_retired(&recorded, order, outcome, err);
	if (!found && duplicate_settle(lifecycle, order, NULL, outcome, &settled, err) < 0)
		return -1;
	if (settled)
		return 0;
	if (release_look(lifecycle, order, found ? &recorded : NULL, known, &look, &problem) < 0 ||
	    release_check(lifecycle, &look, order->family, &problem) < 0) {
		if (found)
			return finish_damaged(lifecycle, &recorded, problem.message, outcome, err);
		*err = problem;
		return -1;
	}
	if (!found && duplicate_settle(lifecycle, order, &look, outcome, &settled, err) < 0)
		return -1;
	if (settled)
		return 0;
	if (release_record(lifecycle, order, &look, &release, &intent, &found, &changed, err) < 0)
		return -1;
	complete(lifecycle, order, &release, &intent, changed, outcome);
	return 0;
}
