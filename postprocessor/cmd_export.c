/* goldkeep export: the whole inventory as lines of JSON, family by family. */
#include "base/mem.h"
#include "commands.h"
#include "inventory/dump.h"
#include "inventory/dump_json.h"
#include "output.h"
#include "report.h"

struct exported {
	size_t families, releases;
};

/* Takes the line, which may be NULL with err set. -1 also if standard output is lost. */
static int put_line(struct context *context, char *text, struct gk_error *err)
{
	_cleanup_free_ char *line = text;

	if (!line)
		return -1;
	fputs(line, stdout);
	putchar('\n');
	return ferror(stdout) ? output_finish(context, err) : 0;
}

static int export_family(struct context *context, const char *family, struct exported *exported,
			 struct gk_error *err)
{
	_cleanup_(family_dump_done) struct family_dump dump = {0};

	if (family_dump_read(context->inventory, family, &dump, err) < 0)
		return -1;
	if (dump.release_count == 0)
		return 0;
	if (put_line(context, dump_family_line(&dump, err), err) < 0)
		return -1;
	for (size_t i = 0; i < dump.release_count; i++)
		if (put_line(context, dump_release_line(&dump.releases[i], err), err) < 0)
			return -1;
	exported->families++;
	exported->releases += dump.release_count;
	return 0;
}

static int export_all(struct context *context, const struct gk_strv *families,
		      struct exported *exported, struct gk_error *err)
{
	if (put_line(context, dump_header_line(err), err) < 0)
		return -1;
	for (size_t i = 0; i < families->count; i++)
		if (export_family(context, families->items[i], exported, err) < 0)
			return -1;
	return put_line(context, dump_end_line(exported->families, exported->releases, err), err);
}

/* Said once: main would find the loss again. */
static int tell_loss(struct context *context, const struct gk_error *err)
{
	context->output_told = true;
	output_problem(context, "%s", err->message);
	return EXIT_FAILED;
}

static int run_export(struct context *context, struct gk_error *err)
{
	_cleanup_(gk_strv_done) struct gk_strv families = {0};
	_cleanup_(gk_json_builder_done) struct gk_json_builder json = {0};
	struct exported exported = {0};

	if (gk_json_builder_init(&json, err) < 0 ||
	    context_open_inventory(context, NULL, true, err) < 0 ||
	    context->inventory->ops->families(context->inventory, false, &families, err) < 0)
		return -1;
	/* Standard output is the export's, whatever --output says: no document may follow. */
	context->document_begun = true;
	if (export_all(context, &families, &exported, err) < 0)
		return ferror(stdout) ? tell_loss(context, err) : -1;
	gk_json_add_integer(&json, json.root, "families", (int64_t)exported.families);
	gk_json_add_integer(&json, json.root, "releases", (int64_t)exported.releases);
	return report_document(context, &json, err);
}

static const struct option_group *const groups[] = {&group_global, NULL};

const struct command command_export = {
	.name = "export",
	.arguments = "",
	.summary = "Write the whole inventory to standard output, as JSON lines.",
	.max_arguments = 0,
	.groups = groups,
	.run = run_export,
};
