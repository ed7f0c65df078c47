/* The credentials that a profile asks for, which may take those of other profiles. */
#ifndef GK_AWS_ROLE_H
#define GK_AWS_ROLE_H

#include "aws/provider.h"
#include "base/strv.h"

/* A profile on the way from the one in use through source_profile. */
struct aws_profile_step {
	const struct aws_provider_world *world;
	const char *profile;
	struct gk_strv *visited; /* the names up to here */
	bool is_source;          /* keys that are written down come before a role, as in botocore */
};

/* What a profile may say, in order: a role, a web identity, IAM Identity Center, keys, a process. */
int aws_profile_find(const struct aws_profile_step *step, bool *ret_configured,
		     struct aws_credentials *ret, struct gk_error *err);

/* role_arn, with the keys of source_profile or credential_source. */
int aws_role_find(const struct aws_profile_step *step, bool *ret_configured,
		  struct aws_credentials *ret, struct gk_error *err);

/* web_identity_token_file, and its role_arn. The variables go before the keys of the profile, unless
 * a profile was asked for by flag or it is a source. The file is read each time. */
int aws_web_identity_find(const struct aws_profile_step *step, bool *ret_configured,
			  struct aws_credentials *ret, struct gk_error *err);

/* credential_process. */
int aws_process_find(const struct aws_profile_step *step, bool *ret_configured,
		     struct aws_credentials *ret, struct gk_error *err);

/* A key of the step's profile; NULL if unset or empty. */
const char *aws_profile_key(const struct aws_profile_step *step, const char *key);

#endif
