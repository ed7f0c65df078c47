/* What is to be known before a release may be removed, and what each finding means. */
#include "lifecycle/private.h"

#include <string.h>

enum {
	LOOKS_AGAIN = 2, /* when lookups contradict one another */
	WITNESSES = 4,   /* releases that are looked at though they stay */
};

const struct plan_facts *retention_facts(const struct retention *retention,
					 const struct semver *version)
{
	for (size_t i = 0; i < retention->facts_count; i++)
		if (semver_compare(&retention->facts[i].version, version) == 0)
			return &retention->facts[i];
	return NULL;
}

/* The facts of a release, emptied: what an earlier look found is out of date. */
static struct plan_facts *fresh_facts(struct retention *retention, const struct semver *version,
				      struct gk_error *err)
{
	struct plan_facts *facts = NULL;

	for (size_t i = 0; i < retention->facts_count; i++)
		if (semver_compare(&retention->facts[i].version, version) == 0)
			facts = &retention->facts[i];
	if (!facts)
		facts = gk_array_add(&retention->facts, &retention->facts_count, sizeof(*facts),
				     err);
	if (!facts)
		return NULL;
	facts->version = *version;
	gk_strv_done(&facts->blocks);
	return facts;
}

/* Images of which nothing is to be done any more are not looked at. */
static int add_release(const struct release *release, struct cloud_look *look,
		       struct gk_error *err)
{
	for (size_t i = 0; i < release->image_count; i++) {
		const struct image *image = &release->images[i];

		if (image->state == RELEASE_RETIRED)
			continue;
		if (look_add_recorded(look, image, err) < 0 ||
		    !cloud_look_add_usage(look, image->location, image->id, err))
			return -1;
	}
	return 0;
}

static bool is_named(const struct retention *retention, const struct release *release)
{
	for (size_t i = 0; i < retention->channels.count; i++)
		if (semver_compare(&retention->channels.items[i].version, &release->version) == 0)
			return true;
	return false;
}

/* Images that stay are looked at too: seeing them proves that these credentials see the account.
 * The newest may have been retired by another run meanwhile; what a channel names cannot be. */
static int add_witnesses(const struct retention *retention, struct cloud_look *look,
			 struct gk_error *err)
{
	size_t count = 0;

	for (size_t i = 0; i < retention->plan.count && count < WITNESSES; i++) {
		const struct release *release = retention->plan.entries[i].release;

		if (retention->plan.entries[i].action == PLAN_REMOVE ||
		    release->state != RELEASE_LIVE ||
		    (count > 0 && !is_named(retention, release)))
			continue;
		count++;
		for (size_t m = 0; m < release->image_count; m++)
			if (!release_discards(release, &release->images[m]) &&
			    !cloud_look_add_image(look, release->images[m].location,
						  release->images[m].id, err))
				return -1;
	}
	return 0;
}

/* What the image itself has against its removal. */
static int block_by_image(const struct retention *retention, const struct release *release,
			  const struct cloud_image *seen, struct gk_strv *blocks,
			  struct gk_error *err)
{
	time_t launched_since = duration_before(retention->now,
						retention->policy->unless_launched_within);
	char version[SEMVER_TEXT_SIZE];
	char when[GK_TIME_TEXT];

	if (seen->status == CLOUD_PENDING &&
	    gk_strv_addf(blocks, err, "%s is still pending in %s", seen->id, seen->location) < 0)
		return -1;
	if (seen->protection &&
	    gk_strv_addf(blocks, err, "deregistration protection (%s) of %s in %s",
			 seen->protection, seen->id, seen->location) < 0)
		return -1;
	if (seen->last_launched_at > 0 && seen->last_launched_at > launched_since &&
	    gk_strv_addf(blocks, err, "launched at %s in %s",
			 gk_time_format(seen->last_launched_at, when), seen->location) < 0)
		return -1;
	if (seen->is_public && !retention->policy->include_shared &&
	    gk_strv_addf(blocks, err, "%s is public in %s", seen->id, seen->location) < 0)
		return -1;
	semver_format(&release->version, version);
	if ((!gk_str_equal(tag_list_get(&seen->tags, TAG_MANAGED_BY), TAG_MANAGED_BY_VALUE) ||
	     !gk_str_equal(tag_list_get(&seen->tags, TAG_FAMILY), release->family) ||
	     !gk_str_equal(tag_list_get(&seen->tags, TAG_VERSION), version)) &&
	    gk_strv_addf(blocks, err, "not managed: the tags of %s in %s do not name it", seen->id,
			 seen->location) < 0)
		return -1;
	return 0;
}

