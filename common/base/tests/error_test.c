#include "base/error.h"

#include <errno.h>
#include <string.h>

#include "base/tests/unit.h"

static void test_set(void **state)
{
	struct gk_error err = {0};

	(void)state;
	assert_int_equal(gk_error_set(&err, GK_NOT_FOUND, "no %s in %d", "thing", 3), -1);
	assert_int_equal(err.code, GK_NOT_FOUND);
	assert_string_equal(err.message, "no thing in 3");
}

static void test_wrap_keeps_the_code(void **state)
{
	struct gk_error err = {0};

	(void)state;
	gk_error_set(&err, GK_DENIED, "no");
	assert_int_equal(gk_error_wrap(&err, "tagging %s", "ami-1"), -1);
	assert_int_equal(err.code, GK_DENIED);
	assert_string_equal(err.message, "tagging ami-1: no");
}

static void test_errno(void **state)
{
	struct gk_error err = {0};

	(void)state;
	assert_int_equal(gk_error_errno(&err, ENOENT, "opening %s", "x"), -1);
	assert_int_equal(err.code, GK_FAILED);
	assert_string_equal(err.message, "opening x: No such file or directory");
}

static void test_a_message_is_one_line(void **state)
{
	struct gk_error err = {0};

	(void)state;
	gk_error_set(&err, GK_FAILED, "no role: %s", "a\r\n\x1b[31mb\x7f");
	assert_string_equal(err.message, "no role: a   [31mb ");
	gk_error_wrap(&err, "profile %s", "x\ny");
	assert_string_equal(err.message, "profile x y: no role: a   [31mb ");
}

static void test_nobody_listens(void **state)
{
	(void)state;
	assert_int_equal(gk_error_set(NULL, GK_FAILED, "x"), -1);
	assert_int_equal(gk_error_wrap(NULL, "x"), -1);
	assert_int_equal(gk_error_errno(NULL, ENOENT, "x"), -1);
	assert_int_equal(gk_error_memory(NULL), -1);
}

static void test_long_messages_are_cut_at_a_character(void **state)
{
	char text[2 * GK_ERROR_MESSAGE_MAX];
	struct gk_error err = {0};

	(void)state;
	for (size_t shift = 0; shift < 2; shift++) {
		size_t length = 0;

		memset(text, 'a', sizeof(text));
		for (size_t i = shift; i + 2 < sizeof(text); i += 2)
			memcpy(text + i, "\xc3\xa4", 2);
		text[sizeof(text) - 1] = '\0';
		gk_error_set(&err, GK_FAILED, "%s", text);
		length = strlen(err.message);
		assert_in_range(length, GK_ERROR_MESSAGE_MAX - 3, GK_ERROR_MESSAGE_MAX - 1);
		assert_int_equal((length - shift) % 2, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_wrap_keeps_the_code),
		cmocka_unit_test(test_errno),
		cmocka_unit_test(test_a_message_is_one_line),
		cmocka_unit_test(test_nobody_listens),
		cmocka_unit_test(test_long_messages_are_cut_at_a_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
