/* A role for a token that somebody else has signed: STS AssumeRoleWithWebIdentity, without keys. */
#ifndef GK_AWS_WEB_IDENTITY_H
#define GK_AWS_WEB_IDENTITY_H

#include "aws/provider.h"

struct aws_web_identity {
	const char *role_arn;
	const char *session_name; /* NULL: "goldkeep-" and the time */
	const char *token;
};

/* At the regional STS of the settings. An identity provider that STS does not reach, and a token
 * that it does not know yet, are tried three times. GK_FAILED with the code of STS. */
int aws_web_identity_assume(const struct aws_provider_world *world,
			    const struct aws_web_identity *identity, struct aws_credentials *ret,
			    struct gk_error *err);

#endif
