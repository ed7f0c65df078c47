#include "cloud/rehearsal.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

/* What was pretended of an image or a snapshot (tags that were put on it, its removal, since when
 * it is deprecated), or of the pointer of that name. */
struct pretence {
	char *location, *id;
	struct tag_list tags;
	bool gone;
	time_t deprecated_at;
	char *value;
};

struct rehearsal {
	struct cloud cloud;
	struct cloud *base; /* owned */
	struct pretence *items;
	size_t count;
};

static void close_rehearsal(struct cloud *cloud)
{
	struct rehearsal *rehearsal = (struct rehearsal *)cloud;

	for (size_t i = 0; i < rehearsal->count; i++) {
		free(rehearsal->items[i].location);
		free(rehearsal->items[i].id);
		tag_list_done(&rehearsal->items[i].tags);
		free(rehearsal->items[i].value);
	}
	free(rehearsal->items);
	cloud_close(rehearsal->base);
	free(rehearsal);
}

static struct pretence *find(const struct rehearsal *rehearsal, const char *location,
			     const char *id)
{
	for (size_t i = 0; i < rehearsal->count; i++)
		if (strcmp(rehearsal->items[i].id, id) == 0 &&
		    strcmp(rehearsal->items[i].location, location) == 0)
			return &rehearsal->items[i];
	return NULL;
}

static struct pretence *add(struct rehearsal *rehearsal, const char *location, const char *id,
			    struct gk_error *err)
{
	struct pretence *pretence = find(rehearsal, location, id);

	if (pretence)
		return pretence;
	pretence = gk_array_add(&rehearsal->items, &rehearsal->count, sizeof(*pretence), err);
	if (!pretence || gk_str_set(&pretence->location, location, err) < 0 ||
	    gk_str_set(&pretence->id, id, err) < 0)
		return NULL;
	return pretence;
}

static int add_tags(struct tag_list *to, const struct tag_list *tags, struct gk_error *err)
{
	for (size_t i = 0; i < tags->count; i++)
		if (tag_list_set(to, tags->items[i].key, tags->items[i].value, err) < 0)
			return -1;
	return 0;
}

static int look(struct cloud *cloud, struct cloud_look *seen, struct gk_error *err)
{
	struct rehearsal *rehearsal = (struct rehearsal *)cloud;

	if (rehearsal->base->ops->look(rehearsal->base, seen, err) < 0)
		return -1;
	for (size_t i = 0; i < seen->image_count; i++) {
		struct cloud_image *image = &seen->images[i];
		const struct pretence *pretence = find(rehearsal, image->location, image->id);

		if (pretence && pretence->gone)
			image->status = CLOUD_ABSENT;
		if (pretence && pretence->deprecated_at && !image->deprecated_at)
			image->deprecated_at = pretence->deprecated_at;
		if (pretence && add_tags(&image->tags, &pretence->tags, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < seen->snapshot_count; i++) {
		struct cloud_snapshot *snapshot = &seen->snapshots[i];
		const struct pretence *pretence =
			find(rehearsal, snapshot->location, snapshot->id);

		if (pretence && pretence->gone)
			snapshot->present = false;
		if (pretence && add_tags(&snapshot->tags, &pretence->tags, err) < 0)
			return -1;
	}
	return 0;
}

static int tag(struct cloud *cloud, struct cloud_tagging *work, size_t count, struct gk_error *err)
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < work[i].ids.count; k++) {
			struct pretence *pretence =
				add((struct rehearsal *)cloud, work[i].location,
				    work[i].ids.items[k], err);

			if (!pretence || add_tags(&pretence->tags, &work[i].tags, err) < 0)
				return -1;
		}
	return 0;
}

static int remove_one(struct rehearsal *rehearsal, struct cloud_removal *removal,
		      struct gk_error *err)
{
	struct pretence *pretence = NULL;

	if (removal->id) {
		pretence = add(rehearsal, removal->location, removal->id, err);
		if (!pretence)
			return -1;
		pretence->gone = true;
	}
	for (size_t i = 0; i < removal->snapshot_count; i++) {
		pretence = add(rehearsal, removal->location, removal->snapshots[i].id, err);
		if (!pretence)
			return -1;
		pretence->gone = true;
		removal->snapshots[i].outcome = CLOUD_DELETED;
	}
	return 0;
}

static int pretend_to_remove(struct cloud *cloud, struct cloud_removal *work, size_t count,
			     struct gk_error *err)
{
	for (size_t i = 0; i < count; i++)
		if (remove_one((struct rehearsal *)cloud, &work[i], err) < 0)
			return -1;
	return 0;
}

static int read_pointers(struct cloud *cloud, struct cloud_pointer *pointers, size_t count,
			 struct gk_error *err)
{
	struct rehearsal *rehearsal = (struct rehearsal *)cloud;
	struct cloud *base = rehearsal->base;

	if (base->ops->read_pointers(base, pointers, count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct cloud_pointer *pointer = &pointers[i];
		const struct pretence *pretence =
			find(rehearsal, pointer->location, pointer->name);

		if (!pretence || !pretence->value || pointer->error.code != GK_OK)
			continue;
		pointer->present = true;
		if (gk_str_set(&pointer->value, pretence->value, err) < 0)
			return -1;
	}
	return 0;
}

static int write_pointers(struct cloud *cloud, struct cloud_pointer *pointers, size_t count,
			  struct gk_error *err)
{
	struct rehearsal *rehearsal = (struct rehearsal *)cloud;

	if (read_pointers(cloud, pointers, count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct cloud_pointer *pointer = &pointers[i];
		struct pretence *pretence = NULL;

		if (pointer->error.code != GK_OK || !cloud_pointer_is_writable(pointer))
			continue;
		pretence = add(rehearsal, pointer->location, pointer->name, err);
		if (!pretence || gk_str_set(&pretence->value, pointer->id, err) < 0)
			return -1;
	}
	return 0;
}

static int deprecate(struct cloud *cloud, struct cloud_deprecation *work, size_t count,
		     struct gk_error *err)
{
	for (size_t i = 0; i < count; i++) {
		struct pretence *pretence = add((struct rehearsal *)cloud, work[i].location,
						work[i].id, err);

		if (!pretence)
			return -1;
		pretence->deprecated_at = gk_system_clock.now(&gk_system_clock);
		work[i].error = (struct gk_error){0};
	}
	return 0;
}

static const struct cloud_ops ops = {
	.close = close_rehearsal,
	.look = look,
	.tag = tag,
	.remove = pretend_to_remove,
	.read_pointers = read_pointers,
	.write_pointers = write_pointers,
	.deprecate = deprecate,
};

int rehearsal_cloud_open(struct cloud *base, struct cloud **ret, struct gk_error *err)
{
	struct rehearsal *rehearsal = calloc(1, sizeof(*rehearsal));

	if (!rehearsal)
		return gk_error_memory(err);
	rehearsal->cloud.ops = &ops;
	rehearsal->base = base;
	*ret = &rehearsal->cloud;
	return 0;
}
