/* Credentials of containers: where they are asked for, what is sent, what is made of the answer. */
#include <stdio.h>
#include <string.h>

#include "aws/tests/asking.h"
#include "base/mem.h"
#include "base/tests/folder.h"
#include "base/tests/unit.h"

#define KEYS                                                                                       \
	"{\"AccessKeyId\":\"ASIA1\",\"SecretAccessKey\":\"s3cr3t\",\"Token\":\"t0k3n\","           \
	"\"Expiration\":\"2026-11-20T18:00:00Z\"}"
#define UNTIL(time)                                                                                \
	"{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\",\"Token\":\"t\",\"Expiration\":" time "}"
#define FOUND "ASIA1 t0k3n 2026-11-20T18:00:00Z"
#define RELATIVE "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI="
#define FULL "AWS_CONTAINER_CREDENTIALS_FULL_URI="
#define TOKEN "AWS_CONTAINER_AUTHORIZATION_TOKEN="
#define TOKEN_FILE "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE="

static const char *ask(struct asking *a, const char *environment)
{
	return asking_ask(a, NULL, environment, aws_provider_container.find);
}

static void test_not_configured(void **state)
{
	struct asking *a = *state;

	assert_string_equal(ask(a, RELATIVE " " FULL), "-");
	assert_string_equal(ask(a, TOKEN "t0k3n"), "-");
}

static void test_relative_wins(void **state)
{
	struct asking *a = *state;
	const struct script_sent *sent = NULL;

	asking_answer(a, "http://169.254.170.2/v2/credentials?id=1", 200, KEYS);
	assert_string_equal(ask(a, RELATIVE "/v2/credentials?id=1 " FULL "http://127.0.0.1/x"),
			    FOUND);
	sent = asking_sent(a, 0);
	assert_string_equal(sent->method, "GET");
	assert_string_equal(script_sent_header(sent, "Accept"), "application/json");
	assert_null(script_sent_header(sent, "Authorization"));
	assert_true(sent->no_proxy);
	assert_int_equal(sent->timeout_ms, 2000);
}

static void test_hosts(void **state)
{
	static const struct {
		const char *url;
		bool good;
	} rows[] = {
		{"https://anything.example/x", true},
		{"http://127.0.0.1/", true},
		{"http://127.1.2.3:8080/x", true},
		{"http://localhost:81/x", true},
		{"http://LOCALHOST/x", true},
		{"http://[::1]:8080/x", true},
		{"http://169.254.170.2/x", true},
		{"http://169.254.170.23/v1/credentials", true},
		{"http://[fd00:ec2::23]/v1/credentials", true},
		{"http://169.254.170.3/", false},
		{"http://169.254.169.254/", false},
		{"http://[fd00:ec2::254]/", false},
		{"http://[::2]/", false},
		{"http://10.0.0.1/", false},
		{"http://2130706433/", false},
		{"http://127.1/", false},
		{"http://127.0.0.1.example/", false},
		{"http://localhost.example/", false},
		{"http://example.com/", false},
		{"HTTP://example.com/", false},
		{"http://127.0.0.1@example.com/", false},
		{"http://example.com#@127.0.0.1/", false},
		{"http://example.com?@127.0.0.1/", false},
		{"http://example.com\\@127.0.0.1/", false},
		{"http://127.0.0.1:99999/", false},
		{"http://127.0.0.1:/", false},
		{"http://127.0.0.1:80:80/", false},
		{"http://127.0.0.1:80@example.com/", false},
		{"http://127.0.0.1./", false},
		{"http://localhost./", false},
		{"http://0x7f000001/", false},
		{"http://0x7f.0.0.1/", false},
		{"http://0177.0.0.1/", false},
		{"http://127.000.000.001/", false},
		{"http://[::ffff:127.0.0.1]/", false},
		{"http://[::127.0.0.1]/", false},
		{"http://[::1%25lo]/", false},
		{"http://[::1]@example.com/", false},
		{"http://[::1].example.com/", false},
		{"http://[::1/", false},
		{"http://127.0.0.1\x09.example.com/", false},
		{"http:///127.0.0.1/", false},
		{"http:127.0.0.1/", false},
		{"HTTP://example.com/", false},
		{"https://user:s3cr3t@example.com/", false},
		{"ftp://127.0.0.1/", false},
		{"file:///etc/passwd", false},
		{"127.0.0.1", false},
	};
	struct asking *a = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char environment[256];

		if (rows[i].good)
			asking_answer(a, rows[i].url, 200, KEYS);
		snprintf(environment, sizeof(environment), FULL "%s", rows[i].url);
		ask(a, environment);
		if (rows[i].good ? strcmp(a->said, FOUND) != 0 : a->said[0] != '!')
			fail_msg("%s: %s", rows[i].url, a->said);
	}
}

