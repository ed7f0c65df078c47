#include <string.h>

#include "aws/answer.h"
#include "aws/ec2.h"
#include "base/mem.h"

enum { PAGE = 500 };

static void clear_image(struct ec2_image *image)
{
	free(image->id);
	free(image->state);
	free(image->owner);
	free(image->state_reason);
	free(image->name);
	free(image->architecture);
	free(image->protection);
	free(image->bundle);
	gk_strv_done(&image->snapshots);
	ec2_tag_list_done(&image->tags);
}

void ec2_image_list_done(struct ec2_image_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		clear_image(&list->items[i]);
	free(list->items);
	*list = (struct ec2_image_list){0};
}

void ec2_describe_images(struct aws_listing *listing, const char *region,
			 const struct ec2_filter *filters, size_t count)
{
	ec2_listing(listing, region, "DescribeImages", PAGE);
	/* Without an owner the answer has every public image of the world in it. */
	aws_param(&listing->call, "self", "Owner.1");
	aws_param(&listing->call, "true", "IncludeDeprecated");
	aws_param(&listing->call, "true", "IncludeDisabled");
	for (size_t i = 0; i < count; i++)
		ec2_add_filter(&listing->call, (int)i + 1, &filters[i]);
}

static int read_time(const struct gk_xml *item, const char *name, time_t *ret,
		     struct gk_error *err)
{
	const char *text = gk_xml_text(item, name);

	if (!text || !text[0])
		return 0;
	if (gk_time_parse(text, ret, err) < 0)
		return gk_error_wrap(err, "%s", name);
	return 0;
}

/* Whatever is not known to mean "off" is protection. */
static int read_protection(const struct gk_xml *item, struct ec2_image *image,
			   struct gk_error *err)
{
	const char *text = gk_xml_text(item, "deregistrationProtection");

	if (!text || strcmp(text, "disabled") == 0)
		return 0;
	return gk_str_set(&image->protection, text[0] ? text : "unknown", err);
}

static int read_bundle(const struct gk_xml *item, struct ec2_image *image, struct gk_error *err)
{
	const char *type = gk_xml_text(item, "rootDeviceType");

	if (!type || strcmp(type, "instance-store") != 0)
		return 0;
	return aws_answer_copy(item, "imageLocation", &image->bundle, err);
}

static int read_snapshots(const struct gk_xml *item, struct ec2_image *image,
			  struct gk_error *err)
{
	const struct gk_xml *device = NULL;

	if (aws_answer_list(item, "blockDeviceMapping", "item", &device, err) < 0)
		return -1;
	for (; device; device = device->next) {
		/* Ephemeral devices have none. */
		const char *id = gk_xml_text(device, "ebs/snapshotId");

		if (id && id[0] && gk_strv_add_unique(&image->snapshots, id, err) < 0)
			return -1;
	}
	return 0;
}

static int read_state(const struct gk_xml *item, struct ec2_image *image, struct gk_error *err)
{
	const char *state = NULL;
	const char *owner = NULL;

	if (aws_answer_text(item, "imageState", &state, err) < 0 ||
	    aws_answer_text(item, "imageOwnerId", &owner, err) < 0 ||
	    gk_str_set(&image->state, state, err) < 0 ||
	    gk_str_set(&image->owner, owner, err) < 0)
		return -1;
	return aws_answer_copy(item, "stateReason/message", &image->state_reason, err);
}

static int read_image(const struct gk_xml *item, struct ec2_image *image, struct gk_error *err)
{
	const char *id = NULL;

	if (aws_answer_text(item, "imageId", &id, err) < 0 || gk_str_set(&image->id, id, err) < 0)
		return -1;
	if (read_state(item, image, err) < 0 ||
	    aws_answer_copy(item, "name", &image->name, err) < 0 ||
	    aws_answer_copy(item, "architecture", &image->architecture, err) < 0 ||
	    aws_answer_bool(item, "isPublic", &image->is_public, err) < 0 ||
	    read_time(item, "creationDate", &image->created_at, err) < 0 ||
	    read_time(item, "lastLaunchedTime", &image->last_launched_at, err) < 0 ||
	    read_time(item, "deprecationTime", &image->deprecated_at, err) < 0 ||
	    read_protection(item, image, err) < 0 || read_bundle(item, image, err) < 0 ||
	    read_snapshots(item, image, err) < 0 || ec2_read_tags(item, &image->tags, err) < 0)
		return gk_error_wrap(err, "%s", id);
	return 0;
}

