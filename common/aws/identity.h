/* Whose credentials they are, as STS says (STS API Reference, GetCallerIdentity). */
#ifndef GK_AWS_IDENTITY_H
#define GK_AWS_IDENTITY_H

#include "aws/client.h"

struct aws_caller {
	char *account;   /* "123456789012" */
	char *arn;       /* "arn:aws:sts::123456789012:assumed-role/ci/web" */
	char *partition; /* "aws", out of the ARN */
};

void aws_caller_done(struct aws_caller *caller);

/* Asks in the region (NULL: the configured one, else us-east-1, as the AWS CLI does), which needs no
 * permission. */
int aws_caller_find(struct aws_client *client, const char *region, struct aws_caller *ret,
		    struct gk_error *err);

#endif
