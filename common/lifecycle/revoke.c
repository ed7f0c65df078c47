/* Withdrawing a release: written down, channels moved away and published, revoked, its images
 * deprecated, forgotten. */
#include "lifecycle/private.h"

#include <string.h>

/* ---- where channels go ---- */

/* May `channel`, which names `revoked` now, move to this one? */
static int is_candidate(const struct release *release, const struct semver *revoked,
			const char *channel, struct gk_error *err)
{
	_cleanup_(intent_done) struct intent intent = {0};
	bool prereleases = semver_is_prerelease(revoked) && strcmp(channel, CHANNEL_LATEST) != 0;

	if (semver_compare(&release->version, revoked) == 0 || release->revoked ||
	    (release->state != RELEASE_LIVE && release->state != RELEASE_DEPRECATED) ||
	    (semver_is_prerelease(&release->version) && !prereleases))
		return 0;
	if (intent_from_json(release->intent, &intent, err) < 0)
		return -1;
	return !intent.revoke;
}

/* The newest live one that is left; without one, the newest deprecated one. GK_REFUSED: none. */
static int choose_successor(struct lifecycle *lifecycle, const struct release *revoked,
			    const char *channel, struct release *ret, struct gk_error *err)
{
	_cleanup_(release_list_done) struct release_list list = {0};
	struct release *found = NULL;
	char label[RELEASE_LABEL_SIZE];

	if (inventory_collect(lifecycle->inventory, revoked->family, INVENTORY_ALIVE, &list, err) <
	    0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		struct release *release = &list.items[i];
		int candidate = is_candidate(release, &revoked->version, channel, err);

		if (candidate < 0)
			return -1;
		if (candidate && (!found || (found->state != RELEASE_LIVE &&
					     release->state == RELEASE_LIVE)))
			found = release;
	}
	if (!found)
		return gk_error_set(err, GK_REFUSED,
				    "channel %s names %s, and nothing is left that it could name: "
				    "release another one first",
				    channel, release_label(revoked, label));
	*ret = *found;
	*found = (struct release){0};
	return 0;
}

/* Whether a channel has to move, and to where. `followed`: what `latest` was moved to is not the
 * last word: a newer one may have become live in between. */
static int must_move(struct lifecycle *lifecycle, const struct release *revoked,
		     const struct channel *channel, bool followed, struct release *ret,
		     struct gk_error *err)
{
	if (semver_compare(&channel->version, &revoked->version) == 0)
		return choose_successor(lifecycle, revoked, channel->name, ret, err) < 0 ? -1 : 1;
	if (!followed || strcmp(channel->name, CHANNEL_LATEST) != 0)
		return 0;
	if (choose_successor(lifecycle, revoked, channel->name, ret, err) < 0)
		return -1;
	return ret->state == RELEASE_LIVE &&
	       semver_compare(&ret->version, &channel->version) > 0;
}

/* ---- channels ---- */

/* Moves one channel to its successor. Returns 0 if somebody else was ahead: then everything is to
 * be read again. */
static int move_channel(struct lifecycle *lifecycle, const struct release *revoked,
			const struct channel *channel, struct release *successor,
			struct gk_error *err)
{
	const struct move move = {.channel = channel->name, .how = MOVE_REVOKE, .existed = true,
				  .from = channel->version};
	struct gk_error problem = {0};

	if (move_write_down(lifecycle, successor, &move, &revoked->published, &problem) == 0 &&
	    move_carry_out(lifecycle, successor, &move, &problem) >= 0)
		return 1;
	if (problem.code == GK_CONFLICT || problem.code == GK_REFUSED)
		return move_forget(lifecycle, successor, channel->name, err);
	*err = problem;
	return -1;
}

/* One look at all channels. Returns whether another one is needed. */
static int move_once(struct lifecycle *lifecycle, const struct release *revoked, bool *followed,
		     struct gk_error *err)
{
	_cleanup_(channel_list_done) struct channel_list channels = {0};

