/*
 * The shared files ~/.aws/config and ~/.aws/credentials, merged into one list of settings per
 * profile. Source of every rule: AWS SDKs and Tools Reference Guide; botocore, aws-c-sdkutils.
 */
#ifndef GK_AWS_PROFILE_H
#define GK_AWS_PROFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/strv.h"

enum aws_section { AWS_SECTION_PROFILE, AWS_SECTION_SERVICES, AWS_SECTION_SSO_SESSION };

struct aws_profile_entry {
	enum aws_section section;
	char *name;   /* of the section: "default", "dev" */
	char *key;    /* lower case; NULL: the section exists */
	char *subkey; /* lower case, or NULL */
	char *value;
	const char *file; /* that says so; borrowed from the list of files */
	size_t order; /* where it came, until the list is sorted */
};

/* Sorted, so that a file with thousands of profiles takes no longer to look up. */
struct aws_profiles {
	struct aws_profile_entry *items;
	size_t count;
	struct gk_strv files; /* that were read */
};

/* Wipes: profiles hold secrets. */
void aws_profiles_done(struct aws_profiles *profiles);

/* Adds the content of one file. The credentials file has to come second: it wins key by key.
 * `source` names the file in messages. GK_USAGE for what cannot be read. */
int aws_profiles_add_config(struct aws_profiles *profiles, const char *text, size_t length,
			    const char *source, struct gk_error *err);
int aws_profiles_add_credentials(struct aws_profiles *profiles, const char *text, size_t length,
				 const char *source, struct gk_error *err);

/* Reads both files; one that is missing adds nothing. */
int aws_profiles_load(const char *config_path, const char *credentials_path,
		      struct aws_profiles *ret, struct gk_error *err);

bool aws_profiles_has(const struct aws_profiles *profiles, enum aws_section section,
		      const char *name);

/* What is said of a key, borrowed; NULL if it is not there or empty. subkey NULL for a plain key. */
const struct aws_profile_entry *aws_profiles_find(const struct aws_profiles *profiles,
						  enum aws_section section, const char *name,
						  const char *key, const char *subkey);

/* Its value. */
const char *aws_profiles_get(const struct aws_profiles *profiles, enum aws_section section,
			     const char *name, const char *key, const char *subkey);

#endif
