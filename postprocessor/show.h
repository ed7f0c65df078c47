/* What commands about one release share. */
#ifndef GK_POSTPROCESSOR_SHOW_H
#define GK_POSTPROCESSOR_SHOW_H

#include "context.h"

/* Reads FAMILY VERSION, or VERSION alone where --family names the family. GK_USAGE. */
int show_arguments(struct context *context, bool need_version, const char **ret_family,
		   bool *ret_has_version, struct semver *ret_version, struct gk_error *err);

/* Reads --reason: one line. GK_USAGE. */
int show_reason(const struct options *options, const char *family, const char **ret,
		struct gk_error *err);

/* Prints a release with its channels and what happened to it, as text or as the document. Returns the exit
 * status, or -1. */
int show_release(struct context *context, const struct release *release, struct gk_error *err);

#endif
