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
};

/* GK_USAGE for a setting or file that is malformed, and for a profile that was asked for by name
 * and does not exist. */
int aws_settings_load(const struct aws_options *options, struct aws_settings *ret,
		      struct gk_error *err);
void aws_settings_done(struct aws_settings *settings);

/* A variable of the environment; NULL if unset or empty. */
const char *aws_settings_env(const struct aws_settings *settings, const char *name);

/* The variable, else the key of the profile in use; NULL if neither says anything. */
const char *aws_settings_look_up(const struct aws_settings *settings, const char *variable,
				 const char *key);

/* A count from 1 to `most` (more counts as `most`); the fallback for NULL. GK_USAGE, naming `name`. */
int aws_settings_count(const char *value, const char *name, int most, int fallback, int *ret,
		       struct gk_error *err);

/* True or false in any case, false for neither. GK_USAGE for anything else. */
int aws_settings_switch(const struct aws_settings *settings, const char *variable, const char *key,
			bool *ret, struct gk_error *err);

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
