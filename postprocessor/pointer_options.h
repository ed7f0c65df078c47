/* The names under which commands are asked to publish. */
#ifndef GK_POSTPROCESSOR_POINTER_OPTIONS_H
#define GK_POSTPROCESSOR_POINTER_OPTIONS_H

#include "options.h"

/* Adds what --publish-ssm says, checked, each name once. GK_USAGE. */
int pointers_from_options(const struct options *options, const char *family, struct gk_strv *ret,
			  struct gk_error *err);

#endif
