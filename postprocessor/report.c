#include "report.h"

#include <string.h>

#include "base/mem.h"
#include "github.h"
#include "output.h"
#include "render.h"

static enum exit_status outcome_status(const struct outcome *outcome,
				       const struct report_style *style)
{
	switch (outcome->result) {
	case OUTCOME_FAILED:
		return exit_of(&outcome->error);
	case OUTCOME_INCOMPLETE:
		return style->lenient ? EXIT_DONE : EXIT_INCOMPLETE;
	case OUTCOME_NOTHING:
	case OUTCOME_RELEASED:
	case OUTCOME_UNCHANGED:
	case OUTCOME_DONE:
		break;
	}
	return EXIT_DONE;
}

/* What failed outweighs what is unfinished. */
static enum exit_status overall_status(const struct outcome_list *outcomes,
				       const struct report_style *style)
{
	enum exit_status status = EXIT_DONE;

	for (size_t i = 0; i < outcomes->count; i++) {
		enum exit_status own = outcome_status(&outcomes->items[i], style);

		if (outcomes->items[i].result == OUTCOME_FAILED)
			return own;
		if (own != EXIT_DONE)
			status = own;
	}
	return status;
}

static const char *outcome_label(const struct outcome *outcome, char *text)
{
	if (outcome->has_release)
		return release_label(&outcome->release, text);
	snprintf(text, RELEASE_LABEL_SIZE, "%s", outcome->family ? outcome->family : "goldkeep");
	return text;
}

/* The family stands in front, unless the message begins with it. */
static void print_failure(struct context *context, const struct outcome *outcome)
{
	const char *family = outcome->family;
	size_t length = family ? strlen(family) : 0;

	if (!family || (strncmp(outcome->error.message, family, length) == 0 &&
			outcome->error.message[length] == ' '))
		output_problem(context, "%s", outcome->error.message);
	else
		output_problem(context, "%s: %s", family, outcome->error.message);
}

/* Problems go to standard error, one line each. */
static void print_problems(struct context *context, const struct outcome *outcome)
{
	char label[RELEASE_LABEL_SIZE];

	outcome_label(outcome, label);
	for (size_t i = 0; i < outcome->warnings.count; i++)
		output_problem(context, "warning: %s", outcome->warnings.items[i]);
	for (size_t i = 0; i < outcome->incomplete_count; i++) {
		const struct outcome_incomplete *item = &outcome->incomplete[i];

		output_problem(context, "%s: not finished: %s%s%s: %s; `goldkeep %s %s%s` goes on with it",
			       label, item->step, item->location ? " in " : "",
			       item->location ? item->location : "", item->error,
			       item->refused ? "retain" : "resume",
			       outcome->family ? outcome->family : "",
			       item->refused ? " with another policy" : "");
	}
	if (outcome->result == OUTCOME_FAILED)
		print_failure(context, outcome);
}

static int print_text(struct context *context, const struct outcome *outcome,
		      struct gk_error *err)
{
	_cleanup_free_ char *channels = gk_strv_join(&outcome->channels, ", ", err);
	char label[RELEASE_LABEL_SIZE];

	if (!channels)
		return -1;
	if (context->quiet || outcome->result == OUTCOME_FAILED)
		return 0;
	if (outcome->has_retention && outcome->retention_count > 0 &&
	    render_plan_table(outcome, err) < 0)
		return -1;
	printf("%s: %s%s%s\n", outcome_label(outcome, label), outcome_result_name(outcome->result),
	       *channels ? ", channels: " : "", channels);
	return 0;
}

/* One outcome, with what the run passed over among its warnings. */
static int render_one(struct gk_json_builder *json, cJSON *object, const struct outcome *outcome,
		      const struct report_style *style, struct gk_error *err)
{
	struct outcome shown = *outcome; /* borrows everything but the warnings */
	int done = 0;

	shown.warnings = (struct gk_strv){0};
	done = gk_strv_extend(&shown.warnings, &outcome->warnings, err);
	if (done == 0 && style->passed_over)
		done = gk_strv_extend(&shown.warnings, style->passed_over, err);
	if (done == 0)
		done = render_outcome(json, object, &shown, outcome_status(outcome, style),
				      style->dry_run, err);
	gk_strv_done(&shown.warnings);
	return done;
}

static int build_document(const struct outcome_list *outcomes, const struct report_style *style,
			  struct gk_json_builder *json, struct gk_error *err)
{
	static const struct outcome nothing = {.result = OUTCOME_NOTHING};
	cJSON *array = NULL;

	if (gk_json_builder_init(json, err) < 0)
		return -1;
	if (outcomes->count <= 1 && !style->many)
		return render_one(json, json->root, outcomes->count ? &outcomes->items[0] : &nothing,
				  style, err);
	array = gk_json_add_array(json, json->root, "releases");
	for (size_t i = 0; i < outcomes->count; i++)
		if (render_one(json, gk_json_add_object(json, array, NULL), &outcomes->items[i],
			       style, err) < 0)
			return -1;
	return 0;
}

/* All places that want the result. -1: one of them could not take it. */
static int give_out(struct context *context, const struct outcome_list *outcomes,
		    const struct report_style *style, struct gk_error *err)
{
	_cleanup_(gk_json_builder_done) struct gk_json_builder json = {0};
	int lost = 0;

	if (build_document(outcomes, style, &json, err) < 0)
		return -1;
	if (!context->json) {
		for (size_t i = 0; i < outcomes->count; i++)
			if (print_text(context, &outcomes->items[i], err) < 0)
				return -1;
		if (outcomes->count == 0 && style->nothing && !context->quiet)
			puts(style->nothing);
	}
	lost = output_document(context, &json, err);
	return output_finish(context, lost < 0 ? NULL : err) < 0 ? -1 : lost;
}

static bool recorded_any(const struct outcome_list *outcomes)
{
	for (size_t i = 0; i < outcomes->count; i++)
		if (outcomes->items[i].result != OUTCOME_FAILED)
			return true;
	return false;
}

int report_outcomes(struct context *context, const struct outcome_list *outcomes,
		    const struct report_style *style)
{
	enum exit_status status = overall_status(outcomes, style);
	struct gk_error err = {0};

	for (size_t i = 0; i < outcomes->count; i++)
		print_problems(context, &outcomes->items[i]);
	if (style->dry_run && !context->quiet && recorded_any(outcomes))
		output_notice(context, "dry run: nothing was changed");
	if (!style->dry_run)
		github_report(context, outcomes);
	if (give_out(context, outcomes, style, &err) == 0)
		return status;
	context->output_told = true;
	output_problem(context, "%s%s", err.message,
		       recorded_any(outcomes) && !style->dry_run ? "; what was done is recorded" : "");
	if (status != EXIT_DONE)
		return status;
	if (!recorded_any(outcomes))
		return EXIT_FAILED;
	return style->lenient ? EXIT_DONE : EXIT_INCOMPLETE;
}

int report_document(struct context *context, struct gk_json_builder *json, struct gk_error *err)
{
	if (output_document(context, json, err) < 0 || output_finish(context, err) < 0) {
		context->output_told = true;
		output_problem(context, "%s", err->message);
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}
