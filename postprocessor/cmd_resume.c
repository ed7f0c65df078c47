/* goldkeep resume: finish what an earlier step left. */
#include "base/mem.h"
#include "commands.h"
#include "report.h"

static const struct option_def resume_defs[] = {
	{"family", 0, "NAME", "family, if no argument names it (default: all)", 0},
	{"dry-run", 0, NULL, "show what would be done, change nothing", 0},
};

static const struct option_group group_resume = {"Resume", resume_defs, ARRAY_SIZE(resume_defs)};

/* What fails in one family does not hide what was done in another. */
static int resume_families(struct lifecycle *lifecycle, const struct gk_strv *families,
			   struct outcome_list *outcomes, struct gk_error *err)
{
	for (size_t i = 0; i < families->count; i++) {
		struct gk_error problem = {0};
		struct outcome *outcome = NULL;

		if (lifecycle_resume(lifecycle, families->items[i], outcomes, &problem) == 0)
			continue;
		outcome = outcome_list_add(outcomes, families->items[i], err);
		if (!outcome)
			return -1;
		outcome->result = OUTCOME_FAILED;
		outcome->error = problem;
	}
	return 0;
}

static int run_resume(struct context *context, struct gk_error *err)
{
	_cleanup_(outcome_list_done) struct outcome_list outcomes = {0};
	_cleanup_(gk_strv_done) struct gk_strv families = {0};
	struct report_style style = {.nothing = "nothing is unfinished"};
	struct lifecycle lifecycle;

	if (options_switch(&context->options, context_family(context, 0), "dry-run",
			   &style.dry_run, err) < 0 ||
	    context_open_lifecycle(context, context_family(context, 0), style.dry_run, &lifecycle,
				   err) < 0 ||
	    context_choose_families(context, true, &families, err) < 0 ||
	    resume_families(&lifecycle, &families, &outcomes, err) < 0)
		return -1;
	return report_outcomes(context, &outcomes, &style);
}

static const struct option_group *const groups[] = {&group_resume, &group_global, NULL};

const struct command command_resume = {
	.name = "resume",
	.arguments = "[FAMILY]",
	.summary = "Finish what an earlier, interrupted or refused step left.",
	.max_arguments = 1,
	.groups = groups,
	.run = run_resume,
};
