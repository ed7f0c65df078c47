#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "inventory/dynamodb_private.h"

/* --- names ---------------------------------------------------------------------------------- */

const char *dynamodb_pk(const char *family, char *pk)
{
	snprintf(pk, DYNAMODB_PK_SIZE, "F#%s", family);
	return pk;
}

const char *dynamodb_sk(char prefix, const char *key, char *sk)
{
	snprintf(sk, DYNAMODB_SK_SIZE, "%c#%s", prefix, key);
	return sk;
}

/* Keys are printable, and none is the beginning of another one: between what this gives and `key`
 * there is none. */
void dynamodb_below(const char *key, char *ret, size_t size)
{
	size_t length = strlen(key);

	if (ret != key)
		snprintf(ret, size, "%s", key);
	if (length == 0 || length + 2 > size)
		return;
	ret[length - 1]--;
	ret[length] = '\x7f';
	ret[length + 1] = '\0';
}

char dynamodb_place_of(enum release_state state)
{
	return state == RELEASE_RETIRED ? DYNAMODB_RETIRED : DYNAMODB_LIVE;
}

/* --- writing -------------------------------------------------------------------------------- */

static void put_texts(struct dynamodb_request *request, cJSON *to, const char *name,
		      const struct gk_strv *values)
{
	cJSON *list = dynamodb_put_list(request, to, name);

	for (size_t i = 0; i < values->count; i++)
		dynamodb_put_text(request, list, NULL, values->items[i]);
}

void dynamodb_put_channel(struct dynamodb_request *request, cJSON *to, const char *name,
			  const struct channel *channel)
{
	cJSON *map = dynamodb_put_map(request, to, name);
	char text[SEMVER_TEXT_SIZE];

	dynamodb_put_text(request, map, "version", semver_format(&channel->version, text));
	put_texts(request, map, "trail", &channel->trail);
}

/* At most so many bytes of it, and no half of a character. */
static void put_cut_text(struct dynamodb_request *request, cJSON *to, const char *name,
			 const char *value, size_t max)
{
	_cleanup_free_ char *cut = NULL;
	size_t length = value ? strlen(value) : 0;

	if (length <= max) {
		dynamodb_put_text(request, to, name, value);
		return;
	}
	length = max;
	while (length > 0 && ((unsigned char)value[length] & 0xc0) == 0x80)
		length--;
	cut = gk_str_format(NULL, "%.*s", (int)length, value);
	if (!cut)
		request->body.failed = true;
	dynamodb_put_text(request, to, name, cut);
}

static void write_image(struct dynamodb_request *request, cJSON *list, const struct image *image,
			size_t reason_max)
{
	cJSON *map = dynamodb_put_map(request, list, NULL);
	cJSON *snapshots = NULL;

	dynamodb_put_text(request, map, "provider", image->provider);
	dynamodb_put_text(request, map, "location", image->location);
	dynamodb_put_text(request, map, "id", image->id);
	dynamodb_put_text(request, map, "name", image->name);
	dynamodb_put_text(request, map, "architecture", image->architecture);
	dynamodb_put_text(request, map, "account", image->account);
	dynamodb_put_text(request, map, "bundle", image->bundle);
	dynamodb_put_text(request, map, "state", release_state_name(image->state));
	snapshots = dynamodb_put_list(request, map, "snapshots");
	for (size_t i = 0; i < image->snapshot_count; i++) {
		const struct snapshot *snapshot = &image->snapshots[i];
		cJSON *element = dynamodb_put_map(request, snapshots, NULL);

		dynamodb_put_text(request, element, "id", snapshot->id);
		dynamodb_put_text(request, element, "state", snapshot_state_name(snapshot->state));
		put_cut_text(request, element, "reason", snapshot->reason, reason_max);
	}
}

static void fill_fields(struct dynamodb_request *request, cJSON *item,
			const struct release *release)
{
	char text[SEMVER_TEXT_SIZE];

	dynamodb_put_number(request, item, "format", DYNAMODB_FORMAT);
	dynamodb_put_text(request, item, "version", semver_format(&release->version, text));
	dynamodb_put_text(request, item, "state", release_state_name(release->state));
	dynamodb_put_text(request, item, "held", release->held);
	dynamodb_put_text(request, item, "revoked", release->revoked);
	put_texts(request, item, "published", &release->published);
	dynamodb_put_number(request, item, "created_at", release->created_at);
	dynamodb_put_text(request, item, "run", release->run);
	dynamodb_put_text(request, item, "build", release->build);
	dynamodb_put_text(request, item, "builder", release->builder);
	dynamodb_put_text(request, item, "fingerprint", release->fingerprint);
	dynamodb_put_text(request, item, "intent", release->intent);
	dynamodb_put_number(request, item, "rev", release->revision);
}

