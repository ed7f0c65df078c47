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

/* Neither instances nor templates: parameters are all that there is. */
static void only_parameters(struct fixture *f)
{
	always(f, EU, INSTANCES, INSTANCES_ANSWER(""));
	always(f, EU, TEMPLATES, TEMPLATES_ANSWER(""));
}

static void test_fallback_parameters(void **state)
{
	struct fixture *f = *state;

	old_endpoint(f);
	only_parameters(f);
	answer(f, EU, STORED, STORED_ANSWER(STORED_IMAGE("/a") "," STORED_IMAGE("/b"), ""));
	answer(f, EU, "[\"/a\",\"/b\"]",
	       VALUES_ANSWER(VALUE("/a", "ami-1") "," VALUE("/b", "ami-9")));
	nothing_else_is_used(f);
	add_usage(f, EU, "ami-1");
	add_usage(f, EU, "ami-2");
	look(f);
	assert_references(&f->look.usages[0], "SSM parameter /a");
	assert_references(&f->look.usages[1], "");
	/* The references, the other questions, the values. */
	assert_int_equal(f->script->rounds, 3);
}

static void test_fallback_parameters_without_the_filter(void **state)
{
	struct fixture *f = *state;

	old_endpoint(f);
	only_parameters(f);
	refuse(f, EU, "ParameterFilters",
	       "{\"__type\":\"ValidationException\",\"message\":\"no such key: DataType\"}");
	answer(f, EU, "{\"MaxResults\":50}",
	       STORED_ANSWER(STORED_IMAGE("/a") ",{\"Name\":\"/text\",\"DataType\":\"text\"}", ""));
	answer(f, EU, "[\"/a\"]", VALUES_ANSWER(VALUE("/a", "ami-1")));
	nothing_else_is_used(f);
	add_usage(f, EU, "ami-1");
	look(f);
	assert_references(&f->look.usages[0], "SSM parameter /a");
}

/* Eleven names on three pages, one of them empty: two calls for the values, at once. */
static void test_fallback_parameters_in_pages(void **state)
{
	struct fixture *f = *state;

	old_endpoint(f);
	only_parameters(f);
	answer(f, EU, "\"NextToken\":\"one\"", STORED_ANSWER("", ",\"NextToken\":\"two\""));
	answer(f, EU, "\"NextToken\":\"two\"", STORED_ANSWER(STORED_IMAGE("/k"), ""));
	answer(f, EU, STORED,
	       STORED_ANSWER(STORED_IMAGE("/a") "," STORED_IMAGE("/b") "," STORED_IMAGE(
				     "/c") "," STORED_IMAGE("/d") "," STORED_IMAGE("/e") ","
			     STORED_IMAGE("/f") "," STORED_IMAGE("/g") "," STORED_IMAGE(
				     "/h") "," STORED_IMAGE("/i") "," STORED_IMAGE("/j"),
			     ",\"NextToken\":\"one\""));
	answer(f, EU, "[\"/k\"]", VALUES_ANSWER(VALUE("/k", "ami-1")));
	answer(f, EU, PARAMETERS,
	       VALUES_ANSWER(VALUE("/a", "ami-9") "," VALUE("/b", "ami-9") "," VALUE(
		       "/c", "ami-9") "," VALUE("/d", "ami-9") "," VALUE("/e", "ami-9") ","
			     VALUE("/f", "ami-9") "," VALUE("/g", "ami-9") "," VALUE(
				     "/h", "ami-9") "," VALUE("/i", "ami-9") "," VALUE(
				     "/j", "ami-2")));
	nothing_else_is_used(f);
	add_usage(f, EU, "ami-1");
	add_usage(f, EU, "ami-2");
	look(f);
	assert_references(&f->look.usages[0], "SSM parameter /k");
	assert_references(&f->look.usages[1], "SSM parameter /j");
	assert_int_equal(http_script_count(f->script, PARAMETERS), 2);
	assert_int_equal(f->script->rounds, 5);
}

/* A template and the parameter itself want the same value: it is asked for once. */
static void test_fallback_parameter_of_a_template(void **state)
{
	struct fixture *f = *state;

	old_endpoint(f);
	answer(f, EU, INSTANCES, INSTANCES_ANSWER(""));
	answer(f, EU, TEMPLATES, TEMPLATES_ANSWER(TEMPLATE("lt-1")));
	answer(f, EU, VERSIONS, VERSIONS_ANSWER(VERSION("lt-1", "1", "resolve:ssm:/a")));
	answer(f, EU, STORED, STORED_ANSWER(STORED_IMAGE("/a"), ""));
	answer(f, EU, PARAMETERS, VALUES_ANSWER(VALUE("/a", "ami-1")));
	nothing_else_is_used(f);
	add_usage(f, EU, "ami-1");
	look(f);
	assert_references(&f->look.usages[0],
			  "SSM parameter /a, launch template web (lt-1) version 1");
	assert_int_equal(f->script->rounds, 4);
}

