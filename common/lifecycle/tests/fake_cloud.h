/*
 * A small cloud in memory, for the unit tests of the lifecycle: it carries out what it is asked,
 * notes the calls, and asks the test before each of them whether that may be done now.
 */
#ifndef GK_LIFECYCLE_TESTS_FAKE_CLOUD_H
#define GK_LIFECYCLE_TESTS_FAKE_CLOUD_H

#include "cloud/cloud.h"

enum { FAKE_IMAGES = 8, FAKE_POINTERS = 16 };

struct fake_image {
	const char *location, *id;
	const char *architecture; /* NULL: not told */
	struct gk_strv snapshots;
	struct tag_list tags;    /* of the image and of its snapshots */
	struct tag_list hidden;  /* written, and not visible yet */
	int tags_hidden_for;     /* so many looks after tags were written do not show them */
	int hidden_for;          /* so many looks do not show the image */
	bool gone;
	bool deprecated;
};

struct fake_pointer {
	char *location, *name;
	char *value;      /* NULL: not there */
	const char *kind; /* "text": it cannot be written; NULL: it can */
	char *coming;     /* was accepted, and is not stored yet; NULL: nothing */
	int hidden_for;   /* so many reads do not show what is coming */
};

struct fake_cloud {
	struct cloud base;
	struct fake_image images[FAKE_IMAGES];
	size_t image_count;
	struct fake_pointer pointers[FAKE_POINTERS];
	size_t pointer_count;
	struct gk_strv calls;    /* "look", "tag", "remove", "read pointers", "write pointers",
				  * "deprecate" */
	const char *untaggable;  /* location where no tag can be written; NULL: none */
	const char *unreadable;  /* location where nobody knows what is used; NULL: none */
	const char *unpublishable; /* location where no pointer can be written; NULL: none */
	const char *forgetful;   /* location that accepts pointers and never stores them; NULL: none */
	int stored_after;        /* so many reads do not show pointers that were written */
	const char *undeprecating; /* location that does not know the operation; NULL: none */
	void (*before)(struct fake_cloud *cloud, const char *call); /* NULL: nothing to ask */
	void *context;           /* the test's */
};

void fake_cloud_init(struct fake_cloud *cloud);
void fake_cloud_done(struct fake_cloud *cloud);

/* An image of account 1 with one snapshot, which bears the number of the image: snap-00000001. */
struct fake_image *fake_cloud_add(struct fake_cloud *cloud, const char *location, const char *id);

/* A pointer that is there already; `kind` as in the struct. */
struct fake_pointer *fake_cloud_add_pointer(struct fake_cloud *cloud, const char *location,
					    const char *name, const char *value, const char *kind);

/* What a pointer names: what readers see, or will see; NULL if it is not there. */
const char *fake_cloud_pointer(const struct fake_cloud *cloud, const char *location,
			       const char *name);

/* How many calls of that name there were. */
size_t fake_cloud_count(const struct fake_cloud *cloud, const char *call);

#endif
