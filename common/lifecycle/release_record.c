/* The release as a value, and how it gets into the inventory. */
#include "lifecycle/private.h"

#include <string.h>

#include "base/file.h"
#include "image/pointer.h"

/* Packer's build time, unless it is absent or in the future. */
static time_t build_time(struct lifecycle *lifecycle, const struct release_order *order)
{
	time_t now = lifecycle->clock->now(lifecycle->clock);
	time_t built = 0;

	for (size_t i = 0; i < order->entry_count; i++)
		if (order->entries[i]->build_time > built)
			built = order->entries[i]->build_time;
	return built > 0 && built <= now ? built : now;
}

static int build_release(struct lifecycle *lifecycle, const struct release_order *order,
			 const struct cloud_look *look, struct release *release,
			 struct gk_error *err)
{
	release->state = RELEASE_PENDING;
	release->created_at = build_time(lifecycle, order);
	if (gk_str_set(&release->family, order->family, err) < 0 ||
	    gk_str_set(&release->run, order->run, err) < 0 ||
	    gk_str_set(&release->build, order->entries[0]->name, err) < 0 ||
	    gk_str_set(&release->builder, order->entries[0]->builder_type, err) < 0 ||
	    gk_str_set(&release->fingerprint, order->fingerprint, err) < 0 ||
	    gk_strv_extend(&release->published, &order->pointers, err) < 0)
		return -1;
	for (char *c = release->fingerprint; c && *c; c++)
		*c = *c >= 'A' && *c <= 'F' ? (char)(*c - 'A' + 'a') : *c;
	for (size_t i = 0; i < look->image_count; i++) {
		struct image *image = release_add_image(release, err);

		if (!image || image_from_cloud(image, &look->images[i], err) < 0)
			return -1;
	}
	return 0;
}

/* ---- where it is to be published ---- */

/* The names that a release would be published under, if the channels of the order named it. */
static int check_names(const struct release *release, const struct gk_strv *templates,
		       const struct release_order *order, struct gk_error *err)
{
	static char latest[] = "latest";
	_cleanup_(pointer_list_done) struct pointer_list pointers = {0};
	_cleanup_(channel_list_done) struct channel_list channels = {0};
	struct channel channel = {.name = latest, .version = release->version};

	if (channel_list_set(&channels, &channel, err) < 0)
		return -1;
	for (size_t i = 0; i < order->channels.count; i++) {
		channel.name = order->channels.items[i];
		if (channel_list_set(&channels, &channel, err) < 0)
			return -1;
	}
	return pointers_of_release(release, templates, &channels, &pointers, err);
}

/* A template that turned out to be impossible, because an image joined later, gives way to those
 * that are asked for now. */
static int drop_refused(struct release *release, const struct release_order *order,
			struct gk_error *err)
{
	for (size_t i = release->published.count; i-- > 0;) {
		struct gk_strv one = {.items = &release->published.items[i], .count = 1};
		struct gk_error problem = {0};

		if (gk_strv_has(&order->pointers, one.items[0]) ||
		    check_names(release, &one, order, &problem) == 0)
			continue;
		if (problem.code != GK_REFUSED) {
			*err = problem;
			return -1;
		}
		free(one.items[0]);
		release->published.count--;
		memmove(one.items, one.items + 1,
			(release->published.count - i) * sizeof(*one.items));
	}
	return 0;
}

/* Sets *ret_changed if the release is published under other names than before. */
static int merge_names(struct release *release, const struct release_order *order,
		       bool *ret_changed, struct gk_error *err)
{
	size_t before = release->published.count;

	for (size_t i = 0; i < order->pointers.count; i++)
		if (gk_strv_add_unique(&release->published, order->pointers.items[i], err) < 0)
			return -1;
	if (release->published.count == before)
		return 0;
	*ret_changed = true;
	return drop_refused(release, order, err);
}

/* ---- joining the release that the run has already ---- */

static bool shows_tags(const struct cloud_look *look, const struct cloud_look *snapshots,
		       const struct image *image, const struct tag_list *tags)
{
	const struct cloud_image *seen = look_image(look, image->location, image->id);

	if (!seen || !tag_list_contains(&seen->tags, tags))
		return false;
	for (size_t i = 0; i < snapshots->snapshot_count; i++)
		if (image_find_snapshot(image, snapshots->snapshots[i].id) &&
		    !tag_list_contains(&snapshots->snapshots[i].tags, tags))
			return false;
	return true;
}

/* What a draft needs of the looks that it was made from. */
struct seen {
	const struct cloud_look *images;
	const struct cloud_look *snapshots;
};

/* Images of one run join its release. Tells through *ret_changed whether the release is other than
 * before: an image is new, or has lost a tag and is to be tagged again. */
static int merge_images(struct release *release, const struct release *draft,
			const struct seen *seen, const struct tag_list *extra, bool *ret_changed,
			struct gk_error *err)
{
	_cleanup_(tag_list_done) struct tag_list tags = {0};

	*ret_changed = false;
	if (release_tags(release, extra, &tags, err) < 0)
		return -1;
	for (size_t i = 0; i < draft->image_count; i++) {
		const struct image *made = &draft->images[i];
		struct image *image = release_find_image(release, made->location, made->id);

		if (!image) {
			image = release_add_image(release, err);
			if (!image || image_copy(made, image, err) < 0)
				return -1;
			*ret_changed = true;
		} else if (image->state == RELEASE_LIVE &&
			   !shows_tags(seen->images, seen->snapshots, image, &tags)) {
			image->state = RELEASE_PENDING;
			*ret_changed = true;
		}
	}
	return 0;
}

