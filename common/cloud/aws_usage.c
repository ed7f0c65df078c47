#include <string.h>

#include "aws/autoscaling.h"
#include "base/mem.h"
#include "cloud/aws_private.h"

static void place_list_done(struct aws_place_list *places)
{
	for (size_t i = 0; i < places->count; i++) {
		free(places->items[i].region);
		ec2_user_list_done(&places->items[i].users);
		gk_strv_done(&places->items[i].gone);
		gk_strv_done(&places->items[i].fallback);
	}
	free(places->items);
}

struct aws_place *aws_place_find(const struct aws_place_list *places, const char *region)
{
	for (size_t i = 0; i < places->count; i++)
		if (strcmp(places->items[i].region, region) == 0)
			return &places->items[i];
	return NULL;
}

static int add_place(struct aws_place_list *places, const char *region, struct gk_error *err)
{
	struct aws_place *place = NULL;

	if (aws_place_find(places, region))
		return 0;
	place = gk_array_add(&places->items, &places->count, sizeof(*place), err);
	if (!place)
		return -1;
	if (gk_str_set(&place->region, region, err) < 0) {
		places->count--;
		return -1;
	}
	return 0;
}

void aws_place_doubt(struct aws_place *place, const char *lookup, const struct gk_error *cause)
{
	if (place->doubt.code != GK_OK)
		return;
	gk_error_set(&place->doubt, GK_FAILED, "%s: %s", lookup,
		     aws_reason(cause, lookup, place->region));
}

/* ---- asking ---- */

static int ask_one(struct aws_batch *batch, const struct cloud_usage *usage, size_t index,
		   struct gk_error *err)
{
	if (aws_batch_ask(batch, AWS_ASK_REFERENCES, usage->location, usage->id, index,
			  EC2_REFERENCED_IDS_MAX, err) < 0 ||
	    aws_batch_ask(batch, AWS_ASK_PERMISSION, usage->location, usage->id, index, 1,
			  err) < 0)
		return -1;
	/* One question a region, about all of them. */
	return aws_batch_ask(batch, AWS_ASK_CONFIGURATIONS, usage->location, "", index, 1, err);
}

static void build(struct aws_question *question)
{
	struct aws_listing *listing = &question->listing;

	if (question->topic == AWS_ASK_REFERENCES)
		ec2_describe_image_references(listing, question->region, question->ids.items,
					      question->ids.count);
	else if (question->topic == AWS_ASK_PERMISSION)
		ec2_describe_launch_permission(listing, question->region, question->ids.items[0]);
	else if (question->topic == AWS_ASK_CONFIGURATIONS)
		autoscaling_describe_launch_configurations(listing, question->region);
}

static bool is_usable(const struct cloud_usage *usage)
{
	return strncmp(usage->id, "ami-", 4) == 0;
}

