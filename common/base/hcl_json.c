/* JSON as the tree of the HCL reader. base/json reads it; the text is gone through once more beside
 * it, because cJSON knows no lines. */
#include <string.h>

#include "base/hcl_private.h"
#include "base/json.h"
#include "base/mem.h"

static bool is_between(char c)
{
	return strchr(" \t\r\n,:]}", c) != NULL;
}

/* Sets the reader to the beginning of the next value or name. The text is known to be JSON. */
static void go_to_value(struct hcl_reader *reader)
{
	while (reader->at < reader->end && is_between(*reader->at))
		hcl_skip(reader, 1);
}

static void pass_string(struct hcl_reader *reader)
{
	hcl_skip(reader, 1);
	while (*reader->at != '"')
		hcl_skip(reader, *reader->at == '\\' ? 2 : 1);
	hcl_skip(reader, 1);
}

static enum gk_hcl_kind kind_of(const cJSON *value)
{
	return cJSON_IsString(value)   ? GK_HCL_STRING
	       : cJSON_IsNumber(value) ? GK_HCL_NUMBER
	       : cJSON_IsBool(value)   ? GK_HCL_BOOL
	       : cJSON_IsArray(value)  ? GK_HCL_LIST
	       : cJSON_IsObject(value) ? GK_HCL_OBJECT
				       : GK_HCL_NULL;
}

static int take_scalar(struct hcl_reader *reader, const cJSON *value, struct gk_hcl *ret,
		       struct gk_error *err)
{
	const char *start = reader->at;

	if (ret->kind == GK_HCL_STRING) {
		pass_string(reader);
		return gk_str_set(&ret->text, value->valuestring, err);
	}
	while (reader->at < reader->end && !is_between(*reader->at))
		hcl_skip(reader, 1);
	return hcl_set_text(ret, start, reader->at, err);
}

static int convert(struct hcl_reader *reader, const cJSON *value, struct gk_hcl *ret,
		   struct gk_error *err)
{
	const cJSON *inner = NULL;

	ret->kind = kind_of(value);
	go_to_value(reader);
	ret->line = reader->line;
	if (!cJSON_IsArray(value) && !cJSON_IsObject(value))
		return take_scalar(reader, value, ret, err);
	if (hcl_enter(reader, err) < 0)
		return -1;
	hcl_skip(reader, 1);
	cJSON_ArrayForEach(inner, value) {
		struct gk_hcl *added = hcl_add(reader, ret, err);

		if (!added || (inner->string && gk_str_set(&added->key, inner->string, err) < 0))
			return -1;
		go_to_value(reader);
		if (inner->string)
			pass_string(reader);
		if (convert(reader, inner, added, err) < 0)
			return -1;
	}
	reader->depth--;
	return 0;
}

/* Reading stopped at this byte: tells the line. */
static int wrong_json(struct hcl_reader *reader, const struct gk_error *why, struct gk_error *err)
{
	const char *at = strstr(why->message, " at byte ");
	size_t offset = at ? (size_t)strtoull(at + strlen(" at byte "), NULL, 10) : 0;
	size_t length = (size_t)(reader->end - reader->at);

	if (!at)
		return gk_error_set(err, why->code, "%s: %.200s", reader->source, why->message);
	hcl_skip(reader, offset < length ? offset : length);
	return gk_error_set(err, GK_USAGE, "%s:%d: %.*s", reader->source, reader->line,
			    (int)(at - why->message), why->message);
}

int gk_hcl_parse_json(const char *text, size_t length, const char *source, struct gk_hcl *ret,
		      struct gk_error *err)
{
	_cleanup_(gk_hcl_done) struct gk_hcl root = {.line = 1};
	_cleanup_(gk_json_freep) cJSON *document = NULL;
	struct hcl_reader reader = {.source = source};
	struct gk_error why = {0};

	if (hcl_check_text(text, length, &reader, err) < 0)
		return -1;
	if (gk_json_parse(reader.at, (size_t)(reader.end - reader.at), &document, &why) < 0)
		return wrong_json(&reader, &why, err);
	if (convert(&reader, document, &root, err) < 0)
		return -1;
	*ret = root;
	root = (struct gk_hcl){0};
	return 0;
}
