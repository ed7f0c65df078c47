/*
 * A Packer template, HCL2 or legacy JSON, and what it says about the job that goldkeep has in it.
 * Pure: reading files, and the account that the credentials lead to, are the caller's business.
 *
 * Does the image survive a post-processor that fails? Does every source write a manifest of its
 * own, before goldkeep looks for it, and is it the one that goldkeep is told to read? Which
 * credentials does Packer build with, that goldkeep does not get?
 *
 * Variables count as what their defaults say (and, of HCL2, $PKR_VAR_…); what a run is given with
 * -var is not known here. What cannot be told is a finding of its own level, never a guess.
 */
#ifndef GK_IMAGE_TEMPLATE_H
#define GK_IMAGE_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/strv.h"

enum template_level {
	TEMPLATE_OK,
	TEMPLATE_WARNING, /* works, and will hurt one day */
	TEMPLATE_PROBLEM, /* an image or a release is lost */
	TEMPLATE_UNKNOWN, /* the template does not tell */
};

struct template_finding {
	enum template_level level;
	char *subject; /* "amazon-ebs.web: image" */
	char *place;   /* "web.pkr.hcl:12" */
	char *text;    /* one line, no secret */
	char *advice;  /* NULL: none */
};

/* A source (HCL2) or builder (JSON) that a build uses, and with which credentials. Texts are NULL
 * where the template says nothing, or nothing that can be told without running it. */
struct template_source {
	char *name;  /* "amazon-ebs.web"; JSON: the builder's name */
	char *place; /* "web.pkr.hcl:12" */
	bool amazon; /* makes AMIs */
	char *region, *profile, *credentials_file, *endpoint;
	char *role_arn;     /* of assume_role */
	char *role_account; /* the account in role_arn: "123456789012" */
	bool has_keys;      /* access_key or secret_key, not from the environment; no values */
	bool has_vault;     /* vault_aws_engine */
	bool passes_keys, passes_profile; /* to every goldkeep of it, in environment_vars or env */
	struct gk_strv regions; /* region, then ami_regions, as far as they are known; each once */
};

struct template_report {
	struct template_finding *findings; /* source by source */
	size_t finding_count;
	struct template_source *sources;
	size_t source_count;
};

void template_report_done(struct template_report *report);

struct template;

enum { TEMPLATE_FILE_MAX = 1 << 20 };

/* `env` looks up a variable of the environment, NULL if it is not set; NULL: none is known. */
struct template *template_new(const char *(*env)(const char *name), struct gk_error *err);
void template_free(struct template *template);
void template_freep(struct template **template);

/* Adds a file. As for Packer the name's end says what it is: .pkr.hcl, .pkr.json (HCL2), or else
 * legacy JSON, of which there can be only one. GK_USAGE, with the line. */
int template_add(struct template *template, const char *name, const char *text, size_t length,
		 struct gk_error *err);

int template_examine(const struct template *template, struct template_report *ret,
		     struct gk_error *err);

#endif
