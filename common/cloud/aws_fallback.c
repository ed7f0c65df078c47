/*
 * What uses images, where DescribeImageReferences does not exist or may not be asked: the same
 * users found one by one. Instances, launch templates and SSM parameters go out in
 * one round, the versions of the templates in the next; launch configurations are asked for in any
 * case.
 */
#include "aws/ssm.h"
#include "base/mem.h"
#include "cloud/aws_private.h"

static int ask_place(struct aws_batch *batch, const struct aws_place *place, struct gk_error *err)
{
	for (size_t i = 0; i < place->fallback.count; i++)
		if (aws_batch_ask(batch, AWS_ASK_INSTANCES, place->region, place->fallback.items[i],
				  0, EC2_INSTANCE_IDS_MAX, err) < 0)
			return -1;
	if (!aws_batch_add(batch, AWS_ASK_TEMPLATES, place->region, err) ||
	    !aws_batch_add(batch, AWS_ASK_PARAMETERS, place->region, err))
		return -1;
	return 0;
}

int aws_fallback_ask(struct aws_batch *batch, const struct aws_place_list *places,
		     struct gk_error *err)
{
	size_t before = batch->count;

	for (size_t i = 0; i < places->count; i++) {
		const struct aws_place *place = &places->items[i];

		/* What is in doubt already is not worth the calls. */
		if (place->fallback.count && place->doubt.code == GK_OK &&
		    ask_place(batch, place, err) < 0)
			return -1;
	}
	for (size_t i = before; i < batch->count; i++)
		aws_question_build(batch->items[i], true);
	return 0;
}

static void read_instances(const struct aws_question *question, struct aws_place *place)
{
	const struct aws_listing *listing = &question->listing;
	struct gk_error cause = {0};
	int r = aws_listing_check(listing, &cause);

	for (size_t i = 0; r == 0 && i < listing->page_count; i++)
		r = ec2_read_instances(listing->pages[i], &place->users, &cause);
	if (r < 0)
		aws_place_doubt(place, listing->call.action, &cause);
}

/* Asks for all versions of all templates that the answer names. */
static int read_templates(const struct aws_question *question, struct aws_place *place,
			  struct aws_batch *versions, struct gk_error *err)
{
	const struct aws_listing *listing = &question->listing;
	_cleanup_(gk_strv_done) struct gk_strv ids = {0};
	struct gk_error cause = {0};
	int r = aws_listing_check(listing, &cause);

	for (size_t i = 0; r == 0 && i < listing->page_count; i++)
		r = ec2_read_launch_templates(listing->pages[i], &ids, &cause);
	if (r < 0) {
		aws_place_doubt(place, listing->call.action, &cause);
		return 0;
	}
	for (size_t i = 0; i < ids.count; i++) {
		struct aws_question *one =
			aws_batch_add(versions, AWS_ASK_VERSIONS, place->region, err);

		if (!one || gk_strv_add(&one->ids, ids.items[i], err) < 0)
			return -1;
		aws_question_build(one, question->refined);
	}
	return 0;
}

static void read_versions(const struct aws_question *question, struct aws_place *place)
{
	const struct aws_listing *listing = &question->listing;
	struct gk_error cause = {0};
	size_t before = place->users.count;
	int r = aws_listing_check(listing, &cause);

	for (size_t i = 0; r == 0 && i < listing->page_count; i++)
		r = ec2_read_launch_template_versions(listing->pages[i], &place->users, &cause);
	/* A template has one at least. */
	if (r == 0 && place->users.count == before)
		r = gk_error_set(&cause, GK_FAILED, "no version of %s", question->ids.items[0]);
	if (r < 0)
		aws_place_doubt(place, listing->call.action, &cause);
}

static int add_parameter(struct aws_place *place, const char *name, struct gk_error *err)
{
	_cleanup_free_ char *user = gk_str_format(err, "SSM parameter %s", name);
	_cleanup_free_ char *image = gk_str_format(err, AWS_ALIAS "%s", name);

	if (!user || !image || !ec2_user_list_add(&place->users, user, image, err))
		return -1;
	return 0;
}

static int read_parameters(const struct aws_question *question, struct aws_place *place,
			   struct gk_error *err)
{
	const struct aws_listing *listing = &question->listing;
	_cleanup_(gk_strv_done) struct gk_strv names = {0};
	struct gk_error cause = {0};
	int r = aws_listing_check(listing, &cause);

	for (size_t i = 0; r == 0 && i < listing->page_count; i++)
		r = ssm_read_image_parameters(listing->json_pages[i], &names, &cause);
	if (r < 0) {
		aws_place_doubt(place, listing->call.action, &cause);
		return 0;
	}
	for (size_t i = 0; i < names.count; i++)
		if (add_parameter(place, names.items[i], err) < 0)
			return -1;
	return 0;
}

int aws_fallback_read(struct aws_cloud *cloud, const struct aws_batch *batch,
		      struct aws_place_list *places, struct gk_error *err)
{
	_cleanup_(aws_batch_done) struct aws_batch versions = {0};

	for (size_t i = 0; i < batch->count; i++) {
		const struct aws_question *question = batch->items[i];
		struct aws_place *place = aws_place_find(places, question->region);

		if (question->topic == AWS_ASK_INSTANCES)
			read_instances(question, place);
		else if (question->topic == AWS_ASK_TEMPLATES &&
			 read_templates(question, place, &versions, err) < 0)
			return -1;
		else if (question->topic == AWS_ASK_PARAMETERS &&
			 read_parameters(question, place, err) < 0)
			return -1;
	}
	if (aws_batch_run(cloud, &versions, err) < 0)
		return -1;
	for (size_t i = 0; i < versions.count; i++)
		read_versions(versions.items[i], aws_place_find(places, versions.items[i]->region));
	return 0;
}
