#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "image/pointer.h"
#include "image/text.h"
#include "inventory/dump.h"
#include "inventory/dump_fields.h"
#include "inventory/dump_json.h"

void dump_parser_done(struct dump_parser *parser)
{
	family_dump_done(&parser->dump);
	*parser = (struct dump_parser){0};
}

/* --- members ------------------------------------------------------------------------------- */

/* NULL-terminated: what an object has besides the fields of its table. */
typedef const char *const *keys;

static bool is_field(const struct dump_field *fields, const char *key)
{
	for (; fields && fields->key; fields++)
		if (strcmp(fields->key, key) == 0)
			return true;
	return false;
}

static bool is_key(keys more, const char *key)
{
	for (; *more; more++)
		if (strcmp(*more, key) == 0)
			return true;
	return false;
}

/* An object with nothing unknown in it and nothing twice. */
static int check_members(const cJSON *object, const struct dump_field *fields, keys more,
			 struct gk_error *err)
{
	char shown[TEXT_QUOTE_SIZE];
	const cJSON *child = NULL;

	if (!cJSON_IsObject(object))
		return gk_error_set(err, GK_USAGE, "no object");
	cJSON_ArrayForEach(child, object) {
		text_quote(child->string, shown);
		if (!is_field(fields, child->string) && !is_key(more, child->string))
			return gk_error_set(err, GK_USAGE, "unknown member %s", shown);
		if (cJSON_GetObjectItemCaseSensitive(object, child->string) != child)
			return gk_error_set(err, GK_USAGE, "%s is there twice", shown);
	}
	return 0;
}

static int find_member(const cJSON *object, const char *key, const cJSON **ret,
		       struct gk_error *err)
{
	*ret = cJSON_GetObjectItemCaseSensitive(object, key);
	return *ret ? 0 : gk_error_set(err, GK_USAGE, "\"%s\" is missing", key);
}

static int read_list(const cJSON *object, const char *key, const cJSON **ret, struct gk_error *err)
{
	if (find_member(object, key, ret, err) < 0)
		return -1;
	return cJSON_IsArray(*ret) ? 0 : gk_error_set(err, GK_USAGE, "\"%s\" is no list", key);
}

/* A list of texts, each of which passes the check. */
static int read_texts(const cJSON *object, const char *key,
		      int (*check)(const char *text, struct gk_error *err), struct gk_strv *ret,
		      struct gk_error *err)
{
	const cJSON *list = NULL;
	const cJSON *item = NULL;

	if (read_list(object, key, &list, err) < 0)
		return -1;
	cJSON_ArrayForEach(item, list) {
		if (!cJSON_IsString(item))
			return gk_error_set(err, GK_USAGE, "\"%s\" is no list of strings", key);
		if (check(item->valuestring, err) < 0)
			return gk_error_wrap(err, "\"%s\"", key);
		if (gk_strv_add(ret, item->valuestring, err) < 0)
			return -1;
	}
	return 0;
}

static int read_string(const cJSON *object, const char *key, const char **ret,
		       struct gk_error *err)
{
	const cJSON *value = NULL;

	if (find_member(object, key, &value, err) < 0)
		return -1;
	if (!cJSON_IsString(value) && !cJSON_IsNull(value))
		return gk_error_set(err, GK_USAGE, "\"%s\" is no string", key);
	*ret = cJSON_IsString(value) ? value->valuestring : NULL;
	return 0;
}

/* A whole number from `least`. */
static int read_number(const cJSON *object, const char *key, int64_t least, int64_t *ret,
		       struct gk_error *err)
{
	const cJSON *value = NULL;
	int64_t number = 0;

	if (find_member(object, key, &value, err) < 0)
		return -1;
	if (gk_json_integer(object, key, least - 1, &number, NULL) < 0 || number < least)
		return gk_error_set(err, GK_USAGE, "\"%s\" is no whole number from %d", key,
				    (int)least);
	*ret = number;
	return 0;
}

static int read_count(const cJSON *object, const char *key, size_t *ret, struct gk_error *err)
{
	int64_t number = 0;

	if (read_number(object, key, 0, &number, err) < 0)
		return -1;
	*ret = (size_t)number;
	return 0;
}

