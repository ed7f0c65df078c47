#include "cloud/cloud.h"

#include "base/mem.h"

static void snapshot_done(struct cloud_snapshot *snapshot)
{
	free(snapshot->location);
	free(snapshot->id);
	tag_list_done(&snapshot->tags);
	*snapshot = (struct cloud_snapshot){0};
}

static void search_done(struct cloud_search *search)
{
	free(search->location);
	for (size_t i = 0; i < search->image_count; i++)
		cloud_image_done(&search->images[i]);
	free(search->images);
	*search = (struct cloud_search){0};
}

static void usage_done(struct cloud_usage *usage)
{
	free(usage->location);
	free(usage->id);
	gk_strv_done(&usage->references);
	gk_strv_done(&usage->shared_with);
	*usage = (struct cloud_usage){0};
}

bool cloud_pointer_is_writable(struct cloud_pointer *pointer)
{
	if (pointer->kind)
		gk_error_set(&pointer->error, GK_REFUSED,
			     "parameter %s in %s is of the type %s, which cannot be changed: delete "
			     "it and run `goldkeep resume`, which makes it anew",
			     pointer->name, pointer->location, pointer->kind);
	else if (pointer->pinned && pointer->present && !gk_str_equal(pointer->value, pointer->id))
		gk_error_set(&pointer->error, GK_CONFLICT,
			     "parameter %s in %s names %s already; it stands for one version and is "
			     "never overwritten: if it is a leftover, delete it and run `goldkeep "
			     "resume`",
			     pointer->name, pointer->location, pointer->value);
	else
		return true;
	return false;
}

void cloud_pointer_done(struct cloud_pointer *pointer)
{
	free(pointer->value);
	free(pointer->kind);
	*pointer = (struct cloud_pointer){0};
}

void cloud_image_done(struct cloud_image *image)
{
	free(image->location);
	free(image->id);
	free(image->status_text);
	free(image->account);
	free(image->name);
	free(image->architecture);
	free(image->protection);
	free(image->bundle);
	gk_strv_done(&image->snapshots);
	tag_list_done(&image->tags);
	*image = (struct cloud_image){0};
}

void cloud_look_done(struct cloud_look *look)
{
	for (size_t i = 0; i < look->image_count; i++)
		cloud_image_done(&look->images[i]);
	for (size_t i = 0; i < look->snapshot_count; i++)
		snapshot_done(&look->snapshots[i]);
	for (size_t i = 0; i < look->search_count; i++)
		search_done(&look->searches[i]);
	for (size_t i = 0; i < look->usage_count; i++)
		usage_done(&look->usages[i]);
	free(look->images);
	free(look->snapshots);
	free(look->searches);
	free(look->usages);
	*look = (struct cloud_look){0};
}

void cloud_tagging_done(struct cloud_tagging *tagging)
{
	gk_strv_done(&tagging->ids);
	tag_list_done(&tagging->tags);
	*tagging = (struct cloud_tagging){0};
}

void cloud_removal_done(struct cloud_removal *removal)
{
	for (size_t i = 0; i < removal->snapshot_count; i++) {
		free(removal->snapshots[i].id);
		free(removal->snapshots[i].reason);
	}
	free(removal->snapshots);
	*removal = (struct cloud_removal){0};
}

struct cloud_image *cloud_look_add_image(struct cloud_look *look, const char *location,
					 const char *id, struct gk_error *err)
{
	struct cloud_image *image =
		gk_array_add(&look->images, &look->image_count, sizeof(*image), err);

	if (!image)
		return NULL;
	if (gk_str_set(&image->location, location, err) < 0 ||
	    gk_str_set(&image->id, id, err) < 0) {
		cloud_image_done(image);
		look->image_count--;
		return NULL;
	}
	return image;
}

struct cloud_snapshot *cloud_look_add_snapshot(struct cloud_look *look, const char *location,
					       const char *id, struct gk_error *err)
{
	struct cloud_snapshot *snapshot =
		gk_array_add(&look->snapshots, &look->snapshot_count, sizeof(*snapshot), err);

	if (!snapshot)
		return NULL;
	if (gk_str_set(&snapshot->location, location, err) < 0 ||
	    gk_str_set(&snapshot->id, id, err) < 0) {
		snapshot_done(snapshot);
		look->snapshot_count--;
		return NULL;
	}
	return snapshot;
}

struct cloud_search *cloud_look_add_search(struct cloud_look *look, const char *location,
					   const char *family, struct gk_error *err)
{
	struct cloud_search *search =
		gk_array_add(&look->searches, &look->search_count, sizeof(*search), err);

	if (!search)
		return NULL;
	if (gk_str_set(&search->location, location, err) < 0) {
		search_done(search);
		look->search_count--;
		return NULL;
	}
	search->family = family;
	return search;
}

struct cloud_usage *cloud_look_add_usage(struct cloud_look *look, const char *location,
					 const char *id, struct gk_error *err)
{
	struct cloud_usage *usage =
		gk_array_add(&look->usages, &look->usage_count, sizeof(*usage), err);

	if (!usage)
		return NULL;
	if (gk_str_set(&usage->location, location, err) < 0 ||
	    gk_str_set(&usage->id, id, err) < 0) {
		usage_done(usage);
		look->usage_count--;
		return NULL;
	}
	return usage;
}

struct cloud_snapshot_removal *cloud_removal_add_snapshot(struct cloud_removal *removal,
							  const char *id, struct gk_error *err)
{
	struct cloud_snapshot_removal *snapshot =
		gk_array_add(&removal->snapshots, &removal->snapshot_count, sizeof(*snapshot), err);

	if (!snapshot)
		return NULL;
	/* DELETED is only ever said by who has seen it. */
	snapshot->outcome = CLOUD_LEFTOVER;
	if (gk_str_set(&snapshot->id, id, err) < 0) {
		removal->snapshot_count--;
		return NULL;
	}
	return snapshot;
}

void cloud_close(struct cloud *cloud)
{
	if (cloud)
		cloud->ops->close(cloud);
}

void cloud_closep(struct cloud **cloud)
{
	cloud_close(*cloud);
	*cloud = NULL;
}
