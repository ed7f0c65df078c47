/* goldkeep show, goldkeep history: one release with all that is known of it, and what happened. */
#include <string.h>

#include "base/mem.h"
#include "commands.h"
#include "output.h"
#include "render.h"
#include "report.h"
#include "show.h"

enum { EVENTS_SHOWN = 1000 };

static int print_events(const struct event_list *events, struct gk_error *err)
{
	static const char *const columns[] = {"WHEN", "VERSION", "WHAT", "DETAIL", "WHO", NULL};
	struct output_table table = {.columns = columns};
	char when[GK_TIME_TEXT];
	int done = 0;

	for (size_t i = 0; done == 0 && i < events->count; i++) {
		const struct event_row *event = &events->items[i];
		const char *cells[] = {gk_time_format(event->at, when), event->version,
				       event->action, event->detail, event->actor};

		for (size_t c = 0; done == 0 && c < ARRAY_SIZE(cells); c++)
			done = gk_strv_add(&table.cells, cells[c] ? cells[c] : "", err);
	}
	if (done == 0)
		done = output_table_print(&table, err);
	gk_strv_done(&table.cells);
	return done;
}

static void add_events(struct gk_json_builder *json, const struct event_list *events)
{
	cJSON *array = gk_json_add_array(json, json->root, "events");

	for (size_t i = 0; i < events->count; i++)
		render_event(json, array, &events->items[i]);
}

static void print_line(const char *name, const char *value)
{
	printf("%-12s %s\n", name, value ? value : "-");
}

static void print_images(const struct release *release)
{
	for (size_t i = 0; i < release->image_count; i++) {
		const struct image *image = &release->images[i];

		printf("%-12s %s in %s, %s, %s, %s\n", i ? "" : "images", image->id,
		       image->location, image->name ? image->name : "-",
		       image->architecture ? image->architecture : "-",
		       release_state_name(image->state));
		for (size_t s = 0; s < image->snapshot_count; s++)
			printf("%-12s   %s, %s%s%s\n", "", image->snapshots[s].id,
			       snapshot_state_name(image->snapshots[s].state),
			       image->snapshots[s].reason ? ": " : "",
			       image->snapshots[s].reason ? image->snapshots[s].reason : "");
	}
}

static void print_channels(const struct release *release, const struct channel_list *channels)
{
	bool any = false;

	printf("%-12s", "channels");
	for (size_t i = 0; i < channels->count; i++)
		if (semver_compare(&channels->items[i].version, &release->version) == 0) {
			printf(" %s", channels->items[i].name);
			any = true;
		}
	puts(any ? "" : " -");
}

static void print_published(const struct gk_strv *names)
{
	for (size_t i = 0; i < names->count; i++)
		print_line(i ? "" : "published", names->items[i]);
	if (names->count == 0)
		print_line("published", NULL);
}

static void print_release(const struct release *release, const struct channel_list *channels)
{
	char version[SEMVER_TEXT_SIZE];
	char when[GK_TIME_TEXT];

	print_line("family", release->family);
	print_line("version", semver_format(&release->version, version));
	print_line("state", release_state_name(release->state));
	print_channels(release, channels);
	print_line("held", release->held);
	print_line("revoked", release->revoked);
	print_published(&release->published);
	print_line("created", gk_time_format(release->created_at, when));
	print_line("run", release->run);
	print_line("build", release->build);
	print_line("builder", release->builder);
	print_line("fingerprint", release->fingerprint);
	print_images(release);
}

int show_arguments(struct context *context, bool need_version, const char **ret_family,
		   bool *ret_has_version, struct semver *ret_version, struct gk_error *err)
{
	const struct gk_strv *arguments = &context->options.arguments;
	const struct option_value *named = options_find(&context->options, NULL, "family");
	size_t version = named && named->source == OPTION_FROM_FLAG ? 0 : 1;

	*ret_family = version == 0 ? named->text : context_family(context, 0);
	*ret_has_version = arguments->count > version;
	if (!*ret_family)
		return gk_error_set(err, GK_USAGE, "name a family");
	if (need_version && !*ret_has_version)
		return gk_error_set(err, GK_USAGE, "name a version of %s", *ret_family);
	if (arguments->count > version + 1)
		return gk_error_set(err, GK_USAGE, "unexpected argument '%s'",
				    arguments->items[version + 1]);
	if (family_check(*ret_family, err) < 0)
		return -1;
	return *ret_has_version ? semver_parse(arguments->items[version], ret_version, err) : 0;
}