/* All members of an object: those of the table into the record, `more` are the caller's. */
static int read_fields(const cJSON *object, const struct dump_field *fields, keys more,
		       void *record, struct gk_error *err)
{
	if (check_members(object, fields, more, err) < 0)
		return -1;
	for (; fields->key; fields++) {
		const char *text = NULL;

		if (fields->kind == DUMP_COUNT) {
			int64_t *count = (void *)((char *)record + fields->offset);

			if (read_number(object, fields->key, 1, count, err) < 0)
				return -1;
		} else if (read_string(object, fields->key, &text, err) < 0 ||
			   dump_field_set(fields, record, text, err) < 0) {
			return -1;
		}
	}
	return 0;
}

/* --- a release ----------------------------------------------------------------------------- */

static const char *const nothing_more[] = {NULL};
static const char *const image_more[] = {"snapshots", NULL};
static const char *const release_more[] = {"published", "images", "events", NULL};

static int read_snapshots(const cJSON *object, struct image *image, struct gk_error *err)
{
	const cJSON *list = NULL;
	const cJSON *item = NULL;

	if (read_list(object, "snapshots", &list, err) < 0)
		return -1;
	cJSON_ArrayForEach(item, list) {
		struct snapshot *snapshot = gk_array_add(&image->snapshots, &image->snapshot_count,
							 sizeof(*snapshot), err);

		if (!snapshot)
			return -1;
		if (read_fields(item, dump_snapshot_fields, nothing_more, snapshot, err) < 0)
			return gk_error_wrap(err, "snapshot %zu", image->snapshot_count);
	}
	return 0;
}

static int read_images(const cJSON *object, struct release *release, struct gk_error *err)
{
	const cJSON *list = NULL;
	const cJSON *item = NULL;

	if (read_list(object, "images", &list, err) < 0)
		return -1;
	cJSON_ArrayForEach(item, list) {
		struct image *image = release_add_image(release, err);

		if (!image)
			return -1;
		if (read_fields(item, dump_image_fields, image_more, image, err) < 0 ||
		    read_snapshots(item, image, err) < 0)
			return gk_error_wrap(err, "image %zu", release->image_count);
	}
	return 0;
}

static int read_events(const cJSON *object, struct family_dump_release *dumped,
		       struct gk_error *err)
{
	struct event_list *events = &dumped->events;
	char version[SEMVER_TEXT_SIZE];
	const cJSON *list = NULL;
	const cJSON *item = NULL;

	semver_format(&dumped->release.version, version);
	if (read_list(object, "events", &list, err) < 0)
		return -1;
	cJSON_ArrayForEach(item, list) {
		struct event_row *row = gk_array_add(&events->items, &events->count, sizeof(*row),
						     err);

		if (!row || gk_str_set(&row->version, version, err) < 0)
			return -1;
		if (read_fields(item, dump_event_fields, nothing_more, row, err) < 0)
			return gk_error_wrap(err, "event %zu", events->count);
	}
	return 0;
}

/* The intent is JSON inside a string: whoever resumes the release has to be able to read it. */
static int check_intent(const struct release *release, struct gk_error *err)
{
	_cleanup_(gk_json_freep) cJSON *intent = NULL;

	if (!release->intent)
		return 0;
	if (gk_json_parse(release->intent, strlen(release->intent), &intent, NULL) < 0 ||
	    !cJSON_IsObject(intent))
		return gk_error_set(err, GK_USAGE, "\"intent\" holds no JSON object");
	return 0;
}

static int read_release(struct dump_parser *parser, const cJSON *object, struct gk_error *err)
{
	struct family_dump *dump = &parser->dump;
	struct family_dump_release *dumped = NULL;

	if (!cJSON_GetObjectItemCaseSensitive(object, "version"))
		return gk_error_set(err, GK_USAGE,
				    "a release is missing: family %s has %zu, %zu are there",
				    dump->family, parser->announced, dump->release_count);
	dumped = gk_array_add(&dump->releases, &dump->release_count, sizeof(*dumped), err);
	if (!dumped)
		return -1;
	if (read_fields(object, dump_release_fields, release_more, &dumped->release, err) < 0 ||
	    read_texts(object, "published", pointer_template_check, &dumped->release.published,
		       err) < 0 ||
	    read_images(object, &dumped->release, err) < 0 ||
	    read_events(object, dumped, err) < 0 || check_intent(&dumped->release, err) < 0)
		return -1;
	if (strcmp(dumped->release.family, dump->family) != 0)
		return gk_error_set(err, GK_USAGE, "a release of another family than %s",
				    dump->family);
	return family_dump_check_order(dump, dump->release_count - 1, err);
}

