#include "image/plan.h"

#include <limits.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"

enum { DEFAULT_PRERELEASES = 1, DEFAULT_LAUNCHED_HOURS = 24, DEFAULT_MAX_REMOVE = 50 };

void policy_init(struct policy *policy)
{
	*policy = (struct policy){
		.keep_prereleases = DEFAULT_PRERELEASES,
		.unless_launched_within = {.hours = DEFAULT_LAUNCHED_HOURS},
		.max_remove = DEFAULT_MAX_REMOVE,
	};
}

static void add_duration(struct gk_json_builder *json, const char *key, struct duration duration)
{
	char text[DURATION_TEXT];

	gk_json_add_string(json, json->root, key, duration_format(duration, text));
}

char *policy_to_json(const struct policy *policy, struct gk_error *err)
{
	_cleanup_(gk_json_builder_done) struct gk_json_builder json = {0};

	if (gk_json_builder_init(&json, err) < 0)
		return NULL;
	gk_json_add_bool(&json, json.root, "given", policy->given);
	gk_json_add_integer(&json, json.root, "keep_last", policy->keep_last);
	add_duration(&json, "keep_within", policy->keep_within);
	gk_json_add_integer(&json, json.root, "keep_prereleases", policy->keep_prereleases);
	add_duration(&json, "unless_launched_within", policy->unless_launched_within);
	add_duration(&json, "min_age", policy->min_age);
	gk_json_add_bool(&json, json.root, "include_shared", policy->include_shared);
	gk_json_add_integer(&json, json.root, "max_remove", policy->max_remove);
	return gk_json_builder_print(&json, false, err);
}

/* Absent: left alone. */
static int read_count(const cJSON *object, const char *key, int *count, struct gk_error *err)
{
	int64_t value = 0;

	if (gk_json_integer(object, key, *count, &value, err) < 0)
		return -1;
	if (value < 0 || value > INT_MAX)
		return gk_error_set(err, GK_FAILED, "\"%s\" is out of range", key);
	*count = (int)value;
	return 0;
}

static int read_duration(const cJSON *object, const char *key, struct duration *duration,
			 struct gk_error *err)
{
	struct gk_error why = {0};
	const char *text = NULL;

	if (gk_json_string(object, key, &text, err) < 0)
		return -1;
	if (text && duration_parse(text, duration, &why) < 0)
		return gk_error_set(err, GK_FAILED, "\"%s\": %.200s", key, why.message);
	return 0;
}

static int read_members(const cJSON *object, struct policy *policy, struct gk_error *err)
{
	if (!cJSON_IsObject(object))
		return gk_error_set(err, GK_FAILED, "it is no object");
	if (gk_json_bool(object, "given", policy->given, &policy->given, err) < 0 ||
	    read_count(object, "keep_last", &policy->keep_last, err) < 0 ||
	    read_duration(object, "keep_within", &policy->keep_within, err) < 0 ||
	    read_count(object, "keep_prereleases", &policy->keep_prereleases, err) < 0 ||
	    read_duration(object, "unless_launched_within", &policy->unless_launched_within,
			  err) < 0 ||
	    read_duration(object, "min_age", &policy->min_age, err) < 0 ||
	    gk_json_bool(object, "include_shared", policy->include_shared,
			 &policy->include_shared, err) < 0 ||
	    read_count(object, "max_remove", &policy->max_remove, err) < 0)
		return -1;
	return 0;
}

int policy_from_json(const char *text, struct policy *ret, struct gk_error *err)
{
	_cleanup_(gk_json_freep) cJSON *object = NULL;
	struct policy policy;

	policy_init(&policy);
	if (gk_json_parse(text, strlen(text), &object, err) < 0 ||
	    read_members(object, &policy, err) < 0)
		return gk_error_wrap(err, "retention policy");
	*ret = policy;
	return 0;
}
