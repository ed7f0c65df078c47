/* A clock that is wrong, and what is said to end at a time of the servers. */
#include <stdio.h>
#include <string.h>

#include "aws/client.h"
#include "aws/tests/asking.h"
#include "aws/tests/environment.h"
#include "base/mem.h"
#include "base/tests/unit.h"

#define ENV "AWS_REGION=eu-west-1 AWS_PROFILE="
#define TEN_MINUTES_LATER "date: Fri, 20 Nov 2026 12:46:00 GMT\n"
#define TEN_MINUTES_AGO "date: Fri, 20 Nov 2026 12:26:00 GMT\n"
#define ROLE_KEYS(id, until)                                                                       \
	"<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>" id "</AccessKeyId>"     \
	"<SecretAccessKey>s3cr3t</SecretAccessKey><SessionToken>t0k3n</SessionToken>"              \
	"<Expiration>" until "</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
#define KEYS_UNTIL(time)                                                                           \
	"{\"Code\":\"Success\",\"AccessKeyId\":\"ASIA1\",\"SecretAccessKey\":\"s3cr3t\","          \
	"\"Token\":\"t0k3n\",\"Expiration\":\"" time "\"}"
#define STS_SKEWED                                                                                 \
	"<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>Signature expired"       \
	"</Message></Error></ErrorResponse>"
#define EC2_SKEWED                                                                                 \
	"<Response><Errors><Error><Code>AuthFailure</Code><Message>no</Message></Error></Errors>"  \
	"</Response>"
#define DONE "<DescribeImagesResponse/>"

static void write_log(void *context, enum gk_log_level level, const char *line)
{
	struct asking *a = context;

	gk_buf_addf(&a->log, "%d %s\n", (int)level, line);
}

struct caller {
	struct asking *asking;
	struct gk_log log;
	struct aws_client *client;
};

static void caller_init(struct caller *caller, struct asking *a, const char *environment)
{
	struct aws_options options = {.getenv = environment_get};
	struct gk_error err = {0};

	*caller = (struct caller){.asking = a, .log = {write_log, a}};
	environment_set(environment);
	assert_success(aws_client_new(&options, http_script_transport(a->script), &a->clock.clock,
				      &caller->log, &caller->client, &err),
		       &err);
}

static void caller_done(struct caller *caller)
{
	aws_client_free(caller->client);
}

static void run(struct caller *caller)
{
	struct aws_call call = {.service = AWS_EC2, .action = "DescribeImages"};
	struct aws_call *pointer = &call;
	struct gk_error err = {0};

	assert_success(aws_run(caller->client, &pointer, 1, &err), &err);
	assert_success(call.error.code ? -1 : 0, &call.error);
	aws_call_done(&call);
}

static void answer_skewed(struct asking *a, const char *match, const char *date, const char *body)
{
	asking_answer_with(a, &(struct script_answer){
				      .match = match, .status = 403, .headers = date, .body = body});
}

static size_t count(const char *text, const char *part)
{
	size_t found = 0;

	for (const char *at = strstr(text, part); at; at = strstr(at + 1, part))
		found++;
	return found;
}

static void assert_date(struct asking *a, size_t number, const char *date)
{
	assert_string_equal(script_sent_header(asking_sent(a, number), "X-Amz-Date"), date);
}

