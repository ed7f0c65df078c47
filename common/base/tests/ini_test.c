#include "base/tests/failing_memory.h"

#include "../buf.c"
#include "../ini.c"
#include "../mem.c"

/* A file as text: every property "section|key.subkey|value@line", separated by spaces. */
static char *describe(const struct gk_ini *ini)
{
	struct gk_buf text = {0};

	for (size_t i = 0; i < ini->count; i++) {
		const struct gk_ini_property *p = &ini->items[i];

		gk_buf_addf(&text, "%s%s", i ? " " : "", p->section);
		if (p->key)
			gk_buf_addf(&text, "|%s%s%s|%s", p->key, p->subkey ? "." : "",
				    p->subkey ? p->subkey : "", p->value);
		gk_buf_addf(&text, "@%d", p->line);
	}
	return gk_buf_detach(&text, NULL);
}

static void test_reads(void **state)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{"", ""},
		{"\n \n# x\n; y\n", ""},
		{"[a]", "a@1"},
		{"\xef\xbb\xbf[a]\r\nk = v\r\n", "a@1 a|k|v@2"},
		{"[ profile \t web ] ; c\nk=v", "profile web@1 profile web|k|v@2"},
		{"[a]#c\n", "a@1"},
		{"[a]\nKey = A=b # c\n", "a@1 a|key|A=b@2"},
		{"[a]\nk = a#b;c\t;d", "a@1 a|k|a#b;c@2"},
		{"[a]\nk = # none\n", "a@1 a|k|@2"},
		{"[a]\nk =#v\n", "a@1 a|k|#v@2"},
		{"[a]\nk = v\n w # no comment\n\n\tx", "a@1 a|k|v\nw # no comment\nx@2"},
		{"[a]\ns =\n X = 1\n y = 2 # in it\nk = v",
		 "a@1 a|s|@2 a|s.x|1@3 a|s.y|2 # in it@4 a|k|v@5"},
		{"[a]\n  k = v\n", "a@1 a|k|v@2"},
		{"[a]\n  # c\nk = v\n", "a@1 a|k|v@3"},
		{"[a]\nk: v=w\nl = x:y\n", "a@1 a|k|v=w@2 a|l|x:y@3"},
		{" [a]\n  k = v\n  l =\n   m = w\n [b]\n", "a@1 a|k|v@2 a|l|@3 a|l.m|w@4 b@5"},
		{"[a]\ns =\n  # c\n x = 1\nk = v\n ; c\n w", "a@1 a|s|@2 a|s.x|1@4 a|k|v\nw@5"},
		{"[a]\nk=1\n[b]\n[a]\nk=2\n", "a@1 a|k|1@2 b@3 a@4 a|k|2@5"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(gk_ini_done) struct gk_ini ini = {0};
		_cleanup_free_ char *text = NULL;
		struct gk_error err = {0};

		assert_success(gk_ini_parse(rows[i].text, strlen(rows[i].text), "f", &ini, &err),
			       &err);
		text = describe(&ini);
		assert_string_equal(text, rows[i].expected);
	}
}

static void test_refuses(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{"k = v", "f:1: a property before any section"},
		{"\n\n  k = v", "f:3: a property before any section"},
		{"[a]\nno equals", "f:2: a line without ="},
		{"[a]\n[b\n", "f:2: a section without ]"},
		{"[a] b\n", "f:1: text behind the ]"},
		{"[ ]", "f:1: a section without a name"},
		{"[a]\n = v", "f:2: an empty key"},
		{"[a]\ns =\n x", "f:3: a line without ="},
		{"[a]\ns =\n = x", "f:3: an empty key"},
	};
	struct gk_ini ini = {0};
	struct gk_error err = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_failure(gk_ini_parse(rows[i].text, strlen(rows[i].text), "f", &ini, &err),
			       &err, GK_USAGE, rows[i].message);
	assert_failure(gk_ini_parse("[a]\nk=\0", 7, "f", &ini, &err), &err, GK_USAGE, "f:2: a NUL");
	assert_int_equal(ini.count, 0);
}

static void test_long_values(void **state)
{
	_cleanup_(gk_buf_done) struct gk_buf text = {0};
	_cleanup_(gk_ini_done) struct gk_ini ini = {0};
	struct gk_error err = {0};

	(void)state;
	gk_buf_adds(&text, "[a]\nk = ");
	for (int i = 0; i < 200000; i++)
		gk_buf_addc(&text, 'x');
	assert_success(gk_ini_parse(text.data, text.length, "f", &ini, &err), &err);
	assert_int_equal(strlen(ini.items[1].value), 200000);
	gk_ini_done(&ini);
	gk_buf_adds(&text, "\n more");
	assert_failure(gk_ini_parse(text.data, text.length, "f", &ini, &err), &err, GK_USAGE,
		       "f:3: a value longer");
}

static void check_ceiling(struct gk_buf *text, const char *message)
{
	struct gk_ini ini = {0};
	struct gk_error err = {0};

	assert_failure(gk_ini_parse(text->data, text->length, "f", &ini, &err), &err, GK_USAGE,
		       message);
	gk_buf_done(text);
}

/* A small file may not become a large list. */
static void test_ceilings(void **state)
{
	struct gk_buf text = {0};

	(void)state;
	gk_buf_addf(&text, "[%0256d]", 0);
	check_ceiling(&text, "f:1: a name longer than 255 bytes");
	gk_buf_addf(&text, "[a]\n%0256d = v", 0);
	check_ceiling(&text, "f:2: a name longer than 255 bytes");
	gk_buf_addf(&text, "[a]\nk =\n %0256d = v", 0);
	check_ceiling(&text, "f:3: a name longer than 255 bytes");
	gk_buf_adds(&text, "[a]\n");
	for (int i = 0; i < 1 << 16; i++)
		gk_buf_adds(&text, "k=\n");
	check_ceiling(&text, "f:65537: more than 65,536 properties");
}

static int parse_sample(void)
{
	static const char sample[] = "[a  b]\nk = v\n w\ns =\n t = u\n[c]\nd = e\n";
	_cleanup_(gk_ini_done) struct gk_ini ini = {0};

	return gk_ini_parse(sample, strlen(sample), "f", &ini, NULL);
}

static void test_failing_memory(void **state)
{
	(void)state;
	for_each_failing_allocation(parse_sample);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_long_values),
		cmocka_unit_test(test_ceilings),
		cmocka_unit_test(test_failing_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
