#include "image/duration.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/tests/unit.h"
#include "image/tests/testdata.h"

static void test_parse(void **state)
{
	_cleanup_(gk_strv_done) struct gk_strv lines = {0};

	(void)state;
	testdata_lines("durations/parse.txt", &lines);
	for (size_t i = 0; i < lines.count; i++) {
		struct duration duration = {.years = -7};
		struct gk_error err = {0};
		char text[512], again[DURATION_TEXT];
		char *fields[2];

		testdata_fields(lines.items[i], fields, 2);
		if (duration_parse(fields[0], &duration, &err) < 0) {
			assert_int_equal(err.code, GK_USAGE);
			assert_int_equal(duration.years, -7);
			snprintf(text, sizeof(text), "error: %.480s", err.message);
		} else {
			duration_format(duration, text);
			assert_success(duration_parse(text, &duration, &err), &err);
			assert_string_equal(duration_format(duration, again), text);
			assert_int_equal(duration_is_zero(duration), strcmp(text, "0h") == 0);
		}
		assert_string_equal(text, fields[1]);
	}
}

static void test_before(void **state)
{
	_cleanup_(gk_strv_done) struct gk_strv lines = {0};

	(void)state;
	testdata_lines("durations/before.txt", &lines);
	for (size_t i = 0; i < lines.count; i++) {
		struct duration duration = {0};
		struct gk_error err = {0};
		char text[GK_TIME_TEXT];
		char *fields[3];
		time_t time = 0;

		testdata_fields(lines.items[i], fields, 3);
		assert_success(gk_time_parse(fields[0], &time, &err), &err);
		assert_success(duration_parse(fields[1], &duration, &err), &err);
		time = duration_before(time, duration);
		assert_string_equal(gk_time_format(time, text), fields[2]);
	}
}

/* Neither the year 1 nor times without a year that a computer could hold are trouble. */
static void test_far_away(void **state)
{
	struct duration most = {9999, 9999, 9999, 9999};
	char text[DURATION_TEXT];

	(void)state;
	assert_true(duration_before(0, most) < 0);
	assert_true(duration_before(INT64_MAX, most) == INT64_MAX);
	assert_string_equal(duration_format(most, text), "9999y9999m9999d9999h");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_before),
		cmocka_unit_test(test_far_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
