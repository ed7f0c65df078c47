#include "lifecycle/private.h"

#include <stdlib.h>
#include <string.h>

/* Tagging work, one per location with pending images. */
struct tagging {
	struct cloud_tagging *items;
	size_t count;
};

static void tagging_done(struct tagging *tagging)
{
	for (size_t i = 0; i < tagging->count; i++)
		cloud_tagging_done(&tagging->items[i]);
	free(tagging->items);
	*tagging = (struct tagging){0};
}

static struct cloud_tagging *tagging_find(const struct tagging *tagging, const char *location)
{
	for (size_t i = 0; i < tagging->count; i++)
		if (strcmp(tagging->items[i].location, location) == 0)
			return &tagging->items[i];
	return NULL;
}

static int tagging_add_image(struct tagging *tagging, const struct image *image,
			     const struct tag_list *tags, struct gk_error *err)
{
	struct cloud_tagging *work = tagging_find(tagging, image->location);

	if (!work) {
		work = gk_array_add(&tagging->items, &tagging->count, sizeof(*work), err);
		if (!work)
			return -1;
		work->location = image->location;
		for (size_t i = 0; i < tags->count; i++)
			if (tag_list_set(&work->tags, tags->items[i].key, tags->items[i].value,
					 err) < 0)
				return -1;
	}
	if (gk_strv_add(&work->ids, image->id, err) < 0)
		return -1;
	for (size_t i = 0; i < image->snapshot_count; i++)
		if (gk_strv_add_unique(&work->ids, image->snapshots[i].id, err) < 0)
			return -1;
	return 0;
}

static int build_tagging(const struct release *release, const struct tag_list *tags,
			 struct tagging *tagging, struct gk_error *err)
{
	for (size_t i = 0; i < release->image_count; i++)
		if (release->images[i].state == RELEASE_PENDING &&
		    tagging_add_image(tagging, &release->images[i], tags, err) < 0)
			return -1;
	return 0;
}

/* Everything that was tagged without error, to be read back. */
static int build_look(const struct release *release, const struct tagging *tagging,
		      struct cloud_look *look, struct gk_error *err)
{
	for (size_t i = 0; i < release->image_count; i++) {
		const struct image *image = &release->images[i];
		const struct cloud_tagging *work = tagging_find(tagging, image->location);

		if (image->state != RELEASE_PENDING || !work || work->error.code != GK_OK)
			continue;
		if (look_add_recorded(look, image, err) < 0)
			return -1;
	}
	return 0;
}

/* Images whose tags were read back: an id means something only with its location. */
struct tagged {
	struct gk_strv locations;
	struct gk_strv ids;
};

static void tagged_done(struct tagged *tagged)
{
	gk_strv_done(&tagged->locations);
	gk_strv_done(&tagged->ids);
}

static bool tagged_has(const struct tagged *tagged, const struct image *image)
{
	for (size_t i = 0; i < tagged->ids.count; i++)
		if (strcmp(tagged->ids.items[i], image->id) == 0 &&
		    strcmp(tagged->locations.items[i], image->location) == 0)
			return true;
	return false;
}

static const char *first_missing(const struct release *release, const struct tagging *tagging,
				 const struct cloud_look *look, const struct tag_list *tags)
{
	for (size_t i = 0; i < release->image_count; i++) {
		const struct image *image = &release->images[i];
		const struct cloud_tagging *work = tagging_find(tagging, image->location);
		const char *missing = NULL;

		if (image->state == RELEASE_PENDING && work && work->error.code == GK_OK)
			missing = look_missing_tags(look, image, tags);
		if (missing)
			return missing;
	}
	return NULL;
}

/* Another run may have finished, and even retired it since: nobody waits for its tags then. */
static bool is_settled(struct lifecycle *lifecycle, const struct release *release)
{
	_cleanup_(release_done) struct release now = {0};
	struct gk_error ignored = {0};
	bool found = false;

	return lifecycle->inventory->ops->get(lifecycle->inventory, release->family,
					      &release->version, &found, &now, &ignored) == 0 &&
	       found && now.state >= RELEASE_RETIRING;
}

