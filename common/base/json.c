#include "base/json.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"

/* The largest number up to which a double holds every whole number: 2^53. */
#define WHOLE_MAX 9007199254740992.0

/* cJSON overwrites what it lets go of: documents hold keys. Set before each use, since there is no
 * other beginning. */
static void keep_nothing(void)
{
	cJSON_Hooks hooks = {malloc, gk_wipe_free};

	cJSON_InitHooks(&hooks);
}

void gk_json_freep(cJSON **value)
{
	cJSON_Delete(*value);
	*value = NULL;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int no_json(size_t offset, const char *what, struct gk_error *err)
{
	return gk_error_set(err, GK_UNFINISHED, "%s at byte %zu", what, offset);
}

/*
 * What cJSON lets pass: bytes that are no UTF-8, control characters (inside strings, and as white
 * space), NUL in a string, which would end it. And what it does not tell apart from cut text:
 * nesting beyond its limit.
 */
static int check_text(const char *text, size_t length, struct gk_error *err)
{
	bool in_string = false;
	int depth = 0;

	for (size_t i = 0; i < length;) {
		size_t step = gk_utf8_length(text + i, length - i);
		char c = text[i];

		if (step == 0)
			return no_json(i, "no UTF-8", err);
		if ((unsigned char)c < ' ' && (in_string || !is_space(c)))
			return no_json(i, "a control character", err);
		if (in_string && length - i >= 6 && memcmp(text + i, "\\u0000", 6) == 0)
			return no_json(i, "a NUL character", err);
		if (c == '"')
			in_string = !in_string;
		else if (in_string && c == '\\' && i + 1 < length &&
			 (text[i + 1] == '"' || text[i + 1] == '\\'))
			step = 2;
		else if (!in_string && (c == '[' || c == '{') && ++depth > CJSON_NESTING_LIMIT)
			return gk_error_set(err, GK_FAILED, "nested more than %d deep at byte %zu",
					    CJSON_NESTING_LIMIT, i);
		else if (!in_string && (c == ']' || c == '}'))
			depth--;
		i += step;
	}
	return 0;
}

int gk_json_parse(const char *text, size_t length, cJSON **ret_value, struct gk_error *err)
{
	_cleanup_(gk_json_freep) cJSON *value = NULL;
	const char *end = text;

	if (check_text(text, length, err) < 0)
		return -1;
	keep_nothing();
	errno = 0;
	value = cJSON_ParseWithLengthOpts(text, length, &end, false);
	if (!value && errno == ENOMEM)
		return gk_error_memory(err);
	if (!value)
		return no_json((size_t)(end - text),
			       length ? "no JSON, or cut short," : "empty text", err);
	while (end < text + length && is_space(*end))
		end++;
	if (end < text + length)
		return no_json((size_t)(end - text), "text behind the document", err);
	*ret_value = TAKE_PTR(value);
	return 0;
}

/* The member, or NULL if it is absent or null. */
static const cJSON *member(const cJSON *object, const char *key)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);

	return cJSON_IsNull(value) ? NULL : value;
}

static int wrong_type(const char *key, const char *wanted, struct gk_error *err)
{
	return gk_error_set(err, GK_FAILED, "\"%s\" is no %s", key, wanted);
}

int gk_json_string(const cJSON *object, const char *key, const char **ret, struct gk_error *err)
{
	const cJSON *value = member(object, key);

	if (value && !cJSON_IsString(value))
		return wrong_type(key, "string", err);
	*ret = value ? value->valuestring : NULL;
	return 0;
}

/* Written so that it is false for what is no number at all (NaN). */
static bool is_whole(double number)
{
	return number >= -WHOLE_MAX && number <= WHOLE_MAX && (double)(int64_t)number == number;
}

int gk_json_integer(const cJSON *object, const char *key, int64_t fallback, int64_t *ret,
		    struct gk_error *err)
{
	const cJSON *value = member(object, key);

	if (value && (!cJSON_IsNumber(value) || !is_whole(value->valuedouble)))
		return wrong_type(key, "whole number", err);
	*ret = value ? (int64_t)value->valuedouble : fallback;
	return 0;
}

int gk_json_bool(const cJSON *object, const char *key, bool fallback, bool *ret,
		 struct gk_error *err)
{
	const cJSON *value = member(object, key);

