/* goldkeep retain: the retention part alone. */
#include <stdlib.h>

#include "base/mem.h"
#include "commands.h"
#include "output.h"
#include "policy_options.h"
#include "report.h"

static const struct option_def retain_defs[] = {
	{"family", 0, "NAME", "family, if no argument names it", 0},
	{"all", 0, NULL, "every family of the inventory, each with its own policy", 0},
	{"dry-run", 0, NULL, "show what would be done, change nothing", 0},
};

static const struct option_group group_retain = {"Retain", retain_defs, ARRAY_SIZE(retain_defs)};

/* A family and its policy. All are read before anything is removed. */
struct assignment {
	const char *family;
	struct policy policy;
};

struct assignments {
	struct assignment *items;
	size_t count;
};

static void assignments_done(struct assignments *assignments)
{
	free(assignments->items);
}

static int add_assignment(struct context *context, const char *family, bool all,
			  struct assignments *assignments, struct gk_error *err)
{
	struct assignment *added = NULL;
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
	added = gk_array_add(&assignments->items, &assignments->count, sizeof(*added), err);
	if (!added)
		return -1;
	*added = (struct assignment){.family = family, .policy = policy};
	return 0;
}

static int retain_families(struct lifecycle *lifecycle, const struct assignments *assignments,
			   struct outcome_list *outcomes, struct gk_error *err)
{
	for (size_t i = 0; i < assignments->count; i++) {
		const struct assignment *assignment = &assignments->items[i];
		struct outcome *outcome = outcome_list_add(outcomes, assignment->family, err);
		struct gk_error problem = {0};

		if (!outcome)
			return -1;
		if (lifecycle_retain(lifecycle, assignment->family, &assignment->policy, outcome,
				     &problem) < 0) {
			outcome->result = OUTCOME_FAILED;
			outcome->error = problem;
		}
	}
	return 0;
}

static int choose_families(struct context *context, bool all, struct gk_strv *ret,
			   struct gk_error *err)
{
	if (all)
		return context->inventory->ops->families(context->inventory, false, ret, err);
	return context_choose_families(context, false, ret, err);
}

static int run_retain(struct context *context, struct gk_error *err)
{
	_cleanup_(outcome_list_done) struct outcome_list outcomes = {0};
	_cleanup_(gk_strv_done) struct gk_strv families = {0};
	_cleanup_(assignments_done) struct assignments assignments = {0};
	struct report_style style = {.nothing = "no family to retain"};
	struct lifecycle lifecycle;
	bool all = false;

	if (options_switch(&context->options, NULL, "all", &all, err) < 0 ||
	    options_switch(&context->options, context_family(context, 0), "dry-run",
			   &style.dry_run, err) < 0)
		return -1;
	if (!all && !context_family(context, 0))
		return gk_error_set(err, GK_USAGE, "name a family, or give --all");
	if (context_open_lifecycle(context, context_family(context, 0), style.dry_run, &lifecycle,
				   err) < 0 ||
	    choose_families(context, all, &families, err) < 0)
		return -1;
	for (size_t i = 0; i < families.count; i++)
		if (add_assignment(context, families.items[i], all, &assignments, err) < 0)
			return -1;
	style.many = all;
	if (retain_families(&lifecycle, &assignments, &outcomes, err) < 0)
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
