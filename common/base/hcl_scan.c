/* The characters of the HCL reader: space, comments, identifiers, and what is wrong. */
#include <string.h>

#include "base/hcl_private.h"
#include "base/mem.h"
#include "base/utf8.h"

int hcl_wrong(const struct hcl_reader *reader, const char *what, struct gk_error *err)
{
	return gk_error_set(err, GK_USAGE, "%s:%d: %s", reader->source, reader->line, what);
}

int hcl_expected(const struct hcl_reader *reader, const char *what, struct gk_error *err)
{
	size_t left = (size_t)(reader->end - reader->at);
	int length = left ? (int)gk_utf8_length(reader->at, left) : 0;
	bool shown = left && *reader->at > ' ' && *reader->at != 0x7f;

	if (left == 0)
		return gk_error_set(err, GK_USAGE, "%s:%d: %s, not the end of the text",
				    reader->source, reader->line, what);
	if (hcl_at_line_end(reader))
		return gk_error_set(err, GK_USAGE, "%s:%d: %s, not the end of the line",
				    reader->source, reader->line, what);
	if (!shown && length == 1)
		return gk_error_set(err, GK_USAGE, "%s:%d: %s, not the character %d",
				    reader->source, reader->line, what, *reader->at);
	return gk_error_set(err, GK_USAGE, "%s:%d: %s, not %.*s", reader->source, reader->line,
			    what, length, reader->at);
}

int hcl_check_text(const char *text, size_t length, struct hcl_reader *reader,
		   struct gk_error *err)
{
	reader->line = 1;
	reader->at = text;
	reader->end = text + length;
	if (length > GK_HCL_TEXT_MAX)
		return gk_error_set(err, GK_USAGE, "%s: longer than %d KiB", reader->source,
				    GK_HCL_TEXT_MAX >> 10);
	if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		reader->at += 3;
	for (const char *c = reader->at; c < reader->end;) {
		size_t bytes = gk_utf8_length(c, (size_t)(reader->end - c));

		if (bytes == 0 || !*c)
			return hcl_wrong(reader, bytes ? "a NUL byte" : "no UTF-8", err);
		reader->line += *c == '\n';
		c += bytes;
	}
	reader->line = 1;
	return 0;
}

char hcl_peek(const struct hcl_reader *reader)
{
	return reader->at < reader->end ? *reader->at : '\0';
}

bool hcl_at(const struct hcl_reader *reader, const char *text)
{
	size_t length = strlen(text);

	return length <= (size_t)(reader->end - reader->at) &&
	       memcmp(reader->at, text, length) == 0;
}

void hcl_skip(struct hcl_reader *reader, size_t bytes)
{
	for (; bytes > 0; bytes--)
		reader->line += *reader->at++ == '\n';
}

bool hcl_take(struct hcl_reader *reader, const char *text)
{
	if (!hcl_at(reader, text))
		return false;
	hcl_skip(reader, strlen(text));
	return true;
}

bool hcl_at_line_end(const struct hcl_reader *reader)
{
	return reader->at == reader->end || hcl_at(reader, "\n") || hcl_at(reader, "\r\n") ||
	       hcl_at(reader, "#") || hcl_at(reader, "//");
}

static void skip_line(struct hcl_reader *reader)
{
	const char *end = memchr(reader->at, '\n', (size_t)(reader->end - reader->at));

	hcl_skip(reader, (size_t)((end ? end + 1 : reader->end) - reader->at));
}

static int skip_comment(struct hcl_reader *reader, struct gk_error *err)
{
	int line = reader->line;

	hcl_skip(reader, 2);
	while (!hcl_take(reader, "*/")) {
		if (reader->at == reader->end)
			return gk_error_set(err, GK_USAGE, "%s:%d: a comment without */",
					    reader->source, line);
		hcl_skip(reader, 1);
	}
	return 0;
}

static int skip_blanks(struct hcl_reader *reader, bool lines, struct gk_error *err)
{
	while (reader->at < reader->end) {
		if (*reader->at == ' ' || *reader->at == '\t')
			reader->at++;
		else if (lines && hcl_at_line_end(reader))
			skip_line(reader);
		else if (!hcl_at(reader, "/*"))
			return 0;
		else if (skip_comment(reader, err) < 0)
			return -1;
	}
	return 0;
}

int hcl_skip_space(struct hcl_reader *reader, struct gk_error *err)
{
	return skip_blanks(reader, !reader->lines, err);
}

int hcl_skip_lines(struct hcl_reader *reader, struct gk_error *err)
{
	return skip_blanks(reader, true, err);
}

/* Letters beyond ASCII are not looked at more closely. */
static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80);
}

size_t hcl_identifier(const struct hcl_reader *reader)
{
	const char *c = reader->at;

	if (c == reader->end || !is_letter(*c))
		return 0;
	while (c < reader->end && (is_letter(*c) || (*c >= '0' && *c <= '9') || *c == '-'))
		c++;
	return (size_t)(c - reader->at);
}

bool hcl_at_word(const struct hcl_reader *reader, const char *word)
{
	return hcl_identifier(reader) == strlen(word) && hcl_at(reader, word);
}

struct gk_hcl *hcl_add(struct hcl_reader *reader, struct gk_hcl *parent, struct gk_error *err)
{
	struct gk_hcl *added = NULL;

	if (++reader->nodes > GK_HCL_NODES_MAX) {
		gk_error_set(err, GK_USAGE, "%s:%d: more than %d arguments, blocks and values",
			     reader->source, reader->line, GK_HCL_NODES_MAX);
		return NULL;
	}
	added = gk_array_add(&parent->items, &parent->count, sizeof(*added), err);
	if (added)
		added->line = reader->line;
	return added;
}

int hcl_enter(struct hcl_reader *reader, struct gk_error *err)
{
	if (++reader->depth > GK_HCL_DEPTH_MAX)
		return gk_error_set(err, GK_USAGE, "%s:%d: nested more than %d deep",
				    reader->source, reader->line, GK_HCL_DEPTH_MAX);
	return 0;
}

int hcl_set_text(struct gk_hcl *node, const char *start, const char *end, struct gk_error *err)
{
	gk_wipep(&node->text);
	node->text = strndup(start, (size_t)(end - start));
	return node->text ? 0 : gk_error_memory(err);
}
