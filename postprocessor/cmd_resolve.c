/* goldkeep resolve: the images of a release, for those who use them. */
#include <string.h>

#include "base/mem.h"
#include "commands.h"
#include "image/handout.h"
#include "render.h"
#include "report.h"
#include "resolve.h"

/* What was asked for. */
struct request {
	const char *text; /* the selector; borrowed */
	struct selector selector;
	struct gk_strv regions;
	const char *architecture; /* NULL: all */
	enum handout_format format;
	bool offline;
};

static void request_done(struct request *request)
{
	selector_done(&request->selector);
	gk_strv_done(&request->regions);
}

/* --format json is --output json; another form is no JSON document. */
static int read_format(struct context *context, struct request *request, struct gk_error *err)
{
	const char *family = request->selector.family;
	const struct option_value *format = options_find(&context->options, family, "format");
	const struct option_value *output = options_find(&context->options, NULL, "output");

	if (!format)
		return 0;
	if (strcmp(format->text, "json") == 0) {
		context->json = true;
		return 0;
	}
	if (handout_format_parse(format->text, &request->format, NULL) < 0)
		return gk_error_set(err, GK_USAGE, "%s: '%s' is none of text, json, tfvars, env,"
				    " ansible, pkrvars, cloudformation", format->origin,
				    format->text);
	if (context->json)
		return gk_error_set(err, GK_USAGE, "%s json and %s %s contradict one another: leave"
				    " one of them out", output->origin, format->origin,
				    format->text);
	return 0;
}

static int read_request(struct context *context, struct request *request, struct gk_error *err)
{
	const struct options *options = &context->options;
	const char *family = NULL;

	if (options->arguments.count == 0)
		return gk_error_set(err, GK_USAGE, "name what is wanted: FAMILY, FAMILY:CHANNEL or"
				    " FAMILY@RANGE");
	request->text = options->arguments.items[0];
	if (selector_parse(request->text, &request->selector, err) < 0) {
		read_format(context, request, NULL); /* the failure is told in that form */
		return -1;
	}
	family = request->selector.family;
	request->architecture = options_text(options, family, "architecture");
	if (options_list(options, family, "region", &request->regions, err) < 0 ||
	    options_switch(options, family, "offline", &request->offline, err) < 0)
		return -1;
	return read_format(context, request, err);
}

/* One region, as text: its id and nothing else. */
static bool wants_bare_id(const struct context *context, const struct request *request)
{
	return !context->json && request->format == HANDOUT_TEXT && request->regions.count == 1;
}

static int several_images(const struct release *release, struct gk_error *err)
{
	_cleanup_(gk_strv_done) struct gk_strv names = {0};
	_cleanup_free_ char *text = NULL;
	char label[RELEASE_LABEL_SIZE];

	for (size_t i = 0; i < release->image_count; i++)
		if (gk_strv_addf(&names, err, "%s (%s)", release->images[i].id,
				 release->images[i].architecture ? release->images[i].architecture
								 : "unknown") < 0)
			return -1;
	text = gk_strv_join(&names, ", ", err);
	if (!text)
		return -1;
	return gk_error_set(err, GK_USAGE,
			    "%s has several images in %s: %s; choose with --architecture NAME, or"
			    " read all of them with --output json",
			    release_label(release, label), release->images[0].location, text);
}

/* Everything that could be refused is, before anything is printed. Owned. */
static char *make_text(const struct context *context, const struct request *request,
		       const struct release *release, struct gk_error *err)
{
	_cleanup_free_ char *text = handout_text(request->format, release, err);

	if (!text || !wants_bare_id(context, request))
		return TAKE_PTR(text);
	if (release->image_count > 1) {
		several_images(release, err);
		return NULL;
	}
	return gk_str_format(err, "%s\n", release->images[0].id);
}

static int check_cloud(struct context *context, const struct request *request,
		       const struct release *release, struct gk_error *err)
{
	if (request->offline)
		return 0;
	if (context_open_cloud(context, release->family, err) < 0) {
		gk_error_wrap(err, "the images cannot be looked up (--offline goes by the inventory"
				   " alone)");
		return -1;
	}
	return resolve_check(context->cloud, release, err);
}

static int give_out(struct context *context, const struct release *release, const char *text,
		    struct gk_error *err)
{
	struct inventory *inventory = context->inventory;
	_cleanup_(channel_list_done) struct channel_list channels = {0};
	_cleanup_(gk_json_builder_done) struct gk_json_builder json = {0};

	if (gk_json_builder_init(&json, err) < 0)
		return -1;
	if ((context->json || context->has_result) &&
	    (inventory->ops->channels(inventory, release->family, &channels, err) < 0 ||
	     render_release(&json, json.root, release, &channels, err) < 0))
		return -1;
	if (!context->json)
		fputs(text, stdout);
	return report_document(context, &json, err);
}

static int run_resolve(struct context *context, struct gk_error *err)
{
	_cleanup_(request_done) struct request request = {.format = HANDOUT_TEXT};
	_cleanup_(release_done) struct release release = {0};
	_cleanup_free_ char *text = NULL;

	if (read_request(context, &request, err) < 0 ||
	    context_open_inventory(context, request.selector.family, true, err) < 0 ||
	    resolve_choose(context->inventory, &request.selector, request.text, &release, err) < 0 ||
	    resolve_filter(&release, &request.regions, request.architecture, err) < 0)
		return -1;
	text = make_text(context, &request, &release, err);
	if (!text || check_cloud(context, &request, &release, err) < 0)
		return -1;
	return give_out(context, &release, text, err);
}

static const struct option_def resolve_defs[] = {
	{"architecture", 0, "NAME", "only its images: x86_64, arm64, …", 0},
	{"format", 0, "FORMAT", "text, json, tfvars, env, ansible, pkrvars, cloudformation", 0},
	{"offline", 0, NULL, "go by the inventory alone, do not ask the cloud", 0},
};

static const struct option_group group_resolve = {"Images", resolve_defs,
						  ARRAY_SIZE(resolve_defs)};

static const struct option_group *const groups[] = {&group_resolve, &group_global, NULL};

const struct command command_resolve = {
	.name = "resolve",
	.arguments = "FAMILY|FAMILY:CHANNEL|FAMILY@RANGE",
	.summary = "Print the image ids of a release (all, or those in --region), for those who use them.",
	.max_arguments = 1,
	.groups = groups,
	.run = run_resolve,
};
