#include "aws/client.h"

#include <stdio.h>
#include <string.h>

#include "aws/tests/environment.h"
#include "aws/tests/fixture.h"
#include "base/mem.h"
#include "base/tests/unit.h"

#define DONE "<DescribeImagesResponse><imagesSet/></DescribeImagesResponse>"
#define DATE_PLUS_10_MINUTES "date: Fri, 20 Nov 2026 12:46:00 GMT"

static struct aws_call describe(const char *region)
{
	return (struct aws_call){.service = AWS_EC2, .region = region, .action = "DescribeImages"};
}

static const char *sent_header(const struct aws_fixture *f, size_t i, const char *name)
{
	const char *value = script_sent_header(&f->script->sent[i], name);

	assert_non_null(value);
	return value;
}

static void test_request(void **state)
{
	struct aws_fixture *f = *state;
	struct aws_call call = describe("eu-west-1");

	aws_fixture_answer(f, "Action=DescribeImages&Version=2016-11-15&Owner.1=self", 200, DONE);
	aws_param(&call, "self", "Owner.%d", 1);
	aws_fixture_run(f, &call);
	assert_int_equal(call.error.code, GK_OK);
	assert_non_null(gk_xml_child(call.xml, "imagesSet"));
	assert_string_equal(f->script->sent[0].url, "https://ec2.eu-west-1.amazonaws.com/");
	assert_string_equal(f->script->sent[0].method, "POST");
	assert_string_equal(sent_header(f, 0, "Host"), "ec2.eu-west-1.amazonaws.com");
	assert_string_equal(sent_header(f, 0, "X-Amz-Date"), "20261120T123600Z");
	assert_string_equal(sent_header(f, 0, "X-Amz-Security-Token"), "t0k3n");
	assert_non_null(strstr(sent_header(f, 0, "Authorization"),
			       "Credential=AKIAIOSFODNN7EXAMPLE/20261120/eu-west-1/ec2/aws4_request"
			       ", SignedHeaders=content-type;host;x-amz-date;"
			       "x-amz-security-token, "));
	assert_non_null(strstr(gk_buf_text(&f->log),
			       "3 ec2 DescribeImages in eu-west-1: status 200, 0 ms, attempt 1\n"));
	aws_call_done(&call);
}

static void test_json_request(void **state)
{
	struct aws_fixture *f = *state;
	struct aws_call call = {
		.service = AWS_SSM, .region = "eu-west-1", .action = "GetParameters"};

	aws_fixture_answer(f, "{\"Names\":[\"/a\"]}", 200, "{\"Parameters\":[]}");
	gk_buf_adds(&call.params, "{\"Names\":[\"/a\"]}");
	aws_fixture_run(f, &call);
	assert_int_equal(call.error.code, GK_OK);
	assert_true(cJSON_HasObjectItem(call.json, "Parameters"));
	assert_string_equal(sent_header(f, 0, "X-Amz-Target"), "AmazonSSM.GetParameters");
	assert_string_equal(sent_header(f, 0, "Content-Type"), "application/x-amz-json-1.1");
	aws_call_done(&call);
}

static void test_endpoint_with_port_and_path(void **state)
{
	struct aws_fixture *f = *state;
	struct aws_call call = {.service = AWS_STS, .action = "GetCallerIdentity"};

	aws_fixture_client(f, "AWS_ENDPOINT_URL=http://[::1]:4566/base AWS_REGION=us-gov-west-1");
	aws_fixture_answer(f, "GetCallerIdentity", 200, "<GetCallerIdentityResponse/>");
	aws_fixture_run(f, &call);
	assert_int_equal(call.error.code, GK_OK);
	assert_string_equal(f->script->sent[0].url, "http://[::1]:4566/base");
	assert_string_equal(sent_header(f, 0, "Host"), "[::1]:4566");
	assert_non_null(strstr(sent_header(f, 0, "Authorization"), "/us-gov-west-1/sts/"));
	aws_call_done(&call);
}

