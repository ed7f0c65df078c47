/* What Packer made, as the provider shows it, before anything is recorded. */
#include "lifecycle/private.h"

#include <string.h>

static bool was_lost(const struct release *recorded, const struct manifest_image *made)
{
	const struct image *image =
		recorded ? release_find_image(recorded, made->location, made->id) : NULL;

	return image && image->state == RELEASE_RETIRED;
}

static int build_look(const struct release_order *order, const struct release *recorded,
		      bool family_known, struct cloud_look *look, struct gk_error *err)
{
	for (size_t e = 0; e < order->entry_count; e++)
		for (size_t i = 0; i < order->entries[e]->image_count; i++) {
			const struct manifest_image *image = &order->entries[e]->images[i];

			if (look_image(look, image->location, image->id) ||
			    was_lost(recorded, image))
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
int release_look(struct lifecycle *lifecycle, const struct release_order *order,
		 const struct release *recorded, bool family_known, struct cloud_look *look,
		 struct gk_error *err)
{
	int round = 0;

	for (;;) {
		const struct cloud_image *unready = NULL;

		cloud_look_done(look);
		if (build_look(order, recorded, family_known, look, err) < 0 ||
		    lifecycle->cloud->ops->look(lifecycle->cloud, look, err) < 0)
			return -1;
		unready = first_unready(look);
		if (!unready || !patience_wait(lifecycle, &round, PATIENCE_NEW, unready->id))
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

/* A family that the account knows and the inventory does not: the inventory was lost, or is
 * another. */
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

int release_check(struct lifecycle *lifecycle, const struct cloud_look *look, const char *family,
		  struct gk_error *err)
{
	struct gk_error problem = {0};
	bool known = false;

	for (size_t i = 0; i < look->image_count; i++)
		if (check_image(&look->images[i], err) < 0)
			return -1;
	if (check_searches(look, family, &problem) == 0)
		return 0;
	/* The tags may be those of a run that has begun the family since the inventory was asked.
	 * */
	if (inventory_knows_family(lifecycle->inventory, family, &known, err) < 0)
		return -1;
	if (known)
		return 0;
	*err = problem;
	return -1;
}

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

/* The tags as they will be, with the longest version there can be: the real one is not chosen yet.
 * */
static int longest_tags(const struct release *release, const struct tag_list *extra,
			struct tag_list *ret, struct gk_error *err)
{
	struct release longest = *release; /* borrows everything */

	memset(longest.version.prerelease, 'x', SEMVER_TEXT_MAX - strlen("0.0.0-"));
	return release_tags(&longest, extra, ret, err);
}

/* The ids of the snapshots are known only since the images were described. */
static int look_at_snapshots(struct lifecycle *lifecycle, const struct cloud_look *images,
			     struct cloud_look *look, struct gk_error *err)
{
	for (size_t i = 0; i < images->image_count; i++)
		for (size_t s = 0; s < images->images[i].snapshots.count; s++)
			if (!cloud_look_add_snapshot(look, images->images[i].location,
						     images->images[i].snapshots.items[s], err))
				return -1;
	if (look->snapshot_count == 0)
		return 0;
	return lifecycle->cloud->ops->look(lifecycle->cloud, look, err);
}

int release_check_tags(struct lifecycle *lifecycle, const struct release *release,
		       const struct cloud_look *images, const struct tag_list *extra,
		       struct cloud_look *ret_snapshots, struct gk_error *err)
{
	_cleanup_(tag_list_done) struct tag_list tags = {0};

	if (longest_tags(release, extra, &tags, err) < 0)
		return -1;
	for (size_t i = 0; i < images->image_count; i++)
		if (check_room(images->images[i].id, images->images[i].location,
			       &images->images[i].tags, &tags, err) < 0)
			return -1;
	if (look_at_snapshots(lifecycle, images, ret_snapshots, err) < 0)
		return -1;
	for (size_t i = 0; i < ret_snapshots->snapshot_count; i++) {
		const struct cloud_snapshot *snapshot = &ret_snapshots->snapshots[i];

		if (snapshot->error.code != GK_OK)
			return gk_error_set(err, GK_FAILED, "%s in %s: %s", snapshot->id,
					    snapshot->location, snapshot->error.message);
		if (check_room(snapshot->id, snapshot->location, &snapshot->tags, &tags, err) < 0)
			return -1;
	}
	return 0;
}
