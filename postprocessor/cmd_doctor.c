/* goldkeep doctor: would a release work on this machine, and if not, why. */
#include "base/mem.h"
#include "commands.h"
#include "doctor.h"

/* Settings that nobody can work with are a finding; what needs none of them is examined all the
 * same. */
static int open_client(struct context *context, struct doctor *doctor, struct gk_error *err)
{
	struct gk_error failure = {0};

	if (context_make_client(context, context_family(context, 0), &failure) == 0)
		return 0;
	return doctor_add(doctor,
			  &(struct finding){FINDING_PROBLEM, "settings", "AWS settings",
					    .value = failure.message},
			  err);
}

static int run_doctor(struct context *context, struct gk_error *err)
{
	const struct option_value *given = options_find(&context->options, NULL, "template");
	const char *template = given ? given->text : NULL;
	_cleanup_(doctor_done) struct doctor doctor = {0};

	if (template && !*template)
		return gk_error_set(err, GK_USAGE, "%s: the path is empty", given->origin);
	if (doctor_read_options(context, &doctor, err) < 0 ||
	    open_client(context, &doctor, err) < 0 ||
	    doctor_identity(context, &doctor, err) < 0 ||
	    doctor_settings(context, &doctor, err) < 0 ||
	    doctor_inventory(context, &doctor, err) < 0 ||
	    (template && doctor_template(context, template, &doctor, err) < 0) ||
	    doctor_account(context, &doctor, err) < 0 ||
	    doctor_permissions(context, &doctor, err) < 0)
		return -1;
	return doctor_report(context, &doctor, err);
}

static const struct option_def doctor_defs[] = {
	{"template", 0, "FILE", "examine this Packer template too, or a folder of them", 0},
};

static const struct option_group group_doctor = {"Doctor", doctor_defs, ARRAY_SIZE(doctor_defs)};

static const struct option_group *const groups[] = {&group_doctor,     &group_release,
						    &group_versioning, &group_policy,
						    &group_global,     NULL};

const struct command command_doctor = {
	.name = "doctor",
	.arguments = "[FAMILY]",
	.summary = "Say whether a release would work on this machine, and if not, why.",
	.max_arguments = 1,
	.groups = groups,
	.run = run_doctor,
};
