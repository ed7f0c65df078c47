/* What still uses an image, and that nothing which was not understood passes for "unused". */
#include "cloud/tests/aws_fixture.h"

static void test_references(void **state)
{
	struct fixture *f = *state;

	answer(f, EU, REFERENCES,
	       "<DescribeImageReferencesResponse><imageReferenceSet/><nextToken>t</nextToken>"
	       "</DescribeImageReferencesResponse>");
	answer(f, EU, "NextToken=t",
	       REFERENCES_ANSWER(REFERENCE("ami-2", "ec2:Instance", "arn:x:instance/i-1")
				 REFERENCE("ami-2", "ssm:Parameter",
					   "arn:x:parameter/golden/web")));
	answer(f, EU, CONFIGURATIONS,
	       CONFIGURATIONS_ANSWER(CONFIGURATION("other", "ami-9"), "<NextToken>n</NextToken>"));
	answer(f, EU, "NextToken=n",
	       CONFIGURATIONS_ANSWER(CONFIGURATION("old", "ami-1") CONFIGURATION("none", ""), ""));
	answer(f, EU, "ImageId=ami-2&Attribute",
	       PERMISSION_ANSWER("ami-2", "<item><userId>2</userId></item><item><group>all</group>"
					  "</item>"));
	nothing_else_is_used(f);
	add_usage(f, EU, "ami-1");
	add_usage(f, EU, "ami-2");
	look(f);
	assert_references(&f->look.usages[0], "launch configuration old");
	assert_references(&f->look.usages[1], "instance i-1, SSM parameter /golden/web");
	assert_int_equal(f->look.usages[0].shared_with.count, 0);
	assert_int_equal(f->look.usages[1].shared_with.count, 2);
	assert_string_equal(f->look.usages[1].shared_with.items[1], "all");
	assert_int_equal(f->script->rounds, 2);
}

/* Whatever goes wrong in eu-west-1 is told of both images there, and of none elsewhere. */
static void assert_doubt_in_one_region(struct fixture *f, const char *expected)
{
	nothing_else_is_used(f);
	add_usage(f, EU, "ami-1");
	add_usage(f, US, "ami-1");
	add_usage(f, EU, "ami-2");
	look(f);
	assert_doubt(&f->look.usages[0], expected);
	assert_references(&f->look.usages[1], "");
	assert_doubt(&f->look.usages[2], expected);
}

static void test_configurations_denied(void **state)
{
	struct fixture *f = *state;

	refuse(f, EU, CONFIGURATIONS,
	       "<ErrorResponse><Error><Code>AccessDenied</Code><Message>you may not</Message>"
	       "</Error>"
	       "</ErrorResponse>");
	assert_doubt_in_one_region(f, "cannot tell what uses it in eu-west-1: "
				      "DescribeLaunchConfigurations: AccessDenied: you may not");
}

static void test_references_broken(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(http_script_add(f->script, &(struct script_answer){.lane = EU,
									    .match = REFERENCES,
									    .status = 503,
									    .body = "busy",
									    .always = true}),
			 0);
	assert_doubt_in_one_region(f, "DescribeImageReferences: HTTP status 503");
}

static void test_references_garbage(void **state)
{
	struct fixture *f = *state;

	always(f, EU, REFERENCES, "<DescribeInstancesResponse/>");
	assert_doubt_in_one_region(f, "<DescribeInstancesResponse>");
}

static void test_references_of_unknown_shape(void **state)
{
	struct fixture *f = *state;

	always(f, EU, REFERENCES, REFERENCES_ANSWER("<item><imageId>ami-1</imageId></item>"));
	assert_doubt_in_one_region(f, "DescribeImageReferences: <item> without resourceType");
}

static void test_references_to_something_else(void **state)
{
	struct fixture *f = *state;

	always(f, EU, REFERENCES,
	       REFERENCES_ANSWER(REFERENCE("ami-9", "ec2:Instance", "arn:x:instance/i-1")));
	assert_doubt_in_one_region(f, "a reference to \"ami-9\"");
}

static void test_references_cut_short(void **state)
{
	struct fixture *f = *state;

	always(f, EU, REFERENCES,
	       "<DescribeImageReferencesResponse><imageReferenceSet/><nextToken>t</nextToken>"
	       "</DescribeImageReferencesResponse>");
	assert_doubt_in_one_region(f, "DescribeImageReferences: the same page token");
}

static void test_permission_failing(void **state)
{
	struct fixture *f = *state;

	refuse(f, EU, PERMISSION, EC2_ERROR("UnauthorizedOperation", "no"));
	assert_doubt_in_one_region(f, "DescribeImageAttribute: UnauthorizedOperation");
}

