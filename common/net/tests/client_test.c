#include "net/client.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/tests/unit.h"
#include "net/script.h"

enum { NOW = 1795178160, CALLS_MAX = 16 };

/* The simplest protocol: the body is the call's name, and the status says everything. */
static int prepare(struct http_call *call, time_t now, struct http_request *request,
		   struct gk_error *err)
{
	request->method = "POST";
	gk_buf_addf(&request->body, "%s at %lld", call->name, (long long)(now - NOW));
	if (strstr(call->name, "unsendable"))
		return gk_error_set(err, GK_USAGE, "cannot be sent");
	return gk_str_set(&request->url, "http://x/", err);
}

static enum http_verdict judge(struct http_call *call, const struct http_response *response,
			       time_t now)
{
	(void)now;
	if (response->status == 200)
		return HTTP_DONE;
	gk_error_set(&call->error, GK_FAILED, "status %d %s", response->status, response->failure);
	switch (response->status) {
	case 400:
		return HTTP_FINAL;
	case 404:
		return HTTP_PATIENT;
	case 418:
		return HTTP_SKEW;
	case 429:
		return HTTP_THROTTLING;
	default:
		return HTTP_TRANSIENT;
	}
}

static const struct http_protocol protocol = {prepare, judge};

static double always_one(void)
{
	return 1.0;
}

struct fixture {
	struct script_clock clock;
	struct http_script *script;
	struct http_client client;
	struct http_call calls[CALLS_MAX];
	size_t count;
	struct gk_buf log;
};

static void write_log(void *context, enum gk_log_level level, const char *line)
{
	struct fixture *f = context;

	gk_buf_addf(&f->log, "%d %s\n", (int)level, line);
}

static struct gk_log fixture_log;

static int set_up(void **state)
{
	static struct fixture fixture;

	fixture = (struct fixture){0};
	script_clock_init(&fixture.clock, NOW);
	fixture.script = http_script_new(&fixture.clock);
	assert_non_null(fixture.script);
	fixture_log = (struct gk_log){write_log, &fixture};
	http_client_init(&fixture.client, http_script_transport(fixture.script),
			 &fixture.clock.clock, &fixture_log, always_one);
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(http_script_unused(f->script), 0);
	http_script_free(f->script);
	gk_buf_done(&f->log);
	return 0;
}

static struct http_call *add_call(struct fixture *f, const char *name, const char *lane)
{
	struct http_call *call = &f->calls[f->count++];

	*call = (struct http_call){
		.protocol = &protocol, .name = name, .lane = lane, .rules = &retry_standard};
	return call;
}

static void answer(struct fixture *f, const char *match, int status)
{
	assert_int_equal(http_script_add(f->script,
					 &(struct script_answer){.match = match, .status = status}),
			 0);
}

static void run(struct fixture *f)
{
	struct http_call *calls[CALLS_MAX];
	struct gk_error err = {0};

	for (size_t i = 0; i < f->count; i++)
		calls[i] = &f->calls[i];
	assert_success(http_client_run(&f->client, calls, f->count, &err), &err);
}

static void test_all_at_once(void **state)
{
	struct fixture *f = *state;

	add_call(f, "one", "r1");
	add_call(f, "two", "r2");
	add_call(f, "three", "r1");
	answer(f, "one", 200);
	answer(f, "two", 200);
	answer(f, "three", 400);
	run(f);
	assert_int_equal(f->script->rounds, 1);
	assert_int_equal(f->calls[0].end, HTTP_END_DONE);
	assert_int_equal(f->calls[1].error.code, GK_OK);
	assert_int_equal(f->calls[2].end, HTTP_END_FINAL);
	assert_string_equal(f->calls[2].error.message, "status 400 ");
	assert_int_equal(f->clock.slept, 0);
}

static void test_lane_limit(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 9; i++) {
		add_call(f, "narrow", "r1");
		answer(f, "narrow", 200);
	}
	add_call(f, "other", "r2");
	answer(f, "other", 200);
	run(f);
	assert_int_equal(f->script->flying_max, HTTP_LANE_LIMIT + 1);
	assert_int_equal(f->script->rounds, 3);
	assert_string_equal(f->script->sent[4].body, "other at 0");
}

static void test_retry_does_not_hold_up_others(void **state)
{
	struct fixture *f = *state;

	add_call(f, "slow", "r1");
	add_call(f, "fast1", "r1");
	add_call(f, "fast2", "r1");
	add_call(f, "fast3", "r1");
	add_call(f, "fast4", "r1");
	answer(f, "slow", 429);
	for (int i = 1; i <= 4; i++) {
		char name[16];

		snprintf(name, sizeof(name), "fast%d", i);
		answer(f, name, 200);
	}
	answer(f, "slow", 200);
	run(f);
	assert_string_equal(f->script->sent[4].body, "fast4 at 0");
	assert_string_equal(f->script->sent[5].body, "slow at 1");
	assert_int_equal(f->calls[0].attempts, 2);
	assert_int_equal(f->calls[0].end, HTTP_END_DONE);
	assert_int_equal(f->calls[0].error.code, GK_OK);
	assert_int_equal(f->script->rounds, 3);
}

