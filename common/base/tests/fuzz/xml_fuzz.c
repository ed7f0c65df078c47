/* What is read and written down again is read the same. */
#include "base/xml.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/tests/fuzz/fuzz.h"

static void print_text(const char *text, struct gk_buf *ret)
{
	for (; *text; text++) {
		if (strchr("<>&\r", *text))
			gk_buf_addf(ret, "&#%d;", *text);
		else
			gk_buf_addc(ret, *text);
	}
}

/* Only a part of the name was kept, which need not be a name by itself. */
static void print(const struct gk_xml *node, struct gk_buf *ret)
{
	gk_buf_addf(ret, "<n:%s>", node->name);
	print_text(node->text, ret);
	for (const struct gk_xml *child = node->first; child; child = child->next)
		print(child, ret);
	gk_buf_addf(ret, "</n:%s>", node->name);
}

static void check_same(const struct gk_xml *a, const struct gk_xml *b)
{
	static const char space[] = " \t\r\n";
	const struct gk_xml *child = a->first;
	const struct gk_xml *other = b->first;

	fuzz_check(!a->text[0] || (!strchr(space, a->text[0]) &&
				   !strchr(space, a->text[strlen(a->text) - 1])));
	fuzz_check(strcmp(a->name, b->name) == 0 && strcmp(a->text, b->text) == 0);
	for (; child && other; child = child->next, other = other->next) {
		fuzz_check(child->parent == a && (child->next || child == a->last));
		fuzz_check(strcmp(gk_xml_child(a, child->name)->name, child->name) == 0);
		check_same(child, other);
	}
	fuzz_check(!child && !other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(gk_xml_freep) struct gk_xml *root = NULL, *again = NULL;
	_cleanup_(gk_buf_done) struct gk_buf text = {0};
	struct gk_error err = {0};

	if (gk_xml_parse((const char *)data, size, &root, &err) < 0) {
		fuzz_check(err.code == GK_FAILED && !root);
		fuzz_check_error(&err);
		return 0;
	}
	print(root, &text);
	fuzz_check(gk_xml_parse(gk_buf_text(&text), text.length, &again, &err) == 0);
	check_same(root, again);
	return 0;
}