static int block_by_usage(const struct retention *retention, const struct cloud_usage *usage,
			  struct gk_strv *blocks, struct gk_error *err)
{
	for (size_t i = 0; i < usage->references.count; i++)
		if (gk_strv_addf(blocks, err, "in use: %s in %s", usage->references.items[i],
				 usage->location) < 0)
			return -1;
	for (size_t i = 0; i < usage->shared_with.count && !retention->policy->include_shared; i++)
		if (gk_strv_addf(blocks, err, "shared with %s in %s", usage->shared_with.items[i],
				 usage->location) < 0)
			return -1;
	return 0;
}

/* A lookup that did not answer: the release stays, and the retention is unfinished. */
static int block_by_doubt(const char *location, const char *problem, struct gk_strv *blocks,
			  struct outcome *outcome, struct gk_error *err)
{
	for (size_t i = 0; i < outcome->incomplete_count; i++)
		if (gk_str_equal(outcome->incomplete[i].location, location) &&
		    gk_str_equal(outcome->incomplete[i].error, problem))
			return gk_strv_add_unique(blocks, problem, err);
	if (outcome_add_incomplete(outcome, "retain", location, problem, err) < 0)
		return -1;
	return gk_strv_add_unique(blocks, problem, err);
}

/* Snapshots go with their image: one that cannot be read is as much of a doubt. */
static int judge_snapshots(const struct image *image, const struct cloud_look *look,
			   struct gk_strv *blocks, struct outcome *outcome, struct gk_error *err)
{
	struct gk_error doubt = {0};

	for (size_t i = 0; i < image->snapshot_count; i++) {
		const struct cloud_snapshot *seen =
			look_snapshot(look, image->location, image->snapshots[i].id);

		if (seen && seen->error.code == GK_OK)
			continue;
		gk_error_set(&doubt, GK_FAILED, "cannot read the snapshots of %s in %s: %s",
			     image->id, image->location,
			     seen ? seen->error.message : "not looked at");
		return block_by_doubt(image->location, doubt.message, blocks, outcome, err);
	}
	return 0;
}

static int judge_image(const struct retention *retention, const struct release *release,
		       const struct image *image, const struct cloud_look *look,
		       struct gk_strv *blocks, struct outcome *outcome, struct gk_error *err)
{
	const struct cloud_image *seen = look_image(look, image->location, image->id);
	const struct cloud_usage *usage = look_usage(look, image->location, image->id);
	struct gk_error doubt = {0};

	if (!seen || !usage)
		return gk_error_set(err, GK_FAILED, "%s was not looked at", image->id);
	if (seen->error.code != GK_OK) {
		gk_error_set(&doubt, GK_FAILED, "cannot read %s in %s: %s", image->id,
			     image->location, seen->error.message);
		return block_by_doubt(image->location, doubt.message, blocks, outcome, err);
	}
	if (seen->status == CLOUD_ABSENT) {
		if (look_sees_account(look, image->location, image->account))
			return 0;
		gk_error_set(&doubt, GK_FAILED,
			     "%s is not visible in %s, nor is any other image of account %s: these "
			     "may be other credentials",
			     image->id, image->location, image->account ? image->account : "?");
		return block_by_doubt(image->location, doubt.message, blocks, outcome, err);
	}
	if (block_by_image(retention, release, seen, blocks, err) < 0 ||
	    judge_snapshots(image, look, blocks, outcome, err) < 0)
		return -1;
	if (usage->error.code != GK_OK)
		return block_by_doubt(image->location, usage->error.message, blocks, outcome, err);
	return block_by_usage(retention, usage, blocks, err);
}

/* One removal at a time: a claim that is taken back must not make images the release's own that are
 * discarded in its favour. */
static int block_by_discard(const struct release *release, struct gk_strv *blocks,
			    struct gk_error *err)
{
	for (size_t i = 0; i < release->image_count; i++)
		if (release_discards(release, &release->images[i]) &&
		    gk_strv_addf(blocks, err,
				 "%s in %s is still to be discarded in its favour: `goldkeep resume` "
				 "goes on with that",
				 release->images[i].id, release->images[i].location) < 0)
			return -1;
	return 0;
}

/* Its own run may be at it this very moment: what a channel or a pointer is about to name is not
 * taken away. */
static int block_by_intent(const struct release *release, struct gk_strv *blocks,
			   struct gk_error *err)
{
	_cleanup_(intent_done) struct intent intent = {0};

	if (release->state != RELEASE_LIVE)
		return 0;
	if (intent_from_json(release->intent, &intent, err) < 0)
		return -1;
	if (intent.channels.count == 0 && intent.moves.count == 0 && !intent.publish)
		return 0;
	return gk_strv_add(blocks, "unfinished: its channels or pointers are still to be set", err);
}

static int judge_release(struct retention *retention, const struct release *release,
			 const struct cloud_look *look, struct outcome *outcome,
			 struct gk_error *err)
{
	struct plan_facts *facts = fresh_facts(retention, &release->version, err);