/* Looks until every tag shows, or patience ends; `look` is what was seen last. */
static int read_back(struct lifecycle *lifecycle, const struct release *release,
		     const struct tagging *tagging, const struct tag_list *tags,
		     struct cloud_look *look, struct gk_error *err)
{
	int round = 0;

	for (;;) {
		const char *missing = NULL;

		cloud_look_done(look);
		if (build_look(release, tagging, look, err) < 0 ||
		    (look->image_count > 0 &&
		     lifecycle->cloud->ops->look(lifecycle->cloud, look, err) < 0))
			return -1;
		missing = first_missing(release, tagging, look, tags);
		if (!missing || is_settled(lifecycle, release) ||
		    !patience_wait(lifecycle, &round, PATIENCE_NEW, missing))
			return 0;
	}
}

static int note_untagged(const struct image *image, const struct cloud_tagging *work,
			 const char *missing, struct outcome *outcome, struct gk_error *err)
{
	_cleanup_free_ char *text = NULL;

	if (work->error.code != GK_OK)
		return outcome_add_incomplete(outcome, "tag", image->location, work->error.message,
					      err);
	text = gk_str_format(err, "%s does not show its tags after they were written", missing);
	return text ? outcome_add_incomplete(outcome, "tag", image->location, text, err) : -1;
}

static void log_tagged(struct lifecycle *lifecycle, const struct release *release,
		       const struct image *image)
{
	char label[RELEASE_LABEL_SIZE];

	gk_log(lifecycle->log, GK_LOG_STEP, "%s: tagged %s and %zu snapshot%s in %s",
	       release_label(release, label), image->id, image->snapshot_count,
	       image->snapshot_count == 1 ? "" : "s", image->location);
}

/* The images whose tags were read back are added to `tagged`. */
static int judge_tags(struct lifecycle *lifecycle, const struct release *release,
		      const struct tagging *tagging, const struct cloud_look *look,
		      const struct tag_list *tags, struct tagged *tagged,
		      struct outcome *outcome, struct gk_error *err)
{
	for (size_t i = 0; i < release->image_count; i++) {
		const struct image *image = &release->images[i];
		const struct cloud_tagging *work = tagging_find(tagging, image->location);
		const char *missing = NULL;

		if (image->state != RELEASE_PENDING || !work)
			continue;
		if (work->error.code == GK_OK)
			missing = look_missing_tags(look, image, tags);
		if (work->error.code != GK_OK || missing) {
			if (note_untagged(image, work, missing, outcome, err) < 0)
				return -1;
			continue;
		}
		log_tagged(lifecycle, release, image);
		if (gk_strv_add(&tagged->locations, image->location, err) < 0 ||
		    gk_strv_add(&tagged->ids, image->id, err) < 0)
			return -1;
	}
	return 0;
}

/* Tags every pending image with its snapshots, all locations at once, and reads the tags back. */
static int tag_pending(struct lifecycle *lifecycle, const struct release *release,
		       const struct tag_list *extra, struct tagged *tagged,
		       struct outcome *outcome, struct gk_error *err)
{
	_cleanup_(tagging_done) struct tagging tagging = {0};
	_cleanup_(cloud_look_done) struct cloud_look look = {0};
	_cleanup_(tag_list_done) struct tag_list tags = {0};

	if (release_tags(release, extra, &tags, err) < 0 ||
	    build_tagging(release, &tags, &tagging, err) < 0)
		return -1;
	if (tagging.count == 0)
		return 0;
	if (lifecycle->cloud->ops->tag(lifecycle->cloud, tagging.items, tagging.count, err) < 0 ||
	    read_back(lifecycle, release, &tagging, &tags, &look, err) < 0)
		return -1;
	return judge_tags(lifecycle, release, &tagging, &look, &tags, tagged, outcome, err);
}