static void test_all_regions_at_once(void **state)
{
	static const char *const regions[] = {"us-east-1", "eu-west-1", "cn-north-1"};
	struct aws_fixture *f = *state;
	struct aws_call calls[3];
	struct aws_call *pointers[3];
	struct gk_error err = {0};

	for (size_t i = 0; i < ARRAY_SIZE(regions); i++) {
		calls[i] = describe(regions[i]);
		pointers[i] = &calls[i];
		aws_fixture_answer_with(f, &(struct script_answer){.lane = regions[i],
								   .match = "DescribeImages",
								   .status = 200,
								   .body = DONE});
	}
	assert_success(aws_run(f->client, pointers, ARRAY_SIZE(calls), &err), &err);
	assert_int_equal(f->script->rounds, 1);
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		assert_int_equal(calls[i].error.code, GK_OK);
		aws_call_done(&calls[i]);
	}
}

static void test_refusal(void **state)
{
	struct aws_fixture *f = *state;
	struct aws_call call = describe("us-east-1");

	aws_fixture_answer(f, NULL, 403,
			   "<Response><Errors><Error><Code>UnauthorizedOperation</Code>"
			   "<Message>You are not authorized. Encoded authorization failure "
			   "message: aBcD</Message></Error></Errors></Response>");
	aws_fixture_run(f, &call);
	assert_int_equal(call.error.code, GK_DENIED);
	assert_string_equal(call.code, "UnauthorizedOperation");
	assert_string_equal(call.error.message,
			    "DescribeImages in us-east-1: UnauthorizedOperation: "
			    "You are not authorized.");
	assert_null(call.xml);
	aws_call_done(&call);
}

/* Each retry is signed anew, with the time it is sent at. */
static void test_retry_is_signed_anew(void **state)
{
	struct aws_fixture *f = *state;
	struct aws_call call = describe("us-east-1");

	aws_fixture_refuse(f, NULL, 503, "RequestLimitExceeded");
	aws_fixture_refuse(f, NULL, 503, "RequestLimitExceeded");
	aws_fixture_answer(f, NULL, 200, DONE);
	aws_fixture_run(f, &call);
	assert_int_equal(call.error.code, GK_OK);
	assert_string_equal(call.code, "");
	assert_int_equal(f->clock.slept, 3000);
	assert_string_equal(sent_header(f, 1, "X-Amz-Date"), "20261120T123601Z");
	assert_string_equal(sent_header(f, 2, "X-Amz-Date"), "20261120T123603Z");
	assert_string_not_equal(sent_header(f, 0, "Authorization"),
				sent_header(f, 1, "Authorization"));
	assert_int_equal(f->script->sent[2].headers.count, f->script->sent[0].headers.count);
	assert_non_null(strstr(gk_buf_text(&f->log),
			       "2 ec2 DescribeImages in us-east-1: again in 2.0 s: "
			       "DescribeImages in us-east-1: RequestLimitExceeded: because"));
	aws_call_done(&call);
}

/* Answers that may be better the next time, and what is said when they are not. */
static void test_unusable_answers(void **state)
{
	static const struct {
		struct script_answer answer;
		const char *message;
	} rows[] = {
		{{.status = 500, .body = "<html><body>Oops"},
		 "HTTP status 500 without an AWS error code (after 3 attempts)"},
		{{.status = 502}, "HTTP status 502 without an AWS error code (after 3 attempts)"},
		{{.status = 200}, "the answer is empty (after 3 attempts)"},
		{{.status = 200, .body = "<DescribeImagesResponse><imagesSet><item>"},
		 "the answer cannot be read"},
		{{.status = 200, .body = "<html/>"}, "the answer is a <html>"},
		{{.failure = "connection refused"},
		 "cannot reach https://ec2.us-east-1.amazonaws.com (connection refused) (after 3 "
		 "attempts)"},
		{{.status = 200, .body = "<Desc", .failure = "the answer was cut short"},
		 "no whole answer from https://ec2.us-east-1.amazonaws.com (the answer was cut "
		 "short) (after 3 attempts)"},
	};
	struct aws_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct aws_call call = describe("us-east-1");

		for (int attempt = 0; attempt < 3; attempt++)
			aws_fixture_answer_with(f, &rows[i].answer);
		aws_fixture_run(f, &call);
		assert_int_equal(call.error.code, GK_FAILED);
		if (!strstr(call.error.message, rows[i].message))
			fail_msg("%s, not %s", call.error.message, rows[i].message);
		assert_ptr_equal(strstr(call.error.message, "DescribeImages in us-east-1: "),
				 call.error.message);
		assert_int_equal(http_script_unused(f->script), 0);
		aws_call_done(&call);
	}
	assert_non_null(strstr(gk_buf_text(&f->log), "the answer begins: <html><body>Oops"));
}

