/* The instance metadata service: what is asked in which order, and what each silence means. */
#include "aws/imds.h"

#include <string.h>

#include "aws/tests/asking.h"
#include "base/mem.h"
#include "base/tests/unit.h"

#define ROLES "/latest/meta-data/iam/security-credentials/"
#define KEYS_UNTIL(time)                                                                           \
	"{\"Code\":\"Success\",\"Type\":\"AWS-HMAC\",\"AccessKeyId\":\"ASIA1\","                   \
	"\"SecretAccessKey\":\"s3cr3t\",\"Token\":\"t0k3n\",\"Expiration\":\"" time "\"}"
#define KEYS KEYS_UNTIL("2026-11-20T18:00:00Z")
#define FOUND "ASIA1 t0k3n 2026-11-20T18:00:00Z"

static const char *ask(struct asking *a, const char *environment)
{
	return asking_ask(a, NULL, environment, aws_provider_imds.find);
}

static void answer_role(struct asking *a, int status, const char *body)
{
	asking_answer(a, "/latest/api/token", 200, "tok");
	asking_answer(a, ROLES, 200, "builder");
	asking_answer(a, ROLES "builder", status, body);
}

static void test_three_steps(void **state)
{
	struct asking *a = *state;

	answer_role(a, 200, KEYS);
	assert_string_equal(ask(a, ""), FOUND);
	assert_int_equal(a->script->sent_count, 3);
	assert_string_equal(asking_sent(a, 0)->method, "PUT");
	assert_string_equal(asking_sent(a, 0)->url, "http://169.254.169.254/latest/api/token");
	assert_string_equal(script_sent_header(asking_sent(a, 0),
					       "X-aws-ec2-metadata-token-ttl-seconds"),
			    "21600");
	assert_string_equal(asking_sent(a, 1)->url, "http://169.254.169.254" ROLES);
	for (size_t i = 0; i < 3; i++) {
		const struct script_sent *sent = asking_sent(a, i);

		assert_true(sent->no_proxy);
		assert_int_equal(sent->timeout_ms, 1000);
		if (i > 0)
			assert_string_equal(script_sent_header(sent, "X-aws-ec2-metadata-token"),
					    "tok");
	}
}

static void test_settings(void **state)
{
	static const struct {
		const char *environment, *url;
	} rows[] = {
		{"AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:9/x", "http://127.0.0.1:9/x/latest/"},
		{"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=IPv6", "http://[fd00:ec2::254]/latest/"},
		{"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=ipv4", "http://169.254.169.254/latest/"},
		{"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=IPv6 "
		 "AWS_EC2_METADATA_SERVICE_ENDPOINT=http://h/",
		 "http://h/latest/"},
		{"AWS_EC2_METADATA_DISABLED=false", "http://169.254.169.254/latest/"},
	};
	struct asking *a = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		answer_role(a, 200, KEYS);
		assert_string_equal(ask(a, rows[i].environment), FOUND);
		assert_non_null(strstr(asking_sent(a, 3 * i)->url, rows[i].url));
	}
	assert_string_equal(ask(a, "AWS_EC2_METADATA_DISABLED=TRUE"), "-");
	assert_int_equal(a->script->sent_count, 3 * ARRAY_SIZE(rows));
}

static void test_bad_settings(void **state)
{
	static const char *const rows[] = {
		"AWS_EC2_METADATA_DISABLED=yes",
		"AWS_METADATA_SERVICE_TIMEOUT=0",
		"AWS_METADATA_SERVICE_TIMEOUT=1s",
		"AWS_METADATA_SERVICE_NUM_ATTEMPTS=-1",
		"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=IPv5",
		"AWS_EC2_METADATA_SERVICE_ENDPOINT=169.254.169.254",
	};
	struct asking *a = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char name[64] = "";

		memcpy(name, rows[i], strcspn(rows[i], "="));
		ask(a, rows[i]);
		assert_int_equal(a->said[0], '!');
		assert_said(a, name);
	}
}

