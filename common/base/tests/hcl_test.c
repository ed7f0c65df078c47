#include "base/tests/failing_memory.h"

#include "../buf.c"
#include "../hcl.c"
#include "../hcl_expression.c"
#include "../hcl_json.c"
#include "../hcl_scan.c"
#include "../hcl_string.c"
#include "../mem.c"
#include "../strv.c"

#define LINE_END "⏎"

/* A tree as text: kinds by a letter or sign, items in brackets, lines where they are asked for. */
static void describe(const struct gk_hcl *node, bool lines, struct gk_buf *text)
{
	static const char *const kinds[] = {"", "", "", "'", "\"", "$", "[", "{", "", "<"};

	if (node->key)
		gk_buf_addf(text, "%s ", node->key);
	if (lines)
		gk_buf_addf(text, "@%d ", node->line);
	for (size_t i = 0; i < node->labels.count; i++)
		gk_buf_addf(text, "%s ", node->labels.items[i]);
	gk_buf_addf(text, "%s%s", kinds[node->kind], node->text ? node->text : "");
	for (size_t i = 0; i < node->count; i++) {
		gk_buf_adds(text, i ? ", " : "");
		describe(&node->items[i], lines, text);
	}
	if (node->kind == GK_HCL_LIST || node->kind == GK_HCL_OBJECT || node->kind == GK_HCL_BLOCK)
		gk_buf_addc(text, node->kind == GK_HCL_LIST ? ']' :
				  node->kind == GK_HCL_OBJECT ? '}' : '>');
	else if (node->kind == GK_HCL_TEMPLATE)
		gk_buf_addc(text, '"');
}

typedef int parser(const char *text, size_t length, const char *source, struct gk_hcl *ret,
		   struct gk_error *err);

/* From a copy without a byte behind it, so that reading too far is found out. */
static int parse(parser *read, const char *text, size_t length, struct gk_hcl *ret,
		 struct gk_error *err)
{
	char *copy = (malloc)(length ? length : 1);
	int r = 0;

	assert_non_null(copy);
	memcpy(copy, text, length);
	r = read(copy, length, "f", ret, err);
	free(copy);
	return r;
}

static void check_tree(parser *read, const char *text, const char *expected, bool lines)
{
	_cleanup_(gk_hcl_done) struct gk_hcl root = {0};
	_cleanup_(gk_buf_done) struct gk_buf shown = {0};
	struct gk_error err = {0};

	if (parse(read, text, strlen(text), &root, &err) < 0)
		fail_msg("%s: %s", text, err.message);
	describe(&root, lines, &shown);
	assert_string_equal(gk_buf_text(&shown), expected);
}

static void test_trees(void **state)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{"", ""},
		{"a = 1\nb = true\nc = null", "a 1, b true, c null"},
		{"\xef\xbb\xbf" "a = \"b\"\r\n# c\r\n", "a 'b"},
		{"a = [1, \"b\", [x]]", "a [1, 'b, [$x]]"},
		{"a = {b = 1, \"c\" : 2\n(d) = 3\n4 = 5}", "a {b 1, c 2, (d) 3, 4 5}"},
		{"a \"b\" c {\n d = 1\n e {\n }\n}", "a b c <d 1, e <>>"},
		{"a { b = 1 }\na {}", "a <b 1>, a <>"},
		{"a = \"x${ b.c }y\"", "a \"'x, $ b.c , 'y\""},
		{"a = \"${b}\"", "a \"$b\""},
		{"a = \"%{ if b }c%{ endif }\"", "a \"$ if b , 'c, $ endif \""},
		{"a = \"$${b} %%{c} $d %\"", "a '${b} %{c} $d %"},
		{"a = \"\\n\\t\\\"\\\\\\u00e9\\U0001F600\"", "a '\n\t\"\\é😀"},
		{"a = <<E\nx\n  ${b}\n E\nc = 1", "a \"'x\n  , $b, '\n\", c 1"},
		{"a = <<-E\r\n x\r\n E\r\n", "a ' x\r\n"},
		{"a = -1\nb = 1.5e3\nc = !d", "a $-1, b 1.5e3, c $!d"},
		{"a = b(\n1,\n2...) /* c */\n", "a $b(\n1,\n2...)"},
		{"a = b[0].c[*].d.*.e + 1 # f", "a $b[0].c[*].d.*.e + 1"},
		{"a = b ? {c = 1} : [2]", "a $b ? {c = 1} : [2]"},
		{"a = [for b in c : d if e]\n", "a $[for b in c : d if e]"},
		{"a = {for b, c in d : b => c...}", "a ${for b, c in d : b => c...}"},
		{"a = (\n1\n)", "a $(\n1\n)"},
		{"a = [true, nullable, -2]", "a [true, $nullable, $-2]"},
		{"a = f::g(1)", "a $f::g(1)"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_tree(gk_hcl_parse, rows[i].text, rows[i].expected, false);
}

