/*
 * What the lifecycle needs of a provider, as a function table. Every call takes a batch over all
 * locations and sends what is independent at once; it fills in an outcome per item.
 *
 * A call returns -1 only if nothing could be tried (no credentials, no memory). What fails in one
 * place is told in that item's `error` (code GK_OK when it went well), and the other items go on.
 */
#ifndef GK_CLOUD_CLOUD_H
#define GK_CLOUD_CLOUD_H

#include <time.h>

#include "base/strv.h"
#include "image/tags.h"

enum cloud_status {
	CLOUD_ABSENT,    /* not there, not ours, or deregistered */
	CLOUD_PENDING,   /* being made */
	CLOUD_AVAILABLE,
	CLOUD_DISABLED,
	CLOUD_BROKEN,    /* failed, invalid: a final state that is of no use */
};

/* One image, and what the provider says of it. Only images of the caller's own account are found;
 * deprecated and disabled ones too. */
struct cloud_image {
	char *location, *id;      /* in */
	struct gk_error error;
	enum cloud_status status;
	char *status_text;        /* the provider's own word, and its reason */
	char *account, *name, *architecture;
	time_t created_at;
	time_t last_launched_at;  /* 0: never, or not known */
	time_t deprecated_at;     /* 0: not; may lie ahead */
	char *protection;         /* NULL unless deregistration protection is on */
	bool is_public;
	char *bundle;             /* S3 location of an instance-store AMI */
	struct gk_strv snapshots; /* in the order of the block devices */
	struct tag_list tags;
};

struct cloud_snapshot {
	char *location, *id; /* in */
	struct gk_error error;
	bool present;
	struct tag_list tags;
};

/* All images in a location that carry the tags of a family (ManagedBy, goldkeep:family, and a
 * goldkeep:version). Tag filters lag behind: never the ground for a removal. */
struct cloud_search {
	char *location;
	const char *family; /* in, borrowed; taken literally, wildcards escaped; NULL: every family */
	struct gk_error error;
	struct cloud_image *images; /* owned */
	size_t image_count;
};

/* What still uses one image. Fail closed: if anything that could find a reference failed, was
 * refused, was cut short or was not understood anywhere in the location, error is set for every
 * usage there. GK_CONFLICT: the lookups contradict one another, because the image went meanwhile:
 * look again. */
struct cloud_usage {
	char *location, *id; /* in */
	struct gk_error error;
	struct gk_strv references;  /* "instance i-0…", "launch template web (lt-0…)" */
	struct gk_strv shared_with; /* accounts, organizations, "all" that may launch it */
};

/* Everything that is to be known at one moment; sent together. Arrays are owned by the caller. */
struct cloud_look {
	struct cloud_image *images;
	size_t image_count;
	struct cloud_snapshot *snapshots;
	size_t snapshot_count;
	struct cloud_search *searches;
	size_t search_count;
	struct cloud_usage *usages;
	size_t usage_count;
};

/* The same tags on an image and its snapshots. Repeating it is harmless. Waits for things that were
 * made a moment ago and are not visible everywhere yet. */
struct cloud_tagging {
	const char *location;
	struct gk_strv ids;
	struct tag_list tags;
	struct gk_error error;
};

enum cloud_deletion {
	CLOUD_DELETED,  /* gone, or was gone already */
	CLOUD_SHARED,   /* another image uses it: it stays */
	CLOUD_LEFTOVER, /* could not be deleted: try again another time */
};

struct cloud_snapshot_removal {
	char *id; /* in */
	enum cloud_deletion outcome;
	char *reason; /* for SHARED and LEFTOVER */
};

/* Takes away an image and then its snapshots. Cannot be undone; whoever calls has written down the
 * ids. An image that is gone already counts as done. If the image stays (error set), so do its
 * snapshots. */
struct cloud_removal {
	const char *location;
	const char *id; /* NULL: only the snapshots (leftovers) */
	struct cloud_snapshot_removal *snapshots; /* owned: those recorded, those found are added */
	size_t snapshot_count;
	struct gk_error error; /* the image is still there */
};

/* A pointer that consumers read (an SSM parameter of the data type aws:ec2:image): what it names,
 * and what it should name. Texts are borrowed, but for those that are read. */
struct cloud_pointer {
	const char *location, *name;
	const char *id;        /* the image that it should name */
	bool pinned;           /* only made, never overwritten */
	struct gk_error error; /* of the last call for it */
	bool present;
	char *value;           /* what it names now; owned */
	char *kind;            /* the provider's word for what it is, if that is no pointer to an
				  image ("text"); NULL if it is as it should be; owned */
};

/* An image that nobody should choose any more. Can be undone. Repeating it is harmless; an earlier
 * time that the image has already stays. */
struct cloud_deprecation {
	const char *location, *id;
	struct gk_error error; /* GK_UNSUPPORTED: this endpoint does not know it; GK_NOT_FOUND: the
				  image is gone */
};

/* May a pointer that was read be written? If not, its error says why: GK_REFUSED, GK_CONFLICT. */
bool cloud_pointer_is_writable(struct cloud_pointer *pointer);

void cloud_pointer_done(struct cloud_pointer *pointer);
void cloud_image_done(struct cloud_image *image);
void cloud_look_done(struct cloud_look *look);
void cloud_tagging_done(struct cloud_tagging *tagging);
void cloud_removal_done(struct cloud_removal *removal);

struct cloud_image *cloud_look_add_image(struct cloud_look *look, const char *location,
					 const char *id, struct gk_error *err);
struct cloud_snapshot *cloud_look_add_snapshot(struct cloud_look *look, const char *location,
					       const char *id, struct gk_error *err);
struct cloud_search *cloud_look_add_search(struct cloud_look *look, const char *location,
					   const char *family, struct gk_error *err);
struct cloud_usage *cloud_look_add_usage(struct cloud_look *look, const char *location,
					 const char *id, struct gk_error *err);
struct cloud_snapshot_removal *cloud_removal_add_snapshot(struct cloud_removal *removal,
							  const char *id, struct gk_error *err);

struct cloud;

struct cloud_ops {
	void (*close)(struct cloud *cloud);
	int (*look)(struct cloud *cloud, struct cloud_look *look, struct gk_error *err);
	int (*tag)(struct cloud *cloud, struct cloud_tagging *work, size_t count,
		   struct gk_error *err);
	int (*remove)(struct cloud *cloud, struct cloud_removal *work, size_t count,
		      struct gk_error *err);
	/* Fills in present, value and kind. One that is not there is no error. */
	int (*read_pointers)(struct cloud *cloud, struct cloud_pointer *pointers, size_t count,
			     struct gk_error *err);
	/* Has them name their images. A write that was accepted need not be there yet, nor ever
	 * come: read until it is. GK_CONFLICT: a pinned one is there already, and names another
	 * image. GK_REFUSED: what is there is no pointer to an image, and cannot become one. */
	int (*write_pointers)(struct cloud *cloud, struct cloud_pointer *pointers, size_t count,
			      struct gk_error *err);
	int (*deprecate)(struct cloud *cloud, struct cloud_deprecation *work, size_t count,
			 struct gk_error *err);
};

/* Every provider embeds this as its first member. */
struct cloud {
	const struct cloud_ops *ops;
};

void cloud_close(struct cloud *cloud);
void cloud_closep(struct cloud **cloud);

#endif
