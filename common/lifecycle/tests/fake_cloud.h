/*
 * A small cloud in memory, for the unit tests of the lifecycle: it carries out what it is asked,
 * notes the calls, and asks the test before each of them whether that may be done now.
 */
#ifndef GK_LIFECYCLE_TESTS_FAKE_CLOUD_H
#define GK_LIFECYCLE_TESTS_FAKE_CLOUD_H

#include "cloud/cloud.h"

enum { FAKE_IMAGES = 8 };

struct fake_image {
	const char *location, *id;
	struct gk_strv snapshots;
	struct tag_list tags;    /* of the image and of its snapshots */
	struct tag_list hidden;  /* written, and not visible yet */
	int tags_hidden_for;     /* so many looks after tags were written do not show them */
	int hidden_for;          /* so many looks do not show the image */
	bool gone;
};

struct fake_cloud {
	struct cloud base;
	struct fake_image images[FAKE_IMAGES];
	size_t image_count;
	struct gk_strv calls;    /* "look", "tag", "remove" */
	const char *untaggable;  /* location where no tag can be written; NULL: none */
	const char *unreadable;  /* location where nobody knows what is used; NULL: none */
	void (*before)(struct fake_cloud *cloud, const char *call); /* NULL: nothing to ask */
	void *context;           /* the test's */
};

void fake_cloud_init(struct fake_cloud *cloud);
void fake_cloud_done(struct fake_cloud *cloud);

/* An image of account 1 with one snapshot, which bears the number of the image: snap-00000001. */
struct fake_image *fake_cloud_add(struct fake_cloud *cloud, const char *location, const char *id);

/* How many calls of that name there were. */
size_t fake_cloud_count(const struct fake_cloud *cloud, const char *call);

#endif
