/* Moving a channel when somebody says so: forwards, back, or back to where it was. */
#include "lifecycle/private.h"

#include <string.h>

/* Where a channel is, and where it is to go. */
struct attempt {
	struct release target;
	struct release before;    /* what the channel names; of no family if it names nothing */
	struct move move;
	bool there;               /* it names the target already */
	bool unfinished;          /* somebody was told the same before, and did not come to the end */
	bool written;             /* it is written down, so that anyone can finish it */
	struct gk_strv passed_by; /* "0.1.2 (revoked: …)": of the trail, and of no use any more */
};

static void attempt_done(struct attempt *attempt)
{
	release_done(&attempt->target);
	release_done(&attempt->before);
	gk_strv_done(&attempt->passed_by);
	*attempt = (struct attempt){0};
}

/* ---- back to where ---- */

/* A rollback that was written down and not finished is the one that is meant: going back once more
 * from where it led would be one step too many. */
static int find_unfinished(struct lifecycle *lifecycle, const struct channel *now,
			   struct attempt *attempt, struct gk_error *err)
{
	_cleanup_(release_list_done) struct release_list list = {0};

	if (inventory_collect(lifecycle->inventory, attempt->before.family, INVENTORY_UNFINISHED,
			      &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		struct release *release = &list.items[i];
		_cleanup_(intent_done) struct intent intent = {0};
		struct move move;
		bool there = semver_compare(&now->version, &release->version) == 0;

		if (intent_from_json(release->intent, &intent, err) < 0)
			return -1;
		if (!move_find(&intent, attempt->move.channel, &move) ||
		    strcmp(move.how, MOVE_ROLLBACK) != 0 ||
		    (!there && semver_compare(&now->version, &move.from) != 0))
			continue;
		attempt->target = *release;
		*release = (struct release){0};
		return 1;
	}
	return 0;
}

/* Why a release of the trail is of no use. */
static int note_passed_by(struct attempt *attempt, const char *version,
			  const struct gk_error *problem, struct gk_error *err)
{
	const char *why = strstr(problem->message, ": it is ");

	return gk_strv_addf(&attempt->passed_by, err, "%s (%s)", version,
			    why ? why + strlen(": it is ") : "no longer in the inventory");
}

/* The newest entry of the trail that a channel may still name. Returns whether there is one. */
static int search_trail(struct lifecycle *lifecycle, const struct channel *now,
			struct attempt *attempt, struct gk_error *err)
{
	for (size_t i = 0; i < now->trail.count; i++) {
		_cleanup_(release_done) struct release earlier = {0};
		struct gk_error problem = {0};
		struct semver version;
		bool found = false;

		if (semver_parse(now->trail.items[i], &version, err) < 0 ||
		    lifecycle->inventory->ops->get(lifecycle->inventory, attempt->before.family,
						   &version, &found, &earlier, err) < 0)
			return -1;
		if (semver_compare(&version, &now->version) == 0)
			continue;
		if (found && move_check(&earlier, now->name, &problem) == 0) {
			attempt->target = earlier;
			earlier = (struct release){0};
			return 1;
		}
		if (note_passed_by(attempt, now->trail.items[i], &problem, err) < 0)
			return -1;
	}
	return 0;
}

static int choose_earlier(struct lifecycle *lifecycle, const struct channel *now,
			  struct attempt *attempt, struct gk_error *err)
{
	_cleanup_free_ char *passed_by = NULL;
	char label[RELEASE_LABEL_SIZE];
	int found = find_unfinished(lifecycle, now, attempt, err);

