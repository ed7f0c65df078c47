/*
 * A text or byte buffer that grows up to a ceiling.
 *
 * Failure sticks: after memory ran out or the ceiling was reached every further addition does
 * nothing, and one gk_buf_check at the end tells. The content always has a NUL behind it. Growing
 * leaves no copy of a secret behind (of up to 1 MiB).
 */
#ifndef GK_BASE_BUF_H
#define GK_BASE_BUF_H

#include <stddef.h>

#include "base/error.h"

struct gk_buf {
	char *data;    /* owned; NULL while empty */
	size_t length; /* bytes, without the NUL */
	size_t room;
	size_t ceiling; /* most bytes it may hold; 0 means 64 MiB */
	enum { GK_BUF_GOOD, GK_BUF_NO_MEMORY, GK_BUF_TOO_LONG } state;
};

void gk_buf_done(struct gk_buf *buf);
void gk_buf_wipe(struct gk_buf *buf);  /* the same for secrets: overwrites them first */
void gk_buf_clear(struct gk_buf *buf); /* empty and good again, keeps the room */

void gk_buf_add(struct gk_buf *buf, const void *data, size_t length);
void gk_buf_adds(struct gk_buf *buf, const char *text);
void gk_buf_addc(struct gk_buf *buf, char c);
void gk_buf_addf(struct gk_buf *buf, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The content as text; "" while empty. Borrowed until the next addition. */
const char *gk_buf_text(const struct gk_buf *buf);

/* 0 if every addition succeeded, else -1 with err set. */
int gk_buf_check(const struct gk_buf *buf, struct gk_error *err);

/* Hands the content over as an owned string and leaves the buffer empty. NULL with err set if an
 * addition failed. */
char *gk_buf_detach(struct gk_buf *buf, struct gk_error *err);

#endif
