#include "lifecycle/private.h"

#include <stdlib.h>

/* ---- images that are not there any more ---- */

/* Of a release that is live only what joined it later is in question; what is missing of the rest
 * is no unfinished work. */
static bool is_in_question(const struct release *release, const struct image *image)
{
	return image->state == RELEASE_PENDING ||
	       (release->state == RELEASE_PENDING && image->state != RELEASE_RETIRED);
}

static bool is_absent(const struct cloud_look *look, const struct release *release,
		      const struct image *image)
{
	const struct cloud_image *seen = look_image(look, image->location, image->id);

	return is_in_question(release, image) && seen && seen->error.code == GK_OK &&
	       seen->status == CLOUD_ABSENT;
}

static const struct image *first_absent(const struct cloud_look *look,
					const struct release *release)
{
	for (size_t i = 0; i < release->image_count; i++)
		if (is_absent(look, release, &release->images[i]))
			return &release->images[i];
	return NULL;
}

/* Looks until every image in question is there, or patience ends. */
static int look_pending(struct lifecycle *lifecycle, struct release *release,
			struct cloud_look *look, struct gk_error *err)
{
	int round = 0;

	for (;;) {
		const struct image *absent = NULL;

		cloud_look_done(look);
		for (size_t i = 0; i < release->image_count; i++)
			if (is_in_question(release, &release->images[i]) &&
			    !cloud_look_add_image(look, release->images[i].location,
						  release->images[i].id, err))
				return -1;
		if (look->image_count == 0)
			return 0;
		if (look_add_witnesses(lifecycle, release->family, &release->version, look, err) < 0 ||
		    lifecycle->cloud->ops->look(lifecycle->cloud, look, err) < 0)
			return -1;
		if (!first_absent(look, release))
			return 0;
		/* Another run may have finished it since it was read, and even retired it. */
		if (journal_reload(lifecycle, release, err) < 0)
			return -1;
		absent = first_absent(look, release);
		if (!absent || !patience_wait(lifecycle, &round, PATIENCE_SEEN, absent->id))
			return 0;
	}
}

/* Its snapshots need not carry our tags yet, so they are not ours to delete; where they are is
 * said. */
static int lose_image(const struct release *release, struct image *image, struct outcome *outcome,
		      struct gk_error *err)
{
	char label[RELEASE_LABEL_SIZE];

	image->state = RELEASE_RETIRED;
	for (size_t i = 0; i < image->snapshot_count; i++) {
		image->snapshots[i].state = SNAPSHOT_SHARED;
		if (gk_str_set(&image->snapshots[i].reason, "its image went before the release was live",
			       err) < 0)
			return -1;
	}
	return gk_strv_addf(&outcome->warnings, err,
			    "%s of %s in %s was given up: it was gone before the release was live%s%s",
			    image->id, release_label(release, label), image->location,
			    image->snapshot_count > 0 ? ", look for " : "",
			    image->snapshot_count > 0 ? image->snapshots[0].id : "");
}

static int note_absent(const struct image *image, struct outcome *outcome, struct gk_error *err)
{
	_cleanup_free_ char *text = gk_str_format(
		err, "%s is not there, nor is any other image of account %s: these may be other "
		     "credentials", image->id, image->account ? image->account : "?");

	return text ? outcome_add_incomplete(outcome, "tag", image->location, text, err) : -1;
}

/* Gives up what is gone, or notes it where that is not proved. Returns whether the release
 * changed. */
static int lose_absent(struct release *release, const struct cloud_look *look,
		       struct outcome *outcome, struct gk_error *err)
{
	bool left = false;
	int changed = 0;

	for (size_t i = 0; i < release->image_count; i++) {
		struct image *image = &release->images[i];

		if (is_absent(look, release, image)) {
			if (!look_sees_account(look, image->location, image->account)) {
				if (note_absent(image, outcome, err) < 0)
					return -1;
			} else if (lose_image(release, image, outcome, err) < 0) {
				return -1;
			} else {
				changed = 1;
			}
		}
		left = left || image->state != RELEASE_RETIRED;
	}
	if (!left) {
		release->state = RELEASE_RETIRED;
		free(gk_take(&release->intent));
	}
	return changed;
}

static int give_up_absent(struct lifecycle *lifecycle, struct release *release,
			  const struct cloud_look *look, struct outcome *outcome,
			  struct gk_error *err)
{
	struct gk_error problem = {0};
	int changed = lose_absent(release, look, outcome, err);

	if (changed <= 0)
		return changed;
	if (journal_save(lifecycle, release,
			 release->state == RELEASE_RETIRED ? "retired" : "lost",
			 "images were gone before it was live", &problem) == 0)
		return 0;
	return journal_retry(lifecycle, release, &problem, err);
}

/* ---- finishing ---- */

/* A file that nobody has written yet is still wanted, if it is not ours to write. */
static int wants_file(struct lifecycle *lifecycle, const struct release *release,
		      const struct intent *intent, bool *ret, struct gk_error *err)
{
	_cleanup_free_ char *newer = NULL;

	if (!intent->tfvars)
		return 0;
	if (publish_find_newer(lifecycle, release, &newer, err) < 0)
		return -1;
	*ret = !newer;
	return 0;
}

