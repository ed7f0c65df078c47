/* The keys that stand in the environment. */
#ifndef GK_AWS_ENVIRONMENT_H
#define GK_AWS_ENVIRONMENT_H

#include "aws/provider.h"

/* Whatever profile was asked for: for profiles whose credential_source is Environment. */
int aws_environment_find(const struct aws_settings *settings, bool *ret_configured,
			 struct aws_credentials *ret, struct gk_error *err);

#endif
