/* IAM Identity Center: a role's credentials for the token that `aws sso login` left behind. */
#ifndef GK_AWS_SSO_H
#define GK_AWS_SSO_H

#include "aws/provider.h"

/* The credentials that sso_account_id and sso_role_name of a profile ask for; *ret_configured is
 * false if it has neither. A token that ends soon is renewed, and its file in ~/.aws/sso/cache is
 * written anew. GK_FAILED names what to run when it takes a person to log in. */
int aws_sso_find(const struct aws_provider_world *world, const char *profile, bool *ret_configured,
		 struct aws_credentials *ret, struct gk_error *err);

#endif
