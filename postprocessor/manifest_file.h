/* Reading packer-manifest.json from disk, patiently: Packer writes it non-atomically. */
#ifndef GK_POSTPROCESSOR_MANIFEST_FILE_H
#define GK_POSTPROCESSOR_MANIFEST_FILE_H

#include "base/clock.h"
#include "image/manifest.h"

/* A missing, empty or cut file is read again for up to 5 s. GK_FAILED: it stays so, or is no
 * manifest. */
int manifest_file_read(const char *path, const struct gk_clock *clock, struct manifest *ret,
		       struct gk_error *err);

#endif
