/*
 * A reader for INI files in the AWS dialect, which goldkeep.ini shares: sections, `key = value`,
 * whole-line comments (first character # or ;), trailing comments behind white space, continuation
 * lines, CRLF, a byte-order mark. Source: the parser of aws-c-sdkutils.
 *
 * The file is read into a flat list of properties in file order; merging and precedence are the
 * caller's business. A continuation line is appended to its value with a newline; under a property
 * of empty value `subkey = subvalue` lines become properties of their own with `subkey` set.
 */
#ifndef GK_BASE_INI_H
#define GK_BASE_INI_H

#include <stddef.h>

#include "base/error.h"

struct gk_ini_property {
	char *section; /* text between [ and ], trimmed, inner white space folded to one space */
	char *key;     /* lower case; NULL for the section line itself */
	char *subkey;  /* lower case; NULL but for sub-properties */
	char *value;   /* NULL for the section line itself */
	int line;      /* counted from 1 */
};

struct gk_ini {
	struct gk_ini_property *items;
	size_t count;
};

void gk_ini_done(struct gk_ini *ini);

/* `source` names the file in messages: "source:line: what". Errors are GK_USAGE: a property before
 * any section, a line without =, a section without ], an empty key. */
int gk_ini_parse(const char *text, size_t length, const char *source, struct gk_ini *ret_ini,
		 struct gk_error *err);

#endif
