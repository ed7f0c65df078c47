/*
 * What doctor finds out: one finding a line, in the order in which the sections add them. A section
 * looks and changes nothing; what it finds wrong is a finding, and it fails (-1) only where nothing
 * can be said any more (out of memory, usage).
 */
#ifndef GK_POSTPROCESSOR_DOCTOR_H
#define GK_POSTPROCESSOR_DOCTOR_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json.h"
#include "base/strv.h"
#include "context.h"
#include "feature_options.h"

/* Stands in for a region where none is set; most accounts have it. */
#define DOCTOR_ANY_REGION "us-east-1"

enum finding_level {
	FINDING_OK,
	FINDING_WARNING, /* works, and will hurt one day */
	FINDING_PROBLEM, /* a release would fail: exit status 1 */
	FINDING_UNKNOWN, /* could not be found out; the value says why */
};

struct finding {
	enum finding_level level;
	const char *section;  /* "settings", "identity", "inventory", "permissions", "template" */
	const char *subject;  /* what it is about: "region", "ec2:CreateTags", "web.pkr.hcl:12" */
	const char *value;    /* what it is, or what is wrong with it: one line, no secret. NULL: none */
	const char *origin;   /* where it comes from: "$AWS_REGION", "goldkeep.ini:3"; for permissions,
				 what needs it: "release, retention". NULL: nothing to say */
	const char *advice;   /* what to do; NULL unless something is to be done */
	const char *location; /* the region that it is about; NULL: all */
};

/* A region with a release, and an image and a snapshot of ours there. */
struct doctor_place {
	const char *region, *image, *snapshot; /* NULL: none */
};

struct doctor {
	struct finding *findings;
	size_t count;
	struct gk_strv texts; /* the findings', and the places' */

	/* What the options ask for: of the family that is named, else of those without a section (the
	 * first) and those that goldkeep.ini has sections for; none that has AWS settings of its own. */
	struct feature_options *families;
	size_t family_count;
	unsigned features; /* in use in any of them: enum aws_feature */

	/* What settings and identity found out, for those after them; NULL: not known. */
	char *profile, *region;          /* in use */
	char *provider;                  /* of the credentials: "environment" */
	char *account, *arn, *partition; /* whose they are */
	bool has_credentials;            /* they were found, and nobody has refused them */
	bool has_skew;
	int64_t skew;                    /* seconds that the servers' clock is ahead */
	size_t unreached;                /* the finding that STS was not reached, counted from 1 */

	/* What the inventory found out; the template knows more regions. */
	struct doctor_place *places;
	size_t place_count;
	const char *known_family; /* one that has releases; NULL: none is known */
	bool is_new;              /* it knows nothing of the family that is named, or of any */

	struct gk_strv parameters; /* what --publish-ssm would write, placeholders filled in */
};

void doctor_done(struct doctor *doctor);

/* Adds a copy of the finding:
 *
 *     doctor_add(doctor, &(struct finding){FINDING_PROBLEM, "template", place, text,
 *                .advice = "write `owners = [\"self\"]`"}, err)
 */
int doctor_add(struct doctor *doctor, const struct finding *finding, struct gk_error *err);

/* Keeps a copy of the text as long as the doctor is there; NULL with err set. */
const char *doctor_keep(struct doctor *doctor, const char *text, struct gk_error *err);

/* Reads what the options ask for, before everything else. GK_USAGE. */
int doctor_read_options(struct context *context, struct doctor *doctor, struct gk_error *err);

/* Has the family a profile, a region or an endpoint of its own? One client is examined. */
bool doctor_is_apart(const struct context *context, const char *family);

/* Remembers a region to be tried, each once; NULL with err set. */
struct doctor_place *doctor_add_place(struct doctor *doctor, const char *region,
				      struct gk_error *err);

/* One function per section, each in its file, in this order: an instance knows its region when it
 * has its credentials. context->aws may be NULL: its settings are wrong, which is a finding already. */
int doctor_identity(struct context *context, struct doctor *doctor, struct gk_error *err);
int doctor_settings(struct context *context, struct doctor *doctor, struct gk_error *err);
int doctor_inventory(struct context *context, struct doctor *doctor, struct gk_error *err);

/* --template FILE, or a folder of templates: what Packer would do around goldkeep, and where. After
 * the others, whose account, profile and so on it compares with. */
int doctor_template(struct context *context, const char *path, struct doctor *doctor,
		    struct gk_error *err);

/* In all regions that are known by then: images and parameters there, and what is allowed. */
int doctor_account(struct context *context, struct doctor *doctor, struct gk_error *err);
int doctor_permissions(struct context *context, struct doctor *doctor, struct gk_error *err);

/* A table per section, warnings, and problems with their advice; or the document. Returns the exit
 * status, or -1. */
int doctor_report(struct context *context, const struct doctor *doctor, struct gk_error *err);

#endif
