/* Credentials that end: new ones before a request, or once after a refusal. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "aws/tests/asking.h"
#include "aws/tests/environment.h"
#include "aws/client.h"
#include "base/mem.h"
#include "base/tests/unit.h"

#define ENV                                                                                        \
	"AWS_REGION=us-east-1 AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:1/k "
#define KEYS(id, until)                                                                            \
	"{\"AccessKeyId\":\"" id "\",\"SecretAccessKey\":\"s3cr3t\",\"Token\":\"t0k3n\","          \
	"\"Expiration\":\"" until "\"}"
#define DONE "<DescribeImagesResponse/>"
#define EXPIRED                                                                                    \
	"<Response><Errors><Error><Code>ExpiredToken</Code><Message>over</Message></Error>"        \
	"</Errors></Response>"

static struct aws_client *new_client(struct asking *a, const char *environment)
{
	struct aws_options options = {.getenv = environment_get};
	struct aws_client *client = NULL;
	struct gk_error err = {0};

	environment_set(environment);
	assert_success(aws_client_new(&options, http_script_transport(a->script), &a->clock.clock,
				      NULL, &client, &err),
		       &err);
	return client;
}

static enum gk_code run(struct aws_client *client, struct gk_error *ret)
{
	struct aws_call call = {.service = AWS_EC2, .action = "DescribeImages"};
	struct aws_call *pointer = &call;

	*ret = (struct gk_error){0};
	if (aws_run(client, &pointer, 1, ret) == 0)
		*ret = call.error;
	aws_call_done(&call);
	return ret->code;
}

static void assert_signed_by(const struct asking *a, size_t i, const char *id)
{
	const char *value = script_sent_header(asking_sent(a, i), "Authorization");

	assert_non_null(value);
	assert_non_null(strstr(value, id));
}

static void test_before_the_end(void **state)
{
	struct asking *a = *state;
	_cleanup_(aws_client_freep) struct aws_client *client = new_client(a, ENV);
	struct gk_error err = {0};

	asking_answer(a, "/k", 200, KEYS("KEY1", "2026-11-20T12:41:00Z"));
	asking_answer(a, "DescribeImages", 200, DONE);
	assert_int_equal(run(client, &err), GK_OK);
	a->clock.ms += 1000; /* four minutes and 59 seconds are left */
	asking_answer(a, "/k", 200, KEYS("KEY2", "2026-11-20T18:00:00Z"));
	asking_answer(a, "DescribeImages", 200, DONE);
	assert_int_equal(run(client, &err), GK_OK);
	assert_signed_by(a, 1, "KEY1");
	assert_signed_by(a, 3, "KEY2");
	assert_non_null(strstr(aws_client_identity(client), "container, KEY2"));
}

/* Old ones that are good are used on; new ones are asked for again a minute later. */
static void test_nobody_has_new_ones(void **state)
{
	struct asking *a = *state;
	_cleanup_(aws_client_freep) struct aws_client *client = new_client(a, ENV);
	struct gk_error err = {0};

	asking_answer(a, "/k", 200, KEYS("KEY1", "2026-11-20T12:38:00Z"));
	asking_answer(a, "DescribeImages", 200, DONE);
	assert_int_equal(run(client, &err), GK_OK);
	asking_answer(a, "/k", 403, "{}");
	asking_answer(a, "DescribeImages", 200, DONE);
	asking_answer(a, "DescribeImages", 200, DONE);
	assert_int_equal(run(client, &err), GK_OK);
	assert_int_equal(run(client, &err), GK_OK);
	a->clock.ms += 2 * 60 * 1000;
	asking_answer(a, "/k", 403, "{}");
	assert_int_equal(run(client, &err), GK_FAILED);
	assert_non_null(strstr(err.message, "the AWS credentials have expired: container"));
}

