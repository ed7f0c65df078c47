#include "aws/profile.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/ini.h"
#include "base/mem.h"

enum { FILE_MAX = 1 << 20 };

static void entry_done(struct aws_profile_entry *entry)
{
	gk_wipep(&entry->value);
	free(entry->name);
	free(entry->key);
	free(entry->subkey);
}

void aws_profiles_done(struct aws_profiles *profiles)
{
	for (size_t i = 0; i < profiles->count; i++)
		entry_done(&profiles->items[i]);
	free(profiles->items);
	gk_strv_done(&profiles->files);
	*profiles = (struct aws_profiles){0};
}

/* What is not there comes first. */
static int compare_text(const char *a, const char *b)
{
	if (!a || !b)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

static int compare_places(const void *a, const void *b)
{
	const struct aws_profile_entry *one = a;
	const struct aws_profile_entry *other = b;
	int order = (int)one->section - (int)other->section;

	if (order == 0)
		order = strcmp(one->name, other->name);
	if (order == 0)
		order = compare_text(one->key, other->key);
	return order ? order : compare_text(one->subkey, other->subkey);
}

static int compare_entries(const void *a, const void *b)
{
	const struct aws_profile_entry *one = a;
	const struct aws_profile_entry *other = b;
	int order = compare_places(a, b);

	return order ? order : (one->order > other->order) - (one->order < other->order);
}

/* Sorts what was appended; of several entries for one place the last one stays. */
static void settle(struct aws_profiles *profiles)
{
	size_t kept = 0;

	if (profiles->count > 0)
		qsort(profiles->items, profiles->count, sizeof(*profiles->items), compare_entries);
	for (size_t i = 0; i < profiles->count; i++) {
		struct aws_profile_entry *entry = &profiles->items[i];

		if (kept > 0 && compare_places(entry, &profiles->items[kept - 1]) == 0)
			entry_done(&profiles->items[--kept]);
		profiles->items[kept] = *entry;
		profiles->items[kept++].order = 0;
	}
	profiles->count = kept;
}

static const struct aws_profile_entry *find(const struct aws_profiles *profiles,
					    enum aws_section section, const char *name,
					    const char *key, const char *subkey)
{
	const struct aws_profile_entry wanted = {
		.section = section,
		.name = (char *)name,
		.key = (char *)key,
		.subkey = (char *)subkey,
	};

	return profiles->count == 0 ? NULL
				    : bsearch(&wanted, profiles->items, profiles->count,
					      sizeof(wanted), compare_places);
}

bool aws_profiles_has(const struct aws_profiles *profiles, enum aws_section section,
		      const char *name)
{
	return find(profiles, section, name, NULL, NULL) != NULL;
}

const struct aws_profile_entry *aws_profiles_find(const struct aws_profiles *profiles,
						  enum aws_section section, const char *name,
						  const char *key, const char *subkey)
{
	const struct aws_profile_entry *entry = find(profiles, section, name, key, subkey);

	return entry && entry->value && entry->value[0] ? entry : NULL;
}

const char *aws_profiles_get(const struct aws_profiles *profiles, enum aws_section section,
			     const char *name, const char *key, const char *subkey)
{
	const struct aws_profile_entry *entry =
		aws_profiles_find(profiles, section, name, key, subkey);

	return entry ? entry->value : NULL;
}

/* An entry of the file that was begun last. */
static int append(struct aws_profiles *profiles, enum aws_section section, const char *name,
		  const struct gk_ini_property *from, struct gk_error *err)
{
	size_t order = profiles->count + 1;
	struct aws_profile_entry *entry =
		gk_array_add(&profiles->items, &profiles->count, sizeof(*entry), err);

	if (!entry)
		return -1;
	entry->section = section;
	entry->file = profiles->files.items[profiles->files.count - 1];
	entry->order = order;
	if (gk_str_set(&entry->name, name, err) < 0 ||
	    gk_str_set(&entry->key, from->key, err) < 0 ||
	    gk_str_set(&entry->subkey, from->subkey, err) < 0 ||
	    gk_str_set(&entry->value, from->value, err) < 0)
		return -1;
	return 0;
}

/* A name as it stands behind "profile ": one word, or in quotes. NULL (err untouched) for anything
 * else. */
static char *read_name(const char *text, struct gk_error *err)
{
	size_t length = strlen(text);
	char quote = text[0];
	char *name = NULL;

	if ((quote == '"' || quote == '\'') && length > 2 && text[length - 1] == quote &&
	    strchr(text + 1, quote) == text + length - 1)
		name = strndup(text + 1, length - 2);
	else if (length > 0 && !strpbrk(text, " \"'"))
		name = strdup(text);
	else
		return NULL;
	if (!name)
		gk_error_memory(err);
	return name;
}

/* In the credentials file a name needs no quotes. */
static char *read_whole_name(const char *text, struct gk_error *err)
{
	char *name = read_name(text, err);

	return name || err->code ? name : gk_str_format(err, "%s", text);
}

/* Which section of the config file it is; the name is owned. NULL if it is none of ours. */
static char *read_section(const char *text, enum aws_section *ret, bool *ret_prefixed,
			  struct gk_error *err)
{
	static const struct {
		const char *prefix;
		enum aws_section section;
	} kinds[] = {
		{"profile ", AWS_SECTION_PROFILE},
		{"services ", AWS_SECTION_SERVICES},
		{"sso-session ", AWS_SECTION_SSO_SESSION},
	};

	*ret = AWS_SECTION_PROFILE;
	*ret_prefixed = false;
	if (strcmp(text, "default") == 0)
		return read_name(text, err);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		size_t length = strlen(kinds[i].prefix);

		if (strncmp(text, kinds[i].prefix, length) != 0)
			continue;
		*ret = kinds[i].section;
		*ret_prefixed = true;
		return read_name(text + length, err);
	}
	return NULL;
}