	if (found == 0)
		found = search_trail(lifecycle, now, attempt, err);
	if (found != 0)
		return found < 0 ? -1 : 0;
	release_label(&attempt->before, label);
	if (attempt->passed_by.count == 0)
		return gk_error_set(err, GK_NOT_FOUND,
				    "channel %s names %s and was nowhere else before", now->name,
				    label);
	passed_by = gk_strv_join(&attempt->passed_by, ", ", err);
	if (!passed_by)
		return -1;
	return gk_error_set(err, GK_REFUSED,
			    "channel %s names %s and cannot go back: before, it named %s", now->name,
			    label, passed_by);
}

/* ---- one attempt ---- */

static int choose(struct lifecycle *lifecycle, const struct promotion *promotion,
		  struct attempt *attempt, struct gk_error *err)
{
	_cleanup_(channel_list_done) struct channel_list channels = {0};
	_cleanup_(intent_done) struct intent intent = {0};
	const struct channel *now = NULL;
	struct move earlier;

	if (channels_read(lifecycle, promotion->family, &channels, err) < 0)
		return -1;
	now = channel_list_find(&channels, promotion->channel);
	if (promotion->rollback && !now)
		return gk_error_set(err, GK_NOT_FOUND, "%s has no channel %s", promotion->family,
				    promotion->channel);
	attempt->move = (struct move){
		.channel = promotion->channel,
		.how = promotion->rollback ? MOVE_ROLLBACK : MOVE_PROMOTE,
		.existed = now != NULL,
	};
	if (now && journal_get(lifecycle, promotion->family, &now->version, &attempt->before,
			       err) < 0)
		return -1;
	if (now)
		attempt->move.from = now->version;
	if ((promotion->rollback ? choose_earlier(lifecycle, now, attempt, err)
				 : journal_get(lifecycle, promotion->family, &promotion->version,
					       &attempt->target, err)) < 0 ||
	    move_check(&attempt->target, promotion->channel, err) < 0 ||
	    intent_from_json(attempt->target.intent, &intent, err) < 0)
		return -1;
	attempt->there = now && semver_compare(&now->version, &attempt->target.version) == 0;
	attempt->unfinished = move_find(&intent, promotion->channel, &earlier);
	return 0;
}

/* Of the release that the channel named, and those given. */
static int collect_templates(const struct promotion *promotion, const struct attempt *attempt,
			     struct gk_strv *ret, struct gk_error *err)
{
	if (gk_strv_extend(ret, &attempt->before.published, err) < 0)
		return -1;
	return gk_strv_extend(ret, &promotion->pointers, err);
}

static bool has_all(const struct gk_strv *there, const struct gk_strv *wanted)
{
	for (size_t i = 0; i < wanted->count; i++)
		if (!gk_strv_has(there, wanted->items[i]))
			return false;
	return true;
}

/* Returns whether anything was changed. A channel that did not move is wanted no more. */
static int carry_out(struct lifecycle *lifecycle, const struct promotion *promotion,
		     struct attempt *attempt, struct gk_error *err)
{
	_cleanup_(gk_strv_done) struct gk_strv templates = {0};
	struct gk_error problem = {0};

	if (collect_templates(promotion, attempt, &templates, err) < 0)
		return -1;
	if (!attempt->there || !has_all(&attempt->target.published, &templates)) {
		if (move_write_down(lifecycle, &attempt->target, &attempt->move, &templates, err) <
		    0)
			return -1;
		attempt->written = true;
	}
	if (move_carry_out(lifecycle, &attempt->target, &attempt->move, &problem) >= 0)
		return attempt->written || attempt->unfinished;
	/* After any other failure it may have been moved: then it stays wanted. */
	if ((problem.code == GK_CONFLICT || problem.code == GK_REFUSED) &&
	    move_forget(lifecycle, &attempt->target, promotion->channel, err) == 0)
		attempt->written = false;
	*err = problem;
	return -1;
}

/* ---- what follows a channel that has moved ---- */

/* Published, and then nothing is wanted any more; else it is wanted until it is published. */
static int publish(struct lifecycle *lifecycle, struct attempt *attempt, struct outcome *outcome,
		   struct gk_error *err)
{
	if (publish_pointers(lifecycle, &attempt->target, outcome, err) < 0 ||
	    (!attempt->there && attempt->move.existed &&
	     moves_warn_left(lifecycle, &attempt->before, &attempt->target, attempt->move.channel,
			     outcome, err) < 0))
		return -1;
	return outcome->incomplete_count == 0
		       ? move_forget(lifecycle, &attempt->target, attempt->move.channel, err)
		       : 0;
}

static int warn_passed_by(const struct attempt *attempt, struct outcome *outcome,
			  struct gk_error *err)
{
	_cleanup_free_ char *passed_by = gk_strv_join(&attempt->passed_by, ", ", err);

