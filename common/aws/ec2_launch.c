#include <string.h>

#include "aws/answer.h"
#include "aws/ec2.h"
#include "base/mem.h"

enum { REFERENCES_PAGE = 100, INSTANCES_PAGE = 500, TEMPLATES_PAGE = 200 };

/* An instance that is shutting down needs its image no more. */
static const char *const instance_states[] = {"pending", "running", "stopping", "stopped"};

void ec2_user_list_done(struct ec2_user_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].name);
		free(list->items[i].image);
	}
	free(list->items);
	*list = (struct ec2_user_list){0};
}

struct ec2_user *ec2_user_list_add(struct ec2_user_list *list, const char *name, const char *image,
				   struct gk_error *err)
{
	_cleanup_free_ char *name_copy = NULL;
	_cleanup_free_ char *image_copy = NULL;
	struct ec2_user *user = NULL;

	if (gk_str_set(&name_copy, name, err) < 0 || gk_str_set(&image_copy, image, err) < 0)
		return NULL;
	user = gk_array_add(&list->items, &list->count, sizeof(*user), err);
	if (!user)
		return NULL;
	user->name = TAKE_PTR(name_copy);
	user->image = TAKE_PTR(image_copy);
	return user;
}

static void add_resource_type(struct aws_call *call, int number, const char *type,
			      const char *option, const char *const *values, size_t count)
{
	aws_param(call, type, "ResourceType.%d.ResourceType", number);
	if (option)
		aws_param(call, option, "ResourceType.%d.ResourceTypeOption.1.OptionName", number);
	for (size_t i = 0; i < count; i++)
		aws_param(call, values[i],
			  "ResourceType.%d.ResourceTypeOption.1.OptionValue.%zu", number, i + 1);
}

void ec2_describe_image_references(struct aws_listing *listing, const char *region,
				   char *const *ids, size_t count)
{
	/* The default looks at the ten newest versions only, and $Default may be older. */
	static const char *const depth[] = {"10000"};

	ec2_listing(listing, region, "DescribeImageReferences", REFERENCES_PAGE);
	for (size_t i = 0; i < count; i++)
		aws_param(&listing->call, ids[i], "ImageId.%zu", i + 1);
	add_resource_type(&listing->call, 1, "ec2:Instance", "state-name", instance_states,
			  ARRAY_SIZE(instance_states));
	add_resource_type(&listing->call, 2, "ec2:LaunchTemplate", "version-depth", depth,
			  ARRAY_SIZE(depth));
	add_resource_type(&listing->call, 3, "ssm:Parameter", NULL, NULL, 0);
}

/* What stands in ARNs of a type before the name, and what people call it. */
static const struct {
	const char *type, *mark, *word, *before;
} resource_words[] = {
	{"ec2:Instance", ":instance/", "instance", ""},
	{"ec2:LaunchTemplate", ":launch-template/", "launch template", ""},
	/* /golden/web is …:parameter/golden/web. */
	{"ssm:Parameter", ":parameter/", "SSM parameter", "/"},
};

static char *reference_name(const char *type, const char *arn, struct gk_error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(resource_words); i++) {
		const char *mark = strstr(arn, resource_words[i].mark);

		if (strcmp(type, resource_words[i].type) == 0 && mark)
			return gk_str_format(err, "%s %s%s", resource_words[i].word,
					     resource_words[i].before,
					     mark + strlen(resource_words[i].mark));
	}
	return gk_str_format(err, "%s %s", type, arn);
}

static int read_reference(const struct gk_xml *item, struct ec2_user_list *list,
			  struct gk_error *err)
{
	_cleanup_free_ char *name = NULL;
	const char *image = NULL;
	const char *type = NULL;
	const char *arn = NULL;

	if (aws_answer_text(item, "imageId", &image, err) < 0 ||
	    aws_answer_text(item, "resourceType", &type, err) < 0 ||
	    aws_answer_text(item, "arn", &arn, err) < 0)
		return -1;
	name = reference_name(type, arn, err);
	return name && ec2_user_list_add(list, name, image, err) ? 0 : -1;
}

int ec2_read_image_references(const struct gk_xml *answer, struct ec2_user_list *list,
			      struct gk_error *err)
{
	const struct gk_xml *item = NULL;

	if (aws_answer_check(answer, "DescribeImageReferences", err) < 0 ||
	    aws_answer_list(answer, "imageReferenceSet", "item", &item, err) < 0)
		return -1;
	for (; item; item = item->next)
		if (read_reference(item, list, err) < 0)
			return -1;
	return 0;
}

static void add_managed(struct aws_call *call, bool managed)
{
	if (managed)
		aws_param(call, "true", "IncludeManagedResources");
}