static void test_configuration_of_unknown_form(void **state)
{
	struct fixture *f = *state;

	always(f, EU, CONFIGURATIONS, CONFIGURATIONS_ANSWER(CONFIGURATION("odd", "image 7"), ""));
	assert_doubt_in_one_region(f, "launch configuration odd: \"image 7\" names no image");
}

static void test_an_image_that_is_gone(void **state)
{
	struct fixture *f = *state;

	/* One of two does not exist, and the answer does not say which. */
	refuse(f, EU, "ImageId.2=ami-2", EC2_ERROR("InvalidAMIID.NotFound", "no such image"));
	refuse(f, EU, "ImageId.1=ami-2", EC2_ERROR("InvalidAMIID.NotFound", "no such image"));
	refuse(f, EU, "ImageId=ami-2&Attribute", EC2_ERROR("InvalidAMIID.Unavailable", "gone"));
	answer(f, EU, "ImageId.1=ami-1",
	       REFERENCES_ANSWER(REFERENCE("ami-1", "ec2:Instance", "arn:x:instance/i-1")));
	nothing_else_is_used(f);
	answer(f, EU, IMAGES, IMAGES_ANSWER(IMAGE("ami-1", "available")));
	assert_non_null(cloud_look_add_image(&f->look, EU, "ami-1", NULL));
	assert_non_null(cloud_look_add_image(&f->look, EU, "ami-2", NULL));
	add_usage(f, EU, "ami-1");
	add_usage(f, EU, "ami-2");
	look(f);
	assert_references(&f->look.usages[0], "instance i-1");
	assert_references(&f->look.usages[1], "");
}

static void test_gone_is_not_believed_of_an_image_that_is_shown(void **state)
{
	struct fixture *f = *state;

	refuse(f, EU, REFERENCES, EC2_ERROR("InvalidAMIID.Unavailable", "not usable"));
	nothing_else_is_used(f);
	answer(f, EU, IMAGES, IMAGES_ANSWER(IMAGE("ami-1", "available")));
	assert_non_null(cloud_look_add_image(&f->look, EU, "ami-1", NULL));
	add_usage(f, EU, "ami-1");
	look(f);
	assert_doubt(&f->look.usages[0], "says that ami-1 is gone");
}

/* ---- without DescribeImageReferences ---- */

static void old_endpoint(struct fixture *f)
{
	refuse(f, EU, REFERENCES, EC2_ERROR("InvalidAction", "not valid for this web service"));
}

static void test_fallback(void **state)
{
	struct fixture *f = *state;

	old_endpoint(f);
	answer(f, EU, INSTANCES,
	       INSTANCES_ANSWER("<item><instancesSet><item><instanceId>i-1</instanceId>"
				"<imageId>ami-1</imageId></item></instancesSet></item>"));
	answer(f, EU, TEMPLATES, TEMPLATES_ANSWER(TEMPLATE("lt-1") TEMPLATE("lt-2")));
	answer(f, EU, "LaunchTemplateId=lt-1",
	       VERSIONS_ANSWER(VERSION("lt-1", "4", "resolve:ssm:/golden/web:prod")
			       VERSION("lt-1", "3", "ami-1") VERSION("lt-1", "2", "ami-9")));
	answer(f, EU, "LaunchTemplateId=lt-2",
	       VERSIONS_ANSWER(VERSION("lt-2", "1", "") VERSION("lt-2", "2",
								 "resolve:ssm:/golden/web")));
	/* The label keeps an older image in use than the parameter has now. */
	answer(f, EU, "/golden/web:prod",
	       "{\"Parameters\":[{\"Name\":\"/golden/web\",\"Selector\":\":prod\","
	       "\"Value\":\"ami-2\"}],\"InvalidParameters\":[]}");
	answer(f, EU, PARAMETERS,
	       "{\"Parameters\":[{\"Name\":\"/golden/web\",\"Value\":\"ami-9\"}],"
	       "\"InvalidParameters\":[]}");
	nothing_else_is_used(f);
	add_usage(f, EU, "ami-1");
	add_usage(f, EU, "ami-2");
	add_usage(f, US, "ami-1");
	look(f);
	assert_references(&f->look.usages[0], "instance i-1, launch template web (lt-1) version 3");
	assert_references(&f->look.usages[1], "launch template web (lt-1) version 4");
	assert_references(&f->look.usages[2], "");
	assert_int_equal(http_script_count(f->script, "IncludeManagedResources=true"), 4);
	assert_int_equal(http_script_count(f->script, "ResolveAlias"), 0);
	assert_int_equal(f->script->rounds, 4);
}

