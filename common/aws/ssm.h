/*
 * SSM Parameter Store: what stands behind the resolve:ssm: texts of launch templates, and which
 * parameters hold an image themselves. Builders and readers work as those of aws/ec2.h. Source:
 * SSM API Reference 2014-11-06.
 */
#ifndef GK_AWS_SSM_H
#define GK_AWS_SSM_H

#include "aws/client.h"
#include "base/strv.h"

enum { SSM_NAMES_MAX = 10 }; /* of one GetParameters */

/* The type and data type of a parameter that holds the id of an image. */
#define SSM_TEXT_TYPE "String"
#define SSM_IMAGE "aws:ec2:image"

/* Names are NAME or ARN, with :VERSION or :LABEL behind them or not. */
void ssm_get_parameters(struct aws_call *call, const char *region, char *const *names,
			size_t count);

/* All parameters of the data type aws:ec2:image (or just all, for endpoints that know no such
 * filter): a listing, whose pages are JSON. */
void ssm_describe_image_parameters(struct aws_listing *listing, const char *region, bool filtered);

/* Appends the names of one page of it, without those that the answer says to be of another type (of
 * an endpoint that knows no such filter). Anything not understood is GK_FAILED. */
int ssm_read_image_parameters(const cJSON *answer, struct gk_strv *names, struct gk_error *err);

/* True for NAME:1 and NAME:web. */
bool ssm_is_same_parameter(const char *a, const char *b);

struct ssm_parameter {
	char *asked; /* as it was asked for */
	char *value;
	char *type;      /* "String"; NULL if it is not said, here and below */
	char *data_type; /* "text", SSM_IMAGE */
};

struct ssm_parameter_list {
	struct ssm_parameter *items;
	size_t count;
};

void ssm_parameter_list_done(struct ssm_parameter_list *list);

/* Appends a value for every name. A name that the answer calls invalid, or that is missing in it,
 * is GK_FAILED, naming it. Where two names of a call differ in the selector only and the answer
 * leaves selectors out, each gets both values: better ask for them in two calls. */
int ssm_read_parameters(const cJSON *answer, char *const *names, size_t count,
			struct ssm_parameter_list *list, struct gk_error *err);

/* The same, but a name that the answer calls invalid is that of a parameter which does not exist,
 * and has no place in the list. */
int ssm_read_existing(const cJSON *answer, char *const *names, size_t count,
		      struct ssm_parameter_list *list, struct gk_error *err);

/*
 * Has a parameter of the data type aws:ec2:image name an image. Success is a promise only: the id
 * is checked afterwards, with the caller's ec2:DescribeImages, and what does not pass is never
 * stored (Systems Manager User Guide, "Native parameter support for Amazon Machine Image IDs").
 *
 * Repeating it is harmless: with `overwrite` it makes another version of the same value; without,
 * the second attempt after an answer that was lost says ParameterAlreadyExists.
 */
void ssm_put_image(struct aws_call *call, const char *region, const char *name, const char *id,
		   bool overwrite);
int ssm_read_put(const cJSON *answer, struct gk_error *err);

#endif