void dynamodb_row_fill(struct dynamodb_request *request, cJSON *item,
		       const struct release *release, size_t reason_max)
{
	cJSON *images = NULL;

	fill_fields(request, item, release);
	images = dynamodb_put_list(request, item, "images");
	for (size_t i = 0; i < release->image_count; i++)
		write_image(request, images, &release->images[i], reason_max);
}

/* --- reading -------------------------------------------------------------------------------- */

int dynamodb_row_error(const struct dynamodb_inventory *store, const cJSON *item,
		       struct gk_error *err)
{
	const char *pk = NULL;
	const char *sk = NULL;

	if (dynamodb_text(item, "pk", &pk, NULL) < 0 || dynamodb_text(item, "sk", &sk, NULL) < 0)
		pk = sk = NULL;
	if (err)
		err->code = GK_FAILED; /* nobody's option is wrong: the row is */
	return gk_error_wrap(err, "table %s, row %s %s, cannot be read", store->table,
			     pk ? pk : "?", sk ? sk : "?");
}

int dynamodb_row_check(const struct dynamodb_inventory *store, const cJSON *item,
		       struct gk_error *err)
{
	int64_t format = 0;

	if (dynamodb_number(item, "format", 0, &format, err) < 0)
		return dynamodb_row_error(store, item, err);
	if (format > DYNAMODB_FORMAT) {
		gk_error_set(err, GK_FAILED, "a newer goldkeep wrote it (format %lld, this one "
			     "knows %d): upgrade goldkeep", (long long)format, DYNAMODB_FORMAT);
		return dynamodb_row_error(store, item, err);
	}
	if (format < 1) {
		gk_error_set(err, GK_FAILED, "goldkeep did not write it");
		return dynamodb_row_error(store, item, err);
	}
	return 0;
}

static int copy_text(const cJSON *map, const char *name, char **target, struct gk_error *err)
{
	const char *text = NULL;

	return dynamodb_text(map, name, &text, err) < 0 ? -1 : gk_str_set(target, text, err);
}

static int copy_texts(const cJSON *map, const char *name, struct gk_strv *ret,
		      struct gk_error *err)
{
	const cJSON *list = NULL;
	const cJSON *element = NULL;

	if (dynamodb_list(map, name, &list, err) < 0)
		return -1;
	cJSON_ArrayForEach(element, list) {
		const char *text = cJSON_GetStringValue(
			cJSON_GetObjectItemCaseSensitive(element, "S"));

		if (!text)
			return gk_error_set(err, GK_FAILED, "its %s has something in it that is "
					    "no text", name);
		if (gk_strv_add(ret, text, err) < 0)
			return -1;
	}
	return 0;
}

int dynamodb_need_text(const cJSON *map, const char *name, const char **ret,
		       struct gk_error *err)
{
	const char *text = NULL;

	if (dynamodb_text(map, name, &text, err) < 0)
		return -1;
	if (!text)
		return gk_error_set(err, GK_FAILED, "its %s is missing", name);
	*ret = text;
	return 0;
}

static int read_snapshot(const cJSON *element, struct image *image, struct gk_error *err)
{
	const cJSON *map = NULL;
	const char *id = NULL;
	const char *state = NULL;
	struct snapshot *snapshot = NULL;

	if (dynamodb_element(element, &map, err) < 0 || dynamodb_need_text(map, "id", &id, err) < 0 ||
	    dynamodb_need_text(map, "state", &state, err) < 0)
		return -1;
	snapshot = image_add_snapshot(image, id, err);
	if (!snapshot || snapshot_state_parse(state, &snapshot->state, err) < 0)
		return -1;
	return copy_text(map, "reason", &snapshot->reason, err);
}