static void test_fallback_of_those_who_may_not(void **state)
{
	struct fixture *f = *state;

	refuse(f, EU, REFERENCES, EC2_ERROR("UnauthorizedOperation", "no"));
	answer(f, EU, INSTANCES, INSTANCES_ANSWER(""));
	answer(f, EU, TEMPLATES, TEMPLATES_ANSWER(""));
	nothing_else_is_used(f);
	add_usage(f, EU, "ami-1");
	look(f);
	assert_references(&f->look.usages[0], "");
}

static void test_managed_resources_are_not_known(void **state)
{
	struct fixture *f = *state;

	old_endpoint(f);
	refuse(f, EU, "IncludeManagedResources", EC2_ERROR("UnknownParameter", "what?"));
	answer(f, EU, INSTANCES, INSTANCES_ANSWER(""));
	answer(f, EU, TEMPLATES, TEMPLATES_ANSWER(TEMPLATE("lt-1")));
	answer(f, EU, VERSIONS, VERSIONS_ANSWER(VERSION("lt-1", "1", "ami-1")));
	nothing_else_is_used(f);
	add_usage(f, EU, "ami-1");
	look(f);
	assert_references(&f->look.usages[0], "launch template web (lt-1) version 1");
	assert_int_equal(http_script_count(f->script, "IncludeManagedResources"), 2);
}

static void test_fallback_failing(void **state)
{
	static const struct {
		const char *match, *body, *expected;
	} rows[] = {
		{INSTANCES, EC2_ERROR("UnauthorizedOperation", "no"),
		 "DescribeInstances: UnauthorizedOperation"},
		{TEMPLATES, EC2_ERROR("UnauthorizedOperation", "no"),
		 "DescribeLaunchTemplates: UnauthorizedOperation"},
		{VERSIONS, EC2_ERROR("InvalidParameterValue", "no"),
		 "DescribeLaunchTemplateVersions: InvalidParameterValue"},
		{PARAMETERS, "{\"__type\":\"AccessDeniedException\",\"message\":\"no\"}",
		 "GetParameters: AccessDeniedException"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		teardown(state);
		setup(state);
		f = *state;
		old_endpoint(f);
		refuse(f, EU, rows[i].match, rows[i].body);
		always(f, EU, INSTANCES, INSTANCES_ANSWER(""));
		always(f, EU, TEMPLATES, TEMPLATES_ANSWER(TEMPLATE("lt-1")));
		always(f, EU, VERSIONS, VERSIONS_ANSWER(VERSION("lt-1", "1", "resolve:ssm:/a")));
		assert_doubt_in_one_region(f, rows[i].expected);
	}
}

static void test_fallback_not_understood(void **state)
{
	static const struct {
		const char *versions, *parameters, *expected;
	} rows[] = {
		{"", "", "DescribeLaunchTemplateVersions: no version of lt-1"},
		{VERSION("lt-1", "1", "{{resolve}}"), "",
		 "launch template web (lt-1) version 1: \"{{resolve}}\" names no image"},
		{VERSION("lt-1", "1", "resolve:ssm:/a"),
		 "{\"Parameters\":[],\"InvalidParameters\":[\"/a\"]}",
		 "GetParameters: parameter /a is not known"},
		{VERSION("lt-1", "1", "resolve:ssm:/a"), "{}", "GetParameters: asked for 1"},
		{VERSION("lt-1", "1", "resolve:ssm:/a"),
		 "{\"Parameters\":[{\"Name\":\"/a\",\"Value\":\"see wiki\"}]}",
		 "GetParameters: parameter /a does not hold the id of an image"},
	};
	struct fixture *f = *state;
	char text[1024];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		teardown(state);
		setup(state);
		f = *state;
		old_endpoint(f);
		answer(f, EU, INSTANCES, INSTANCES_ANSWER(""));
		answer(f, EU, TEMPLATES, TEMPLATES_ANSWER(TEMPLATE("lt-1")));
		snprintf(text, sizeof(text), VERSIONS_ANSWER("%s"), rows[i].versions);
		answer(f, EU, VERSIONS, text);
		answer(f, EU, PARAMETERS, rows[i].parameters);
		assert_doubt_in_one_region(f, rows[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_references),
		TEST(test_configurations_denied),
		TEST(test_references_broken),
		TEST(test_references_garbage),
		TEST(test_references_of_unknown_shape),
		TEST(test_references_to_something_else),
		TEST(test_references_cut_short),
		TEST(test_permission_failing),
		TEST(test_configuration_of_unknown_form),
		TEST(test_an_image_that_is_gone),
		TEST(test_gone_is_not_believed_of_an_image_that_is_shown),
		TEST(test_fallback),
		TEST(test_fallback_of_those_who_may_not),
		TEST(test_managed_resources_are_not_known),
		TEST(test_fallback_failing),
		TEST(test_fallback_not_understood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
