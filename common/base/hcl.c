#include "base/hcl.h"

#include <string.h>

#include "base/hcl_private.h"
#include "base/mem.h"

void gk_hcl_done(struct gk_hcl *root)
{
	for (size_t i = 0; i < root->count; i++)
		gk_hcl_done(&root->items[i]);
	free(root->items);
	free(root->key);
	gk_wipep(&root->text);
	gk_strv_done(&root->labels);
	*root = (struct gk_hcl){0};
}

const struct gk_hcl *gk_hcl_find(const struct gk_hcl *node, const char *key)
{
	for (size_t i = 0; node && i < node->count; i++)
		if (gk_str_equal(node->items[i].key, key))
			return &node->items[i];
	return NULL;
}

const char *gk_hcl_string(const struct gk_hcl *node)
{
	return node && node->kind == GK_HCL_STRING ? node->text : NULL;
}

/* What begins with its name here, an argument or a block; the space behind the name is skipped. */
static struct gk_hcl *add_item(struct hcl_reader *reader, struct gk_hcl *body,
			       struct gk_error *err)
{
	size_t length = hcl_identifier(reader);
	struct gk_hcl *item = NULL;

	if (length == 0) {
		hcl_expected(reader, "an argument or a block expected", err);
		return NULL;
	}
	item = hcl_add(reader, body, err);
	if (!item)
		return NULL;
	item->key = strndup(reader->at, length);
	if (!item->key) {
		gk_error_memory(err);
		return NULL;
	}
	hcl_skip(reader, length);
	return hcl_skip_space(reader, err) < 0 ? NULL : item;
}

static int add_label(struct hcl_reader *reader, struct gk_hcl *block, struct gk_error *err)
{
	size_t length = hcl_identifier(reader);
	_cleanup_(gk_hcl_done) struct gk_hcl label = {0};

	if (length > 0) {
		if (hcl_set_text(&label, reader->at, reader->at + length, err) < 0)
			return -1;
		hcl_skip(reader, length);
		return gk_strv_add(&block->labels, label.text, err);
	}
	if (hcl_peek(reader) != '"')
		return hcl_expected(reader, "= or { expected", err);
	if (hcl_read_quoted(reader, &label, err) < 0)
		return -1;
	if (label.kind != GK_HCL_STRING)
		return hcl_wrong(reader, "a label with ${…} in it", err);
	return gk_strv_add(&block->labels, label.text, err);
}

static int read_attribute(struct hcl_reader *reader, struct gk_hcl *body, struct gk_hcl *ret,
			  struct gk_error *err)
{
	for (const struct gk_hcl *other = body->items; other < ret; other++)
		if (other->kind != GK_HCL_BLOCK && gk_str_equal(other->key, ret->key))
			return hcl_wrong(reader, "an argument that was given before", err);
	if (hcl_skip_space(reader, err) < 0)
		return -1;
	return hcl_read_expression(reader, ret, err);
}

static int read_body(struct hcl_reader *reader, struct gk_hcl *body, struct gk_error *err);

/* Behind the { of a block. On one line there may be one argument. */
static int read_braces(struct hcl_reader *reader, struct gk_hcl *block, struct gk_error *err)
{
	struct gk_hcl *item = NULL;

	if (hcl_skip_space(reader, err) < 0)
		return -1;
	if (hcl_at_line_end(reader))
		return read_body(reader, block, err);
	if (hcl_take(reader, "}"))
		return 0;
	item = add_item(reader, block, err);
	if (!item)
		return -1;
	if (!hcl_take(reader, "="))
		return hcl_expected(reader, "= expected (a block inside needs lines of its own)",
				    err);
	if (read_attribute(reader, block, item, err) < 0 || hcl_skip_space(reader, err) < 0)
		return -1;
	if (!hcl_take(reader, "}"))
		return hcl_expected(reader, "} expected (two arguments need two lines)", err);
	return 0;
}

static int read_block(struct hcl_reader *reader, struct gk_hcl *block, struct gk_error *err)
{
	block->kind = GK_HCL_BLOCK;
	while (!hcl_take(reader, "{"))
		if (add_label(reader, block, err) < 0 || hcl_skip_space(reader, err) < 0)
			return -1;
	if (hcl_enter(reader, err) < 0 || read_braces(reader, block, err) < 0)
		return -1;
	reader->depth--;
	return 0;
}

static int read_item(struct hcl_reader *reader, struct gk_hcl *body, struct gk_error *err)
{
	struct gk_hcl *item = add_item(reader, body, err);
	int r = 0;

	if (!item)
		return -1;
	r = hcl_take(reader, "=") ? read_attribute(reader, body, item, err)
				  : read_block(reader, item, err);
	if (r < 0 || hcl_skip_space(reader, err) < 0)
		return -1;
	return hcl_at_line_end(reader) ? 0 : hcl_expected(reader, "a line end expected", err);
}

/* Up to the } of a block, or the end of the file. */
static int read_body(struct hcl_reader *reader, struct gk_hcl *body, struct gk_error *err)
{
	bool is_block = body->kind == GK_HCL_BLOCK;

	while (hcl_skip_lines(reader, err) == 0) {
		if (is_block && hcl_take(reader, "}"))
			return 0;
		if (reader->at == reader->end && is_block)
			return gk_error_set(err, GK_USAGE, "%s:%d: a block without }",
					    reader->source, body->line);
		if (reader->at == reader->end)
			return 0;
		if (read_item(reader, body, err) < 0)
			return -1;
	}
	return -1;
}

int gk_hcl_parse(const char *text, size_t length, const char *source, struct gk_hcl *ret,
		 struct gk_error *err)
{
	_cleanup_(gk_hcl_done) struct gk_hcl root = {.kind = GK_HCL_BODY, .line = 1};
	struct hcl_reader reader = {.source = source, .lines = true};

	if (hcl_check_text(text, length, &reader, err) < 0 || read_body(&reader, &root, err) < 0)
		return -1;
	*ret = root;
	root = (struct gk_hcl){0};
	return 0;
}

int gk_hcl_parse_template(const char *text, int line, const char *source, struct gk_hcl *ret,
			  struct gk_error *err)
{
	_cleanup_(gk_hcl_done) struct gk_hcl root = {.line = line};
	struct hcl_reader reader = {.source = source, .lines = true};

	if (hcl_check_text(text, strlen(text), &reader, err) < 0)
		return -1;
	reader.line = line;
	if (hcl_read_whole(&reader, &root, err) < 0)
		return -1;
	*ret = root;
	root = (struct gk_hcl){0};
	return 0;
}
