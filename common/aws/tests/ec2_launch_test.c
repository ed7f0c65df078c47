/* Requests and answers about who uses an image, as texts. */
#include "aws/ec2.h"

#include <string.h>

#include "aws/answer.h"
#include "base/mem.h"
#include "base/tests/unit.h"

static struct gk_xml *parse(const char *text)
{
	struct gk_xml *root = NULL;
	struct gk_error err = {0};

	assert_success(gk_xml_parse(text, strlen(text), &root, &err), &err);
	return root;
}

static void assert_params(const struct aws_call *call, const char *text)
{
	assert_string_equal(gk_buf_text(&call->params), text);
}

static void test_references_request(void **state)
{
	char a[] = "ami-a";
	char b[] = "ami-b";
	char *ids[] = {a, b};
	struct aws_listing listing = {0};

	(void)state;
	ec2_describe_image_references(&listing, "eu-west-1", ids, 2);
	assert_params(&listing.call,
		      "&MaxResults=100&ImageId.1=ami-a&ImageId.2=ami-b"
		      "&ResourceType.1.ResourceType=ec2%3AInstance"
		      "&ResourceType.1.ResourceTypeOption.1.OptionName=state-name"
		      "&ResourceType.1.ResourceTypeOption.1.OptionValue.1=pending"
		      "&ResourceType.1.ResourceTypeOption.1.OptionValue.2=running"
		      "&ResourceType.1.ResourceTypeOption.1.OptionValue.3=stopping"
		      "&ResourceType.1.ResourceTypeOption.1.OptionValue.4=stopped"
		      "&ResourceType.2.ResourceType=ec2%3ALaunchTemplate"
		      "&ResourceType.2.ResourceTypeOption.1.OptionName=version-depth"
		      "&ResourceType.2.ResourceTypeOption.1.OptionValue.1=10000"
		      "&ResourceType.3.ResourceType=ssm%3AParameter");
	assert_string_equal(listing.token_param, "NextToken");
	assert_string_equal(listing.token_path, "nextToken");
	aws_listing_done(&listing);
}

static void test_launch_requests(void **state)
{
	char a[] = "ami-a";
	char *ids[] = {a};
	struct aws_listing listing = {0};

	(void)state;
	ec2_describe_instances(&listing, "r", ids, 1, true);
	assert_params(&listing.call, "&MaxResults=500&Filter.1.Name=image-id&Filter.1.Value.1=ami-a"
				     "&Filter.2.Name=instance-state-name&Filter.2.Value.1=pending"
				     "&Filter.2.Value.2=running&Filter.2.Value.3=stopping"
				     "&Filter.2.Value.4=stopped&IncludeManagedResources=true");
	aws_listing_done(&listing);
	listing = (struct aws_listing){0};
	ec2_describe_launch_templates(&listing, "r", false);
	assert_params(&listing.call, "&MaxResults=200");
	aws_listing_done(&listing);
	listing = (struct aws_listing){0};
	ec2_describe_launch_template_versions(&listing, "r", "lt-1", true);
	assert_params(&listing.call,
		      "&MaxResults=200&LaunchTemplateId=lt-1&IncludeManagedResources=true");
	aws_listing_done(&listing);
}

#define REFERENCES(items)                                                                          \
	"<DescribeImageReferencesResponse><imageReferenceSet>" items                               \
	"</imageReferenceSet></DescribeImageReferencesResponse>"
#define INSTANCES(items)                                                                           \
	"<DescribeInstancesResponse><reservationSet>" items                                        \
	"</reservationSet></DescribeInstancesResponse>"
#define VERSIONS(items)                                                                            \
	"<DescribeLaunchTemplateVersionsResponse><launchTemplateVersionSet>" items                 \
	"</launchTemplateVersionSet></DescribeLaunchTemplateVersionsResponse>"
#define REFERENCE(type, arn)                                                                       \
	"<item><imageId>ami-1</imageId><resourceType>" type "</resourceType><arn>" arn             \
	"</arn></item>"

static void test_references(void **state)
{
	static const char *const names[] = {
		"instance i-0a", "launch template lt-0b", "SSM parameter /golden/web",
		"imagebuilder:ImageRecipe arn:aws:imagebuilder:r:1:image-recipe/x/1.0.0",
		"ec2:Instance arn:odd",
	};
	_cleanup_(gk_xml_freep) struct gk_xml *answer = parse(REFERENCES(
		REFERENCE("ec2:Instance", "arn:aws:ec2:r:1:instance/i-0a")
		REFERENCE("ec2:LaunchTemplate", "arn:aws:ec2:r:1:launch-template/lt-0b")
		REFERENCE("ssm:Parameter", "arn:aws:ssm:r:1:parameter/golden/web")
		REFERENCE("imagebuilder:ImageRecipe",
			  "arn:aws:imagebuilder:r:1:image-recipe/x/1.0.0")
		REFERENCE("ec2:Instance", "arn:odd")));
	struct ec2_user_list list = {0};
	struct gk_error err = {0};

	(void)state;
	assert_success(ec2_read_image_references(answer, &list, &err), &err);
	assert_int_equal(list.count, ARRAY_SIZE(names));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_string_equal(list.items[i].name, names[i]);
		assert_string_equal(list.items[i].image, "ami-1");
	}
	ec2_user_list_done(&list);
}

