/* Text as people gave it: its characters, and how messages show it. */
#ifndef GK_IMAGE_TEXT_H
#define GK_IMAGE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Bytes of the UTF-8 character (RFC 3629) at `text`; 0 at the end and where there is none. */
size_t text_character(const char *text);

/* Unicode characters of the whole text. False if it is no UTF-8. */
bool text_count(const char *text, size_t *ret_characters);

/* 'text' in quotes, for a message: cut to TEXT_SHOWN bytes with … behind, control characters and
 * what is no UTF-8 shown as ?. Into quoted[TEXT_QUOTE_SIZE]; returns quoted. */
enum { TEXT_SHOWN = 64, TEXT_QUOTE_SIZE = TEXT_SHOWN + 8 };
const char *text_quote(const char *text, char *quoted);

/* The character at `text` alone, as text_quote shows it. */
const char *text_quote_character(const char *text, char *quoted);

bool text_is_digit(char c);        /* ASCII, whatever the locale */
bool text_is_alphanumeric(char c); /* ASCII */

/* A placeholder, with its braces, and what it stands for (NULL: nothing). */
struct text_value {
	const char *name;
	const char *value;
};

/* The first brace of the text with a letter or digit behind it that begins none of these; any other
 * brace, as in JSON, is text. NULL if there is none. */
const char *text_unknown_placeholder(const char *text, const struct text_value *values,
				     size_t count);

/* The text with every placeholder filled in; owned, NULL with err set on failure. */
char *text_fill(const char *text, const struct text_value *values, size_t count,
		struct gk_error *err);

/* Reads a decimal number without sign and without leading zeros, of at most 18 digits. Returns how
 * many bytes it has, 0 if there is none; *ret is set only then. */
size_t text_number(const char *text, uint64_t *ret);

#endif
