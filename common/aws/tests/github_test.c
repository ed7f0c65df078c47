/* GitHub's identity token, and the role that it is exchanged for. */
#include <stdio.h>
#include <string.h>

#include "aws/tests/asking.h"
#include "base/mem.h"
#include "base/tests/unit.h"

#define ROLE "arn:aws:iam::123456789012:role/builder"
#define JOB                                                                                        \
	"ACTIONS_ID_TOKEN_REQUEST_URL=https://gh.example/t?v=2 "                                   \
	"ACTIONS_ID_TOKEN_REQUEST_TOKEN=t0k3n0 AWS_REGION=eu-west-1 "
#define TOKEN "{\"count\":6,\"value\":\"aa.bb.cc\"}"
#define STS "https://sts.eu-west-1.amazonaws.com/"
#define KEYS(token)                                                                                \
	"<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"  \
	"<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIA1</AccessKeyId>"           \
	"<SecretAccessKey>s3cr3t</SecretAccessKey>" token                                          \
	"<Expiration>2026-11-20T18:00:00Z</Expiration></Credentials>"                              \
	"</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
#define GOOD KEYS("<SessionToken>t0k3n</SessionToken>")
#define REFUSAL(code)                                                                              \
	"<ErrorResponse><Error><Type>Sender</Type><Code>" code "</Code><Message>because</Message>" \
	"</Error></ErrorResponse>"

static const char *ask(struct asking *a, const char *environment)
{
	return asking_ask(a, NULL, environment, aws_provider_github.find);
}

static void test_not_configured(void **state)
{
	struct asking *a = *state;

	assert_string_equal(ask(a, "AWS_ROLE_ARN=" ROLE), "-");
	assert_string_equal(ask(a, JOB), "-");
	assert_string_equal(asking_ask(a, "static", JOB "AWS_ROLE_ARN=" ROLE,
				       aws_provider_github.find),
			    "-");
}

static void test_exchange(void **state)
{
	struct asking *a = *state;

	asking_answer(a, "https://gh.example/t?v=2&audience=sts.amazonaws.com", 200, TOKEN);
	asking_answer(a, STS, 200, GOOD);
	assert_string_equal(ask(a, JOB "AWS_ROLE_ARN=" ROLE), "ASIA1 t0k3n 2026-11-20T18:00:00Z");
	assert_string_equal(asking_sent(a, 0)->url,
			    "https://gh.example/t?v=2&audience=sts.amazonaws.com");
	assert_string_equal(script_sent_header(asking_sent(a, 0), "Authorization"),
			    "bearer t0k3n0");
	assert_string_equal(asking_sent(a, 1)->method, "POST");
	assert_null(script_sent_header(asking_sent(a, 1), "Authorization"));
	assert_string_equal(asking_sent(a, 1)->body,
			    "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
			    "&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fbuilder"
			    "&RoleSessionName=goldkeep-1795178160&WebIdentityToken=aa.bb.cc");
}

static void test_china(void **state)
{
	struct asking *a = *state;

	asking_answer(a, "audience=sts.amazonaws.com.cn", 200, TOKEN);
	asking_answer(a, "https://sts.cn-north-1.amazonaws.com.cn/", 200, GOOD);
	ask(a, JOB "AWS_REGION=cn-north-1 AWS_ROLE_SESSION_NAME=mine "
		   "AWS_ROLE_ARN=arn:aws-cn:iam::123456789012:role/builder");
	assert_said(a, "ASIA1");
	assert_non_null(strstr(asking_sent(a, 1)->body, "&RoleSessionName=mine&"));
}

static void test_bad_settings(void **state)
{
	struct asking *a = *state;

	ask(a, JOB "ACTIONS_ID_TOKEN_REQUEST_TOKEN= AWS_ROLE_ARN=" ROLE);
	assert_said(a, "! GitHub's identity token: ACTIONS_ID_TOKEN_REQUEST_TOKEN is not set");
	ask(a, JOB "ACTIONS_ID_TOKEN_REQUEST_TOKEN=a\nb AWS_ROLE_ARN=" ROLE);
	assert_said(a, "ACTIONS_ID_TOKEN_REQUEST_TOKEN is no token");
	ask(a, JOB "ACTIONS_ID_TOKEN_REQUEST_URL=http://gh.example/t AWS_ROLE_ARN=" ROLE);
	assert_said(a, "ACTIONS_ID_TOKEN_REQUEST_URL is no https URL");
	ask(a, JOB "ACTIONS_ID_TOKEN_REQUEST_URL=HTTP://gh.example/t AWS_ROLE_ARN=" ROLE);
	assert_said(a, "ACTIONS_ID_TOKEN_REQUEST_URL is no https URL");
	ask(a, JOB "ACTIONS_ID_TOKEN_REQUEST_URL=http://127.0.0.1:80@gh.example/t AWS_ROLE_ARN=" ROLE);
	assert_said(a, "ACTIONS_ID_TOKEN_REQUEST_URL: an endpoint URL must hold no user");
	ask(a, JOB "ACTIONS_ID_TOKEN_REQUEST_URL=https://gh.example/t?a#b AWS_ROLE_ARN=" ROLE);
	assert_said(a, "ACTIONS_ID_TOKEN_REQUEST_URL is no URL");
}