static void test_lines(void **state)
{
	(void)state;
	check_tree(gk_hcl_parse,
		   "\na = [\n1,\n/*\n*/ \"b\",\n]\nc {\n d = <<E\nx\n\n${e}\nE\n\n"
		   " f = {\n  g = 1\n}\n}",
		   "@1 a @2 [@3 1, @5 'b], c @7 <d @8 \"@9 'x\n\n, @11 $e, @11 '\n\", "
		   "f @14 {g @15 1}>", true);
	check_tree(gk_hcl_parse_json, "\n{\"a\":\n[1, \"b\\\"]\", {\"c\":\nnull}],\n\n\"d\" : {}}",
		   "@2 {a @3 [@3 1, @3 'b\"], @3 {c @4 null}], d @6 {}}", true);
}

static void test_json(void **state)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{"{}", "{}"},
		{"[]", "[]"},
		{" 12.5e1 ", "12.5e1"},
		{"\"${a}\"", "'${a}"},
		{"\xef\xbb\xbf{\"a\": [true, false, null, -1]}", "{a [true, false, null, -1]}"},
		{"{\"a\": \"\\u00e9\\n\\\\\", \"a\": {\"\": \"}],:\"}}", "{a 'é\n\\, a { '}],:}}"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_tree(gk_hcl_parse_json, rows[i].text, rows[i].expected, false);
}

static char *replace_line_ends(const char *row)
{
	struct gk_buf text = {0};

	for (; *row; row++) {
		bool is_end = strncmp(row, LINE_END, strlen(LINE_END)) == 0;

		gk_buf_addc(&text, is_end ? '\n' : *row);
		row += is_end ? strlen(LINE_END) - 1 : 0;
	}
	return gk_buf_detach(&text, NULL);
}

/* What Packer takes for HCL, and what not: test_template.py asks it about the same table. */
static void test_syntax(void **state)
{
	const char *folder = getenv("GOLDKEEP_TESTDATA");
	_cleanup_free_ char *path =
		gk_str_format(NULL, "%s/hcl/syntax.txt", folder ? folder : "testdata");
	FILE *file = fopen(path, "re");
	char row[1024];
	int rows = 0;

	(void)state;
	assert_non_null(file);
	while (fgets(row, sizeof(row), file)) {
		_cleanup_free_ char *text = NULL;
		_cleanup_(gk_hcl_done) struct gk_hcl root = {0};
		struct gk_error err = {0};
		const char *bar = strstr(row, " | ");

		row[strcspn(row, "\n")] = '\0';
		if (!bar || *row == '#')
			continue;
		text = replace_line_ends(bar + 3);
		if ((parse(gk_hcl_parse, text, strlen(text), &root, &err) == 0) != (*row == 'y'))
			fail_msg("%s: %s", row, err.message);
		rows++;
	}
	fclose(file);
	assert_in_range(rows, 100, 1000);
}

static void test_messages(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{"\na = \"x\n\"", "f:2: a string without \" at its end"},
		{"a = <<END\nx\n", "f:1: a text without END at its end"},
		{"a {\nb {\n}\n", "f:1: a block without }"},
		{"a = 1\n/*\n\n", "f:2: a comment without */"},
		{"a = [1\n\n", "f:3: , or ] expected, not the end of the text"},
		{"a = {b = 1", "f:1: a line end, a comma or } expected, not the end of the text"},
		{"a = ]", "f:1: a value expected, not ]"},
		{"a = é +", "f:1: a value expected, not the end of the text"},
		{"a = 1 é", "f:1: a line end expected, not é"},
		{"a = \x01", "f:1: a value expected, not the character 1"},
		{"a = 1\rb = 2", "f:1: a line end expected, not the character 13"},
		{"\n\x7f" "ELF\x02", "f:2: an argument or a block expected, not the character 127"},
		{"a = 1\n\xff", "f:2: no UTF-8"},
		{"a = \"\\ud800\"", "f:1: an escape that is no character"},
		{"a = \"\\u0000\"", "f:1: an escape that is no character"},
		{"a = 1\na = 2", "f:2: an argument that was given before"},
		{"a \"${b}\" {}", "f:1: a label with ${…} in it"},
		{"a = \"%{ if b }\"",
		 "f:1: a string with %{ if } or %{ for }, but without its end"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct gk_hcl root = {0};
		struct gk_error err = {0};

		assert_int_equal(
			parse(gk_hcl_parse, rows[i].text, strlen(rows[i].text), &root, &err), -1);
		assert_int_equal(err.code, GK_USAGE);
		assert_string_equal(err.message, rows[i].message);
	}
}

static void test_json_messages(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{"", "f:1: empty text"},
		{"{\n\"a\": 1,\n}", "f:3: no JSON, or cut short,"},
		{"{}\n\nx", "f:3: text behind the document"},
		{"{\"a\": \"\n\"}", "f:1: a control character"},
		{"{\n\"\\u0000\": 1}", "f:2: a NUL character"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct gk_hcl root = {0};
		struct gk_error err = {0};

		assert_int_equal(parse(gk_hcl_parse_json, rows[i].text, strlen(rows[i].text), &root,
				       &err), -1);
		assert_int_equal(err.code, GK_USAGE);
		assert_string_equal(err.message, rows[i].message);
	}
}

