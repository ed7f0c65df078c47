/*
 * Which images a consumer gets: the release that a selector means, of it the images that were asked
 * for, and whether they can be used. What is refused or not there is told with what there is
 * instead. Changes nothing.
 */
#ifndef GK_POSTPROCESSOR_RESOLVE_H
#define GK_POSTPROCESSOR_RESOLVE_H

#include "cloud/cloud.h"
#include "image/selector.h"
#include "inventory/inventory.h"

/*
 * The release. Of a range the highest that is live or deprecated and not revoked. `asked` is the
 * selector as it was given, for messages. Channels and exact versions take a fixed number of reads,
 * ranges go over what is alive.
 *
 * GK_NOT_FOUND: no such family, channel or version, nothing in the range, or a state in which
 * nothing can be launched. GK_REFUSED: the very release that is meant is revoked.
 */
int resolve_choose(struct inventory *inventory, const struct selector *selector,
		   const char *asked, struct release *ret, struct gk_error *err);

/* Takes away the images of other regions (empty list: none) and of other architectures (NULL:
 * none), and what consumers cannot use. GK_NOT_FOUND: none is left, or none in one of the regions;
 * says what there is. */
int resolve_filter(struct release *release, const struct gk_strv *regions,
		   const char *architecture, struct gk_error *err);

/* Asks the cloud for all images of the release at once. GK_NOT_FOUND: one of them is not there,
 * not ours, or cannot be launched. GK_FAILED: it could not be asked. */
int resolve_check(struct cloud *cloud, const struct release *release, struct gk_error *err);

#endif