static void test_refused_once(void **state)
{
	struct asking *a = *state;
	_cleanup_(aws_client_freep) struct aws_client *client = new_client(a, ENV);
	struct gk_error err = {0};

	asking_answer(a, "/k", 200, KEYS("KEY1", "2026-11-20T18:00:00Z"));
	asking_answer(a, "DescribeImages", 403, EXPIRED);
	asking_answer(a, "/k", 200, KEYS("KEY2", "2026-11-20T18:00:00Z"));
	asking_answer(a, "DescribeImages", 200, DONE);
	assert_int_equal(run(client, &err), GK_OK);
	assert_signed_by(a, 3, "KEY2");
	asking_answer(a, "DescribeImages", 403, EXPIRED);
	asking_answer(a, "/k", 200, KEYS("KEY3", "2026-11-20T18:00:00Z"));
	asking_answer(a, "DescribeImages", 403, EXPIRED);
	assert_int_equal(run(client, &err), GK_DENIED);
	assert_non_null(strstr(err.message, "ExpiredToken"));
}

/* Several calls at once, some of them refused: one question, and only those are sent again. */
static void test_batch_asks_once(void **state)
{
	static const char *const regions[] = {"eu-west-1", "eu-west-2", "eu-west-3", "us-east-1"};
	struct asking *a = *state;
	_cleanup_(aws_client_freep) struct aws_client *client = new_client(a, ENV);
	struct aws_call calls[ARRAY_SIZE(regions)] = {0};
	struct aws_call *pointers[ARRAY_SIZE(regions)];
	struct gk_error err = {0};

	asking_answer(a, "/k", 200, KEYS("KEY1", "2026-11-20T18:00:00Z"));
	for (size_t i = 0; i < ARRAY_SIZE(regions); i++) {
		calls[i] = (struct aws_call){
			.service = AWS_EC2, .action = "DescribeImages", .region = regions[i]};
		pointers[i] = &calls[i];
		asking_answer(a, regions[i], i == 0 ? 200 : 403, i == 0 ? DONE : EXPIRED);
	}
	asking_answer(a, "/k", 200, KEYS("KEY2", "2026-11-20T18:00:00Z"));
	for (size_t i = 1; i < ARRAY_SIZE(regions); i++)
		asking_answer(a, regions[i], 200, DONE);
	assert_success(aws_run(client, pointers, ARRAY_SIZE(regions), &err), &err);
	for (size_t i = 0; i < ARRAY_SIZE(regions); i++) {
		assert_success(calls[i].error.code ? -1 : 0, &calls[i].error);
		aws_call_done(&calls[i]);
	}
	assert_int_equal(http_script_count(a->script, "/k"), 2);
	assert_int_equal(http_script_count(a->script, "Credential=KEY2/"), 3);
}

/* All codes that say so; EC2's RequestExpired may also mean the clock, which is right here. */
static void test_codes_of_expiry(void **state)
{
	static const char *const codes[] = {"ExpiredToken", "ExpiredTokenException",
					    "RequestExpired"};
	struct asking *a = *state;

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		_cleanup_(aws_client_freep) struct aws_client *client = new_client(a, ENV);
		_cleanup_free_ char *body = gk_str_format(
			NULL, "<Response><Errors><Error><Code>%s</Code></Error></Errors></Response>",
			codes[i]);
		struct gk_error err = {0};

		asking_answer(a, "/k", 200, KEYS("KEY1", "2026-11-20T18:00:00Z"));
		asking_answer_with(a, &(struct script_answer){
					      .match = "KEY1",
					      .status = 403,
					      .headers = "date: Fri, 20 Nov 2026 12:36:10 GMT\n",
					      .body = body});
		asking_answer(a, "/k", 200, KEYS("KEY2", "2026-11-20T18:00:00Z"));
		asking_answer(a, "KEY2", 200, DONE);
		assert_int_equal(run(client, &err), GK_OK);
	}
}