static void test_time_and_attempts(void **state)
{
	struct asking *a = *state;

	for (int i = 0; i < 3; i++)
		asking_answer_with(a, &(struct script_answer){.failure = "no route to host",
							      .unsent = true});
	assert_string_equal(ask(a, "AWS_METADATA_SERVICE_TIMEOUT=3 "
				   "AWS_METADATA_SERVICE_NUM_ATTEMPTS=3"),
			    "-");
	assert_int_equal(asking_sent(a, 0)->timeout_ms, 3000);
	assert_int_equal(a->clock.slept, 2000);
}

/* Off EC2: nobody is there, or somebody who knows no tokens. One request, then it is over. */
static void test_elsewhere(void **state)
{
	static const int statuses[] = {403, 404, 405};
	struct asking *a = *state;

	asking_answer_with(a, &(struct script_answer){.failure = "connection timed out",
						      .unsent = true,
						      .timed_out = true});
	assert_string_equal(ask(a, ""), "-");
	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		asking_answer(a, "api/token", statuses[i], "<html>");
		assert_string_equal(ask(a, ""), "-");
	}
	assert_int_equal(a->clock.slept, 0);
}

static void test_hop_limit(void **state)
{
	struct asking *a = *state;

	asking_answer_with(a, &(struct script_answer){.match = "api/token",
						      .failure = "timed out",
						      .timed_out = true});
	ask(a, "");
	assert_said(a, "! credentials of the EC2 instance: http://169.254.169.254/ takes the "
		       "request for a token and does not answer within 1 s");
	assert_said(a, "HttpPutResponseHopLimit");
}

static void test_bad_tokens(void **state)
{
	struct asking *a = *state;

	asking_answer(a, "api/token", 400, "");
	ask(a, "");
	assert_said(a, "api/token answers with HTTP status 400");
	assert_said(a, "give keys another way, and set AWS_EC2_METADATA_DISABLED=true");
	asking_answer(a, "api/token", 200, "");
	ask(a, "");
	assert_said(a, "a token that is none");
	asking_answer(a, "api/token", 200, "a\r\nX-Evil: 1");
	ask(a, "");
	assert_said(a, "a token that is none");
	asking_answer_with(a, &(struct script_answer){.failure = "connection reset by peer"});
	ask(a, "");
	assert_said(a, "no whole answer from");
}

static void test_no_role(void **state)
{
	struct asking *a = *state;

	asking_answer(a, "api/token", 200, "tok");
	asking_answer(a, ROLES, 404, "<html>");
	assert_string_equal(ask(a, ""), "-");
}

static void test_named_role(void **state)
{
	struct asking *a = *state;

	asking_answer(a, "api/token", 200, "tok");
	asking_answer(a, ROLES "mine", 200, KEYS);
	assert_string_equal(ask(a, "AWS_EC2_INSTANCE_PROFILE_NAME=mine"), FOUND);
	asking_answer(a, "api/token", 200, "tok");
	ask(a, "AWS_EC2_INSTANCE_PROFILE_NAME=../x");
	assert_said(a, "names a role that is none");
}

/* A token that is no longer taken: once anew, not more. */
static void test_401(void **state)
{
	struct asking *a = *state;

	asking_answer(a, "api/token", 200, "old");
	asking_answer(a, ROLES, 401, "");
	asking_answer(a, "api/token", 200, "new");
	asking_answer(a, "X-aws-ec2-metadata-token: new", 200, "builder\n");
	asking_answer(a, ROLES "builder", 200, KEYS);
	assert_string_equal(ask(a, ""), FOUND);
	asking_answer(a, "api/token", 200, "a");
	asking_answer(a, ROLES, 401, "");
	asking_answer(a, "api/token", 200, "b");
	asking_answer(a, ROLES, 401, "");
	ask(a, "");
	assert_said(a, "HTTP status 401");
}

