#include "lifecycle/private.h"

#include <string.h>

const struct cloud_image *look_image(const struct cloud_look *look, const char *location,
				     const char *id)
{
	for (size_t i = 0; i < look->image_count; i++)
		if (strcmp(look->images[i].id, id) == 0 &&
		    strcmp(look->images[i].location, location) == 0)
			return &look->images[i];
	return NULL;
}

const struct cloud_snapshot *look_snapshot(const struct cloud_look *look, const char *location,
					   const char *id)
{
	for (size_t i = 0; i < look->snapshot_count; i++)
		if (strcmp(look->snapshots[i].id, id) == 0 &&
		    strcmp(look->snapshots[i].location, location) == 0)
			return &look->snapshots[i];
	return NULL;
}

const struct cloud_usage *look_usage(const struct cloud_look *look, const char *location,
				     const char *id)
{
	for (size_t i = 0; i < look->usage_count; i++)
		if (strcmp(look->usages[i].id, id) == 0 &&
		    strcmp(look->usages[i].location, location) == 0)
			return &look->usages[i];
	return NULL;
}

const char *look_missing_tags(const struct cloud_look *look, const struct image *image,
			      const struct tag_list *tags)
{
	const struct cloud_image *seen = look_image(look, image->location, image->id);

	if (!seen || seen->error.code != GK_OK || !tag_list_contains(&seen->tags, tags))
		return image->id;
	for (size_t i = 0; i < image->snapshot_count; i++) {
		const struct cloud_snapshot *snapshot =
			look_snapshot(look, image->location, image->snapshots[i].id);

		if (!snapshot || snapshot->error.code != GK_OK ||
		    !tag_list_contains(&snapshot->tags, tags))
			return image->snapshots[i].id;
	}
	return NULL;
}

bool look_sees_account(const struct cloud_look *look, const char *location, const char *account)
{
	bool elsewhere = false;
	bool missed = false;

	for (size_t i = 0; i < look->image_count; i++) {
		const struct cloud_image *image = &look->images[i];
		bool here = strcmp(image->location, location) == 0;

		if (image->error.code != GK_OK || image->status == CLOUD_ABSENT || !account ||
		    !gk_str_equal(image->account, account)) {
			/* Whose use is not asked about is a witness. */
			missed = missed || (here && !look_usage(look, location, image->id));
			continue;
		}
		if (here)
			return true;
		elsewhere = true;
	}
	return elsewhere && !missed;
}

int image_from_cloud(struct image *image, const struct cloud_image *seen, struct gk_error *err)
{
	image->state = RELEASE_PENDING;
	if (gk_str_set(&image->provider, "aws", err) < 0 ||
	    gk_str_set(&image->location, seen->location, err) < 0 ||
	    gk_str_set(&image->id, seen->id, err) < 0 ||
	    gk_str_set(&image->name, seen->name, err) < 0 ||
	    gk_str_set(&image->architecture, seen->architecture, err) < 0 ||
	    gk_str_set(&image->account, seen->account, err) < 0 ||
	    gk_str_set(&image->bundle, seen->bundle, err) < 0)
		return -1;
	for (size_t i = 0; i < seen->snapshots.count; i++)
		if (!image_find_snapshot(image, seen->snapshots.items[i]) &&
		    !image_add_snapshot(image, seen->snapshots.items[i], err))
			return -1;
	return 0;
}

int look_add_recorded(struct cloud_look *look, const struct image *image, struct gk_error *err)
{
	if (!cloud_look_add_image(look, image->location, image->id, err))
		return -1;
	for (size_t i = 0; i < image->snapshot_count; i++)
		if (!cloud_look_add_snapshot(look, image->location, image->snapshots[i].id, err))
			return -1;
	return 0;
}

int look_add_witnesses(struct lifecycle *lifecycle, const char *family,
		       const struct semver *except, struct cloud_look *look, struct gk_error *err)
{
	_cleanup_(release_list_done) struct release_list list = {0};

	if (inventory_collect(lifecycle->inventory, family, INVENTORY_ALIVE, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		const struct release *release = &list.items[i];

		if (release->state != RELEASE_LIVE ||
		    (except && semver_compare(&release->version, except) == 0))
			continue;
		for (size_t m = 0; m < release->image_count; m++)
			if (!release_discards(release, &release->images[m]) &&
			    !look_image(look, release->images[m].location,
					release->images[m].id) &&
			    !cloud_look_add_image(look, release->images[m].location,
						  release->images[m].id, err))
				return -1;
		break;
	}
	return 0;
}
