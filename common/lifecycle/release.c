#include "lifecycle/private.h"

#include <string.h>

/* ---- looking at what Packer made ---- */

static int build_look(const struct release_order *order, bool family_known,
		      struct cloud_look *look, struct gk_error *err)
{
	for (size_t e = 0; e < order->entry_count; e++)
		for (size_t i = 0; i < order->entries[e]->image_count; i++) {
			const struct manifest_image *image = &order->entries[e]->images[i];

			if (look_image(look, image->location, image->id))
				continue;
			if (!cloud_look_add_image(look, image->location, image->id, err))
				return -1;
		}
	if (family_known || order->new_family)
		return 0;
	/* One search per region, in the same round as the images. */
	for (size_t i = 0; i < look->image_count; i++) {
		const char *location = look->images[i].location;
		bool there = false;

		for (size_t s = 0; s < look->search_count; s++)
			there = there || strcmp(look->searches[s].location, location) == 0;
		if (!there && !cloud_look_add_search(look, location, order->family, err))
			return -1;
	}
	return 0;
}

static const struct cloud_image *first_unready(const struct cloud_look *look)
{
	for (size_t i = 0; i < look->image_count; i++)
		if (look->images[i].error.code == GK_OK &&
		    (look->images[i].status == CLOUD_ABSENT ||
		     look->images[i].status == CLOUD_PENDING))
			return &look->images[i];
	return NULL;
}

/* What was made a moment ago may not be visible everywhere yet. */
static int look_at_images(struct lifecycle *lifecycle, const struct release_order *order,
			  bool family_known, struct cloud_look *look, struct gk_error *err)
{
	int round = 0;

	for (;;) {
		const struct cloud_image *unready = NULL;

		cloud_look_done(look);
		if (build_look(order, family_known, look, err) < 0 ||
		    lifecycle->cloud->ops->look(lifecycle->cloud, look, err) < 0)
			return -1;
		unready = first_unready(look);
		if (!unready || !patience_wait(lifecycle, &round, unready->id))
			return 0;
	}
}

static int check_image(const struct cloud_image *image, struct gk_error *err)
{
	if (image->error.code != GK_OK)
		return gk_error_set(err, image->error.code == GK_USAGE ? GK_USAGE : GK_FAILED,
				    "%s in %s: %s", image->id, image->location,
				    image->error.message);
	switch (image->status) {
	case CLOUD_ABSENT:
		return gk_error_set(err, GK_FAILED,
				    "%s is not among this account's AMIs in %s: it is gone, or these "
				    "credentials belong to another account than Packer's",
				    image->id, image->location);
	case CLOUD_PENDING:
		return gk_error_set(err, GK_FAILED,
				    "%s in %s is still pending: release it again when it is "
				    "available",
				    image->id, image->location);
	case CLOUD_DISABLED:
	case CLOUD_BROKEN:
		return gk_error_set(err, GK_FAILED, "%s in %s is not available but %s", image->id,
				    image->location,
				    image->status_text ? image->status_text : "of no use");
	case CLOUD_AVAILABLE:
		break;
	}
	return 0;
}

/* "--region A --region B" for all regions of the release; owned. */
static char *region_options(const struct cloud_look *look, struct gk_error *err)
{
	_cleanup_(gk_strv_done) struct gk_strv options = {0};

	for (size_t i = 0; i < look->search_count; i++)
		if (gk_strv_addf(&options, err, "--region %s", look->searches[i].location) < 0)
			return NULL;
	return gk_strv_join(&options, " ", err);
}

/* A family that the account knows and the inventory does not: the inventory was lost, or is another. */
static int refuse_lost_inventory(const struct cloud_look *look, const struct cloud_image *found,
				 const char *family, struct gk_error *err)
{
	_cleanup_free_ char *regions = region_options(look, err);

	if (!regions)
		return -1;
	return gk_error_set(err, GK_CONFLICT,
			    "this inventory does not know family %s, but %s in %s is tagged %s %s: "
			    "name the inventory that has it with --store, or rebuild it with "
			    "`goldkeep adopt --from-tags --family %s %s`, or start the family anew "
			    "with --new-family",
			    family, found->id, found->location, family,
			    tag_list_get(&found->tags, TAG_VERSION), family, regions);
}

static int check_searches(const struct cloud_look *look, const char *family, struct gk_error *err)
{
	for (size_t i = 0; i < look->search_count; i++) {
		const struct cloud_search *search = &look->searches[i];

		if (search->error.code != GK_OK)
			return gk_error_set(err, GK_FAILED,
					    "cannot tell whether %s has releases already in %s: %s",
					    family, search->location, search->error.message);
		if (search->image_count > 0)
			return refuse_lost_inventory(look, &search->images[0], family, err);
	}
	return 0;
}

static int check_look(struct lifecycle *lifecycle, const struct cloud_look *look,
		      const char *family, struct gk_error *err)
{
	struct gk_error problem = {0};
	bool known = false;

	for (size_t i = 0; i < look->image_count; i++)
		if (check_image(&look->images[i], err) < 0)
			return -1;
	if (check_searches(look, family, &problem) == 0)
		return 0;
	/* The tags may be those of a run that has begun the family since the inventory was asked. */
	if (inventory_knows_family(lifecycle->inventory, family, &known, err) < 0)
		return -1;
	if (known)
		return 0;
	*err = problem;
	return -1;
}

