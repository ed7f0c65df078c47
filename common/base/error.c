#include "base/error.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

/* Cuts at the last whole UTF-8 character, so that a cut message is still text. */
static void cut_to_character(char *text, size_t size)
{
	size_t n = strlen(text);

	if (n + 1 < size)
		return;
	while (n > 0 && ((unsigned char)text[n - 1] & 0xc0) == 0x80)
		n--;
	if (n > 0 && ((unsigned char)text[n - 1] & 0x80))
		text[n - 1] = '\0';
}

static void tidy(struct gk_error *err)
{
	cut_to_character(err->message, sizeof(err->message));
	gk_str_make_line(err->message);
}

__attribute__((format(printf, 3, 0)))
static void set_message(struct gk_error *err, enum gk_code code, const char *format, va_list args)
{
	err->code = code;
	vsnprintf(err->message, sizeof(err->message), format, args);
	tidy(err);
}

/* Appends ": tail" to the message. */
static void append(struct gk_error *err, const char *tail)
{
	size_t n = strlen(err->message);

	snprintf(err->message + n, sizeof(err->message) - n, ": %s", tail);
	tidy(err);
}

int gk_error_set(struct gk_error *err, enum gk_code code, const char *format, ...)
{
	va_list args;

	if (!err)
		return -1;
	va_start(args, format);
	set_message(err, code, format, args);
	va_end(args);
	return -1;
}

int gk_error_wrap(struct gk_error *err, const char *format, ...)
{
	char before[GK_ERROR_MESSAGE_MAX];
	va_list args;

	if (!err)
		return -1;
	memcpy(before, err->message, sizeof(before));
	va_start(args, format);
	set_message(err, err->code, format, args);
	va_end(args);
	append(err, before);
	return -1;
}

int gk_error_errno(struct gk_error *err, int errno_value, const char *format, ...)
{
	char text[128] = "";
	va_list args;

	if (!err)
		return -1;
	va_start(args, format);
	set_message(err, GK_FAILED, format, args);
	va_end(args);
	append(err, strerror_r(errno_value, text, sizeof(text)));
	return -1;
}

int gk_error_memory(struct gk_error *err)
{
	return gk_error_set(err, GK_FAILED, "out of memory");
}
