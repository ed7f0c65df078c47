/*
 * A reader for HCL2 native syntax (HCL Native Syntax Specification of hashicorp/hcl), and for JSON,
 * into one kind of tree. It evaluates nothing: what is no literal stays text.
 *
 * A file is a BODY: its items are attributes and blocks in file order, each with its key. A block's
 * items are those of its body, an object's its members, a list's its elements (without keys).
 *
 *   NULL, BOOL, NUMBER   text: as written
 *   STRING               text: without quotes, escapes decoded. Heredocs too, with their newlines;
 *                        the indentation of <<- is not taken off
 *   TEMPLATE             a string with ${…} or %{…} in it; items: its parts, STRING or EXPRESSION
 *   EXPRESSION           text: anything else, as written; of a part of a template without ${ and }
 *   LIST, OBJECT, BODY
 *   BLOCK                key: its type; labels
 */
#ifndef GK_BASE_HCL_H
#define GK_BASE_HCL_H

#include <stddef.h>

#include "base/error.h"
#include "base/strv.h"

enum gk_hcl_kind {
	GK_HCL_NULL,
	GK_HCL_BOOL,
	GK_HCL_NUMBER,
	GK_HCL_STRING,
	GK_HCL_TEMPLATE,
	GK_HCL_EXPRESSION,
	GK_HCL_LIST,
	GK_HCL_OBJECT,
	GK_HCL_BODY,
	GK_HCL_BLOCK,
};

struct gk_hcl {
	enum gk_hcl_kind kind;
	int line;              /* where it begins, counted from 1; a member: where its key is */
	char *key;             /* of an attribute, a block, a member; else NULL */
	char *text;            /* see above; else NULL */
	struct gk_strv labels; /* of a block */
	struct gk_hcl *items;
	size_t count;
};

enum { GK_HCL_TEXT_MAX = 1 << 20, GK_HCL_NODES_MAX = 20000, GK_HCL_DEPTH_MAX = 100 };

/* Overwrites all texts: a template may have secrets in it. */
void gk_hcl_done(struct gk_hcl *root);

/* `source` names the file in messages: "source:line: what", one sentence, which shows nothing of
 * the text but single characters and names. GK_USAGE: what is no HCL, and what is beyond a ceiling.
 */
int gk_hcl_parse(const char *text, size_t length, const char *source, struct gk_hcl *ret,
		 struct gk_error *err);

/* The same of a JSON document. All strings are STRING: what they mean is the caller's business. */
int gk_hcl_parse_json(const char *text, size_t length, const char *source, struct gk_hcl *ret,
		      struct gk_error *err);

/* Reads a text as a template, as HCL's JSON form wants it of every string: STRING or TEMPLATE. */
int gk_hcl_parse_template(const char *text, int line, const char *source, struct gk_hcl *ret,
			  struct gk_error *err);

/* The first item of that key; NULL if there is none. node may be NULL, and of any kind. */
const struct gk_hcl *gk_hcl_find(const struct gk_hcl *node, const char *key);

/* The text of a STRING, else NULL. node may be NULL. */
const char *gk_hcl_string(const struct gk_hcl *node);

#endif