/* ---- the release as a value ---- */

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
	    gk_str_set(&release->fingerprint, order->fingerprint, err) < 0)
		return -1;
	for (size_t i = 0; i < look->image_count; i++) {
		struct image *image = release_add_image(release, err);

		if (!image || image_from_cloud(image, &look->images[i], err) < 0)
			return -1;
	}
	return 0;
}

/* ---- tag limits, before anything is written ---- */

static int check_room(const char *id, const char *location, const struct tag_list *there,
		      const struct tag_list *tags, struct gk_error *err)
{
	size_t count = tag_list_count_after(there, tags);

	if (count <= TAG_LIMIT)
		return 0;
	return gk_error_set(err, GK_FAILED,
			    "%s in %s would carry %zu tags, EC2 allows %d: take %zu away from the "
			    "template",
			    id, location, count, TAG_LIMIT, count - TAG_LIMIT);
}

/* Looks at the snapshots (their ids are known only since the images were described). */
static int check_tag_room(struct lifecycle *lifecycle, const struct release *release,
			  const struct cloud_look *images, const struct tag_list *extra,
			  struct gk_error *err)
{
	_cleanup_(cloud_look_done) struct cloud_look look = {0};
	_cleanup_(tag_list_done) struct tag_list tags = {0};

	if (release_tags(release, extra, &tags, err) < 0)
		return -1;
	for (size_t i = 0; i < images->image_count; i++) {
		const struct cloud_image *image = &images->images[i];

		if (check_room(image->id, image->location, &image->tags, &tags, err) < 0)
			return -1;
		for (size_t s = 0; s < image->snapshots.count; s++)
			if (!cloud_look_add_snapshot(&look, image->location,
						     image->snapshots.items[s], err))
				return -1;
	}
	if (look.snapshot_count > 0 &&
	    lifecycle->cloud->ops->look(lifecycle->cloud, &look, err) < 0)
		return -1;
	for (size_t i = 0; i < look.snapshot_count; i++) {
		const struct cloud_snapshot *snapshot = &look.snapshots[i];

		if (snapshot->error.code != GK_OK)
			return gk_error_set(err, GK_FAILED, "%s in %s: %s", snapshot->id,
					    snapshot->location, snapshot->error.message);
		if (check_room(snapshot->id, snapshot->location, &snapshot->tags, &tags, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- recording ---- */

/* Images of one run join its release. Returns true through *ret_changed if the release is other than
 * before: an image is new, or has lost a tag and is to be tagged again. */
static int merge_images(struct release *release, const struct release *draft,
			const struct cloud_look *look, const struct tag_list *extra,
			bool *ret_changed, struct gk_error *err)
{
	_cleanup_(tag_list_done) struct tag_list tags = {0};

	*ret_changed = false;
	if (release_tags(release, extra, &tags, err) < 0)
		return -1;
	for (size_t i = 0; i < draft->image_count; i++) {
		const struct image *made = &draft->images[i];
		const struct cloud_image *seen = look_image(look, made->location, made->id);
		struct image *image = release_find_image(release, made->location, made->id);

		if (!image) {
			image = release_add_image(release, err);
			if (!image || image_from_cloud(image, seen, err) < 0)
				return -1;
			*ret_changed = true;
		} else if (image->state == RELEASE_LIVE && !tag_list_contains(&seen->tags, &tags)) {
			image->state = RELEASE_PENDING;
			*ret_changed = true;
		}
	}
	return 0;
}

/* What a run still wants of a release that exists: what it wanted before, and what is asked now. */
static int merge_intent(struct intent *intent, const struct release *release,
			const struct release_order *order, struct gk_error *err)
{
	if (intent_from_json(release->intent, intent, err) < 0)
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
	return 0;
}

static int set_intent(struct release *release, const struct intent *intent, struct gk_error *err)
{
	_cleanup_free_ char *text = intent_to_json(intent, err);

	return text ? gk_str_set(&release->intent, text, err) : -1;
}

static int join(struct lifecycle *lifecycle, struct release *release, const struct release *draft,
		const struct cloud_look *look, const struct release_order *order,
		struct intent *ret_intent, bool *ret_changed, struct gk_error *err)
{
	for (int round = 0; round < SAVE_ROUNDS; round++) {
		_cleanup_(intent_done) struct intent intent = {0};

		if (merge_intent(&intent, release, order, err) < 0 ||
		    merge_images(release, draft, look, &intent.tags, ret_changed, err) < 0 ||
		    (*ret_changed && set_intent(release, &intent, err) < 0))
			return -1;
		if (!*ret_changed || journal_save(lifecycle, release, "joined", NULL, err) == 0) {
			*ret_intent = intent;
			intent = (struct intent){0};
			return 0;
		}
		if (err->code != GK_CONFLICT || journal_reload(lifecycle, release, err) < 0)
			return -1;
	}
	return -1;
}

static void log_recorded(struct lifecycle *lifecycle, const struct release *release, bool existing)
{
	char label[RELEASE_LABEL_SIZE];

	gk_log(lifecycle->log, GK_LOG_STEP, "%s: %s for run %s, %zu image%s",
	       release_label(release, label), existing ? "is recorded already" : "recorded",
	       release->run, release->image_count, release->image_count == 1 ? "" : "s");
}

/* The version, written down with everything that is needed to finish the work. */
static int record(struct lifecycle *lifecycle, const struct release_order *order,
		  const struct cloud_look *look, struct release *release,
		  struct intent *ret_intent, bool *ret_changed, struct gk_error *err)
{
	_cleanup_(release_done) struct release draft = {0};
	_cleanup_(intent_done) struct intent intent = {0};
	bool existing = false;

	if (build_release(lifecycle, order, look, &draft, err) < 0 ||
	    check_tag_room(lifecycle, &draft, look, &order->tags, err) < 0 ||
	    merge_intent(&intent, &draft, order, err) < 0 ||
	    set_intent(&draft, &intent, err) < 0 || release_copy(&draft, release, err) < 0 ||
	    journal_allocate(lifecycle, &order->version, release, &existing, err) < 0)
		return -1;
	log_recorded(lifecycle, release, existing);
	if (existing)
		return join(lifecycle, release, &draft, look, order, ret_intent, ret_changed, err);
	*ret_changed = true;
	*ret_intent = intent;
	intent = (struct intent){0};
	return 0;
}

/* ---- after it is recorded ---- */

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
		  const struct policy *policy, const struct channel_list *channels,
		  struct outcome *outcome, struct gk_error *err)
{
	if (outcome->incomplete_count > 0 || release->state == RELEASE_PENDING)
		return 0;
	if (policy->given || has_begun_removals(lifecycle, release->family)) {
		if (retention_run(lifecycle, release->family, policy, release,
				  lifecycle->dry_run ? channels : NULL, outcome, err) < 0)
			return -1;
		if (outcome->incomplete_count > 0)
			return 0;
	}
	if (policy->given && others_supersede(lifecycle, release, err) < 0)
		return -1;
	return finish_intent(lifecycle, release, err);
}

/* Steps after the record: a failure in them is unfinished work, no failure of the release. */
static int finish(struct lifecycle *lifecycle, struct release *release, struct intent *intent,
		  struct outcome *outcome, struct gk_error *err)
{
	_cleanup_(channel_list_done) struct channel_list channels = {0};
	struct gk_error problem = {0};
	const char *step = "record";
	int done = finish_release(lifecycle, release, intent, outcome, &channels, &problem);

	if (done == 0)
		done = others_finish(lifecycle, release, outcome, &problem);
	if (done == 0) {
		step = "retain";
		done = retain(lifecycle, release, &intent->policy, &channels, outcome, &problem);
	}
	if (done < 0 && outcome_add_incomplete(outcome, step, NULL, problem.message, err) < 0)
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

/* The run was released and has been retired since: nothing of it can be released again. */
static int already_retired(struct release *release, struct outcome *outcome, struct gk_error *err)
{
	char label[RELEASE_LABEL_SIZE];

	outcome->result = OUTCOME_UNCHANGED;
	outcome->has_release = true;
	outcome->release = *release;
	*release = (struct release){0};
	return gk_strv_addf(&outcome->warnings, err, "%s of this run is %s already",
			    release_label(&outcome->release, label),
			    release_state_name(outcome->release.state));
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

int lifecycle_release(struct lifecycle *lifecycle, const struct release_order *order,
		      struct outcome *outcome, struct gk_error *err)
{
	struct inventory *inventory = lifecycle->inventory;
	_cleanup_(cloud_look_done) struct cloud_look look = {0};
	_cleanup_(release_done) struct release release = {0};
	_cleanup_(intent_done) struct intent intent = {0};
	bool found = false;
	bool known = false;
	bool changed = false;

	if (inventory_knows_family(inventory, order->family, &known, err) < 0 ||
	    inventory->ops->find_run(inventory, order->family, order->run, &found, &release, err) <
		    0)
		return -1;
	if (found && release.state >= RELEASE_RETIRING)
		return already_retired(&release, outcome, err);
	release_done(&release);
	if (look_at_images(lifecycle, order, known, &look, err) < 0 ||
	    check_look(lifecycle, &look, order->family, err) < 0 ||
	    record(lifecycle, order, &look, &release, &intent, &changed, err) < 0)
		return -1;

	/* From here on the release exists: -1 would say that it does not. */
	outcome->has_release = true;
	changed = changed || release_is_unfinished(&release);
	if (warn_other_version(order, &release, outcome, err) < 0 ||
	    finish(lifecycle, &release, &intent, outcome, err) < 0)
		outcome->result = OUTCOME_INCOMPLETE;
	else if (outcome->incomplete_count > 0)
		outcome->result = OUTCOME_INCOMPLETE;
	else
		outcome->result = changed || removed_any(outcome) ? OUTCOME_RELEASED
								  : OUTCOME_UNCHANGED;
	outcome->release = release;
	release = (struct release){0};
	return 0;
}