/* What stands behind the address must not become part of it. */
static void test_relative_begins_with_a_slash(void **state)
{
	struct asking *a = *state;

	ask(a, RELATIVE "@example.com/");
	assert_said(a, "! container credentials: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not "
		       "begin with /");
	ask(a, RELATIVE ".example.com/");
	assert_said(a, "does not begin with /");
}

/* Content of the token file, and the header or what is said. */
static void test_token_file(void **state)
{
	static const struct {
		const char *content, *header, *said;
	} rows[] = {
		{"Bearer t0k3n", "Bearer t0k3n", NULL},
		{"t0k3n\n", "t0k3n", NULL},
		{"t0k3n\r\n", "t0k3n", NULL},
		{"t0k3n\n\n", "t0k3n", NULL},
		{"t0\rk3n", NULL, "holds a line end"},
		{"t0k3n\nX-Evil: 1\n", NULL, "holds a line end"},
		{"t0k3n\r\nX-Evil: 1", NULL, "holds a line end"},
		{"t0\001", NULL, "control character"},
		{"", NULL, "is empty"},
		{"\n", NULL, "is empty"},
	};
	struct asking *a = *state;
	struct test_folder folder;
	char path[TEST_PATH_SIZE];
	char environment[2 * TEST_PATH_SIZE];

	test_folder_init(&folder);
	test_path(&folder, "token", path);
	snprintf(environment, sizeof(environment),
		 FULL "http://localhost/x " TOKEN "0th3r " TOKEN_FILE "%s", path);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		asking_write(path, rows[i].content);
		if (rows[i].header)
			asking_answer(a, "http://localhost/x", 200, KEYS);
		ask(a, environment);
		if (rows[i].header) {
			assert_said(a, FOUND);
			assert_string_equal(
				script_sent_header(asking_sent(a, a->script->sent_count - 1),
						   "Authorization"),
				rows[i].header);
		} else
			assert_said(a, rows[i].said);
	}
	remove(path);
	ask(a, environment);
	assert_said(a, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: ");
	test_folder_done(&folder);
}

static void test_token(void **state)
{
	struct asking *a = *state;

	asking_answer(a, "Authorization: Basic:t0k3n", 200, KEYS);
	assert_string_equal(ask(a, FULL "http://localhost/x " TOKEN "Basic:t0k3n"), FOUND);
	asking_answer(a, "Authorization: t0k3n", 200, KEYS);
	assert_string_equal(ask(a, FULL "http://localhost/x " TOKEN "t0k3n\n"), FOUND);
	ask(a, FULL "http://localhost/x " TOKEN "t0k3n\r\nX-Evil:1");
	assert_said(a, "the token of AWS_CONTAINER_AUTHORIZATION_TOKEN holds a line end");
}

static void test_time_with_offset(void **state)
{
	struct asking *a = *state;

	asking_answer(a, NULL, 200,
		      "{\"AccessKeyId\":\"ASIA1\",\"SecretAccessKey\":\"s3cr3t\","
		      "\"Token\":\"t0k3n\",\"Expiration\":\"2026-11-20T19:00:00+01:00\"}");
	assert_string_equal(ask(a, RELATIVE "/x"), FOUND);
}

