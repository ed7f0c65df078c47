/* The version options as a request. */
#ifndef GK_POSTPROCESSOR_VERSION_OPTIONS_H
#define GK_POSTPROCESSOR_VERSION_OPTIONS_H

#include "image/version.h"
#include "options.h"

/* What --version, --bump and --prerelease ask for, from flags, environment and the family's section
 * of goldkeep.ini. `custom` is what the build itself names (custom_data goldkeep_version): nearer
 * than a --bump that is no flag; NULL if it names none. GK_USAGE. */
int version_from_options(const struct options *options, const char *family, const char *custom,
			 struct version_request *ret, struct gk_error *err);

#endif
