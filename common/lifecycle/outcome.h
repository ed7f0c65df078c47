/* What a step of the lifecycle did, as values: commands print them, tests compare them. */
#ifndef GK_LIFECYCLE_OUTCOME_H
#define GK_LIFECYCLE_OUTCOME_H

#include "image/plan.h"
#include "image/release.h"

enum outcome_result {
	OUTCOME_NOTHING,    /* there was nothing to do */
	OUTCOME_RELEASED,   /* a release is new, or newly finished */
	OUTCOME_UNCHANGED,  /* already released, and nothing was retired */
	OUTCOME_DONE,       /* retention, resume or adoption changed something */
	OUTCOME_INCOMPLETE, /* recorded, but something after it is not finished */
	OUTCOME_FAILED,     /* nothing was recorded */
};

/* Where consumers find an image of the release, as it was read back. */
struct outcome_published {
	char *kind;     /* "ssm", "tfvars" */
	char *location; /* region; NULL if it has none */
	char *name;     /* parameter, or path of the file */
	char *value;    /* the image's id; of a file the version */
};

/* One thing that is still to be done. */
struct outcome_incomplete {
	char *step;     /* "tag", "channel", "publish", "discard", "revoke", "retain" */
	char *location; /* region; NULL if it has none */
	char *error;
	bool refused;   /* by a safety rule: the same again would be refused again */
};

/* One release in a retention plan. */
struct outcome_retained {
	enum plan_action action;
	struct semver version;
	enum release_state state; /* after the run */
	struct gk_strv reasons;
	struct gk_strv images;    /* "ami-0… in us-east-1" is put together by whoever prints */
	struct gk_strv locations; /* of the images, in the same order */
};

struct outcome {
	enum outcome_result result;
	bool has_release;          /* release is set */
	struct release release;    /* as it is after the run */
	char *family;              /* also where there is no release: `retain` */
	struct gk_strv channels;   /* that name the release now */
	bool has_retention;
	struct outcome_retained *retention; /* newest version first */
	size_t retention_count;
	struct outcome_published *published;
	size_t published_count;
	struct gk_strv discarded;  /* ids of images that went in favour of this release */
	struct outcome_incomplete *incomplete;
	size_t incomplete_count;
	struct gk_strv warnings;
	struct gk_error error;     /* for OUTCOME_FAILED in a run of several families */
};

struct outcome_list {
	struct outcome *items;
	size_t count;
};

void outcome_done(struct outcome *outcome);
void outcome_list_done(struct outcome_list *list);

/* Appends an empty outcome of a family; borrowed from the list. */
struct outcome *outcome_list_add(struct outcome_list *list, const char *family,
				 struct gk_error *err);

/* Notes that a step is not finished. `location` may be NULL. */
int outcome_add_incomplete(struct outcome *outcome, const char *step, const char *location,
			   const char *error, struct gk_error *err);

int outcome_add_published(struct outcome *outcome, const char *kind, const char *location,
			  const char *name, const char *value, struct gk_error *err);

/* Notes that a step is not finished because it failed with `problem`. */
int outcome_add_failure(struct outcome *outcome, const char *step, const struct gk_error *problem,
			struct gk_error *err);

const char *outcome_result_name(enum outcome_result result);

#endif
