/* Strings of HCL: quoted ones, heredocs, and the templates in both. */
#include <string.h>

#include "base/hcl_private.h"
#include "base/mem.h"

/* A string while it is read: what comes is literal text until a part begins. */
struct string {
	struct gk_hcl *node; /* its items are the parts before */
	struct gk_buf text;  /* the literal since the last part */
	int line;            /* where that began */
	struct gk_buf open;  /* directives that wait for their ends: i(f), e(lse), f(or) */
};

/* What a directive needs to be open, and leaves open in its stead; ' ' is none. */
static const struct directive {
	const char *name;
	const char *closes;
	char opens;
} directives[] = {
	{"if", NULL, 'i'},   {"else", "i", 'e'}, {"endif", "ie", ' '},
	{"for", NULL, 'f'}, {"endfor", "f", ' '},
};

static void string_done(struct string *string)
{
	gk_buf_wipe(&string->text);
	gk_buf_done(&string->open);
}

/* Makes what was literal so far a part of its own, if there is any. */
static int end_literal(struct hcl_reader *reader, struct string *string, struct gk_error *err)
{
	struct gk_hcl *part = NULL;

	if (gk_buf_check(&string->text, err) < 0)
		return -1;
	if (string->text.length == 0)
		return 0;
	part = hcl_add(reader, string->node, err);
	if (!part)
		return -1;
	part->kind = GK_HCL_STRING;
	part->line = string->line;
	part->text = gk_buf_detach(&string->text, err);
	return part->text ? 0 : -1;
}

static int end_string(struct hcl_reader *reader, struct string *string, struct gk_error *err)
{
	struct gk_hcl *node = string->node;

	if (gk_buf_check(&string->open, err) < 0)
		return -1;
	if (string->open.length > 0)
		return hcl_wrong(reader, "a string with %{ if } or %{ for }, but without its end",
				 err);
	if (node->count > 0) {
		node->kind = GK_HCL_TEMPLATE;
		return end_literal(reader, string, err);
	}
	node->kind = GK_HCL_STRING;
	node->text = gk_buf_detach(&string->text, err);
	return node->text ? 0 : -1;
}

static int pass_word(struct hcl_reader *reader, struct gk_error *err)
{
	size_t length = hcl_identifier(reader);

	if (length == 0)
		return hcl_expected(reader, "a name expected", err);
	hcl_skip(reader, length);
	return hcl_skip_space(reader, err);
}

/* for k, v in … */
static int read_loop(struct hcl_reader *reader, struct gk_error *err)
{
	if (pass_word(reader, err) < 0)
		return -1;
	if (hcl_take(reader, ",") &&
	    (hcl_skip_space(reader, err) < 0 || pass_word(reader, err) < 0))
		return -1;
	if (!hcl_at_word(reader, "in"))
		return hcl_expected(reader, "in expected", err);
	return pass_word(reader, err);
}

/* The word behind %{. */
static int read_directive(struct hcl_reader *reader, struct string *string,
			  const struct directive **ret, struct gk_error *err)
{
	const struct directive *found = NULL;
	char last = string->open.length ? string->open.data[string->open.length - 1] : '\0';

	for (size_t i = 0; i < ARRAY_SIZE(directives); i++)
		if (hcl_at_word(reader, directives[i].name))
			found = &directives[i];
	if (!found)
		return hcl_expected(reader, "if, else, endif, for or endfor expected", err);
	if (found->closes && (!last || !strchr(found->closes, last)))
		return hcl_wrong(reader, "else, endif or endfor without its beginning", err);
	if (found->closes)
		string->open.length--;
	if (found->opens != ' ')
		gk_buf_addc(&string->open, found->opens);
	*ret = found;
	return pass_word(reader, err);
}

/* What stands between %{ and }. */
static int read_command(struct hcl_reader *reader, struct string *string, struct gk_hcl *ret,
			struct gk_error *err)
{
	const struct directive *directive = NULL;

	if (read_directive(reader, string, &directive, err) < 0)
		return -1;
	if (directive->opens == 'f' && read_loop(reader, err) < 0)
		return -1;
	return directive->closes ? 0 : hcl_read_expression(reader, ret, err);
}

/* ${…} or %{…}: kept as it is written. */
static int read_part(struct hcl_reader *reader, struct string *string, struct gk_error *err)
{
	_cleanup_(gk_hcl_done) struct gk_hcl inside = {0};
	bool is_command = hcl_at(reader, "%");
	bool lines = reader->lines;
	struct gk_hcl *part = NULL;
	const char *start = NULL;

	if (end_literal(reader, string, err) < 0 || !(part = hcl_add(reader, string->node, err)))
		return -1;
	hcl_skip(reader, 2);
	start = reader->at;
	hcl_take(reader, "~");
	reader->lines = false;
	if (hcl_skip_space(reader, err) < 0 ||
	    (is_command ? read_command(reader, string, &inside, err)
			: hcl_read_expression(reader, &inside, err)) < 0 ||
	    hcl_skip_space(reader, err) < 0)
		return -1;
	reader->lines = lines;
	hcl_take(reader, "~");
	part->kind = GK_HCL_EXPRESSION;
	if (!hcl_at(reader, "}"))
		return hcl_expected(reader, "} expected", err);
	if (hcl_set_text(part, start, reader->at, err) < 0)
		return -1;
	hcl_skip(reader, 1);
	return 0;
}