	if (channels_read(lifecycle, revoked->family, &channels, err) < 0)
		return -1;
	for (size_t i = 0; i < channels.count; i++) {
		const struct channel *channel = &channels.items[i];
		_cleanup_(release_done) struct release successor = {0};
		int moved = must_move(lifecycle, revoked, channel, *followed, &successor, err);

		if (moved == 0)
			continue;
		if (moved > 0)
			moved = move_channel(lifecycle, revoked, channel, &successor, err);
		if (moved < 0)
			return -1;
		*followed = *followed ||
			    (moved > 0 && strcmp(channel->name, CHANNEL_LATEST) == 0);
		return 1;
	}
	return 0;
}

static int move_channels(struct lifecycle *lifecycle, const struct release *revoked,
			 struct gk_error *err)
{
	bool followed = false;
	int more = 1;

	for (int round = 0; more > 0; round++) {
		if (round == SAVE_ROUNDS)
			return journal_gave_up(revoked, err);
		more = move_once(lifecycle, revoked, &followed, err);
	}
	return more;
}

/* Publishes what moved to this release. What is not published stays written down with it. */
static int publish_successor(struct lifecycle *lifecycle, const struct release *revoked,
			     struct release *successor, const struct gk_strv *moved,
			     struct outcome *outcome, struct gk_error *err)
{
	size_t before = outcome->incomplete_count;
	struct gk_error problem = {0};
	int done = publish_pointers(lifecycle, successor, outcome, &problem);

	for (size_t i = 0; done >= 0 && i < moved->count; i++)
		done = moves_warn_left(lifecycle, revoked, successor, moved->items[i], outcome,
				       &problem);
	if (done < 0 && outcome_add_incomplete(outcome, "publish", NULL, problem.message, err) < 0)
		return -1;
	for (size_t i = 0; outcome->incomplete_count == before && i < moved->count; i++)
		if (move_forget(lifecycle, successor, moved->items[i], err) < 0)
			return -1;
	return 0;
}

/* Whatever withdrawals moved and nobody has published yet, those before this one included. */
static int publish_successors(struct lifecycle *lifecycle, const struct release *revoked,
			      struct outcome *outcome, struct gk_error *err)
{
	_cleanup_(release_list_done) struct release_list list = {0};

	if (inventory_collect(lifecycle->inventory, revoked->family, INVENTORY_UNFINISHED, &list,
			      err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		_cleanup_(gk_strv_done) struct gk_strv moved = {0};

		if (moves_by(&list.items[i], MOVE_REVOKE, &moved, err) < 0)
			return -1;
		if (moved.count == 0)
			continue;
		if (publish_successor(lifecycle, revoked, &list.items[i], &moved, outcome, err) < 0)
			return -1;
		if (outcome->incomplete_count == 0)
			outcome->result = OUTCOME_DONE;
	}
	return 0;
}

/* ---- the release itself ---- */

/* From here on no channel can be moved to it. Whoever moves one to it before that has lost. */
static int save_revoked(struct lifecycle *lifecycle, struct release *release, const char *reason,
			struct outcome *outcome, struct gk_error *err)
{
	for (int round = 0; round < SAVE_ROUNDS; round++) {
		struct gk_error problem = {0};

		if (release->state >= RELEASE_RETIRING || gk_str_equal(release->revoked, reason))
			return 0;
		if (move_channels(lifecycle, release, err) < 0 ||
		    publish_successors(lifecycle, release, outcome, err) < 0 ||
		    gk_str_set(&release->revoked, reason, err) < 0)
			return -1;
		if (journal_save(lifecycle, release, "revoked", reason, &problem) == 0)
			return 0;
		if (problem.code == GK_REFUSED)
			problem.code = GK_CONFLICT;
		if (journal_retry(lifecycle, release, &problem, err) < 0)
			return -1;
	}
	return journal_gave_up(release, err);
}

struct deprecations {
	struct cloud_deprecation *items;
	size_t count;
};

static void deprecations_done(struct deprecations *deprecations)
{
	free(deprecations->items);
}

/* All live images at once. Locations and ids are the release's. */
static int deprecate(struct lifecycle *lifecycle, const struct release *release,
		     struct deprecations *work, struct gk_error *err)
{
	for (size_t i = 0; i < release->image_count; i++) {
		struct cloud_deprecation *added = NULL;

		if (release->images[i].state != RELEASE_LIVE)
			continue;
		added = gk_array_add(&work->items, &work->count, sizeof(*added), err);
		if (!added)
			return -1;
		added->location = release->images[i].location;
		added->id = release->images[i].id;
	}
	if (work->count == 0)
		return 0;
	return lifecycle->cloud->ops->deprecate(lifecycle->cloud, work->items, work->count, err);
}

/* An endpoint that does not know it will not learn it, and an image that is gone needs it no more. */
static bool is_done(const struct cloud_deprecation *work)
{
	return work->error.code == GK_OK || work->error.code == GK_UNSUPPORTED ||
	       work->error.code == GK_NOT_FOUND;
}

static int note_result(const struct release *release, const struct cloud_deprecation *work,
		       struct outcome *outcome, struct gk_error *err)
{
	char label[RELEASE_LABEL_SIZE];

