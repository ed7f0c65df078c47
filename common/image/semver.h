/*
 * Semantic versions (SemVer 2.0.0), strictly parsed: values without allocation.
 *
 * Limits of goldkeep's own: the text has at most 128 bytes, a core number at most 18 digits
 * (SemVer sets none). Build metadata is kept for show and plays no part in order or identity.
 */
#ifndef GK_IMAGE_SEMVER_H
#define GK_IMAGE_SEMVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

enum {
	SEMVER_TEXT_MAX = 128,                  /* bytes of a version, without the NUL */
	SEMVER_TEXT_SIZE = SEMVER_TEXT_MAX + 1,
	SEMVER_KEY_SIZE = 3 * SEMVER_TEXT_SIZE, /* holds the sort key of any version */
};

enum semver_level { SEMVER_MAJOR, SEMVER_MINOR, SEMVER_PATCH };

struct semver {
	uint64_t core[3];                  /* indexed by enum semver_level */
	char prerelease[SEMVER_TEXT_SIZE]; /* "rc.1"; "" for a release */
	char build[SEMVER_TEXT_SIZE];      /* "linux.5"; "" if none */
};

/* GK_USAGE with what is wrong with it: "01.2.3" (leading zero), "v1.2.3", "1.2", too long… */
int semver_parse(const char *text, struct semver *ret, struct gk_error *err);

/* Version text including build metadata, into text[SEMVER_TEXT_SIZE]; returns text. */
const char *semver_format(const struct semver *version, char *text);

/* Precedence as SemVer 11: below, equal to or above zero. */
int semver_compare(const struct semver *a, const struct semver *b);

bool semver_is_prerelease(const struct semver *version);

/* True if all three core numbers are equal. */
bool semver_same_core(const struct semver *a, const struct semver *b);

/* A text whose byte order is the order of precedence, equal exactly when precedence is equal:
 * a1.a0.a0-Src,Na1! for 1.0.0-rc.1, a1.a2.b10~ for 1.2.10. Into key[SEMVER_KEY_SIZE]; returns key.
 * The inventories sort by it. */
const char *semver_key(const struct semver *version, char *key);

/* Counts up as npm's semver.inc does: a pre-release whose lower numbers are zero goes to its own
 * release (1.5.0-rc.2, minor -> 1.5.0), anything else to the next number with zeros behind it.
 * Drops pre-release and build. GK_FAILED when a number would get more than 18 digits. */
int semver_increment(const struct semver *version, enum semver_level level, struct semver *ret,
		     struct gk_error *err);

#endif