/* Is there a [profile default]? It wins, and [default] is passed over entirely. */
static bool has_prefixed_default(const struct gk_ini *ini)
{
	for (size_t i = 0; i < ini->count; i++) {
		const char *section = ini->items[i].section;

		if (strcmp(section, "profile default") == 0 ||
		    strcmp(section, "profile \"default\"") == 0 ||
		    strcmp(section, "profile 'default'") == 0)
			return true;
	}
	return false;
}

static int add_config(struct aws_profiles *profiles, const struct gk_ini *ini,
		      struct gk_error *err)
{
	bool skip_plain = has_prefixed_default(ini);

	for (size_t i = 0; i < ini->count; i++) {
		const struct gk_ini_property *property = &ini->items[i];
		enum aws_section section = AWS_SECTION_PROFILE;
		struct gk_error memory = {0};
		bool prefixed = false;
		_cleanup_free_ char *name = read_section(property->section, &section, &prefixed,
							 &memory);

		if (!name && memory.code)
			return gk_error_memory(err);
		if (!name || (skip_plain && !prefixed))
			continue;
		if (append(profiles, section, name, property, err) < 0)
			return -1;
	}
	settle(profiles);
	return 0;
}

int aws_profiles_add_config(struct aws_profiles *profiles, const char *text, size_t length,
			    const char *source, struct gk_error *err)
{
	_cleanup_(gk_ini_done) struct gk_ini ini = {0};

	if (gk_ini_parse(text, length, source, &ini, err) < 0 ||
	    gk_strv_add(&profiles->files, source, err) < 0)
		return -1;
	return add_config(profiles, &ini, err);
}

int aws_profiles_add_credentials(struct aws_profiles *profiles, const char *text, size_t length,
				 const char *source, struct gk_error *err)
{
	_cleanup_(gk_ini_done) struct gk_ini ini = {0};

	if (gk_ini_parse(text, length, source, &ini, err) < 0 ||
	    gk_strv_add(&profiles->files, source, err) < 0)
		return -1;
	for (size_t i = 0; i < ini.count; i++) {
		const struct gk_ini_property *property = &ini.items[i];
		struct gk_error memory = {0};
		_cleanup_free_ char *name = read_whole_name(property->section, &memory);

		if (!name)
			return gk_error_memory(err);
		if (append(profiles, AWS_SECTION_PROFILE, name, property, err) < 0)
			return -1;
	}
	settle(profiles);
	return 0;
}

/* Adds what a file says; a missing one says nothing. */
static int load(struct aws_profiles *profiles, const char *path,
		int (*add)(struct aws_profiles *profiles, const char *text, size_t length,
			   const char *source, struct gk_error *err),
		struct gk_error *err)
{
	_cleanup_(gk_buf_wipe) struct gk_buf text = {0};
	struct gk_error failure = {0};

	if (gk_file_read(path, FILE_MAX, &text, &failure) == 0)
		return add(profiles, gk_buf_text(&text), text.length, path, err);
	if (failure.code == GK_NOT_FOUND)
		return 0;
	return gk_error_set(err, GK_USAGE, "%s", failure.message);
}

int aws_profiles_load(const char *config_path, const char *credentials_path,
		      struct aws_profiles *ret, struct gk_error *err)
{
	_cleanup_(aws_profiles_done) struct aws_profiles profiles = {0};

	if (load(&profiles, config_path, aws_profiles_add_config, err) < 0 ||
	    load(&profiles, credentials_path, aws_profiles_add_credentials, err) < 0)
		return -1;
	*ret = profiles;
	profiles = (struct aws_profiles){0};
	return 0;
}
