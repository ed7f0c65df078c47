#include "base/mem.h"
#include "cloud/aws_private.h"

/* EC2 takes no time in the past. Four minutes is what a clock may be off unnoticed; the rest is for
 * the way, with retries. */
enum { DEPRECATION_DELAY_SECONDS = 6 * 60, MINUTE_SECONDS = 60 };

/* One EnableImageDeprecation. */
struct deprecation_call {
	struct aws_call call;
	struct cloud_deprecation *deprecation;
};

struct deprecation_call_list {
	struct deprecation_call *items;
	size_t count;
};

static void deprecation_call_list_done(struct deprecation_call_list *list)
{
	aws_items_done(list->items, list->count, sizeof(*list->items));
}

/* EC2 would put the new time in the place of an earlier one, which somebody chose. */
static bool is_needed(struct cloud_deprecation *deprecation, const struct cloud_image *image,
		      time_t when)
{
	deprecation->error = image->error;
	if (image->error.code != GK_OK)
		return false;
	if (image->status == CLOUD_ABSENT) {
		gk_error_set(&deprecation->error, GK_NOT_FOUND, "%s in %s does not exist",
			     deprecation->id, deprecation->location);
		return false;
	}
	return image->deprecated_at == 0 || image->deprecated_at > when;
}

static int add_call(struct deprecation_call_list *list, struct cloud_deprecation *deprecation,
		    time_t when, struct gk_error *err)
{
	struct deprecation_call *item =
		gk_array_add(&list->items, &list->count, sizeof(*item), err);

	if (!item)
		return -1;
	item->deprecation = deprecation;
	ec2_enable_image_deprecation(&item->call, deprecation->location, deprecation->id, when);
	return 0;
}

static void read_answer(const struct deprecation_call *item)
{
	struct cloud_deprecation *deprecation = item->deprecation;
	const struct aws_call *call = &item->call;
	struct gk_error cause = call->error;

	if (cause.code != GK_OK || ec2_read_return(call->xml, call->action, &cause) < 0)
		gk_error_set(&deprecation->error, cause.code, "%s of %s in %s: %s", call->action,
			     deprecation->id, deprecation->location,
			     aws_reason(&cause, call->action, deprecation->location));
}

int aws_cloud_deprecate(struct cloud *cloud, struct cloud_deprecation *work, size_t count,
			struct gk_error *err)
{
	struct aws_cloud *self = (struct aws_cloud *)cloud;
	_cleanup_(deprecation_call_list_done) struct deprecation_call_list list = {0};
	_cleanup_(cloud_look_done) struct cloud_look look = {0};
	time_t when = 0;

	for (size_t i = 0; i < count; i++)
		if (!cloud_look_add_image(&look, work[i].location, work[i].id, err))
			return -1;
	if (aws_cloud_look(cloud, &look, err) < 0)
		return -1;
	when = aws_client_now(self->client) + DEPRECATION_DELAY_SECONDS;
	when -= when % MINUTE_SECONDS;
	for (size_t i = 0; i < count; i++)
		if (is_needed(&work[i], &look.images[i], when) &&
		    add_call(&list, &work[i], when, err) < 0)
			return -1;
	if (aws_run_items(self, list.items, list.count, sizeof(*list.items), err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++)
		read_answer(&list.items[i]);
	return 0;
}
