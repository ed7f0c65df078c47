/* HCL2, JSON and templates: a tree has the shape that is promised, and nothing beyond its ceilings. */
#include "base/hcl.h"

#include "base/mem.h"
#include "base/tests/fuzz/fuzz.h"

static bool has_text(enum gk_hcl_kind kind)
{
	return kind == GK_HCL_BOOL || kind == GK_HCL_NUMBER || kind == GK_HCL_STRING ||
	       kind == GK_HCL_EXPRESSION;
}

static bool has_keys(enum gk_hcl_kind kind)
{
	return kind == GK_HCL_OBJECT || kind == GK_HCL_BODY || kind == GK_HCL_BLOCK;
}

/* Counts what is below; `line` is that of the node around it. */
static void check_node(const struct gk_hcl *node, int line, size_t depth, size_t *count)
{
	fuzz_check(depth <= 2 * GK_HCL_DEPTH_MAX && ++*count <= GK_HCL_NODES_MAX + 1);
	fuzz_check(node->line >= line || line == 0);
	fuzz_check(!has_text(node->kind) || (node->text && node->count == 0));
	fuzz_check(node->kind == GK_HCL_BLOCK || node->labels.count == 0);
	fuzz_check((gk_hcl_string(node) != NULL) == (node->kind == GK_HCL_STRING));
	for (size_t i = 0; i < node->count; i++) {
		const struct gk_hcl *item = &node->items[i];

		fuzz_check(!has_keys(node->kind) || item->key);
		fuzz_check(!item->key || gk_hcl_find(node, item->key)->line <= item->line);
		if (node->kind == GK_HCL_TEMPLATE)
			fuzz_check(item->kind == GK_HCL_STRING || item->kind == GK_HCL_EXPRESSION);
		check_node(item, node->line, depth + 1, count);
	}
}

static void check(int result, const struct gk_hcl *root, const struct gk_error *err)
{
	size_t count = 0;

	if (result == 0) {
		check_node(root, 0, 0, &count);
		return;
	}
	fuzz_check_error(err);
	fuzz_check(root->count == 0 && !root->text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(gk_hcl_done) struct gk_hcl native = {0}, json = {0}, template = {0};
	_cleanup_free_ char *text = fuzz_text(data, size);
	struct gk_error errors[3] = {0};

	check(gk_hcl_parse((const char *)data, size, "f", &native, &errors[0]), &native,
	      &errors[0]);
	check(gk_hcl_parse_json((const char *)data, size, "f", &json, &errors[1]), &json,
	      &errors[1]);
	check(gk_hcl_parse_template(text, 1, "f", &template, &errors[2]), &template, &errors[2]);
	return 0;
}
