/* goldkeep release: the post-processor's job. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "commands.h"
#include "manifest_file.h"
#include "order_options.h"
#include "output.h"
#include "report.h"

static const struct option_def release_defs[] = {
	{"manifest", 0, "FILE", "Packer's manifest (default packer-manifest.json)", 0},
	{"family", 0, "NAME", "family (default: custom_data goldkeep_family, else the build name)", 0},
	{"run", 0, "UUID", "Packer run (default $PACKER_RUN_UUID, else the manifest's last)", 0},
	{"build", 0, "NAME", "only builds of that name (default $PACKER_BUILD_NAME)", 0},
	{"all-builds", 0, NULL, "all builds of the run", 0},
	{"channel", 0, "NAME", "move this channel too, besides latest; repeatable", OPTION_LIST},
	{"tag", 0, "KEY=VALUE", "one more tag; {version} {family} {run} are filled in; repeatable",
	 OPTION_LIST},
	{"fingerprint", 0, "HEX", "digest of the inputs, recorded with the release", 0},
	{"on-duplicate", 0, "WHAT",
	 "release (default), or discard the image if a live release has its fingerprint", 0},
	{"publish-ssm", 0, "NAME",
	 "SSM parameter for the AMI, in every region: /golden/{family}/{channel}; {version} and "
	 "{architecture} too; repeatable", OPTION_LIST},
	{"publish-tfvars", 0, "FILE",
	 "write the AMI ids for Terraform: {family}.auto.tfvars.json; {version} too", 0},
	{"new-family", 0, NULL, "start the family although the account carries its tags", 0},
	{"strict", 0, NULL, "exit 3 for unfinished work under Packer too", 0},
	{"dry-run", 0, NULL, "show what would be done, change nothing", 0},
};

const struct option_group group_release = {"Release", release_defs, ARRAY_SIZE(release_defs)};

/* Entries of one family. */
struct family_builds {
	const char *family;
	const struct manifest_entry **entries;
	size_t count;
};

struct build_list {
	struct family_builds *items;
	size_t count;
};

static void build_list_done(struct build_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i].entries);
	free(list->items);
}

/* ---- which builds ---- */

static int make_query(struct context *context, const struct manifest *manifest,
		      struct manifest_query *query, struct gk_error *err)
{
	const struct options *options = &context->options;
	const char *build = options_text(options, NULL, "build");
	bool all = false;

	if (options_switch(options, NULL, "all-builds", &all, err) < 0)
		return -1;
	if (build && all)
		return gk_error_set(err, GK_USAGE, "--build and --all-builds exclude each other");
	query->family = options_text(options, NULL, "family");
	query->run = options_text(options, NULL, "run");
	if (!query->run)
		query->run = context_env("PACKER_RUN_UUID");
	if (!query->run) {
		query->run = manifest->last_run;
		if (context->packer)
			output_problem(context, "warning: $PACKER_RUN_UUID is not set: taking the "
						"manifest's last run");
	}
	/* Without it every build would be one and the same run. */
	if (!*query->run)
		return gk_error_set(err, GK_NOT_FOUND,
				    "neither --run, $PACKER_RUN_UUID nor the manifest's last_run_uuid "
				    "names the run");
	query->build = build;
	if (!build && !all) {
		query->build = context_env("PACKER_BUILD_NAME");
		query->builder_type = query->build ? context_env("PACKER_BUILDER_TYPE") : NULL;
	}
	return 0;
}

static const char *entry_family(const struct context *context, const struct manifest_entry *entry)
{
	const char *family = options_text(&context->options, NULL, "family");

	if (!family)
		family = manifest_entry_custom(entry, "goldkeep_family");
	return family ? family : entry->name;
}

static int add_build(struct build_list *list, const char *family,
		     const struct manifest_entry *entry, struct gk_error *err)
{
	const struct manifest_entry **slot = NULL;
	struct family_builds *builds = NULL;

	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].family, family) == 0)
			builds = &list->items[i];
	if (!builds) {
		builds = gk_array_add(&list->items, &list->count, sizeof(*builds), err);
		if (!builds)
			return -1;
		builds->family = family;
	}
	slot = gk_array_add(&builds->entries, &builds->count, sizeof(*slot), err);
	if (!slot)
		return -1;
	*slot = entry;
	return 0;
}

