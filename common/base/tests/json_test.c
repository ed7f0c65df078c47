#include "base/tests/failing_memory.h"

#include "../buf.c"
#include "../json.c"
#include "../mem.c"
#include "../strv.c"

static const char sample[] = "{\"a\": [1, -2.5e3, true, null], "
			     "\"b\\\"\\\\\": {\"c\": \"\xc3\xa4\\u00e4\"}}";

static void test_every_cut_is_unfinished(void **state)
{
	_cleanup_(gk_json_freep) cJSON *value = NULL;
	struct gk_error err = {0};

	(void)state;
	for (size_t length = 0; length < strlen(sample); length++) {
		/* Of its own size, so that the sanitizer sees a byte read too many. */
		_cleanup_free_ char *cut = malloc(length + !length);

		memcpy(cut, sample, length);
		assert_failure(gk_json_parse(cut, length, &value, &err), &err, GK_UNFINISHED,
			       "at byte");
	}
	assert_success(gk_json_parse(sample, strlen(sample), &value, &err), &err);
}

static void test_what_is_read(void **state)
{
	static const struct {
		const char *text;
		size_t length; /* 0: all of it */
		enum gk_code code;
	} rows[] = {
		{"{}", 0, GK_OK},
		{" \t\r\n[] \n", 0, GK_OK},
		{"\"\xf0\x9f\x98\x80\"", 0, GK_OK},
		{"{\"a\": \"\\\\\"}", 0, GK_OK},
		{"\"\\\\u0000\"", 0, GK_OK},
		{"", 0, GK_UNFINISHED},
		{"  ", 0, GK_UNFINISHED},
		{"{} x", 0, GK_UNFINISHED},
		{"{}{}", 0, GK_UNFINISHED},
		{"{}\0", 3, GK_UNFINISHED},
		{"\"a\0b\"", 5, GK_UNFINISHED},
		{"\"a\\u0000b\"", 0, GK_UNFINISHED},
		{"\"a\nb\"", 0, GK_UNFINISHED},
		{"\v{}", 0, GK_UNFINISHED},
		{"\"\xff\"", 0, GK_UNFINISHED},
		{"\"\xc0\xaf\"", 0, GK_UNFINISHED},
		{"\"\xed\xa0\x80\"", 0, GK_UNFINISHED},
		{"\"\xe0\x80\x80\"", 0, GK_UNFINISHED},
		{"\"\xf4\x90\x80\x80\"", 0, GK_UNFINISHED},
		{"\"\xc3\"", 0, GK_UNFINISHED},
		{"{'a': 1}", 0, GK_UNFINISHED},
		{"{\"a\": 1,}", 0, GK_UNFINISHED},
		{"nul", 0, GK_UNFINISHED},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(gk_json_freep) cJSON *value = NULL;
		struct gk_error err = {0};
		size_t length = rows[i].length ? rows[i].length : strlen(rows[i].text);

		gk_json_parse(rows[i].text, length, &value, &err);
		if (err.code != rows[i].code)
			fail_msg("%s: %d %s", rows[i].text, (int)err.code, err.message);
		assert_int_equal(value != NULL, rows[i].code == GK_OK);
	}
}

static void test_depth(void **state)
{
	enum { DEEP = CJSON_NESTING_LIMIT };
	_cleanup_(gk_json_freep) cJSON *value = NULL;
	char text[2 * DEEP + 2];
	struct gk_error err = {0};

	(void)state;
	memset(text, '[', DEEP);
	memset(text + DEEP, ']', DEEP);
	assert_success(gk_json_parse(text, 2 * DEEP, &value, &err), &err);
	gk_json_freep(&value);
	memset(text, '[', DEEP + 1);
	assert_failure(gk_json_parse(text, DEEP + 1, &value, &err), &err, GK_FAILED, "nested");
	memset(text + 1, '{', DEEP - 1); /* inside a string it is no nesting */
	text[0] = text[DEEP] = '"';
	assert_success(gk_json_parse(text, DEEP + 1, &value, &err), &err);
}

