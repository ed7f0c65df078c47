#include "base/tests/failing_memory.h"

#include "../mem.c"

static void test_take(void **state)
{
	char *owned = strdup("x");
	char *taken = TAKE_PTR(owned);

	(void)state;
	assert_null(owned);
	assert_string_equal(taken, "x");
	gk_freep(&taken);
	assert_null(taken);
}

static void test_array_add(void **state)
{
	struct gk_error err = {0};
	size_t count = 0;
	int *items = NULL;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		int *added = gk_array_add(&items, &count, sizeof(*items), &err);

		assert_non_null(added);
		assert_int_equal(*added, 0);
		*added = i;
	}
	assert_int_equal(count, 1000);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(items[i], i);
	free(items);
}

static void test_str_set(void **state)
{
	struct gk_error err = {0};
	char *text = NULL;

	(void)state;
	assert_success(gk_str_set(&text, "one", &err), &err);
	assert_success(gk_str_set(&text, text, &err), &err);
	assert_string_equal(text, "one");
	assert_success(gk_str_set(&text, NULL, &err), &err);
	assert_null(text);
}

static void test_str_equal(void **state)
{
	(void)state;
	assert_true(gk_str_equal(NULL, NULL));
	assert_true(gk_str_equal("a", "a"));
	assert_false(gk_str_equal("a", NULL));
	assert_false(gk_str_equal(NULL, "a"));
	assert_false(gk_str_equal("a", "b"));
}

static int use_memory(void)
{
	_cleanup_free_ char *text = gk_str_format(NULL, "%d", 1);
	_cleanup_free_ int *items = NULL;
	size_t count = 0;

	for (int i = 0; i < 5; i++)
		if (!gk_array_add(&items, &count, sizeof(*items), NULL))
			return -1;
	return text ? gk_str_set(&text, "two", NULL) : -1;
}

static void test_failing_memory(void **state)
{
	(void)state;
	for_each_failing_allocation(use_memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_array_add),
		cmocka_unit_test(test_str_set),
		cmocka_unit_test(test_str_equal),
		cmocka_unit_test(test_failing_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
