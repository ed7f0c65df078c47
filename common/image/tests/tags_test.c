#include "image/tags.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/tests/unit.h"
#include "image/tests/testdata.h"

/* Family web/arm, version 1.4.2-rc.1+b, run r-77. */
static struct release sample(void)
{
	static char family[] = "web/arm", run[] = "r-77";

	return (struct release){
		.family = family,
		.run = run,
		.version = {.core = {1, 4, 2}, .prerelease = "rc.1", .build = "b"},
	};
}

static void show(const struct tag_list *list, size_t first, struct gk_buf *text)
{
	gk_buf_clear(text);
	for (size_t i = first; i < list->count; i++)
		gk_buf_addf(text, "%s[%s] = [%s]", i > first ? "; " : "", list->items[i].key,
			    list->items[i].value);
}

/* What --tag gives, and what becomes of it on a release. */
static void test_options(void **state)
{
	_cleanup_(gk_strv_done) struct gk_strv lines = {0};
	struct release release = sample();

	(void)state;
	testdata_lines("tags/options.txt", &lines);
	for (size_t i = 0; i < lines.count; i++) {
		_cleanup_(tag_list_done) struct tag_list extra = {0}, tags = {0};
		_cleanup_(gk_buf_done) struct gk_buf text = {0};
		struct gk_error err = {0};
		char *fields[2];

		testdata_fields(lines.items[i], fields, 2);
		if (tag_list_parse(&extra, fields[0], &err) < 0) {
			assert_int_equal(err.code, GK_USAGE);
			assert_int_equal(extra.count, 0);
			gk_buf_addf(&text, "error: %s", err.message);
		} else {
			assert_success(release_tags(&release, &extra, &tags, &err), &err);
			show(&tags, 4, &text);
		}
		assert_string_equal(gk_buf_text(&text), fields[1]);
	}
}

static void test_ours(void **state)
{
	_cleanup_(tag_list_done) struct tag_list tags = {0}, none = {0};
	_cleanup_(gk_buf_done) struct gk_buf text = {0};
	struct release release = sample();
	struct gk_error err = {0};

	(void)state;
	assert_success(release_tags(&release, &none, &tags, &err), &err);
	show(&tags, 0, &text);
	assert_string_equal(gk_buf_text(&text),
			    "[ManagedBy] = [goldkeep]; [goldkeep:family] = [web/arm]; "
			    "[goldkeep:version] = [1.4.2-rc.1+b]; [goldkeep:run] = [r-77]");
}

/* A list that did not come through tag_list_parse cannot take goldkeep's own tags away either. */
static void test_ours_stay(void **state)
{
	_cleanup_(tag_list_done) struct tag_list tags = {0}, extra = {0};
	struct release release = sample();
	struct gk_error err = {0};

	(void)state;
	assert_success(tag_list_set(&extra, TAG_FAMILY, "db", &err), &err);
	assert_failure(release_tags(&release, &extra, &tags, &err), &err, GK_USAGE,
		       "'goldkeep:family' is one that goldkeep sets itself");
	assert_int_equal(tags.count, 0);
}

/* `count` characters é, of two bytes each. */
static void put_letters(struct gk_buf *text, const char *before, int count)
{
	gk_buf_clear(text);
	gk_buf_adds(text, before);
	for (int i = 0; i < count; i++)
		gk_buf_adds(text, "é");
}

static void test_limits(void **state)
{
	_cleanup_(tag_list_done) struct tag_list list = {0};
	_cleanup_(gk_buf_done) struct gk_buf text = {0};
	struct gk_error err = {0};

	(void)state;
	put_letters(&text, "", 127);
	gk_buf_addc(&text, '=');
	assert_success(tag_list_parse(&list, gk_buf_text(&text), &err), &err);
	put_letters(&text, "", 128);
	gk_buf_addc(&text, '=');
	assert_failure(tag_list_parse(&list, gk_buf_text(&text), &err), &err, GK_USAGE,
		       "has 128 characters: 127 at most");
	put_letters(&text, "k=", 256);
	assert_success(tag_list_parse(&list, gk_buf_text(&text), &err), &err);
	put_letters(&text, "k=", 257);
	assert_failure(tag_list_parse(&list, gk_buf_text(&text), &err), &err, GK_USAGE,
		       "has 257 characters: 256 at most");
	assert_int_equal(list.count, 2);
}

/* Only with the placeholder filled in is the value too long. */
static void test_filled_limit(void **state)
{
	_cleanup_(tag_list_done) struct tag_list extra = {0}, tags = {0};
	_cleanup_(gk_buf_done) struct gk_buf text = {0};
	struct release release = sample();
	struct gk_error err = {0};

	(void)state;
	put_letters(&text, "k={version}", 244);
	assert_success(tag_list_parse(&extra, gk_buf_text(&text), &err), &err);
	assert_success(release_tags(&release, &extra, &tags, &err), &err);
	tag_list_done(&tags);
	put_letters(&text, "k={version}", 245);
	assert_success(tag_list_parse(&extra, gk_buf_text(&text), &err), &err);
	assert_failure(release_tags(&release, &extra, &tags, &err), &err, GK_USAGE,
		       "257 characters: 256 at most");
}

static void test_no_text(void **state)
{
	static const char *const bad[] = {"k=\xff", "\xc3=v", "k=\xed\xa0\x80", "k=\xc0\x80",
					  "k=\xe2\x82", "k=\xf4\x90\x80\x80", "k=\xe0\x9f\xbf"};
	_cleanup_(tag_list_done) struct tag_list list = {0};
	struct gk_error err = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_failure(tag_list_parse(&list, bad[i], &err), &err, GK_USAGE, "is no UTF-8");
	assert_success(tag_list_parse(&list, "k=\xf4\x8f\xbf\xbf\xf0\x90\x80\x80", &err), &err);
}

static void test_list(void **state)
{
	_cleanup_(tag_list_done) struct tag_list there = {0}, wanted = {0};

	(void)state;
	assert_int_equal(tag_list_set(&there, "aws:ec2:owner", "x", NULL), 0);
	assert_int_equal(tag_list_set(&there, "Name", "web", NULL), 0);
	assert_int_equal(tag_list_set(&there, "Stage", "", NULL), 0);
	assert_true(tag_list_contains(&there, &wanted));
	assert_int_equal(tag_list_set(&wanted, "Name", "db", NULL), 0);
	assert_false(tag_list_contains(&there, &wanted));
	assert_int_equal(tag_list_count_after(&there, &wanted), 2);
	assert_int_equal(tag_list_set(&wanted, "Name", "web", NULL), 0);
	assert_int_equal(wanted.count, 1);
	assert_true(tag_list_contains(&there, &wanted));
	assert_int_equal(tag_list_set(&wanted, "name", "", NULL), 0);
	assert_false(tag_list_contains(&there, &wanted));
	assert_int_equal(tag_list_count_after(&there, &wanted), 3);
	assert_string_equal(tag_list_get(&there, "Stage"), "");
	assert_null(tag_list_get(&there, "stage"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options),    cmocka_unit_test(test_ours),
		cmocka_unit_test(test_ours_stay),  cmocka_unit_test(test_limits),
		cmocka_unit_test(test_filled_limit), cmocka_unit_test(test_no_text),
		cmocka_unit_test(test_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