/* --- lines --------------------------------------------------------------------------------- */

static int read_header(struct dump_parser *parser, const cJSON *object, struct gk_error *err)
{
	static const char *const members[] = {"goldkeep", "format", NULL};
	const cJSON *goldkeep = cJSON_GetObjectItemCaseSensitive(object, "goldkeep");
	int64_t format = 0;

	if (!cJSON_IsString(goldkeep) || strcmp(goldkeep->valuestring, "export") != 0)
		return gk_error_set(err, GK_USAGE, "no export of goldkeep begins like this");
	if (read_number(object, "format", 1, &format, err) < 0)
		return -1;
	if (format != DUMP_FORMAT)
		return gk_error_set(err, GK_USAGE,
				    "format %lld is a newer goldkeep's, this one knows %d: upgrade "
				    "goldkeep", (long long)format, DUMP_FORMAT);
	parser->next = DUMP_FAMILY;
	return check_members(object, NULL, members, err);
}

static int check_version(const char *text, struct gk_error *err)
{
	struct semver version;

	return semver_parse(text, &version, err);
}

/* Where a channel is, and was. */
static int read_place(const cJSON *item, struct channel *channel, struct gk_error *err)
{
	static const char *const members[] = {"version", "trail", NULL};
	const char *version = NULL;

	if (check_members(item, NULL, members, err) < 0 ||
	    read_string(item, "version", &version, err) < 0)
		return -1;
	if (!version)
		return gk_error_set(err, GK_USAGE, "\"version\" is null");
	if (semver_parse(version, &channel->version, err) < 0 ||
	    read_texts(item, "trail", check_version, &channel->trail, err) < 0)
		return -1;
	if (channel->trail.count > CHANNEL_TRAIL_MAX)
		return gk_error_set(err, GK_USAGE, "\"trail\" has more than %d versions",
				    CHANNEL_TRAIL_MAX);
	return 0;
}

static int read_channel(const cJSON *item, struct channel_list *channels, struct gk_error *err)
{
	_cleanup_(channel_done) struct channel channel = {0};

	if (channel_check(item->string, err) < 0 ||
	    gk_str_set(&channel.name, item->string, err) < 0)
		return -1;
	if (channels->count >= DUMP_CHANNELS_MAX)
		return gk_error_set(err, GK_USAGE, "more than %d channels", DUMP_CHANNELS_MAX);
	if (channel_list_find(channels, item->string))
		return gk_error_set(err, GK_USAGE, "channel %s is there twice", item->string);
	if (read_place(item, &channel, err) < 0)
		return gk_error_wrap(err, "channel %s", item->string);
	return channel_list_set(channels, &channel, err);
}

static int read_channels(const cJSON *object, struct channel_list *channels, struct gk_error *err)
{
	const cJSON *list = NULL;
	const cJSON *item = NULL;

	if (find_member(object, "channels", &list, err) < 0)
		return -1;
	if (!cJSON_IsObject(list))
		return gk_error_set(err, GK_USAGE, "\"channels\" is no object");
	cJSON_ArrayForEach(item, list)
		if (read_channel(item, channels, err) < 0)
			return -1;
	return 0;
}

/* The name, which stands behind that of the family before it. */
static int read_name(const cJSON *object, const char *last, char **ret, struct gk_error *err)
{
	const char *name = NULL;
	int order = 0;

	if (read_string(object, "family", &name, err) < 0)
		return -1;
	if (!name)
		return gk_error_set(err, GK_USAGE, "\"family\" is null");
	if (family_check(name, err) < 0)
		return -1;
	order = last ? strcmp(last, name) : -1;
	if (order >= 0)
		return gk_error_set(err, GK_USAGE, order == 0 ? "family %s is there twice"
							      : "family %s stands behind %s", name,
				    last);
	return gk_str_set(ret, name, err);
}

