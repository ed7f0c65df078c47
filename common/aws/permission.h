/*
 * The AWS actions that goldkeep's features need, as data: iam-policy prints them, doctor tries them.
 * One row for each pair of an action and what it is done to; an action may have two rows.
 *
 * Sources: Service Authorization Reference (EC2, EC2 Auto Scaling, Systems Manager, DynamoDB); EC2
 * User Guide, "Identify your resources referencing specified AMIs"; DynamoDB Developer Guide,
 * "Using IAM with transactions". sts:GetCallerIdentity needs no permission.
 */
#ifndef GK_AWS_PERMISSION_H
#define GK_AWS_PERMISSION_H

/* Bits. */
enum aws_feature {
	AWS_FEATURE_RELEASE = 1,    /* describe and tag images and snapshots; adopt, resume, resolve */
	AWS_FEATURE_PUBLISH = 2,    /* --publish-ssm */
	AWS_FEATURE_REVOKE = 4,     /* deprecate the images of a revoked release */
	AWS_FEATURE_RETAIN = 8,     /* the reaper, and --on-duplicate discard: references, removal */
	AWS_FEATURE_INVENTORY = 16, /* --store dynamodb: */
	AWS_FEATURE_INIT = 32,      /* make the table */
};

/* What an action is done to. */
enum aws_resource {
	AWS_RESOURCE_ANY,        /* "*": the action knows no resources, or has to see all */
	AWS_RESOURCE_IMAGE,
	AWS_RESOURCE_SNAPSHOT,
	AWS_RESOURCE_TAGGED,     /* images and snapshots */
	AWS_RESOURCE_PUBLISHED,  /* the SSM parameters that are published */
	AWS_RESOURCE_PARAMETER,  /* every SSM parameter that the account can launch from */
	AWS_RESOURCE_TABLE,
};

enum aws_condition {
	AWS_CONDITION_NONE,
	AWS_CONDITION_MANAGED,   /* the resource carries ManagedBy=goldkeep */
	AWS_CONDITION_TAGGING,   /* the same, and the new tags are goldkeep's and those of --tag */
	AWS_CONDITION_VIA_EC2,   /* EC2 does it on the caller's behalf (DescribeImageReferences) */
};

struct aws_permission {
	const char *action;      /* "ec2:CreateTags" */
	unsigned features;       /* any of these needs it */
	enum aws_resource resource;
	enum aws_condition condition;
};

/* All of them; ends with a row whose action is NULL. */
extern const struct aws_permission aws_permissions[];

#endif
