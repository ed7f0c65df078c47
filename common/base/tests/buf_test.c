#include "base/tests/failing_memory.h"

#include "../buf.c"
#include "../mem.c"

static void test_grows(void **state)
{
	_cleanup_(gk_buf_done) struct gk_buf buf = {0};
	struct gk_error err = {0};
	_cleanup_free_ char *text = NULL;

	(void)state;
	assert_string_equal(gk_buf_text(&buf), "");
	gk_buf_adds(&buf, "one");
	gk_buf_addc(&buf, ' ');
	gk_buf_addf(&buf, "%d", 2);
	assert_string_equal(gk_buf_text(&buf), "one 2");
	for (int i = 0; i < 1000; i++)
		gk_buf_adds(&buf, "0123456789");
	assert_int_equal(buf.length, 10005);
	text = gk_buf_detach(&buf, &err);
	assert_int_equal(strlen(text), 10005);
	assert_int_equal(buf.length, 0);
}

static void test_holds_nul_bytes(void **state)
{
	_cleanup_(gk_buf_done) struct gk_buf buf = {0};

	(void)state;
	gk_buf_add(&buf, "a\0b", 3);
	assert_int_equal(buf.length, 3);
	assert_memory_equal(buf.data, "a\0b\0", 4);
}

static void test_ceiling_sticks(void **state)
{
	_cleanup_(gk_buf_done) struct gk_buf buf = {.ceiling = 4};
	struct gk_error err = {0};

	(void)state;
	gk_buf_adds(&buf, "1234");
	assert_success(gk_buf_check(&buf, &err), &err);
	gk_buf_adds(&buf, "5");
	gk_buf_adds(&buf, "");
	assert_failure(gk_buf_check(&buf, &err), &err, GK_FAILED, "4 bytes");
	assert_null(gk_buf_detach(&buf, &err));
	gk_buf_clear(&buf);
	gk_buf_adds(&buf, "6");
	assert_string_equal(gk_buf_text(&buf), "6");
}

static int use_memory(void)
{
	_cleanup_(gk_buf_done) struct gk_buf buf = {0};
	_cleanup_free_ char *text = NULL;

	for (int i = 0; i < 100; i++)
		gk_buf_addf(&buf, "%d", i);
	text = gk_buf_detach(&buf, NULL);
	return text ? 0 : -1;
}

static void test_failing_memory(void **state)
{
	(void)state;
	for_each_failing_allocation(use_memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows),
		cmocka_unit_test(test_holds_nul_bytes),
		cmocka_unit_test(test_ceiling_sticks),
		cmocka_unit_test(test_failing_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
