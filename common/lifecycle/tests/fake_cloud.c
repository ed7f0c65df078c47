#include "lifecycle/tests/fake_cloud.h"

#include <string.h>

#include "base/mem.h"
#include "base/tests/unit.h"

static struct fake_image *find(struct fake_cloud *cloud, const char *location, const char *id)
{
	for (size_t i = 0; i < cloud->image_count; i++) {
		struct fake_image *image = &cloud->images[i];

		if (strcmp(image->location, location) == 0 &&
		    (strcmp(image->id, id) == 0 || gk_strv_has(&image->snapshots, id)))
			return image;
	}
	fail_msg("%s in %s was never made", id, location);
	return NULL;
}

static void note(struct fake_cloud *cloud, const char *call)
{
	assert_int_equal(gk_strv_add(&cloud->calls, call, NULL), 0);
	if (cloud->before)
		cloud->before(cloud, call);
}

static bool is_failing(const char *failing, const char *location, struct gk_error *error)
{
	if (!failing || strcmp(failing, location) != 0)
		return false;
	gk_error_set(error, GK_DENIED, "denied in %s", location);
	return true;
}

static void copy_tags(struct tag_list *to, const struct tag_list *from)
{
	for (size_t i = 0; i < from->count; i++)
		assert_int_equal(
			tag_list_set(to, from->items[i].key, from->items[i].value, NULL), 0);
}

static void show_tags(struct fake_image *image)
{
	if (image->hidden.count == 0 || image->tags_hidden_for-- > 0)
		return;
	copy_tags(&image->tags, &image->hidden);
	tag_list_done(&image->hidden);
	image->hidden = (struct tag_list){0};
}

static void see_image(struct fake_cloud *cloud, struct cloud_image *seen)
{
	struct fake_image *image = find(cloud, seen->location, seen->id);

	show_tags(image);
	seen->status = CLOUD_ABSENT;
	if (image->gone || image->hidden_for-- > 0)
		return;
	seen->status = CLOUD_AVAILABLE;
	seen->deprecated_at = image->deprecated ? 1 : 0;
	copy_tags(&seen->tags, &image->tags);
	assert_int_equal(gk_str_set(&seen->account, "1", NULL), 0);
	assert_int_equal(gk_str_set(&seen->architecture, image->architecture, NULL), 0);
	assert_int_equal(gk_strv_extend(&seen->snapshots, &image->snapshots, NULL), 0);
}

static void search(struct fake_cloud *cloud, struct cloud_search *wanted)
{
	for (size_t i = 0; i < cloud->image_count; i++) {
		struct fake_image *image = &cloud->images[i];
		struct cloud_image *seen = NULL;

		if (image->gone || strcmp(image->location, wanted->location) != 0 ||
		    !gk_str_equal(tag_list_get(&image->tags, TAG_FAMILY), wanted->family))
			continue;
		seen = gk_array_add(&wanted->images, &wanted->image_count, sizeof(*seen), NULL);
		assert_non_null(seen);
		assert_int_equal(gk_str_set(&seen->location, image->location, NULL), 0);
		assert_int_equal(gk_str_set(&seen->id, image->id, NULL), 0);
		see_image(cloud, seen);
	}
}

static int fake_look(struct cloud *base, struct cloud_look *look, struct gk_error *err)
{
	struct fake_cloud *cloud = (struct fake_cloud *)base;

	(void)err;
	note(cloud, "look");
	for (size_t i = 0; i < look->image_count; i++)
		see_image(cloud, &look->images[i]);
	for (size_t i = 0; i < look->snapshot_count; i++) {
		struct fake_image *image =
			find(cloud, look->snapshots[i].location, look->snapshots[i].id);

		look->snapshots[i].present = !image->gone;
		copy_tags(&look->snapshots[i].tags, &image->tags);
	}
	for (size_t i = 0; i < look->search_count; i++)
		search(cloud, &look->searches[i]);
	for (size_t i = 0; i < look->usage_count; i++)
		is_failing(cloud->unreadable, look->usages[i].location, &look->usages[i].error);
	return 0;
}

