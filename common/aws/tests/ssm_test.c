#include "aws/ssm.h"

#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/tests/unit.h"

/* Names are given as one text, with spaces between them; so are the values that come out. */
static int read_with(int (*read)(const cJSON *, char *const *, size_t, struct ssm_parameter_list *,
				 struct gk_error *),
		     const char *answer, const char *names, char **ret, struct gk_error *err)
{
	_cleanup_(gk_json_freep) cJSON *json = NULL;
	_cleanup_(gk_strv_done) struct gk_strv asked = {0};
	_cleanup_(gk_strv_done) struct gk_strv got = {0};
	_cleanup_(ssm_parameter_list_done) struct ssm_parameter_list list = {0};

	assert_success(gk_json_parse(answer, strlen(answer), &json, err), err);
	assert_success(gk_strv_split(&asked, names, ' ', err), err);
	if (read(json, asked.items, asked.count, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++)
		gk_strv_addf(&got, err, "%s=%s", list.items[i].asked, list.items[i].value);
	*ret = gk_strv_join(&got, " ", err);
	return 0;
}

static int read_text(const char *answer, const char *names, char **ret, struct gk_error *err)
{
	return read_with(ssm_read_parameters, answer, names, ret, err);
}

static void test_request(void **state)
{
	char a[] = "/golden/web";
	char b[] = "x:3";
	char *names[] = {a, b};
	struct aws_call call = {0};

	(void)state;
	ssm_get_parameters(&call, "eu-west-1", names, 2);
	assert_int_equal(call.service, AWS_SSM);
	assert_string_equal(call.action, "GetParameters");
	assert_string_equal(gk_buf_text(&call.params), "{\"Names\":[\"/golden/web\",\"x:3\"]}");
	aws_call_done(&call);
}

#define ANSWER(parameters) "{\"Parameters\":[" parameters "],\"InvalidParameters\":[]}"
#define ARN "arn:aws:ssm:eu-west-1:123456789012:parameter/golden/web"

static void test_values(void **state)
{
	static const struct {
		const char *answer, *names, *values;
	} rows[] = {
		{ANSWER("{\"Name\":\"/a\",\"Value\":\"ami-1\",\"News\":1}"), "/a", "/a=ami-1"},
		{ANSWER("{\"Name\":\"/b\","
			"\"Value\":\"ami-2\"},{\"Name\":\"/a\",\"Value\":\"ami-1\"}"),
		 "/a /b", "/a=ami-1 /b=ami-2"},
		{ANSWER("{\"Name\":\"/a\",\"Selector\":\":prod\",\"Value\":\"ami-1\"}"), "/a:prod",
		 "/a:prod=ami-1"},
		{ANSWER("{\"Name\":\"/a\",\"Selector\":\"3\",\"Value\":\"ami-1\"}"), "/a:3",
		 "/a:3=ami-1"},
		{ANSWER("{\"Name\":\"/a\",\"Value\":\"ami-1\"}"), "/a:3", "/a:3=ami-1"},
		{ANSWER("{\"Name\":\"/golden/web\",\"ARN\":\"" ARN "\",\"Value\":\"ami-1\"}"),
		 ARN ":7", ARN ":7=ami-1"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *text = NULL;
		struct gk_error err = {0};

		assert_success(read_text(rows[i].answer, rows[i].names, &text, &err), &err);
		assert_string_equal(text, rows[i].values);
	}
}

static void test_what_is_not_understood_is_an_error(void **state)
{
	static const struct {
		const char *answer, *names, *message;
	} rows[] = {
		{"[]", "/a", "no object"},
		{"{}", "/a", "asked for 1 parameters, got 0"},
		{"{\"InvalidParameters\":[\"/a\",\"/b\"]}", "/a", "asked for 1 parameters, got 0"},
		{"{\"Parameters\":{}}", "/a", "Parameters"},
		{"{\"Parameters\":[],\"InvalidParameters\":[\"/a\"]}", "/a", "/a is not known"},
		{ANSWER("{\"Name\":\"/b\",\"Value\":\"ami-1\"}"), "/a", "/a is not in the answer"},
		{ANSWER("{\"Name\":\"/a\",\"Selector\":\":4\",\"Value\":\"ami-1\"}"), "/a:3",
		 "/a:3 is not in the answer"},
		{ANSWER("{\"Name\":\"/a\",\"Selector\":\":4\",\"Value\":\"ami-1\"}"), "/a",
		 "/a is not in the answer"},
		{ANSWER("{\"Name\":\"/a\"}"), "/a", "without a value"},
		{ANSWER("{\"Name\":\"/a\",\"Value\":7}"), "/a", "Value"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *text = NULL;
		struct gk_error err = {0};

		assert_failure(read_text(rows[i].answer, rows[i].names, &text, &err), &err,
			       GK_FAILED, rows[i].message);
	}
}

static void test_those_that_exist(void **state)
{
	_cleanup_free_ char *some = NULL;
	_cleanup_free_ char *none = NULL;
	struct gk_error err = {0};

	(void)state;
	assert_success(read_with(ssm_read_existing,
				 "{\"Parameters\":[{\"Name\":\"/b\",\"Value\":\"ami-1\"}],"
				 "\"InvalidParameters\":[\"/c\",\"/a\"]}",
				 "/a /b /c", &some, &err),
		       &err);
	assert_string_equal(some, "/b=ami-1");
	assert_success(read_with(ssm_read_existing, "{\"InvalidParameters\":[\"/a\"]}", "/a",
				 &none, &err),
		       &err);
	assert_string_equal(none, "");
	free(TAKE_PTR(none));
	assert_failure(read_with(ssm_read_existing, "{\"InvalidParameters\":[\"/b\"]}", "/a",
				 &none, &err),
		       &err, GK_FAILED, "/a is not in the answer");
}

static void test_types(void **state)
{
	static const char text[] = ANSWER("{\"Name\":\"/a\",\"Value\":\"v\",\"Type\":\"String\","
					  "\"DataType\":\"text\"},"
					  "{\"Name\":\"/b\",\"Value\":\"w\"}");
	_cleanup_(gk_json_freep) cJSON *json = NULL;
	_cleanup_(ssm_parameter_list_done) struct ssm_parameter_list list = {0};
	char a[] = "/a";
	char b[] = "/b";
	char *names[] = {a, b};
	struct gk_error err = {0};

	(void)state;
	assert_success(gk_json_parse(text, strlen(text), &json, &err), &err);
	assert_success(ssm_read_existing(json, names, 2, &list, &err), &err);
	assert_string_equal(list.items[0].type, SSM_TEXT_TYPE);
	assert_string_equal(list.items[0].data_type, "text");
	assert_null(list.items[1].type);
	assert_null(list.items[1].data_type);
}

static void test_put(void **state)
{
	struct aws_call call = {0};

	(void)state;
	ssm_put_image(&call, "eu-west-1", "/golden/web", "ami-1", true);
	assert_int_equal(call.service, AWS_SSM);
	assert_string_equal(call.region, "eu-west-1");
	assert_string_equal(call.action, "PutParameter");
	assert_string_equal(gk_buf_text(&call.params),
			    "{\"Name\":\"/golden/web\",\"Value\":\"ami-1\",\"Type\":\"String\","
			    "\"DataType\":\"aws:ec2:image\",\"Tier\":\"Standard\","
			    "\"Overwrite\":true}");
	aws_call_done(&call);
}

static void test_answers_to_put(void **state)
{
	static const struct {
		const char *answer, *message; /* NULL: understood */
	} rows[] = {
		{"{\"Version\":1}", NULL},
		{"{\"Version\":12,\"Tier\":\"Standard\",\"News\":1}", NULL},
		{"[]", "no object"},
		{"{}", "names no version"},
		{"{\"Version\":0}", "names no version"},
		{"{\"Version\":\"1\"}", "Version"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(gk_json_freep) cJSON *json = NULL;
		struct gk_error err = {0};

		assert_success(gk_json_parse(rows[i].answer, strlen(rows[i].answer), &json, &err),
			       &err);
		if (rows[i].message)
			assert_failure(ssm_read_put(json, &err), &err, GK_FAILED, rows[i].message);
		else
			assert_success(ssm_read_put(json, &err), &err);
	}
}

static void test_same_parameter(void **state)
{
	(void)state;
	assert_true(ssm_is_same_parameter("/a:1", "/a:prod"));
	assert_true(ssm_is_same_parameter(ARN, ARN ":2"));
	assert_false(ssm_is_same_parameter("/a", "/ab"));
	assert_false(ssm_is_same_parameter(ARN, ARN "2"));
}

static void test_request_for_image_parameters(void **state)
{
	struct aws_listing listing = {0};

	(void)state;
	ssm_describe_image_parameters(&listing, "eu-west-1", true);
	assert_int_equal(listing.call.service, AWS_SSM);
	assert_string_equal(listing.call.region, "eu-west-1");
	assert_string_equal(listing.call.action, "DescribeParameters");
	assert_string_equal(gk_buf_text(&listing.call.params),
			    "{\"ParameterFilters\":[{\"Key\":\"DataType\","
			    "\"Values\":[\"aws:ec2:image\"]}],\"MaxResults\":50}");
	assert_string_equal(listing.token_param, "NextToken");
	assert_string_equal(listing.token_path, "NextToken");
	aws_listing_done(&listing);
}

static int read_names(const char *answer, char **ret, struct gk_error *err)
{
	_cleanup_(gk_json_freep) cJSON *json = NULL;
	_cleanup_(gk_strv_done) struct gk_strv names = {0};

	assert_success(gk_json_parse(answer, strlen(answer), &json, err), err);
	if (ssm_read_image_parameters(json, &names, err) < 0)
		return -1;
	*ret = gk_strv_join(&names, " ", err);
	return 0;
}

static void test_image_parameters(void **state)
{
	static const struct {
		const char *answer, *names;
	} rows[] = {
		{"{\"Parameters\":[]}", ""},
		{"{\"Parameters\":[{\"Name\":\"/a\",\"DataType\":\"aws:ec2:image\",\"Version\":2},"
		 "{\"Name\":\"b\"}],\"NextToken\":\"t\"}",
		 "/a b"},
		{"{\"Parameters\":[{\"Name\":\"/a\",\"DataType\":\"text\"},{\"Name\":\"/b\"}]}",
		 "/b"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *text = NULL;
		struct gk_error err = {0};

		assert_success(read_names(rows[i].answer, &text, &err), &err);
		assert_string_equal(text, rows[i].names);
	}
}

static void test_image_parameters_not_understood(void **state)
{
	static const struct {
		const char *answer, *message;
	} rows[] = {
		{"[]", "the answer is no object"},
		{"{}", "the answer has no Parameters"},
		{"{\"Parameters\":null}", "the answer has no Parameters"},
		{"{\"Parameters\":\"/a\"}", "Parameters"},
		{"{\"Parameters\":[\"/a\"]}", "a parameter is no object"},
		{"{\"Parameters\":[{}]}", "a parameter without a name"},
		{"{\"Parameters\":[{\"Name\":\"\"}]}", "a parameter without a name"},
		{"{\"Parameters\":[{\"Name\":7}]}", "Name"},
		{"{\"Parameters\":[{\"Name\":\"/a\",\"DataType\":7}]}", "DataType"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *text = NULL;
		struct gk_error err = {0};

		assert_failure(read_names(rows[i].answer, &text, &err), &err, GK_FAILED,
			       rows[i].message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_what_is_not_understood_is_an_error),
		cmocka_unit_test(test_those_that_exist),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_put),
		cmocka_unit_test(test_answers_to_put),
		cmocka_unit_test(test_same_parameter),
		cmocka_unit_test(test_request_for_image_parameters),
		cmocka_unit_test(test_image_parameters),
		cmocka_unit_test(test_image_parameters_not_understood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
