#include "image/pointer.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/tests/unit.h"
#include "image/tests/testdata.h"

static void test_templates(void **state)
{
	_cleanup_(gk_strv_done) struct gk_strv lines = {0};

	(void)state;
	testdata_lines("pointers/templates.txt", &lines);
	for (size_t i = 0; i < lines.count; i++) {
		_cleanup_(gk_buf_done) struct gk_buf text = {0};
		struct gk_error err = {0};
		char *fields[2];

		testdata_fields(lines.items[i], fields, 2);
		if (pointer_template_check(fields[0], &err) < 0) {
			assert_int_equal(err.code, GK_USAGE);
			gk_buf_addf(&text, "error: %s", err.message);
		} else {
			gk_buf_adds(&text, "fine");
		}
		assert_string_equal(gk_buf_text(&text), fields[1]);
	}
}

static void test_length(void **state)
{
	char name[1100];
	struct gk_error err = {0};

	(void)state;
	memset(name, 'x', sizeof(name));
	name[1011] = '\0';
	assert_success(pointer_template_check(name, &err), &err);
	name[1011] = 'x';
	name[1012] = '\0';
	assert_failure(pointer_template_check(name, &err), &err, GK_USAGE, "at most 1011 characters");
}

/* The words of a field; none for "none". */
static void words(const char *field, char separator, struct gk_strv *ret)
{
	if (strcmp(field, "none") != 0)
		assert_int_equal(gk_strv_split(ret, field, separator, NULL), 0);
}

static void read_images(const char *field, struct release *release)
{
	_cleanup_(gk_strv_done) struct gk_strv images = {0};
	struct gk_error err = {0};

	words(field, ',', &images);
	for (size_t i = 0; i < images.count; i++) {
		_cleanup_(gk_strv_done) struct gk_strv facts = {0};
		struct image *image = release_add_image(release, &err);

		words(images.items[i], ' ', &facts);
		assert_non_null(image);
		assert_int_equal(facts.count, 4);
		assert_int_equal(gk_str_set(&image->location, facts.items[0], NULL), 0);
		assert_int_equal(gk_str_set(&image->id, facts.items[1], NULL), 0);
		if (strcmp(facts.items[2], "-") != 0)
			assert_int_equal(gk_str_set(&image->architecture, facts.items[2], NULL), 0);
		assert_success(release_state_parse(facts.items[3], &image->state, &err), &err);
	}
}

static void read_channels(const char *field, struct channel_list *channels)
{
	_cleanup_(gk_strv_done) struct gk_strv list = {0};
	struct gk_error err = {0};

	words(field, ' ', &list);
	for (size_t i = 0; i < list.count; i++) {
		char *equals = strchr(list.items[i], '=');
		struct channel channel = {.name = list.items[i]};

		assert_non_null(equals);
		*equals = '\0';
		assert_success(semver_parse(equals + 1, &channel.version, &err), &err);
		assert_success(channel_list_set(channels, &channel, &err), &err);
	}
}

static void show(const struct pointer_list *list, struct gk_buf *text)
{
	for (size_t i = 0; i < list->count; i++)
		gk_buf_addf(text, "%s%s %s = %s%s", i > 0 ? "; " : "", list->items[i].location,
			    list->items[i].name, list->items[i].id,
			    list->items[i].pinned ? " !" : "");
	if (list->count == 0)
		gk_buf_adds(text, "none");
}

static void test_names(void **state)
{
	_cleanup_(gk_strv_done) struct gk_strv lines = {0};

	(void)state;
	testdata_lines("pointers/names.txt", &lines);
	for (size_t i = 0; i < lines.count; i++) {
		_cleanup_(release_done) struct release release = {0};
		_cleanup_(channel_list_done) struct channel_list channels = {0};
		_cleanup_(gk_strv_done) struct gk_strv templates = {0};
		_cleanup_(pointer_list_done) struct pointer_list list = {0};
		_cleanup_(gk_buf_done) struct gk_buf text = {0};
		struct gk_error err = {0};
		char *fields[5];

		testdata_fields(lines.items[i], fields, 5);
		assert_success(gk_str_set(&release.family, "web/arm", &err), &err);
		assert_success(semver_parse(fields[0], &release.version, &err), &err);
		read_images(fields[1], &release);
		read_channels(fields[2], &channels);
		words(fields[3], ' ', &templates);
		if (pointers_of_release(&release, &templates, &channels, &list, &err) < 0)
			gk_buf_addf(&text, "%s: %s",
				    err.code == GK_REFUSED ? "refused" : "wrong", err.message);
		else
			show(&list, &text);
		assert_string_equal(gk_buf_text(&text), fields[4]);
	}
}

static void test_paths(void **state)
{
	static char family[] = "db/arm64";
	struct release release = {.family = family,
				  .version = {.core = {1, 4, 2}, .build = "b"}};
	_cleanup_free_ char *path = NULL;
	struct gk_error err = {0};

	(void)state;
	assert_success(pointer_path_check("/x/{family}-{version}.json", &err), &err);
	assert_failure(pointer_path_check("/x/{channel}.json", &err), &err, GK_USAGE,
		       "'{channel}.json' in a path");
	assert_true(pointer_path_is_pinned("/x/{version}.json"));
	assert_false(pointer_path_is_pinned("/x/{family}.json"));
	path = pointer_path_fill("/x/{family}-{version}.json", &release, &err);
	assert_string_equal(path, "/x/db/arm64-1.4.2.json");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_templates),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
