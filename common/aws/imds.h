/* What the instance metadata service of EC2 says besides credentials. Version 2 only. */
#ifndef GK_AWS_IMDS_H
#define GK_AWS_IMDS_H

#include "aws/provider.h"

/* The region that this instance is in, owned; NULL if there is no metadata service, or it is
 * switched off. GK_FAILED if it answers wrongly. */
int aws_imds_region(const struct aws_provider_world *world, char **ret, struct gk_error *err);

#endif
