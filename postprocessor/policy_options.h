/* The retention options as a policy. */
#ifndef GK_POSTPROCESSOR_POLICY_OPTIONS_H
#define GK_POSTPROCESSOR_POLICY_OPTIONS_H

#include "image/plan.h"
#include "options.h"

/* What flags, environment and the family's section of goldkeep.ini ask for. policy.given tells
 * whether any keep rule was among it. GK_USAGE. */
int policy_from_options(const struct options *options, const char *family, struct policy *ret,
			struct gk_error *err);

#endif
