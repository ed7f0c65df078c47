#include <string.h>

#include "aws/ssm.h"
#include "base/mem.h"
#include "cloud/aws_private.h"

/* One GetParameters. */
struct alias_call {
	struct aws_call call;
	struct aws_place *place;
	struct gk_strv names;
};

struct alias_call_list {
	struct alias_call *items;
	size_t count;
};

static void alias_call_list_done(struct alias_call_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		gk_strv_done(&list->items[i].names);
	aws_items_done(list->items, list->count, sizeof(*list->items));
}

/* The parameter that a user names, or NULL. */
static const char *alias_of(const struct ec2_user *user)
{
	size_t length = strlen(AWS_ALIAS);

	return strncmp(user->image, AWS_ALIAS, length) == 0 ? user->image + length : NULL;
}

/* All of the text: "ami-1 " would be no image's id, and ami-1 would pass for unused. */
static bool is_image(const char *text)
{
	if (strncmp(text, "ami-", 4) != 0)
		return false;
	text += 4;
	return text[0] && !text[strspn(text, "0123456789abcdefghijklmnopqrstuvwxyz")];
}

/* Two versions of one parameter go in different calls, so that answers cannot be mixed up. */
static bool has_room(const struct alias_call *item, const char *name)
{
	if (item->names.count >= SSM_NAMES_MAX)
		return false;
	for (size_t i = 0; i < item->names.count; i++)
		if (ssm_is_same_parameter(item->names.items[i], name))
			return false;
	return true;
}

static int add_name(struct alias_call_list *list, struct aws_place *place, const char *name,
		    struct gk_error *err)
{
	struct alias_call *room = NULL;

	for (size_t i = 0; i < list->count; i++) {
		struct alias_call *item = &list->items[i];

		if (item->place != place)
			continue;
		if (gk_strv_has(&item->names, name))
			return 0;
		if (!room && has_room(item, name))
			room = item;
	}
	if (!room)
		room = gk_array_add(&list->items, &list->count, sizeof(*room), err);
	if (!room)
		return -1;
	room->place = place;
	return gk_strv_add(&room->names, name, err);
}

static int collect(struct alias_call_list *list, struct aws_place *place, struct gk_error *err)
{
	for (size_t i = 0; i < place->users.count; i++) {
		const struct ec2_user *user = &place->users.items[i];
		const char *name = alias_of(user);
		struct gk_error cause = {0};

		if (name && add_name(list, place, name, err) < 0)
			return -1;
		if (name || is_image(user->image) || !user->image[0])
			continue;
		gk_error_set(&cause, GK_FAILED, "\"%.200s\" names no image", user->image);
		aws_place_doubt(place, user->name, &cause);
	}
	return 0;
}

static int run(struct aws_cloud *cloud, struct alias_call_list *list, struct gk_error *err)
{
	for (size_t i = 0; i < list->count; i++) {
		struct alias_call *item = &list->items[i];

		ssm_get_parameters(&item->call, item->place->region, item->names.items,
				   item->names.count);
	}
	return aws_run_items(cloud, list->items, list->count, sizeof(*list->items), err);
}

/* Whoever named the parameter uses the image that it holds. */
static int add_users(struct aws_place *place, const struct ssm_parameter *parameter,
		     struct gk_error *err)
{
	size_t count = place->users.count;
	struct gk_error cause = {0};

	if (!is_image(parameter->value)) {
		gk_error_set(&cause, GK_FAILED, "parameter %s does not hold the id of an image",
			     parameter->asked);
		aws_place_doubt(place, "GetParameters", &cause);
		return 0;
	}
	for (size_t i = 0; i < count; i++) {
		const char *alias = alias_of(&place->users.items[i]);

		if (alias && strcmp(alias, parameter->asked) == 0 &&
		    !ec2_user_list_add(&place->users, place->users.items[i].name,
				       parameter->value, err))
			return -1;
	}
	return 0;
}

static int read_answer(const struct alias_call *item, struct gk_error *err)
{
	_cleanup_(ssm_parameter_list_done) struct ssm_parameter_list parameters = {0};
	struct gk_error cause = item->call.error;

	if (cause.code != GK_OK || ssm_read_parameters(item->call.json, item->names.items,
						       item->names.count, &parameters,
						       &cause) < 0) {
		aws_place_doubt(item->place, "GetParameters", &cause);
		return 0;
	}
	for (size_t i = 0; i < parameters.count; i++)
		if (add_users(item->place, &parameters.items[i], err) < 0)
			return -1;
	return 0;
}

int aws_alias_resolve(struct aws_cloud *cloud, struct aws_place_list *places, struct gk_error *err)
{
	_cleanup_(alias_call_list_done) struct alias_call_list list = {0};

	for (size_t i = 0; i < places->count; i++)
		if (places->items[i].doubt.code == GK_OK &&
		    collect(&list, &places->items[i], err) < 0)
			return -1;
	if (run(cloud, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++)
		if (read_answer(&list.items[i], err) < 0)
			return -1;
	return 0;
}
