#include "base/tests/failing_memory.h"

#include "../buf.c"
#include "../mem.c"
#include "../strv.c"

static void assert_joined(const struct gk_strv *list, const char *expected)
{
	_cleanup_free_ char *text = gk_strv_join(list, " ", NULL);

	assert_string_equal(text, expected);
}

static void test_add_and_remove(void **state)
{
	_cleanup_(gk_strv_done) struct gk_strv list = {0};
	struct gk_error err = {0};

	(void)state;
	assert_joined(&list, "");
	assert_success(gk_strv_add(&list, "c", &err), &err);
	assert_success(gk_strv_addf(&list, &err, "%c", 'a'), &err);
	assert_success(gk_strv_add_unique(&list, "c", &err), &err);
	assert_success(gk_strv_add(&list, "c", &err), &err);
	assert_success(gk_strv_add(&list, "b", &err), &err);
	assert_joined(&list, "c a c b");
	gk_strv_sort(&list);
	assert_joined(&list, "a b c c");
	gk_strv_remove(&list, "c");
	assert_joined(&list, "a b");
	assert_true(gk_strv_has(&list, "a"));
	assert_false(gk_strv_has(&list, "c"));
}

static void test_equal(void **state)
{
	static const struct {
		const char *a, *b;
		bool equal;
	} rows[] = {
		{"", "", true}, {"a,b", "a,b", true}, {"a,b", "b,a", false}, {"a", "a,b", false},
		{"", "a", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(gk_strv_done) struct gk_strv a = {0};
		_cleanup_(gk_strv_done) struct gk_strv b = {0};

		assert_int_equal(gk_strv_split(&a, rows[i].a, ',', NULL), 0);
		assert_int_equal(gk_strv_split(&b, rows[i].b, ',', NULL), 0);
		assert_int_equal(gk_strv_equal(&a, &b), rows[i].equal);
		assert_int_equal(gk_strv_equal(&b, &a), rows[i].equal);
	}
}

static void test_split(void **state)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{"", ""}, {",", ""}, {"a", "a"}, {"a,b", "a b"}, {",a,,b,", "a b"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(gk_strv_done) struct gk_strv list = {0};

		assert_int_equal(gk_strv_split(&list, rows[i].text, ',', NULL), 0);
		assert_joined(&list, rows[i].expected);
	}
}

static int use_memory(void)
{
	_cleanup_(gk_strv_done) struct gk_strv list = {0};
	_cleanup_(gk_strv_done) struct gk_strv copy = {0};
	_cleanup_free_ char *text = NULL;

	if (gk_strv_split(&list, "a,b,c,d,e", ',', NULL) < 0 ||
	    gk_strv_addf(&list, NULL, "%d", 1) < 0 || gk_strv_extend(&copy, &list, NULL) < 0)
		return -1;
	text = gk_strv_join(&copy, ",", NULL);
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
		cmocka_unit_test(test_add_and_remove),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_failing_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
