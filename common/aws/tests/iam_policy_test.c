#include "aws/iam_policy.h"

#include <string.h>

#include "base/mem.h"
#include "base/tests/unit.h"

static void test_patterns(void **state)
{
	static const struct {
		const char *template, *family, *pattern;
	} rows[] = {
		{"/golden/{family}/{channel}", "web", "/golden/web/*"},
		{"/golden/{family}/{channel}", NULL, "/golden/*/*"},
		{"/golden/{family}", "db/arm64", "/golden/db/arm64"},
		{"/golden/{family}/{version}", "web", "/golden/web/*.*.*"},
		{"golden-{architecture}", "web", "golden-*"},
		{"{family}", "web", "web"},
		{"/golden/web", NULL, "/golden/web"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct gk_error err = {0};
		_cleanup_free_ char *pattern =
			iam_parameter_pattern(rows[i].template, rows[i].family, &err);

		assert_non_null(pattern);
		assert_string_equal(pattern, rows[i].pattern);
	}
}

static size_t count_rows(const char *action)
{
	size_t count = 0;

	for (const struct aws_permission *p = aws_permissions; p->action; p++)
		count += strcmp(p->action, action) == 0;
	return count;
}

static size_t count_texts(const char *document, const char *action)
{
	_cleanup_free_ char *quoted = gk_str_format(NULL, "\"%s\"", action);
	size_t count = 0;

	for (const char *at = document; (at = strstr(at, quoted)); at++)
		count++;
	return count;
}

/* Every row of the table has its place in the document: no permission is forgotten. */
static void test_every_permission_is_in_the_document(void **state)
{
	struct iam_table table = {"goldkeep", "eu-west-1"};
	struct iam_policy policy = {.features = ~0u, .partition = "aws", .account = "123456789012",
				    .tables = &table, .table_count = 1};
	_cleanup_(gk_json_builder_done) struct gk_json_builder json = {0};
	_cleanup_free_ char *text = NULL;
	struct gk_error err = {0};

	(void)state;
	assert_true(iam_policy_needs_account(&policy));
	assert_success(gk_json_builder_init(&json, &err), &err);
	assert_success(iam_policy_write(&policy, &json, &err), &err);
	text = gk_json_builder_print(&json, false, &err);
	assert_non_null(text);
	for (const struct aws_permission *p = aws_permissions; p->action; p++)
		assert_int_equal(count_texts(text, p->action), count_rows(p->action));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_every_permission_is_in_the_document),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
