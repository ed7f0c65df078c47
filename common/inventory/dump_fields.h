/*
 * The fields of what is dumped, once for all who walk over them: writing, parsing, comparing. Only
 * the files of the dump include it.
 */
#ifndef GK_INVENTORY_DUMP_FIELDS_H
#define GK_INVENTORY_DUMP_FIELDS_H

#include "inventory/inventory.h"

enum dump_kind {
	DUMP_TEXT,     /* never NULL and never empty */
	DUMP_OPTIONAL, /* text that may be NULL */
	DUMP_VERSION,
	DUMP_TIME,
	DUMP_COUNT,    /* a number from 1 */
	DUMP_RELEASE_STATE,
	DUMP_SNAPSHOT_STATE,
};

struct dump_field {
	const char *key;
	enum dump_kind kind;
	size_t offset; /* in the record */
};

/* Of struct release, image, snapshot and event_row; all but their lists. Ended by a NULL key. */
extern const struct dump_field dump_release_fields[];
extern const struct dump_field dump_image_fields[];
extern const struct dump_field dump_snapshot_fields[];
extern const struct dump_field dump_event_fields[];

/* The value as text; NULL for a text that is not there. Borrowed from the record, or in
 * buffer[DUMP_FIELD_SIZE]. */
enum { DUMP_FIELD_SIZE = SEMVER_TEXT_SIZE };
const char *dump_field_text(const struct dump_field *field, const void *record, char *buffer);

/* The other way; `text` NULL clears. GK_USAGE if the text is no such value. */
int dump_field_set(const struct dump_field *field, void *record, const char *text,
		   struct gk_error *err);

#endif
