/* The digest of a build's inputs, and the names of AMIs. What `fingerprint` makes of files is tested
 * where files are. */
#include "image/fingerprint.h"

#include "base/mem.h"
#include "base/tests/unit.h"
#include "image/ami_name.h"
#include "image/tests/testdata.h"

/* sha256("goldkeep fingerprint 1\n"): of nothing at all. */
#define OF_NOTHING "14c406915e78de38c1ebd564facf73b833282c17c8fd41aa8f115ad6cab44188"

/* With an entry of kind f, name a, content 1; of f, b, 2; of v, a, 1. */
#define OF_THREE "2d0010f1e9bf7f5cbdfd6528f48d0f29cf38738e02c8a2a105e892bc316b7f63"

static void add(struct fingerprint *fingerprint, enum fingerprint_kind kind, const char *name,
		const char *text)
{
	struct gk_error err = {0};

	assert_success(fingerprint_add_text(fingerprint, kind, name, text, &err), &err);
}

static void assert_text(struct fingerprint *fingerprint, const char *expected)
{
	char text[FINGERPRINT_TEXT_SIZE];
	struct gk_error err = {0};

	assert_success(fingerprint_text(fingerprint, text, &err), &err);
	assert_string_equal(text, expected);
}

static void test_known_digests(void **state)
{
	_cleanup_(fingerprint_done) struct fingerprint fingerprint = {0};

	(void)state;
	assert_text(&fingerprint, OF_NOTHING);
	add(&fingerprint, FINGERPRINT_VARIABLE, "a", "1");
	add(&fingerprint, FINGERPRINT_FILE, "b", "2");
	add(&fingerprint, FINGERPRINT_FILE, "a", "1");
	assert_text(&fingerprint, OF_THREE);
	/* What is there twice counts once, and asking changes nothing. */
	add(&fingerprint, FINGERPRINT_FILE, "b", "2");
	assert_text(&fingerprint, OF_THREE);
	assert_int_equal(fingerprint.count, 3);
	add(&fingerprint, FINGERPRINT_FILE, "b", "3");
	assert_null(fingerprint_contradiction(&fingerprint, &fingerprint.entries[0]));
	assert_ptr_equal(fingerprint_contradiction(&fingerprint, &fingerprint.entries[3]),
			 &fingerprint.entries[1]);
}

/* Where a content ends does not depend on how it was read. */
static void test_content_in_pieces(void **state)
{
	_cleanup_(fingerprint_done) struct fingerprint pieces = {0};
	_cleanup_(fingerprint_done) struct fingerprint whole = {0};
	_cleanup_(fingerprint_content_done) struct fingerprint_content content = {0};
	char text[FINGERPRINT_TEXT_SIZE];
	struct gk_error err = {0};

	(void)state;
	assert_success(fingerprint_content_init(&content, &err), &err);
	assert_success(fingerprint_content_add(&content, "ab", 2, &err), &err);
	assert_success(fingerprint_content_add(&content, "", 0, &err), &err);
	assert_success(fingerprint_content_add(&content, "c", 1, &err), &err);
	assert_success(fingerprint_add(&pieces, FINGERPRINT_FILE, "x", &content, &err), &err);
	add(&whole, FINGERPRINT_FILE, "x", "abc");
	assert_success(fingerprint_text(&whole, text, &err), &err);
	assert_text(&pieces, text);
}

static void test_check(void **state)
{
	static const char *const wrong[] = {"", "g", "0x12", "12 ", "\xff"};
	struct gk_error err = {0};

	(void)state;
	assert_success(fingerprint_check("0123456789abcdefABCDEF", &err), &err);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(fingerprint_check(wrong[i], &err), -1);
		assert_int_equal(err.code, GK_USAGE);
	}
	assert_true(fingerprint_equal("aB", "Ab"));
	assert_false(fingerprint_equal("ab", "abc"));
	assert_false(fingerprint_equal(NULL, NULL));
}

static void test_ami_names(void **state)
{
	_cleanup_(gk_strv_done) struct gk_strv lines = {0};

	(void)state;
	testdata_lines("names/amis.txt", &lines);
	for (size_t i = 0; i < lines.count; i++) {
		char name[AMI_NAME_SIZE];
		struct gk_error err = {0};
		struct semver version;
		char *fields[3];

		testdata_fields(lines.items[i], fields, 3);
		assert_success(semver_parse(fields[1], &version, &err), &err);
		assert_string_equal(ami_name(fields[0], &version, name), fields[2]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_digests),
		cmocka_unit_test(test_content_in_pieces),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_ami_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
