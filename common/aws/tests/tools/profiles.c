/*
 * Says what shared files come to, for postprocessor/tests/test_shared_files.py: reads lines from
 * standard input that name a config and a credentials file, and prints one JSON object for each:
 *
 *	{"profiles": {"dev": {"region": "eu-west-1", "s3": {"subkey": "value"}}},
 *	 "services": {}, "sso_sessions": {}}
 *
 * or {"error": "why they cannot be read"}.
 */
#include <stdio.h>
#include <string.h>

#include "aws/profile.h"
#include "base/json.h"
#include "base/mem.h"

static cJSON *member(struct gk_json_builder *json, cJSON *parent, const char *name)
{
	cJSON *found = cJSON_GetObjectItemCaseSensitive(parent, name);

	return cJSON_IsObject(found) ? found : gk_json_add_object(json, parent, name);
}

/* A key comes before its subkeys. */
static void add_entry(struct gk_json_builder *json, const struct aws_profile_entry *entry)
{
	static const char *const kinds[] = {
		[AWS_SECTION_PROFILE] = "profiles",
		[AWS_SECTION_SERVICES] = "services",
		[AWS_SECTION_SSO_SESSION] = "sso_sessions",
	};
	cJSON *section = member(json, member(json, json->root, kinds[entry->section]), entry->name);

	if (!entry->key)
		return;
	if (!entry->subkey) {
		gk_json_add_string(json, section, entry->key, entry->value);
		return;
	}
	if (cJSON_IsString(cJSON_GetObjectItemCaseSensitive(section, entry->key)))
		cJSON_DeleteItemFromObjectCaseSensitive(section, entry->key);
	gk_json_add_string(json, member(json, section, entry->key), entry->subkey, entry->value);
}

static char *describe(const char *config, const char *credentials, struct gk_error *err)
{
	_cleanup_(gk_json_builder_done) struct gk_json_builder json = {0};
	_cleanup_(aws_profiles_done) struct aws_profiles profiles = {0};
	struct gk_error failure = {0};

	if (gk_json_builder_init(&json, err) < 0)
		return NULL;
	if (aws_profiles_load(config, credentials, &profiles, &failure) < 0) {
		gk_json_add_string(&json, json.root, "error", failure.message);
		return gk_json_builder_print(&json, false, err);
	}
	member(&json, json.root, "profiles");
	member(&json, json.root, "services");
	member(&json, json.root, "sso_sessions");
	for (size_t i = 0; i < profiles.count; i++)
		add_entry(&json, &profiles.items[i]);
	return gk_json_builder_print(&json, false, err);
}

int main(void)
{
	_cleanup_free_ char *line = NULL;
	size_t room = 0;

	while (getline(&line, &room, stdin) > 0) {
		char *rest = line;
		const char *config = strsep(&rest, " ");
		const char *credentials = strsep(&rest, "\n");
		struct gk_error err = {0};
		_cleanup_free_ char *text = credentials ? describe(config, credentials, &err) : NULL;

		if (!text || puts(text) < 0)
			return 1;
	}
	return 0;
}