	if (value && !cJSON_IsBool(value))
		return wrong_type(key, "true or false", err);
	*ret = value ? cJSON_IsTrue(value) : fallback;
	return 0;
}

int gk_json_array(const cJSON *object, const char *key, const cJSON **ret, struct gk_error *err)
{
	const cJSON *value = member(object, key);

	if (value && !cJSON_IsArray(value))
		return wrong_type(key, "list", err);
	*ret = value;
	return 0;
}

int gk_json_object(const cJSON *object, const char *key, const cJSON **ret, struct gk_error *err)
{
	const cJSON *value = member(object, key);

	if (value && !cJSON_IsObject(value))
		return wrong_type(key, "object", err);
	*ret = value;
	return 0;
}

int gk_json_strings(const cJSON *object, const char *key, struct gk_strv *ret,
		    struct gk_error *err)
{
	_cleanup_(gk_strv_done) struct gk_strv strings = {0};
	const cJSON *array = NULL;
	const cJSON *element = NULL;

	if (gk_json_array(object, key, &array, err) < 0)
		return -1;
	cJSON_ArrayForEach(element, array) {
		if (!cJSON_IsString(element))
			return wrong_type(key, "list of strings", err);
		if (gk_strv_add(&strings, element->valuestring, err) < 0)
			return -1;
	}
	return gk_strv_extend(ret, &strings, err);
}

int gk_json_builder_init(struct gk_json_builder *builder, struct gk_error *err)
{
	keep_nothing();
	*builder = (struct gk_json_builder){.root = cJSON_CreateObject()};
	return builder->root ? 0 : gk_error_memory(err);
}

void gk_json_builder_done(struct gk_json_builder *builder)
{
	gk_json_freep(&builder->root);
}

/* Adds a value, which belongs to the parent from now on, or to nobody. */
static cJSON *attach(struct gk_json_builder *b, cJSON *parent, const char *key, cJSON *value)
{
	bool added = false;

	if (parent && value)
		added = key ? cJSON_AddItemToObject(parent, key, value)
			    : cJSON_AddItemToArray(parent, value);
	if (added)
		return value;
	cJSON_Delete(value);
	b->failed = true;
	return NULL;
}

cJSON *gk_json_add_object(struct gk_json_builder *b, cJSON *parent, const char *key)
{
	return attach(b, parent, key, cJSON_CreateObject());
}

cJSON *gk_json_add_array(struct gk_json_builder *b, cJSON *parent, const char *key)
{
	return attach(b, parent, key, cJSON_CreateArray());
}

/* A copy in which every byte that belongs to no UTF-8 character is U+FFFD. */
static cJSON *clean_string(const char *value)
{
	_cleanup_(gk_buf_wipe) struct gk_buf clean = {0};
	size_t left = strlen(value);

	while (left > 0) {
		size_t length = gk_utf8_length(value, left);

		if (length > 0)
			gk_buf_add(&clean, value, length);
		else
			gk_buf_adds(&clean, "\xef\xbf\xbd");
		value += length ? length : 1;
		left -= length ? length : 1;
	}
	return gk_buf_check(&clean, NULL) < 0 ? NULL : cJSON_CreateString(gk_buf_text(&clean));
}

void gk_json_add_string(struct gk_json_builder *b, cJSON *parent, const char *key,
			const char *value)
{
	attach(b, parent, key, value ? clean_string(value) : cJSON_CreateNull());
}

void gk_json_add_integer(struct gk_json_builder *b, cJSON *parent, const char *key, int64_t value)
{
	attach(b, parent, key, cJSON_CreateNumber((double)value));
}

void gk_json_add_bool(struct gk_json_builder *b, cJSON *parent, const char *key, bool value)
{
	attach(b, parent, key, cJSON_CreateBool(value));
}

void gk_json_add_strings(struct gk_json_builder *b, cJSON *parent, const char *key,
			 const struct gk_strv *values)
{
	cJSON *array = gk_json_add_array(b, parent, key);

	for (size_t i = 0; i < values->count; i++)
		gk_json_add_string(b, array, NULL, values->items[i]);
}

char *gk_json_builder_print(struct gk_json_builder *b, bool pretty, struct gk_error *err)
{
	char *text = NULL;

	if (!b->failed)
		text = pretty ? cJSON_Print(b->root) : cJSON_PrintUnformatted(b->root);
	if (!text)
		gk_error_memory(err);
	return text;
}
