/*
 * Files and folders as entries of a fingerprint. A file that is named stands under the last part of
 * its path, one in a folder under its path below that folder; the folder's own name, file times and
 * permissions do not count, and neither do empty folders. `.git` in a folder is left out. Links are
 * followed. Names are bytes.
 */
#ifndef GK_POSTPROCESSOR_FINGERPRINT_FILES_H
#define GK_POSTPROCESSOR_FINGERPRINT_FILES_H

#include "image/fingerprint.h"

/* GK_FAILED, naming the path: it is not there, cannot be read, is neither file nor folder, or leads
 * back to a folder that it is in. Never blocks, and needs no memory for contents. */
int fingerprint_files_add(struct fingerprint *fingerprint, const char *path, struct gk_error *err);

#endif