static void test_instances_and_templates(void **state)
{
	_cleanup_(gk_xml_freep) struct gk_xml *instances = parse(
		INSTANCES("<item><instancesSet><item><instanceId>i-1</instanceId>"
			  "<imageId>ami-1</imageId></item></instancesSet></item>"));
	_cleanup_(gk_xml_freep) struct gk_xml *templates =
		parse("<DescribeLaunchTemplatesResponse><launchTemplates><item>"
		      "<launchTemplateId>lt-1</launchTemplateId></item></launchTemplates>"
		      "</DescribeLaunchTemplatesResponse>");
	_cleanup_(gk_xml_freep) struct gk_xml *versions = parse(VERSIONS(
		"<item><launchTemplateId>lt-1</launchTemplateId>"
		"<launchTemplateName>web</launchTemplateName><versionNumber>3</versionNumber><launchTemplateData>"
		"<imageId>resolve:ssm:/golden/web:prod</imageId></launchTemplateData></item>"
		"<item><launchTemplateId>lt-1</launchTemplateId><versionNumber>2</versionNumber>"
		"<launchTemplateData/></item>"));
	_cleanup_(gk_strv_done) struct gk_strv ids = {0};
	struct ec2_user_list list = {0};
	struct gk_error err = {0};

	(void)state;
	assert_success(ec2_read_instances(instances, &list, &err), &err);
	assert_success(ec2_read_launch_templates(templates, &ids, &err), &err);
	assert_success(ec2_read_launch_template_versions(versions, &list, &err), &err);
	assert_string_equal(ids.items[0], "lt-1");
	assert_int_equal(list.count, 3);
	assert_string_equal(list.items[0].name, "instance i-1");
	assert_string_equal(list.items[1].name, "launch template web (lt-1) version 3");
	assert_string_equal(list.items[1].image, "resolve:ssm:/golden/web:prod");
	assert_string_equal(list.items[2].name, "launch template lt-1 version 2");
	assert_string_equal(list.items[2].image, "");
	ec2_user_list_done(&list);
}

static int read_references(const struct gk_xml *answer, struct gk_error *err)
{
	struct ec2_user_list list = {0};
	int r = ec2_read_image_references(answer, &list, err);

	ec2_user_list_done(&list);
	return r;
}

static int read_instances(const struct gk_xml *answer, struct gk_error *err)
{
	struct ec2_user_list list = {0};
	int r = ec2_read_instances(answer, &list, err);

	ec2_user_list_done(&list);
	return r;
}

static int read_versions(const struct gk_xml *answer, struct gk_error *err)
{
	struct ec2_user_list list = {0};
	int r = ec2_read_launch_template_versions(answer, &list, err);

	ec2_user_list_done(&list);
	return r;
}

static const struct {
	int (*read)(const struct gk_xml *answer, struct gk_error *err);
	const char *text, *message;
} strange[] = {
	{read_references, "<DescribeInstancesResponse/>", "not <DescribeImageReferencesResponse>"},
	{read_references, REFERENCES("<thing/>"), "<thing>"},
	{read_references, REFERENCES("<item><resourceType>x</resourceType><arn>a</arn></item>"),
	 "without imageId"},
	{read_references, REFERENCES("<item><imageId>ami-1</imageId><arn>a</arn></item>"),
	 "without resourceType"},
	{read_references,
	 REFERENCES("<item><imageId>ami-1</imageId><resourceType>x</resourceType></item>"),
	 "without arn"},
	{read_instances, INSTANCES("<item><reservationId>r</reservationId></item>"),
	 "without instances"},
	{read_instances, INSTANCES("<item><instancesSet><item><instanceId>i-1</instanceId></item>"
				   "</instancesSet></item>"),
	 "without imageId"},
	{read_versions, VERSIONS("<item><launchTemplateId>lt-1</launchTemplateId>"
				 "<versionNumber>1</versionNumber></item>"),
	 "lt-1 version 1 without launchTemplateData"},
	{read_versions, VERSIONS("<item><launchTemplateId>lt-1</launchTemplateId></item>"),
	 "without versionNumber"},
};

static void test_what_is_not_understood_is_an_error(void **state)
{
	struct gk_error err = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(strange); i++) {
		_cleanup_(gk_xml_freep) struct gk_xml *answer = parse(strange[i].text);

		assert_failure(strange[i].read(answer, &err), &err, GK_FAILED, strange[i].message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_references_request),
		cmocka_unit_test(test_launch_requests),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_instances_and_templates),
		cmocka_unit_test(test_what_is_not_understood_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
