/*
 * What an artifact_id of Packer's manifest names: images, when it is made of
 * region:ami-… parts with commas between; else something that is no image: a file, a volume.
 */
#ifndef GK_IMAGE_ARTIFACT_H
#define GK_IMAGE_ARTIFACT_H

#include "image/manifest.h"

/* Fills images and image_count of an entry from its artifact_id, identical parts only once. A
 * malformed one gives none: artifact_check tells. Fails for want of memory only. */
int artifact_read(struct manifest_entry *entry, struct gk_error *err);

/* GK_FAILED if it holds region:ami-… parts, but not only good ones. */
int artifact_check(const char *artifact_id, struct gk_error *err);

/* True if the entry has that image. */
bool artifact_has_image(const struct manifest_entry *entry, const struct manifest_image *image);

#endif