int ec2_read_images(const struct gk_xml *answer, struct ec2_image_list *list,
		    struct gk_error *err)
{
	const struct gk_xml *item = NULL;

	if (aws_answer_check(answer, "DescribeImages", err) < 0 ||
	    aws_answer_list(answer, "imagesSet", "item", &item, err) < 0)
		return -1;
	for (; item; item = item->next) {
		struct ec2_image *image =
			gk_array_add(&list->items, &list->count, sizeof(*image), err);

		if (!image || read_image(item, image, err) < 0)
			return -1;
	}
	return 0;
}

void ec2_describe_launch_permission(struct aws_listing *listing, const char *region,
				    const char *id)
{
	ec2_listing(listing, region, "DescribeImageAttribute", 0);
	aws_param(&listing->call, id, "ImageId");
	aws_param(&listing->call, "launchPermission", "Attribute");
}

/* EC2 API Reference, LaunchPermission: one of these says who. */
static const char *const permission_fields[] = {"userId", "group", "organizationArn",
						"organizationalUnitArn"};

static int read_permission(const struct gk_xml *item, struct gk_strv *list, struct gk_error *err)
{
	size_t found = 0;

	for (size_t i = 0; i < ARRAY_SIZE(permission_fields); i++) {
		const char *text = gk_xml_text(item, permission_fields[i]);

		if (!text || !text[0])
			continue;
		if (gk_strv_add_unique(list, text, err) < 0)
			return -1;
		found++;
	}
	if (!found)
		return gk_error_set(err, GK_FAILED, "a launch permission of an unknown kind");
	return 0;
}

int ec2_read_launch_permission(const struct gk_xml *answer, const char *id, struct gk_strv *list,
			       struct gk_error *err)
{
	const struct gk_xml *item = NULL;
	const char *answered = NULL;

	if (aws_answer_check(answer, "DescribeImageAttribute", err) < 0 ||
	    aws_answer_text(answer, "imageId", &answered, err) < 0 ||
	    aws_answer_list(answer, "launchPermission", "item", &item, err) < 0)
		return -1;
	if (strcmp(answered, id) != 0)
		return gk_error_set(err, GK_FAILED, "asked about %s, answered about %.60s", id,
				    answered);
	for (; item; item = item->next)
		if (read_permission(item, list, err) < 0)
			return -1;
	return 0;
}

void ec2_deregister_image(struct aws_call *call, const char *region, const char *id)
{
	call->service = AWS_EC2;
	call->region = region;
	call->action = "DeregisterImage";
	aws_param(call, id, "ImageId");
	aws_param(call, "true", "DeleteAssociatedSnapshots");
}

void ec2_enable_image_deprecation(struct aws_call *call, const char *region, const char *id,
				  time_t when)
{
	char text[GK_TIME_TEXT];

	call->service = AWS_EC2;
	call->region = region;
	call->action = "EnableImageDeprecation";
	aws_param(call, id, "ImageId");
	aws_param(call, gk_time_format(when, text), "DeprecateAt");
}

void ec2_deletion_list_done(struct ec2_deletion_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].snapshot);
		free(list->items[i].code);
	}
	free(list->items);
	*list = (struct ec2_deletion_list){0};
}

int ec2_read_deregistered(const struct gk_xml *answer, struct ec2_deletion_list *list,
			  struct gk_error *err)
{
	const struct gk_xml *set = gk_xml_child(answer, "deleteSnapshotResultSet");

	if (ec2_read_return(answer, "DeregisterImage", err) < 0)
		return -1;
	/* The image is gone by now: a list that is not understood is no failure of that. */
	for (const struct gk_xml *item = gk_xml_child(set, "item"); item;
	     item = gk_xml_next(item, "item")) {
		const char *id = gk_xml_text(item, "snapshotId");
		const char *code = gk_xml_text(item, "returnCode");
		struct ec2_deletion *deletion = NULL;

		if (!id || !id[0])
			continue;
		deletion = gk_array_add(&list->items, &list->count, sizeof(*deletion), err);
		if (!deletion || gk_str_set(&deletion->snapshot, id, err) < 0 ||
		    gk_str_set(&deletion->code, code ? code : "", err) < 0)
			return -1;
	}
	return 0;
}
