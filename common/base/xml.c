#include "base/xml.h"

#include <expat.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

enum {
	DEPTH_MAX = 64,
	ELEMENTS_MAX = 2000000,
	TEXT_MAX = 256 << 20,
};

/* Most elements hold no text: they share this one. Never written, never freed. */
static char no_text[] = "";

struct xml_reader {
	XML_Parser parser;
	struct gk_xml *root;
	struct gk_xml *current;        /* the innermost element that is open */
	size_t depth;
	size_t elements;
	struct gk_buf text[DEPTH_MAX]; /* of the open elements, used again and again */
	const char *refused;           /* why we stopped the parser; NULL if we did not */
};

static void node_free(struct gk_xml *node)
{
	if (node->text != no_text)
		gk_wipep(&node->text);
	free(node);
}

/* Not recursive: down to a leaf, which is taken off its parent on the way, and back up. */
void gk_xml_free(struct gk_xml *root)
{
	struct gk_xml *node = root;

	while (node) {
		struct gk_xml *child = node->first;
		struct gk_xml *parent = node == root ? NULL : node->parent;

		if (child) {
			node->first = child->next;
			node = child;
		} else {
			node_free(node);
			node = parent;
		}
	}
}

void gk_xml_freep(struct gk_xml **root)
{
	gk_xml_free(*root);
	*root = NULL;
}

static void reader_stop(struct xml_reader *reader, const char *why)
{
	reader->refused = why;
	XML_StopParser(reader->parser, XML_FALSE);
}

static const char *local_name(const char *name)
{
	const char *colon = strrchr(name, ':');

	return colon ? colon + 1 : name;
}

/* The name lives behind the node: one allocation less for each of many thousand elements. */
static struct gk_xml *node_new(const char *name)
{
	size_t size = strlen(name) + 1;
	struct gk_xml *node = calloc(1, sizeof(*node) + size);

	if (!node)
		return NULL;
	node->name = memcpy(node + 1, name, size);
	node->text = no_text;
	return node;
}

static void reader_link(struct xml_reader *reader, struct gk_xml *node)
{
	struct gk_xml *parent = reader->current;

	node->parent = parent;
	if (!parent)
		reader->root = node;
	else if (parent->last)
		parent->last->next = node;
	else
		parent->first = node;
	if (parent)
		parent->last = node;
	reader->current = node;
}

static void XMLCALL on_start(void *data, const XML_Char *name, const XML_Char **attributes)
{
	struct xml_reader *reader = data;
	struct gk_xml *node = NULL;

	(void)attributes;
	if (reader->refused)
		return;
	if (reader->depth == DEPTH_MAX) {
		reader_stop(reader, "elements are nested too deep");
		return;
	}
	if (reader->elements++ == ELEMENTS_MAX) {
		reader_stop(reader, "too many elements");
		return;
	}
	node = node_new(local_name(name));
	if (!node) {
		reader_stop(reader, "out of memory");
		return;
	}
	reader_link(reader, node);
	gk_buf_clear(&reader->text[reader->depth++]);
}

static void XMLCALL on_text(void *data, const XML_Char *text, int length)
{
	struct xml_reader *reader = data;

	if (!reader->refused && reader->depth > 0)
		gk_buf_add(&reader->text[reader->depth - 1], text, (size_t)length);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The text without white space at both ends, NULL when memory ran out. */
static char *trimmed(const struct gk_buf *text)
{
	const char *start = gk_buf_text(text);
	const char *end = start + text->length;

	while (start < end && is_space(*start))
		start++;
	while (start < end && is_space(end[-1]))
		end--;
	return start == end ? no_text : strndup(start, (size_t)(end - start));
}

static void XMLCALL on_end(void *data, const XML_Char *name)
{
	struct xml_reader *reader = data;
	struct gk_buf *text = NULL;
	char *value = NULL;

	(void)name;
	if (reader->refused)
		return;
	text = &reader->text[--reader->depth];
	value = text->state == GK_BUF_GOOD ? trimmed(text) : NULL;
	if (!value) {
		reader_stop(reader, text->state == GK_BUF_TOO_LONG ? "an element is too long"
								   : "out of memory");
		return;
	}
	reader->current->text = value;
	reader->current = reader->current->parent;
}

static void XMLCALL on_doctype(void *data, const XML_Char *name, const XML_Char *system_id,
			       const XML_Char *public_id, int has_internal_subset)
{
	(void)name;
	(void)system_id;
	(void)public_id;
	(void)has_internal_subset;
	reader_stop(data, "a document type declaration");
}

static void reader_done(struct xml_reader *reader)
{
	if (reader->parser)
		XML_ParserFree(reader->parser);
	for (size_t i = 0; i < DEPTH_MAX; i++)
		gk_buf_wipe(&reader->text[i]);
	gk_xml_freep(&reader->root);
}

static int reader_init(struct xml_reader *reader, struct gk_error *err)
{
	static const XML_Memory_Handling_Suite keeps_nothing = {malloc, gk_wipe_realloc,
								gk_wipe_free};

	reader->parser = XML_ParserCreate_MM(NULL, &keeps_nothing, NULL);
	if (!reader->parser)
		return gk_error_memory(err);
	XML_SetUserData(reader->parser, reader);
	XML_SetElementHandler(reader->parser, on_start, on_end);
	XML_SetCharacterDataHandler(reader->parser, on_text);
	XML_SetStartDoctypeDeclHandler(reader->parser, on_doctype);
	return 0;
}

static int reader_failure(const struct xml_reader *reader, struct gk_error *err)
{
	enum XML_Error code = XML_GetErrorCode(reader->parser);

	return gk_error_set(err, GK_FAILED, "XML, line %lu: %s",
			    (unsigned long)XML_GetCurrentLineNumber(reader->parser),
			    reader->refused ? reader->refused : XML_ErrorString(code));
}

int gk_xml_parse(const char *text, size_t length, struct gk_xml **ret_root, struct gk_error *err)
{
	_cleanup_(reader_done) struct xml_reader reader = {0};

	_Static_assert(TEXT_MAX <= INT_MAX, "XML_Parse counts in int");
	if (length > TEXT_MAX)
		return gk_error_set(err, GK_FAILED, "XML is longer than %d MiB", TEXT_MAX >> 20);
	if (reader_init(&reader, err) < 0)
		return -1;
	if (XML_Parse(reader.parser, text, (int)length, XML_TRUE) != XML_STATUS_OK)
		return reader_failure(&reader, err);
	*ret_root = TAKE_PTR(reader.root);
	return 0;
}

/* The first of these siblings that has the name (`length` bytes of it). */
static const struct gk_xml *find(const struct gk_xml *sibling, const char *name, size_t length)
{
	while (sibling &&
	       (strncmp(sibling->name, name, length) != 0 || sibling->name[length] != '\0'))
		sibling = sibling->next;
	return sibling;
}

const struct gk_xml *gk_xml_child(const struct gk_xml *node, const char *name)
{
	return node ? find(node->first, name, strlen(name)) : NULL;
}

const struct gk_xml *gk_xml_path(const struct gk_xml *node, const char *path)
{
	while (node && *path) {
		size_t length = strcspn(path, "/");

		node = find(node->first, path, length);
		path += length + (path[length] == '/');
	}
	return node;
}

const char *gk_xml_text(const struct gk_xml *node, const char *path)
{
	const struct gk_xml *found = gk_xml_path(node, path);

	return found ? found->text : NULL;
}

const struct gk_xml *gk_xml_next(const struct gk_xml *node, const char *name)
{
	return node ? find(node->next, name, strlen(name)) : NULL;
}
