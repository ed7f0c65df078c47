#include <string.h>

#include "aws/ssm.h"
#include "base/mem.h"
#include "cloud/aws_private.h"

static void question_free(struct aws_question *question)
{
	aws_listing_done(&question->listing);
	free(question->region);
	gk_strv_done(&question->ids);
	free(question->items);
	free(question);
}

void aws_batch_done(struct aws_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		question_free(batch->items[i]);
	free(batch->items);
	*batch = (struct aws_batch){0};
}

struct aws_question *aws_batch_add(struct aws_batch *batch, enum aws_topic topic,
				   const char *region, struct gk_error *err)
{
	struct aws_question *question = calloc(1, sizeof(*question));
	struct aws_question **slot = NULL;

	if (!question) {
		gk_error_memory(err);
		return NULL;
	}
	question->topic = topic;
	if (gk_str_set(&question->region, region, err) == 0)
		slot = gk_array_add(&batch->items, &batch->count, sizeof(*slot), err);
	if (!slot) {
		question_free(question);
		return NULL;
	}
	*slot = question;
	return question;
}

/* Newest first: an older one is full. */
static struct aws_question *find_room(const struct aws_batch *batch, enum aws_topic topic,
				      const char *region, const char *id, size_t most)
{
	for (size_t i = batch->count; i-- > 0;) {
		struct aws_question *question = batch->items[i];

		if (question->topic == topic && strcmp(question->region, region) == 0)
			return question->ids.count < most || gk_strv_has(&question->ids, id)
				       ? question
				       : NULL;
	}
	return NULL;
}

int aws_batch_ask(struct aws_batch *batch, enum aws_topic topic, const char *region,
		  const char *id, size_t item, size_t most, struct gk_error *err)
{
	struct aws_question *question = find_room(batch, topic, region, id, most);
	size_t *slot = NULL;

	if (!question)
		question = aws_batch_add(batch, topic, region, err);
	if (!question || gk_strv_add_unique(&question->ids, id, err) < 0)
		return -1;
	slot = gk_array_add(&question->items, &question->item_count, sizeof(*slot), err);
	if (!slot)
		return -1;
	*slot = item;
	return 0;
}

/* The call with which an item begins. */
static struct aws_call *call_of(void *items, size_t index, size_t size)
{
	return (void *)((char *)items + index * size);
}

int aws_run_items(struct aws_cloud *cloud, void *items, size_t count, size_t size,
		  struct gk_error *err)
{
	_cleanup_free_ struct aws_call **calls = NULL;

	if (count == 0)
		return 0;
	calls = calloc(count, sizeof(struct aws_call *));
	if (!calls)
		return gk_error_memory(err);
	for (size_t i = 0; i < count; i++)
		calls[i] = call_of(items, i, size);
	return aws_run(cloud->client, calls, count, err);
}

void aws_items_done(void *items, size_t count, size_t size)
{
	for (size_t i = 0; i < count; i++)
		aws_call_done(call_of(items, i, size));
	free(items);
}

const char *aws_reason(const struct gk_error *error, const char *action, const char *region)
{
	_cleanup_free_ char *said = gk_str_format(NULL, "%s in %s: ", action, region);
	size_t length = said ? strlen(said) : 0;

	return said && strncmp(error->message, said, length) == 0 ? error->message + length
								  : error->message;
}

int aws_listing_check(const struct aws_listing *listing, struct gk_error *err)
{
	if (listing->call.error.code != GK_OK) {
		*err = listing->call.error;
		return -1;
	}
	if (listing->page_count == 0)
		return gk_error_set(err, GK_FAILED, "%s in %s: no answer", listing->call.action,
				    listing->call.region);
	return 0;
}

static int run(struct aws_cloud *cloud, struct aws_question *const *questions, size_t count,
	       struct gk_error *err)
{
	_cleanup_free_ struct aws_listing **listings = NULL;

	if (count == 0)
		return 0;
	listings = calloc(count, sizeof(struct aws_listing *));
	if (!listings)
		return gk_error_memory(err);
	for (size_t i = 0; i < count; i++)
		listings[i] = &questions[i]->listing;
	return aws_run_listings(cloud->client, listings, count, err);
}

/* An endpoint that does not know the refinement says so, and without it the answer holds no less
 * (IncludeManagedResources is new; emulators know no filter by data type). */
static bool must_ask_plainly(const struct aws_question *question)
{
	const struct aws_call *call = &question->listing.call;

	if (!question->refined || call->error.code == GK_OK)
		return false;
	if (question->topic == AWS_ASK_PARAMETERS)
		return strcmp(call->code, "ValidationException") == 0 ||
		       strcmp(call->code, "InvalidFilterKey") == 0;
	return strncmp(call->code, "UnknownParameter", 16) == 0 ||
	       (strncmp(call->code, "InvalidParameter", 16) == 0 &&
		strstr(call->error.message, "IncludeManagedResources"));
}

void aws_question_build(struct aws_question *question, bool refined)
{
	struct aws_listing *listing = &question->listing;
	const char *region = question->region;

	question->refined = refined;
	if (question->topic == AWS_ASK_INSTANCES)
		ec2_describe_instances(listing, region, question->ids.items, question->ids.count,
				       refined);
	else if (question->topic == AWS_ASK_TEMPLATES)
		ec2_describe_launch_templates(listing, region, refined);
	else if (question->topic == AWS_ASK_VERSIONS)
		ec2_describe_launch_template_versions(listing, region, question->ids.items[0],
						      refined);
	else if (question->topic == AWS_ASK_PARAMETERS)
		ssm_describe_image_parameters(listing, region, refined);
}

int aws_batch_run(struct aws_cloud *cloud, struct aws_batch *batch, struct gk_error *err)
{
	_cleanup_free_ struct aws_question **again = NULL;
	size_t count = 0;

	if (run(cloud, batch->items, batch->count, err) < 0)
		return -1;
	for (size_t i = 0; i < batch->count; i++) {
		struct aws_question *question = batch->items[i];
		struct aws_question **slot = NULL;

		if (!must_ask_plainly(question))
			continue;
		slot = gk_array_add(&again, &count, sizeof(*slot), err);
		if (!slot)
			return -1;
		*slot = question;
		aws_listing_done(&question->listing);
		question->listing = (struct aws_listing){0};
		aws_question_build(question, false);
	}
	return run(cloud, again, count, err);
}
