#include "image/semver.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/tests/unit.h"
#include "image/tests/testdata.h"
#include "image/text.h"

enum { RANDOM_PAIRS = 200000 };

static struct semver parse(const char *text)
{
	struct gk_error err = {0};
	struct semver version = {0};

	if (semver_parse(text, &version, &err) < 0)
		fail_msg("%s: %s", text, err.message);
	return version;
}

static int sign(int order)
{
	return (order > 0) - (order < 0);
}

/* What holds for any two versions, whatever their order. */
static void check_pair(const struct semver *a, const struct semver *b, int expected)
{
	char a_key[SEMVER_KEY_SIZE], b_key[SEMVER_KEY_SIZE];
	char a_text[SEMVER_TEXT_SIZE], b_text[SEMVER_TEXT_SIZE];
	int order = semver_compare(a, b);

	semver_key(a, a_key);
	semver_key(b, b_key);
	if (sign(order) != expected || sign(semver_compare(b, a)) != -expected ||
	    sign(strcmp(a_key, b_key)) != expected)
		fail_msg("%s and %s: order %d, keys %s and %s, expected %d",
			 semver_format(a, a_text), semver_format(b, b_text), order, a_key, b_key,
			 expected);
}

static void test_valid(void **state)
{
	_cleanup_(gk_strv_done) struct gk_strv lines = {0};
	char text[SEMVER_TEXT_SIZE];

	(void)state;
	testdata_lines("semver/valid.txt", &lines);
	for (size_t i = 0; i < lines.count; i++) {
		struct semver version = parse(lines.items[i]);

		assert_string_equal(semver_format(&version, text), lines.items[i]);
		check_pair(&version, &version, 0);
	}
}

static void test_invalid(void **state)
{
	_cleanup_(gk_strv_done) struct gk_strv lines = {0};

	(void)state;
	testdata_lines("semver/invalid.txt", &lines);
	for (size_t i = 0; i < lines.count; i++) {
		struct semver version = {.core = {7, 7, 7}};
		struct gk_error err = {0};
		char *fields[2];

		testdata_fields(lines.items[i], fields, 2);
		if (semver_parse(fields[0], &version, &err) == 0)
			fail_msg("%s was taken for a version", fields[0]);
		assert_int_equal(err.code, GK_USAGE);
		assert_string_equal(err.message, fields[1]);
		assert_int_equal(version.core[SEMVER_MAJOR], 7);
		assert_int_equal(semver_parse(fields[0], &version, NULL), -1);
	}
}

/* The longest version there is, and one byte more. */
static void test_length(void **state)
{
	char text[SEMVER_TEXT_SIZE + 1] = "1.2.3-";
	char formatted[SEMVER_TEXT_SIZE], key[SEMVER_KEY_SIZE];
	struct gk_error err = {0};
	struct semver version;

	(void)state;
	memset(text + strlen(text), 'a', SEMVER_TEXT_MAX - strlen(text));
	version = parse(text);
	assert_string_equal(semver_format(&version, formatted), text);
	assert_true(strlen(semver_key(&version, key)) < SEMVER_KEY_SIZE);
	text[SEMVER_TEXT_MAX] = 'a';
	assert_int_equal(semver_parse(text, &version, &err), -1);
	assert_non_null(strstr(err.message, "at most 128 bytes"));
	assert_true(strlen(err.message) < 128);
}

/* Short identifiers and long numbers give the longest keys. */
static void test_longest_keys(void **state)
{
	static const char *const repeated[] = {".1", ".a", ".-", "9"};
	char key[SEMVER_KEY_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(repeated); i++) {
		char text[SEMVER_TEXT_SIZE] = "999999999999999999.0.0-1";
		struct semver version;

		while (strlen(text) + strlen(repeated[i]) <= SEMVER_TEXT_MAX)
			memcpy(text + strlen(text), repeated[i], strlen(repeated[i]) + 1);
		version = parse(text);
		assert_true(strlen(semver_key(&version, key)) < SEMVER_KEY_SIZE);
	}
}

/* "a < b = c < d": every version of the line with every other one of it. */
static void check_chain(char *line)
{
	struct semver versions[32];
	int ranks[32] = {0};
	size_t count = 0;

	for (char *word = strsep(&line, " "); word; word = strsep(&line, " ")) {
		if (strcmp(word, "<") == 0 || strcmp(word, "=") == 0) {
			ranks[count] = ranks[count - 1] + (word[0] == '<');
			continue;
		}
		assert_true(count < ARRAY_SIZE(versions) - 1);
		versions[count++] = parse(word);
	}
	assert_true(count > 1);
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < count; j++)
			check_pair(&versions[i], &versions[j], sign(ranks[i] - ranks[j]));
}

static void test_order(void **state)
{
	_cleanup_(gk_strv_done) struct gk_strv lines = {0};

	(void)state;
	testdata_lines("semver/order.txt", &lines);
	for (size_t i = 0; i < lines.count; i++)
		check_chain(lines.items[i]);
}

static void test_keys(void **state)
{
	_cleanup_(gk_strv_done) struct gk_strv lines = {0};
	char key[SEMVER_KEY_SIZE];

	(void)state;
	testdata_lines("semver/keys.txt", &lines);
	for (size_t i = 0; i < lines.count; i++) {
		struct semver version;
		char *fields[2];

		testdata_fields(lines.items[i], fields, 2);
		version = parse(fields[0]);
		assert_string_equal(semver_key(&version, key), fields[1]);
	}
}

