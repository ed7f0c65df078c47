#include "base/tests/failing_memory.h"

#include "../buf.c"
#include "../mem.c"
#include "../xml.c"

static const char sample[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			     "<e:Answer xmlns:e=\"http://ec2/\" a='1'>\n"
			     "  <set><item> one &amp; \xc3\xa4 <!-- no -->two\n</item>"
			     "<item><![CDATA[<x>]]></item><other/><item>3</item></set>\n"
			     "  mixed <empty></empty> text\n"
			     "</e:Answer>";

static void test_tree(void **state)
{
	_cleanup_(gk_xml_freep) struct gk_xml *root = NULL;
	const struct gk_xml *item = NULL;
	struct gk_error err = {0};

	(void)state;
	assert_success(gk_xml_parse(sample, strlen(sample), &root, &err), &err);
	assert_string_equal(root->name, "Answer");
	assert_string_equal(root->text, "mixed  text");
	item = gk_xml_child(gk_xml_child(root, "set"), "item");
	assert_string_equal(item->text, "one & \xc3\xa4 two");
	item = gk_xml_next(item, "item");
	assert_string_equal(item->text, "<x>");
	item = gk_xml_next(item, "item");
	assert_string_equal(item->text, "3");
	assert_null(gk_xml_next(item, "item"));
	assert_string_equal(gk_xml_text(root, "empty"), "");
	assert_string_equal(gk_xml_text(root, "set/other"), "");
	assert_null(gk_xml_text(root, "set/oth"));
	assert_null(gk_xml_path(root, "set/none/deeper"));
	assert_ptr_equal(gk_xml_path(root, ""), root);
	assert_null(gk_xml_child(NULL, "x"));
	assert_null(gk_xml_next(NULL, "x"));
	assert_null(gk_xml_text(NULL, "x"));
}

static void test_every_cut_is_an_error(void **state)
{
	(void)state;
	for (size_t length = 0; length < strlen(sample); length++) {
		_cleanup_free_ char *cut = malloc(length + !length);
		struct gk_xml *root = NULL;
		struct gk_error err = {0};

		memcpy(cut, sample, length);
		assert_failure(gk_xml_parse(cut, length, &root, &err), &err, GK_FAILED, "line ");
		assert_null(root);
	}
}

static void test_refuses(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{"<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "document type"},
		{"<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>", "document type"},
		{"<a>&b;</a>", "undefined entity"},
		{"<a></b>", "line 1: mismatched tag"},
		{"<a/>\n<b/>", "line 2: junk"},
		{"<a>\xff</a>", "not well-formed"},
		{"plain", "line 1"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct gk_xml *root = NULL;
		struct gk_error err = {0};

		assert_failure(gk_xml_parse(rows[i].text, strlen(rows[i].text), &root, &err), &err,
			       GK_FAILED, rows[i].message);
	}
}

/* `count` elements, each inside the one before it (nested) or beside it. */
static int parse_many(size_t count, bool nested, struct gk_error *err)
{
	_cleanup_(gk_xml_freep) struct gk_xml *root = NULL;
	_cleanup_(gk_buf_done) struct gk_buf text = {0};

	gk_buf_adds(&text, "<r>");
	for (size_t i = 1; i < count; i++)
		gk_buf_adds(&text, nested ? "<a>" : "<a/>");
	for (size_t i = 1; nested && i < count; i++)
		gk_buf_adds(&text, "</a>");
	gk_buf_adds(&text, "</r>");
	return gk_xml_parse(text.data, text.length, &root, err);
}

static void test_ceilings(void **state)
{
	struct gk_error err = {0};

	(void)state;
	assert_success(parse_many(DEPTH_MAX, true, &err), &err);
	assert_failure(parse_many(DEPTH_MAX + 1, true, &err), &err, GK_FAILED, "too deep");
	assert_success(parse_many(ELEMENTS_MAX, false, &err), &err);
	assert_failure(parse_many(ELEMENTS_MAX + 1, false, &err), &err, GK_FAILED,
		       "too many elements");
}

static int parse_sample(void)
{
	_cleanup_(gk_xml_freep) struct gk_xml *root = NULL;
	struct gk_error err = {0};
	int result = gk_xml_parse(sample, strlen(sample), &root, &err);

	if (result < 0)
		assert_non_null(strstr(err.message, "out of memory"));
	return result;
}

static void test_failing_memory(void **state)
{
	(void)state;
	for_each_failing_allocation(parse_sample);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_every_cut_is_an_error),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_ceilings),
		cmocka_unit_test(test_failing_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
