/*
 * What the options of a family ask of AWS: which features of goldkeep are in use, and on what.
 * doctor tries them, iam-policy allows them.
 */
#ifndef GK_POSTPROCESSOR_FEATURE_OPTIONS_H
#define GK_POSTPROCESSOR_FEATURE_OPTIONS_H

#include "context.h"
#include "lifecycle/lifecycle.h"

struct feature_options {
	struct release_order order; /* pointers, tags, policy, discard_duplicate */
	struct store_address store;
};

void feature_options_done(struct feature_options *features);

/* `family` NULL: what counts for those that goldkeep.ini has no section for. It is borrowed. GK_USAGE. */
int feature_options_read(const struct context *context, const char *family,
			 struct feature_options *ret, struct gk_error *err);

#endif
