#include "image/range.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/tests/unit.h"
#include "image/selector.h"
#include "image/tests/testdata.h"

/* "RANGE : the rest": ranges have bars, but no colons. Both are borrowed from the line. */
static char *cut(char *line, char **rest)
{
	char *colon = strstr(line, " : ");
	char *end = colon;

	if (!colon)
		fail_msg("no colon: %s", line);
	while (end > line && end[-1] == ' ')
		end--;
	*end = '\0';
	*rest = colon + strlen(" : ");
	*rest += strspn(*rest, " ");
	return strcmp(line, "\"\"") == 0 ? line + strlen(line) : line;
}

static void check_version(const struct range *range, const char *text, char *expectation)
{
	char *answer = strrchr(expectation, ' ');
	struct gk_error err = {0};
	struct semver version;
	bool expected = false;

	assert_non_null(answer);
	*answer++ = '\0';
	expectation += strspn(expectation, " ");
	expected = strcmp(answer, "yes") == 0;
	assert_true(expected || strcmp(answer, "no") == 0);
	assert_success(semver_parse(expectation, &version, &err), &err);
	if (range_has(range, &version) != expected)
		fail_msg("%s: %s should be %s", text, expectation, answer);
}

static void test_has(void **state)
{
	_cleanup_(gk_strv_done) struct gk_strv lines = {0};

	(void)state;
	testdata_lines("ranges/has.txt", &lines);
	for (size_t i = 0; i < lines.count; i++) {
		struct gk_error err = {0};
		struct range range;
		char *rest = NULL;
		const char *text = cut(lines.items[i], &rest);

		if (range_parse(text, &range, &err) < 0)
			fail_msg("%s: %s", text, err.message);
		for (char *word = strsep(&rest, ","); word; word = strsep(&rest, ","))
			check_version(&range, text, word);
	}
}

static void test_malformed(void **state)
{
	_cleanup_(gk_strv_done) struct gk_strv lines = {0};

	(void)state;
	testdata_lines("ranges/malformed.txt", &lines);
	for (size_t i = 0; i < lines.count; i++) {
		struct range range = {.count = 7};
		struct gk_error err = {0};
		char *message = NULL;
		const char *text = cut(lines.items[i], &message);

		if (range_parse(text, &range, &err) == 0)
			fail_msg("%s was taken for a range", text);
		assert_int_equal(err.code, GK_USAGE);
		assert_string_equal(err.message, message);
		assert_int_equal(range.count, 7);
		assert_int_equal(range_parse(text, &range, NULL), -1);
	}
}

/* However long a word is, it is told in a short line. */
static void test_length(void **state)
{
	static const char *const beginnings[] = {"", "1.", "1.4.2-", ">=", "1 ", "x."};
	struct gk_error err = {0};
	struct range range;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(beginnings); i++) {
		char text[4000] = "";

		memset(text, '1', sizeof(text) - 1);
		memcpy(text, beginnings[i], strlen(beginnings[i]));
		assert_int_equal(range_parse(text, &range, &err), -1);
		assert_true(strlen(err.message) < 400);
	}
}

static void describe(const struct selector *selector, char *text, size_t size)
{
	char version[SEMVER_TEXT_SIZE];

	if (selector->channel)
		snprintf(text, size, "%s, channel %s", selector->family, selector->channel);
	else if (selector->range.exact)
		snprintf(text, size, "%s, exactly %s", selector->family,
			 semver_format(&selector->range.comparators[0].version, version));
	else
		snprintf(text, size, "%s, a range", selector->family);
}

static void test_selectors(void **state)
{
	_cleanup_(gk_strv_done) struct gk_strv lines = {0};

	(void)state;
	testdata_lines("ranges/selectors.txt", &lines);
	for (size_t i = 0; i < lines.count; i++) {
		_cleanup_(selector_done) struct selector selector = {0};
		struct gk_error err = {0};
		char *fields[2], text[GK_ERROR_MESSAGE_MAX + 16];

		testdata_fields(lines.items[i], fields, 2);
		if (selector_parse(fields[0], &selector, &err) == 0) {
			describe(&selector, text, sizeof(text));
		} else {
			assert_int_equal(err.code, GK_USAGE);
			assert_null(selector.family);
			snprintf(text, sizeof(text), "error: %s", err.message);
		}
		assert_string_equal(text, fields[1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_has),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_selectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