static void test_gives_up(void **state)
{
	struct fixture *f = *state;

	add_call(f, "broken", "r1");
	for (int i = 0; i < 3; i++)
		assert_int_equal(http_script_add(f->script,
						 &(struct script_answer){.failure = "gone"}),
				 0);
	run(f);
	assert_int_equal(f->calls[0].end, HTTP_END_ATTEMPTS);
	assert_int_equal(f->calls[0].attempts, 3);
	assert_int_equal(f->clock.slept, 50 + 100);
	assert_int_equal(f->client.quota.left, RETRY_QUOTA_FULL - 2 * 14);
	assert_string_equal(f->calls[0].error.message, "status 0 gone");
	assert_non_null(strstr(gk_buf_text(&f->log), "3 broken: gone, 0 ms, attempt 3"));
}

static void test_quota_is_shared(void **state)
{
	struct fixture *f = *state;

	f->client.quota.left = 20;
	add_call(f, "one", "r1");
	add_call(f, "two", "r2");
	answer(f, "one", 500);
	answer(f, "two", 500);
	answer(f, "one", 200);
	run(f);
	assert_int_equal(f->calls[0].end, HTTP_END_DONE);
	assert_int_equal(f->calls[1].end, HTTP_END_QUOTA);
}

static void test_skew_once(void **state)
{
	struct fixture *f = *state;

	add_call(f, "late", "r1");
	answer(f, "late", 418);
	answer(f, "late", 418);
	run(f);
	assert_int_equal(f->calls[0].end, HTTP_END_FINAL);
	assert_int_equal(f->calls[0].attempts, 2);
	assert_int_equal(f->client.quota.left, RETRY_QUOTA_FULL);
}

static void test_patience(void **state)
{
	struct fixture *f = *state;

	add_call(f, "fresh", "r1");
	for (int i = 0; i < 11; i++)
		answer(f, "fresh", 404);
	run(f);
	assert_int_equal(f->calls[0].end, HTTP_END_ATTEMPTS);
	assert_int_equal(f->calls[0].attempts, 11);
	assert_int_equal(f->clock.slept, 111000);
	assert_int_equal(f->client.quota.left, RETRY_QUOTA_FULL);
	assert_non_null(strstr(gk_buf_text(&f->log), "2 fresh: again in 30.0 s: status 404"));
}

static void test_patience_beside_transient(void **state)
{
	struct fixture *f = *state;

	add_call(f, "fresh", "r1");
	answer(f, "fresh", 404);
	answer(f, "fresh", 500);
	answer(f, "fresh", 404);
	answer(f, "fresh", 200);
	run(f);
	assert_int_equal(f->calls[0].end, HTTP_END_DONE);
	assert_int_equal(f->clock.slept, 200 + 50 + 400);
}

static void test_deadline(void **state)
{
	struct fixture *f = *state;

	f->client.deadline_ms = 1500;
	add_call(f, "busy", "r1");
	answer(f, "busy", 429);
	answer(f, "busy", 429);
	run(f);
	assert_int_equal(f->calls[0].end, HTTP_END_DEADLINE);
	assert_int_equal(f->clock.slept, 1000);
}

static void test_retry_after(void **state)
{
	struct fixture *f = *state;

	add_call(f, "asked", "r1");
	assert_int_equal(http_script_add(f->script, &(struct script_answer){
							    .status = 503,
							    .headers = "retry-after: 3"}),
			 0);
	assert_int_equal(http_script_add(f->script, &(struct script_answer){
							    .status = 500,
							    .headers = "retry-after: 3\n"
								       "x-amz-retry-after: 700"}),
			 0);
	answer(f, "asked", 200);
	run(f);
	assert_int_equal(f->clock.slept, 3000 + 700);
}

static void test_unsendable(void **state)
{
	struct fixture *f = *state;

	add_call(f, "unsendable", "r1");
	add_call(f, "good", "r1");
	answer(f, "good", 200);
	run(f);
	assert_int_equal(f->calls[0].end, HTTP_END_FINAL);
	assert_int_equal(f->calls[0].error.code, GK_USAGE);
	assert_int_equal(f->calls[0].attempts, 0);
	assert_int_equal(f->calls[1].end, HTTP_END_DONE);
}

/* An answer that takes its time does not keep a retry that is due from being sent. */
static void test_retry_while_another_is_flying(void **state)
{
	struct fixture *f = *state;

	add_call(f, "long", "r1");
	add_call(f, "short", "r1");
	assert_int_equal(http_script_add(f->script,
					 &(struct script_answer){
						 .match = "long", .status = 200, .delay_ms = 5000}),
			 0);
	answer(f, "short", 500);
	answer(f, "short", 200);
	run(f);
	assert_string_equal(f->script->sent[2].body, "short at 0");
	assert_int_equal(f->script->sent[2].ms, NOW * INT64_C(1000) + 50);
}

static void test_nothing(void **state)
{
	struct fixture *f = *state;

	run(f);
	assert_int_equal(f->script->rounds, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all_at_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_lane_limit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_retry_does_not_hold_up_others, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_gives_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_quota_is_shared, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_skew_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_patience, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_patience_beside_transient, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_deadline, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_retry_after, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_unsendable, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_retry_while_another_is_flying, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_nothing, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
