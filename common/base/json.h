/*
 * A thin layer over cJSON: strict reading, and building where failure sticks.
 *
 * Reading: keys are case-sensitive, a value of another type than asked for is an error that names
 * the key, numbers are doubles (so ids travel as strings).
 */
#ifndef GK_BASE_JSON_H
#define GK_BASE_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strv.h"

void gk_json_freep(cJSON **value);

/* Parses one document. Behind it only white space may stand. Empty or cut text, trailing text and
 * text that is no JSON are all GK_UNFINISHED (a concurrent writer may still complete it); nesting
 * beyond cJSON's limit is GK_FAILED. The message gives the byte offset. */
int gk_json_parse(const char *text, size_t length, cJSON **ret_value, struct gk_error *err);

/* Member of an object. Absent or null: *ret is NULL / the given default, and 0 is returned. Another
 * type: -1, GK_FAILED, naming the key. Strings are borrowed from the object. */
int gk_json_string(const cJSON *object, const char *key, const char **ret, struct gk_error *err);
int gk_json_integer(const cJSON *object, const char *key, int64_t fallback, int64_t *ret,
		    struct gk_error *err);
int gk_json_bool(const cJSON *object, const char *key, bool fallback, bool *ret,
		 struct gk_error *err);
int gk_json_array(const cJSON *object, const char *key, const cJSON **ret, struct gk_error *err);
int gk_json_object(const cJSON *object, const char *key, const cJSON **ret, struct gk_error *err);
/* An array of strings, appended to the list. */
int gk_json_strings(const cJSON *object, const char *key, struct gk_strv *ret,
		    struct gk_error *err);

/* Building. Each adds one member to `parent` (or one element, when parent is an array and key is
 * NULL) and returns the new value, borrowed from parent, or NULL when memory ran out or parent is
 * NULL. gk_json_print at the end reports what failed: it takes the `failed` flag of the builder. */
struct gk_json_builder {
	cJSON *root;  /* owned; an object */
	bool failed;
};
int gk_json_builder_init(struct gk_json_builder *builder, struct gk_error *err);
void gk_json_builder_done(struct gk_json_builder *builder);
cJSON *gk_json_add_object(struct gk_json_builder *b, cJSON *parent, const char *key);
cJSON *gk_json_add_array(struct gk_json_builder *b, cJSON *parent, const char *key);
/* value NULL adds null. Text that is no UTF-8 is replaced by U+FFFD. */
void gk_json_add_string(struct gk_json_builder *b, cJSON *parent, const char *key,
			const char *value);
void gk_json_add_integer(struct gk_json_builder *b, cJSON *parent, const char *key, int64_t value);
void gk_json_add_bool(struct gk_json_builder *b, cJSON *parent, const char *key, bool value);
void gk_json_add_strings(struct gk_json_builder *b, cJSON *parent, const char *key,
			 const struct gk_strv *values);
/* The document as text on one line (pretty: indented), owned; NULL with err set if anything
 * failed. */
char *gk_json_builder_print(struct gk_json_builder *b, bool pretty, struct gk_error *err);

#endif
