/* goldkeep fingerprint: a digest of what an image is made from. */
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "commands.h"
#include "fingerprint_files.h"
#include "output.h"
#include "report.h"

static const struct option_def fingerprint_defs[] = {
	{"var", 0, "KEY=VALUE", "a variable of the template; repeatable", OPTION_LIST},
	{"source-image", 0, "ID", "an image that the build starts from; repeatable", OPTION_LIST},
};

static const struct option_group group_fingerprint = {"Inputs", fingerprint_defs,
						      ARRAY_SIZE(fingerprint_defs)};

/* Packer takes the last of two values: the order would count. */
static int add_variable(struct fingerprint *fingerprint, const char *text, struct gk_error *err)
{
	const char *equals = strchr(text, '=');
	_cleanup_free_ char *key = NULL;

	if (!equals || equals == text)
		return gk_error_set(err, GK_USAGE, "--var '%.80s' is not KEY=VALUE", text);
	key = gk_str_format(err, "%.*s", (int)(equals - text), text);
	if (!key ||
	    fingerprint_add_text(fingerprint, FINGERPRINT_VARIABLE, key, equals + 1, err) < 0)
		return -1;
	if (fingerprint_contradiction(fingerprint, &fingerprint->entries[fingerprint->count - 1]))
		return gk_error_set(err, GK_USAGE, "--var %.80s has two values", key);
	return 0;
}

static int add_options(const struct options *options, struct fingerprint *fingerprint,
		       struct gk_error *err)
{
	_cleanup_(gk_strv_done) struct gk_strv variables = {0};
	_cleanup_(gk_strv_done) struct gk_strv images = {0};

	if (options_list(options, NULL, "var", &variables, err) < 0 ||
	    options_list(options, NULL, "source-image", &images, err) < 0)
		return -1;
	for (size_t i = 0; i < variables.count; i++)
		if (add_variable(fingerprint, variables.items[i], err) < 0)
			return -1;
	for (size_t i = 0; i < images.count; i++)
		if (fingerprint_add_text(fingerprint, FINGERPRINT_IMAGE, images.items[i], "", err) <
		    0)
			return -1;
	return 0;
}

static int add_paths(const struct gk_strv *paths, struct fingerprint *fingerprint,
		     struct gk_error *err)
{
	for (size_t i = 0; i < paths->count; i++)
		if (fingerprint_files_add(fingerprint, paths->items[i], err) < 0)
			return -1;
	/* A wrong folder must not give the digest of nothing, which would always be the same. */
	if (paths->count > 0 && fingerprint->count == 0)
		return gk_error_set(err, GK_FAILED, "there is no file in %s%s", paths->items[0],
				    paths->count > 1 ? ", nor in what else was named" : "");
	return 0;
}

static int run_fingerprint(struct context *context, struct gk_error *err)
{
	const struct gk_strv *paths = &context->options.arguments;
	_cleanup_(fingerprint_done) struct fingerprint fingerprint = {0};
	_cleanup_(gk_json_builder_done) struct gk_json_builder json = {0};
	char text[FINGERPRINT_TEXT_SIZE];
	int64_t files = 0;

	if (add_paths(paths, &fingerprint, err) < 0 ||
	    add_options(&context->options, &fingerprint, err) < 0)
		return -1;
	if (fingerprint.count == 0)
		return gk_error_set(err, GK_USAGE,
				    "name what the image is made from: files, folders, --var, "
				    "--source-image");
	if (fingerprint_text(&fingerprint, text, err) < 0 || gk_json_builder_init(&json, err) < 0)
		return -1;
	for (size_t i = 0; i < fingerprint.count; i++)
		files += fingerprint.entries[i].kind == FINGERPRINT_FILE;
	gk_json_add_string(&json, json.root, "fingerprint", text);
	gk_json_add_integer(&json, json.root, "files", files);
	if (!context->json)
		puts(text);
	return report_document(context, &json, err);
}

static const struct option_group *const groups[] = {&group_fingerprint, &group_global, NULL};

const struct command command_fingerprint = {
	.name = "fingerprint",
	.arguments = "PATH…",
	.summary = "A digest of what an image is made from: files, folders, variables, source images.",
	.max_arguments = SIZE_MAX,
	.groups = groups,
	.run = run_fingerprint,
};
