/* goldkeep adopt: images made before, or known to a lost inventory, become releases. */
#include "base/mem.h"
#include "commands.h"
#include "report.h"

static const struct option_def adopt_defs[] = {
	{"from-tags", 0, NULL, "rebuild releases from the goldkeep: tags of images", 0},
	{"family", 0, "NAME", "this family only (default: every family that tags name)", 0},
	{"dry-run", 0, NULL, "show what would be done, change nothing", 0},
};

static const struct option_group group_adopt = {"Adopt", adopt_defs, ARRAY_SIZE(adopt_defs)};

/* --region may be repeated here; without it, the one that is configured. */
static int read_regions(struct context *context, const char *family, struct gk_strv *ret,
			struct gk_error *err)
{
	if (options_list(&context->options, family, "region", ret, err) < 0)
		return -1;
	if (ret->count == 0 && aws_client_region(context->aws))
		return gk_strv_add(ret, aws_client_region(context->aws), err);
	if (ret->count == 0)
		return gk_error_set(err, GK_USAGE, "name the regions to look in: --region NAME");
	return 0;
}

static int run_adopt(struct context *context, struct gk_error *err)
{
	const char *family = options_text(&context->options, NULL, "family");
	_cleanup_(outcome_list_done) struct outcome_list outcomes = {0};
	_cleanup_(gk_strv_done) struct gk_strv regions = {0};
	struct report_style style = {.nothing = "nothing to adopt"};
	struct lifecycle lifecycle;
	bool from_tags = false;

	if (options_switch(&context->options, NULL, "from-tags", &from_tags, err) < 0 ||
	    options_switch(&context->options, context_family(context, 0), "dry-run",
			   &style.dry_run, err) < 0 ||
	    (family && family_check(family, err) < 0))
		return -1;
	if (!from_tags)
		return gk_error_set(err, GK_USAGE, "give --from-tags: it is the only way so far");
	if (context_open_lifecycle(context, family, style.dry_run, &lifecycle, err) < 0 ||
	    read_regions(context, family, &regions, err) < 0 ||
	    lifecycle_adopt_tags(&lifecycle, family, &regions, &outcomes, err) < 0)
		return -1;
	return report_outcomes(context, &outcomes, &style);
}

static const struct option_group *const groups[] = {&group_adopt, &group_global, NULL};

const struct command command_adopt = {
	.name = "adopt",
	.arguments = "",
	.summary = "Bring images made before into the inventory.",
	.groups = groups,
	.run = run_adopt,
};
