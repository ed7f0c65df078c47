/* goldkeep next: before a build, the version that its release would get. */
#include <string.h>

#include "base/mem.h"
#include "commands.h"
#include "image/ami_name.h"
#include "output.h"
#include "report.h"
#include "version_options.h"

enum next_format { NEXT_TEXT, NEXT_JSON, NEXT_PKRVARS };

static const char *const format_names[] = {
	[NEXT_TEXT] = "text",
	[NEXT_JSON] = "json",
	[NEXT_PKRVARS] = "pkrvars",
};

static const struct option_def next_defs[] = {
	{"family", 0, "NAME", "family, if no argument names it", 0},
	{"format", 0, "FORMAT", "text (default), json, or pkrvars: HCL for packer build -var-file", 0},
};

static const struct option_group group_next = {"Next", next_defs, ARRAY_SIZE(next_defs)};

/* Of --format and --output json the nearer wins, as everywhere. */
static int read_format(const struct context *context, const char *family, enum next_format *ret,
		       struct gk_error *err)
{
	const struct option_value *format = options_find(&context->options, family, "format");
	const struct option_value *output = options_find(&context->options, NULL, "output");
	enum next_format found = context->json ? NEXT_JSON : NEXT_TEXT;

	if (format && !(context->json && output && output->source > format->source)) {
		for (found = NEXT_TEXT; found <= NEXT_PKRVARS; found++)
			if (strcmp(format->text, format_names[found]) == 0)
				break;
		if (found > NEXT_PKRVARS)
			return gk_error_set(err, GK_USAGE,
					    "%s: '%.80s' is none of text, json, pkrvars",
					    format->origin, format->text);
		if (context->json && found != NEXT_JSON && output &&
		    output->source == format->source)
			return gk_error_set(err, GK_USAGE, "%s %s and %s %s exclude each other",
					    output->origin, output->text, format->origin,
					    format->text);
	}
	*ret = found;
	return 0;
}

static int print_next(struct context *context, const char *family, const struct semver *version,
		      enum next_format format, struct gk_error *err)
{
	_cleanup_(gk_json_builder_done) struct gk_json_builder json = {0};
	char text[SEMVER_TEXT_SIZE];
	char name[AMI_NAME_SIZE];

	semver_format(version, text);
	ami_name(family, version, name);
	if (gk_json_builder_init(&json, err) < 0)
		return -1;
	gk_json_add_string(&json, json.root, "family", family);
	gk_json_add_string(&json, json.root, "version", text);
	gk_json_add_string(&json, json.root, "ami_name", name);
	if (format == NEXT_TEXT)
		puts(text);
	if (format == NEXT_PKRVARS)
		printf("version  = \"%s\"\nami_name = \"%s\"\n", text, name);
	context->json = format == NEXT_JSON;
	return report_document(context, &json, err);
}

static int run_next(struct context *context, struct gk_error *err)
{
	const char *family = context_family(context, 0);
	struct version_request request = {0};
	enum next_format format = NEXT_TEXT;
	struct semver version;

	if (!family)
		return gk_error_set(err, GK_USAGE, "name a family");
	if (family_check(family, err) < 0 || read_format(context, family, &format, err) < 0 ||
	    version_from_options(&context->options, family, NULL, &request, err) < 0 ||
	    context_open_inventory(context, family, true, err) < 0 ||
	    inventory_next_version(context->inventory, family, &request, &version, err) < 0)
		return -1;
	return print_next(context, family, &version, format, err);
}

static const struct option_group *const groups[] = {&group_next, &group_versioning, &group_global,
						    NULL};

const struct command command_next = {
	.name = "next",
	.arguments = "[FAMILY]",
	.summary = "Before a build: the version that its release would get.",
	.max_arguments = 1,
	.groups = groups,
	.run = run_next,
};