/* `times` of a text, then `end`. */
static void check_ceiling(parser *read, const char *begin, const char *piece, size_t times,
			  const char *message)
{
	_cleanup_(gk_buf_done) struct gk_buf text = {0};
	struct gk_hcl root = {0};
	struct gk_error err = {0};

	gk_buf_adds(&text, begin);
	for (size_t i = 0; i < times; i++)
		gk_buf_adds(&text, piece);
	assert_failure(parse(read, text.data, text.length, &root, &err), &err, GK_USAGE, message);
}

static void test_ceilings(void **state)
{
	static const char *const deep[] = {"[",    "{a=", "(",      "a ? b : ",  "f(",
					   "\"${", "a[",  "<<A\n${", "[for a in "};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(deep); i++)
		check_ceiling(gk_hcl_parse, "x = ", deep[i], 5000, "nested more than 100 deep");
	check_ceiling(gk_hcl_parse, "", "b {\n", 5000, "nested more than 100 deep");
	check_ceiling(gk_hcl_parse_json, "", "[", 1001, "nested more than 1000 deep");
	check_ceiling(gk_hcl_parse, "x = [", "1,", 30000, "more than 20000 arguments");
	check_ceiling(gk_hcl_parse, "", "# comment\n", 110000, "f: longer than 1024 KiB");
	check_ceiling(gk_hcl_parse_json, "", "          ", 110000, "f: longer than 1024 KiB");
}

static void test_deep_json(void **state)
{
	_cleanup_(gk_buf_done) struct gk_buf text = {0};
	struct gk_hcl root = {0};
	struct gk_error err = {0};

	(void)state;
	for (int i = 0; i < 500; i++)
		gk_buf_addc(&text, '[');
	for (int i = 0; i < 500; i++)
		gk_buf_addc(&text, ']');
	assert_failure(parse(gk_hcl_parse_json, text.data, text.length, &root, &err), &err,
		       GK_USAGE, "f:1: nested more than 100 deep");
}

static const char everything[] =
	"a \"b\" c {\n d = [1, \"x${e}y\", {f = null, \"g\" : true}]\n h = i(1, [2])[0].j\n"
	" k = <<E\nl ${m}\nE\n n = [for o in p : q]\n r = \"%{ if s }t%{ endif }\"\n}\n";

/* Cut anywhere it is read or refused, and nothing else happens. */
static void test_cut_anywhere(void **state)
{
	(void)state;
	for (size_t length = 0; length < strlen(everything); length++) {
		_cleanup_(gk_hcl_done) struct gk_hcl root = {0};
		struct gk_error err = {0};

		if (parse(gk_hcl_parse, everything, length, &root, &err) < 0)
			assert_int_equal(err.code, GK_USAGE);
	}
}

static int read_everything(void)
{
	_cleanup_(gk_hcl_done) struct gk_hcl root = {0}, json = {0}, template = {0};

	if (gk_hcl_parse(everything, strlen(everything), "f", &root, NULL) < 0 ||
	    gk_hcl_parse_json("{\"a\": [\"b\", 1]}", 15, "f", &json, NULL) < 0)
		return -1;
	return gk_hcl_parse_template("a${b}", 1, "f", &template, NULL);
}

static void test_memory(void **state)
{
	(void)state;
	for_each_failing_allocation(read_everything);
}

static void test_find(void **state)
{
	static const char text[] = "a = \"b\"\nc \"d\" {\n e = 1\n}\nc \"f\" {\n}\ng = \"${h}\"";
	_cleanup_(gk_hcl_done) struct gk_hcl root = {0};
	struct gk_error err = {0};

	(void)state;
	assert_success(gk_hcl_parse(text, strlen(text), "f", &root, &err), &err);
	assert_string_equal(gk_hcl_string(gk_hcl_find(&root, "a")), "b");
	assert_string_equal(gk_hcl_find(&root, "c")->labels.items[0], "d");
	assert_int_equal(gk_hcl_find(gk_hcl_find(&root, "c"), "e")->kind, GK_HCL_NUMBER);
	assert_null(gk_hcl_string(gk_hcl_find(&root, "g")));
	assert_null(gk_hcl_find(&root, "b"));
	assert_null(gk_hcl_find(NULL, "b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trees),        cmocka_unit_test(test_lines),
		cmocka_unit_test(test_json),         cmocka_unit_test(test_syntax),
		cmocka_unit_test(test_messages),     cmocka_unit_test(test_json_messages),
		cmocka_unit_test(test_ceilings),     cmocka_unit_test(test_deep_json),
		cmocka_unit_test(test_cut_anywhere), cmocka_unit_test(test_memory),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
