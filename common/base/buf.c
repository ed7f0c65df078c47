#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* What is longer than any secret and its surroundings grows in place where it can. */
enum { DEFAULT_CEILING = 64 << 20, FIRST_ROOM = 128, SECRETS_MAX = 1 << 20 };

void gk_buf_done(struct gk_buf *buf)
{
	free(buf->data);
	*buf = (struct gk_buf){.ceiling = buf->ceiling};
}

void gk_buf_wipe(struct gk_buf *buf)
{
	if (buf->data)
		explicit_bzero(buf->data, buf->room);
	gk_buf_done(buf);
}

void gk_buf_clear(struct gk_buf *buf)
{
	buf->length = 0;
	buf->state = GK_BUF_GOOD;
	if (buf->data)
		buf->data[0] = '\0';
}

/* Makes room for `more` bytes and the NUL. */
static bool reserve(struct gk_buf *buf, size_t more)
{
	size_t ceiling = buf->ceiling ? buf->ceiling : DEFAULT_CEILING;
	size_t room = buf->room ? buf->room : FIRST_ROOM;
	char *grown = NULL;

	if (buf->state != GK_BUF_GOOD)
		return false;
	if (more > ceiling || buf->length > ceiling - more) {
		buf->state = GK_BUF_TOO_LONG;
		return false;
	}
	while (room < buf->length + more + 1)
		room *= 2;
	if (room == buf->room)
		return true;
	grown = buf->room <= SECRETS_MAX ? gk_wipe_realloc(buf->data, room)
					 : realloc(buf->data, room);
	if (!grown) {
		buf->state = GK_BUF_NO_MEMORY;
		return false;
	}
	buf->data = grown;
	buf->room = room;
	return true;
}

void gk_buf_add(struct gk_buf *buf, const void *data, size_t length)
{
	if (length == 0 || !reserve(buf, length))
		return;
	memcpy(buf->data + buf->length, data, length);
	buf->length += length;
	buf->data[buf->length] = '\0';
}

void gk_buf_adds(struct gk_buf *buf, const char *text)
{
	gk_buf_add(buf, text, strlen(text));
}

void gk_buf_addc(struct gk_buf *buf, char c)
{
	gk_buf_add(buf, &c, 1);
}

void gk_buf_addf(struct gk_buf *buf, const char *format, ...)
{
	va_list args;
	int length = 0;

	va_start(args, format);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0)
		buf->state = GK_BUF_NO_MEMORY;
	if (length <= 0 || !reserve(buf, (size_t)length))
		return;
	va_start(args, format);
	vsnprintf(buf->data + buf->length, (size_t)length + 1, format, args);
	va_end(args);
	buf->length += (size_t)length;
}

const char *gk_buf_text(const struct gk_buf *buf)
{
	return buf->data ? buf->data : "";
}

int gk_buf_check(const struct gk_buf *buf, struct gk_error *err)
{
	switch (buf->state) {
	case GK_BUF_NO_MEMORY:
		return gk_error_memory(err);
	case GK_BUF_TOO_LONG:
		return gk_error_set(err, GK_FAILED, "text is longer than %zu bytes",
				    buf->ceiling ? buf->ceiling : (size_t)DEFAULT_CEILING);
	case GK_BUF_GOOD:
		break;
	}
	return 0;
}

char *gk_buf_detach(struct gk_buf *buf, struct gk_error *err)
{
	char *text = NULL;

	if (gk_buf_check(buf, err) < 0)
		return NULL;
	text = buf->data ? buf->data : strdup("");
	if (!text)
		gk_error_memory(err);
	*buf = (struct gk_buf){.ceiling = buf->ceiling};
	return text;
}
