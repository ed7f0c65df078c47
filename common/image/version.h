/*
 * Which version a new release gets: a request, and the rules that turn it into a version. Pure; the
 * inventory answers the two questions that the rules ask (the highest version ever allocated in a
 * range of sort keys).
 *
 *   exact        1.4.2            that one
 *   line         1.4, 1.4.x, 2.x  the next patch, or minor, of that line; its first is 1.4.0, 2.0.0
 *   bump         patch (default)  from the highest version ever allocated; the first is 0.1.0
 *   prerelease   rc               1.5.0-rc.1, then -rc.2; the next bump without it gives 1.5.0. The same
 *                                 bump with it goes on with the pre-releases that it would arrive at
 *                                 (so that one command line makes the whole series).
 */
#ifndef GK_IMAGE_VERSION_H
#define GK_IMAGE_VERSION_H

#include "image/semver.h"

enum version_kind { VERSION_BUMP, VERSION_LINE, VERSION_EXACT };

struct version_request {
	enum version_kind kind;
	enum semver_level bump;            /* also of a line: SEMVER_PATCH for 1.4, MINOR for 2.x */
	struct semver exact;               /* kind EXACT */
	uint64_t line[2];                  /* kind LINE: major, and minor if bump is SEMVER_PATCH */
	char prerelease[SEMVER_TEXT_SIZE]; /* "" if none: one or more identifiers, "rc" */
};

/* Reads "1.4.2", "1.4", "1.4.x", "2", "2.x" into kind, exact, line and bump; leaves the pre-release
 * alone. GK_USAGE. */
int version_request_parse(const char *text, struct version_request *request, struct gk_error *err);

/* "major", "minor", "patch". GK_USAGE. */
int version_bump_parse(const char *text, enum semver_level *ret, struct gk_error *err);

/* Checks and sets the pre-release name: identifiers as SemVer has them, the last not numeric.
 * GK_USAGE; also when the request is exact. */
int version_request_set_prerelease(struct version_request *request, const char *name,
				   struct gk_error *err);

/* Sort keys from `low` (inclusive) to `high` (exclusive). */
struct version_range {
	char low[SEMVER_KEY_SIZE];
	char high[SEMVER_KEY_SIZE];
};

/* The versions that the request counts on from: all, or those of its line. */
void version_request_range(const struct version_request *request, struct version_range *ret);

/* The version, given the highest ever allocated in that range (NULL if none). With a pre-release
 * name the number behind it is 1; pass the result through version_continue. */
int version_choose(const struct version_request *request, const struct semver *top,
		   struct semver *ret, struct gk_error *err);

/* The pre-releases of this version's core that have its name: 1.5.0-rc.0 … 1.5.0-rc.∞. */
void version_prerelease_range(const struct semver *version, struct version_range *ret);

/* Sets the number of the pre-release to the one after `top`, the highest in that range. */
int version_continue(struct semver *version, const struct semver *top, struct gk_error *err);

#endif