static int fake_tag(struct cloud *base, struct cloud_tagging *work, size_t count,
		    struct gk_error *err)
{
	struct fake_cloud *cloud = (struct fake_cloud *)base;

	(void)err;
	note(cloud, "tag");
	for (size_t i = 0; i < count; i++)
		for (size_t id = 0; id < work[i].ids.count; id++)
			if (!is_failing(cloud->untaggable, work[i].location, &work[i].error))
				copy_tags(&find(cloud, work[i].location, work[i].ids.items[id])->hidden,
					  &work[i].tags);
	return 0;
}

static int fake_remove(struct cloud *base, struct cloud_removal *work, size_t count,
		       struct gk_error *err)
{
	struct fake_cloud *cloud = (struct fake_cloud *)base;

	(void)err;
	note(cloud, "remove");
	for (size_t i = 0; i < count; i++) {
		if (work[i].id)
			find(cloud, work[i].location, work[i].id)->gone = true;
		for (size_t s = 0; s < work[i].snapshot_count; s++)
			work[i].snapshots[s].outcome = CLOUD_DELETED;
	}
	return 0;
}

static struct fake_pointer *find_pointer(struct fake_cloud *cloud, const char *location,
					 const char *name)
{
	for (size_t i = 0; i < cloud->pointer_count; i++)
		if (strcmp(cloud->pointers[i].location, location) == 0 &&
		    strcmp(cloud->pointers[i].name, name) == 0)
			return &cloud->pointers[i];
	return NULL;
}

static void show_pointer(struct fake_pointer *pointer)
{
	if (!pointer->coming || pointer->hidden_for-- > 0)
		return;
	free(pointer->value);
	pointer->value = TAKE_PTR(pointer->coming);
}

static int fake_read_pointers(struct cloud *base, struct cloud_pointer *pointers, size_t count,
			      struct gk_error *err)
{
	struct fake_cloud *cloud = (struct fake_cloud *)base;

	(void)err;
	note(cloud, "read pointers");
	for (size_t i = 0; i < count; i++) {
		struct cloud_pointer *seen = &pointers[i];
		struct fake_pointer *pointer = find_pointer(cloud, seen->location, seen->name);

		if (pointer)
			show_pointer(pointer);
		seen->error = (struct gk_error){0};
		seen->present = pointer && pointer->value;
		assert_int_equal(
			gk_str_set(&seen->value, seen->present ? pointer->value : NULL, NULL), 0);
		assert_int_equal(
			gk_str_set(&seen->kind, seen->present ? pointer->kind : NULL, NULL), 0);
	}
	return 0;
}

static void write_pointer(struct fake_cloud *cloud, struct cloud_pointer *wanted)
{
	struct fake_pointer *pointer = find_pointer(cloud, wanted->location, wanted->name);

	if (pointer && pointer->kind)
		gk_error_set(&wanted->error, GK_REFUSED, "%s is %s", wanted->name, pointer->kind);
	else if (pointer && wanted->pinned && pointer->value &&
		 strcmp(pointer->value, wanted->id) != 0)
		gk_error_set(&wanted->error, GK_CONFLICT, "%s is there", wanted->name);
	if (wanted->error.code != GK_OK)
		return;
	if (cloud->forgetful && strcmp(cloud->forgetful, wanted->location) == 0)
		return;
	if (!pointer)
		pointer = fake_cloud_add_pointer(cloud, wanted->location, wanted->name, NULL, NULL);
	assert_int_equal(gk_str_set(&pointer->coming, wanted->id, NULL), 0);
	pointer->hidden_for = cloud->stored_after;
}

static int fake_write_pointers(struct cloud *base, struct cloud_pointer *pointers, size_t count,
			       struct gk_error *err)
{
	struct fake_cloud *cloud = (struct fake_cloud *)base;

