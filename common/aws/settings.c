#include "aws/settings.h"

#include <ctype.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/mem.h"

enum { LABEL_MAX = 63, ATTEMPTS_MAX = 10, OWN_ATTEMPTS_MAX = 100 };

void aws_settings_done(struct aws_settings *settings)
{
	free(settings->profile);
	free(settings->region);
	free(settings->endpoint_url);
	free(settings->ca_bundle);
	aws_profiles_done(&settings->profiles);
	*settings = (struct aws_settings){0};
}

const char *aws_settings_env(const struct aws_settings *settings, const char *name)
{
	const char *value = settings->getenv(name);

	return value && value[0] ? value : NULL;
}

const char *aws_settings_profile(const struct aws_settings *settings, const char *key)
{
	return aws_settings_profile_named(settings, settings->profile, key);
}

const char *aws_settings_profile_named(const struct aws_settings *settings, const char *profile,
				       const char *key)
{
	return aws_profiles_get(&settings->profiles, AWS_SECTION_PROFILE, profile, key, NULL);
}

char *aws_origin_text(const struct aws_origin *origin, struct gk_error *err)
{
	static const char *const sections[] = {
		[AWS_SECTION_PROFILE] = "profile",
		[AWS_SECTION_SERVICES] = "services",
		[AWS_SECTION_SSO_SESSION] = "sso-session",
	};

	switch (origin->kind) {
	case AWS_ORIGIN_OPTION:
		return gk_str_format(err, "an option");
	case AWS_ORIGIN_VARIABLE:
		return gk_str_format(err, "$%s", origin->variable);
	case AWS_ORIGIN_FILE:
		return gk_str_format(err, "%s %s in %s", sections[origin->entry->section],
				     origin->entry->name, origin->entry->file);
	case AWS_ORIGIN_METADATA:
		return gk_str_format(err, "the instance's metadata");
	case AWS_ORIGIN_DEFAULT:
		break;
	}
	return gk_str_format(err, "the default");
}

static struct aws_setting find_option(const char *value)
{
	if (!value || !value[0])
		return (struct aws_setting){0};
	return (struct aws_setting){value, {.kind = AWS_ORIGIN_OPTION}};
}

struct aws_setting aws_settings_find_variable(const struct aws_settings *settings,
					      const char *variable)
{
	const char *value = aws_settings_env(settings, variable);

	if (!value)
		return (struct aws_setting){0};
	return (struct aws_setting){value, {.kind = AWS_ORIGIN_VARIABLE, .variable = variable}};
}

struct aws_setting aws_settings_find_key(const struct aws_settings *settings, const char *key)
{
	const struct aws_profile_entry *entry = aws_profiles_find(
		&settings->profiles, AWS_SECTION_PROFILE, settings->profile, key, NULL);

	if (!entry)
		return (struct aws_setting){0};
	return (struct aws_setting){entry->value, {.kind = AWS_ORIGIN_FILE, .entry = entry}};
}

struct aws_setting aws_settings_find(const struct aws_settings *settings, const char *variable,
				     const char *key)
{
	struct aws_setting found = aws_settings_find_variable(settings, variable);

	return found.value ? found : aws_settings_find_key(settings, key);
}

const char *aws_settings_look_up(const struct aws_settings *settings, const char *variable,
				 const char *key)
{
	return aws_settings_find(settings, variable, key).value;
}

bool aws_region_is_valid(const char *region)
{
	size_t length = strlen(region);
	bool digits_only = true;

	if (length == 0 || length > LABEL_MAX || region[0] == '-' || region[length - 1] == '-')
		return false;
	for (const char *c = region; *c; c++) {
		if (!isalnum((unsigned char)*c) && *c != '-')
			return false;
		digits_only = digits_only && isdigit((unsigned char)*c);
	}
	return !digits_only;
}

static const char *home_folder(const struct aws_settings *settings)
{
	const char *home = aws_settings_env(settings, "HOME");
	const struct passwd *user = home ? NULL : getpwuid(getuid());

	return user ? user->pw_dir : home;
}

char *aws_settings_path(const struct aws_settings *settings, const char *path,
			struct gk_error *err)
{
	const char *home = home_folder(settings);

	if (path[0] != '~' || (path[1] != '/' && path[1] != '\0'))
		return gk_str_format(err, "%s", path);
	return gk_str_format(err, "%s%s", home ? home : "", path + 1);
}

/* Path of a shared file, owned. */
static char *file_path(const struct aws_settings *settings, const char *variable,
		       const char *standard, struct gk_error *err)
{
	const char *path = aws_settings_env(settings, variable);

	return aws_settings_path(settings, path ? path : standard, err);
}

static int choose_profile(struct aws_settings *settings, const struct aws_options *options,
			  bool *ret_named, struct gk_error *err)
{
	struct aws_setting name = find_option(options->profile);

	settings->profile_by_flag = name.value != NULL;
	if (!name.value)
		name = aws_settings_find_variable(settings, "AWS_PROFILE");
	if (!name.value)
		name = aws_settings_find_variable(settings, "AWS_DEFAULT_PROFILE");
	*ret_named = name.value != NULL;
	settings->from.profile = name.from;
	return gk_str_set(&settings->profile, name.value ? name.value : "default", err);
}

