/*
 * A reader for INI files in the AWS dialect, which goldkeep.ini shares: sections, `key = value` (or
 * `key: value`), whole-line comments (# or ; comes first), trailing comments behind white space,
 * continuation lines, CRLF, a byte-order mark. Source: the parser of aws-c-sdkutils; what the AWS CLI
 * reads besides, it reads too.
 *
 * The file is read into a flat list of properties in file order; merging and precedence are the
 * caller's business. A line that is indented more than the property above it continues it: it is
 * appended to the value with a newline; under a property of empty value `subkey = subvalue` lines
 * become properties of their own with `subkey` set.
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

/* Wipes the values. */
void gk_ini_done(struct gk_ini *ini);

/* `source` names the file in messages: "source:line: what". Errors are GK_USAGE: a property before
 * any section, a line without =, a section without ], an empty key, a NUL byte, a name of more than
 * 255 bytes, a value of several lines with more than 64 KiB, more than 65,536 properties. */
int gk_ini_parse(const char *text, size_t length, const char *source, struct gk_ini *ret_ini,
		 struct gk_error *err);

#endif