/* *ret_wanted: something is left for another machine. */
static int publish(struct lifecycle *lifecycle, struct release *release,
		   const struct intent *intent, bool files, struct outcome *outcome,
		   bool *ret_wanted, struct gk_error *err)
{
	*ret_wanted = false;
	if (!intent->publish && !intent->tfvars && intent->moves.count == 0)
		return 0;
	if (publish_release(lifecycle, release, files ? intent->tfvars : NULL, outcome, err) < 0 ||
	    (!files && wants_file(lifecycle, release, intent, ret_wanted, err) < 0))
		return -1;
	if (outcome->incomplete_count > 0)
		return 0;
	if (moves_forget(lifecycle, release, intent, err) < 0)
		return -1;
	return *ret_wanted ? 0 : finish_publication(lifecycle, release, outcome, err);
}

static int finish_steps(struct lifecycle *lifecycle, struct release *release, bool files,
			struct outcome *outcome, struct gk_error *err)
{
	_cleanup_(cloud_look_done) struct cloud_look look = {0};
	_cleanup_(channel_list_done) struct channel_list channels = {0};
	_cleanup_(intent_done) struct intent intent = {0};
	bool wanted = false;

	/* What was finished a moment ago may have changed what this one still wants. */
	if (journal_reload(lifecycle, release, err) < 0 ||
	    look_pending(lifecycle, release, &look, err) < 0 ||
	    give_up_absent(lifecycle, release, &look, outcome, err) < 0)
		return -1;
	if (outcome->incomplete_count > 0 || release->state >= RELEASE_RETIRING)
		return 0;
	/* What later runs took of the channels that this one wanted stays theirs. */
	if (intent_from_json(release->intent, &intent, err) < 0 ||
	    channels_drop_taken(lifecycle, release, &intent.channels, err) < 0 ||
	    finish_release(lifecycle, release, &intent, outcome, &channels, err) < 0)
		return -1;
	if (outcome->incomplete_count > 0)
		return 0;
	if (publish(lifecycle, release, &intent, files, outcome, &wanted, err) < 0)
		return -1;
	/* Without a policy of its own nothing more is wanted. */
	if (outcome->incomplete_count > 0 || wanted || intent.policy.given)
		return 0;
	return finish_intent(lifecycle, release, err);
}

int others_finish_one(struct lifecycle *lifecycle, struct release *release, bool files,
		      struct outcome *outcome, struct gk_error *err)
{
	if (finish_steps(lifecycle, release, files, outcome, err) < 0)
		return -1;
	return release_discards_any(release)
		       ? discard_finish(lifecycle, release, NULL, outcome, err)
		       : 0;
}

static bool is_own(const struct release *release, const struct release *own)
{
	return own && semver_compare(&release->version, &own->version) == 0;
}

/* Something is left to do before it comes to retention. */
static bool wants_finishing(const struct release *release)
{
	if (release->state >= RELEASE_RETIRING)
		return false;
	if (release->state == RELEASE_PENDING || release->intent || release_discards_any(release))
		return true;
	for (size_t i = 0; i < release->image_count; i++)
		if (release->images[i].state == RELEASE_PENDING)
			return true;
	return false;
}

/* What another release lacks is no failure of this one; and nothing, if it was finished meanwhile
 * (it may even have been retired since). */
static int warn(struct lifecycle *lifecycle, struct release *release, const struct outcome *theirs,
		struct outcome *outcome, struct gk_error *err)
{
	char label[RELEASE_LABEL_SIZE];

	if (theirs->incomplete_count > 0) {
		if (journal_reload(lifecycle, release, err) < 0)
			return -1;
		if (!wants_finishing(release))
			return 0;
	}
	for (size_t i = 0; i < theirs->incomplete_count; i++) {
		const struct outcome_incomplete *item = &theirs->incomplete[i];

		if (gk_strv_addf(&outcome->warnings, err, "%s is still unfinished: %s%s%s: %s",
				 release_label(release, label), item->step,
				 item->location ? " in " : "", item->location ? item->location : "",
				 item->error) < 0)
			return -1;
	}
	return gk_strv_extend(&outcome->warnings, &theirs->warnings, err);
}

int others_finish(struct lifecycle *lifecycle, const struct release *own, struct outcome *outcome,
		  struct gk_error *err)
{
	_cleanup_(release_list_done) struct release_list list = {0};

	if (inventory_collect(lifecycle->inventory, own->family, INVENTORY_UNFINISHED, &list, err) <
	    0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		_cleanup_(outcome_done) struct outcome theirs = {0};
		struct release *release = &list.items[i];

		if (is_own(release, own) || !wants_finishing(release))
			continue;
		if (others_finish_one(lifecycle, release, false, &theirs, err) < 0 ||
		    warn(lifecycle, release, &theirs, outcome, err) < 0)
			return -1;
	}
	return 0;
}

/* Channels that could not be moved are wanted still, unless a later run took them; and so is what
 * could not be published. */
static int wants_more(struct lifecycle *lifecycle, const struct release *release, bool *ret,
		      struct gk_error *err)
{
	_cleanup_(intent_done) struct intent intent = {0};

	if (intent_from_json(release->intent, &intent, err) < 0 ||
	    channels_drop_taken(lifecycle, release, &intent.channels, err) < 0)
		return -1;
	*ret = intent.channels.count > 0 || intent.publish || intent.tfvars;
	return 0;
}

int others_supersede(struct lifecycle *lifecycle, const char *family, const struct release *own,
		     struct gk_error *err)
{
	_cleanup_(release_list_done) struct release_list list = {0};

	if (inventory_collect(lifecycle->inventory, family, INVENTORY_UNFINISHED, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		struct release *release = &list.items[i];
		bool wanted = false;

		if (is_own(release, own))
			continue;
		if (wants_more(lifecycle, release, &wanted, err) < 0 ||
		    (!wanted && finish_intent(lifecycle, release, err) < 0))
			return -1;
	}
	return 0;
}
