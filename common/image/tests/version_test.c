#include "image/version.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/tests/unit.h"
#include "image/tests/testdata.h"

/* Reads "1.4.x", "minor", "2.x rc" … */
static int read_request(char *text, struct version_request *ret, struct gk_error *err)
{
	struct version_request request = {.bump = SEMVER_PATCH};
	char *first = strsep(&text, " ");
	bool is_bump = first[0] == 'm' || first[0] == 'p';

	if (is_bump && version_bump_parse(first, &request.bump, err) < 0)
		return -1;
	if (!is_bump && version_request_parse(first, &request, err) < 0)
		return -1;
	if (text && version_request_set_prerelease(&request, text, err) < 0)
		return -1;
	*ret = request;
	return 0;
}

static const char *show_request(const struct version_request *request, char *text, size_t size)
{
	static const char *const levels[] = {"major", "minor", "patch"};
	char version[SEMVER_TEXT_SIZE];

	if (request->kind == VERSION_EXACT)
		snprintf(text, size, "exact %s", semver_format(&request->exact, version));
	else if (request->kind == VERSION_BUMP)
		snprintf(text, size, "bump %s", levels[request->bump]);
	else
		snprintf(text, size, "line %llu.%llu, next %s",
			 (unsigned long long)request->line[0],
			 (unsigned long long)request->line[1], levels[request->bump]);
	if (request->prerelease[0])
		snprintf(text + strlen(text), size - strlen(text), ", pre-release %s",
			 request->prerelease);
	return text;
}

static void test_requests(void **state)
{
	_cleanup_(gk_strv_done) struct gk_strv lines = {0};

	(void)state;
	testdata_lines("versions/requests.txt", &lines);
	for (size_t i = 0; i < lines.count; i++) {
		struct version_request request = {0};
		struct gk_error err = {0};
		char text[512] = "";
		char *fields[2];

		testdata_fields(lines.items[i], fields, 2);
		if (read_request(fields[0], &request, &err) < 0) {
			assert_int_equal(err.code, GK_USAGE);
			snprintf(text, sizeof(text), "error: %.480s", err.message);
			assert_string_equal(text, fields[1]);
		} else {
			assert_string_equal(show_request(&request, text, sizeof(text)), fields[1]);
		}
	}
}

/* As an inventory answers: the highest of the versions, "a b c", whose key lies in the range. */
static bool find_top(const char *versions, const struct version_range *range, struct semver *ret)
{
	_cleanup_(gk_strv_done) struct gk_strv list = {0};
	char key[SEMVER_KEY_SIZE];
	bool found = false;

	assert_int_equal(gk_strv_split(&list, versions, ' ', NULL), 0);
	for (size_t i = 0; i < list.count; i++) {
		struct semver version = {0};

		assert_int_equal(semver_parse(list.items[i], &version, NULL), 0);
		semver_key(&version, key);
		if (strcmp(key, range->low) < 0 || strcmp(key, range->high) >= 0)
			continue;
		if (!found || semver_compare(&version, ret) > 0)
			*ret = version;
		found = true;
	}
	return found;
}

static int choose(const struct version_request *request, const char *versions,
		  struct semver *ret, struct gk_error *err)
{
	struct version_range range;
	struct semver top = {0};
	bool found = false;

	version_request_range(request, &range);
	found = find_top(versions, &range, &top);
	if (version_choose(request, found ? &top : NULL, ret, err) < 0)
		return -1;
	if (request->kind == VERSION_EXACT || !request->prerelease[0])
		return 0;
	version_prerelease_range(ret, &range);
	found = find_top(versions, &range, &top);
	return version_continue(ret, found ? &top : NULL, err);
}

static void test_choose(void **state)
{
	_cleanup_(gk_strv_done) struct gk_strv lines = {0};

	(void)state;
	testdata_lines("versions/choose.txt", &lines);
	for (size_t i = 0; i < lines.count; i++) {
		struct version_request request = {0};
		struct gk_error err = {0};
		struct semver version = {0};
		char text[1100] = "error: ";
		char *fields[3];

		testdata_fields(lines.items[i], fields, 3);
		assert_success(read_request(fields[0], &request, &err), &err);
		if (choose(&request, fields[1], &version, &err) < 0)
			snprintf(text, sizeof(text), "error: %s", err.message);
		else
			semver_format(&version, text);
		if (strcmp(text, fields[2]) != 0)
			fail_msg("%s | %s | %s: got %s", fields[0], fields[1], fields[2], text);
	}
}

