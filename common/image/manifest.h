/*
 * packer-manifest.json: what Packer's manifest post-processor writes, read from
 * text. Reading the file, and reading it again, is the caller's business.
 */
#ifndef GK_IMAGE_MANIFEST_H
#define GK_IMAGE_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/error.h"

struct manifest_custom {
	char *key;
	char *value;
};

/* One place of an artifact_id. */
struct manifest_image {
	char *location; /* region */
	char *id;       /* "ami-0…" */
};

struct manifest_entry {
	char *name;          /* packer_build_name; not unique in HCL2 */
	char *builder_type;  /* of the builder, even when another post-processor made the artifact */
	char *artifact_id;
	char *run;           /* packer_run_uuid, opaque; "" if absent */
	time_t build_time;   /* 0 with strip_time */
	struct manifest_custom *custom;
	size_t custom_count;
	/* From artifact_id: none for what is no image (a file, a volume, nothing). */
	struct manifest_image *images;
	size_t image_count;
};

struct manifest {
	char *last_run; /* last_run_uuid; "" if absent */
	struct manifest_entry *entries;
	size_t entry_count;
};

void manifest_done(struct manifest *manifest);

/* Empty, cut or damaged text is GK_UNFINISHED: another process may be writing it. A whole document
 * of the wrong shape is GK_FAILED, naming the entry and the key. An artifact_id that looks like
 * region:ami-… but is none (a region that is no host label, a malformed AMI id) marks that entry
 * only: see manifest_entry_check. */
int manifest_parse(const char *text, size_t length, struct manifest *ret, struct gk_error *err);

/* GK_FAILED if the entry's artifact_id is malformed. Called for the entries that are meant. */
int manifest_entry_check(const struct manifest_entry *entry, struct gk_error *err);

/* Value of a custom_data key, NULL if absent or empty. */
const char *manifest_entry_custom(const struct manifest_entry *entry, const char *key);

struct manifest_query {
	const char *run;          /* required */
	const char *build;        /* NULL: any */
	const char *builder_type; /* NULL: any */
	const char *family;       /* NULL: any; tells entries of one name apart by goldkeep_family */
};

struct manifest_selection {
	const struct manifest_entry **entries; /* the array is owned, the entries are borrowed */
	size_t count;
};

void manifest_selection_done(struct manifest_selection *selection);

/* The entries that are meant, in file order, an entry repeated word for word only once.
 * GK_NOT_FOUND if the run has none (the message tells which runs or names are there, and to write
 * one manifest per source), or if entries of one name, builder type and family carry different
 * images, so that nobody can tell whose they are. */
int manifest_select(const struct manifest *manifest, const struct manifest_query *query,
		    struct manifest_selection *ret, struct gk_error *err);

#endif
