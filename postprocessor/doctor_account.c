/* What the account carries: images of ours, also of families that the inventory has lost, and what is
 * published. What cannot be asked is told by the permissions. */
#include <string.h>

#include "base/mem.h"
#include "doctor.h"
#include "image/pointer.h"

/* ---- images ---- */

static int take_image(struct doctor *doctor, const struct cloud_search *search,
		      struct gk_error *err)
{
	const struct cloud_image *image = search->images;
	struct doctor_place *place = doctor_add_place(doctor, search->location, err);

	if (!place)
		return -1;
	if (place->image)
		return 0;
	place->image = doctor_keep(doctor, image->id, err);
	if (!place->image || !image->snapshots.count)
		return place->image ? 0 : -1;
	place->snapshot = doctor_keep(doctor, image->snapshots.items[0], err);
	return place->snapshot ? 0 : -1;
}

/* " --region us-east-1 --region eu-west-1" of those where the same search found the family. */
static int list_regions(const struct cloud_look *look, const struct cloud_search *same,
			const char *family, struct gk_buf *text, struct gk_error *err)
{
	for (size_t i = 0; i < look->search_count; i++) {
		const struct cloud_search *search = &look->searches[i];

		if (!gk_str_equal(search->family, same->family))
			continue;
		for (size_t k = 0; k < search->image_count; k++)
			if (gk_str_equal(tag_list_get(&search->images[k].tags, TAG_FAMILY),
					 family)) {
				gk_buf_addf(text, " --region %s", search->location);
				break;
			}
	}
	return gk_buf_check(text, err);
}

/* A release of that family is refused; of which one there will be one is known if it is named. */
static int add_lost(const struct cloud_look *look, const struct cloud_search *search, bool named,
		    struct doctor *doctor, struct gk_error *err)
{
	const struct cloud_image *image = search->images;
	const char *family = tag_list_get(&image->tags, TAG_FAMILY);
	const char *version = tag_list_get(&image->tags, TAG_VERSION);
	_cleanup_(gk_buf_done) struct gk_buf regions = {0};
	_cleanup_free_ char *subject = gk_str_format(err, "family %s", family);
	_cleanup_free_ char *value =
		gk_str_format(err, "this inventory does not know it, but %s in %s is tagged %s %s",
			      image->id, search->location, family, version);
	_cleanup_free_ char *advice = NULL;

	if (!subject || !value || list_regions(look, search, family, &regions, err) < 0)
		return -1;
	advice = gk_str_format(err,
			       "name the inventory that has it with --store, or rebuild it with "
			       "`goldkeep adopt --from-tags --family %s%s`, or start the family anew "
			       "with --new-family", family, gk_buf_text(&regions));
	if (!advice)
		return -1;
	return doctor_add(doctor,
			  &(struct finding){named ? FINDING_PROBLEM : FINDING_WARNING, "inventory",
					    subject, value, .advice = advice},
			  err);
}

static int add_searches(const struct doctor *doctor, struct cloud_look *look, const char *family,
			bool lost, struct gk_error *err)
{
	for (size_t i = 0; i < doctor->place_count; i++) {
		const struct doctor_place *place = &doctor->places[i];

		if (lost && !cloud_look_add_search(look, place->region, family, err))
			return -1;
		if (!place->image && (!lost || family) &&
		    !cloud_look_add_search(look, place->region, NULL, err))
			return -1;
	}
	return 0;
}

static int search_images(struct context *context, struct doctor *doctor, struct gk_error *err)
{
	_cleanup_(cloud_look_done) struct cloud_look look = {0};
	const struct release_order *order = &doctor->families[0].order;
	bool lost = doctor->is_new && !order->new_family;
	struct gk_error ignored = {0};

	if (add_searches(doctor, &look, order->family, lost, err) < 0)
		return -1;
	if (look.search_count == 0 || context->cloud->ops->look(context->cloud, &look, &ignored) < 0)
		return 0;
	for (size_t i = 0; i < look.search_count; i++) {
		const struct cloud_search *search = &look.searches[i];

		if (search->image_count == 0)
			continue;
		if (take_image(doctor, search, err) < 0)
			return -1;
		if (lost && gk_str_equal(search->family, order->family) &&
		    add_lost(&look, search, order->family != NULL, doctor, err) < 0)
			return -1;
		lost = lost && !gk_str_equal(search->family, order->family);
	}
	return 0;
}

