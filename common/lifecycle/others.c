#include "lifecycle/private.h"

#include <string.h>

/* An image that a run made and lost may be invisible only because it is new: younger releases wait. */
enum { GIVE_UP_AFTER = 10 * 60 };

struct absence {
	const char *id; /* first pending image that is not there; NULL if all are */
	const char *location;
	bool all;       /* no pending image is there */
};

static int look_pending(struct lifecycle *lifecycle, const struct release *release,
			struct cloud_look *look, struct gk_error *err)
{
	for (size_t i = 0; i < release->image_count; i++)
		if (release->images[i].state == RELEASE_PENDING &&
		    !cloud_look_add_image(look, release->images[i].location, release->images[i].id,
					  err))
			return -1;
	if (look->image_count == 0)
		return 0;
	return lifecycle->cloud->ops->look(lifecycle->cloud, look, err);
}

static struct absence find_absence(const struct cloud_look *look)
{
	struct absence absence = {.all = look->image_count > 0};

	for (size_t i = 0; i < look->image_count; i++) {
		const struct cloud_image *image = &look->images[i];
		bool absent = image->error.code == GK_OK && image->status == CLOUD_ABSENT;

		absence.all = absence.all && absent;
		if (absent && !absence.id) {
			absence.id = image->id;
			absence.location = image->location;
		}
	}
	return absence;
}

static bool may_give_up(struct lifecycle *lifecycle, const struct release *release,
			const char *account)
{
	if (release->state != RELEASE_PENDING || !account ||
	    lifecycle->clock->now(lifecycle->clock) - release->created_at < GIVE_UP_AFTER)
		return false;
	for (size_t i = 0; i < release->image_count; i++)
		if (release->images[i].state != RELEASE_PENDING ||
		    !gk_str_equal(release->images[i].account, account))
			return false;
	return true;
}

/* Its images were destroyed before it was live (Packer does so after a failure). Only the row changes. */
static int give_up(struct lifecycle *lifecycle, struct release *release, struct outcome *outcome,
		   struct gk_error *err)
{
	struct gk_error problem = {0};
	char label[RELEASE_LABEL_SIZE];

	release->state = RELEASE_RETIRED;
	for (size_t i = 0; i < release->image_count; i++)
		release->images[i].state = RELEASE_RETIRED;
	if (gk_str_set(&release->intent, NULL, err) < 0)
		return -1;
	if (journal_save(lifecycle, release, "retired", "its images were gone before it was live",
			 &problem) < 0) {
		/* Another run knew more of it. */
		if (problem.code == GK_CONFLICT)
			return journal_reload(lifecycle, release, err);
		*err = problem;
		return -1;
	}
	return gk_strv_addf(&outcome->warnings, err,
			    "%s was given up: its images were gone before it was live",
			    release_label(release, label));
}

/* True if the channel names a release that was built after this one: that run's word came later. */
static int is_later(struct lifecycle *lifecycle, const struct release *release,
		    const struct channel *channel, bool *ret, struct gk_error *err)
{
	_cleanup_(release_done) struct release named = {0};
	bool found = false;

	*ret = false;
	if (!channel)
		return 0;
	if (lifecycle->inventory->ops->get(lifecycle->inventory, release->family,
					   &channel->version, &found, &named, err) < 0)
		return -1;
	if (found && named.created_at != release->created_at)
		*ret = named.created_at > release->created_at;
	else if (found)
		*ret = semver_compare(&named.version, &release->version) > 0;
	return 0;
}

/* A run that was interrupted wanted these channels at its time: what later runs took stays theirs. */
static int drop_taken_channels(struct lifecycle *lifecycle, const struct release *release,
			       struct intent *intent, struct gk_error *err)
{
	_cleanup_(channel_list_done) struct channel_list channels = {0};

	if (intent->channels.count == 0)
		return 0;
	if (lifecycle->inventory->ops->channels(lifecycle->inventory, release->family, &channels,
						err) < 0)
		return -1;
	for (size_t i = intent->channels.count; i-- > 0;) {
		const char *name = intent->channels.items[i];
		bool later = false;

		if (is_later(lifecycle, release, channel_list_find(&channels, name), &later, err) < 0)
			return -1;
		if (later)
			gk_strv_remove(&intent->channels, name);
	}
	return 0;
}

int others_finish_one(struct lifecycle *lifecycle, struct release *release, const char *account,
		      struct outcome *outcome, struct gk_error *err)
{
	_cleanup_(cloud_look_done) struct cloud_look look = {0};
	_cleanup_(channel_list_done) struct channel_list channels = {0};
	_cleanup_(intent_done) struct intent intent = {0};
	struct absence absence = {0};

	if (intent_from_json(release->intent, &intent, err) < 0 ||
	    look_pending(lifecycle, release, &look, err) < 0)
		return -1;
	absence = find_absence(&look);
	if (absence.all && may_give_up(lifecycle, release, account))
		return give_up(lifecycle, release, outcome, err);
	if (absence.id) {
		_cleanup_free_ char *text = gk_str_format(err, "%s is not there", absence.id);

		return text ? outcome_add_incomplete(outcome, "tag", absence.location, text, err)
			    : -1;
	}
	if (drop_taken_channels(lifecycle, release, &intent, err) < 0 ||
	    finish_release(lifecycle, release, &intent, outcome, &channels, err) < 0)
		return -1;
	/* Without a policy of its own nothing more is wanted. */
	if (outcome->incomplete_count > 0 || intent.policy.given)
		return 0;
	return finish_intent(lifecycle, release, err);
}

static bool is_own(const struct release *release, const struct release *own)
{
	return own && semver_compare(&release->version, &own->version) == 0;
}

/* Pending as a whole, or with images that are. */
static bool wants_finishing(const struct release *release)
{
	if (release->state == RELEASE_PENDING)
		return true;
	for (size_t i = 0; i < release->image_count; i++)
		if (release->images[i].state == RELEASE_PENDING)
			return release->state < RELEASE_RETIRING;
	return false;
}

/* What another release lacks is no failure of this one; and nothing, if it was finished meanwhile (it may
 * even have been retired since). */
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
		const char *account = own->image_count ? own->images[0].account : NULL;

		if (is_own(release, own) || !wants_finishing(release))
			continue;
		if (others_finish_one(lifecycle, release, account, &theirs, err) < 0 ||
		    warn(lifecycle, release, &theirs, outcome, err) < 0)
			return -1;
	}
	return 0;
}

int others_supersede(struct lifecycle *lifecycle, const struct release *own,
		     struct gk_error *err)
{
	_cleanup_(release_list_done) struct release_list list = {0};

	if (inventory_collect(lifecycle->inventory, own->family, INVENTORY_UNFINISHED, &list, err) <
	    0)
		return -1;
	for (size_t i = 0; i < list.count; i++)
		if (!is_own(&list.items[i], own) &&
		    finish_intent(lifecycle, &list.items[i], err) < 0)
			return -1;
	return 0;
}