/* A release on its way out takes nobody in: its removal would take the new image along. */
static int refuse_late(const struct release *release, const struct release *draft,
		       struct gk_error *err)
{
	char label[RELEASE_LABEL_SIZE];

	return gk_error_set(err, GK_CONFLICT,
			    "%s of this run is %s meanwhile, so %s cannot join it: build it in a "
			    "run of its own",
			    release_label(release, label), release_state_name(release->state),
			    draft->image_count ? draft->images[0].id : "the build");
}

/* Whoever finishes the work may do so in another folder. */
static int set_path(struct intent *intent, const char *path, struct gk_error *err)
{
	_cleanup_free_ char *absolute = gk_path_absolute(path, err);

	return absolute ? gk_str_set(&intent->tfvars, absolute, err) : -1;
}

/* What a run still wants of a release that exists: what it wanted before, and what is asked now. */
static int merge_intent(struct intent *intent, const struct release *release,
			const struct release_order *order, struct gk_error *err)
{
	if (intent_from_json(release->intent, intent, err) < 0)
		return -1;
	intent->no_run = false;
	/* What joins a release that was withdrawn is withdrawn too. */
	if (release->revoked && gk_str_set(&intent->revoke, release->revoked, err) < 0)
		return -1;
	for (size_t i = 0; i < order->channels.count; i++)
		if (gk_strv_add_unique(&intent->channels, order->channels.items[i], err) < 0)
			return -1;
	for (size_t i = 0; i < order->tags.count; i++)
		if (tag_list_set(&intent->tags, order->tags.items[i].key,
				 order->tags.items[i].value, err) < 0)
			return -1;
	if (order->policy.given)
		intent->policy = order->policy;
	intent->publish = release->published.count > 0 || order->pointers.count > 0;
	return order->tfvars ? set_path(intent, order->tfvars, err) : 0;
}

static int set_intent(struct release *release, const struct intent *intent, struct gk_error *err)
{
	_cleanup_free_ char *text = intent_to_json(intent, err);

	return text ? gk_str_set(&release->intent, text, err) : -1;
}

/* What another run after this one's took stays its own, when a finished release is released once
 * more. */
static int settle_intent(struct lifecycle *lifecycle, const struct release *release, bool changed,
			 struct intent *intent, struct gk_error *err)
{
	if (changed || release->intent)
		return 0;
	if (channels_drop_taken(lifecycle, release, &intent->channels, err) < 0)
		return -1;
	return channels_drop_had(lifecycle, release, &intent->channels, err);
}

static int join(struct lifecycle *lifecycle, struct release *release, const struct release *draft,
		const struct seen *seen, const struct release_order *order,
		struct intent *ret_intent, bool *ret_changed, struct gk_error *err)
{
	for (int round = 0; round < SAVE_ROUNDS; round++) {
		_cleanup_(intent_done) struct intent intent = {0};
		struct gk_error problem = {0};

		if (release->state >= RELEASE_RETIRING)
			return refuse_late(release, draft, err);
		if (merge_intent(&intent, release, order, err) < 0 ||
		    merge_images(release, draft, seen, &intent.tags, ret_changed, err) < 0 ||
		    settle_intent(lifecycle, release, *ret_changed, &intent, err) < 0 ||
		    merge_names(release, order, ret_changed, err) < 0 ||
		    (*ret_changed && set_intent(release, &intent, err) < 0))
			return -1;
		if (!*ret_changed ||
		    journal_save(lifecycle, release, "joined", NULL, &problem) == 0) {
			*ret_intent = intent;
			intent = (struct intent){0};
			return 0;
		}
		if (journal_retry(lifecycle, release, &problem, err) < 0)
			return -1;
	}
	return journal_gave_up(release, err);
}

static void log_recorded(struct lifecycle *lifecycle, const struct release *release, bool existing)
{
	char label[RELEASE_LABEL_SIZE];

	gk_log(lifecycle->log, GK_LOG_STEP, "%s: %s for run %s, %zu image%s",
	       release_label(release, label), existing ? "is recorded already" : "recorded",
	       release->run, release->image_count, release->image_count == 1 ? "" : "s");
}

int release_record(struct lifecycle *lifecycle, const struct release_order *order,
		   const struct cloud_look *look, struct release *release,
		   struct intent *ret_intent, bool *ret_existing, bool *ret_changed,
		   struct gk_error *err)
{
	_cleanup_(cloud_look_done) struct cloud_look snapshots = {0};
	_cleanup_(release_done) struct release draft = {0};
	_cleanup_(intent_done) struct intent intent = {0};
	struct seen seen = {.images = look, .snapshots = &snapshots};

	if (build_release(lifecycle, order, look, &draft, err) < 0 ||
	    release_check_tags(lifecycle, &draft, look, &order->tags, &snapshots, err) < 0 ||
	    check_names(&draft, &order->pointers, order, err) < 0 ||
	    merge_intent(&intent, &draft, order, err) < 0 ||
	    set_intent(&draft, &intent, err) < 0 || release_copy(&draft, release, err) < 0 ||
	    journal_allocate(lifecycle, &order->version, release, ret_existing, err) < 0)
		return -1;
	log_recorded(lifecycle, release, *ret_existing);
	if (*ret_existing)
		return join(lifecycle, release, &draft, &seen, order, ret_intent, ret_changed, err);
	*ret_changed = true;
	*ret_intent = intent;
	intent = (struct intent){0};
	return 0;
}
