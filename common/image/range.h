/*
 * Which versions are meant, in npm's words (node-semver, "Ranges"). Pure, values without
 * allocation.
 *
 *   1.4.2            that one; may be a pre-release
 *   1.4  1.4.x  1.x  1  *    any with these numbers; x, X and * may stand for the numbers on the
 *                    right
 *   ^1.4.2           below the next number that is not zero on the left: <2.0.0; ^0.2.3: <0.3.0
 *   ~1.4.2  ~1.4     below the next minor: <1.5.0; ~1: <2.0.0
 *   >=1.2 <2         comparators (< <= > >= =), all of which must hold; of a version that is not
 *                    complete, >1.2 is >=1.3.0, <=1.2 is <1.3.0
 *
 * A pre-release lies in a range only if one of the comparators names a pre-release of the same
 * core: >=1.5.0-rc.1 has 1.5.0-rc.2 in it, and not 1.6.0-rc.1. Build metadata plays no part.
 *
 * Other than npm: no ||, no ~> and no 1.2 - 2.0, no v in front, an empty range is malformed, and so
 * is what nothing could lie in by its form (>* and <*).
 */
#ifndef GK_IMAGE_RANGE_H
#define GK_IMAGE_RANGE_H

#include "image/semver.h"

enum { RANGE_COMPARATORS_MAX = 16 };

enum range_operator { RANGE_EQUAL, RANGE_BELOW, RANGE_UP_TO, RANGE_ABOVE, RANGE_FROM };

struct range_comparator {
	enum range_operator operator;
	struct semver version;
};

struct range {
	struct range_comparator comparators[RANGE_COMPARATORS_MAX];
	size_t count; /* none: any release */
	bool exact;   /* comparators[0].version is meant and no other one */
};

/* GK_USAGE with what is wrong with it. */
int range_parse(const char *text, struct range *ret, struct gk_error *err);

bool range_has(const struct range *range, const struct semver *version);

#endif
