/*
 * An inventory as lines of JSON, every one ended by a line feed:
 *
 *   {"goldkeep":"export","format":1}
 *   {"family":"web","releases":2,"channels":{"latest":
 *    {"version":"1.0.1","trail":["1.0.0"]}}}
 *   {"family":"web","version":"1.0.0","state":"retired",…,"published":[…],"images":[…],
 *    "events":[…]}
 *   {"family":"web","version":"1.0.1","state":"live",…,"published":[…],"images":[…],
 *    "events":[…]}
 *   {"goldkeep":"end","families":1,"releases":2}
 *
 * Families come in the byte order of their names, releases by version, events oldest first. Every
 * member is always there, and nothing depends on when or from which store it was written: the same
 * inventory gives the same bytes. The last line tells a whole file from one that was cut.
 */
#ifndef GK_INVENTORY_DUMP_JSON_H
#define GK_INVENTORY_DUMP_JSON_H

#include "inventory/inventory.h"

enum {
	DUMP_FORMAT = 1,
	DUMP_LINE_MAX = 32 << 20,   /* bytes, without the line feed */
	DUMP_CHANNELS_MAX = 10000,  /* of one family */
};

/* --- writing ------------------------------------------------------------------------------- */

/* One line each, without the line feed; owned. NULL with err set: GK_FAILED if the line is longer
 * than a reader takes. Text that is no UTF-8 is replaced by U+FFFD. */
char *dump_header_line(struct gk_error *err);
char *dump_family_line(const struct family_dump *dump, struct gk_error *err);
char *dump_release_line(const struct family_dump_release *dumped, struct gk_error *err);
char *dump_end_line(size_t families, size_t releases, struct gk_error *err);

/* --- reading ------------------------------------------------------------------------------- */

/* Reads strictly: a member that is missing, unknown or there twice, a value of another type, a
 * family or a release out of order are errors, GK_USAGE. Zeroed at first. */
struct dump_parser {
	enum { DUMP_HEADER, DUMP_FAMILY, DUMP_RELEASE, DUMP_OVER } next;
	struct family_dump dump; /* the family that is being read, or was read last */
	size_t announced;        /* releases that its line tells of */
	size_t families, releases;
};

void dump_parser_done(struct dump_parser *parser);

/* Reads the next line. *ret_whole tells whether a family has become whole with it, and passes
 * family_dump_check: then it is in `dump` until the next line is read. */
int dump_parser_line(struct dump_parser *parser, const char *line, size_t length, bool *ret_whole,
		     struct gk_error *err);

/* After the last line. GK_USAGE if there should be more. */
int dump_parser_end(const struct dump_parser *parser, struct gk_error *err);

#endif