	if (work->error.code == GK_OK)
		return 0;
	if (!is_done(work))
		return outcome_add_incomplete(outcome, "revoke", work->location,
					      work->error.message, err);
	return gk_strv_addf(&outcome->warnings, err,
			    "%s is revoked, but %s in %s was not deprecated: %s",
			    release_label(release, label), work->id, work->location,
			    work->error.message);
}

static int note_results(const struct release *release, const struct deprecations *work,
			struct outcome *outcome, struct gk_error *err)
{
	for (size_t i = 0; i < work->count; i++)
		if (note_result(release, &work->items[i], outcome, err) < 0)
			return -1;
	for (size_t i = 0; i < release->image_count; i++)
		if (release->images[i].state == RELEASE_PENDING &&
		    outcome_add_incomplete(outcome, "revoke", release->images[i].location,
					   "an image that joined the release has no tags yet",
					   err) < 0)
			return -1;
	return 0;
}

/* Applies what was done. Returns whether something of the release is left to do. */
static bool mark_images(struct release *release, const struct deprecations *work)
{
	bool left = false;

	for (size_t i = 0; i < work->count; i++) {
		struct image *image = release_find_image(release, work->items[i].location,
							 work->items[i].id);

		if (image && image->state == RELEASE_LIVE && is_done(&work->items[i]))
			image->state = RELEASE_DEPRECATED;
	}
	for (size_t i = 0; i < release->image_count; i++)
		left = left || release->images[i].state == RELEASE_PENDING ||
		       release->images[i].state == RELEASE_LIVE;
	return left;
}

/* Returns whether the release is other than before. */
static int conclude(struct release *release, const struct deprecations *work, struct gk_error *err)
{
	_cleanup_(intent_done) struct intent intent = {0};
	bool changed = work->count > 0;
	int kept = 0;

	if (mark_images(release, work))
		return changed;
	if (intent_from_json(release->intent, &intent, err) < 0)
		return -1;
	changed = changed || release->state == RELEASE_LIVE;
	if (release->state == RELEASE_LIVE)
		release->state = RELEASE_DEPRECATED;
	free(gk_take(&intent.revoke));
	intent.no_run = intent.no_run || !release->intent;
	kept = intent_keep(&intent, release, err);
	return kept < 0 ? -1 : changed || kept;
}

static int save_concluded(struct lifecycle *lifecycle, struct release *release,
			  const struct deprecations *work, struct gk_error *err)
{
	for (int round = 0; round < SAVE_ROUNDS; round++) {
		struct gk_error problem = {0};
		int changed = 0;

		if (release->state >= RELEASE_RETIRING)
			return 0;
		changed = conclude(release, work, err);
		if (changed <= 0)
			return changed;
		if (journal_save(lifecycle, release, "deprecated", NULL, &problem) == 0)
			return 0;
		if (journal_retry(lifecycle, release, &problem, err) < 0)
			return -1;
	}
	return journal_gave_up(release, err);
}

int revoke_finish(struct lifecycle *lifecycle, struct release *release, const char *reason,
		  struct outcome *outcome, struct gk_error *err)
{
	_cleanup_(release_done) struct release seen = {0};
	_cleanup_(deprecations_done) struct deprecations work = {0};