int aws_usage_ask(struct aws_batch *batch, struct cloud_look *look, struct gk_error *err)
{
	for (size_t i = 0; i < look->usage_count; i++) {
		struct cloud_usage *usage = &look->usages[i];

		if (!is_usable(usage))
			gk_error_set(&usage->error, GK_FAILED, "\"%s\" is no id of the form ami-…",
				     usage->id);
		else if (ask_one(batch, usage, i, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < batch->count; i++)
		build(batch->items[i]);
	return 0;
}

/* ---- reading ---- */

/* An image that does not exist is of no use to anybody. */
static bool says_gone(const struct aws_call *call)
{
	return strcmp(call->code, "InvalidAMIID.NotFound") == 0 ||
	       strcmp(call->code, "InvalidAMIID.Unavailable") == 0;
}

static int read_reference_pages(const struct aws_question *question, struct ec2_user_list *users,
				struct gk_error *err)
{
	const struct aws_listing *listing = &question->listing;
	size_t before = users->count;

	if (aws_listing_check(listing, err) < 0)
		return -1;
	for (size_t i = 0; i < listing->page_count; i++)
		if (ec2_read_image_references(listing->pages[i], users, err) < 0)
			return -1;
	for (size_t i = before; i < users->count; i++)
		if (!gk_strv_has(&question->ids, users->items[i].image))
			return gk_error_set(err, GK_FAILED, "a reference to \"%.60s\", which was "
					    "not asked about", users->items[i].image);
	return 0;
}

/* Endpoints that do not know the operation, and callers that may not use it, have another way
 *. Any other failure is doubt. `again` is NULL when this was the second time. */
static int read_references(const struct aws_question *question, struct aws_place *place,
			   struct aws_batch *again, struct gk_error *err)
{
	const struct aws_call *call = &question->listing.call;
	struct gk_error cause = {0};

	if (again && (call->error.code == GK_UNSUPPORTED || call->error.code == GK_DENIED))
		return gk_strv_extend(&place->fallback, &question->ids, err);
	if (says_gone(call) && question->ids.count == 1)
		return gk_strv_add_unique(&place->gone, question->ids.items[0], err);
	if (again && says_gone(call)) {
		/* It does not say which one; the others have a right to an answer. */
		for (size_t i = 0; i < question->ids.count; i++)
			if (aws_batch_ask(again, AWS_ASK_REFERENCES, question->region,
					  question->ids.items[i], 0, 1, err) < 0)
				return -1;
		return 0;
	}
	if (read_reference_pages(question, &place->users, &cause) < 0)
		aws_place_doubt(place, call->action, &cause);
	return 0;
}

static int read_permission(const struct aws_question *question, struct aws_place *place,
			   struct cloud_look *look, struct gk_error *err)
{
	const struct aws_listing *listing = &question->listing;
	struct gk_error cause = {0};
	int r = 0;

	if (says_gone(&listing->call))
		return gk_strv_add_unique(&place->gone, question->ids.items[0], err);
	r = aws_listing_check(listing, &cause);
	for (size_t i = 0; r == 0 && i < question->item_count; i++) {
		struct cloud_usage *usage = &look->usages[question->items[i]];

		r = ec2_read_launch_permission(listing->pages[0], usage->id, &usage->shared_with,
					       &cause);
	}
	if (r < 0)
		aws_place_doubt(place, listing->call.action, &cause);
	return 0;
}

static void read_configurations(const struct aws_question *question, struct aws_place *place)
{
	const struct aws_listing *listing = &question->listing;
	struct gk_error cause = {0};
	int r = aws_listing_check(listing, &cause);

	for (size_t i = 0; r == 0 && i < listing->page_count; i++)
		r = autoscaling_read_launch_configurations(listing->pages[i], &place->users,
							   &cause);
	if (r < 0)
		aws_place_doubt(place, listing->call.action, &cause);
}

static int read_first_round(const struct aws_batch *batch, struct cloud_look *look,
			    struct aws_place_list *places, struct aws_batch *again,
			    struct gk_error *err)
{
	for (size_t i = 0; i < batch->count; i++) {
		const struct aws_question *question = batch->items[i];
		struct aws_place *place = aws_place_find(places, question->region);

		if (question->topic == AWS_ASK_REFERENCES &&
		    read_references(question, place, again, err) < 0)
			return -1;
		if (question->topic == AWS_ASK_PERMISSION &&
		    read_permission(question, place, look, err) < 0)
			return -1;
		if (question->topic == AWS_ASK_CONFIGURATIONS)
			read_configurations(question, place);
	}
	return 0;
}

static int read_second_round(struct aws_cloud *cloud, struct aws_batch *batch,
			     struct aws_place_list *places, struct gk_error *err)
{
	for (size_t i = 0; i < batch->count; i++)
		build(batch->items[i]);
	if (aws_fallback_ask(batch, places, err) < 0 || aws_batch_run(cloud, batch, err) < 0)
		return -1;
	for (size_t i = 0; i < batch->count; i++) {
		const struct aws_question *question = batch->items[i];

		if (question->topic == AWS_ASK_REFERENCES &&
		    read_references(question, aws_place_find(places, question->region), NULL,
				    err) < 0)
			return -1;
	}
	return aws_fallback_read(cloud, batch, places, err);
}

/* ---- what it comes to ---- */

/* "Gone" is believed of an image that DescribeImages does not show either:
 * InvalidAMIID.Unavailable is also said of images that are there and in use (EC2 API Reference, error codes). */
static bool contradicts(const struct cloud_look *look, const struct aws_place *place,
			const struct cloud_usage *usage)
{
	if (!gk_strv_has(&place->gone, usage->id))
		return false;
	for (size_t i = 0; i < look->image_count; i++) {
		const struct cloud_image *image = &look->images[i];

		if (strcmp(image->id, usage->id) == 0 &&
		    strcmp(image->location, usage->location) == 0)
			return image->error.code != GK_OK || image->status != CLOUD_ABSENT;
	}
	return true;
}

static int conclude(const struct cloud_look *look, struct cloud_usage *usage,
		    const struct aws_place *place, struct gk_error *err)
{
	if (contradicts(look, place, usage)) {
		gk_error_set(&usage->error, GK_CONFLICT,
			     "cannot tell what uses it in %s: one lookup says that %s is gone, "
			     "another one shows it",
			     usage->location, usage->id);
		return 0;
	}
	if (place->doubt.code != GK_OK) {
		gk_error_set(&usage->error, GK_FAILED, "cannot tell what uses it in %s: %s",
			     usage->location, place->doubt.message);
		return 0;
	}
	for (size_t i = 0; i < place->users.count; i++) {
		const struct ec2_user *user = &place->users.items[i];

		if (strcmp(user->image, usage->id) == 0 &&
		    gk_strv_add_unique(&usage->references, user->name, err) < 0)
			return -1;
	}
	usage->error = (struct gk_error){0};
	return 0;
}

int aws_usage_read(struct aws_cloud *cloud, const struct aws_batch *batch, struct cloud_look *look,
		   struct gk_error *err)
{
	_cleanup_(place_list_done) struct aws_place_list places = {0};
	_cleanup_(aws_batch_done) struct aws_batch second = {0};

	for (size_t i = 0; i < look->usage_count; i++)
		if (is_usable(&look->usages[i]) &&
		    add_place(&places, look->usages[i].location, err) < 0)
			return -1;
	if (read_first_round(batch, look, &places, &second, err) < 0 ||
	    read_second_round(cloud, &second, &places, err) < 0 ||
	    aws_alias_resolve(cloud, &places, err) < 0)
		return -1;
	for (size_t i = 0; i < look->usage_count; i++)
		if (is_usable(&look->usages[i]) &&
		    conclude(look, &look->usages[i],
			     aws_place_find(&places, look->usages[i].location), err) < 0)
			return -1;
	return 0;
}
