#include "image/plan.h"

#include <string.h>

#include "base/mem.h"
#include "base/tests/unit.h"

static void test_defaults(void **state)
{
	struct policy policy = {.given = true, .keep_last = 7};

	(void)state;
	policy_init(&policy);
	assert_false(policy.given);
	assert_int_equal(policy.keep_last, 0);
	assert_int_equal(policy.keep_prereleases, 1);
	assert_int_equal(policy.unless_launched_within.hours, 24);
	assert_true(duration_is_zero(policy.keep_within));
	assert_true(duration_is_zero(policy.min_age));
	assert_int_equal(policy.max_remove, 50);
	assert_false(policy.include_shared);
}

static void test_json(void **state)
{
	static const char expected[] =
		"{\"given\":true,\"keep_last\":5,\"keep_within\":\"1y6m\",\"keep_prereleases\":2,"
		"\"unless_launched_within\":\"36h\",\"min_age\":\"2d\",\"include_shared\":true,"
		"\"max_remove\":7}";
	const struct policy policy = {
		.given = true, .keep_last = 5, .keep_within = {1, 6, 0, 0}, .keep_prereleases = 2,
		.unless_launched_within = {0, 0, 0, 36}, .min_age = {0, 0, 2, 0},
		.include_shared = true, .max_remove = 7,
	};
	_cleanup_free_ char *text = NULL;
	_cleanup_free_ char *again = NULL;
	struct gk_error err = {0};
	struct policy read = {0};

	(void)state;
	text = policy_to_json(&policy, &err);
	assert_string_equal(text, expected);
	assert_success(policy_from_json(text, &read, &err), &err);
	again = policy_to_json(&read, &err);
	assert_string_equal(again, expected);
}

static void test_json_of_others(void **state)
{
	struct policy policy = {0};
	struct gk_error err = {0};

	(void)state;
	assert_success(policy_from_json("{\"keep_daily\": [1], \"keep_last\": 3}", &policy, &err),
		       &err);
	assert_int_equal(policy.keep_last, 3);
	assert_int_equal(policy.keep_prereleases, 1);
	assert_int_equal(policy.max_remove, 50);
	assert_failure(policy_from_json("{\"keep_last\": -1}", &policy, &err), &err, GK_FAILED,
		       "retention policy: \"keep_last\" is out of range");
	assert_failure(policy_from_json("{\"max_remove\": 2147483648}", &policy, &err), &err,
		       GK_FAILED, "\"max_remove\" is out of range");
	assert_failure(policy_from_json("{\"keep_last\": \"3\"}", &policy, &err), &err, GK_FAILED,
		       "keep_last");
	assert_failure(policy_from_json("{\"min_age\": \"3\"}", &policy, &err), &err, GK_FAILED,
		       "\"min_age\": '3': a number without a unit");
	assert_failure(policy_from_json("{\"given\": 1}", &policy, &err), &err, GK_FAILED, "given");
	assert_failure(policy_from_json("[]", &policy, &err), &err, GK_FAILED, "it is no object");
	assert_failure(policy_from_json("{", &policy, &err), &err, GK_UNFINISHED,
		       "retention policy");
	assert_int_equal(policy.keep_last, 3);
}

static void set(struct channel_list *list, const char *name, const struct semver *version)
{
	struct channel channel = {.name = (char *)name, .version = *version};

	assert_int_equal(channel_list_set(list, &channel, NULL), 0);
}

static void test_channels(void **state)
{
	_cleanup_(channel_list_done) struct channel_list list = {0};
	struct semver one = {.core = {1, 0, 0}}, two = {.core = {2, 0, 0}};
	const struct channel *channel = NULL;

	(void)state;
	assert_null(channel_list_find(&list, "latest"));
	set(&list, "latest", &one);
	set(&list, "stable", &one);
	set(&list, "latest", &two);
	assert_int_equal(list.count, 2);
	channel = channel_list_find(&list, "latest");
	assert_string_equal(channel->name, "latest");
	assert_int_equal(semver_compare(&channel->version, &two), 0);
	assert_null(channel_list_find(&list, "Latest"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_of_others),
		cmocka_unit_test(test_channels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