static void test_increment(void **state)
{
	static const char *const levels[] = {"major", "minor", "patch"};
	_cleanup_(gk_strv_done) struct gk_strv lines = {0};

	(void)state;
	testdata_lines("semver/increment.txt", &lines);
	for (size_t i = 0; i < lines.count; i++) {
		char text[SEMVER_TEXT_SIZE];
		struct gk_error err = {0};
		struct semver next = {0}, version;
		char *fields[3];
		int level = 0;

		testdata_fields(lines.items[i], fields, 3);
		version = parse(fields[0]);
		while (level < SEMVER_PATCH && strcmp(levels[level], fields[1]) != 0)
			level++;
		assert_string_equal(levels[level], fields[1]);
		if (semver_increment(&version, (enum semver_level)level, &next, &err) < 0) {
			assert_int_equal(err.code, GK_FAILED);
			assert_string_equal(err.message, fields[2]);
		} else {
			assert_string_equal(semver_format(&next, text), fields[2]);
			assert_true(semver_compare(&next, &version) > 0);
		}
	}
}

static void test_parts(void **state)
{
	struct semver a = parse("1.5.0-rc.1"), b = parse("1.5.0+x"), c = parse("1.5.1");

	(void)state;
	assert_true(semver_is_prerelease(&a));
	assert_false(semver_is_prerelease(&b));
	assert_true(semver_same_core(&a, &b));
	assert_false(semver_same_core(&b, &c));
	assert_string_equal(a.prerelease, "rc.1");
	assert_string_equal(b.build, "x");
}

/* SemVer 11 once more, in another way: numbers by value where they are short, else by length; words
 * as strcmp; cut into identifiers with strsep. Identifiers here have at most 20 digits. */
static int reference_identifiers(const char *a, const char *b)
{
	bool a_number = strspn(a, "0123456789") == strlen(a);
	bool b_number = strspn(b, "0123456789") == strlen(b);
	char a_wide[64], b_wide[64];

	if (a_number != b_number)
		return a_number ? -1 : 1;
	if (!a_number)
		return sign(strcmp(a, b));
	snprintf(a_wide, sizeof(a_wide), "%40s", a);
	snprintf(b_wide, sizeof(b_wide), "%40s", b);
	return sign(strcmp(a_wide, b_wide));
}

static int reference_compare(const struct semver *a, const struct semver *b)
{
	char a_copy[SEMVER_TEXT_SIZE], b_copy[SEMVER_TEXT_SIZE];
	char *a_rest = a_copy, *b_rest = b_copy;
	int order = 0;

	for (int i = 0; i < 3 && order == 0; i++)
		order = (a->core[i] > b->core[i]) - (a->core[i] < b->core[i]);
	if (order != 0 || !a->prerelease[0] || !b->prerelease[0])
		return order ? order : !a->prerelease[0] - !b->prerelease[0];
	memcpy(a_copy, a->prerelease, sizeof(a_copy));
	memcpy(b_copy, b->prerelease, sizeof(b_copy));
	while (order == 0 && a_rest && b_rest)
		order = reference_identifiers(strsep(&a_rest, "."), strsep(&b_rest, "."));
	return order ? order : (a_rest != NULL) - (b_rest != NULL);
}

static const char *const awkward[] = {
	"0", "1", "9", "10", "99", "100", "-", "--", "-1", "0a", "a0", "a", "a-", "a-b", "aa", "A",
	"Z", "z", "rc", "rc1", "18446744073709551616", "99999999999999999999",
};

static struct semver random_version(uint64_t *seed)
{
	static const uint64_t numbers[] = {0, 1, 2, 9, 10, 11, 99, 100, 20260820,
					   UINT64_C(999999999999999999)};
	struct semver version = {0};
	size_t identifiers = testdata_random(seed, 5);
	size_t length = 0;

	for (int i = 0; i < 3; i++)
		version.core[i] = testdata_random(seed, 4) == 0
					  ? numbers[testdata_random(seed, ARRAY_SIZE(numbers))]
					  : 1;
	for (size_t i = 1; i < identifiers; i++) {
		snprintf(version.prerelease + length, sizeof(version.prerelease) - length, "%s%s",
			 length ? "." : "",
			 awkward[testdata_random(seed, ARRAY_SIZE(awkward))]);
		length = strlen(version.prerelease);
	}
	if (testdata_random(seed, 8) == 0)
		memcpy(version.build, "001", sizeof("001"));
	return version;
}

static void test_random_pairs(void **state)
{
	uint64_t seed = testdata_seed();

	(void)state;
	for (int i = 0; i < RANDOM_PAIRS; i++) {
		struct semver a = random_version(&seed);
		struct semver b = random_version(&seed);
		char text[SEMVER_TEXT_SIZE], again[SEMVER_TEXT_SIZE];
		struct semver parsed = parse(semver_format(&a, text));

		assert_string_equal(semver_format(&parsed, again), text);
		assert_memory_equal(&parsed, &a, sizeof(a));
		check_pair(&a, &b, reference_compare(&a, &b));
	}
}

/* All pre-releases of one and of two awkward identifiers with one another. */
static void test_awkward_pairs(void **state)
{
	enum { ONE = ARRAY_SIZE(awkward), ALL = ONE + ONE * ONE };
	struct semver *versions = calloc(ALL, sizeof(*versions));
	size_t count = 0;

	(void)state;
	assert_non_null(versions);
	for (size_t i = 0; i < ONE; i++)
		snprintf(versions[count++].prerelease, SEMVER_TEXT_SIZE, "%s", awkward[i]);
	for (size_t i = 0; i < ONE * ONE; i++)
		snprintf(versions[count++].prerelease, SEMVER_TEXT_SIZE, "%s.%s",
			 awkward[i / ONE], awkward[i % ONE]);
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < count; j++)
			check_pair(&versions[i], &versions[j],
				   reference_compare(&versions[i], &versions[j]));
	free(versions);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_invalid),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_longest_keys),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_increment),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_random_pairs),
		cmocka_unit_test(test_awkward_pairs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