int show_reason(const struct options *options, const char *family, const char **ret,
		struct gk_error *err)
{
	const struct option_value *value = options_find(options, family, "reason");

	if (!value || !*value->text)
		return gk_error_set(err, GK_USAGE, "say why: --reason TEXT");
	if (strpbrk(value->text, "\r\n"))
		return gk_error_set(err, GK_USAGE, "%s: one line says why", value->origin);
	*ret = value->text;
	return 0;
}

int show_release(struct context *context, const struct release *release, struct gk_error *err)
{
	struct inventory *inventory = context->inventory;
	_cleanup_(channel_list_done) struct channel_list channels = {0};
	_cleanup_(event_list_done) struct event_list events = {0};
	_cleanup_(gk_json_builder_done) struct gk_json_builder json = {0};

	if (inventory->ops->channels(inventory, release->family, &channels, err) < 0 ||
	    inventory->ops->events(inventory, release->family, &release->version, EVENTS_SHOWN,
				   &events, err) < 0 ||
	    gk_json_builder_init(&json, err) < 0 ||
	    render_release(&json, json.root, release, &channels, err) < 0)
		return -1;
	add_events(&json, &events);
	if (!context->json) {
		print_release(release, &channels);
		putchar('\n');
		if (print_events(&events, err) < 0)
			return -1;
	}
	return report_document(context, &json, err);
}

static int run_show(struct context *context, struct gk_error *err)
{
	_cleanup_(release_done) struct release release = {0};
	const char *family = NULL;
	struct semver version;
	char text[SEMVER_TEXT_SIZE];
	bool has_version = false;
	bool found = false;

	if (show_arguments(context, true, &family, &has_version, &version, err) < 0 ||
	    context_open_inventory(context, family, true, err) < 0 ||
	    context->inventory->ops->get(context->inventory, family, &version, &found, &release,
					 err) < 0)
		return -1;
	if (!found)
		return gk_error_set(err, GK_NOT_FOUND, "the inventory has no release %s %s", family,
				    semver_format(&version, text));
	return show_release(context, &release, err);
}

static int run_history(struct context *context, struct gk_error *err)
{
	_cleanup_(event_list_done) struct event_list events = {0};
	_cleanup_(gk_json_builder_done) struct gk_json_builder json = {0};
	const char *family = NULL;
	char text[SEMVER_TEXT_SIZE];
	struct semver version;
	bool has_version = false;

	if (show_arguments(context, false, &family, &has_version, &version, err) < 0 ||
	    context_open_inventory(context, family, true, err) < 0 ||
	    context->inventory->ops->events(context->inventory, family,
					    has_version ? &version : NULL, EVENTS_SHOWN, &events,
					    err) < 0)
		return -1;
	if (events.count == 0)
		return gk_error_set(err, GK_NOT_FOUND, "the inventory has no history of %s%s%s", family,
				    has_version ? " " : "",
				    has_version ? semver_format(&version, text) : "");
	if (gk_json_builder_init(&json, err) < 0)
		return -1;
	gk_json_add_string(&json, json.root, "family", family);
	add_events(&json, &events);
	if (!context->json && print_events(&events, err) < 0)
		return -1;
	return report_document(context, &json, err);
}

static const struct option_def show_defs[] = {
	{"family", 0, "NAME", "family; the only argument is the version then", 0},
};

static const struct option_group group_show = {"Which", show_defs, ARRAY_SIZE(show_defs)};

static const struct option_group *const groups[] = {&group_show, &group_global, NULL};

const struct command command_show = {
	.name = "show",
	.arguments = "FAMILY VERSION",
	.summary = "Show one release and what happened to it.",
	.max_arguments = 2,
	.groups = groups,
	.run = run_show,
};

const struct command command_history = {
	.name = "history",
	.arguments = "FAMILY [VERSION]",
	.summary = "Show what happened to a family or a release, newest first.",
	.max_arguments = 2,
	.groups = groups,
	.run = run_history,
};