static int read_image(const cJSON *element, struct image *image, struct gk_error *err)
{
	const cJSON *map = NULL;
	const cJSON *snapshots = NULL;
	const cJSON *snapshot = NULL;
	const char *state = NULL;

	if (dynamodb_element(element, &map, err) < 0 ||
	    dynamodb_need_text(map, "state", &state, err) < 0 ||
	    release_state_parse(state, &image->state, err) < 0 ||
	    copy_text(map, "provider", &image->provider, err) < 0 ||
	    copy_text(map, "location", &image->location, err) < 0 ||
	    copy_text(map, "id", &image->id, err) < 0 ||
	    copy_text(map, "name", &image->name, err) < 0 ||
	    copy_text(map, "architecture", &image->architecture, err) < 0 ||
	    copy_text(map, "account", &image->account, err) < 0 ||
	    copy_text(map, "bundle", &image->bundle, err) < 0 ||
	    dynamodb_list(map, "snapshots", &snapshots, err) < 0)
		return -1;
	cJSON_ArrayForEach(snapshot, snapshots)
		if (read_snapshot(snapshot, image, err) < 0)
			return -1;
	return 0;
}

static int read_fields(const cJSON *item, struct release *release, struct gk_error *err)
{
	const char *version = NULL;
	const char *state = NULL;
	const char *run = NULL;
	int64_t created = 0;

	if (dynamodb_need_text(item, "version", &version, err) < 0 ||
	    semver_parse(version, &release->version, err) < 0 ||
	    dynamodb_need_text(item, "state", &state, err) < 0 ||
	    release_state_parse(state, &release->state, err) < 0 ||
	    dynamodb_need_text(item, "run", &run, err) < 0 || gk_str_set(&release->run, run, err) < 0 ||
	    copy_text(item, "held", &release->held, err) < 0 ||
	    copy_text(item, "revoked", &release->revoked, err) < 0 ||
	    copy_texts(item, "published", &release->published, err) < 0 ||
	    dynamodb_number(item, "created_at", 0, &created, err) < 0 ||
	    copy_text(item, "build", &release->build, err) < 0 ||
	    copy_text(item, "builder", &release->builder, err) < 0 ||
	    copy_text(item, "fingerprint", &release->fingerprint, err) < 0 ||
	    copy_text(item, "intent", &release->intent, err) < 0 ||
	    dynamodb_number(item, "rev", 0, &release->revision, err) < 0)
		return -1;
	release->created_at = created;
	if (release->revision < 1)
		return gk_error_set(err, GK_FAILED, "its rev is missing");
	return 0;
}

/* The key in the row's name must be that of its version: a row that was copied by hand is none. */
static int check_key(const cJSON *item, const struct release *release, struct gk_error *err)
{
	char key[SEMVER_KEY_SIZE];
	char sk[DYNAMODB_SK_SIZE];
	const char *named = NULL;

	dynamodb_sk(dynamodb_place_of(release->state), semver_key(&release->version, key), sk);
	if (dynamodb_need_text(item, "sk", &named, err) < 0)
		return -1;
	if (strcmp(named, sk) != 0)
		return gk_error_set(err, GK_FAILED, "by its version and state it should be %s", sk);
	return 0;
}

static int read_release(const cJSON *item, struct release *release, struct gk_error *err)
{
	const cJSON *images = NULL;
	const cJSON *element = NULL;

	if (read_fields(item, release, err) < 0 || check_key(item, release, err) < 0 ||
	    dynamodb_list(item, "images", &images, err) < 0)
		return -1;
	cJSON_ArrayForEach(element, images) {
		struct image *image = release_add_image(release, err);

		if (!image || read_image(element, image, err) < 0)
			return -1;
	}
	return 0;
}

int dynamodb_row_read(struct dynamodb_inventory *store, const cJSON *item, const char *family,
		      struct release *ret, struct gk_error *err)
{
	_cleanup_(release_done) struct release release = {0};

	if (dynamodb_row_check(store, item, err) < 0 ||
	    gk_str_set(&release.family, family, err) < 0)
		return -1;
	if (read_release(item, &release, err) < 0)
		return dynamodb_row_error(store, item, err);
	if (release.state != RELEASE_RETIRED || release_is_unfinished(&release))
		dynamodb_see_release(store, &release);
	*ret = release;
	release = (struct release){0};
	return 0;
}

/* --- heads ---------------------------------------------------------------------------------- */

void dynamodb_head_done(struct dynamodb_head *head)
{
	free(head->importing);
	free(head->top_key);
	channel_list_done(&head->channels);
	*head = (struct dynamodb_head){0};
}

int dynamodb_head_copy(const struct dynamodb_head *from, struct dynamodb_head *ret,
		       struct gk_error *err)
{
	_cleanup_(dynamodb_head_done) struct dynamodb_head copy = {
		.exists = from->exists,
		.clearing = from->clearing,
		.top = from->top,
		.channels_revision = from->channels_revision,
	};

