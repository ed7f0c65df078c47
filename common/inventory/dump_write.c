#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "inventory/dump_fields.h"
#include "inventory/dump_json.h"

static void add_fields(struct gk_json_builder *json, cJSON *object, const struct dump_field *fields,
		       const void *record)
{
	for (; fields->key; fields++) {
		char buffer[DUMP_FIELD_SIZE];
		const void *at = (const char *)record + fields->offset;

		if (fields->kind == DUMP_COUNT)
			gk_json_add_integer(json, object, fields->key, *(const int64_t *)at);
		else
			gk_json_add_string(json, object, fields->key,
					   dump_field_text(fields, record, buffer));
	}
}

static char *print_line(struct gk_json_builder *json, struct gk_error *err)
{
	_cleanup_free_ char *line = gk_json_builder_print(json, false, err);

	if (line && strlen(line) > DUMP_LINE_MAX) {
		gk_error_set(err, GK_FAILED, "it takes more than %d bytes", DUMP_LINE_MAX);
		return NULL;
	}
	return TAKE_PTR(line);
}

char *dump_header_line(struct gk_error *err)
{
	_cleanup_(gk_json_builder_done) struct gk_json_builder json = {0};

	if (gk_json_builder_init(&json, err) < 0)
		return NULL;
	gk_json_add_string(&json, json.root, "goldkeep", "export");
	gk_json_add_integer(&json, json.root, "format", DUMP_FORMAT);
	return print_line(&json, err);
}

static void add_channel(struct gk_json_builder *json, cJSON *channels,
			const struct channel *channel)
{
	cJSON *object = gk_json_add_object(json, channels, channel->name);
	char version[SEMVER_TEXT_SIZE];

	gk_json_add_string(json, object, "version", semver_format(&channel->version, version));
	gk_json_add_strings(json, object, "trail", &channel->trail);
}

char *dump_family_line(const struct family_dump *dump, struct gk_error *err)
{
	_cleanup_(gk_json_builder_done) struct gk_json_builder json = {0};
	cJSON *channels = NULL;

	if (gk_json_builder_init(&json, err) < 0)
		return NULL;
	gk_json_add_string(&json, json.root, "family", dump->family);
	gk_json_add_integer(&json, json.root, "releases", (int64_t)dump->release_count);
	channels = gk_json_add_object(&json, json.root, "channels");
	for (size_t i = 0; i < dump->channels.count; i++)
		add_channel(&json, channels, &dump->channels.items[i]);
	return print_line(&json, err);
}

static void add_image(struct gk_json_builder *json, cJSON *images, const struct image *image)
{
	cJSON *object = gk_json_add_object(json, images, NULL);
	cJSON *snapshots = NULL;

	add_fields(json, object, dump_image_fields, image);
	snapshots = gk_json_add_array(json, object, "snapshots");
	for (size_t i = 0; i < image->snapshot_count; i++)
		add_fields(json, gk_json_add_object(json, snapshots, NULL), dump_snapshot_fields,
			   &image->snapshots[i]);
}

char *dump_release_line(const struct family_dump_release *dumped, struct gk_error *err)
{
	_cleanup_(gk_json_builder_done) struct gk_json_builder json = {0};
	_cleanup_free_ char *line = NULL;
	char label[RELEASE_LABEL_SIZE];
	cJSON *images = NULL;
	cJSON *events = NULL;

	if (gk_json_builder_init(&json, err) < 0)
		return NULL;
	add_fields(&json, json.root, dump_release_fields, &dumped->release);
	gk_json_add_strings(&json, json.root, "published", &dumped->release.published);
	images = gk_json_add_array(&json, json.root, "images");
	for (size_t i = 0; i < dumped->release.image_count; i++)
		add_image(&json, images, &dumped->release.images[i]);
	events = gk_json_add_array(&json, json.root, "events");
	for (size_t i = 0; i < dumped->events.count; i++)
		add_fields(&json, gk_json_add_object(&json, events, NULL), dump_event_fields,
			   &dumped->events.items[i]);
	line = print_line(&json, err);
	if (!line)
		gk_error_wrap(err, "%s", release_label(&dumped->release, label));
	return TAKE_PTR(line);
}

char *dump_end_line(size_t families, size_t releases, struct gk_error *err)
{
	_cleanup_(gk_json_builder_done) struct gk_json_builder json = {0};

	if (gk_json_builder_init(&json, err) < 0)
		return NULL;
	gk_json_add_string(&json, json.root, "goldkeep", "end");
	gk_json_add_integer(&json, json.root, "families", (int64_t)families);
	gk_json_add_integer(&json, json.root, "releases", (int64_t)releases);
	return print_line(&json, err);
}
