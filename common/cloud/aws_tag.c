#include "base/mem.h"
#include "cloud/aws_private.h"

/* A new image or snapshot may not be visible everywhere; two writers of one resource's
 * tags get in each other's way. */
static const char *const patient_codes[] = {"InvalidAMIID.NotFound",
					    "InvalidSnapshot.NotFound",
					    "InvalidSnapshotID.NotFound",
					    "InvalidID",
					    "ConcurrentTagAccess",
					    NULL};

struct tag_call {
	struct aws_call call;
	struct cloud_tagging *tagging;
};

struct tag_call_list {
	struct tag_call *items;
	size_t count;
};

static void tag_call_list_done(struct tag_call_list *list)
{
	aws_items_done(list->items, list->count, sizeof(*list->items));
}

/* The tags in the words of EC2; the texts stay the tagging's. */
static struct ec2_tag *borrow_tags(const struct tag_list *tags, struct gk_error *err)
{
	struct ec2_tag *list = calloc(tags->count, sizeof(*list));

	if (!list)
		gk_error_memory(err);
	for (size_t i = 0; list && i < tags->count; i++)
		list[i] = (struct ec2_tag){tags->items[i].key, tags->items[i].value};
	return list;
}

static int add_calls(struct tag_call_list *list, struct cloud_tagging *tagging,
		     struct gk_error *err)
{
	_cleanup_free_ struct ec2_tag *tags = borrow_tags(&tagging->tags, err);

	if (!tags)
		return -1;
	for (size_t at = 0; at < tagging->ids.count; at += EC2_TAGGED_IDS_MAX) {
		size_t left = tagging->ids.count - at;
		struct tag_call *item =
			gk_array_add(&list->items, &list->count, sizeof(*item), err);

		if (!item)
			return -1;
		item->tagging = tagging;
		item->call.patient_codes = patient_codes;
		ec2_create_tags(&item->call, tagging->location, tagging->ids.items + at,
				left < EC2_TAGGED_IDS_MAX ? left : EC2_TAGGED_IDS_MAX, tags,
				tagging->tags.count);
	}
	return 0;
}

static void read_answer(const struct tag_call *item)
{
	struct gk_error *error = &item->tagging->error;

	if (error->code != GK_OK)
		return;
	if (item->call.error.code != GK_OK)
		*error = item->call.error;
	else if (ec2_read_done(item->call.xml, "CreateTags", error) < 0)
		gk_error_wrap(error, "CreateTags in %s", item->tagging->location);
}

int aws_cloud_tag(struct cloud *cloud, struct cloud_tagging *work, size_t count,
		  struct gk_error *err)
{
	_cleanup_(tag_call_list_done) struct tag_call_list list = {0};

	for (size_t i = 0; i < count; i++) {
		work[i].error = (struct gk_error){0};
		if (work[i].tags.count && add_calls(&list, &work[i], err) < 0)
			return -1;
	}
	if (aws_run_items((struct aws_cloud *)cloud, list.items, list.count, sizeof(*list.items),
			  err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++)
		read_answer(&list.items[i]);
	return 0;
}