	(void)err;
	note(cloud, "write pointers");
	for (size_t i = 0; i < count; i++) {
		pointers[i].error = (struct gk_error){0};
		if (!is_failing(cloud->unpublishable, pointers[i].location, &pointers[i].error))
			write_pointer(cloud, &pointers[i]);
	}
	return 0;
}

static int fake_deprecate(struct cloud *base, struct cloud_deprecation *work, size_t count,
			  struct gk_error *err)
{
	struct fake_cloud *cloud = (struct fake_cloud *)base;

	(void)err;
	note(cloud, "deprecate");
	for (size_t i = 0; i < count; i++) {
		struct fake_image *image = find(cloud, work[i].location, work[i].id);

		work[i].error = (struct gk_error){0};
		if (cloud->undeprecating && strcmp(cloud->undeprecating, work[i].location) == 0)
			gk_error_set(&work[i].error, GK_UNSUPPORTED, "not known in %s",
				     work[i].location);
		else
			image->deprecated = true;
	}
	return 0;
}

static void fake_close(struct cloud *base)
{
	(void)base;
}

void fake_cloud_init(struct fake_cloud *cloud)
{
	static const struct cloud_ops ops = {
		.close = fake_close,
		.look = fake_look,
		.tag = fake_tag,
		.remove = fake_remove,
		.read_pointers = fake_read_pointers,
		.write_pointers = fake_write_pointers,
		.deprecate = fake_deprecate,
	};

	*cloud = (struct fake_cloud){.base.ops = &ops};
}

void fake_cloud_done(struct fake_cloud *cloud)
{
	for (size_t i = 0; i < cloud->image_count; i++) {
		gk_strv_done(&cloud->images[i].snapshots);
		tag_list_done(&cloud->images[i].tags);
		tag_list_done(&cloud->images[i].hidden);
	}
	for (size_t i = 0; i < cloud->pointer_count; i++) {
		free(cloud->pointers[i].location);
		free(cloud->pointers[i].name);
		free(cloud->pointers[i].value);
		free(cloud->pointers[i].coming);
	}
	gk_strv_done(&cloud->calls);
}

struct fake_image *fake_cloud_add(struct fake_cloud *cloud, const char *location, const char *id)
{
	struct fake_image *image = &cloud->images[cloud->image_count++];

	assert_in_range(cloud->image_count, 1, FAKE_IMAGES);
	image->location = location;
	image->id = id;
	assert_int_equal(gk_strv_addf(&image->snapshots, NULL, "snap-%s", id + strlen("ami-")), 0);
	return image;
}

struct fake_pointer *fake_cloud_add_pointer(struct fake_cloud *cloud, const char *location,
					    const char *name, const char *value, const char *kind)
{
	struct fake_pointer *pointer = &cloud->pointers[cloud->pointer_count++];

	assert_in_range(cloud->pointer_count, 1, FAKE_POINTERS);
	*pointer = (struct fake_pointer){.kind = kind};
	assert_int_equal(gk_str_set(&pointer->location, location, NULL), 0);
	assert_int_equal(gk_str_set(&pointer->name, name, NULL), 0);
	assert_int_equal(gk_str_set(&pointer->value, value, NULL), 0);
	return pointer;
}

const char *fake_cloud_pointer(const struct fake_cloud *cloud, const char *location,
			       const char *name)
{
	const struct fake_pointer *pointer =
		find_pointer((struct fake_cloud *)cloud, location, name);

	if (!pointer)
		return NULL;
	return pointer->coming ? pointer->coming : pointer->value;
}

size_t fake_cloud_count(const struct fake_cloud *cloud, const char *call)
{
	size_t count = 0;

	for (size_t i = 0; i < cloud->calls.count; i++)
		count += strcmp(cloud->calls.items[i], call) == 0;
	return count;
}
