#include <ctype.h>
#include <string.h>

#include "aws/answer.h"
#include "aws/ec2.h"
#include "base/mem.h"

enum { PAGE = 500 };

void ec2_snapshot_list_done(struct ec2_snapshot_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].id);
		free(list->items[i].state);
		ec2_tag_list_done(&list->items[i].tags);
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

const char *ec2_other_image(const char *message, const char *own, size_t *ret_length)
{
	for (const char *at = strstr(message, "ami-"); at; at = strstr(at + 4, "ami-")) {
		size_t length = 4;

		while (isalnum((unsigned char)at[length]))
			length++;
		if (length > 4 &&
		    !(own && strlen(own) == length && strncmp(at, own, length) == 0)) {
			*ret_length = length;
			return at;
		}
	}
	return NULL;
}

void ec2_create_tags(struct aws_call *call, const char *region, char *const *ids, size_t id_count,
		     const struct ec2_tag *tags, size_t tag_count)
{
	call->service = AWS_EC2;
	call->region = region;
	call->action = "CreateTags";
	for (size_t i = 0; i < id_count; i++)
		aws_param(call, ids[i], "ResourceId.%zu", i + 1);
	for (size_t i = 0; i < tag_count; i++) {
		aws_param(call, tags[i].key, "Tag.%zu.Key", i + 1);
		aws_param(call, tags[i].value, "Tag.%zu.Value", i + 1);
	}
}