int finish_tags(struct lifecycle *lifecycle, const struct release *release,
		const struct tag_list *extra, struct outcome *outcome, struct gk_error *err)
{
	_cleanup_(tagged_done) struct tagged tagged = {0};

	return tag_pending(lifecycle, release, extra, &tagged, outcome, err);
}

/* Applies what was tagged; returns true if that changed the release. */
static bool mark_live(struct release *release, const struct tagged *tagged)
{
	bool changed = false;
	bool all = true;

	for (size_t i = 0; i < release->image_count; i++) {
		struct image *image = &release->images[i];

		if (image->state == RELEASE_PENDING && tagged_has(tagged, image)) {
			image->state = RELEASE_LIVE;
			changed = true;
		}
		all = all && image->state != RELEASE_PENDING;
	}
	if (all && release->state == RELEASE_PENDING) {
		release->state = RELEASE_LIVE;
		changed = true;
	}
	return changed;
}

static int save_live(struct lifecycle *lifecycle, struct release *release,
		     const struct tagged *tagged, struct gk_error *err)
{
	char label[RELEASE_LABEL_SIZE];

	for (int round = 0; round < SAVE_ROUNDS; round++) {
		bool was_pending = release->state == RELEASE_PENDING;
		struct gk_error problem = {0};

		if (!mark_live(release, tagged))
			return 0;
		if (journal_save(lifecycle, release,
				 release->state == RELEASE_LIVE ? "live" : "tagged", NULL,
				 &problem) == 0) {
			if (was_pending && release->state == RELEASE_LIVE)
				gk_log(lifecycle->log, GK_LOG_STEP, "%s: live",
				       release_label(release, label));
			return 0;
		}
		if (journal_retry(lifecycle, release, &problem, err) < 0)
			return -1;
	}
	return journal_gave_up(release, err);
}

/* The intent without these channels, or (NULL) without what is to be published; *ret_text is NULL if
 * it did not have them. */
static int intent_without(const struct release *release, const struct gk_strv *moved,
			  char **ret_text, struct gk_error *err)
{
	_cleanup_(intent_done) struct intent intent = {0};
	_cleanup_free_ char *text = NULL;

	*ret_text = NULL;
	if (intent_from_json(release->intent, &intent, err) < 0)
		return -1;
	for (size_t i = 0; moved && i < moved->count; i++)
		gk_strv_remove(&intent.channels, moved->items[i]);
	if (!moved) {
		intent.publish = false;
		free(TAKE_PTR(intent.tfvars));
	}
	text = intent_to_json(&intent, err);
	if (!text)
		return -1;
	if (strcmp(text, release->intent) != 0)
		*ret_text = TAKE_PTR(text);
	return 0;
}

static int forget(struct lifecycle *lifecycle, struct release *release,
		  const struct gk_strv *moved, const char *action, const char *detail,
		  struct gk_error *err)
{
	for (int round = 0; round < SAVE_ROUNDS; round++) {
		_cleanup_free_ char *text = NULL;
		struct gk_error problem = {0};

		if (!release->intent || release->state != RELEASE_LIVE)
			return 0;
		if (intent_without(release, moved, &text, err) < 0)
			return -1;
		if (!text)
			return 0;
		if (gk_str_set(&release->intent, text, err) < 0)
			return -1;
		if (journal_save(lifecycle, release, action, detail, &problem) == 0)
			return 0;
		if (journal_retry(lifecycle, release, &problem, err) < 0)
			return -1;
	}
	return journal_gave_up(release, err);
}

static int forget_channels(struct lifecycle *lifecycle, struct release *release,
			   const struct gk_strv *moved, struct gk_error *err)
{
	_cleanup_free_ char *names = gk_strv_join(moved, ", ", err);

	return names ? forget(lifecycle, release, moved, "moved", names, err) : -1;
}

