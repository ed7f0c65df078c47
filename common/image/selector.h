/*
 * What a consumer asks for: FAMILY (its channel latest), FAMILY:CHANNEL, or FAMILY@RANGE. Neither
 * families nor channels have : or @ in them. Pure.
 */
#ifndef GK_IMAGE_SELECTOR_H
#define GK_IMAGE_SELECTOR_H

#include "image/range.h"

struct selector {
	char *family;
	char *channel; /* NULL: the range is meant */
	struct range range;
};

void selector_done(struct selector *selector);

/* GK_USAGE with what is wrong with it. */
int selector_parse(const char *text, struct selector *ret, struct gk_error *err);

#endif
