/*
 * A cloud for dry runs: it looks through another one, pretends that tagging, removing, deprecating
 * and the writing of pointers succeed, and shows what was pretended. Nothing is changed anywhere. A
 * pointer that could not be written is refused as it would be.
 */
#ifndef GK_CLOUD_REHEARSAL_H
#define GK_CLOUD_REHEARSAL_H

#include "cloud/cloud.h"

/* Takes over `base`, which is closed with the rehearsal; on failure it stays the caller's. */
int rehearsal_cloud_open(struct cloud *base, struct cloud **ret, struct gk_error *err);

#endif
