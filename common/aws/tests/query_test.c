/* Both wire forms: bodies that are built, answers and errors that are read. */
#include "aws/wire.h"

#include <stdio.h>
#include <string.h>

#include "aws/errors.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/tests/unit.h"

#define EC2_ERROR                                                                                  \
	"<?xml version=\"1.0\"?><Response><Errors><Error><Code>InvalidAMIID.NotFound</Code>"       \
	"<Message>The image id &apos;[ami-1]&apos; does not exist</Message></Error></Errors>"      \
	"<RequestID>r</RequestID></Response>"
#define QUERY_ERROR                                                                                \
	"<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error>"               \
	"<Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error>"                \
	"<RequestId>r</RequestId></ErrorResponse>"

static void fill(struct http_response *response, const char *headers, const char *body,
		 size_t length)
{
	*response = (struct http_response){.status = 400};
	gk_buf_add(&response->body, body, length);
	if (headers)
		assert_int_equal(gk_strv_split(&response->headers, headers, '\n', NULL), 0);
}

static void clear(struct http_response *response)
{
	gk_buf_done(&response->body);
	gk_strv_done(&response->headers);
}

static void test_query_body(void **state)
{
	struct aws_call call = {.service = AWS_EC2, .action = "DescribeImages"};
	struct gk_buf body = {0};

	(void)state;
	aws_param(&call, "tag:goldkeep:family", "Filter.%d.Name", 1);
	aws_param(&call, "db/arm 64+é", "Filter.%d.Value.%d", 1, 2);
	aws_param(&call, "", "Empty");
	aws_query_body(&call, aws_service_info(AWS_EC2), &body);
	assert_string_equal(gk_buf_text(&body),
			    "Action=DescribeImages&Version=2016-11-15&Filter.1.Name="
			    "tag%3Agoldkeep%3Afamily&Filter.1.Value.2=db%2Farm%2064%2B%C3%A9"
			    "&Empty=");
	gk_buf_done(&body);
	aws_call_done(&call);
}

static void test_failed_params_stick(void **state)
{
	struct aws_call call = {.action = "A", .params = {.ceiling = 4}};
	struct gk_buf body = {0};

	(void)state;
	aws_param(&call, "long", "long");
	aws_query_body(&call, aws_service_info(AWS_STS), &body);
	assert_int_equal(gk_buf_check(&body, NULL), -1);
	gk_buf_done(&body);
	aws_call_done(&call);
}

