#include "lifecycle/private.h"

/* Everything before retention, of one release, which moves into its outcome. */
static int resume_release(struct lifecycle *lifecycle, struct release *release,
			  struct outcome_list *ret, struct gk_error *err)
{
	struct outcome *outcome = outcome_list_add(ret, release->family, err);
	struct gk_error problem = {0};

	if (!outcome)
		return -1;
	outcome->result = OUTCOME_DONE;
	outcome->has_release = true;
	outcome->release = *release;
	*release = (struct release){0};
	if (others_finish_one(lifecycle, &outcome->release, true, outcome, &problem) < 0)
		return outcome_add_failure(outcome, "record", &problem, err);
	return 0;
}

/* The newest release that still wants retention tells the policy. */
static int find_policy(struct outcome_list *list, size_t first, struct policy *policy,
		       struct outcome **ret_outcome, struct gk_error *err)
{
	policy_init(policy);
	*ret_outcome = NULL;
	for (size_t i = first; i < list->count; i++) {
		_cleanup_(intent_done) struct intent intent = {0};

		if (intent_from_json(list->items[i].release.intent, &intent, err) < 0)
			return -1;
		if (!intent.policy.given)
			continue;
		*policy = intent.policy;
		*ret_outcome = &list->items[i];
	}
	return 0;
}

static int run_policy(struct lifecycle *lifecycle, const char *family,
		      const struct policy *policy, struct outcome *outcome, struct gk_error *err)
{
	const struct release *current = outcome->has_release ? &outcome->release : NULL;
	struct gk_error problem = {0};

	if (outcome->incomplete_count > 0)
		return 0;
	if (retention_run(lifecycle, family, policy, current, current != NULL, outcome, &problem) <
	    0)
		return outcome_add_failure(outcome, "retain", &problem, err);
	return 0;
}

static int resume_retention(struct lifecycle *lifecycle, const char *family, bool begun,
			    struct outcome_list *ret, size_t first, struct gk_error *err)
{
	struct outcome *outcome = NULL;
	struct policy policy;

	if (find_policy(ret, first, &policy, &outcome, err) < 0)
		return -1;
	if (!outcome && begun) {
		outcome = outcome_list_add(ret, family, err);
		if (!outcome)
			return -1;
		outcome->result = OUTCOME_DONE;
	}
	return outcome ? run_policy(lifecycle, family, &policy, outcome, err) : 0;
}

/* An intent is forgotten when nothing of the family is incomplete any more. */
static int settle(struct lifecycle *lifecycle, const char *family, struct outcome_list *ret,
		  size_t first, struct gk_error *err)
{
	_cleanup_(channel_list_done) struct channel_list channels = {0};
	bool complete = true;

	if (lifecycle->inventory->ops->channels(lifecycle->inventory, family, &channels, err) < 0)
		return -1;
	for (size_t i = first; i < ret->count; i++)
		complete = complete && ret->items[i].incomplete_count == 0;
	for (size_t i = first; i < ret->count; i++) {
		struct outcome *outcome = &ret->items[i];

		if (!outcome->has_release)
			continue;
		if ((complete && finish_intent(lifecycle, &outcome->release, err) < 0) ||
		    channels_naming(&channels, &outcome->release.version, &outcome->channels,
				    err) < 0)
			return -1;
	}
	return 0;
}

int lifecycle_resume(struct lifecycle *lifecycle, const char *family, struct outcome_list *ret,
		     struct gk_error *err)
{
	_cleanup_(release_list_done) struct release_list list = {0};
	size_t first = ret->count;
	bool begun = false;

	if (inventory_collect(lifecycle->inventory, family, INVENTORY_UNFINISHED, &list, err) < 0)
		return -1;
	/* Oldest first, so that `latest` arrives at the newest. */
	for (size_t i = list.count; i-- > 0;) {
		if (list.items[i].state >= RELEASE_RETIRING)
			begun = true;
		else if (resume_release(lifecycle, &list.items[i], ret, err) < 0)
			return -1;
	}
	if (resume_retention(lifecycle, family, begun, ret, first, err) < 0)
		return -1;
	return settle(lifecycle, family, ret, first, err);
}