static void test_github_says_no(void **state)
{
	static const struct {
		int status;
		const char *body, *said;
	} rows[] = {
		{403, "{\"message\":\"no permission\"}",
		 "https://gh.example/t answers with HTTP status 403: no permission"},
		{200, "{}", "holds no token"},
		{200, "{\"value\":\"a b\"}", "holds no token"},
		{200, "<html>", "cannot be read"},
	};
	struct asking *a = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		asking_answer(a, "gh.example", rows[i].status, rows[i].body);
		ask(a, JOB "AWS_ROLE_ARN=" ROLE);
		assert_int_equal(a->said[0], '!');
		assert_said(a, rows[i].said);
	}
}

static void test_sts_says_no(void **state)
{
	static const struct {
		int status;
		const char *body, *said;
	} rows[] = {
		{403, REFUSAL("AccessDenied"),
		 "! GitHub's identity token: the role " ROLE
		 ": AssumeRoleWithWebIdentity in eu-west-1: AccessDenied: because"},
		{400, "<html>", "HTTP status 400"},
		{500, "<SecretAccessKey>s3cr3t", "HTTP status 500"},
		{200, KEYS("") "<", "cannot be read"},
		{200, "<html/>", "not a <AssumeRoleWithWebIdentityResponse>"},
		{200, KEYS(""), "no whole credentials"},
		{200, "<AssumeRoleWithWebIdentityResponse/>", "no Credentials"},
	};
	struct asking *a = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		asking_answer(a, "gh.example", 200, TOKEN);
		asking_answer(a, STS, rows[i].status, rows[i].body);
		ask(a, JOB "AWS_MAX_ATTEMPTS=1 AWS_ROLE_ARN=" ROLE);
		assert_int_equal(a->said[0], '!');
		assert_said(a, rows[i].said);
	}
}

/* A token that has expired is the place's to mend: nothing is asked for again here. */
static void test_expired_token(void **state)
{
	static const char *const codes[] = {"ExpiredTokenException", "ExpiredToken"};
	struct asking *a = *state;

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		_cleanup_free_ char *body = gk_str_format(NULL, REFUSAL("%s"), codes[i]);

		asking_answer(a, "gh.example", 200, TOKEN);
		asking_answer(a, STS, 400, body);
		ask(a, JOB "AWS_ROLE_ARN=" ROLE);
		assert_said(a, codes[i]);
		assert_int_equal(a->script->sent_count, 2 * (i + 1));
	}
}

static void test_again(void **state)
{
	struct asking *a = *state;

	asking_answer(a, "gh.example", 200, TOKEN);
	asking_answer(a, STS, 400, REFUSAL("IDPCommunicationError"));
	asking_answer(a, STS, 400, REFUSAL("InvalidIdentityToken"));
	asking_answer(a, STS, 200, GOOD);
	ask(a, JOB "AWS_ROLE_ARN=" ROLE);
	assert_said(a, "ASIA1");
	assert_true(a->clock.slept >= 1000);
	asking_answer(a, "gh.example", 200, TOKEN);
	for (int i = 0; i < 3; i++)
		asking_answer(a, STS, 400, REFUSAL("InvalidIdentityToken"));
	ask(a, JOB "AWS_ROLE_ARN=" ROLE);
	assert_said(a, "InvalidIdentityToken: because");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_not_configured, asking_set_up,
						asking_tear_down),
		cmocka_unit_test_setup_teardown(test_exchange, asking_set_up, asking_tear_down),
		cmocka_unit_test_setup_teardown(test_china, asking_set_up, asking_tear_down),
		cmocka_unit_test_setup_teardown(test_bad_settings, asking_set_up,
						asking_tear_down),
		cmocka_unit_test_setup_teardown(test_github_says_no, asking_set_up,
						asking_tear_down),
		cmocka_unit_test_setup_teardown(test_sts_says_no, asking_set_up, asking_tear_down),
		cmocka_unit_test_setup_teardown(test_expired_token, asking_set_up,
						asking_tear_down),
		cmocka_unit_test_setup_teardown(test_again, asking_set_up, asking_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
