#include "aws/answer.h"
#include "aws/ec2.h"
#include "base/mem.h"

enum { PAGE = 500 };

void ec2_snapshot_list_done(struct ec2_snapshot_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].id);
		free(list->items[i].state);
		tag_list_done(&list->items[i].tags);
	}
	free(list->items);
	*list = (struct ec2_snapshot_list){0};
}

void ec2_describe_snapshots(struct aws_listing *listing, const char *region,
			    const struct ec2_filter *filters, size_t count)
{
	ec2_listing(listing, region, "DescribeSnapshots", PAGE);
	aws_param(&listing->call, "self", "Owner.1");
	for (size_t i = 0; i < count; i++)
		ec2_add_filter(&listing->call, (int)i + 1, &filters[i]);
}

static int read_snapshot(const struct gk_xml *item, struct ec2_snapshot *snapshot,
			 struct gk_error *err)
{
	const char *id = NULL;

	if (aws_answer_text(item, "snapshotId", &id, err) < 0 ||
	    gk_str_set(&snapshot->id, id, err) < 0)
		return -1;
	if (aws_answer_copy(item, "status", &snapshot->state, err) < 0 ||
	    ec2_read_tags(item, &snapshot->tags, err) < 0)
		return gk_error_wrap(err, "%s", id);
	return 0;
}

int ec2_read_snapshots(const struct gk_xml *answer, struct ec2_snapshot_list *list,
		       struct gk_error *err)
{
	const struct gk_xml *item = NULL;

	if (aws_answer_check(answer, "DescribeSnapshots", err) < 0 ||
	    aws_answer_list(answer, "snapshotSet", "item", &item, err) < 0)
		return -1;
	for (; item; item = item->next) {
		struct ec2_snapshot *snapshot =
			gk_array_add(&list->items, &list->count, sizeof(*snapshot), err);

		if (!snapshot || read_snapshot(item, snapshot, err) < 0)
			return -1;
	}
	return 0;
}

void ec2_delete_snapshot(struct aws_call *call, const char *region, const char *id)
{
	call->service = AWS_EC2;
	call->region = region;
	call->action = "DeleteSnapshot";
	aws_param(call, id, "SnapshotId");
}

void ec2_create_tags(struct aws_call *call, const char *region, char *const *ids, size_t id_count,
		     const struct tag_list *tags)
{
	call->service = AWS_EC2;
	call->region = region;
	call->action = "CreateTags";
	for (size_t i = 0; i < id_count; i++)
		aws_param(call, ids[i], "ResourceId.%zu", i + 1);
	for (size_t i = 0; i < tags->count; i++) {
		aws_param(call, tags->items[i].key, "Tag.%zu.Key", i + 1);
		aws_param(call, tags->items[i].value, "Tag.%zu.Value", i + 1);
	}
}
