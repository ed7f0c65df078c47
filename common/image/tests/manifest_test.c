#include "image/manifest.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/tests/unit.h"
#include "image/tests/testdata.h"

static void load(const char *name, struct manifest *ret)
{
	_cleanup_(gk_buf_done) struct gk_buf path = {0}, text = {0};
	struct gk_error err = {0};

	gk_buf_addf(&path, "manifests/%s", name);
	testdata_read(gk_buf_text(&path), &text);
	assert_success(manifest_parse(text.data, text.length, ret, &err), &err);
}

static void show_entry(const struct manifest_entry *entry, struct gk_buf *text)
{
	struct gk_error err = {0};

	gk_buf_addf(text, "%s (%s) %lld run %s", entry->name, entry->builder_type,
		    (long long)entry->build_time, entry->run);
	for (size_t i = 0; i < entry->custom_count; i++)
		gk_buf_addf(text, " %s=[%s]", entry->custom[i].key, entry->custom[i].value);
	for (size_t i = 0; i < entry->image_count; i++)
		gk_buf_addf(text, " image %s %s", entry->images[i].location, entry->images[i].id);
	if (manifest_entry_check(entry, &err) < 0) {
		assert_int_equal(err.code, GK_FAILED);
		assert_int_equal(entry->image_count, 0);
		gk_buf_addf(text, " error: %s", err.message);
	}
	gk_buf_addc(text, '\n');
}

/* X.json beside X.txt, which tells what is in it. */
static void check_file(const char *name)
{
	_cleanup_(manifest_done) struct manifest manifest = {0};
	_cleanup_(gk_buf_done) struct gk_buf shown = {0}, expected = {0};
	char file[64];

	snprintf(file, sizeof(file), "%s.json", name);
	load(file, &manifest);
	for (size_t i = 0; i < manifest.entry_count; i++)
		show_entry(&manifest.entries[i], &shown);
	gk_buf_addf(&shown, "last run %s\n", manifest.last_run);
	snprintf(file, sizeof(file), "manifests/%s.txt", name);
	testdata_read(file, &expected);
	assert_string_equal(gk_buf_text(&shown), gk_buf_text(&expected));
}

static void test_files(void **state)
{
	(void)state;
	check_file("several-runs");
	check_file("kinds");
	check_file("one-name");
	check_file("malformed");
	check_file("escapes");
	check_file("empty");
}

static void test_custom(void **state)
{
	_cleanup_(manifest_done) struct manifest manifest = {0};
	const struct manifest_entry *entry = NULL;

	(void)state;
	load("escapes.json", &manifest);
	entry = &manifest.entries[0];
	assert_string_equal(manifest_entry_custom(entry, "goldkeep_family"), "web");
	assert_null(manifest_entry_custom(entry, "empty"));
	assert_null(manifest_entry_custom(entry, "nothing"));
	assert_null(manifest_entry_custom(entry, "Note"));
	assert_null(manifest_entry_custom(&manifest.entries[1], "note"));
}

/* The whole run id for its beginning, and the text as it is for any other. */
static const char *find_run(const struct manifest *manifest, const char *beginning)
{
	for (size_t i = 0; i < manifest->entry_count; i++)
		if (strncmp(manifest->entries[i].run, beginning, strlen(beginning)) == 0)
			return manifest->entries[i].run;
	return beginning;
}

static const char *any(const char *field)
{
	return strcmp(field, "-") == 0 ? NULL : field;
}

static void check_selection(char **fields, const char *expected)
{
	_cleanup_(manifest_done) struct manifest manifest = {0};
	_cleanup_(manifest_selection_done) struct manifest_selection selection = {0};
	_cleanup_(gk_buf_done) struct gk_buf shown = {0};
	struct manifest_query query = {.build = any(fields[2]), .builder_type = any(fields[3]),
				       .family = any(fields[4])};
	struct gk_error err = {0};

	load(fields[0], &manifest);
	query.run = find_run(&manifest, fields[1]);
	if (manifest_select(&manifest, &query, &selection, &err) < 0) {
		assert_int_equal(err.code, GK_NOT_FOUND);
		gk_buf_addf(&shown, "error: %s", err.message);
	}
	for (size_t i = 0; i < selection.count; i++)
		gk_buf_addf(&shown, "%s%zd", i > 0 ? " " : "",
			    selection.entries[i] - manifest.entries);
	assert_string_equal(gk_buf_text(&shown), expected);
}

static void test_selections(void **state)
{
	_cleanup_(gk_strv_done) struct gk_strv lines = {0};

	(void)state;
	testdata_lines("manifests/selections.txt", &lines);
	for (size_t i = 0; i < lines.count; i++) {
		char *fields[6];

		testdata_fields(lines.items[i], fields, 6);
		check_selection(fields, fields[5]);
	}
}

static void check_damaged(const char *text, size_t length, const char *message)
{
	/* A copy without a byte behind it, so that reading too far is found out. */
	_cleanup_free_ char *copy = malloc(length ? length : 1);
	struct manifest manifest = {0};
	struct gk_error err = {0};

	assert_non_null(copy);
	memcpy(copy, text, length);
	assert_failure(manifest_parse(copy, length, &manifest, &err), &err, GK_UNFINISHED, message);
	assert_null(manifest.entries);
}

