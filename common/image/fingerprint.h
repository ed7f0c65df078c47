/*
 * A digest of what an image is made from: files, variables, source images. The same bytes give the
 * same digest on every machine, whatever the order in which they were added.
 *
 * It is the SHA-256 of "goldkeep fingerprint 1\n" and of every entry, sorted bytewise: its kind
 * (one byte), the length of its name (8 bytes, big-endian), its name, the SHA-256 of its content.
 * What is there twice, with the same name and the same content, counts once.
 */
#ifndef GK_IMAGE_FINGERPRINT_H
#define GK_IMAGE_FINGERPRINT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum { FINGERPRINT_DIGEST = 32, FINGERPRINT_TEXT_SIZE = 2 * FINGERPRINT_DIGEST + 1 };

/* Names of one kind have nothing to do with those of another. */
enum fingerprint_kind {
	FINGERPRINT_FILE = 'f',
	FINGERPRINT_IMAGE = 'i',
	FINGERPRINT_VARIABLE = 'v',
};

struct fingerprint_entry {
	enum fingerprint_kind kind;
	char *name;
	unsigned char digest[FINGERPRINT_DIGEST];
};

struct fingerprint {
	struct fingerprint_entry *entries;
	size_t count;
};

/* Checks what names the inputs of a build: hexadecimal digits, whoever made them. GK_USAGE. */
int fingerprint_check(const char *text, struct gk_error *err);

/* True if both say the same; in any case of their letters. NULL is like nothing. */
bool fingerprint_equal(const char *a, const char *b);

void fingerprint_done(struct fingerprint *fingerprint);

/* The content of an entry, piece by piece, so that it need not be held in memory. */
struct fingerprint_content {
	void *hash;
};

int fingerprint_content_init(struct fingerprint_content *content, struct gk_error *err);
int fingerprint_content_add(struct fingerprint_content *content, const void *data, size_t length,
			    struct gk_error *err);
void fingerprint_content_done(struct fingerprint_content *content);

/* Adds an entry with the content that was read. */
int fingerprint_add(struct fingerprint *fingerprint, enum fingerprint_kind kind, const char *name,
		    struct fingerprint_content *content, struct gk_error *err);
int fingerprint_add_text(struct fingerprint *fingerprint, enum fingerprint_kind kind,
			 const char *name, const char *text, struct gk_error *err);

/* The entry of that kind and name whose content is another one than this entry's; NULL if there is
 * none. */
const struct fingerprint_entry *fingerprint_contradiction(const struct fingerprint *fingerprint,
							  const struct fingerprint_entry *entry);

/* Sorts the entries, drops what is there twice, and writes 64 hex digits into
 * text[FINGERPRINT_TEXT_SIZE]. */
int fingerprint_text(struct fingerprint *fingerprint, char *text, struct gk_error *err);

#endif