static void test_bad_answers(void **state)
{
	static const struct {
		int status;
		const char *body, *said;
	} rows[] = {
		{403, "{\"code\":\"AccessDenied\",\"message\":\"no role\"}",
		 "! container credentials: http://localhost/x answers with HTTP status 403: no role"},
		{404, "<html>", "HTTP status 404"},
		{302, "", "HTTP status 302"},
		{201, KEYS, "HTTP status 201"},
		{200, "", "the answer is empty"},
		{200, "<html>", "cannot be read"},
		{200, "[]", "is no JSON object"},
		{200, "{\"AccessKeyId\":\"A\"", "cannot be read"},
		{200, "{}", "AccessKeyId in the answer is missing"},
		{200, "{\"AccessKeyId\":7}", "AccessKeyId"},
		{200, "{\"AccessKeyId\":\"A\\u0000B\"}", "a NUL character"},
		{200, UNTIL("1795197600"), "\"Expiration\" is no string"},
		{200, UNTIL("\"1795197600\""), "Expiration in the answer: it is no time"},
		{200, UNTIL("\"2026-13-20T12:36:00Z\""), "Expiration in the answer: it is no time"},
		{200, "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\"}",
		 "Token in the answer is missing"},
		{200, "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\",\"Token\":\"a b\"}",
		 "Token in the answer holds white space"},
		{200,
		 "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\",\"Token\":\"t\","
		 "\"Expiration\":\"tomorrow\"}",
		 "Expiration in the answer"},
	};
	struct asking *a = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		asking_answer(a, "http://localhost/x", rows[i].status, rows[i].body);
		ask(a, FULL "http://localhost/x?id=1");
		assert_int_equal(a->said[0], '!');
		assert_said(a, rows[i].said);
		assert_null(strstr(a->said, "id=1"));
	}
}

/* Three attempts, a second apart, also for what the server is sorry for. */
static void test_attempts(void **state)
{
	struct asking *a = *state;

	asking_answer_with(a, &(struct script_answer){.failure = "connection refused",
						      .unsent = true});
	asking_answer(a, NULL, 503, "");
	asking_answer(a, NULL, 200, KEYS);
	assert_string_equal(ask(a, RELATIVE "/x"), FOUND);
	assert_int_equal(a->clock.slept, 2000);
	asking_answer(a, NULL, 429, "");
	asking_answer(a, NULL, 200, KEYS);
	assert_string_equal(ask(a, RELATIVE "/x"), FOUND);
	for (int i = 0; i < 3; i++)
		asking_answer_with(a, &(struct script_answer){.failure = "connection refused",
							      .unsent = true});
	ask(a, RELATIVE "/x?s3cr3t");
	assert_string_equal(a->said, "! container credentials: cannot reach "
				     "http://169.254.170.2/x (connection refused)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_not_configured, asking_set_up,
						asking_tear_down),
		cmocka_unit_test_setup_teardown(test_relative_wins, asking_set_up,
						asking_tear_down),
		cmocka_unit_test_setup_teardown(test_hosts, asking_set_up, asking_tear_down),
		cmocka_unit_test_setup_teardown(test_relative_begins_with_a_slash, asking_set_up,
						asking_tear_down),
		cmocka_unit_test_setup_teardown(test_token_file, asking_set_up, asking_tear_down),
		cmocka_unit_test_setup_teardown(test_token, asking_set_up, asking_tear_down),
		cmocka_unit_test_setup_teardown(test_time_with_offset, asking_set_up,
						asking_tear_down),
		cmocka_unit_test_setup_teardown(test_bad_answers, asking_set_up, asking_tear_down),
		cmocka_unit_test_setup_teardown(test_attempts, asking_set_up, asking_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
