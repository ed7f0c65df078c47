/* goldkeep hold, goldkeep unhold: a release that retention may not touch until it is let go. */
#include "base/mem.h"
#include "commands.h"
#include "show.h"

/* With a reason, or (`held` false) let go. */
static int change(struct context *context, bool held, struct gk_error *err)
{
	_cleanup_(release_done) struct release release = {0};
	struct lifecycle lifecycle;
	const char *family = NULL;
	const char *reason = NULL;
	struct semver version;
	bool has_version = false;

	if (show_arguments(context, true, &family, &has_version, &version, err) < 0 ||
	    (held && show_reason(&context->options, family, &reason, err) < 0) ||
	    context_open_records(context, family, false, &lifecycle, err) < 0)
		return -1;
	if (lifecycle_hold(&lifecycle, family, &version, reason, &release, err) < 0)
		return -1;
	return show_release(context, &release, err);
}

static int run_hold(struct context *context, struct gk_error *err)
{
	return change(context, true, err);
}

static int run_unhold(struct context *context, struct gk_error *err)
{
	return change(context, false, err);
}

static const struct option_def family_defs[] = {
	{"family", 0, "NAME", "family; the only argument is the version then", 0},
};

static const struct option_def hold_defs[] = {
	{"reason", 0, "TEXT", "why, shown wherever the release is kept for it", 0},
};

static const struct option_group group_family = {"Which", family_defs, ARRAY_SIZE(family_defs)};
static const struct option_group group_hold = {"Hold", hold_defs, ARRAY_SIZE(hold_defs)};

static const struct option_group *const hold_groups[] = {&group_family, &group_hold, &group_global,
							 NULL};
static const struct option_group *const unhold_groups[] = {&group_family, &group_global, NULL};

const struct command command_hold = {
	.name = "hold",
	.arguments = "FAMILY VERSION",
	.summary = "Protect a release from retention until it is let go.",
	.max_arguments = 2,
	.groups = hold_groups,
	.run = run_hold,
};

const struct command command_unhold = {
	.name = "unhold",
	.arguments = "FAMILY VERSION",
	.summary = "Let a held release go.",
	.max_arguments = 2,
	.groups = unhold_groups,
	.run = run_unhold,
};
