/*
 * EC2: builders that fill in a call or a listing, and readers that make values of its answers.
 * Pure: nothing is sent here, and no release is known.
 *
 * Builders overwrite a zeroed call or listing; region and texts are borrowed until it has run (the
 * parameters are copied). Memory that runs out sticks in the call's params and is found by aws_run.
 * Readers append to lists that their owner ends with the _done function; on failure the list may
 * hold a part. What they do not understand is an error (aws/answer.h).
 *
 * Source of names and shapes: EC2 API Reference 2016-11-15.
 */
#ifndef GK_AWS_EC2_H
#define GK_AWS_EC2_H

#include <time.h>

#include "aws/client.h"
#include "base/strv.h"

enum {
	EC2_FILTER_VALUES_MAX = 200,     /* of one call */
	EC2_TAGGED_IDS_MAX = 1000,       /* of one CreateTags */
	EC2_REFERENCED_IDS_MAX = 10,     /* of one DescribeImageReferences */
};

struct ec2_tag {
	char *key;
	char *value; /* "" where there is none */
};

struct ec2_tag_list {
	struct ec2_tag *items;
	size_t count;
};

void ec2_tag_list_done(struct ec2_tag_list *list);

/* What a filter asks for; any of the values will do. Wildcards in them are taken literally. */
struct ec2_filter {
	const char *name; /* "image-id", "tag:Name" */
	const char *const *values;
	size_t count;
};

/* Adds Filter.NUMBER of a query. Numbers count from 1. */
void ec2_add_filter(struct aws_call *call, int number, const struct ec2_filter *filter);

/* Prepares a listing whose token is in <nextToken>. max_results 0: none is asked for. */
void ec2_listing(struct aws_listing *listing, const char *region, const char *action,
		 int max_results);

/* ---- images (ec2_images.c) ---- */

struct ec2_image {
	char *id, *state, *owner;       /* never NULL */
	char *state_reason;             /* what the fields below do not say is NULL */
	char *name, *architecture;
	time_t created_at;              /* 0: not said */
	time_t last_launched_at;        /* 0: never, or not known */
	time_t deprecated_at;           /* 0: not; may lie ahead */
	char *protection;               /* NULL unless deregistration protection is on */
	bool is_public;
	char *bundle;                   /* imageLocation of an instance-store image */
	struct gk_strv snapshots;       /* in the order of the block devices, each once */
	struct ec2_tag_list tags;
};

struct ec2_image_list {
	struct ec2_image *items;
	size_t count;
};

void ec2_image_list_done(struct ec2_image_list *list);

/* Images of the account itself, deprecated and disabled ones too. */
void ec2_describe_images(struct aws_listing *listing, const char *region,
			 const struct ec2_filter *filters, size_t count);
int ec2_read_images(const struct gk_xml *answer, struct ec2_image_list *list,
		    struct gk_error *err);

/* Who may launch an image. Appends account ids, organization and unit ARNs, "all". */
void ec2_describe_launch_permission(struct aws_listing *listing, const char *region,
				    const char *id);
int ec2_read_launch_permission(const struct gk_xml *answer, const char *id, struct gk_strv *list,
			       struct gk_error *err);

/* Takes an image away, and those of its snapshots that nothing else uses. */
void ec2_deregister_image(struct aws_call *call, const char *region, const char *id);

/* What became of one snapshot: success, skipped (another image uses it), missing-permissions,
 * internal-error, client-error. */
struct ec2_deletion {
	char *snapshot;
	char *code; /* "" if the answer does not say */
};

struct ec2_deletion_list {
	struct ec2_deletion *items;
	size_t count;
};

void ec2_deletion_list_done(struct ec2_deletion_list *list);

/* 0: the image is gone. Endpoints that do not know DeleteAssociatedSnapshots answer without a list.
 * A list element that names no snapshot is left out: what is not in the list is not known. */
int ec2_read_deregistered(const struct gk_xml *answer, struct ec2_deletion_list *list,
			  struct gk_error *err);

