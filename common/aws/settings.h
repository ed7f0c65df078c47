/*
 * What the environment and the shared files say, looked up once in the order of the AWS SDKs: what the
 * command was told, environment, shared files, default. An empty variable counts as unset.
 */
#ifndef GK_AWS_SETTINGS_H
#define GK_AWS_SETTINGS_H

#include <stdbool.h>

#include "aws/client.h"
#include "aws/profile.h"
#include "base/error.h"

/* Who says something. */
struct aws_origin {
	enum aws_origin_kind {
		AWS_ORIGIN_DEFAULT,  /* nobody does */
		AWS_ORIGIN_OPTION,   /* what the command was told */
		AWS_ORIGIN_VARIABLE,
		AWS_ORIGIN_FILE,
		AWS_ORIGIN_METADATA, /* the instance's own */
	} kind;
	const char *variable;                  /* AWS_ORIGIN_VARIABLE: its name */
	const struct aws_profile_entry *entry; /* AWS_ORIGIN_FILE: the key */
};

/* For people, owned: "$AWS_REGION", "profile dev in /home/me/.aws/config"; NULL with err set. */
char *aws_origin_text(const struct aws_origin *origin, struct gk_error *err);

/* What is said, and who says it; all borrowed from the environment and the files. */
struct aws_setting {
	const char *value; /* NULL: nothing is said */
	struct aws_origin from;
};

struct aws_settings {
	char *profile;         /* its name; never NULL */
	bool profile_by_flag;  /* the environment's keys are passed over */
	char *region;          /* NULL: none */
	char *endpoint_url;    /* by flag, for every service; NULL: none */
	bool ignore_endpoints; /* but for that one */
	bool fips, dual_stack;
	char *ca_bundle;       /* NULL: the system's */
	int max_attempts;      /* 0: each service's own */
	struct aws_profiles profiles;
	const char *(*getenv)(const char *name);
	/* Who said so. */
	struct {
		struct aws_origin profile, region, ca_bundle, max_attempts, ignore_endpoints, fips,
			dual_stack;
	} from;
};

/* GK_USAGE for a setting or file that is malformed, and for a profile that was asked for by name
 * and does not exist. */
int aws_settings_load(const struct aws_options *options, struct aws_settings *ret,
		      struct gk_error *err);
void aws_settings_done(struct aws_settings *settings);

/* A variable of the environment; NULL if unset or empty. */
const char *aws_settings_env(const struct aws_settings *settings, const char *name);

/* The variable. */
struct aws_setting aws_settings_find_variable(const struct aws_settings *settings,
					      const char *variable);

/* The key of the profile in use. */
struct aws_setting aws_settings_find_key(const struct aws_settings *settings, const char *key);

/* The variable, else the key of the profile in use. */
struct aws_setting aws_settings_find(const struct aws_settings *settings, const char *variable,
				     const char *key);

/* Its value; NULL if neither says anything. */
const char *aws_settings_look_up(const struct aws_settings *settings, const char *variable,
				 const char *key);

/* A count from 1 to `most` (more counts as `most`); the fallback for NULL. GK_USAGE, naming `name`. */
int aws_settings_count(const char *value, const char *name, int most, int fallback, int *ret,
		       struct gk_error *err);

/* True or false in any case, false for neither. GK_USAGE for anything else. `ret_from` may be NULL.
 * */
int aws_settings_switch(const struct aws_settings *settings, const char *variable, const char *key,
			bool *ret, struct aws_origin *ret_from, struct gk_error *err);

/* A path, owned, with the home folder in the place of a leading ~. */
char *aws_settings_path(const struct aws_settings *settings, const char *path,
			struct gk_error *err);

/* A key of the profile in use; NULL if unset or empty. */
const char *aws_settings_profile(const struct aws_settings *settings, const char *key);

/* The same of another profile. */
const char *aws_settings_profile_named(const struct aws_settings *settings, const char *profile,
				       const char *key);

/* Is it one host label? A region becomes part of a host name. */
bool aws_region_is_valid(const char *region);

#endif
