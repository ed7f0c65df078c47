/* goldkeep list: the releases of the inventory. */
#include "base/mem.h"
#include "commands.h"
#include "output.h"
#include "render.h"
#include "report.h"

enum { PAGE = 500, CELLS_A_TABLE = 7 * PAGE };

static const struct option_def list_defs[] = {
	{"family", 0, "NAME", "family, if no argument names it (default: all)", 0},
	{"all", 0, NULL, "the retired ones too", 0},
};

static const struct option_group group_list = {"List", list_defs, ARRAY_SIZE(list_defs)};

/* Where rows go: into the document, or into a table of one page. */
struct listing {
	struct output_rows rows;
	struct output_table table;
	bool want_json;
};

static void listing_done(struct listing *listing)
{
	output_rows_done(&listing->rows);
	gk_strv_done(&listing->table.cells);
}

/* What stands in the way of the usual course of things, as an owned string. */
static char *note_of(const struct release *release, struct gk_error *err)
{
	_cleanup_(gk_strv_done) struct gk_strv notes = {0};

	if (release->revoked && gk_strv_addf(&notes, err, "revoked: %s", release->revoked) < 0)
		return NULL;
	if (release->held && gk_strv_addf(&notes, err, "held: %s", release->held) < 0)
		return NULL;
	return gk_strv_join(&notes, "; ", err);
}

static int add_text(struct listing *listing, const struct release *release,
		    const struct channel_list *channels, struct gk_error *err)
{
	struct gk_strv *cells = &listing->table.cells;
	_cleanup_(gk_strv_done) struct gk_strv names = {0};
	_cleanup_(gk_strv_done) struct gk_strv images = {0};
	_cleanup_free_ char *channel_text = NULL;
	_cleanup_free_ char *image_text = NULL;
	_cleanup_free_ char *note = note_of(release, err);
	char version[SEMVER_TEXT_SIZE];
	char when[GK_TIME_TEXT];

	for (size_t i = 0; i < channels->count; i++)
		if (semver_compare(&channels->items[i].version, &release->version) == 0 &&
		    gk_strv_add(&names, channels->items[i].name, err) < 0)
			return -1;
	for (size_t i = 0; i < release->image_count; i++)
		if (!release_discards(release, &release->images[i]) &&
		    gk_strv_addf(&images, err, "%s:%s", release->images[i].location,
				 release->images[i].id) < 0)
			return -1;
	gk_strv_sort(&names);
	channel_text = gk_strv_join(&names, ",", err);
	image_text = gk_strv_join(&images, " ", err);
	if (!note || !channel_text || !image_text || gk_strv_add(cells, release->family, err) < 0 ||
	    gk_strv_add(cells, semver_format(&release->version, version), err) < 0 ||
	    gk_strv_add(cells, release_state_name(release->state), err) < 0 ||
	    gk_strv_add(cells, channel_text, err) < 0 ||
	    gk_strv_add(cells, gk_time_format(release->created_at, when), err) < 0 ||
	    gk_strv_add(cells, note, err) < 0 ||
	    gk_strv_add(cells, image_text, err) < 0)
		return -1;
	return 0;
}

static int add_json(struct listing *listing, const struct release *release,
		    const struct channel_list *channels, struct gk_error *err)
{
	_cleanup_(gk_json_builder_done) struct gk_json_builder json = {0};

	if (gk_json_builder_init(&json, err) < 0 ||
	    render_release(&json, json.root, release, channels, err) < 0)
		return -1;
	return output_rows_add(&listing->rows, &json, err);
}

/* A long list is printed page by page. */
static int print_page(struct listing *listing, struct gk_error *err)
{
	if (listing->want_json || (listing->table.continued && listing->table.cells.count == 0))
		return 0;
	if (output_table_print(&listing->table, err) < 0)
		return -1;
	gk_strv_done(&listing->table.cells);
	listing->table.continued = true;
	return 0;
}

static int add_page(struct listing *listing, const struct release_list *page,
		    const struct channel_list *channels, struct gk_error *err)
{
	const struct context *context = listing->rows.context;

	for (size_t i = 0; i < page->count; i++) {
		if (context && add_json(listing, &page->items[i], channels, err) < 0)
			return -1;
		if (!listing->want_json && add_text(listing, &page->items[i], channels, err) < 0)
			return -1;
	}
	return listing->table.cells.count >= CELLS_A_TABLE ? print_page(listing, err) : 0;
}

static int list_family(struct inventory *inventory, const char *family,
		       enum inventory_filter filter, struct listing *listing,
		       struct gk_error *err)
{
	_cleanup_(channel_list_done) struct channel_list channels = {0};
	struct semver before;
	bool more = true;

	if (inventory->ops->channels(inventory, family, &channels, err) < 0)
		return -1;
	for (const struct semver *from = NULL; more; from = &before) {
		_cleanup_(release_list_done) struct release_list page = {0};

		if (inventory->ops->page(inventory, family, filter, from, PAGE, &page, err) < 0)
			return -1;
		if (add_page(listing, &page, &channels, err) < 0)
			return -1;
		more = page.count == PAGE;
		if (more)
			before = page.items[page.count - 1].version;
	}
	return 0;
}

static int finish_list(struct context *context, struct listing *listing, struct gk_error *err)
{
	if ((context->json || context->has_result) && output_rows_end(&listing->rows, err) < 0)
		return -1;
	if (output_finish(context, err) == 0)
		return EXIT_DONE;
	context->output_told = true;
	output_problem(context, "%s", err->message);
	return EXIT_FAILED;
}

static int run_list(struct context *context, struct gk_error *err)
{
	static const char *const columns[] = {"FAMILY",  "VERSION", "STATE",  "CHANNELS",
					      "CREATED", "NOTE",    "IMAGES", NULL};
	_cleanup_(gk_strv_done) struct gk_strv families = {0};
	_cleanup_(listing_done) struct listing listing = {.table.columns = columns};
	bool all = false;

	listing.want_json = context->json;
	if (options_switch(&context->options, NULL, "all", &all, err) < 0 ||
	    context_open_inventory(context, context_family(context, 0), true, err) < 0 ||
	    context_choose_families(context, false, &families, err) < 0)
		return -1;
	if (context->json || context->has_result)
		output_rows_begin(&listing.rows, context, "releases");
	for (size_t i = 0; i < families.count; i++)
		if (list_family(context->inventory, families.items[i],
				all ? INVENTORY_ALL : INVENTORY_ALIVE, &listing, err) < 0)
			return -1;
	if (print_page(&listing, err) < 0)
		return -1;
	return finish_list(context, &listing, err);
}

static const struct option_group *const groups[] = {&group_list, &group_global, NULL};

const struct command command_list = {
	.name = "list",
	.arguments = "[FAMILY]",
	.summary = "List the releases of the inventory, newest first.",
	.max_arguments = 1,
	.groups = groups,
	.run = run_list,
};
