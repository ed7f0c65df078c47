/* goldkeep revoke: withdraw a release. */
#include "base/mem.h"
#include "commands.h"
#include "report.h"
#include "show.h"

static const struct option_def revoke_defs[] = {
	{"family", 0, "NAME", "family; the only argument is the version then", 0},
	{"reason", 0, "TEXT", "why, told to whoever asks for the release", 0},
};

static const struct option_group group_revoke = {"Revoke", revoke_defs, ARRAY_SIZE(revoke_defs)};

static int run_revoke(struct context *context, struct gk_error *err)
{
	_cleanup_(outcome_list_done) struct outcome_list outcomes = {0};
	const struct report_style style = {0};
	struct lifecycle lifecycle;
	struct outcome *outcome = NULL;
	const char *family = NULL;
	const char *reason = NULL;
	struct semver version;
	bool has_version = false;

	if (show_arguments(context, true, &family, &has_version, &version, err) < 0 ||
	    show_reason(&context->options, family, &reason, err) < 0 ||
	    context_open_lifecycle(context, family, false, &lifecycle, err) < 0)
		return -1;
	outcome = outcome_list_add(&outcomes, family, err);
	if (!outcome ||
	    lifecycle_revoke(&lifecycle, family, &version, reason, outcome, err) < 0)
		return -1;
	return report_outcomes(context, &outcomes, &style);
}

static const struct option_group *const groups[] = {&group_revoke, &group_global, NULL};

const struct command command_revoke = {
	.name = "revoke",
	.arguments = "FAMILY VERSION",
	.summary = "Withdraw a release: no channel names it, nobody is to choose it.",
	.max_arguments = 2,
	.groups = groups,
	.run = run_revoke,
};