/* What STS told about the clock is good for the service behind it, and for the next role. */
static void test_sts_finds_out(void **state)
{
	struct asking *a = *state;
	_cleanup_(caller_done) struct caller caller = {0};

	caller_init(&caller, a, ENV "role");
	answer_skewed(a, "AssumeRole", TEN_MINUTES_LATER, STS_SKEWED);
	asking_answer(a, "AssumeRole", 200, ROLE_KEYS("ROLE1", "2026-11-20T12:52:00Z"));
	asking_answer(a, "DescribeImages", 200, DONE);
	run(&caller);
	assert_date(a, 1, "20261120T124600Z");
	assert_date(a, 2, "20261120T124600Z");
	a->clock.ms += 2 * 60 * 1000; /* four minutes are left by the servers' time */
	asking_answer(a, "AssumeRole", 200, ROLE_KEYS("ROLE2", "2026-11-20T13:52:00Z"));
	asking_answer(a, "DescribeImages", 200, DONE);
	run(&caller);
	assert_date(a, 3, "20261120T124800Z");
	assert_date(a, 4, "20261120T124800Z");
	assert_int_equal(count(gk_buf_text(&a->log), "this machine's clock is"), 1);
}

/* The other way round. */
static void test_service_finds_out(void **state)
{
	struct asking *a = *state;
	_cleanup_(caller_done) struct caller caller = {0};

	caller_init(&caller, a, ENV "role");
	asking_answer(a, "AssumeRole", 200, ROLE_KEYS("ROLE1", "2026-11-20T12:41:00Z"));
	answer_skewed(a, "DescribeImages", TEN_MINUTES_AGO, EC2_SKEWED);
	asking_answer(a, "DescribeImages", 200, DONE);
	run(&caller);
	assert_date(a, 2, "20261120T122600Z");
	a->clock.ms += 60 * 1000; /* fourteen minutes are left, and not four */
	asking_answer(a, "DescribeImages", 200, DONE);
	run(&caller);
	a->clock.ms += 10 * 60 * 1000;
	asking_answer(a, "AssumeRole", 200, ROLE_KEYS("ROLE2", "2026-11-20T13:52:00Z"));
	asking_answer(a, "DescribeImages", 200, DONE);
	run(&caller);
	assert_date(a, 4, "20261120T123700Z");
	assert_int_equal(count(gk_buf_text(&a->log), "this machine's clock is"), 1);
}

static void answer_instance(struct asking *a, const char *keys)
{
	asking_answer(a, "api/token", 200, "tok");
	asking_answer(a, "security-credentials/", 200, "builder");
	asking_answer(a, "security-credentials/builder", 200, keys);
}

/* Credentials that are good for six minutes more are not prolonged. */
static void test_instance(void **state)
{
	struct asking *a = *state;
	_cleanup_(caller_done) struct caller caller = {0};

	caller_init(&caller, a, "AWS_REGION=eu-west-1");
	answer_instance(a, KEYS_UNTIL("2026-11-20T12:42:00Z"));
	answer_skewed(a, "DescribeImages", TEN_MINUTES_AGO, EC2_SKEWED);
	asking_answer(a, "DescribeImages", 200, DONE);
	run(&caller);
	a->clock.ms += 12 * 60 * 1000; /* 12:38 by the servers' time, 12:48 by our clock */
	answer_instance(a, KEYS_UNTIL("2026-11-20T12:45:00Z"));
	asking_answer(a, "DescribeImages", 200, DONE);
	run(&caller);
	assert_int_equal(count(gk_buf_text(&a->log), "they are used on"), 0);
}

/* Nobody has told the time yet, and the clock may be fast: whoever is asked with them judges. */
static void test_process(void **state)
{
	struct asking *a = *state;

	asking_ask(a, "process-just-over", "", aws_provider_profile.find);
	assert_said(a, "PROCESSKEY - 2026-11-20T12:26:00Z");
	a->clock.ms += 5 * 60 * 1000;
	asking_ask(a, "process-just-over", "", aws_provider_profile.find);
	assert_said(a, "it gives credentials that expired at 2026-11-20T12:26:00Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sts_finds_out, asking_set_up,
						asking_tear_down),
		cmocka_unit_test_setup_teardown(test_service_finds_out, asking_set_up,
						asking_tear_down),
		cmocka_unit_test_setup_teardown(test_instance, asking_set_up, asking_tear_down),
		cmocka_unit_test_setup_teardown(test_process, asking_set_up, asking_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