static void test_html_then_success(void **state)
{
	struct aws_fixture *f = *state;
	struct aws_call call = describe("us-east-1");

	aws_fixture_answer(f, NULL, 500, "<html><body>Oops");
	aws_fixture_answer(f, NULL, 200, DONE);
	aws_fixture_run(f, &call);
	assert_int_equal(call.error.code, GK_OK);
	assert_string_equal(call.error.message, "");
	aws_call_done(&call);
}

static void test_redirect(void **state)
{
	struct aws_fixture *f = *state;
	struct aws_call call = describe("us-east-1");

	aws_fixture_answer_with(f, &(struct script_answer){.status = 301,
							   .headers = "location: http://evil/"});
	aws_fixture_run(f, &call);
	assert_non_null(strstr(call.error.message,
			       "HTTP status 301: redirected to http://evil/, which is not "
			       "followed"));
	aws_call_done(&call);
}

/* Refused for its time, once: the clock is corrected for everything after. */
static void test_skew(void **state)
{
	static const char *const codes[] = {"AuthFailure", "SignatureDoesNotMatch",
					    "RequestTimeTooSkewed", "AccessDeniedException",
					    "InvalidSignatureException", "RequestExpired"};
	struct aws_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		struct aws_call call = describe("us-east-1");
		struct aws_call next = describe("us-east-1");
		size_t sent = f->script->sent_count;
		char body[256];

		aws_fixture_client(f, "");
		snprintf(body, sizeof(body),
			 "<Response><Errors><Error><Code>%s</Code></Error></Errors></Response>",
			 codes[i]);
		aws_fixture_answer_with(f, &(struct script_answer){
						   .status = 401,
						   .body = body,
						   .headers = DATE_PLUS_10_MINUTES});
		aws_fixture_answer(f, NULL, 200, DONE);
		aws_fixture_answer(f, NULL, 200, DONE);
		aws_fixture_run(f, &call);
		aws_fixture_run(f, &next);
		assert_int_equal(call.error.code, GK_OK);
		assert_string_equal(sent_header(f, sent + 1, "X-Amz-Date"), "20261120T124600Z");
		assert_string_equal(sent_header(f, sent + 2, "X-Amz-Date"), "20261120T124600Z");
		aws_call_done(&call);
		aws_call_done(&next);
	}
	assert_int_equal(f->clock.slept, 0);
	assert_non_null(strstr(gk_buf_text(&f->log), "0 this machine's clock is 600 seconds slow"));
}

static void test_skew_only_once(void **state)
{
	struct aws_fixture *f = *state;
	struct aws_call call = describe("us-east-1");
	const char *body = "<Response><Errors><Error><Code>AuthFailure</Code></Error></Errors>"
			   "</Response>";

	aws_fixture_answer_with(
		f, &(struct script_answer){
			   .status = 401, .body = body, .headers = DATE_PLUS_10_MINUTES});
	aws_fixture_answer_with(f, &(struct script_answer){
					   .status = 401,
					   .body = body,
					   .headers = "date: Fri, 20 Nov 2026 13:46:00 GMT"});
	aws_fixture_run(f, &call);
	assert_int_equal(call.error.code, GK_DENIED);
	aws_call_done(&call);
}