	if (save_revoked(lifecycle, release, reason, outcome, err) < 0)
		return -1;
	if (release->state >= RELEASE_RETIRING)
		return 0;
	if (release_copy(release, &seen, err) < 0 ||
	    deprecate(lifecycle, &seen, &work, err) < 0 ||
	    note_results(&seen, &work, outcome, err) < 0)
		return -1;
	return save_concluded(lifecycle, release, &work, err);
}

/* ---- the command ---- */

static int check_state(const struct release *release, struct gk_error *err)
{
	char label[RELEASE_LABEL_SIZE];

	if (inventory_may_be_named(release->state, false))
		return 0;
	return gk_error_set(err, GK_REFUSED, "%s is %s: %s", release_label(release, label),
			    release_state_name(release->state),
			    release->state == RELEASE_PENDING
				    ? "finish it first (goldkeep resume)"
				    : "nothing is left to withdraw");
}

/* Before anything is written down: every channel that names it has somewhere to go. */
static int check_channels(struct lifecycle *lifecycle, const struct release *release,
			  struct gk_error *err)
{
	_cleanup_(channel_list_done) struct channel_list channels = {0};

	if (channels_read(lifecycle, release->family, &channels, err) < 0)
		return -1;
	for (size_t i = 0; i < channels.count; i++) {
		_cleanup_(release_done) struct release successor = {0};

		if (semver_compare(&channels.items[i].version, &release->version) == 0 &&
		    choose_successor(lifecycle, release, channels.items[i].name, &successor,
				     err) < 0)
			return -1;
	}
	return 0;
}

/* No channel is wanted for it any more, by nobody. Returns whether there is anything to do: not if
 * it was withdrawn for this reason before, and all of that was done. */
static int want_revoked(struct release *release, const char *reason, struct gk_error *err)
{
	_cleanup_(intent_done) struct intent intent = {0};

	if (intent_from_json(release->intent, &intent, err) < 0)
		return -1;
	if (!intent.revoke && gk_str_equal(release->revoked, reason))
		return 0;
	intent.no_run = intent.no_run || !release->intent;
	gk_strv_done(&intent.channels);
	tag_list_done(&intent.moves);
	intent.channels = (struct gk_strv){0};
	intent.moves = (struct tag_list){0};
	if (gk_str_set(&intent.revoke, reason, err) < 0 ||
	    intent_keep(&intent, release, err) < 0)
		return -1;
	return 1;
}

/* Returns whether there is anything to do. */
static int write_down(struct lifecycle *lifecycle, struct release *release, const char *reason,
		      struct gk_error *err)
{
	for (int round = 0; round < SAVE_ROUNDS; round++) {
		struct gk_error problem = {0};
		int wanted = 0;

		if (check_state(release, err) < 0 || check_channels(lifecycle, release, err) < 0)
			return -1;
		wanted = want_revoked(release, reason, err);
		if (wanted <= 0)
			return wanted;
		if (journal_save(lifecycle, release, "revoking", reason, &problem) == 0)
			return 1;
		if (journal_retry(lifecycle, release, &problem, err) < 0)
			return -1;
	}
	return journal_gave_up(release, err);
}

int lifecycle_revoke(struct lifecycle *lifecycle, const char *family, const struct semver *version,
		     const char *reason, struct outcome *outcome, struct gk_error *err)
{
	_cleanup_(release_done) struct release release = {0};
	struct gk_error problem = {0};
	int wanted = 0;

	if (journal_get(lifecycle, family, version, &release, err) < 0)
		return -1;
	wanted = write_down(lifecycle, &release, reason, err);
	if (wanted < 0)
		return -1;
	outcome->result = wanted ? OUTCOME_DONE : OUTCOME_UNCHANGED;
	if ((wanted ? revoke_finish(lifecycle, &release, reason, outcome, &problem)
		    : publish_successors(lifecycle, &release, outcome, &problem)) < 0 &&
	    outcome_add_incomplete(outcome, "revoke", NULL, problem.message, err) < 0)
		return -1;
	outcome->has_release = true;
	outcome->release = release;
	release = (struct release){0};
	return 0;
}
