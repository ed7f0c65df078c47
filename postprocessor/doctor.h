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
#include "base/strv.h"
#include "context.h"

enum finding_level {
	FINDING_OK,
	FINDING_WARNING, /* works, and will hurt one day */
	FINDING_PROBLEM, /* a release would fail: exit status 1 */
	FINDING_UNKNOWN, /* could not be found out; the value says why */
};

struct finding {
	enum finding_level level;
	const char *section; /* "settings", "identity", "inventory", "permissions", "template" */
	const char *subject; /* what it is about: "region", "web.pkr.hcl:12" */
	const char *value;   /* what it is, or what is wrong with it: one line, no secret. NULL: none */
	const char *origin;  /* where it comes from: "$AWS_REGION", "goldkeep.ini:3". NULL: nowhere */
	const char *advice;  /* what to do; NULL unless something is to be done */
};

struct doctor {
	struct finding *findings;
	size_t count;
	struct gk_strv texts; /* the findings' texts */

	/* What the sections before found out, for those after; NULL: not known. */
	char *profile, *region;                    /* in use */
	char *provider;                            /* of the credentials: "environment" */
	char *account, *arn, *partition;           /* whose they are */
};

void doctor_done(struct doctor *doctor);

/* Adds a copy of the finding:
 *
 *     doctor_add(doctor, &(struct finding){FINDING_PROBLEM, "template", place, text,
 *                .advice = "write `owners = [\"self\"]`"}, err)
 */
int doctor_add(struct doctor *doctor, const struct finding *finding, struct gk_error *err);

/* One function per section, each in its file. `family` selects the section of goldkeep.ini; may be
 * NULL. */
int doctor_settings(struct context *context, const char *family, struct doctor *doctor,
		    struct gk_error *err);
int doctor_identity(struct context *context, struct doctor *doctor, struct gk_error *err);
int doctor_inventory(struct context *context, const char *family, struct doctor *doctor,
		     struct gk_error *err);
int doctor_permissions(struct context *context, const char *family, struct doctor *doctor,
		       struct gk_error *err);

/* --template FILE, or a folder of templates: what Packer would do around goldkeep. After the others,
 * whose account, profile and so on it compares with. */
int doctor_template(struct context *context, const char *path, struct doctor *doctor,
		    struct gk_error *err);

#endif
