#include "base/ini.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

/* Appending a continuation line copies the value, so a value may not grow without end; and every
 * property has its section's name and its key. */
enum { VALUE_MAX = 64 << 10, NAME_MAX_LENGTH = 255, ITEMS_MAX = 1 << 16 };

/* A piece of the text, not terminated. */
struct span {
	const char *start;
	size_t length;
};

struct ini_reader {
	struct gk_ini *ini;
	const char *source;
	int line;
	char *section;    /* owned; NULL before the first section */
	size_t property;  /* what a continuation line continues: its index + 1, 0 for nothing */
	size_t indent;    /* white space in front of it: a continuation line has more */
	bool has_subkeys; /* the property's value is empty: its continuations are sub-properties */
};

static void property_done(struct gk_ini_property *property)
{
	gk_wipep(&property->value);
	free(property->section);
	free(property->key);
	free(property->subkey);
}

void gk_ini_done(struct gk_ini *ini)
{
	for (size_t i = 0; i < ini->count; i++)
		property_done(&ini->items[i]);
	free(ini->items);
	*ini = (struct gk_ini){0};
}

static void reader_done(struct ini_reader *reader)
{
	gk_freep(&reader->section);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct span trim(struct span text)
{
	while (text.length > 0 && is_blank(text.start[0])) {
		text.start++;
		text.length--;
	}
	while (text.length > 0 && is_blank(text.start[text.length - 1]))
		text.length--;
	return text;
}

static int wrong(const struct ini_reader *reader, const char *what, struct gk_error *err)
{
	return gk_error_set(err, GK_USAGE, "%s:%d: %s", reader->source, reader->line, what);
}

static int dup_span(struct span text, char **ret, struct gk_error *err)
{
	char *copy = strndup(text.start, text.length);

	if (!copy)
		return gk_error_memory(err);
	*ret = copy;
	return 0;
}

static int check_name(const struct ini_reader *reader, struct span name, struct gk_error *err)
{
	return name.length <= NAME_MAX_LENGTH ? 0 : wrong(reader, "a name longer than 255 bytes", err);
}

static int dup_key(const struct ini_reader *reader, struct span text, char **ret,
		   struct gk_error *err)
{
	if (check_name(reader, text, err) < 0 || dup_span(text, ret, err) < 0)
		return -1;
	for (char *c = *ret; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return 0;
}

/* Appends a property of the current section; borrowed from the list. */
static struct gk_ini_property *add_property(struct ini_reader *reader, struct gk_error *err)
{
	struct gk_ini *ini = reader->ini;
	struct gk_ini_property *added = NULL;

	if (ini->count >= ITEMS_MAX) {
		wrong(reader, "more than 65,536 properties", err);
		return NULL;
	}
	added = gk_array_add(&ini->items, &ini->count, sizeof(*ini->items), err);
	if (!added || gk_str_set(&added->section, reader->section, err) < 0)
		return NULL;
	added->line = reader->line;
	return added;
}

/* White space inside the name becomes one space, so that [family  web] is [family web]. */
static int set_section(struct ini_reader *reader, struct span name, struct gk_error *err)
{
	_cleanup_(gk_buf_done) struct gk_buf folded = {0};

	name = trim(name);
	for (size_t i = 0; i < name.length; i++) {
		if (!is_blank(name.start[i]))
			gk_buf_addc(&folded, name.start[i]);
		else if (!is_blank(name.start[i - 1]))
			gk_buf_addc(&folded, ' ');
	}
	free(reader->section);
	reader->section = gk_buf_detach(&folded, err);
	return reader->section ? 0 : -1;
}

static int read_section(struct ini_reader *reader, struct span line, struct gk_error *err)
{
	const char *end = memchr(line.start, ']', line.length);
	struct span name = {line.start + 1, 0};
	struct span rest = {0};

	if (!end)
		return wrong(reader, "a section without ]", err);
	name.length = (size_t)(end - name.start);
	rest = trim((struct span){end + 1, line.length - name.length - 2});
	if (rest.length > 0 && rest.start[0] != '#' && rest.start[0] != ';')
		return wrong(reader, "text behind the ] of a section", err);
	if (trim(name).length == 0)
		return wrong(reader, "a section without a name", err);
	reader->property = 0;
	if (check_name(reader, name, err) < 0 || set_section(reader, name, err) < 0)
		return -1;
	return add_property(reader, err) ? 0 : -1;
}

/* Splits at the first = or :. The key is trimmed. */
static int split(const struct ini_reader *reader, struct span line, struct span *ret_key,
		 struct span *ret_value, struct gk_error *err)
{
	struct span key = {line.start, 0};

	while (key.length < line.length && key.start[key.length] != '=' &&
	       key.start[key.length] != ':')
		key.length++;
	if (key.length == line.length)
		return wrong(reader, "a line without =", err);
	if (trim(key).length == 0)
		return wrong(reader, "an empty key", err);
	*ret_key = trim(key);
	*ret_value = (struct span){line.start + key.length + 1, line.length - key.length - 1};
	return 0;
}

/* A comment begins at # or ; behind white space; without it they belong to the value. */
static struct span cut_comment(struct span value)
{
	for (size_t i = 1; i < value.length; i++)
		if ((value.start[i] == '#' || value.start[i] == ';') &&
		    is_blank(value.start[i - 1]))
			value.length = i;
	return value;
}

static int read_property(struct ini_reader *reader, struct span line, struct gk_error *err)
{
	struct gk_ini_property *added = NULL;
	struct span key = {0};
	struct span value = {0};

	if (!reader->section)
		return wrong(reader, "a property before any section", err);
	if (split(reader, line, &key, &value, err) < 0)
		return -1;
	value = trim(cut_comment(value));
	added = add_property(reader, err);
	if (!added || dup_key(reader, key, &added->key, err) < 0 ||
	    dup_span(value, &added->value, err) < 0)
		return -1;
	reader->property = reader->ini->count;
	reader->has_subkeys = value.length == 0;
	return 0;
}

static int read_subproperty(struct ini_reader *reader, struct span line, struct gk_error *err)
{
	struct gk_ini_property *added = NULL;
	struct span key = {0};
	struct span value = {0};

	if (split(reader, line, &key, &value, err) < 0)
		return -1;
	added = add_property(reader, err);
	/* Adding may have moved the array: the property is looked up afterwards. */
	if (!added ||
	    gk_str_set(&added->key, reader->ini->items[reader->property - 1].key, err) < 0 ||
	    dup_key(reader, key, &added->subkey, err) < 0 ||
	    dup_span(trim(value), &added->value, err) < 0)
		return -1;
	return 0;
}

/* `line` is trimmed. */
static int read_continuation(struct ini_reader *reader, struct span line, struct gk_error *err)
{
	struct gk_ini_property *property = &reader->ini->items[reader->property - 1];
	_cleanup_free_ char *longer = NULL;

	if (reader->has_subkeys)
		return read_subproperty(reader, line, err);
	if (line.length + strlen(property->value) > VALUE_MAX)
		return wrong(reader, "a value longer than 64 KiB", err);
	longer = gk_str_format(err, "%s\n%.*s", property->value, (int)line.length, line.start);
	if (!longer)
		return -1;
	gk_wipep(&property->value);
	property->value = TAKE_PTR(longer);
	return 0;
}

static int read_line(struct ini_reader *reader, struct span line, struct gk_error *err)
{
	struct span trimmed = trim(line);
	size_t indent = (size_t)(trimmed.start - line.start);

	if (trimmed.length == 0 || trimmed.start[0] == '#' || trimmed.start[0] == ';')
		return 0;
	if (memchr(line.start, '\0', line.length))
		return wrong(reader, "a NUL byte", err);
	if (reader->property > 0 && indent > reader->indent)
		return read_continuation(reader, trimmed, err);
	reader->indent = indent;
	if (trimmed.start[0] == '[')
		return read_section(reader, trimmed, err);
	return read_property(reader, trimmed, err);
}

/* Takes one line, without its end, off the text. */
static struct span take_line(struct span *text)
{
	const char *end = memchr(text->start, '\n', text->length);
	struct span line = {text->start, end ? (size_t)(end - text->start) : text->length};
	size_t taken = line.length + (end ? 1 : 0);

	text->start += taken;
	text->length -= taken;
	if (line.length > 0 && line.start[line.length - 1] == '\r')
		line.length--;
	return line;
}

int gk_ini_parse(const char *text, size_t length, const char *source, struct gk_ini *ret_ini,
		 struct gk_error *err)
{
	_cleanup_(gk_ini_done) struct gk_ini ini = {0};
	_cleanup_(reader_done) struct ini_reader reader = {.ini = &ini, .source = source};
	struct span rest = {text, length};

	if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		rest = (struct span){text + 3, length - 3};
	while (rest.length > 0) {
		reader.line++;
		if (read_line(&reader, take_line(&rest), err) < 0)
			return -1;
	}
	*ret_ini = ini;
	ini = (struct gk_ini){0};
	return 0;
}
