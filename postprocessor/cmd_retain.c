/* goldkeep retain: the retention part alone. */
#include "base/mem.h"
#include "commands.h"
#include "output.h"
#include "policy_options.h"
#include "report.h"

static const struct option_def retain_defs[] = {
	{"family", 0, "NAME", "family, if no argument names it", 0},
	{"all", 0, NULL, "every family of the inventory, each with its own policy", OPTION_FLAG_ONLY},
	{"dry-run", 0, NULL, "show what would be done, change nothing", 0},
};

static const struct option_group group_retain = {"Retain", retain_defs, ARRAY_SIZE(retain_defs)};

static int retain_family(struct context *context, struct lifecycle *lifecycle, const char *family,
			 bool all, struct outcome_list *outcomes, struct gk_error *err)
{
	struct outcome *outcome = NULL;
	struct policy policy;

	if (policy_from_options(&context->options, family, &policy, err) < 0)
		return -1;
	if (!policy.given && all) {
		output_problem(context, "warning: %s has no keep rule: passed over", family);
		return 0;
	}
	if (!policy.given)
		return gk_error_set(err, GK_USAGE,
				    "no keep rule for %s: give --keep-last N or --keep-within "
				    "DURATION",
				    family);
	outcome = outcome_list_add(outcomes, family, err);
	if (!outcome)
		return -1;
	if (lifecycle_retain(lifecycle, family, &policy, outcome, &outcome->error) < 0)
		outcome->result = OUTCOME_FAILED;
	return 0;
}

static int choose_families(struct context *context, bool all, struct gk_strv *ret,
			   struct gk_error *err)
{
	const char *family = context_family(context, 0);

	if (all)
		return context->inventory->ops->families(context->inventory, false, ret, err);
	if (!family)
		return gk_error_set(err, GK_USAGE, "name a family, or give --all");
	if (family_check(family, err) < 0)
		return -1;
	return gk_strv_add(ret, family, err);
}

static int run_retain(struct context *context, struct gk_error *err)
{
	_cleanup_(outcome_list_done) struct outcome_list outcomes = {0};
	_cleanup_(gk_strv_done) struct gk_strv families = {0};
	struct report_style style = {.nothing = "no family to retain"};
	struct lifecycle lifecycle;
	bool all = false;

	if (options_switch(&context->options, NULL, "all", &all, err) < 0 ||
	    options_switch(&context->options, NULL, "dry-run", &style.dry_run, err) < 0 ||
	    context_open_lifecycle(context, context_family(context, 0), style.dry_run, &lifecycle,
				   err) < 0 ||
	    choose_families(context, all, &families, err) < 0)
		return -1;
	for (size_t i = 0; i < families.count; i++)
		if (retain_family(context, &lifecycle, families.items[i], all, &outcomes, err) < 0)
			return -1;
	return report_outcomes(context, &outcomes, &style);
}

static const struct option_group *const groups[] = {&group_retain, &group_policy, &group_global,
						    NULL};

const struct command command_retain = {
	.name = "retain",
	.arguments = "[FAMILY]",
	.summary = "Retire what a policy no longer keeps.",
	.max_arguments = 1,
	.groups = groups,
	.run = run_retain,
};