static void test_fallback_parameters_everywhere(void **state)
{
	struct fixture *f = *state;

	refuse(f, NULL, REFERENCES, EC2_ERROR("UnauthorizedOperation", "no"));
	always(f, NULL, INSTANCES, INSTANCES_ANSWER(""));
	always(f, NULL, TEMPLATES, TEMPLATES_ANSWER(""));
	answer(f, EU, STORED, STORED_ANSWER(STORED_IMAGE("/a"), ""));
	answer(f, US, STORED, STORED_ANSWER(STORED_IMAGE("/a"), ""));
	answer(f, EU, PARAMETERS, VALUES_ANSWER(VALUE("/a", "ami-1")));
	answer(f, US, PARAMETERS, VALUES_ANSWER(VALUE("/a", "ami-2")));
	nothing_else_is_used(f);
	add_usage(f, EU, "ami-1");
	add_usage(f, US, "ami-1");
	add_usage(f, US, "ami-2");
	look(f);
	assert_references(&f->look.usages[0], "SSM parameter /a");
	assert_references(&f->look.usages[1], "");
	assert_references(&f->look.usages[2], "SSM parameter /a");
	assert_int_equal(f->script->rounds, 3);
}

/* What an endpoint without the filter lists too is passed over. */
static void test_fallback_parameters_of_other_types(void **state)
{
	struct fixture *f = *state;

	old_endpoint(f);
	only_parameters(f);
	answer(f, EU, STORED, STORED_ANSWER("{\"Name\":\"/a\",\"DataType\":\"text\"}", ""));
	nothing_else_is_used(f);
	add_usage(f, EU, "ami-1");
	look(f);
	assert_references(&f->look.usages[0], "");
	assert_int_equal(http_script_count(f->script, PARAMETERS), 0);
}

#define ONE_STORED STORED_ANSWER(STORED_IMAGE("/a"), "")

static void test_fallback_parameters_in_doubt(void **state)
{
	static const struct {
		const char *stored, *values, *expected;
	} rows[] = {
		{"{}", "", "DescribeParameters: the answer has no Parameters"},
		{"{\"Parameters\":{}}", "", "DescribeParameters: "},
		{"<x/>", "", "DescribeParameters: the answer cannot be read"},
		{STORED_ANSWER("{\"DataType\":\"aws:ec2:image\"}", ""), "",
		 "DescribeParameters: a parameter without a name"},
		{STORED_ANSWER("", ",\"NextToken\":\"same\""), "",
		 "DescribeParameters: the same page token came twice running"},
		{STORED_ANSWER("", ",\"NextToken\":7"), "", "DescribeParameters: "},
		{ONE_STORED, "{\"Parameters\":[],\"InvalidParameters\":[\"/a\"]}",
		 "GetParameters: parameter /a is not known"},
		{ONE_STORED, VALUES_ANSWER(""), "GetParameters: asked for 1 parameters, got 0"},
		{ONE_STORED, VALUES_ANSWER("{\"Name\":\"/a\"}"),
		 "GetParameters: parameter /a without a value"},
		{ONE_STORED, VALUES_ANSWER(VALUE("/a", "see wiki")),
		 "GetParameters: parameter /a does not hold the id of an image"},
		{ONE_STORED, VALUES_ANSWER(VALUE("/a", "ami-")), "does not hold the id"},
		{ONE_STORED, VALUES_ANSWER(VALUE("/a", "ami-1 ")), "does not hold the id"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		teardown(state);
		setup(state);
		f = *state;
		old_endpoint(f);
		only_parameters(f);
		always(f, EU, STORED, rows[i].stored);
		always(f, EU, PARAMETERS, rows[i].values);
		assert_doubt_in_one_region(f, rows[i].expected);
	}
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
		{STORED, "{\"__type\":\"AccessDeniedException\",\"message\":\"no\"}",
		 "DescribeParameters: AccessDeniedException"},
		{STORED, "{\"__type\":\"InvalidFilterKey\",\"message\":\"no\"}",
		 "DescribeParameters: InvalidFilterKey"},
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
		TEST(test_fallback_parameters),
		TEST(test_fallback_parameters_without_the_filter),
		TEST(test_fallback_parameters_in_pages),
		TEST(test_fallback_parameter_of_a_template),
		TEST(test_fallback_parameters_everywhere),
		TEST(test_fallback_parameters_of_other_types),
		TEST(test_fallback_parameters_in_doubt),
		TEST(test_fallback_of_those_who_may_not),
		TEST(test_managed_resources_are_not_known),
		TEST(test_fallback_failing),
		TEST(test_fallback_not_understood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
