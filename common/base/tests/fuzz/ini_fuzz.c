/* What is read and written down again is read the same. */
#include "base/ini.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/tests/fuzz/fuzz.h"

/* A carriage return in front of every line end: one that stands there belongs to the value then. */
static void print_value(const char *value, struct gk_buf *ret)
{
	for (; *value; value++) {
		if (*value == '\n')
			gk_buf_adds(ret, "\r\n ");
		else
			gk_buf_addc(ret, *value);
	}
}

/* No space behind =: behind one, # would begin a comment. */
static void print(const struct gk_ini *ini, struct gk_buf *ret)
{
	for (size_t i = 0; i < ini->count; i++) {
		const struct gk_ini_property *property = &ini->items[i];

		if (!property->key) {
			gk_buf_addf(ret, "[%s]\r\n", property->section);
			continue;
		}
		gk_buf_addf(ret, "%s%s=", property->subkey ? " " : "",
			    property->subkey ? property->subkey : property->key);
		print_value(property->value, ret);
		gk_buf_adds(ret, "\r\n");
	}
}

static void check_same(const struct gk_ini_property *a, const struct gk_ini_property *b)
{
	fuzz_check(gk_str_equal(a->section, b->section) && a->section[0]);
	fuzz_check(gk_str_equal(a->key, b->key) && (!a->key || a->key[0]));
	fuzz_check(gk_str_equal(a->subkey, b->subkey) && (!a->subkey || a->subkey[0]));
	fuzz_check(gk_str_equal(a->value, b->value) && !a->value == !a->key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(gk_ini_done) struct gk_ini ini = {0}, again = {0};
	_cleanup_(gk_buf_done) struct gk_buf text = {0};
	struct gk_error err = {0};

	if (gk_ini_parse((const char *)data, size, "f", &ini, &err) < 0) {
		fuzz_check(err.code == GK_USAGE && ini.count == 0);
		fuzz_check_error(&err);
		return 0;
	}
	print(&ini, &text);
	fuzz_check(gk_ini_parse(gk_buf_text(&text), text.length, "f", &again, &err) == 0);
	fuzz_check(ini.count == again.count);
	for (size_t i = 0; i < ini.count; i++)
		check_same(&ini.items[i], &again.items[i]);
	return 0;
}