/* Whole minutes; not in the past. Takes the place of an earlier time. Repeating it is harmless. */
void ec2_enable_image_deprecation(struct aws_call *call, const char *region, const char *id,
				  time_t when);

/* ---- snapshots and tags (ec2_snapshots.c) ---- */

struct ec2_snapshot {
	char *id;
	char *state; /* NULL if it is not said */
	struct ec2_tag_list tags;
};

struct ec2_snapshot_list {
	struct ec2_snapshot *items;
	size_t count;
};

void ec2_snapshot_list_done(struct ec2_snapshot_list *list);

/* Snapshots of the account itself. */
void ec2_describe_snapshots(struct aws_listing *listing, const char *region,
			    const struct ec2_filter *filters, size_t count);
int ec2_read_snapshots(const struct gk_xml *answer, struct ec2_snapshot_list *list,
		       struct gk_error *err);

void ec2_delete_snapshot(struct aws_call *call, const char *region, const char *id);

/* The AMI that a message names, if it is another one than `own` (NULL: any): where it stands, and
 * its length. InvalidSnapshot.InUse says so what holds a snapshot (EC2 API Reference, DeleteSnapshot). */
const char *ec2_other_image(const char *message, const char *own, size_t *ret_length);

/* At most EC2_TAGGED_IDS_MAX ids. */
void ec2_create_tags(struct aws_call *call, const char *region, char *const *ids, size_t id_count,
		     const struct ec2_tag *tags, size_t tag_count);

/* For actions whose answer is <return>true</return> and nothing else of interest. */
int ec2_read_return(const struct gk_xml *answer, const char *action, struct gk_error *err);
/* The same where <return> may be left out (DeleteSnapshot). */
int ec2_read_done(const struct gk_xml *answer, const char *action, struct gk_error *err);

/* Appends what stands in <tagSet>. */
int ec2_read_tags(const struct gk_xml *node, struct ec2_tag_list *tags, struct gk_error *err);

/* ---- who uses an image (ec2_launch.c) ---- */

/* One user of an image. */
struct ec2_user {
	char *name;  /* "instance i-0…", "launch template web (lt-0…) version 3" */
	char *image; /* an id, or what else stands in its place: "resolve:ssm:…", "" */
};

struct ec2_user_list {
	struct ec2_user *items;
	size_t count;
};

void ec2_user_list_done(struct ec2_user_list *list);
/* Appends copies; borrowed from the list, NULL with err set on failure. */
struct ec2_user *ec2_user_list_add(struct ec2_user_list *list, const char *name, const char *image,
				   struct gk_error *err);

/* Instances that are not shutting down or terminated, all versions of launch templates, SSM
 * parameters. At most EC2_REFERENCED_IDS_MAX ids. */
void ec2_describe_image_references(struct aws_listing *listing, const char *region,
				   char *const *ids, size_t count);
int ec2_read_image_references(const struct gk_xml *answer, struct ec2_user_list *list,
			      struct gk_error *err);

/* `managed`: ask for what AWS services keep for themselves too (IncludeManagedResources, which
 * older endpoints do not know). At most EC2_INSTANCE_IDS_MAX ids: the states are values too. */
enum { EC2_INSTANCE_IDS_MAX = 190 };
void ec2_describe_instances(struct aws_listing *listing, const char *region, char *const *image_ids,
			    size_t count, bool managed);
int ec2_read_instances(const struct gk_xml *answer, struct ec2_user_list *list,
		       struct gk_error *err);

/* Ids of the launch templates. */
void ec2_describe_launch_templates(struct aws_listing *listing, const char *region, bool managed);
int ec2_read_launch_templates(const struct gk_xml *answer, struct gk_strv *ids,
			      struct gk_error *err);

/* Every version of one launch template, aliases as they stand in it. */
void ec2_describe_launch_template_versions(struct aws_listing *listing, const char *region,
					   const char *template_id, bool managed);
int ec2_read_launch_template_versions(const struct gk_xml *answer, struct ec2_user_list *list,
				      struct gk_error *err);

#endif