static int pass_over(struct context *context, const struct manifest_entry *entry,
		     struct gk_strv *passed_over, struct gk_error *err)
{
	_cleanup_free_ char *line =
		gk_str_format(err, "build '%s' (%s) made no AMI ('%s'): passed over", entry->name,
			      entry->builder_type, entry->artifact_id);

	if (!line)
		return -1;
	gk_log(&context->log, GK_LOG_STEP, "%s", line);
	return gk_strv_add(passed_over, line, err);
}

/* Entries that are no image are named and passed over; the others are sorted by family. */
static int group_builds(struct context *context, const struct manifest_selection *selection,
			struct build_list *list, struct gk_strv *passed_over, struct gk_error *err)
{
	for (size_t i = 0; i < selection->count; i++) {
		const struct manifest_entry *entry = selection->entries[i];
		const char *family = entry_family(context, entry);

		if (manifest_entry_check(entry, err) < 0)
			return -1;
		if (entry->image_count == 0) {
			if (pass_over(context, entry, passed_over, err) < 0)
				return -1;
			continue;
		}
		if (family_check(family, err) < 0)
			return gk_error_wrap(err, "build '%s'", entry->name);
		if (add_build(list, family, entry, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- what to do with them ---- */

/* The one value that the entries' custom_data has for a key, or NULL: they make one release. */
static int custom_value(const struct family_builds *builds, const char *key, const char **ret,
			struct gk_error *err)
{
	const char *found = NULL;

	for (size_t i = 0; i < builds->count; i++) {
		const char *value = manifest_entry_custom(builds->entries[i], key);

		if (found && value && strcmp(found, value) != 0)
			return gk_error_set(err, GK_USAGE,
					    "the builds of family %s have two values in custom_data "
					    "%s: %.80s and %.80s",
					    builds->family, key, found, value);
		found = found ? found : value;
	}
	*ret = found;
	return 0;
}

/* Two versions are one too many, unless --version settles it; and so with fingerprints. */
static int read_custom(const struct options *options, const struct family_builds *builds,
		       struct order_custom *custom, struct gk_error *err)
{
	struct gk_error problem = {0};

	if (custom_value(builds, "goldkeep_version", &custom->version, &problem) < 0 &&
	    !options_text(options, builds->family, "version")) {
		*err = problem;
		return -1;
	}
	if (options_text(options, builds->family, "fingerprint"))
		return 0;
	return custom_value(builds, "goldkeep_fingerprint", &custom->fingerprint, err);
}

static int make_order(const struct context *context, const struct family_builds *builds,
		      const char *run, struct release_order *order, struct gk_error *err)
{
	const struct options *options = &context->options;
	struct order_custom custom = {0};

	order->family = builds->family;
	order->run = run;
	order->entries = builds->entries;
	order->entry_count = builds->count;
	if (read_custom(options, builds, &custom, err) < 0 ||
	    order_from_options(options, &custom, order, err) < 0)
		return -1;
	if (order->discard_duplicate && !order->fingerprint)
		return gk_error_set(err, GK_USAGE,
				    "%s discard needs the fingerprint of family %s's build: give "
				    "--fingerprint, or custom_data goldkeep_fingerprint (`goldkeep "
				    "fingerprint` makes one)",
				    options_find(options, order->family, "on-duplicate")->origin,
				    order->family);
	return 0;
}

/* ---- the command ---- */

/* A section of goldkeep.ini may name another inventory or account for one of the families. */
static bool same_world(const struct options *options, const char *a, const char *b)
{
	static const char *const names[] = {"store", "profile", "region", "endpoint-url"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!gk_str_equal(options_text(options, a, names[i]),
				  options_text(options, b, names[i])))
			return false;
	return true;
}

/* Two families in one file would overwrite one another. */
static int check_files(const struct options *options, const struct build_list *builds,
		       struct gk_error *err)
{
	for (size_t i = 0; i < builds->count; i++) {
		const char *path = options_text(options, builds->items[i].family, "publish-tfvars");

		for (size_t k = 0; path && k < i; k++)
			if (!strstr(path, "{family}") &&
			    gk_str_equal(path, options_text(options, builds->items[k].family,
							    "publish-tfvars")))
				return gk_error_set(err, GK_USAGE,
						    "families %s and %s would both be written to "
						    "%s: put {family} into the path",
						    builds->items[k].family,
						    builds->items[i].family, path);
	}
	return 0;
}

/* All orders are read before the first is carried out: a wrong option changes nothing. */
static int release_families(struct context *context, const struct build_list *builds,
			    const char *run, bool dry_run, struct outcome_list *outcomes,
			    struct gk_error *err)
{
	const struct family_builds *items = builds->items;
	struct lifecycle lifecycle;
	bool open = true;

	for (size_t i = 0; i < builds->count; i++) {
		_cleanup_(order_done) struct release_order order = {0};

		if (make_order(context, &items[i], run, &order, err) < 0)
			return -1;
	}
	if (check_files(&context->options, builds, err) < 0 ||
	    context_open_lifecycle(context, items[0].family, dry_run, &lifecycle, err) < 0)
		return -1;
	for (size_t i = 0; i < builds->count; i++) {
		_cleanup_(order_done) struct release_order order = {0};
		struct outcome *outcome = outcome_list_add(outcomes, items[i].family, err);
		const char *before = items[i > 0 ? i - 1 : 0].family;

		if (!outcome || make_order(context, &items[i], run, &order, err) < 0)
			return -1;
		open = (open && same_world(&context->options, before, items[i].family)) ||
		       context_open_lifecycle(context, items[i].family, dry_run, &lifecycle,
					      &outcome->error) == 0;
		if (!open || lifecycle_release(&lifecycle, &order, outcome, &outcome->error) < 0)
			outcome->result = OUTCOME_FAILED;
	}
	return 0;
}

/* For the whole run: what one of its families wants. */
static int read_switch(const struct options *options, const struct build_list *builds,
		       const char *name, bool *ret, struct gk_error *err)
{
	bool any = false;

	if (builds->count == 0)
		return options_switch(options, NULL, name, ret, err);
	for (size_t i = 0; i < builds->count; i++) {
		bool own = false;

		if (options_switch(options, builds->items[i].family, name, &own, err) < 0)
			return -1;
		any = any || own;
	}
	*ret = any;
	return 0;
}

static int select_builds(struct context *context, const struct manifest *manifest,
			 struct build_list *list, const char **ret_run,
			 struct gk_strv *passed_over, struct gk_error *err)
{
	_cleanup_(manifest_selection_done) struct manifest_selection selection = {0};
	struct manifest_query query = {0};

	if (make_query(context, manifest, &query, err) < 0 ||
	    manifest_select(manifest, &query, &selection, err) < 0)
		return -1;
	*ret_run = query.run;
	return group_builds(context, &selection, list, passed_over, err);
}

static int run_release(struct context *context, struct gk_error *err)
{
	const char *path = options_text(&context->options, NULL, "manifest");
	_cleanup_(manifest_done) struct manifest manifest = {0};
	_cleanup_(build_list_done) struct build_list builds = {0};
	_cleanup_(outcome_list_done) struct outcome_list outcomes = {0};
	_cleanup_(gk_strv_done) struct gk_strv passed_over = {0};
	struct report_style style = {.lenient = context->packer,
				     .nothing = "nothing to release: no AMI in this build",
				     .passed_over = &passed_over};
	const char *run = NULL;
	bool strict = false;

	if (manifest_file_read(path ? path : "packer-manifest.json", &gk_system_clock, &manifest,
			       err) < 0 ||
	    select_builds(context, &manifest, &builds, &run, &passed_over, err) < 0 ||
	    read_switch(&context->options, &builds, "strict", &strict, err) < 0 ||
	    read_switch(&context->options, &builds, "dry-run", &style.dry_run, err) < 0)
		return -1;
	style.lenient = style.lenient && !strict;
	if (builds.count > 0 && release_families(context, &builds, run, style.dry_run, &outcomes,
						 err) < 0)
		return -1;
	return report_outcomes(context, &outcomes, &style);
}

static const struct option_group *const groups[] = {&group_release, &group_versioning, &group_policy, &group_global,
						    NULL};

const struct command command_release = {
	.name = "release",
	.arguments = "",
	.summary = "Give what Packer built the next version, tag, record, publish and retire.",
	.groups = groups,
	.run = run_release,
};
