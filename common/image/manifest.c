#include "image/manifest.h"

#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "image/artifact.h"
#include "image/text.h"

static void entry_done(struct manifest_entry *entry)
{
	for (size_t i = 0; i < entry->custom_count; i++) {
		free(entry->custom[i].key);
		free(entry->custom[i].value);
	}
	for (size_t i = 0; i < entry->image_count; i++) {
		free(entry->images[i].location);
		free(entry->images[i].id);
	}
	free(entry->custom);
	free(entry->images);
	free(entry->name);
	free(entry->builder_type);
	free(entry->artifact_id);
	free(entry->run);
	*entry = (struct manifest_entry){0};
}

void manifest_done(struct manifest *manifest)
{
	for (size_t i = 0; i < manifest->entry_count; i++)
		entry_done(&manifest->entries[i]);
	free(manifest->entries);
	free(manifest->last_run);
	*manifest = (struct manifest){0};
}

static int wrong_type(size_t index, const char *key, const char *wanted, struct gk_error *err)
{
	return gk_error_set(err, GK_FAILED, "builds[%zu].%s is no %s", index, key, wanted);
}

/* An absent one becomes "". */
static int read_string(const cJSON *object, size_t index, const char *key, char **ret,
		       struct gk_error *err)
{
	const char *value = NULL;

	if (gk_json_string(object, key, &value, NULL) < 0)
		return wrong_type(index, key, "string", err);
	return gk_str_set(ret, value ? value : "", err);
}

static int read_custom_value(const cJSON *member, size_t index, struct manifest_custom *custom,
			     struct gk_error *err)
{
	char shown[TEXT_QUOTE_SIZE];

	if (!cJSON_IsString(member) && !cJSON_IsNull(member))
		return gk_error_set(err, GK_FAILED, "builds[%zu].custom_data: the value of %s is no "
				    "string", index, text_quote(member->string, shown));
	if (gk_str_set(&custom->key, member->string, err) < 0)
		return -1;
	return gk_str_set(&custom->value, cJSON_IsNull(member) ? "" : member->valuestring, err);
}

static int read_custom(const cJSON *object, size_t index, struct manifest_entry *entry,
		       struct gk_error *err)
{
	const cJSON *data = NULL;
	const cJSON *member = NULL;

	if (gk_json_object(object, "custom_data", &data, NULL) < 0)
		return wrong_type(index, "custom_data", "object", err);
	cJSON_ArrayForEach(member, data) {
		struct manifest_custom *custom = gk_array_add(&entry->custom, &entry->custom_count,
							      sizeof(*custom), err);

		if (!custom || read_custom_value(member, index, custom, err) < 0)
			return -1;
	}
	return 0;
}

static int read_numbers_and_lists(const cJSON *object, size_t index, struct manifest_entry *entry,
				  struct gk_error *err)
{
	const cJSON *files = NULL;
	int64_t build_time = 0;

	if (gk_json_integer(object, "build_time", 0, &build_time, NULL) < 0)
		return wrong_type(index, "build_time", "whole number", err);
	if (gk_json_array(object, "files", &files, NULL) < 0)
		return wrong_type(index, "files", "list", err);
	entry->build_time = (time_t)build_time;
	return read_custom(object, index, entry, err);
}

static int read_entry(const cJSON *object, size_t index, struct manifest_entry *entry,
		      struct gk_error *err)
{
	if (!cJSON_IsObject(object))
		return gk_error_set(err, GK_FAILED, "builds[%zu] is no object", index);
	if (read_string(object, index, "name", &entry->name, err) < 0 ||
	    read_string(object, index, "builder_type", &entry->builder_type, err) < 0 ||
	    read_string(object, index, "artifact_id", &entry->artifact_id, err) < 0 ||
	    read_string(object, index, "packer_run_uuid", &entry->run, err) < 0 ||
	    read_numbers_and_lists(object, index, entry, err) < 0)
		return -1;
	return artifact_read(entry, err);
}

static int read_document(const cJSON *document, struct manifest *manifest, struct gk_error *err)
{
	const cJSON *builds = NULL;
	const cJSON *build = NULL;
	const char *last_run = NULL;
	size_t index = 0;

	if (!cJSON_IsObject(document))
		return gk_error_set(err, GK_FAILED, "it is no object");
	if (gk_json_string(document, "last_run_uuid", &last_run, err) < 0 ||
	    gk_json_array(document, "builds", &builds, err) < 0 ||
	    gk_str_set(&manifest->last_run, last_run ? last_run : "", err) < 0)
		return -1;
	cJSON_ArrayForEach(build, builds) {
		struct manifest_entry *entry = gk_array_add(
			&manifest->entries, &manifest->entry_count, sizeof(*entry), err);

		if (!entry || read_entry(build, index++, entry, err) < 0)
			return -1;
	}
	return 0;
}

/* Packer writes neither atomically nor under a lock that holds. */
static int parse_document(const char *text, size_t length, cJSON **ret, struct gk_error *err)
{
	struct gk_error why = {0};

	if (length == 0)
		return gk_error_set(err, GK_UNFINISHED, "manifest: empty, or just being written");
	if (gk_json_parse(text, length, ret, &why) == 0)
		return 0;
	if (why.code == GK_UNFINISHED)
		return gk_error_set(err, GK_UNFINISHED, "manifest: damaged by a concurrent write, "
				    "or cut: %.200s", why.message);
	return gk_error_set(err, why.code, "manifest: %.200s", why.message);
}

int manifest_parse(const char *text, size_t length, struct manifest *ret, struct gk_error *err)
{
	_cleanup_(gk_json_freep) cJSON *document = NULL;
	_cleanup_(manifest_done) struct manifest manifest = {0};

	if (parse_document(text, length, &document, err) < 0)
		return -1;
	if (read_document(document, &manifest, err) < 0)
		return gk_error_wrap(err, "manifest");
	*ret = manifest;
	manifest = (struct manifest){0};
	return 0;
}

int manifest_entry_check(const struct manifest_entry *entry, struct gk_error *err)
{
	char shown[TEXT_QUOTE_SIZE];

	if (artifact_check(entry->artifact_id, err) < 0)
		return gk_error_wrap(err, "build %s", text_quote(entry->name, shown));
	return 0;
}

const char *manifest_entry_custom(const struct manifest_entry *entry, const char *key)
{
	for (size_t i = 0; i < entry->custom_count; i++)
		if (strcmp(entry->custom[i].key, key) == 0 && entry->custom[i].value[0])
			return entry->custom[i].value;
	return NULL;
}