int finish_publication(struct lifecycle *lifecycle, struct release *release,
		       const struct outcome *outcome, struct gk_error *err)
{
	_cleanup_(gk_strv_done) struct gk_strv names = {0};
	_cleanup_free_ char *text = NULL;

	for (size_t i = 0; i < outcome->published_count; i++)
		if (gk_strv_add_unique(&names, outcome->published[i].name, err) < 0)
			return -1;
	/* Its channels may have moved on. */
	if (names.count == 0 && gk_strv_add(&names, "nothing", err) < 0)
		return -1;
	text = gk_strv_join(&names, ", ", err);
	return text ? forget(lifecycle, release, NULL, "published", text, err) : -1;
}

static int finish_withdrawal(struct lifecycle *lifecycle, struct release *release,
			     const struct intent *intent, struct outcome *outcome,
			     struct channel_list *ret_channels, struct gk_error *err)
{
	struct gk_error problem = {0};

	if (revoke_finish(lifecycle, release, intent->revoke, outcome, &problem) < 0 &&
	    outcome_add_incomplete(outcome, "revoke", NULL, problem.message, err) < 0)
		return -1;
	return channels_read(lifecycle, release->family, ret_channels, err);
}

/* Those of the run, then those that the release was promoted to. Returns how many were moved. */
static int move_channels(struct lifecycle *lifecycle, const struct release *release,
			 const struct intent *intent, struct channel_list *ret_channels,
			 struct gk_error *err)
{
	int moved = channels_move(lifecycle, release, &intent->channels, ret_channels, err);
	int promoted = moved < 0 ? -1 : moves_carry_out(lifecycle, release, intent, err);

	if (promoted < 0 ||
	    (promoted > 0 && channels_read(lifecycle, release->family, ret_channels, err) < 0))
		return -1;
	return moved + promoted;
}

int finish_release(struct lifecycle *lifecycle, struct release *release,
		   const struct intent *intent, struct outcome *outcome,
		   struct channel_list *ret_channels, struct gk_error *err)
{
	_cleanup_(tagged_done) struct tagged tagged = {0};
	struct gk_error problem = {0};
	bool more = false;
	int moved = 0;

	if (tag_pending(lifecycle, release, &intent->tags, &tagged, outcome, &problem) < 0 &&
	    outcome_add_incomplete(outcome, "tag", NULL, problem.message, err) < 0)
		return -1;
	if (save_live(lifecycle, release, &tagged, err) < 0)
		return -1;
	if (intent->revoke)
		return finish_withdrawal(lifecycle, release, intent, outcome, ret_channels, err);
	moved = move_channels(lifecycle, release, intent, ret_channels, &problem);
	if (moved < 0)
		return outcome_add_incomplete(outcome, "channel", NULL, problem.message, err);
	/* Channels are moved once: whoever moves them on by hand while the rest is unfinished has
	 * the last word. Without a rest the whole intent is forgotten next. */
	more = intent->policy.given || intent->publish || intent->tfvars;
	if (more && intent->channels.count > 0 &&
	    forget_channels(lifecycle, release, &intent->channels, err) < 0)
		return -1;
	return moved;
}

/* Leaves what no run is about. Returns whether that changed the release. */
static int forget_run(struct release *release, struct gk_error *err)
{
	_cleanup_(intent_done) struct intent intent = {0};
	struct intent left = {.no_run = true};

	if (intent_from_json(release->intent, &intent, err) < 0)
		return -1;
	left.moves = intent.moves;
	left.revoke = intent.revoke;
	return intent_keep(&left, release, err);
}

int finish_intent(struct lifecycle *lifecycle, struct release *release, struct gk_error *err)
{
	for (int round = 0; round < SAVE_ROUNDS; round++) {
		struct gk_error problem = {0};
		int changed = 0;

		if (!release->intent || release->state == RELEASE_PENDING)
			return 0;
		for (size_t i = 0; i < release->image_count; i++)
			if (release->images[i].state == RELEASE_PENDING)
				return 0;
		changed = forget_run(release, err);
		if (changed <= 0)
			return changed;
		if (journal_save(lifecycle, release, "finished", NULL, &problem) == 0)
			return 0;
		if (journal_retry(lifecycle, release, &problem, err) < 0)
			return -1;
	}
	return journal_gave_up(release, err);
}
