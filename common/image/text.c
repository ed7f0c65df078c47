#include "image/text.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

enum { NUMBER_DIGITS_MAX = 18 };

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* The second byte rules out overlong forms, surrogates and what is beyond U+10FFFF. */
static bool second_is_good(unsigned char first, unsigned char second)
{
	unsigned char low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	unsigned char high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;

	return second >= low && second <= high;
}

size_t text_character(const char *text)
{
	unsigned char first = (unsigned char)text[0];
	size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	if (first < 0x80)
		return first ? 1 : 0;
	if (first < 0xc2 || first > 0xf4 || !second_is_good(first, (unsigned char)text[1]))
		return 0;
	for (size_t i = 2; i < length; i++)
		if (!is_continuation(text[i]))
			return 0;
	return length;
}

bool text_count(const char *text, size_t *ret_characters)
{
	size_t count = 0;

	for (size_t bytes = 0; *text; text += bytes, count++) {
		bytes = text_character(text);
		if (bytes == 0)
			return false;
	}
	*ret_characters = count;
	return true;
}

static const char *quote(const char *text, size_t most, char *quoted)
{
	char *to = quoted;

	*to++ = '\'';
	while (*text) {
		size_t bytes = text_character(text);
		size_t step = bytes ? bytes : 1;
		bool shown = bytes > 1 || (bytes == 1 && *text >= ' ' && *text != 0x7f);

		if (step > most)
			break;
		most -= step;
		memcpy(to, shown ? text : "????", step);
		to += step;
		text += step;
	}
	memcpy(to, *text ? "…'" : "'", *text ? sizeof("…'") : sizeof("'"));
	return quoted;
}

const char *text_quote(const char *text, char *quoted)
{
	return quote(text, TEXT_SHOWN, quoted);
}

const char *text_quote_character(const char *text, char *quoted)
{
	size_t bytes = text_character(text);
	char character[5] = "";

	memcpy(character, text, bytes ? bytes : 1);
	return quote(character, TEXT_SHOWN, quoted);
}

bool text_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool text_is_alphanumeric(char c)
{
	return text_is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

size_t text_number(const char *text, uint64_t *ret)
{
	uint64_t value = 0;
	size_t digits = 0;

	for (; text_is_digit(text[digits]); digits++) {
		if (digits == NUMBER_DIGITS_MAX)
			return 0;
		value = value * 10 + (uint64_t)(text[digits] - '0');
	}
	if (digits == 0 || (digits > 1 && text[0] == '0'))
		return 0;
	*ret = value;
	return digits;
}

/* The placeholder that stands at `text`, or NULL. */
static const struct text_value *placeholder_at(const char *text, const struct text_value *values,
					       size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strncmp(text, values[i].name, strlen(values[i].name)) == 0)
			return &values[i];
	return NULL;
}

const char *text_unknown_placeholder(const char *text, const struct text_value *values,
				     size_t count)
{
	for (const char *brace = strchr(text, '{'); brace; brace = strchr(brace + 1, '{'))
		if (text_is_alphanumeric(brace[1]) && !placeholder_at(brace, values, count))
			return brace;
	return NULL;
}

char *text_fill(const char *text, const struct text_value *values, size_t count,
		struct gk_error *err)
{
	_cleanup_(gk_buf_done) struct gk_buf filled = {0};

	while (*text) {
		const struct text_value *meant = placeholder_at(text, values, count);

		if (meant)
			gk_buf_adds(&filled, meant->value ? meant->value : "");
		else
			gk_buf_addc(&filled, *text);
		text += meant ? strlen(meant->name) : 1;
	}
	return gk_buf_detach(&filled, err);
}