	if (gk_str_set(&copy.importing, from->importing, err) < 0 ||
	    gk_str_set(&copy.top_key, from->top_key, err) < 0)
		return -1;
	for (size_t i = 0; i < from->channels.count; i++)
		if (channel_list_set(&copy.channels, &from->channels.items[i], err) < 0)
			return -1;
	*ret = copy;
	copy = (struct dynamodb_head){0};
	return 0;
}

static int read_channel(const cJSON *element, struct channel_list *list, struct gk_error *err)
{
	_cleanup_(channel_done) struct channel channel = {0};
	const cJSON *map = NULL;
	const char *version = NULL;

	if (dynamodb_element(element, &map, err) < 0 ||
	    dynamodb_need_text(map, "version", &version, err) < 0 ||
	    semver_parse(version, &channel.version, err) < 0 ||
	    copy_texts(map, "trail", &channel.trail, err) < 0 ||
	    gk_str_set(&channel.name, element->string, err) < 0)
		return gk_error_wrap(err, "its channel %s", element->string);
	return channel_list_set(list, &channel, err);
}

static int read_channels(const cJSON *item, struct channel_list *list, struct gk_error *err)
{
	const cJSON *channels = NULL;
	const cJSON *channel = NULL;

	if (dynamodb_map(item, "channels", &channels, err) < 0)
		return -1;
	cJSON_ArrayForEach(channel, channels)
		if (read_channel(channel, list, err) < 0)
			return -1;
	return 0;
}

static int read_head(const cJSON *item, struct dynamodb_head *head, struct gk_error *err)
{
	const char *top = NULL;

	if (copy_text(item, "importing", &head->importing, err) < 0 ||
	    dynamodb_flag(item, "clearing", &head->clearing, err) < 0)
		return -1;
	if (head->importing)
		return 0;
	if (copy_text(item, "top_key", &head->top_key, err) < 0 ||
	    dynamodb_need_text(item, "top_version", &top, err) < 0 ||
	    semver_parse(top, &head->top, err) < 0 ||
	    dynamodb_number(item, "channels_rev", 0, &head->channels_revision, err) < 0)
		return -1;
	if (!head->top_key)
		return gk_error_set(err, GK_FAILED, "its top_key is missing");
	return read_channels(item, &head->channels, err);
}

int dynamodb_head_parse(const struct dynamodb_inventory *store, const cJSON *item,
			struct dynamodb_head *ret, struct gk_error *err)
{
	_cleanup_(dynamodb_head_done) struct dynamodb_head head = {.exists = item != NULL};

	if (item && dynamodb_row_check(store, item, err) < 0)
		return -1;
	if (item && read_head(item, &head, err) < 0)
		return dynamodb_row_error(store, item, err);
	*ret = head;
	head = (struct dynamodb_head){0};
	return 0;
}

/* --- events --------------------------------------------------------------------------------- */

void dynamodb_event_write(struct dynamodb_request *request, cJSON *item, const char *version,
			  const struct event *event)
{
	dynamodb_put_number(request, item, "format", DYNAMODB_FORMAT);
	dynamodb_put_text(request, item, "version", version);
	dynamodb_put_number(request, item, "at", event->at);
	dynamodb_put_text(request, item, "actor", event->actor);
	dynamodb_put_text(request, item, "action", event->action);
	dynamodb_put_text(request, item, "detail", event->detail);
}

int dynamodb_event_read(const struct dynamodb_inventory *store, const cJSON *item,
			struct event_row *ret, struct gk_error *err)
{
	int64_t at = 0;

	if (dynamodb_row_check(store, item, err) < 0)
		return -1;
	if (dynamodb_number(item, "at", 0, &at, err) < 0 ||
	    copy_text(item, "actor", &ret->actor, err) < 0 ||
	    copy_text(item, "action", &ret->action, err) < 0 ||
	    copy_text(item, "version", &ret->version, err) < 0 ||
	    copy_text(item, "detail", &ret->detail, err) < 0)
		return dynamodb_row_error(store, item, err);
	ret->at = at;
	return 0;
}

const char *dynamodb_event_time(int64_t microseconds, char *text)
{
	char seconds[GK_TIME_TEXT];

	gk_time_format((time_t)(microseconds / 1000000), seconds);
	seconds[strcspn(seconds, "Z")] = '\0';
	snprintf(text, DYNAMODB_TIME_SIZE, "%s.%06dZ", seconds, (int)(microseconds % 1000000));
	return text;
}
