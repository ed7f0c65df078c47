/*
 * What goldkeep keeps: a release is one version of a family, all images that one Packer run made of
 * it, in every region. Values, owned by whoever holds them.
 */
#ifndef GK_IMAGE_RELEASE_H
#define GK_IMAGE_RELEASE_H

#include <stdint.h>
#include <time.h>

#include "base/strv.h"
#include "image/semver.h"

/* In the order of a release's life. */
enum release_state {
	RELEASE_PENDING,    /* version allocated, work unfinished */
	RELEASE_LIVE,
	RELEASE_DEPRECATED,
	RELEASE_DISABLED,
	RELEASE_RETIRING,   /* removal decided and written down, not yet done */
	RELEASE_RETIRED,    /* history; the version is never used again */
};

enum snapshot_state {
	SNAPSHOT_LIVE,
	SNAPSHOT_DELETED,
	SNAPSHOT_SHARED,   /* another AMI uses it: stays, and is goldkeep's no more */
	SNAPSHOT_LEFTOVER, /* its image is gone, deleting it failed: tried again by the next run */
};

struct snapshot {
	char *id;
	enum snapshot_state state;
	char *reason; /* why it is still there; NULL if there is nothing to say */
};

struct image {
	char *provider;     /* "aws" */
	char *location;     /* region */
	char *id;           /* "ami-0…" */
	char *name;
	char *architecture;
	char *account;      /* owner, 12 digits; NULL if not known */
	char *bundle;       /* S3 location of an instance-store AMI; else NULL */
	enum release_state state;
	struct snapshot *snapshots;
	size_t snapshot_count;
};

struct release {
	char *family;
	struct semver version;
	enum release_state state;
	char *held;          /* reason; NULL unless held */
	char *revoked;       /* reason; NULL unless withdrawn: no channel may name it any more */
	time_t created_at;   /* build time */
	char *run;           /* packer_run_uuid, opaque */
	char *build;         /* packer_build_name; may be NULL */
	char *builder;       /* builder type; may be NULL */
	char *fingerprint;   /* may be NULL */
	struct gk_strv published; /* names of the pointers that follow it, see image/pointer.h */
	char *intent;        /* JSON: what is still to be done; NULL when all is done */
	int64_t revision;    /* counts the saves: the inventory refuses to save over a newer one */
	struct image *images;
	size_t image_count;
};

struct release_list {
	struct release *items;
	size_t count;
};

void image_done(struct image *image);
void release_done(struct release *release);
void release_list_done(struct release_list *list);

int release_copy(const struct release *from, struct release *ret, struct gk_error *err);
/* Into an empty image; on failure what was copied so far stays in it. */
int image_copy(const struct image *from, struct image *to, struct gk_error *err);

/* Appends an empty image; borrowed from the release. NULL with err set on failure. */
struct image *release_add_image(struct release *release, struct gk_error *err);
struct snapshot *image_add_snapshot(struct image *image, const char *id, struct gk_error *err);

/* The image of that place and id, or NULL. */
struct image *release_find_image(const struct release *release, const char *location,
				 const char *id);
struct snapshot *image_find_snapshot(const struct image *image, const char *id);

/* True if `a` was built after `b`; of two built in the same second, the higher version is. */
bool release_is_newer(const struct release *a, const struct release *b);

/* True while somebody has still to do something for it: an intent, an image that is not finished, a
 * removal that was begun, a leftover snapshot. The inventories index it. */
bool release_is_unfinished(const struct release *release);

/* True of an image that is on its way out of a release that stays: it was made from the same inputs
 * and is removed in the release's favour. It is none of the release's for whoever uses these. */
bool release_discards(const struct release *release, const struct image *image);
bool release_discards_any(const struct release *release);

/* Takes an image out of the release, which owned it. */
void release_drop_image(struct release *release, struct image *image);

/* "web 1.4.2" for messages, into text[RELEASE_LABEL_SIZE]; returns text. */
enum { RELEASE_LABEL_SIZE = 200 + SEMVER_TEXT_SIZE + 2 };
const char *release_label(const struct release *release, char *text);

const char *release_state_name(enum release_state state);
int release_state_parse(const char *name, enum release_state *ret, struct gk_error *err);
const char *snapshot_state_name(enum snapshot_state state);
int snapshot_state_parse(const char *name, enum snapshot_state *ret, struct gk_error *err);

/* [A-Za-z0-9][A-Za-z0-9._/-]{0,199}, and no "." or ".." between slashes, no "//". GK_USAGE. */
int family_check(const char *family, struct gk_error *err);
/* Channel names: [A-Za-z][A-Za-z0-9._-]{0,63}, and nothing that reads as a version. GK_USAGE. */
int channel_check(const char *channel, struct gk_error *err);

#endif
