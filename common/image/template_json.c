/* HCL's JSON form (JSON Syntax Specification of hashicorp/hcl) as the tree that the native syntax
 * gives: what is a block there, and how many labels it has, is known by its name alone. */
#include <string.h>

#include "base/mem.h"
#include "image/template_private.h"

/* What may stand in a body as blocks. */
struct schema {
	const char *key;
	size_t labels;
	const struct schema *inner; /* of its body; ends with key NULL */
};

static const struct schema nothing[] = {{0}};
static const struct schema in_sequence[] = {{"post-processor", 1, nothing}, {0}};
static const struct schema in_build[] = {{"source", 1, nothing},
					 {"provisioner", 1, nothing},
					 {"post-processor", 1, nothing},
					 {"post-processors", 0, in_sequence},
					 {0}};
static const struct schema in_file[] = {{"source", 2, nothing},   {"variable", 1, nothing},
					{"variables", 0, nothing}, {"local", 1, nothing},
					{"locals", 0, nothing},   {"build", 0, in_build},
					{0}};

static int take_body(struct gk_hcl *from, const struct schema *schemas, const char *source,
		     struct gk_hcl *to, struct gk_error *err);

/* Every string is a template. */
static int read_strings(struct gk_hcl *node, const char *source, struct gk_error *err)
{
	struct gk_hcl value = {0};

	for (size_t i = 0; i < node->count; i++)
		if (read_strings(&node->items[i], source, err) < 0)
			return -1;
	if (node->kind != GK_HCL_STRING)
		return 0;
	if (gk_hcl_parse_template(node->text, node->line, source, &value, err) < 0)
		return -1;
	value.key = TAKE_PTR(node->key);
	value.line = node->line;
	gk_hcl_done(node);
	*node = value;
	return 0;
}

static int take_attribute(struct gk_hcl *from, const char *source, struct gk_hcl *to,
			  struct gk_error *err)
{
	struct gk_hcl *added = gk_array_add(&to->items, &to->count, sizeof(*added), err);

	if (!added)
		return -1;
	*added = *from;
	*from = (struct gk_hcl){0};
	return read_strings(added, source, err);
}

static int take_block(struct gk_hcl *from, const struct schema *schema,
		      const struct gk_strv *labels, const char *source, struct gk_hcl *to,
		      struct gk_error *err)
{
	struct gk_hcl *block = gk_array_add(&to->items, &to->count, sizeof(*block), err);

	if (!block)
		return -1;
	block->kind = GK_HCL_BLOCK;
	block->line = from->line;
	if (gk_str_set(&block->key, schema->key, err) < 0 ||
	    gk_strv_extend(&block->labels, labels, err) < 0)
		return -1;
	return take_body(from, schema->inner, source, block, err);
}

/* A list holds several; an object has the labels that are still wanted as its keys. */
static int take_blocks(struct gk_hcl *from, const struct schema *schema, struct gk_strv *labels,
		       const char *source, struct gk_hcl *to, struct gk_error *err)
{
	bool is_list = from->kind == GK_HCL_LIST;

	if (!is_list && from->kind != GK_HCL_OBJECT)
		return gk_error_set(err, GK_USAGE, "%s:%d: %s is no object", source, from->line,
				    schema->key);
	if (!is_list && labels->count == schema->labels)
		return take_block(from, schema, labels, source, to, err);
	for (size_t i = 0; i < from->count; i++) {
		_cleanup_(gk_strv_done) struct gk_strv longer = {0};

		if (gk_strv_extend(&longer, labels, err) < 0 ||
		    (!is_list && gk_strv_add(&longer, from->items[i].key, err) < 0) ||
		    take_blocks(&from->items[i], schema, &longer, source, to, err) < 0)
			return -1;
	}
	return 0;
}

static int take_body(struct gk_hcl *from, const struct schema *schemas, const char *source,
		     struct gk_hcl *to, struct gk_error *err)
{
	for (size_t i = 0; i < from->count; i++) {
		struct gk_hcl *item = &from->items[i];
		const struct schema *schema = schemas;
		struct gk_strv labels = {0};

		while (schema->key && !gk_str_equal(schema->key, item->key))
			schema++;
		if ((schema->key ? take_blocks(item, schema, &labels, source, to, err)
				 : take_attribute(item, source, to, err)) < 0)
			return -1;
	}
	return 0;
}

int template_from_json(struct gk_hcl *json, const char *source, struct gk_hcl *ret,
		       struct gk_error *err)
{
	_cleanup_(gk_hcl_done) struct gk_hcl root = {.kind = GK_HCL_BODY, .line = 1};

	if (json->kind != GK_HCL_OBJECT)
		return gk_error_set(err, GK_USAGE, "%s:1: no JSON object", source);
	if (take_body(json, in_file, source, &root, err) < 0)
		return -1;
	*ret = root;
	root = (struct gk_hcl){0};
	return 0;
}