/* The clock is right, or nobody says otherwise: these are what they say they are. */
static void test_no_skew(void **state)
{
	static const struct {
		const char *headers, *code, *advice;
	} rows[] = {
		{NULL, "AuthFailure", "the access key id or its secret is wrong"},
		{"date: Fri, 20 Nov 2026 12:40:00 GMT", "AuthFailure", "secret is wrong"},
		{"date: Fri, 20 Nov 2026 12:32:00 GMT", "RequestExpired", "have expired"},
		{"date: yesterday", "SignatureDoesNotMatch", "does not belong to the access key"},
		{DATE_PLUS_10_MINUTES, "ExpiredToken", "the credentials have expired"},
		{DATE_PLUS_10_MINUTES, "InvalidClientTokenId", "does not know this access key id"},
	};
	struct aws_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct aws_call call = describe("us-east-1");
		char body[256];

		snprintf(body, sizeof(body),
			 "<Response><Errors><Error><Code>%s</Code></Error></Errors></Response>",
			 rows[i].code);
		aws_fixture_answer_with(f, &(struct script_answer){.status = 403,
								   .body = body,
								   .headers = rows[i].headers});
		aws_fixture_run(f, &call);
		assert_int_equal(call.error.code, GK_DENIED);
		assert_string_equal(call.code, rows[i].code);
		assert_non_null(strstr(call.error.message, rows[i].advice));
		aws_call_done(&call);
	}
}

static void test_patient_codes(void **state)
{
	static const char *const patient[] = {"InvalidAMIID.NotFound", "UnauthorizedOperation",
					      NULL};
	struct aws_fixture *f = *state;
	struct aws_call call = describe("us-east-1");

	call.patient_codes = patient;
	aws_fixture_refuse(f, NULL, 400, "InvalidAMIID.NotFound");
	aws_fixture_refuse(f, NULL, 403, "UnauthorizedOperation");
	aws_fixture_answer(f, NULL, 200, DONE);
	aws_fixture_run(f, &call);
	assert_int_equal(call.error.code, GK_OK);
	assert_int_equal(f->clock.slept, 600);
	aws_call_done(&call);
}

static void test_patience_ends(void **state)
{
	static const char *const patient[] = {"InvalidAMIID.NotFound", NULL};
	struct aws_fixture *f = *state;
	struct aws_call call = describe("us-east-1");

	call.patient_codes = patient;
	for (int i = 0; i < 11; i++)
		aws_fixture_refuse(f, NULL, 400, "InvalidAMIID.NotFound");
	aws_fixture_run(f, &call);
	assert_int_equal(call.error.code, GK_NOT_FOUND);
	assert_string_equal(call.error.message,
			    "DescribeImages in us-east-1: InvalidAMIID.NotFound: because "
			    "(after 11 attempts)");
	aws_call_done(&call);
}

/* What the message says about AMIs decides whether waiting may help. */
static void test_patience_for_one_image(void **state)
{
	static const struct {
		const char *message;
		bool patient;
	} rows[] = {
		{"snap-1 is currently in use by ami-0aa", true},
		{"snap-1 is currently in use by ami-0ab", false},
		{"snap-1 is currently in use by ami-0aab", false},
		{"snap-1 is currently in use by ami-0ab, ami-0aa", true},
		{"snap-1 is currently in use", true},
	};
	static const char *const patient[] = {"InvalidSnapshot.InUse", NULL};
	struct aws_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct aws_call call = describe("us-east-1");
		char body[256];

		call.patient_codes = patient;
		call.patient_image = "ami-0aa";
		snprintf(body, sizeof(body),
			 "<Response><Errors><Error><Code>InvalidSnapshot.InUse</Code><Message>%s"
			 "</Message></Error></Errors></Response>",
			 rows[i].message);
		aws_fixture_answer(f, NULL, 400, body);
		if (rows[i].patient)
			aws_fixture_answer(f, NULL, 200, DONE);
		aws_fixture_run(f, &call);
		assert_int_equal(call.error.code == GK_OK, rows[i].patient);
		aws_call_done(&call);
	}
}

static void test_max_attempts(void **state)
{
	struct aws_fixture *f = *state;
	struct aws_call call = describe("us-east-1");

	aws_fixture_client(f, "AWS_MAX_ATTEMPTS=200 GOLDKEEP_MAX_ATTEMPTS=2");
	aws_fixture_refuse(f, NULL, 500, "InternalError");
	aws_fixture_refuse(f, NULL, 500, "InternalError");
	aws_fixture_run(f, &call);
	assert_non_null(strstr(call.error.message, "InternalError: because (after 2 attempts)"));
	aws_call_done(&call);
}