static void test_damaged(void **state)
{
	static const char *const names[] = {"manifests/overwritten.json", "manifests/twice.json"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_(gk_buf_done) struct gk_buf text = {0};

		testdata_read(names[i], &text);
		check_damaged(text.data, text.length, "damaged by a concurrent write, or cut");
	}
	check_damaged("", 0, "empty");
	check_damaged(" \n", 2, "damaged by a concurrent write, or cut");
	check_damaged("\0\0\0\0", 4, "damaged by a concurrent write, or cut");
	check_damaged("{\"builds\": []}\0", 15, "damaged by a concurrent write, or cut");
	check_damaged("{\"builds\": [}", 13, "damaged by a concurrent write, or cut");
	check_damaged("{\"builds\": \"\xff\"}", 14, "damaged by a concurrent write, or cut");
}

static void test_cut_anywhere(void **state)
{
	static const char *const names[] = {"manifests/several-runs.json", "manifests/kinds.json",
					    "manifests/one-name.json", "manifests/escapes.json"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_(gk_buf_done) struct gk_buf text = {0};
		const char *end = NULL;

		testdata_read(names[i], &text);
		end = strrchr(text.data, '}');
		for (size_t length = 1; length <= (size_t)(end - text.data); length++)
			check_damaged(text.data, length, "damaged by a concurrent write, or cut");
	}
}

/* Damage of any kind is an error or another manifest, never a crash. */
static void test_noise(void **state)
{
	_cleanup_(gk_buf_done) struct gk_buf text = {0};
	uint64_t seed = testdata_seed();

	(void)state;
	testdata_read("manifests/one-name.json", &text);
	for (int i = 0; i < 5000; i++) {
		_cleanup_(manifest_done) struct manifest manifest = {0};
		_cleanup_(manifest_selection_done) struct manifest_selection selection = {0};
		_cleanup_free_ char *copy = malloc(text.length);
		struct gk_error err = {0};
		struct manifest_query query = {.run = "6cb331df-4ab2-2d4d-9ac0-640211402956"};

		assert_non_null(copy);
		memcpy(copy, text.data, text.length);
		for (uint64_t n = 1 + testdata_random(&seed, 4); n > 0; n--)
			copy[testdata_random(&seed, text.length)] =
				(char)testdata_random(&seed, 256);
		if (manifest_parse(copy, text.length, &manifest, &err) < 0)
			assert_true(err.code == GK_UNFINISHED || err.code == GK_FAILED);
		else if (manifest_select(&manifest, &query, &selection, &err) < 0)
			assert_int_equal(err.code, GK_NOT_FOUND);
	}
}

static void check_wrong(const char *document, const char *message)
{
	struct manifest manifest = {0};
	struct gk_error err = {0};

	if (manifest_parse(document, strlen(document), &manifest, &err) == 0)
		fail_msg("taken for a manifest: %s", document);
	if (err.code != GK_FAILED || strcmp(err.message, message) != 0)
		fail_msg("%s: expected \"%s\", got \"%s\"", document, message, err.message);
}

/* Every wrong type of every key. */
static void test_wrong_types(void **state)
{
	static const struct {
		const char *key, *wanted;
		char right; /* first character of a value of the right type */
	} keys[] = {
		{"name", "string", '"'},        {"builder_type", "string", '"'},
		{"artifact_id", "string", '"'}, {"packer_run_uuid", "string", '"'},
		{"build_time", "whole number", '1'}, {"files", "list", '['},
		{"custom_data", "object", '{'},
	};
	static const char *const values[] = {"\"x\"", "1", "1.5", "true", "false", "[]", "{}", "null"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(values); j++) {
			_cleanup_(manifest_done) struct manifest manifest = {0};
			char document[256], message[128];

			snprintf(document, sizeof(document), "{\"builds\":[{},{},{\"%s\":%s}]}",
				 keys[i].key, values[j]);
			snprintf(message, sizeof(message), "manifest: builds[2].%s is no %s",
				 keys[i].key, keys[i].wanted);
			if (strcmp(values[j], "null") != 0 &&
			    (values[j][0] != keys[i].right || strcmp(values[j], "1.5") == 0))
				check_wrong(document, message);
			else
				assert_int_equal(manifest_parse(document, strlen(document),
								&manifest, NULL), 0);
		}
	}
}

static void test_wrong_shapes(void **state)
{
	char deep[2200];

	(void)state;
	check_wrong("[]", "manifest: it is no object");
	check_wrong("\"builds\"", "manifest: it is no object");
	check_wrong("null", "manifest: it is no object");
	check_wrong("{\"builds\": {}}", "manifest: \"builds\" is no list");
	check_wrong("{\"builds\": 1}", "manifest: \"builds\" is no list");
	check_wrong("{\"last_run_uuid\": 1}", "manifest: \"last_run_uuid\" is no string");
	check_wrong("{\"builds\": [{}, \"x\"]}", "manifest: builds[1] is no object");
	check_wrong("{\"builds\": [null]}", "manifest: builds[0] is no object");
	check_wrong("{\"builds\": [{\"custom_data\": {\"a\": 1}}]}",
		    "manifest: builds[0].custom_data: the value of 'a' is no string");
	check_wrong("{\"builds\": [{\"build_time\": 1e300}]}",
		    "manifest: builds[0].build_time is no whole number");
	memset(deep, '[', 1100);
	memset(deep + 1100, ']', 1100);
	deep[sizeof(deep) - 1] = '\0';
	check_wrong(deep, "manifest: nested more than 1000 deep at byte 1000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),        cmocka_unit_test(test_custom),
		cmocka_unit_test(test_selections),   cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_cut_anywhere), cmocka_unit_test(test_noise),
		cmocka_unit_test(test_wrong_types),  cmocka_unit_test(test_wrong_shapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
