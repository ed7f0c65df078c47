/* Tags: what goldkeep puts on the images and snapshots of a release, and the limits. */
#ifndef GK_IMAGE_TAGS_H
#define GK_IMAGE_TAGS_H

#include "image/release.h"

#define TAG_MANAGED_BY "ManagedBy"
#define TAG_MANAGED_BY_VALUE "goldkeep"
#define TAG_FAMILY "goldkeep:family"
#define TAG_VERSION "goldkeep:version"
#define TAG_RUN "goldkeep:run"

struct tag {
	char *key;
	char *value;
};

struct tag_list {
	struct tag *items;
	size_t count;
};

void tag_list_done(struct tag_list *list);

/* Sets a key, replacing its value if it is there. */
int tag_list_set(struct tag_list *list, const char *key, const char *value, struct gk_error *err);
/* NULL if absent. */
const char *tag_list_get(const struct tag_list *list, const char *key);
/* Returns whether it was there. */
bool tag_list_remove(struct tag_list *list, const char *key);

/* Reads one `--tag KEY=VALUE` (the value may hold = and may be empty) into the list. GK_USAGE: no
 * =, an empty key, more than 127 or 256 characters (Unicode), a key beginning with aws: in any
 * letter case or goldkeep:, ManagedBy, a placeholder that is not {version} {family} {run}. */
int tag_list_parse(struct tag_list *list, const char *text, struct gk_error *err);

/* The four tags of goldkeep and the extra ones, placeholders filled in. GK_USAGE if a value gets
 * longer than 256 characters. */
int release_tags(const struct release *release, const struct tag_list *extra,
		 struct tag_list *ret, struct gk_error *err);

/* Number of user tags (aws: ones not counted) on a resource after `added` were put on it. More than
 * TAG_LIMIT is refused by EC2. */
enum { TAG_LIMIT = 50 };
size_t tag_list_count_after(const struct tag_list *existing, const struct tag_list *added);

/* True if every tag of `wanted` is in `there` with the same value. */
bool tag_list_contains(const struct tag_list *there, const struct tag_list *wanted);

#endif
