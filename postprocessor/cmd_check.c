/* goldkeep check: before a build, is there already a live release made from these inputs? */
#include "base/mem.h"
#include "commands.h"
#include "image/fingerprint.h"
#include "output.h"
#include "render.h"
#include "report.h"

static const struct option_def check_defs[] = {
	{"family", 0, "NAME", "family, if no argument names it", 0},
	{"fingerprint", 0, "HEX", "digest of the inputs, as `goldkeep fingerprint` makes it", 0},
};

static const struct option_group group_check = {"Check", check_defs, ARRAY_SIZE(check_defs)};

/* No failure, but an answer: the document is that of a run with nothing to show. */
static int report_none(struct context *context, const char *family, struct gk_error *err)
{
	_cleanup_(gk_json_builder_done) struct gk_json_builder json = {0};
	_cleanup_(outcome_done) struct outcome none = {.result = OUTCOME_NOTHING};
	_cleanup_free_ char *text =
		gk_str_format(err, "no live release of %s has this fingerprint: build it", family);
	int status = 0;

	if (!text || gk_str_set(&none.family, family, err) < 0 ||
	    gk_json_builder_init(&json, err) < 0 ||
	    render_outcome(&json, json.root, &none, EXIT_NOT_FOUND, false, err) < 0)
		return -1;
	output_notice(context, text);
	status = report_document(context, &json, err);
	return status == EXIT_DONE ? EXIT_NOT_FOUND : status;
}

static int print_text(const struct release *release, struct gk_error *err)
{
	_cleanup_(gk_strv_done) struct gk_strv words = {0};
	_cleanup_free_ char *line = NULL;
	char label[RELEASE_LABEL_SIZE];

	if (gk_strv_add(&words, release_label(release, label), err) < 0)
		return -1;
	for (size_t i = 0; i < release->image_count; i++)
		if (release->images[i].state == RELEASE_LIVE &&
		    gk_strv_addf(&words, err, "%s:%s", release->images[i].location,
				 release->images[i].id) < 0)
			return -1;
	line = gk_strv_join(&words, " ", err);
	if (!line)
		return -1;
	puts(line);
	return 0;
}

static int report_found(struct context *context, const struct release *release,
			struct gk_error *err)
{
	struct inventory *inventory = context->inventory;
	_cleanup_(channel_list_done) struct channel_list channels = {0};
	_cleanup_(gk_json_builder_done) struct gk_json_builder json = {0};

	if (inventory->ops->channels(inventory, release->family, &channels, err) < 0 ||
	    gk_json_builder_init(&json, err) < 0 ||
	    render_release(&json, json.root, release, &channels, err) < 0)
		return -1;
	if (!context->json && print_text(release, err) < 0)
		return -1;
	return report_document(context, &json, err);
}

static int run_check(struct context *context, struct gk_error *err)
{
	const char *family = context_family(context, 0);
	_cleanup_(release_done) struct release release = {0};
	struct lifecycle lifecycle;
	const char *fingerprint = NULL;
	bool found = false;

	if (!family)
		return gk_error_set(err, GK_USAGE, "name a family");
	fingerprint = options_text(&context->options, family, "fingerprint");
	if (!fingerprint)
		return gk_error_set(err, GK_USAGE, "name the inputs: --fingerprint HEX");
	if (family_check(family, err) < 0 || fingerprint_check(fingerprint, err) < 0 ||
	    context_open_records(context, family, true, &lifecycle, err) < 0)
		return -1;
	if (lifecycle_find_fingerprint(&lifecycle, family, fingerprint, &found, &release, err) < 0)
		return -1;
	return found ? report_found(context, &release, err) : report_none(context, family, err);
}

static const struct option_group *const groups[] = {&group_check, &group_global, NULL};

const struct command command_check = {
	.name = "check",
	.arguments = "[FAMILY]",
	.summary = "Before a build: the live release made from the same inputs; exit 6 if there is none.",
	.max_arguments = 1,
	.groups = groups,
	.run = run_check,
};