static int read_family(struct dump_parser *parser, const cJSON *object, struct gk_error *err)
{
	static const char *const members[] = {"family", "releases", "channels", NULL};
	_cleanup_(family_dump_done) struct family_dump dump = {0};

	if (check_members(object, NULL, members, err) < 0 ||
	    read_name(object, parser->dump.family, &dump.family, err) < 0 ||
	    read_count(object, "releases", &parser->announced, err) < 0 ||
	    read_channels(object, &dump.channels, err) < 0)
		return -1;
	if (parser->announced == 0)
		return gk_error_set(err, GK_USAGE, "family %s has no release", dump.family);
	family_dump_done(&parser->dump);
	parser->dump = dump;
	dump = (struct family_dump){0};
	parser->next = DUMP_RELEASE;
	return 0;
}

static int read_end(struct dump_parser *parser, const cJSON *object, struct gk_error *err)
{
	static const char *const members[] = {"goldkeep", "families", "releases", NULL};
	const char *word = NULL;
	size_t families = 0, releases = 0;

	if (check_members(object, NULL, members, err) < 0 ||
	    read_string(object, "goldkeep", &word, err) < 0 ||
	    read_count(object, "families", &families, err) < 0 ||
	    read_count(object, "releases", &releases, err) < 0)
		return -1;
	if (!gk_str_equal(word, "end") || families != parser->families ||
	    releases != parser->releases)
		return gk_error_set(err, GK_USAGE, "no end of %zu families with %zu releases",
				    parser->families, parser->releases);
	parser->next = DUMP_OVER;
	return 0;
}

static int read_object(struct dump_parser *parser, const cJSON *object, struct gk_error *err)
{
	switch (parser->next) {
	case DUMP_HEADER:
		return read_header(parser, object, err);
	case DUMP_FAMILY:
		return cJSON_GetObjectItemCaseSensitive(object, "goldkeep")
			       ? read_end(parser, object, err)
			       : read_family(parser, object, err);
	case DUMP_RELEASE:
		return read_release(parser, object, err);
	case DUMP_OVER:
		break;
	}
	return gk_error_set(err, GK_USAGE, "something stands behind the end");
}

/* Channels name releases as these are written, with their build metadata: so every store gives the
 * same bytes. */
static void name_releases(struct family_dump *dump)
{
	for (size_t i = 0; i < dump->channels.count; i++) {
		struct semver *version = &dump->channels.items[i].version;

		*version = family_dump_find(dump, version)->release.version;
	}
}

/* True with the last release of a family. */
static bool has_all(const struct dump_parser *parser)
{
	return parser->next == DUMP_RELEASE && parser->dump.release_count == parser->announced;
}

int dump_parser_line(struct dump_parser *parser, const char *line, size_t length, bool *ret_whole,
		     struct gk_error *err)
{
	_cleanup_(gk_json_freep) cJSON *object = NULL;
	bool whole = false;

	if (gk_json_parse(line, length, &object, err) < 0) {
		if (err && err->code == GK_UNFINISHED)
			err->code = GK_USAGE;
		return -1;
	}
	if (!cJSON_IsObject(object))
		return gk_error_set(err, GK_USAGE, "no object");
	if (read_object(parser, object, err) < 0)
		return -1;
	whole = has_all(parser);
	if (whole) {
		if (family_dump_check(&parser->dump, err) < 0)
			return -1;
		name_releases(&parser->dump);
		parser->next = DUMP_FAMILY;
		parser->families++;
		parser->releases += parser->dump.release_count;
	}
	*ret_whole = whole;
	return 0;
}

int dump_parser_end(const struct dump_parser *parser, struct gk_error *err)
{
	if (parser->next == DUMP_OVER)
		return 0;
	if (parser->next == DUMP_HEADER)
		return gk_error_set(err, GK_USAGE, "nothing is in it");
	return gk_error_set(err, GK_USAGE, "it ends too early: no line tells that it is whole");
}