static void test_bad_answers(void **state)
{
	static const struct {
		int status;
		const char *body, *said;
	} rows[] = {
		{200, "{\"Code\":\"AssumeRoleUnauthorizedAccess\",\"Message\":\"EC2 cannot\"}",
		 "! credentials of the EC2 instance: the role builder has no credentials: "
		 "AssumeRoleUnauthorizedAccess: EC2 cannot"},
		{200, "{\"Code\":\"Failed\"}", "no credentials: Failed"},
		{200, "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\",\"Token\":\"t\"}",
		 "Expiration in the answer is missing"},
		{200, "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\"}",
		 "Token in the answer is missing"},
		{200, "<html>", "cannot be read"},
		{404, "", "HTTP status 404"},
		{500, "", "HTTP status 500"},
	};
	struct asking *a = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		answer_role(a, rows[i].status, rows[i].body);
		ask(a, "");
		assert_int_equal(a->said[0], '!');
		assert_said(a, rows[i].said);
	}
}

/* During an outage old credentials are handed out: they are used on for a quarter of an hour. */
static void test_static_stability(void **state)
{
	struct asking *a = *state;

	answer_role(a, 200, KEYS_UNTIL("2026-11-20T12:42:00Z"));
	assert_string_equal(ask(a, ""), "ASIA1 t0k3n 2026-11-20T12:42:00Z");
	answer_role(a, 200, KEYS_UNTIL("2026-11-20T12:40:00Z"));
	assert_string_equal(ask(a, ""), "ASIA1 t0k3n 2026-11-20T12:51:00Z");
	assert_null(strstr(gk_buf_text(&a->log), "0 the newest"));
	answer_role(a, 200, KEYS_UNTIL("2026-11-20T11:00:00Z"));
	assert_string_equal(ask(a, ""), "ASIA1 t0k3n 2026-11-20T12:51:00Z");
	assert_non_null(strstr(gk_buf_text(&a->log),
			       "0 the newest credentials of the instance's role expire at "
			       "2026-11-20T11:00:00Z"));
}

/* Looks like a provider, for asking.h: the region stands where the key does. */
static int find_region(const struct aws_provider_world *world, bool *ret_configured,
		       struct aws_credentials *ret, struct gk_error *err)
{
	if (aws_imds_region(world, &ret->access_key_id, err) < 0)
		return -1;
	*ret_configured = ret->access_key_id != NULL;
	return *ret_configured ? gk_str_set(&ret->secret_access_key, "-", err) : 0;
}

static void test_region(void **state)
{
	struct asking *a = *state;

	asking_answer(a, "api/token", 200, "tok");
	asking_answer(a, "/latest/meta-data/placement/region", 200, "eu-west-1");
	assert_string_equal(asking_ask(a, NULL, "", find_region), "eu-west-1 - -");
	asking_answer(a, "api/token", 404, "");
	assert_string_equal(asking_ask(a, NULL, "", find_region), "-");
	asking_answer(a, "api/token", 200, "tok");
	asking_answer(a, "placement/region", 200, "evil.example/");
	asking_ask(a, NULL, "", find_region);
	assert_said(a, "! region of the EC2 instance: http://169.254.169.254/ names a region");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_three_steps, asking_set_up, asking_tear_down),
		cmocka_unit_test_setup_teardown(test_settings, asking_set_up, asking_tear_down),
		cmocka_unit_test_setup_teardown(test_bad_settings, asking_set_up,
						asking_tear_down),
		cmocka_unit_test_setup_teardown(test_time_and_attempts, asking_set_up,
						asking_tear_down),
		cmocka_unit_test_setup_teardown(test_elsewhere, asking_set_up, asking_tear_down),
		cmocka_unit_test_setup_teardown(test_hop_limit, asking_set_up, asking_tear_down),
		cmocka_unit_test_setup_teardown(test_bad_tokens, asking_set_up, asking_tear_down),
		cmocka_unit_test_setup_teardown(test_no_role, asking_set_up, asking_tear_down),
		cmocka_unit_test_setup_teardown(test_named_role, asking_set_up, asking_tear_down),
		cmocka_unit_test_setup_teardown(test_401, asking_set_up, asking_tear_down),
		cmocka_unit_test_setup_teardown(test_bad_answers, asking_set_up, asking_tear_down),
		cmocka_unit_test_setup_teardown(test_static_stability, asking_set_up,
						asking_tear_down),
		cmocka_unit_test_setup_teardown(test_region, asking_set_up, asking_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
