#include <string.h>

#include "base/mem.h"
#include "inventory/dynamodb_private.h"

/* Bytes that are kept free for what later saves write. */
enum {
	STATE_ROOM = sizeof("deprecated") - 1,
	SNAPSHOT_STATE_ROOM = sizeof("leftover") - 1,
	REASON_ROOM = 100, /* why a snapshot stays: whole as long as there is room, else cut to this */
	HELD_ROOM = 256,
	REVOKED_ROOM = 256,
	PUBLISHED_ROOM = 1024,
	INTENT_ROOM = 1024,
	NUMBER_ROOM = 16,
};

/* What a text that is there, or may come to be there, still takes. */
static ptrdiff_t text_growth(const char *name, const char *text, size_t room)
{
	if (!text)
		return (ptrdiff_t)(strlen(name) + 1 + room);
	return strlen(text) < room ? (ptrdiff_t)(room - strlen(text)) : 0;
}

static ptrdiff_t image_growth(const struct image *image)
{
	ptrdiff_t growth = text_growth("state", release_state_name(image->state), STATE_ROOM);

	for (size_t i = 0; i < image->snapshot_count; i++) {
		const struct snapshot *snapshot = &image->snapshots[i];
		const char *reason = snapshot->reason;

		growth += text_growth("state", snapshot_state_name(snapshot->state),
				      SNAPSHOT_STATE_ROOM);
		growth += reason ? REASON_ROOM - (ptrdiff_t)strlen(reason)
				 : text_growth("reason", NULL, REASON_ROOM);
	}
	return growth;
}

/* The same of a list of texts. */
static ptrdiff_t texts_growth(const struct gk_strv *texts, size_t room)
{
	size_t size = 0;

	for (size_t i = 0; i < texts->count; i++)
		size += strlen(texts->items[i]) + 1;
	return size < room ? (ptrdiff_t)(room - size) : 0;
}

/* The most that the item of a release, which takes `size` now, needs by the time it is retired. */
static size_t size_needed(size_t size, const struct release *release)
{
	ptrdiff_t growth = NUMBER_ROOM;

	growth += text_growth("state", release_state_name(release->state), STATE_ROOM);
	if (release->state < RELEASE_RETIRING) {
		growth += text_growth("held", release->held, HELD_ROOM);
		growth += text_growth("revoked", release->revoked, REVOKED_ROOM);
		growth += texts_growth(&release->published, PUBLISHED_ROOM);
		growth += text_growth("intent", release->intent, INTENT_ROOM);
	}
	for (size_t i = 0; i < release->image_count; i++)
		growth += image_growth(&release->images[i]);
	return (size_t)((ptrdiff_t)size + growth);
}

/* The same of a release that has no item here. */
static size_t size_needed_before(const struct release *release)
{
	_cleanup_(dynamodb_request_done) struct dynamodb_request request = {0};
	cJSON *item = dynamodb_put_item(&request, "", "");

	dynamodb_row_fill(&request, item, release, SIZE_MAX);
	return size_needed(dynamodb_item_size(item), release);
}

static int refuse(const struct release *release, size_t size, struct gk_error *err)
{
	char label[RELEASE_LABEL_SIZE];

	return gk_error_set(err, GK_FAILED,
			    "%s with its %zu images takes up to %zu bytes by the time it is retired, "
			    "and DynamoDB holds %d in one item: nothing was written; release fewer "
			    "images in one run, or shorten what is said of them (tags, reason of a "
			    "hold)", release_label(release, label), release->image_count, size,
			    DYNAMODB_ITEM_MAX);
}

int dynamodb_row_write(struct dynamodb_request *request, cJSON *item,
		       const struct release *release, const struct release *old,
		       struct gk_error *err)
{
	size_t size = 0;
	size_t needed = 0;

	dynamodb_row_fill(request, item, release, SIZE_MAX);
	if (request->body.failed)
		return gk_error_memory(err);
	size = dynamodb_item_size(item);
	needed = size_needed(size, release);
	if (needed > DYNAMODB_ITEM_MAX && (!old || needed > size_needed_before(old)))
		return refuse(release, needed, err);
	if (size <= DYNAMODB_ITEM_MAX)
		return 0;
	cJSON_DeleteItemFromObjectCaseSensitive(item, "images");
	dynamodb_row_fill(request, item, release, REASON_ROOM);
	size = dynamodb_item_size(item);
	return size > DYNAMODB_ITEM_MAX ? refuse(release, size, err) : 0;
}