static void test_query_failures(void **state)
{
	static const struct {
		const char *body, *code, *message;
	} rows[] = {
		{EC2_ERROR, "InvalidAMIID.NotFound", "The image id '[ami-1]' does not exist"},
		{QUERY_ERROR, "AccessDenied", "no"},
		{"<Response><Errors><Error><Code>X</Code></Error></Errors></Response>", "X", ""},
		{"<Response><Errors/></Response>", "", ""},
		{"<html><body><h1>502 Bad Gateway</h1><br></body></html>", "", ""},
		{"<html><Error>x</Error></html>", "", ""},
		{"<Response><Errors><Error><Code>Cut</Co", "", ""},
		{"{\"__type\":\"Json\"}", "", ""},
		{"", "", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct http_response response;
		struct aws_failure failure;

		fill(&response, NULL, rows[i].body, strlen(rows[i].body));
		aws_query_failure(&response, &failure);
		assert_string_equal(failure.code, rows[i].code);
		assert_string_equal(failure.message, rows[i].message);
		clear(&response);
	}
}

static void check_query_answer(const char *body, size_t length, const char *expected)
{
	struct http_response response;
	struct gk_xml *root = NULL;
	struct gk_error err = {0};
	int result = 0;

	fill(&response, NULL, body, length);
	result = aws_query_answer(&response, "DescribeImages", &root, &err);
	if (expected && !strstr(err.message, expected))
		fail_msg("%s: %s, not %s", body, err.message, expected);
	assert_int_equal(result, expected ? -1 : 0);
	assert_true((root == NULL) == (expected != NULL));
	gk_xml_free(root);
	clear(&response);
}

static void test_query_answers(void **state)
{
	static const struct {
		const char *body, *expected;
	} rows[] = {
		{"<DescribeImagesResponse/>", NULL},
		{"<DescribeImagesResponse xmlns=\"http://x/\"><a/></DescribeImagesResponse>", NULL},
		{"<DescribeImagesResponse><imagesSet><item>", "cannot be read"},
		{"<html></html>", "the answer is a <html>, not a <DescribeImagesResponse>"},
		{"<DescribeImagesResponseX/>", "not a <DescribeImagesResponse>"},
		{"<Describe/>", "not a <DescribeImagesResponse>"},
		{"<DescribeImageResponse/>", "not a <DescribeImagesResponse>"},
		{"<!DOCTYPE x [<!ENTITY y \"z\">]><DescribeImagesResponse/>", "cannot be read"},
		{"", "the answer is empty"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_query_answer(rows[i].body, strlen(rows[i].body), rows[i].expected);
	check_query_answer("<DescribeImagesResponse>\0</DescribeImagesResponse>", 51,
			   "cannot be read");
}

static void test_json_failures(void **state)
{
	static const struct {
		const char *headers, *body, *code, *message;
	} rows[] = {
		{NULL,
		 "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException\""
		 ",\"message\":\"m\"}",
		 "ConditionalCheckFailedException", "m"},
		{NULL, "{\"__type\":\"ParameterNotFound\",\"Message\":\"M\"}",
		 "ParameterNotFound", "M"},
		{NULL, "{\"__type\":\"A#B:http://x#y/\"}", "B", ""},
		{"x-amzn-errortype: AccessDeniedException:http://internal/", "{\"message\":\"m\"}",
		 "AccessDeniedException", "m"},
		{"x-amzn-errortype: ThrottlingException", "", "ThrottlingException", ""},
		{NULL, "{\"__type\":7,\"message\":[]}", "", ""},
		{NULL, "<html/>", "", ""},
		{NULL, "", "", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct http_response response;
		struct aws_failure failure;
		cJSON *json = NULL;

		fill(&response, rows[i].headers, rows[i].body, strlen(rows[i].body));
		aws_json_failure(&response, &failure, &json);
		assert_string_equal(failure.code, rows[i].code);
		assert_string_equal(failure.message, rows[i].message);
		assert_true((json != NULL) == (rows[i].body[0] == '{'));
		cJSON_Delete(json);
		clear(&response);
	}
}

static void check_json_answer(const char *headers, const char *body, size_t length,
			      const char *expected)
{
	struct http_response response;
	cJSON *root = NULL;
	struct gk_error err = {0};
	int result = 0;

	fill(&response, headers, body, length);
	result = aws_json_answer(&response, &root, &err);
	if (expected && !strstr(err.message, expected))
		fail_msg("%s: %s, not %s", body, err.message, expected);
	assert_int_equal(result, expected ? -1 : 0);
	cJSON_Delete(root);
	clear(&response);
}

static void test_json_answers(void **state)
{
	static const struct {
		const char *headers, *body, *expected;
	} rows[] = {
		{NULL, "{}", NULL},
		{"x-amz-crc32: 2745614147", "{}", NULL},
		{"x-amz-crc32: 2745614148", "{}", "was changed on its way"},
		{NULL, "[]", "no JSON object"},
		{NULL, "{\"a\":", "cannot be read"},
		{NULL, "{} x", "cannot be read"},
		{NULL, "", "the answer is empty"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_json_answer(rows[i].headers, rows[i].body, strlen(rows[i].body),
				  rows[i].expected);
	check_json_answer(NULL, "{\"a\":\"\0\"}", 9, "a NUL byte");
}

static void test_meanings(void **state)
{
	static const struct {
		const char *code;
		int status;
		enum gk_code meaning;
		enum retry_class retry;
	} rows[] = {
		{"InvalidAMIID.NotFound", 400, GK_NOT_FOUND, RETRY_FINAL},
		{"InvalidAMIID.Unavailable", 400, GK_NOT_FOUND, RETRY_FINAL},
		{"InvalidSnapshot.NotFound", 400, GK_NOT_FOUND, RETRY_FINAL},
		{"ParameterNotFound", 400, GK_NOT_FOUND, RETRY_FINAL},
		{"UnauthorizedOperation", 403, GK_DENIED, RETRY_FINAL},
		{"AccessDenied", 403, GK_DENIED, RETRY_FINAL},
		{"AccessDeniedException", 400, GK_DENIED, RETRY_FINAL},
		{"AuthFailure", 401, GK_DENIED, RETRY_FINAL},
		{"InvalidClientTokenId", 403, GK_DENIED, RETRY_FINAL},
		{"SignatureDoesNotMatch", 403, GK_DENIED, RETRY_FINAL},
		{"ExpiredToken", 400, GK_DENIED, RETRY_FINAL},
		{"ExpiredTokenException", 400, GK_DENIED, RETRY_FINAL},
		{"InvalidAction", 400, GK_UNSUPPORTED, RETRY_FINAL},
		{"UnsupportedOperation", 400, GK_UNSUPPORTED, RETRY_FINAL},
		{"UnknownOperationException", 400, GK_UNSUPPORTED, RETRY_FINAL},
		{"", 501, GK_UNSUPPORTED, RETRY_FINAL},
		{"RequestLimitExceeded", 503, GK_FAILED, RETRY_THROTTLING},
		{"Throttling", 500, GK_FAILED, RETRY_THROTTLING},
		{"InternalError", 500, GK_FAILED, RETRY_TRANSIENT},
		{"NeverHeardOf", 500, GK_FAILED, RETRY_TRANSIENT},
		{"NeverHeardOf", 400, GK_FAILED, RETRY_FINAL},
		{"", 502, GK_FAILED, RETRY_TRANSIENT},
		{"", 429, GK_FAILED, RETRY_THROTTLING},
		{"", 403, GK_DENIED, RETRY_FINAL},
		{"", 301, GK_FAILED, RETRY_FINAL},
		{"ConditionalCheckFailedException", 400, GK_CONFLICT, RETRY_FINAL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct aws_error_meaning meaning = aws_error_meaning(rows[i].code, rows[i].status);

		if (meaning.code != rows[i].meaning || meaning.retry != rows[i].retry)
			fail_msg("%s, %d: %d, %d", rows[i].code, rows[i].status, (int)meaning.code,
				 (int)meaning.retry);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_query_body),     cmocka_unit_test(test_failed_params_stick),
		cmocka_unit_test(test_query_failures), cmocka_unit_test(test_query_answers),
		cmocka_unit_test(test_json_failures),  cmocka_unit_test(test_json_answers),
		cmocka_unit_test(test_meanings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
