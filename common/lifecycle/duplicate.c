#include "lifecycle/private.h"

#include <stdio.h>
#include <string.h>

#include "image/fingerprint.h"

/* ---- releases made from the same inputs ---- */

/* Of those that still have images, those with this fingerprint. */
static int same_inputs(struct lifecycle *lifecycle, const char *family, const char *fingerprint,
		       struct release_list *ret, struct gk_error *err)
{
	size_t kept = 0;

	if (inventory_collect(lifecycle->inventory, family, INVENTORY_ALIVE, ret, err) < 0)
		return -1;
	for (size_t i = 0; i < ret->count; i++) {
		if (fingerprint_equal(ret->items[i].fingerprint, fingerprint))
			ret->items[kept++] = ret->items[i];
		else
			release_done(&ret->items[i]);
	}
	ret->count = kept;
	return 0;
}

bool duplicate_stands(const struct release *release)
{
	_cleanup_(intent_done) struct intent intent = {0};
	struct gk_error ignored = {0};

	return release->state == RELEASE_LIVE && !release->revoked &&
	       intent_from_json(release->intent, &intent, &ignored) == 0 && !intent.revoke;
}

static const struct image *first_recorded(const struct release *made, const struct release *other)
{
	for (size_t i = 0; i < made->image_count; i++)
		if (release_find_image(other, made->images[i].location, made->images[i].id))
			return &made->images[i];
	return NULL;
}

