#include "base/clock.h"

#include <string.h>

#include "base/mem.h"
#include "base/tests/unit.h"

static void test_reads_and_writes(void **state)
{
	static const struct {
		const char *text;
		time_t time;
		const char *written; /* NULL: the same text */
	} rows[] = {
		{"1970-01-01T00:00:00Z", 0, NULL},
		{"2026-11-20T12:36:00Z", 1795178160, NULL},
		{"2026-11-20T12:36:00.000Z", 1795178160, "2026-11-20T12:36:00Z"},
		{"2026-11-20T12:36:00.123456789Z", 1795178160, "2026-11-20T12:36:00Z"},
		{"2024-02-29T23:59:59Z", 1709251199, NULL},
		{"2000-02-29T00:00:00Z", 951782400, NULL},
		{"2016-12-31T23:59:60Z", 1483228800, "2017-01-01T00:00:00Z"},
		{"9999-12-31T23:59:59Z", 253402300799, NULL},
		{"0001-01-01T00:00:00Z", -62135596800, NULL}, /* Go's zero time */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[GK_TIME_TEXT];
		struct gk_error err = {0};
		time_t time = -1;

		assert_success(gk_time_parse(rows[i].text, &time, &err), &err);
		assert_int_equal(time, rows[i].time);
		assert_string_equal(gk_time_format(time, text),
				    rows[i].written ? rows[i].written : rows[i].text);
	}
}

static void test_refuses(void **state)
{
	static const char *const rows[] = {
		"", "2026", "2026-11-20", "2026-11-20T12:36:00", "2026-11-20 12:36:00Z",
		"2026-11-20T12:36:00+00:00", "2026-11-20T12:36:00.Z", "2026-11-20T12:36:00ZZ",
		" 2026-11-20T12:36:00Z", "2026-11-20T12:36:00Z ", "2026-13-20T12:36:00Z",
		"2026-00-20T12:36:00Z", "2026-02-29T12:36:00Z", "1900-02-29T12:36:00Z",
		"2026-11-31T12:36:00Z", "2026-11-00T12:36:00Z", "2026-11-20T24:00:00Z",
		"2026-11-20T12:60:00Z", "2026-11-20T12:36:61Z", "2026-1-20T12:36:00Z",
		"+026-11-20T12:36:00Z", "Fri Nov 20 12:36:00 2026",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct gk_error err = {0};
		time_t time = 42;

		assert_failure(gk_time_parse(rows[i], &time, &err), &err, GK_FAILED, rows[i]);
		assert_int_equal(time, 42);
	}
}

static void test_system_clock(void **state)
{
	const struct gk_clock *clock = &gk_system_clock;
	int64_t before = clock->monotonic(clock);

	(void)state;
	clock->sleep(clock, -5);
	clock->sleep(clock, 1);
	assert_true(clock->monotonic(clock) > before);
	assert_true(clock->now(clock) > 1700000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_and_writes),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_system_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