void ec2_describe_instances(struct aws_listing *listing, const char *region, char *const *image_ids,
			    size_t count, bool managed)
{
	const struct ec2_filter images = {"image-id", (const char *const *)image_ids, count};
	const struct ec2_filter states = {"instance-state-name", instance_states,
					  ARRAY_SIZE(instance_states)};

	ec2_listing(listing, region, "DescribeInstances", INSTANCES_PAGE);
	ec2_add_filter(&listing->call, 1, &images);
	ec2_add_filter(&listing->call, 2, &states);
	add_managed(&listing->call, managed);
}

static int read_instance(const struct gk_xml *item, struct ec2_user_list *list,
			 struct gk_error *err)
{
	_cleanup_free_ char *name = NULL;
	const char *id = NULL;
	const char *image = NULL;

	if (aws_answer_text(item, "instanceId", &id, err) < 0 ||
	    aws_answer_text(item, "imageId", &image, err) < 0)
		return -1;
	name = gk_str_format(err, "instance %s", id);
	return name && ec2_user_list_add(list, name, image, err) ? 0 : -1;
}

int ec2_read_instances(const struct gk_xml *answer, struct ec2_user_list *list,
		       struct gk_error *err)
{
	const struct gk_xml *reservation = NULL;

	if (aws_answer_check(answer, "DescribeInstances", err) < 0 ||
	    aws_answer_list(answer, "reservationSet", "item", &reservation, err) < 0)
		return -1;
	for (; reservation; reservation = reservation->next) {
		const struct gk_xml *item = NULL;

		if (aws_answer_list(reservation, "instancesSet", "item", &item, err) < 0)
			return -1;
		if (!item)
			return gk_error_set(err, GK_FAILED, "a reservation without instances");
		for (; item; item = item->next)
			if (read_instance(item, list, err) < 0)
				return -1;
	}
	return 0;
}

void ec2_describe_launch_templates(struct aws_listing *listing, const char *region, bool managed)
{
	ec2_listing(listing, region, "DescribeLaunchTemplates", TEMPLATES_PAGE);
	add_managed(&listing->call, managed);
}

int ec2_read_launch_templates(const struct gk_xml *answer, struct gk_strv *ids,
			      struct gk_error *err)
{
	const struct gk_xml *item = NULL;

	if (aws_answer_check(answer, "DescribeLaunchTemplates", err) < 0 ||
	    aws_answer_list(answer, "launchTemplates", "item", &item, err) < 0)
		return -1;
	for (; item; item = item->next) {
		const char *id = NULL;

		if (aws_answer_text(item, "launchTemplateId", &id, err) < 0 ||
		    gk_strv_add_unique(ids, id, err) < 0)
			return -1;
	}
	return 0;
}

void ec2_describe_launch_template_versions(struct aws_listing *listing, const char *region,
					   const char *template_id, bool managed)
{
	/* Without versions all are listed. ResolveAlias would hide what parameter stands there. */
	ec2_listing(listing, region, "DescribeLaunchTemplateVersions", TEMPLATES_PAGE);
	aws_param(&listing->call, template_id, "LaunchTemplateId");
	add_managed(&listing->call, managed);
}

static int read_version(const struct gk_xml *item, struct ec2_user_list *list,
			struct gk_error *err)
{
	const struct gk_xml *data = gk_xml_child(item, "launchTemplateData");
	const char *image = gk_xml_text(data, "imageId");
	const char *name = gk_xml_text(item, "launchTemplateName");
	_cleanup_free_ char *text = NULL;
	const char *id = NULL;
	const char *number = NULL;

	if (aws_answer_text(item, "launchTemplateId", &id, err) < 0 ||
	    aws_answer_text(item, "versionNumber", &number, err) < 0)
		return -1;
	if (!data)
		return gk_error_set(err, GK_FAILED, "%s version %s without launchTemplateData", id,
				    number);
	text = name && name[0] ? gk_str_format(err, "launch template %s (%s) version %s", name, id,
					       number)
			       : gk_str_format(err, "launch template %s version %s", id, number);
	return text && ec2_user_list_add(list, text, image ? image : "", err) ? 0 : -1;
}

int ec2_read_launch_template_versions(const struct gk_xml *answer, struct ec2_user_list *list,
				      struct gk_error *err)
{
	const struct gk_xml *item = NULL;

	if (aws_answer_check(answer, "DescribeLaunchTemplateVersions", err) < 0 ||
	    aws_answer_list(answer, "launchTemplateVersionSet", "item", &item, err) < 0)
		return -1;
	for (; item; item = item->next)
		if (read_version(item, list, err) < 0)
			return -1;
	return 0;
}