	if (!facts)
		return -1;
	if (block_by_discard(release, &facts->blocks, err) < 0 ||
	    block_by_intent(release, &facts->blocks, err) < 0)
		return -1;
	for (size_t i = 0; i < release->image_count; i++)
		if (release->images[i].state != RELEASE_RETIRED &&
		    judge_image(retention, release, &release->images[i], look, &facts->blocks,
				outcome, err) < 0)
			return -1;
	return 0;
}

/* Leftover snapshots of retired releases ride along in the same round. */
static int add_leftovers(const struct retention *retention, struct cloud_look *look,
			 struct gk_error *err)
{
	for (size_t r = 0; r < retention->leftovers.count; r++) {
		const struct release *release = &retention->leftovers.items[r];

		for (size_t i = 0; i < release->image_count; i++)
			for (size_t s = 0; s < release->images[i].snapshot_count; s++)
				if (release->images[i].snapshots[s].state == SNAPSHOT_LEFTOVER &&
				    !cloud_look_add_snapshot(look, release->images[i].location,
							     release->images[i].snapshots[s].id,
							     err))
					return -1;
	}
	return 0;
}

static int build_look(const struct retention *retention, struct release *const *releases,
		      size_t count, struct cloud_look *look, struct gk_error *err)
{
	for (size_t i = 0; i < count; i++)
		if (add_release(releases[i], look, err) < 0)
			return -1;
	if (add_leftovers(retention, look, err) < 0)
		return -1;
	return look->image_count > 0 || look->snapshot_count > 0
		       ? add_witnesses(retention, look, err)
		       : 0;
}

/* An image that went between two lookups of one look, usually by another run. */
static const char *changed_meanwhile(const struct cloud_look *look)
{
	for (size_t i = 0; i < look->usage_count; i++)
		if (look->usages[i].error.code == GK_CONFLICT)
			return look->usages[i].id;
	return NULL;
}

/* An image that is not there, nor any other of its account. */
static const char *find_unproven(struct release *const *releases, size_t count,
				 const struct cloud_look *look)
{
	for (size_t r = 0; r < count; r++)
		for (size_t i = 0; i < releases[r]->image_count; i++) {
			const struct image *image = &releases[r]->images[i];
			const struct cloud_image *seen =
				look_image(look, image->location, image->id);

			if (seen && seen->error.code == GK_OK && seen->status == CLOUD_ABSENT &&
			    !look_sees_account(look, image->location, image->account))
				return image->id;
		}
	return NULL;
}

/* Sets *ret_id if looking again may prove what this look did not: all that was to be seen may have
 * been retired by other runs since the inventory was read. Not if the inventory still names the same
 * images as the newest. */
static int find_out_of_date(const struct retention *retention, struct release *const *releases,
			    size_t count, const struct cloud_look *look, const char **ret_id,
			    struct gk_error *err)
{
	_cleanup_(cloud_look_done) struct cloud_look newest = {0};
	const char *unproven = find_unproven(releases, count, look);

	if (!unproven)
		return 0;
	if (look_add_witnesses(retention->lifecycle, retention->family, NULL, &newest, err) < 0)
		return -1;
	for (size_t i = 0; i < newest.image_count; i++)
		if (!look_image(look, newest.images[i].location, newest.images[i].id))
			*ret_id = unproven;
	return 0;
}

static int look_once(struct retention *retention, struct release *const *releases, size_t count,
		     bool again, struct cloud_look *look, struct gk_error *err)
{
	struct lifecycle *lifecycle = retention->lifecycle;

	cloud_look_done(look);
	if (build_look(retention, releases, count, look, err) < 0)
		return -1;
	if (look->image_count == 0 && look->snapshot_count == 0)
		return 0;
	if (again && look_add_witnesses(lifecycle, retention->family, NULL, look, err) < 0)
		return -1;
	return lifecycle->cloud->ops->look(lifecycle->cloud, look, err);
}

int retention_look(struct retention *retention, struct release *const *releases, size_t count,
		   struct cloud_look *look, struct outcome *outcome, struct gk_error *err)
{
	const char *changed = NULL;
	int round = 0;

	do {
		if (look_once(retention, releases, count, round > 0, look, err) < 0)
			return -1;
		changed = changed_meanwhile(look);
		if (!changed &&
		    find_out_of_date(retention, releases, count, look, &changed, err) < 0)
			return -1;
	} while (changed && round < LOOKS_AGAIN &&
		 patience_wait(retention->lifecycle, &round, PATIENCE_SEEN, changed));
	for (size_t i = 0; i < count; i++)
		if (judge_release(retention, releases[i], look, outcome, err) < 0)
			return -1;
	return 0;
}