int duplicate_find_record(struct lifecycle *lifecycle, const char *family,
			  const struct release *made, const struct semver *except,
			  char **ret_reason, struct gk_error *err)
{
	_cleanup_(release_list_done) struct release_list list = {0};
	char label[RELEASE_LABEL_SIZE];

	if (inventory_collect(lifecycle->inventory, family, INVENTORY_ALIVE, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		const struct release *other = &list.items[i];
		const struct image *image = first_recorded(made, other);

		if (!image || (except && semver_compare(&other->version, except) == 0))
			continue;
		*ret_reason = gk_str_format(err, "%s in %s is recorded with %s", image->id,
					    image->location, release_label(other, label));
		return *ret_reason ? 0 : -1;
	}
	return 0;
}

static struct release *newest_standing(const struct release_list *list)
{
	struct release *newest = NULL;

	for (size_t i = 0; i < list->count; i++)
		if (duplicate_stands(&list->items[i]) &&
		    (!newest || release_is_newer(&list->items[i], newest)))
			newest = &list->items[i];
	return newest;
}

int lifecycle_find_fingerprint(struct lifecycle *lifecycle, const char *family,
			       const char *fingerprint, bool *ret_found, struct release *ret,
			       struct gk_error *err)
{
	_cleanup_(release_list_done) struct release_list list = {0};
	struct release *newest = NULL;

	if (same_inputs(lifecycle, family, fingerprint, &list, err) < 0)
		return -1;
	newest = newest_standing(&list);
	*ret_found = newest != NULL;
	if (newest) {
		*ret = *newest;
		*newest = (struct release){0};
	}
	return 0;
}

/* ---- a discard that was begun before ---- */

char *discard_detail(const char *run, const struct release *images, struct gk_error *err)
{
	_cleanup_(gk_strv_done) struct gk_strv words = {0};

	if (gk_strv_addf(&words, err, "run %s:", run) < 0)
		return NULL;
	for (size_t i = 0; i < images->image_count; i++)
		if (gk_strv_add(&words, images->images[i].id, err) < 0)
			return NULL;
	return gk_strv_join(&words, " ", err);
}

bool discard_names(const char *detail, const char *id)
{
	size_t length = strlen(id);
	const char *at = detail ? strstr(detail, ": ") : NULL;

	while (at && (at = strstr(at, id))) {
		if (at[-1] == ' ' && (at[length] == ' ' || at[length] == '\0'))
			return true;
		at += length;
	}
	return false;
}

/* What the history says of an image that is no longer there. */
static bool was_discarded(const struct event_list *events, const char *id)
{
	for (size_t i = 0; i < events->count; i++)
		if (strcmp(events->items[i].action, DISCARDED) == 0 &&
		    discard_names(events->items[i].detail, id))
			return true;
	return false;
}

/* True if every image of the order is being discarded in favour of the release, or has been. */
static int is_begun(struct lifecycle *lifecycle, const struct release_order *order,
		    const struct release *release, bool *ret, struct gk_error *err)
{
	_cleanup_(event_list_done) struct event_list events = {0};

	*ret = false;
	if (lifecycle->inventory->ops->events(lifecycle->inventory, release->family,
					      &release->version, DISCARD_EVENTS, &events, err) < 0)
		return -1;
	for (size_t e = 0; e < order->entry_count; e++)
		for (size_t i = 0; i < order->entries[e]->image_count; i++) {
			const struct manifest_image *made = &order->entries[e]->images[i];
			const struct image *image =
				release_find_image(release, made->location, made->id);

			if (image ? !release_discards(release, image)
				  : !was_discarded(&events, made->id))
				return 0;
		}
	*ret = true;
	return 0;
}

/* ---- the outcome ---- */

/* False if images of the order are in nobody's hands: the discard was taken back. */
static int add_discarded(struct lifecycle *lifecycle, const struct release_order *order,
			 const struct release *release, struct outcome *outcome, bool *ret_all,
			 struct gk_error *err)
{
	if (is_begun(lifecycle, order, release, ret_all, err) < 0)
		return -1;
	for (size_t e = 0; *ret_all && e < order->entry_count; e++)
		for (size_t i = 0; i < order->entries[e]->image_count; i++) {
			const struct manifest_image *made = &order->entries[e]->images[i];

			if (!release_find_image(release, made->location, made->id) &&
			    !gk_strv_has(&outcome->discarded, made->id) &&
			    gk_strv_add(&outcome->discarded, made->id, err) < 0)
				return -1;
		}
	return 0;
}

static int add_channels(struct lifecycle *lifecycle, const struct release *release,
			struct outcome *outcome, struct gk_error *err)
{
	_cleanup_(channel_list_done) struct channel_list channels = {0};

	if (lifecycle->inventory->ops->channels(lifecycle->inventory, release->family, &channels,
						err) < 0)
		return -1;
	return channels_naming(&channels, &release->version, &outcome->channels, err);
}

static int take_steps(struct lifecycle *lifecycle, const struct release_order *order,
		      struct release *release, struct outcome *outcome, bool *ret_settled,
		      struct gk_error *err)
{
	if (discard_finish(lifecycle, release, &order->policy, outcome, err) < 0 ||
	    add_discarded(lifecycle, order, release, outcome, ret_settled, err) < 0)
		return -1;
	if (!*ret_settled)
		return 0;
	/* Whoever reads the run's file finds the release in it. */
	if ((order->tfvars &&
	     publish_release(lifecycle, release, order->tfvars, outcome, err) < 0) ||
	    others_finish(lifecycle, release, outcome, err) < 0)
		return -1;
	return add_channels(lifecycle, release, outcome, err);
}

/* What is written down is to be finished: a failure is unfinished work. */
static int conclude(struct lifecycle *lifecycle, const struct release_order *order,
		    struct release *release, struct outcome *outcome, bool *ret_settled,
		    struct gk_error *err)
{
	struct gk_error problem = {0};

	if (take_steps(lifecycle, order, release, outcome, ret_settled, &problem) < 0) {
		*ret_settled = true;
		if (outcome_add_failure(outcome, "discard", &problem, err) < 0)
			return -1;
	}
	if (!*ret_settled)
		return 0;
	outcome->result = outcome->incomplete_count > 0 ? OUTCOME_INCOMPLETE : OUTCOME_UNCHANGED;
	outcome->has_release = true;
	outcome->release = *release;
	*release = (struct release){0};
	return 0;
}

/* ---- may it stand in? ---- */

/* An image that a release has is no duplicate of one. */
static int refuse_tagged(const struct cloud_look *look, char **ret_reason, struct gk_error *err)
{
	for (size_t i = 0; i < look->image_count; i++) {
		const struct cloud_image *seen = &look->images[i];
		const char *version = tag_list_get(&seen->tags, TAG_VERSION);
		const char *family = tag_list_get(&seen->tags, TAG_FAMILY);

		if (!version && !family)
			continue;
		*ret_reason = gk_str_format(err, "%s in %s is tagged %s %s", seen->id,
					    seen->location, family ? family : "", version ? version : "");
		return *ret_reason ? 0 : -1;
	}
	return 0;
}

static bool covers(const struct release *release, const struct cloud_image *seen)
{
	for (size_t i = 0; i < release->image_count; i++) {
		const struct image *image = &release->images[i];

		if (image->state == RELEASE_LIVE && strcmp(image->location, seen->location) == 0 &&
		    gk_str_equal(image->architecture, seen->architecture))
			return true;
	}
	return false;
}

static int refuse_uncovered(const struct release *release, const struct cloud_look *look,
			    char **ret_reason, struct gk_error *err)
{
	for (size_t i = 0; i < look->image_count; i++) {
		const struct cloud_image *seen = &look->images[i];

		if (covers(release, seen))
			continue;
		*ret_reason = gk_str_format(err, "has no %s image in %s",
					    seen->architecture ? seen->architecture : "such",
					    seen->location);
		return *ret_reason ? 0 : -1;
	}
	return 0;
}

/* The images that would be left must be there. */
static int refuse_unavailable(struct lifecycle *lifecycle, const struct release *release,
			      char **ret_reason, struct gk_error *err)
{
	_cleanup_(cloud_look_done) struct cloud_look look = {0};

	for (size_t i = 0; i < release->image_count; i++)
		if (release->images[i].state == RELEASE_LIVE &&
		    !cloud_look_add_image(&look, release->images[i].location,
					  release->images[i].id, err))
			return -1;
	if (lifecycle->cloud->ops->look(lifecycle->cloud, &look, err) < 0)
		return -1;
	for (size_t i = 0; i < look.image_count; i++) {
		const struct cloud_image *seen = &look.images[i];

		if (seen->error.code == GK_OK && seen->status == CLOUD_AVAILABLE)
			continue;
		*ret_reason = gk_str_format(err, "its %s in %s %s", seen->id, seen->location,
					    seen->error.code != GK_OK ? seen->error.message
								      : "is not available");
		return *ret_reason ? 0 : -1;
	}
	return 0;
}

/* *ret_reason stays NULL if the release can stand in for the images. */
static int judge(struct lifecycle *lifecycle, const struct release *release,
		 const struct cloud_look *look, const struct release *made, char **ret_reason,
		 struct gk_error *err)
{
	if (refuse_tagged(look, ret_reason, err) < 0 ||
	    (!*ret_reason && duplicate_find_record(lifecycle, release->family, made, NULL,
						   ret_reason, err) < 0))
		return -1;
	if (!*ret_reason && refuse_uncovered(release, look, ret_reason, err) < 0)
		return -1;
	return *ret_reason ? 0 : refuse_unavailable(lifecycle, release, ret_reason, err);
}

/* ---- writing it down ---- */

/* The images of the look, on their way out. */
static int collect_made(const struct cloud_look *look, struct release *ret, struct gk_error *err)
{
	for (size_t i = 0; i < look->image_count; i++) {
		struct image *image = release_add_image(ret, err);

		if (!image || image_from_cloud(image, &look->images[i], err) < 0)
			return -1;
		image->state = RELEASE_RETIRING;
	}
	return 0;
}

static int write_down(struct lifecycle *lifecycle, const struct release_order *order,
		      const struct release *made, struct release *release, struct gk_error *err)
{
	_cleanup_free_ char *detail = discard_detail(order->run, made, err);

	if (!detail)
		return -1;
	for (size_t i = 0; i < made->image_count; i++) {
		struct image *image = release_add_image(release, err);

		if (!image || image_copy(&made->images[i], image, err) < 0)
			return -1;
	}
	return journal_save(lifecycle, release, DISCARDING, detail, err);
}

/* Goes on with what was begun. */
static int go_on(struct lifecycle *lifecycle, const struct release_order *order,
		 struct release_list *list, struct outcome *outcome, bool *ret_settled,
		 struct gk_error *err)
{
	for (size_t i = 0; i < list->count && !*ret_settled; i++) {
		bool begun = false;

		if (is_begun(lifecycle, order, &list->items[i], &begun, err) < 0 ||
		    (begun && conclude(lifecycle, order, &list->items[i], outcome, ret_settled,
				       err) < 0))
			return -1;
	}
	return 0;
}

/* Decides once. *ret_again: somebody else changed the release meanwhile. */
static int begin(struct lifecycle *lifecycle, const struct release_order *order,
		 const struct cloud_look *look, struct release_list *list, struct outcome *outcome,
		 bool *ret_settled, bool *ret_again, struct gk_error *err)
{
	struct release *duplicate = newest_standing(list);
	_cleanup_(release_done) struct release made = {0};
	_cleanup_free_ char *reason = NULL;
	struct gk_error problem = {0};
	char label[RELEASE_LABEL_SIZE];

	if (!duplicate)
		return 0;
	if (collect_made(look, &made, err) < 0 ||
	    judge(lifecycle, duplicate, look, &made, &reason, err) < 0)
		return -1;
	release_label(duplicate, label);
	if (reason)
		return gk_strv_addf(&outcome->warnings, err,
				    "%s was made from the same inputs, but %s: this build is released "
				    "too",
				    label, reason);
	if (write_down(lifecycle, order, &made, duplicate, &problem) < 0) {
		*ret_again = problem.code == GK_CONFLICT;
		if (*ret_again)
			return 0;
		*err = problem;
		return -1;
	}
	return conclude(lifecycle, order, duplicate, outcome, ret_settled, err);
}

int duplicate_settle(struct lifecycle *lifecycle, const struct release_order *order,
		     const struct cloud_look *look, struct outcome *outcome, bool *ret_settled,
		     struct gk_error *err)
{
	bool again = order->discard_duplicate;

	*ret_settled = false;
	for (int round = 0; again && round < SAVE_ROUNDS; round++) {
		_cleanup_(release_list_done) struct release_list list = {0};

		again = false;
		/* Another process may have begun with the same run since it was looked at. */
		if (same_inputs(lifecycle, order->family, order->fingerprint, &list, err) < 0 ||
		    go_on(lifecycle, order, &list, outcome, ret_settled, err) < 0)
			return -1;
		if (look && !*ret_settled &&
		    begin(lifecycle, order, look, &list, outcome, ret_settled, &again, err) < 0)
			return -1;
	}
	if (!again)
		return 0;
	return gk_error_set(err, GK_CONFLICT, "the releases of %s changed again and again",
			    order->family);
}
