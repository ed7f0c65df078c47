/* What of AWS the options have goldkeep use. */
#ifndef GK_POSTPROCESSOR_FEATURE_OPTIONS_H
#define GK_POSTPROCESSOR_FEATURE_OPTIONS_H

#include "aws/permission.h"
#include "context.h"

/* A release, and of enum aws_feature what flags, environment and the family's section of goldkeep.ini
 * ask for: --publish-ssm, a keep rule or --on-duplicate discard, --store dynamodb:. GK_USAGE. */
int features_from_options(const struct context *context, const char *family, unsigned *ret,
			  struct gk_error *err);

/* "release", "publish", "revoke", "retention", "inventory", "init": of one bit. */
const char *feature_name(enum aws_feature feature);

#endif
