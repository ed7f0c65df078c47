/* goldkeep promote: move a channel, forwards or back. */
#include "base/mem.h"
#include "commands.h"
#include "pointer_options.h"
#include "report.h"
#include "show.h"

static const struct option_def promote_defs[] = {
	{"family", 0, "NAME", "family; the only argument is the version then", 0},
	{"channel", 0, "NAME", "channel to be moved; made if there is none of that name; only as a flag",
	 OPTION_LIST | OPTION_FLAG_ONLY},
	{"rollback", 0, NULL, "back to where the channel was before; only as a flag", OPTION_FLAG_ONLY},
	{"publish-ssm", 0, "NAME",
	 "SSM parameter besides those that the releases have already, as of `release`; repeatable",
	 OPTION_LIST},
};

static const struct option_group group_promote = {"Promote", promote_defs,
						  ARRAY_SIZE(promote_defs)};

/* The command line alone says what is moved: a channel that a file or a variable names is that of
 * `release`. */
static int read_channel(const struct options *options, const char **ret, struct gk_error *err)
{
	const struct option_value *value = options_find(options, NULL, "channel");
	_cleanup_(gk_strv_done) struct gk_strv names = {0};

	if (!value || value->source != OPTION_FROM_FLAG)
		return gk_error_set(err, GK_USAGE, "name the channel: --channel NAME");
	if (options_list(options, NULL, "channel", &names, err) < 0)
		return -1;
	if (names.count != 1)
		return gk_error_set(err, GK_USAGE, "name one channel: --channel was given %zu times",
				    names.count);
	if (channel_check(value->text, err) < 0)
		return gk_error_wrap(err, "%s", value->origin);
	*ret = value->text;
	return 0;
}

static int read_promotion(struct context *context, struct promotion *promotion,
			  struct gk_error *err)
{
	const struct option_value *back = options_find(&context->options, NULL, "rollback");
	bool has_version = false;

	promotion->rollback = back && back->source == OPTION_FROM_FLAG;
	if (show_arguments(context, false, &promotion->family, &has_version, &promotion->version,
			   err) < 0)
		return -1;
	if (has_version == promotion->rollback)
		return gk_error_set(err, GK_USAGE,
				    has_version ? "name a version or give --rollback, not both"
						: "name the version, or give --rollback");
	if (read_channel(&context->options, &promotion->channel, err) < 0)
		return -1;
	return pointers_from_options(&context->options, promotion->family, &promotion->pointers,
				     err);
}

static void promotion_done(struct promotion *promotion)
{
	gk_strv_done(&promotion->pointers);
}

static int run_promote(struct context *context, struct gk_error *err)
{
	_cleanup_(promotion_done) struct promotion promotion = {0};
	_cleanup_(outcome_list_done) struct outcome_list outcomes = {0};
	const struct report_style style = {0};
	struct lifecycle lifecycle;
	struct outcome *outcome = NULL;

	if (read_promotion(context, &promotion, err) < 0 ||
	    context_open_lifecycle(context, promotion.family, false, &lifecycle, err) < 0)
		return -1;
	outcome = outcome_list_add(&outcomes, promotion.family, err);
	if (!outcome || lifecycle_promote(&lifecycle, &promotion, outcome, err) < 0)
		return -1;
	return report_outcomes(context, &outcomes, &style);
}

static const struct option_group *const groups[] = {&group_promote, &group_global, NULL};

const struct command command_promote = {
	.name = "promote",
	.arguments = "FAMILY [VERSION]",
	.summary = "Move a channel, forwards or back; what is published follows.",
	.max_arguments = 2,
	.groups = groups,
	.run = run_promote,
};