/* UTF-8 of a character; the caller has seen that it is one. */
static void add_character(struct gk_buf *text, unsigned long code)
{
	if (code < 0x80) {
		gk_buf_addc(text, (char)code);
		return;
	}
	if (code < 0x800) {
		gk_buf_addc(text, (char)(0xc0 | code >> 6));
	} else if (code < 0x10000) {
		gk_buf_addc(text, (char)(0xe0 | code >> 12));
		gk_buf_addc(text, (char)(0x80 | (code >> 6 & 0x3f)));
	} else {
		gk_buf_addc(text, (char)(0xf0 | code >> 18));
		gk_buf_addc(text, (char)(0x80 | (code >> 12 & 0x3f)));
		gk_buf_addc(text, (char)(0x80 | (code >> 6 & 0x3f)));
	}
	gk_buf_addc(text, (char)(0x80 | (code & 0x3f)));
}

/* Behind \u or \U: that many hexadecimal digits. */
static int read_code(struct hcl_reader *reader, size_t length, struct gk_buf *text,
		     struct gk_error *err)
{
	static const char hex[] = "0123456789abcdef0123456789ABCDEF";
	unsigned long code = 0;

	for (size_t i = 0; i < length; i++) {
		char c = hcl_peek(reader);
		const char *digit = c ? strchr(hex, c) : NULL;

		if (!digit)
			return hcl_expected(reader, "a hexadecimal digit expected", err);
		code = code << 4 | (unsigned long)((digit - hex) & 15);
		hcl_skip(reader, 1);
	}
	if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return hcl_wrong(reader, "an escape that is no character", err);
	add_character(text, code);
	return 0;
}

static int read_escape(struct hcl_reader *reader, struct gk_buf *text, struct gk_error *err)
{
	static const char names[] = "nrt\"\\";
	static const char meant[] = "\n\r\t\"\\";
	const char *name = NULL;

	hcl_skip(reader, 1);
	if (hcl_take(reader, "u"))
		return read_code(reader, 4, text, err);
	if (hcl_take(reader, "U"))
		return read_code(reader, 8, text, err);
	name = hcl_peek(reader) ? strchr(names, hcl_peek(reader)) : NULL;
	if (!name)
		return hcl_expected(reader, "n, r, t, u, U, \" or \\ expected behind \\", err);
	gk_buf_addc(text, meant[name - names]);
	hcl_skip(reader, 1);
	return 0;
}

/* One character or part. $${ and %%{ stand for themselves less a sign. */
static int read_piece(struct hcl_reader *reader, struct string *string, struct gk_error *err)
{
	if (hcl_at(reader, "${") || hcl_at(reader, "%{"))
		return read_part(reader, string, err);
	if (string->text.length == 0)
		string->line = reader->line;
	if (hcl_at(reader, "$${") || hcl_at(reader, "%%{")) {
		gk_buf_add(&string->text, reader->at + 1, 2);
		hcl_skip(reader, 3);
		return 0;
	}
	gk_buf_addc(&string->text, *reader->at);
	hcl_skip(reader, 1);
	return 0;
}

int hcl_read_quoted(struct hcl_reader *reader, struct gk_hcl *ret, struct gk_error *err)
{
	_cleanup_(string_done) struct string string = {.node = ret};
	int line = reader->line;

	hcl_skip(reader, 1);
	while (!hcl_take(reader, "\"")) {
		bool escaped = hcl_at(reader, "\\");

		if (reader->at == reader->end || *reader->at == '\n')
			return gk_error_set(err, GK_USAGE, "%s:%d: a string without \" at its end",
					    reader->source, line);
		if ((escaped ? read_escape(reader, &string.text, err)
			     : read_piece(reader, &string, err)) < 0)
			return -1;
	}
	return end_string(reader, &string, err);
}

int hcl_read_whole(struct hcl_reader *reader, struct gk_hcl *ret, struct gk_error *err)
{
	_cleanup_(string_done) struct string string = {.node = ret};

	while (reader->at < reader->end)
		if (read_piece(reader, &string, err) < 0)
			return -1;
	return end_string(reader, &string, err);
}

/* Whether the line that begins here has nothing but the marker; *ret_length with the blanks. */
static bool at_marker(const struct hcl_reader *reader, const char *marker, size_t length,
		      size_t *ret_length)
{
	struct hcl_reader ahead = *reader;

	while (hcl_at(&ahead, " ") || hcl_at(&ahead, "\t"))
		ahead.at++;
	if (length > (size_t)(ahead.end - ahead.at) || memcmp(ahead.at, marker, length) != 0)
		return false;
	ahead.at += length;
	*ret_length = (size_t)(ahead.at - reader->at);
	while (hcl_at(&ahead, " ") || hcl_at(&ahead, "\t"))
		ahead.at++;
	return ahead.at == ahead.end || hcl_at(&ahead, "\n") || hcl_at(&ahead, "\r\n");
}

/* << or <<-, a marker, lines, and a line with the marker alone. */
int hcl_read_heredoc(struct hcl_reader *reader, struct gk_hcl *ret, struct gk_error *err)
{
	_cleanup_(string_done) struct string string = {.node = ret};
	int line = reader->line;
	const char *marker = NULL;
	size_t length = 0;
	size_t last = 0;

	hcl_skip(reader, 2);
	hcl_take(reader, "-");
	marker = reader->at;
	length = hcl_identifier(reader);
	hcl_skip(reader, length);
	if (length == 0 || (!hcl_take(reader, "\n") && !hcl_take(reader, "\r\n")))
		return hcl_expected(reader, "a marker and a line end expected behind <<", err);
	while (reader->at[-1] != '\n' || !at_marker(reader, marker, length, &last)) {
		if (reader->at == reader->end)
			return gk_error_set(err, GK_USAGE, "%s:%d: a text without %.*s at its end",
					    reader->source, line, (int)(length > 32 ? 32 : length),
					    marker);
		if (read_piece(reader, &string, err) < 0)
			return -1;
	}
	hcl_skip(reader, last);
	return end_string(reader, &string, err);
}