static void test_getters(void **state)
{
	static const char text[] =
		"{\"s\": \"x\", \"i\": 9007199254740992, \"f\": 1.5, \"big\": 1e300, \"t\": true,"
		" \"n\": null, \"l\": [\"a\", \"b\"], \"m\": [\"a\", 1], \"o\": {}, \"S\": \"y\"}";
	_cleanup_(gk_json_freep) cJSON *o = NULL;
	_cleanup_(gk_strv_done) struct gk_strv list = {0};
	struct gk_error err = {0};
	const char *string = NULL;
	const cJSON *value = NULL;
	int64_t number = 0;
	bool flag = false;

	(void)state;
	assert_success(gk_json_parse(text, strlen(text), &o, &err), &err);
	assert_success(gk_json_string(o, "s", &string, &err), &err);
	assert_string_equal(string, "x");
	assert_success(gk_json_string(o, "n", &string, &err), &err);
	assert_null(string);
	assert_success(gk_json_integer(o, "i", 0, &number, &err), &err);
	assert_true(number == 9007199254740992);
	assert_success(gk_json_integer(o, "absent", 7, &number, &err), &err);
	assert_true(number == 7);
	assert_success(gk_json_bool(o, "t", false, &flag, &err), &err);
	assert_true(flag);
	assert_success(gk_json_bool(o, "n", true, &flag, &err), &err);
	assert_true(flag);
	assert_success(gk_json_object(o, "o", &value, &err), &err);
	assert_non_null(value);
	assert_success(gk_json_strings(o, "l", &list, &err), &err);
	assert_success(gk_json_strings(o, "absent", &list, &err), &err);
	assert_int_equal(list.count, 2);
	assert_failure(gk_json_string(o, "i", &string, &err), &err, GK_FAILED, "\"i\"");
	assert_failure(gk_json_integer(o, "f", 0, &number, &err), &err, GK_FAILED, "\"f\"");
	assert_failure(gk_json_integer(o, "big", 0, &number, &err), &err, GK_FAILED, "\"big\"");
	assert_failure(gk_json_bool(o, "s", false, &flag, &err), &err, GK_FAILED, "\"s\"");
	assert_failure(gk_json_array(o, "o", &value, &err), &err, GK_FAILED, "\"o\"");
	assert_failure(gk_json_object(o, "l", &value, &err), &err, GK_FAILED, "\"l\"");
	assert_failure(gk_json_strings(o, "m", &list, &err), &err, GK_FAILED, "\"m\"");
	assert_int_equal(list.count, 2);
}

static char *build(void)
{
	_cleanup_(gk_json_builder_done) struct gk_json_builder b = {0};
	char *items[] = {(char *)"p", (char *)"q"};
	const struct gk_strv list = {.items = items, .count = 2};
	cJSON *array = NULL;

	if (gk_json_builder_init(&b, NULL) < 0)
		return NULL;
	gk_json_add_string(&b, b.root, "s", "a\n\xff\xc3\xa4");
	gk_json_add_string(&b, b.root, "n", NULL);
	gk_json_add_integer(&b, b.root, "i", 1795178160);
	array = gk_json_add_array(&b, b.root, "a");
	gk_json_add_bool(&b, gk_json_add_object(&b, array, NULL), "t", true);
	gk_json_add_strings(&b, b.root, "l", &list);
	return gk_json_builder_print(&b, false, NULL);
}

static void test_builder(void **state)
{
	_cleanup_free_ char *text = build();

	(void)state;
	assert_string_equal(text, "{\"s\":\"a\\n\xef\xbf\xbd\xc3\xa4\",\"n\":null,\"i\":1795178160,"
				  "\"a\":[{\"t\":true}],\"l\":[\"p\",\"q\"]}");
}

static void test_builder_failure_sticks(void **state)
{
	_cleanup_(gk_json_builder_done) struct gk_json_builder b = {0};
	struct gk_error err = {0};

	(void)state;
	assert_success(gk_json_builder_init(&b, &err), &err);
	assert_null(gk_json_add_object(&b, NULL, "x"));
	assert_null(gk_json_builder_print(&b, true, &err));
	assert_int_equal(err.code, GK_FAILED);
}

static int build_and_read(void)
{
	_cleanup_(gk_json_freep) cJSON *value = NULL;
	_cleanup_(gk_strv_done) struct gk_strv list = {0};
	_cleanup_free_ char *text = build();

	if (!text || gk_json_parse(text, strlen(text), &value, NULL) < 0)
		return -1;
	return gk_json_strings(value, "l", &list, NULL);
}

static int read_without_memory(void)
{
	_cleanup_(gk_json_freep) cJSON *value = NULL;
	struct gk_error err = {0};
	int result = gk_json_parse(sample, strlen(sample), &value, &err);

	/* Not to be taken for a text that is worth reading again. */
	assert_int_not_equal(err.code, GK_UNFINISHED);
	return result;
}

static void test_failing_memory(void **state)
{
	(void)state;
	for_each_failing_allocation(build_and_read);
	for_each_failing_allocation(read_without_memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_cut_is_unfinished),
		cmocka_unit_test(test_what_is_read),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_getters),
		cmocka_unit_test(test_builder),
		cmocka_unit_test(test_builder_failure_sticks),
		cmocka_unit_test(test_failing_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
