/*
 * The least IAM policy for what a caller does: a document made of the table of permissions
 * (aws/permission.h) and a few values. Pure.
 *
 * What is changed has to carry ManagedBy=goldkeep: an image or snapshot without it can neither be
 * tagged, but for `adopt`, nor removed. Regions are a condition on all that goes to EC2, Auto
 * Scaling and Systems Manager; the table has its own.
 *
 * Sources: IAM User Guide, "Global condition context keys", "Policy variables" (${*} is a star),
 * quotas; Service Authorization Reference: images and snapshots have no account in their ARN, and
 * neither have the public parameters of AWS.
 */
#ifndef GK_AWS_IAM_POLICY_H
#define GK_AWS_IAM_POLICY_H

#include "aws/permission.h"
#include "base/json.h"
#include "base/strv.h"

/* Characters of a managed policy, white space not counted. */
enum { IAM_POLICY_MAX = 6144 };

struct iam_table {
	const char *name, *region;
};

/* All borrowed; zero-initialised, lists may be empty. */
struct iam_policy {
	unsigned features;      /* enum aws_feature */
	const char *partition;  /* "aws" */
	const char *account;    /* "123456789012"; NULL only if iam_policy_needs_account says so */
	struct gk_strv regions; /* none: everywhere */
	/* What is published, as iam_parameter_pattern makes it: "/golden/web/" and a star. */
	struct gk_strv parameters;
	struct gk_strv tag_keys; /* beyond those of goldkeep */
	struct gk_strv families; /* whose rows may be touched; none: all */
	struct iam_table *tables;
	size_t table_count;
	bool adopt;             /* also tag what carries no ManagedBy yet */
};

/* Does the document name the account? */
bool iam_policy_needs_account(const struct iam_policy *policy);

/* May it tag what is not goldkeep's yet, and remove what is? That comes to removing anything. */
bool iam_policy_is_unsafe(const struct iam_policy *policy);

/* Adds Version and Statement to the document's root. -1 only if memory ran out. */
int iam_policy_write(const struct iam_policy *policy, struct gk_json_builder *json,
		     struct gk_error *err);

/* The names that a template of --publish-ssm can come out as, owned: {family} is the family, or a
 * star (NULL); {version} is at least *.*.*, {channel} and {architecture} are stars. */
char *iam_parameter_pattern(const char *template, const char *family, struct gk_error *err);

#endif
