#include <string.h>

#include "base/mem.h"
#include "cloud/aws_private.h"

/* ---- before: nothing is known ---- */

/* Until an answer was read and understood, every item says so: silence is no absence. */
static void expect(struct gk_error *error)
{
	gk_error_set(error, GK_FAILED, "no answer was read");
}

static void reset_image(struct cloud_image *image)
{
	char *location = TAKE_PTR(image->location);
	char *id = TAKE_PTR(image->id);

	cloud_image_done(image);
	image->location = location;
	image->id = id;
	expect(&image->error);
}

static void reset_search(struct cloud_search *search)
{
	for (size_t i = 0; i < search->image_count; i++)
		cloud_image_done(&search->images[i]);
	free(search->images);
	search->images = NULL;
	search->image_count = 0;
	expect(&search->error);
}

static void reset(struct cloud_look *look)
{
	for (size_t i = 0; i < look->image_count; i++)
		reset_image(&look->images[i]);
	for (size_t i = 0; i < look->snapshot_count; i++) {
		tag_list_done(&look->snapshots[i].tags);
		look->snapshots[i].present = false;
		expect(&look->snapshots[i].error);
	}
	for (size_t i = 0; i < look->search_count; i++)
		reset_search(&look->searches[i]);
	for (size_t i = 0; i < look->usage_count; i++) {
		gk_strv_done(&look->usages[i].references);
		gk_strv_done(&look->usages[i].shared_with);
		expect(&look->usages[i].error);
	}
}

/* ---- asking ---- */

/* A filter finds nothing for an id that cannot be one, and that would read as "gone". */
static bool id_is(const char *id, const char *prefix, struct gk_error *error)
{
	if (strncmp(id, prefix, strlen(prefix)) == 0)
		return true;
	gk_error_set(error, GK_FAILED, "\"%s\" is no id of the form %s…", id, prefix);
	return false;
}