/* ---- parameters ---- */

/* Names of pointers to a release that there could be. */
static int spell_out(const struct release_order *order, const char *family,
		     struct pointer_list *ret, struct gk_error *err)
{
	_cleanup_(release_done) struct release release = {.state = RELEASE_LIVE};
	_cleanup_free_ struct channel *items = calloc(order->channels.count + 1, sizeof(*items));
	struct channel_list channels = {.items = items, .count = order->channels.count + 1};
	struct image *image = release_add_image(&release, err);

	if (!items || !image)
		return gk_error_memory(err);
	items[0].name = (char *)"latest";
	for (size_t i = 0; i < order->channels.count; i++)
		items[i + 1].name = order->channels.items[i];
	image->state = RELEASE_LIVE;
	if (gk_str_set(&release.family, family, err) < 0 ||
	    gk_str_set(&image->location, "us-east-1", err) < 0 ||
	    gk_str_set(&image->id, "ami-0", err) < 0 ||
	    gk_str_set(&image->architecture, "x86_64", err) < 0)
		return -1;
	return pointers_of_release(&release, &order->pointers, &channels, ret, err);
}

static int name_parameters(struct doctor *doctor, const struct release_order *order,
			   struct gk_error *err)
{
	const char *family = order->family ? order->family : doctor->known_family;
	_cleanup_(pointer_list_done) struct pointer_list pointers = {0};
	struct gk_error failure = {0};

	if (!family || order->pointers.count == 0)
		return 0;
	if (spell_out(order, family, &pointers, &failure) < 0)
		return doctor_add(doctor,
				  &(struct finding){FINDING_PROBLEM, "settings", "publish-ssm",
						    .value = failure.message},
				  err);
	for (size_t i = 0; i < pointers.count; i++)
		if (gk_strv_add_unique(&doctor->parameters, pointers.items[i].name, err) < 0)
			return -1;
	return 0;
}

static int add_parameter(struct doctor *doctor, struct cloud_pointer *pointer,
			 struct gk_error *err)
{
	if (pointer->error.code != GK_OK || cloud_pointer_is_writable(pointer))
		return 0;
	return doctor_add(doctor,
			  &(struct finding){FINDING_PROBLEM, "permissions", pointer->name,
					    pointer->error.message, .location = pointer->location},
			  err);
}

/* A parameter of another type stays what it is. */
static int look_at_parameters(struct context *context, struct doctor *doctor,
			      struct gk_error *err)
{
	size_t count = doctor->parameters.count * doctor->place_count;
	_cleanup_free_ struct cloud_pointer *pointers = calloc(count + 1, sizeof(*pointers));
	struct gk_error ignored = {0};
	int result = 0;

	if (!pointers)
		return gk_error_memory(err);
	for (size_t i = 0; i < count; i++) {
		pointers[i].location = doctor->places[i % doctor->place_count].region;
		pointers[i].name = doctor->parameters.items[i / doctor->place_count];
		pointers[i].id = "";
	}
	if (count && context->cloud->ops->read_pointers(context->cloud, pointers, count,
							&ignored) == 0)
		for (size_t i = 0; result == 0 && i < count; i++)
			result = add_parameter(doctor, &pointers[i], err);
	for (size_t i = 0; i < count; i++)
		cloud_pointer_done(&pointers[i]);
	return result;
}

/* ---- the whole ---- */

int doctor_account(struct context *context, struct doctor *doctor, struct gk_error *err)
{
	struct gk_error ignored = {0};

	for (size_t i = 0; i < doctor->family_count; i++)
		if (name_parameters(doctor, &doctor->families[i].order, err) < 0)
			return -1;
	if (!context->aws || !doctor->has_credentials)
		return 0;
	if (aws_client_region(context->aws) &&
	    !doctor_add_place(doctor, aws_client_region(context->aws), err))
		return -1;
	if (context_open_cloud(context, NULL, &ignored) < 0)
		return 0;
	return search_images(context, doctor, err) < 0
		       ? -1
		       : look_at_parameters(context, doctor, err);
}
