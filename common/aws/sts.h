/* Roles: keys for a while, from STS. */
#ifndef GK_AWS_STS_H
#define GK_AWS_STS_H

#include "aws/provider.h"

/* What is NULL is left out. */
struct aws_sts_role {
	const char *arn;
	const char *session_name; /* NULL: "goldkeep-" and the time */
	const char *external_id;
	const char *duration;     /* seconds */
	const char *token;        /* of a web identity, which takes the place of a signature */
};

/* AssumeRole, signed with `signer`; or AssumeRoleWithWebIdentity, without a signature, if there is a
 * token. At the STS of the region that is set, or else of one in the role's partition, with the
 * standard retries; a token that STS does not know yet is tried three times. GK_FAILED with the role
 * and the code of STS. */
int aws_sts_assume(const struct aws_provider_world *world, const struct aws_sts_role *role,
		   const struct aws_credentials *signer, struct aws_credentials *ret,
		   struct gk_error *err);

#endif