	if (!passed_by)
		return -1;
	return *passed_by ? gk_strv_addf(&outcome->warnings, err,
					 "channel %s was taken back past %s",
					 attempt->move.channel, passed_by)
			  : 0;
}

/* What is unfinished must be in the inventory, or `resume` would not know of it. */
static int remember(struct lifecycle *lifecycle, struct attempt *attempt, struct outcome *outcome,
		    struct gk_error *err)
{
	static const struct gk_strv no_more = {0};
	struct gk_error problem = {0};

	if (outcome->incomplete_count == 0 || attempt->written ||
	    move_write_down(lifecycle, &attempt->target, &attempt->move, &no_more, &problem) == 0)
		return 0;
	return outcome_add_incomplete(outcome, "record", NULL, problem.message, err);
}

static void hand_over(struct attempt *attempt, struct outcome *outcome)
{
	outcome->has_release = true;
	outcome->release = attempt->target;
	attempt->target = (struct release){0};
}

/* The channel has moved: what fails now is unfinished work. */
static int conclude(struct lifecycle *lifecycle, struct attempt *attempt, bool changed,
		    struct outcome *outcome, struct gk_error *err)
{
	_cleanup_(channel_list_done) struct channel_list channels = {0};
	struct gk_error problem = {0};

	outcome->result = changed ? OUTCOME_DONE : OUTCOME_UNCHANGED;
	if ((warn_passed_by(attempt, outcome, &problem) < 0 ||
	     publish(lifecycle, attempt, outcome, &problem) < 0 ||
	     channels_read(lifecycle, attempt->target.family, &channels, &problem) < 0 ||
	     channels_naming(&channels, &attempt->target.version, &outcome->channels,
			     &problem) < 0) &&
	    outcome_add_incomplete(outcome, "publish", NULL, problem.message, err) < 0)
		return -1;
	if (remember(lifecycle, attempt, outcome, err) < 0)
		return -1;
	hand_over(attempt, outcome);
	return 0;
}

int lifecycle_promote(struct lifecycle *lifecycle, const struct promotion *promotion,
		      struct outcome *outcome, struct gk_error *err)
{
	_cleanup_(attempt_done) struct attempt attempt = {0};
	struct gk_error problem = {.code = GK_CONFLICT};
	int changed = -1;

	if (strcmp(promotion->channel, CHANNEL_LATEST) == 0)
		return gk_error_set(err, GK_REFUSED,
				    "channel latest moves by itself: to take it back, withdraw the "
				    "release that it names (goldkeep revoke)");
	for (int round = 0; changed < 0 && round < SAVE_ROUNDS; round++) {
		attempt_done(&attempt);
		if (choose(lifecycle, promotion, &attempt, err) < 0)
			return -1;
		changed = carry_out(lifecycle, promotion, &attempt, &problem);
		/* Back from where somebody else took it to is not what was asked for. */
		if (changed < 0 && (problem.code != GK_CONFLICT || promotion->rollback))
			break;
	}
	if (changed < 0 && attempt.written) {
		hand_over(&attempt, outcome);
		return outcome_add_incomplete(outcome, "channel", NULL, problem.message, err);
	}
	if (changed < 0) {
		*err = problem;
		return -1;
	}
	return conclude(lifecycle, &attempt, changed > 0, outcome, err);
}