static void test_fixed_keys_are_not_asked_for_again(void **state)
{
	struct asking *a = *state;
	_cleanup_(aws_client_freep) struct aws_client *client =
		new_client(a, "AWS_ACCESS_KEY_ID=K AWS_SECRET_ACCESS_KEY=s AWS_REGION=us-east-1 "
			      "AWS_CREDENTIAL_EXPIRATION=2026-11-20T12:36:01Z");
	struct gk_error err = {0};

	asking_answer(a, "DescribeImages", 403, EXPIRED);
	assert_int_equal(run(client, &err), GK_DENIED);
	assert_non_null(strstr(err.message, "get new ones and run the same command again"));
	assert_int_equal(a->script->sent_count, 1);
}

static void test_web_identity_file_is_read_again(void **state)
{
	static const char answer[] =
		"<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
		"<AccessKeyId>WEB</AccessKeyId><SecretAccessKey>s3cr3t</SecretAccessKey>"
		"<SessionToken>t0k3n</SessionToken><Expiration>2026-11-20T18:00:00Z</Expiration>"
		"</Credentials></AssumeRoleWithWebIdentityResult>"
		"</AssumeRoleWithWebIdentityResponse>";
	static const struct {
		const char *content, *sent;
	} rows[] = {
		{"first\n", "&WebIdentityToken=first"},
		{"second\r\n", NULL},
		{"a\rb", NULL},
		{"", NULL},
		{"\n", NULL},
		{"two\nlines\n", NULL},
		{"third", "&WebIdentityToken=third"},
	};
	struct asking *a = *state;
	char path[] = "/tmp/goldkeep-token-XXXXXX";
	char environment[256];
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	snprintf(environment, sizeof(environment),
		 "AWS_REGION=eu-west-1 AWS_ROLE_ARN=arn AWS_WEB_IDENTITY_TOKEN_FILE=%s", path);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		asking_write(path, rows[i].content);
		if (rows[i].sent)
			asking_answer(a, rows[i].sent, 200, answer);
		asking_ask(a, NULL, environment, aws_provider_web_identity.find);
		assert_said(a, rows[i].sent ? "WEB t0k3n" : "holds no token");
	}
	assert_string_equal(asking_sent(a, 0)->url, "https://sts.eu-west-1.amazonaws.com/");
	assert_null(script_sent_header(asking_sent(a, 0), "Authorization"));
	unlink(path);
}

/* 20,000 characters, and the line end behind them. */
static void test_longest_web_identity(void **state)
{
	struct asking *a = *state;
	_cleanup_free_ char *longest = gk_str_format(NULL, "%020000d\n", 0);
	_cleanup_free_ char *too_long = gk_str_format(NULL, "%020001d\n", 0);
	char path[] = "/tmp/goldkeep-token-XXXXXX";
	char environment[256];
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	snprintf(environment, sizeof(environment),
		 "AWS_REGION=eu-west-1 AWS_ROLE_ARN=arn AWS_WEB_IDENTITY_TOKEN_FILE=%s", path);
	asking_write(path, longest);
	asking_answer(a, "sts", 403, "");
	asking_ask(a, NULL, environment, aws_provider_web_identity.find);
	assert_said(a, "HTTP status 403");
	asking_write(path, too_long);
	asking_ask(a, NULL, environment, aws_provider_web_identity.find);
	assert_said(a, "is larger than 20001 bytes");
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_before_the_end, asking_set_up,
						asking_tear_down),
		cmocka_unit_test_setup_teardown(test_nobody_has_new_ones, asking_set_up,
						asking_tear_down),
		cmocka_unit_test_setup_teardown(test_refused_once, asking_set_up, asking_tear_down),
		cmocka_unit_test_setup_teardown(test_batch_asks_once, asking_set_up,
						asking_tear_down),
		cmocka_unit_test_setup_teardown(test_codes_of_expiry, asking_set_up,
						asking_tear_down),
		cmocka_unit_test_setup_teardown(test_fixed_keys_are_not_asked_for_again,
						asking_set_up, asking_tear_down),
		cmocka_unit_test_setup_teardown(test_longest_web_identity, asking_set_up,
						asking_tear_down),
		cmocka_unit_test_setup_teardown(test_web_identity_file_is_read_again, asking_set_up,
						asking_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