static int load_files(struct aws_settings *settings, bool profile_named, struct gk_error *err)
{
	_cleanup_free_ char *config = file_path(settings, "AWS_CONFIG_FILE", "~/.aws/config", err);
	_cleanup_free_ char *credentials = file_path(settings, "AWS_SHARED_CREDENTIALS_FILE",
						     "~/.aws/credentials", err);

	if (!config || !credentials ||
	    aws_profiles_load(config, credentials, &settings->profiles, err) < 0)
		return -1;
	if (profile_named &&
	    !aws_profiles_has(&settings->profiles, AWS_SECTION_PROFILE, settings->profile))
		return gk_error_set(err, GK_USAGE, "the AWS profile %s is neither in %s nor in %s",
				    settings->profile, config, credentials);
	return 0;
}

int aws_settings_switch(const struct aws_settings *settings, const char *variable, const char *key,
			bool *ret, struct aws_origin *ret_from, struct gk_error *err)
{
	const struct aws_setting found = aws_settings_find(settings, variable, key);
	const char *value = found.value;

	if (value && strcasecmp(value, "true") != 0 && strcasecmp(value, "false") != 0)
		return gk_error_set(err, GK_USAGE, "%s (%s) is neither true nor false: %s",
				    variable, key, value);
	*ret = value && strcasecmp(value, "true") == 0;
	if (ret_from)
		*ret_from = found.from;
	return 0;
}

int aws_settings_count(const char *value, const char *name, int most, int fallback, int *ret,
		       struct gk_error *err)
{
	int number = 0;

	if (!value) {
		*ret = fallback;
		return 0;
	}
	for (const char *c = value; isdigit((unsigned char)*c) && number < most; c++)
		number = number * 10 + (*c - '0');
	if (value[strspn(value, "0123456789")] || number < 1)
		return gk_error_set(err, GK_USAGE, "%s is no number from 1: %s", name, value);
	*ret = number < most ? number : most;
	return 0;
}

/* Packer uses AWS_MAX_ATTEMPTS for its waiters and people set it to hundreds. */
static int set_attempts(struct aws_settings *settings, struct gk_error *err)
{
	struct aws_setting own = aws_settings_find_variable(settings, "GOLDKEEP_MAX_ATTEMPTS");
	struct aws_setting shared = aws_settings_find(settings, "AWS_MAX_ATTEMPTS", "max_attempts");

	settings->from.max_attempts = own.value ? own.from : shared.from;
	if (own.value)
		return aws_settings_count(own.value, "GOLDKEEP_MAX_ATTEMPTS", OWN_ATTEMPTS_MAX, 0,
					  &settings->max_attempts, err);
	return aws_settings_count(shared.value, "AWS_MAX_ATTEMPTS", ATTEMPTS_MAX, 0,
				  &settings->max_attempts, err);
}

static int set_region(struct aws_settings *settings, const struct aws_options *options,
		      struct gk_error *err)
{
	struct aws_setting region = find_option(options->region);

	if (!region.value)
		region = aws_settings_find_variable(settings, "AWS_REGION");
	if (!region.value)
		region = aws_settings_find(settings, "AWS_DEFAULT_REGION", "region");
	if (region.value && !aws_region_is_valid(region.value))
		return gk_error_set(err, GK_USAGE, "this is no AWS region: %s", region.value);
	settings->from.region = region.from;
	return gk_str_set(&settings->region, region.value, err);
}

static int set_switches(struct aws_settings *settings, struct gk_error *err)
{
	struct {
		const char *variable, *key;
		bool *value;
		struct aws_origin *from;
	} switches[] = {
		{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls",
		 &settings->ignore_endpoints, &settings->from.ignore_endpoints},
		{"AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint", &settings->fips,
		 &settings->from.fips},
		{"AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint", &settings->dual_stack,
		 &settings->from.dual_stack},
	};

	for (size_t i = 0; i < ARRAY_SIZE(switches); i++)
		if (aws_settings_switch(settings, switches[i].variable, switches[i].key,
					switches[i].value, switches[i].from, err) < 0)
			return -1;
	return 0;
}

static int set_others(struct aws_settings *settings, const struct aws_options *options,
		      struct gk_error *err)
{
	struct aws_setting endpoint = find_option(options->endpoint_url);
	struct aws_setting ca_bundle = aws_settings_find(settings, "AWS_CA_BUNDLE", "ca_bundle");

	settings->from.ca_bundle = ca_bundle.from;
	if (gk_str_set(&settings->endpoint_url, endpoint.value, err) < 0 ||
	    gk_str_set(&settings->ca_bundle, ca_bundle.value, err) < 0)
		return -1;
	return set_switches(settings, err);
}

static const char *process_getenv(const char *name)
{
	return getenv(name);
}

int aws_settings_load(const struct aws_options *options, struct aws_settings *ret,
		      struct gk_error *err)
{
	_cleanup_(aws_settings_done) struct aws_settings settings = {0};
	bool named = false;

	settings.getenv = options->getenv ? options->getenv : process_getenv;
	if (choose_profile(&settings, options, &named, err) < 0 ||
	    load_files(&settings, named, err) < 0 || set_region(&settings, options, err) < 0 ||
	    set_attempts(&settings, err) < 0 || set_others(&settings, options, err) < 0)
		return -1;
	*ret = settings;
	settings = (struct aws_settings){0};
	return 0;
}