static int ask_things(struct aws_batch *batch, struct cloud_look *look, struct gk_error *err)
{
	for (size_t i = 0; i < look->image_count; i++) {
		struct cloud_image *image = &look->images[i];

		if (id_is(image->id, "ami-", &image->error) &&
		    aws_batch_ask(batch, AWS_ASK_IMAGES, image->location, image->id, i,
				  EC2_FILTER_VALUES_MAX, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < look->snapshot_count; i++) {
		struct cloud_snapshot *snapshot = &look->snapshots[i];

		if (id_is(snapshot->id, "snap-", &snapshot->error) &&
		    aws_batch_ask(batch, AWS_ASK_SNAPSHOTS, snapshot->location, snapshot->id, i,
				  EC2_FILTER_VALUES_MAX, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < batch->count; i++) {
		struct aws_question *question = batch->items[i];
		const struct ec2_filter filter = {
			question->topic == AWS_ASK_IMAGES ? "image-id" : "snapshot-id",
			(const char *const *)question->ids.items, question->ids.count};

		if (question->topic == AWS_ASK_IMAGES)
			ec2_describe_images(&question->listing, question->region, &filter, 1);
		else
			ec2_describe_snapshots(&question->listing, question->region, &filter, 1);
	}
	return 0;
}

static int ask_search(struct aws_batch *batch, const struct cloud_search *search, size_t index,
		      struct gk_error *err)
{
	static const char *const managed[] = {TAG_MANAGED_BY_VALUE};
	static const char *const version[] = {TAG_VERSION};
	const struct ec2_filter filters[] = {
		{"tag:" TAG_MANAGED_BY, managed, 1},
		{"tag-key", version, 1},
		{"tag:" TAG_FAMILY, &search->family, 1},
	};
	struct aws_question *question = aws_batch_add(batch, AWS_ASK_SEARCH, search->location, err);
	size_t *slot = NULL;

	if (!question)
		return -1;
	slot = gk_array_add(&question->items, &question->item_count, sizeof(*slot), err);
	if (!slot)
		return -1;
	*slot = index;
	ec2_describe_images(&question->listing, question->region, filters,
			    ARRAY_SIZE(filters) - (search->family ? 0 : 1));
	return 0;
}

static int ask(struct aws_batch *batch, struct cloud_look *look, struct gk_error *err)
{
	if (ask_things(batch, look, err) < 0)
		return -1;
	for (size_t i = 0; i < look->search_count; i++)
		if (ask_search(batch, &look->searches[i], i, err) < 0)
			return -1;
	return aws_usage_ask(batch, look, err);
}

/* ---- reading ---- */

static const struct {
	const char *word;
	enum cloud_status status;
} states[] = {
	{"available", CLOUD_AVAILABLE}, {"pending", CLOUD_PENDING},
	{"transient", CLOUD_PENDING},   {"disabled", CLOUD_DISABLED},
	{"deregistered", CLOUD_ABSENT}, {"invalid", CLOUD_BROKEN},
	{"failed", CLOUD_BROKEN},       {"error", CLOUD_BROKEN},
};

static int fill_status(struct cloud_image *image, const struct ec2_image *from,
		       struct gk_error *err)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(states) && strcmp(states[i].word, from->state) != 0)
		i++;
	if (i == ARRAY_SIZE(states))
		return gk_error_set(err, GK_FAILED, "%s is in the unknown state \"%.60s\"",
				    from->id, from->state);
	free(image->status_text);
	image->status_text = from->state_reason ? gk_str_format(err, "%s: %s", from->state,
								from->state_reason)
						: gk_str_format(err, "%s", from->state);
	image->status = states[i].status;
	return image->status_text ? 0 : -1;
}

static int copy_tags(struct tag_list *to, const struct ec2_tag_list *from, struct gk_error *err)
{
	for (size_t i = 0; i < from->count; i++)
		if (tag_list_set(to, from->items[i].key, from->items[i].value, err) < 0)
			return -1;
	return 0;
}

static int fill_image(struct cloud_image *image, const struct ec2_image *from,
		      struct gk_error *err)
{
	image->created_at = from->created_at;
	image->last_launched_at = from->last_launched_at;
	image->deprecated_at = from->deprecated_at;
	image->is_public = from->is_public;
	if (fill_status(image, from, err) < 0 ||
	    gk_str_set(&image->account, from->owner, err) < 0 ||
	    gk_str_set(&image->name, from->name, err) < 0 ||
	    gk_str_set(&image->architecture, from->architecture, err) < 0 ||
	    gk_str_set(&image->protection, from->protection, err) < 0 ||
	    gk_str_set(&image->bundle, from->bundle, err) < 0 ||
	    gk_strv_extend(&image->snapshots, &from->snapshots, err) < 0)
		return -1;
	return copy_tags(&image->tags, &from->tags, err);
}

static int read_image_pages(const struct aws_listing *listing, struct ec2_image_list *list,
			    struct gk_error *err)
{
	if (aws_listing_check(listing, err) < 0)
		return -1;
	for (size_t i = 0; i < listing->page_count; i++)
		if (ec2_read_images(listing->pages[i], list, err) < 0)
			return gk_error_wrap(err, "%s in %s", listing->call.action,
					     listing->call.region);
	return 0;
}

static int read_snapshot_pages(const struct aws_listing *listing, struct ec2_snapshot_list *list,
			       struct gk_error *err)
{
	if (aws_listing_check(listing, err) < 0)
		return -1;
	for (size_t i = 0; i < listing->page_count; i++)
		if (ec2_read_snapshots(listing->pages[i], list, err) < 0)
			return gk_error_wrap(err, "%s in %s", listing->call.action,
					     listing->call.region);
	return 0;
}

/* What a complete answer does not name is not there. */
static void read_images(const struct aws_question *question, struct cloud_look *look)
{
	_cleanup_(ec2_image_list_done) struct ec2_image_list list = {0};
	struct gk_error error = {0};
	int r = read_image_pages(&question->listing, &list, &error);

	for (size_t i = 0; i < question->item_count; i++) {
		struct cloud_image *image = &look->images[question->items[i]];
		struct gk_error own = r < 0 ? error : (struct gk_error){0};
		size_t k = 0;

		while (k < list.count && strcmp(list.items[k].id, image->id) != 0)
			k++;
		image->status = CLOUD_ABSENT;
		if (r == 0 && k < list.count)
			fill_image(image, &list.items[k], &own);
		image->error = own;
	}
}

static void read_snapshots(const struct aws_question *question, struct cloud_look *look)
{
	_cleanup_(ec2_snapshot_list_done) struct ec2_snapshot_list list = {0};
	struct gk_error error = {0};
	int r = read_snapshot_pages(&question->listing, &list, &error);

	for (size_t i = 0; i < question->item_count; i++) {
		struct cloud_snapshot *snapshot = &look->snapshots[question->items[i]];
		struct gk_error own = r < 0 ? error : (struct gk_error){0};
		size_t k = 0;

		while (k < list.count && strcmp(list.items[k].id, snapshot->id) != 0)
			k++;
		snapshot->present = r == 0 && k < list.count;
		if (snapshot->present)
			copy_tags(&snapshot->tags, &list.items[k].tags, &own);
		snapshot->error = own;
	}
}

static int add_found(struct cloud_search *search, const struct ec2_image *from,
		     struct gk_error *err)
{
	struct cloud_image *image =
		gk_array_add(&search->images, &search->image_count, sizeof(*image), err);

	if (!image || gk_str_set(&image->location, search->location, err) < 0 ||
	    gk_str_set(&image->id, from->id, err) < 0)
		return -1;
	return fill_image(image, from, err);
}

static void read_search(const struct aws_question *question, struct cloud_look *look)
{
	_cleanup_(ec2_image_list_done) struct ec2_image_list list = {0};
	struct cloud_search *search = &look->searches[question->items[0]];
	struct gk_error error = {0};
	int r = read_image_pages(&question->listing, &list, &error);

	for (size_t i = 0; r == 0 && i < list.count; i++)
		r = add_found(search, &list.items[i], &error);
	search->error = error;
}

int aws_cloud_look(struct cloud *cloud, struct cloud_look *look, struct gk_error *err)
{
	struct aws_cloud *self = (struct aws_cloud *)cloud;
	_cleanup_(aws_batch_done) struct aws_batch batch = {0};

	reset(look);
	if (ask(&batch, look, err) < 0 || aws_batch_run(self, &batch, err) < 0)
		return -1;
	for (size_t i = 0; i < batch.count; i++) {
		const struct aws_question *question = batch.items[i];

		if (question->topic == AWS_ASK_IMAGES)
			read_images(question, look);
		else if (question->topic == AWS_ASK_SNAPSHOTS)
			read_snapshots(question, look);
		else if (question->topic == AWS_ASK_SEARCH)
			read_search(question, look);
	}
	return aws_usage_read(self, &batch, look, err);
}
