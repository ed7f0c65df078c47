/*
 * What the files of the AWS provider share. A look is a batch of questions: each is one listing and
 * the items of the look that its answer is about. All first pages go out together.
 */
#ifndef GK_CLOUD_AWS_PRIVATE_H
#define GK_CLOUD_AWS_PRIVATE_H

#include "aws/client.h"
#include "aws/ec2.h"
#include "cloud/cloud.h"

struct aws_cloud {
	struct cloud base;
	struct aws_client *client; /* borrowed */
};

enum aws_topic {
	AWS_ASK_IMAGES,
	AWS_ASK_SNAPSHOTS,
	AWS_ASK_SEARCH,
	AWS_ASK_REFERENCES,
	AWS_ASK_PERMISSION,
	AWS_ASK_CONFIGURATIONS,
	AWS_ASK_INSTANCES,
	AWS_ASK_TEMPLATES,
	AWS_ASK_VERSIONS,
	AWS_ASK_PARAMETERS,
};

struct aws_question {
	enum aws_topic topic;
	char *region;       /* owned: listings borrow it */
	struct gk_strv ids; /* what is asked about, each once */
	size_t *items;      /* indexes into the look's array of that topic */
	size_t item_count;
	bool refined;       /* with IncludeManagedResources, or the filter by data type */
	struct aws_listing listing;
};

struct aws_batch {
	struct aws_question **items; /* owned; pointers, because listings must stay in place */
	size_t count;
};

void aws_batch_done(struct aws_batch *batch);

/* A new question; borrowed from the batch. */
struct aws_question *aws_batch_add(struct aws_batch *batch, enum aws_topic topic,
				   const char *region, struct gk_error *err);

/* Puts an id, and the item that wants to know, into the question of that topic and region that has
 * room for it, or into a new one. */
int aws_batch_ask(struct aws_batch *batch, enum aws_topic topic, const char *region,
		  const char *id, size_t item, size_t most, struct gk_error *err);

/* Builds the listing of a question about instances, templates, versions or parameters, with or
 * without what only newer endpoints know. */
void aws_question_build(struct aws_question *question, bool refined);

/* Runs all listings of a batch that may be empty. Those that an endpoint refuses because it does
 * not know the refinement are asked again without (and `refined` is false then). */
int aws_batch_run(struct aws_cloud *cloud, struct aws_batch *batch, struct gk_error *err);

/* Runs the calls of an array that may be empty, all at once. Each item of `size` bytes begins with
 * its struct aws_call. -1 only if nothing could be sent. */
int aws_run_items(struct aws_cloud *cloud, void *items, size_t count, size_t size,
		  struct gk_error *err);

/* Ends the calls of such an array, but not what else its items own, and frees it. */
void aws_items_done(void *items, size_t count, size_t size);

/* What an error says behind "ACTION in REGION: ", with which failed calls begin. */
const char *aws_reason(const struct gk_error *error, const char *action, const char *region);

/* 0 if the listing came to its end, so that all its pages are there; else -1 and the reason. */
int aws_listing_check(const struct aws_listing *listing, struct gk_error *err);

int aws_cloud_look(struct cloud *cloud, struct cloud_look *look, struct gk_error *err);
int aws_cloud_tag(struct cloud *cloud, struct cloud_tagging *work, size_t count,
		  struct gk_error *err);
int aws_cloud_remove(struct cloud *cloud, struct cloud_removal *work, size_t count,
		     struct gk_error *err);

int aws_cloud_read_pointers(struct cloud *cloud, struct cloud_pointer *pointers, size_t count,
			    struct gk_error *err);
int aws_cloud_write_pointers(struct cloud *cloud, struct cloud_pointer *pointers, size_t count,
			     struct gk_error *err);
int aws_cloud_deprecate(struct cloud *cloud, struct cloud_deprecation *work, size_t count,
			struct gk_error *err);

/* ---- usages ---- */

/* A region in which somebody wants to know what uses images. */
struct aws_place {
	char *region;
	struct gk_error doubt;      /* the first thing that was not found out; GK_OK: none */
	struct ec2_user_list users; /* of all lookups */
	struct gk_strv gone;        /* images that a lookup says do not exist */
	struct gk_strv fallback;    /* images that DescribeImageReferences says nothing about */
};

struct aws_place_list {
	struct aws_place *items;
	size_t count;
};

/* Notes what `cause` says about a lookup, unless something was noted already. Nothing in this place
 * is taken for unused then. */
void aws_place_doubt(struct aws_place *place, const char *lookup, const struct gk_error *cause);

/* The place of that region, or NULL. */
struct aws_place *aws_place_find(const struct aws_place_list *places, const char *region);

/* The questions of the first round. */
int aws_usage_ask(struct aws_batch *batch, struct cloud_look *look, struct gk_error *err);
/* Reads their answers, and does everything that follows from them. */
int aws_usage_read(struct aws_cloud *cloud, const struct aws_batch *batch, struct cloud_look *look,
		   struct gk_error *err);

/* Without DescribeImageReferences (aws_fallback.c): asks for the instances of the images in
 * place->fallback, for all launch templates, and for all SSM parameters that hold an image. */
int aws_fallback_ask(struct aws_batch *batch, const struct aws_place_list *places,
		     struct gk_error *err);
/* Reads their answers, then all versions of these templates, into the places' users. A parameter
 * is a user of its own, "SSM parameter NAME"; which image it uses, aws_alias_resolve finds out. */
int aws_fallback_read(struct aws_cloud *cloud, const struct aws_batch *batch,
		      struct aws_place_list *places, struct gk_error *err);

#define AWS_ALIAS "resolve:ssm:"

/* For every user that names an image by resolve:ssm:, adds users with the ids that the parameters
 * hold (aws_alias.c). A text that names no image in a known way is doubt, and so is a parameter
 * that cannot be read or holds no id. */
int aws_alias_resolve(struct aws_cloud *cloud, struct aws_place_list *places, struct gk_error *err);

#endif