/* However often it is asked, the answer is a version that was never there. */
static void test_never_twice(void **state)
{
	static const char *const asks[] = {"major", "minor rc", "patch rc", "patch", "minor", "1.2",
					   "patch beta", "0.x", "2.x rc.eu", "minor alpha"};
	_cleanup_(gk_buf_done) struct gk_buf versions = {0};
	uint64_t seed = testdata_seed();

	(void)state;
	for (int i = 0; i < 2000; i++) {
		struct version_request request = {0};
		struct version_range range;
		struct semver version = {0}, top = {0};
		char ask[32], text[SEMVER_TEXT_SIZE], key[SEMVER_KEY_SIZE];

		snprintf(ask, sizeof(ask), "%s", asks[testdata_random(&seed, ARRAY_SIZE(asks))]);
		assert_int_equal(read_request(ask, &request, NULL), 0);
		assert_int_equal(choose(&request, gk_buf_text(&versions), &version, NULL), 0);
		version_request_range(&request, &range);
		semver_key(&version, key);
		assert_true(strcmp(range.low, key) <= 0 && strcmp(key, range.high) < 0);
		request = (struct version_request){.kind = VERSION_EXACT, .exact = version};
		version_request_range(&request, &range);
		assert_false(find_top(gk_buf_text(&versions), &range, &top));
		gk_buf_addf(&versions, " %s", semver_format(&version, text));
		assert_true(find_top(gk_buf_text(&versions), &range, &top));
		assert_int_equal(semver_compare(&top, &version), 0);
		if (versions.length > 4000)
			gk_buf_clear(&versions);
	}
}

static void test_bump_names(void **state)
{
	enum semver_level level = SEMVER_MAJOR;
	struct gk_error err = {0};

	(void)state;
	assert_success(version_bump_parse("patch", &level, &err), &err);
	assert_int_equal(level, SEMVER_PATCH);
	assert_failure(version_bump_parse("Minor", &level, &err), &err, GK_USAGE,
		       "'Minor' is no bump: write major, minor or patch");
	assert_failure(version_bump_parse("", &level, &err), &err, GK_USAGE, "is no bump");
}

/* The two settings exclude each other in whichever order they come. */
static void test_exact_with_prerelease(void **state)
{
	struct version_request request = {.bump = SEMVER_PATCH};
	struct gk_error err = {0};

	(void)state;
	assert_success(version_request_set_prerelease(&request, "rc", &err), &err);
	assert_failure(version_request_parse("1.2.3", &request, &err), &err, GK_USAGE,
		       "does not go with it");
	assert_int_equal(request.kind, VERSION_BUMP);
	assert_success(version_request_parse("1.2", &request, &err), &err);
	assert_string_equal(request.prerelease, "rc");
}

/* Names and numbers that do not fit into a version's 128 bytes. */
static void test_too_long(void **state)
{
	struct version_request request = {.bump = SEMVER_PATCH};
	struct semver top = {0}, version = {0};
	char name[SEMVER_TEXT_SIZE] = "";
	struct gk_error err = {0};

	(void)state;
	memset(name, 'a', 121);
	assert_failure(version_request_set_prerelease(&request, name, &err), &err, GK_USAGE,
		       "at most 128 bytes");
	name[120] = '\0';
	assert_success(version_request_set_prerelease(&request, name, &err), &err);
	assert_success(version_choose(&request, NULL, &version, &err), &err);
	assert_success(semver_parse("0.10.99", &top, &err), &err);
	assert_failure(version_choose(&request, &top, &version, &err), &err, GK_USAGE,
		       "more than 128 bytes");
	top = version;
	top.prerelease[strlen(top.prerelease) - 1] = '9';
	assert_failure(version_continue(&version, &top, &err), &err, GK_USAGE,
		       "more than 128 bytes");
}

static void test_continue_from_something_else(void **state)
{
	static const char *const others[] = {"1.5.0", "1.5.0-rc", "1.5.0-rc.x", "1.5.0-rcx1",
					     "1.5.0-rc.1a", "1.5.0-beta.1"};
	struct gk_error err = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		struct semver version = {.core = {1, 5, 0}, .prerelease = "rc.1"};
		struct semver top = {0};

		assert_success(semver_parse(others[i], &top, &err), &err);
		assert_failure(version_continue(&version, &top, &err), &err, GK_FAILED,
			       "the highest pre-release has");
		assert_string_equal(version.prerelease, "rc.1");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_choose),
		cmocka_unit_test(test_never_twice),
		cmocka_unit_test(test_bump_names),
		cmocka_unit_test(test_exact_with_prerelease),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_continue_from_something_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
