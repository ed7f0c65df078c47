/* goldkeep import: what export wrote, into any inventory; every family whole or not at all. */
#include "base/mem.h"
#include "commands.h"
#include "import_file.h"
#include "output.h"
#include "report.h"

struct import {
	struct context *context;
	struct import_file file;
	struct gk_json_builder json;
	cJSON *families;  /* in the document */
	size_t there;     /* families that are in the inventory now */
	bool changed;     /* one of them through us */
};

static void import_done(struct import *import)
{
	import_file_done(&import->file);
	gk_json_builder_done(&import->json);
}

/* The whole file is read before anything is written: a file that is broken changes nothing. */
static int check_file(struct import *import, struct gk_error *err)
{
	const struct family_dump *dump = NULL;

	do {
		if (import_file_next(&import->file, &dump, err) < 0)
			return -1;
	} while (dump);
	return import_file_rewind(&import->file, err);
}

static void tell(struct import *import, const struct family_dump *dump, bool known)
{
	cJSON *object = gk_json_add_object(&import->json, import->families, NULL);

	gk_json_add_string(&import->json, object, "family", dump->family);
	gk_json_add_string(&import->json, object, "result", known ? "unchanged" : "imported");
	gk_json_add_integer(&import->json, object, "releases", (int64_t)dump->release_count);
	gk_log(&import->context->log, GK_LOG_STEP, "%s: %s, %zu release%s", dump->family,
	       known ? "already there" : "taken in", dump->release_count,
	       dump->release_count == 1 ? "" : "s");
}

static int take_in(struct import *import, const struct family_dump *dump, struct gk_error *err)
{
	struct inventory *inventory = import->context->inventory;
	bool known = false;

	if (inventory_knows_family(inventory, dump->family, &known, err) < 0 ||
	    inventory->ops->import_family(inventory, dump, err) < 0)
		return gk_error_wrap(err, "%s was not taken in", dump->family);
	import->there++;
	import->changed = import->changed || !known;
	tell(import, dump, known);
	return 0;
}

static int take_all(struct import *import, struct gk_error *err)
{
	const struct family_dump *dump = NULL;

	do {
		if (import_file_next(&import->file, &dump, err) < 0 ||
		    (dump && take_in(import, dump, err) < 0))
			return -1;
	} while (dump);
	return 0;
}

/* From here on families may be in the inventory that were not before. */
static int finish(struct import *import, const struct gk_error *failure, struct gk_error *err)
{
	struct gk_json_builder *json = &import->json;
	int status = failure->code == GK_OK ? EXIT_DONE : (int)exit_of(failure);
	int told = 0;

	gk_json_add_string(json, json->root, "result",
			   status != EXIT_DONE ? "failed"
			   : import->changed   ? "imported"
					       : "unchanged");
	gk_json_add_integer(json, json->root, "exit", status);
	gk_json_add_string(json, json->root, "error",
			   failure->code == GK_OK ? NULL : failure->message);
	if (status != EXIT_DONE)
		output_problem(import->context, "%s", failure->message);
	if (status != EXIT_DONE && import->there > 0)
		output_problem(import->context,
			       "the %zu famil%s before it stay%s in the inventory", import->there,
			       import->there == 1 ? "y" : "ies", import->there == 1 ? "s" : "");
	told = report_document(import->context, json, err);
	return status == EXIT_DONE ? told : status;
}

static int run_import(struct context *context, struct gk_error *err)
{
	_cleanup_(import_done) struct import import = {.context = context};
	struct gk_error failure = {0};

	if (context->options.arguments.count == 0)
		return gk_error_set(err, GK_USAGE, "name the file to import, - for standard input");
	if (import_file_open(&import.file, context->options.arguments.items[0], err) < 0 ||
	    check_file(&import, err) < 0 || context_open_inventory(context, NULL, false, err) < 0 ||
	    gk_json_builder_init(&import.json, err) < 0)
		return -1;
	import.families = gk_json_add_array(&import.json, import.json.root, "families");
	take_all(&import, &failure);
	return finish(&import, &failure, err);
}

static const struct option_group *const groups[] = {&group_global, NULL};

const struct command command_import = {
	.name = "import",
	.arguments = "FILE",
	.summary = "Take what export wrote into the inventory; families that are there stay.",
	.max_arguments = 1,
	.groups = groups,
	.run = run_import,
};