static void test_lane_limit(void **state)
{
	enum { CALLS = 10 };
	struct aws_fixture *f = *state;
	struct aws_call calls[CALLS];
	struct aws_call *pointers[CALLS];
	struct gk_error err = {0};

	aws_fixture_answer_with(
		f, &(struct script_answer){.status = 200, .body = DONE, .always = true});
	for (size_t i = 0; i < CALLS; i++) {
		calls[i] = describe("us-east-1");
		pointers[i] = &calls[i];
	}
	assert_success(aws_run(f->client, pointers, CALLS, &err), &err);
	assert_int_equal(f->script->flying_max, 4);
	assert_int_equal(f->script->rounds, 3);
	for (size_t i = 0; i < CALLS; i++)
		aws_call_done(&calls[i]);
}

static void test_no_credentials(void **state)
{
	struct aws_fixture *f = *state;
	struct aws_call call = describe("us-east-1");
	struct aws_call *pointer = &call;
	struct gk_error err = {0};

	aws_fixture_client(f, "AWS_ACCESS_KEY_ID= AWS_SECRET_ACCESS_KEY= "
			      "AWS_EC2_METADATA_DISABLED=true");
	assert_failure(aws_run(f->client, &pointer, 1, &err), &err, GK_FAILED,
		       "no AWS credentials");
	assert_failure(aws_client_check(f->client, &err), &err, GK_FAILED, "no AWS credentials");
	assert_string_equal(aws_client_identity(f->client), "");
	assert_int_equal(f->script->sent_count, 0);
}

static void test_region_of_a_call(void **state)
{
	struct aws_fixture *f = *state;
	struct aws_call none = describe(NULL);
	struct aws_call bad = describe("evil.example/");

	aws_fixture_client(f, "AWS_PROFILE=token");
	assert_null(aws_client_region(f->client));
	aws_fixture_run(f, &none);
	assert_int_equal(none.error.code, GK_USAGE);
	assert_string_equal(none.error.message,
			    "DescribeImages: no AWS region is set: use --region, AWS_REGION or the "
			    "profile");
	aws_fixture_run(f, &bad);
	assert_int_equal(bad.error.code, GK_USAGE);
	assert_int_equal(f->script->sent_count, 0);
	assert_string_equal(aws_client_identity(f->client), "environment, AKIA…MPLE");
	aws_call_done(&none);
	aws_call_done(&bad);
}

/* A call that was run can be run again: nothing of its first answer stays. */
static void test_run_again(void **state)
{
	struct aws_fixture *f = *state;
	struct aws_call call = describe("us-east-1");

	aws_fixture_answer(f, NULL, 200, DONE);
	aws_fixture_refuse(f, NULL, 400, "InvalidAMIID.NotFound");
	aws_fixture_run(f, &call);
	aws_fixture_run(f, &call);
	assert_null(call.xml);
	assert_int_equal(call.error.code, GK_NOT_FOUND);
	aws_call_done(&call);
}

#define WITH_FIXTURE(test)                                                                         \
	cmocka_unit_test_setup_teardown(test, aws_fixture_set_up, aws_fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FIXTURE(test_request),
		WITH_FIXTURE(test_json_request),
		WITH_FIXTURE(test_endpoint_with_port_and_path),
		WITH_FIXTURE(test_all_regions_at_once),
		WITH_FIXTURE(test_refusal),
		WITH_FIXTURE(test_retry_is_signed_anew),
		WITH_FIXTURE(test_unusable_answers),
		WITH_FIXTURE(test_html_then_success),
		WITH_FIXTURE(test_redirect),
		WITH_FIXTURE(test_skew),
		WITH_FIXTURE(test_skew_only_once),
		WITH_FIXTURE(test_no_skew),
		WITH_FIXTURE(test_patient_codes),
		WITH_FIXTURE(test_patience_ends),
		WITH_FIXTURE(test_patience_for_one_image),
		WITH_FIXTURE(test_max_attempts),
		WITH_FIXTURE(test_lane_limit),
		WITH_FIXTURE(test_no_credentials),
		WITH_FIXTURE(test_region_of_a_call),
		WITH_FIXTURE(test_run_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
