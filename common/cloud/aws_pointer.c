/*
 * Pointers are SSM parameters of the data type aws:ec2:image. Ten are read with one GetParameters;
 * each is written with a PutParameter of its own. All calls of a round go out at once.
 */
#include <string.h>

#include "aws/ssm.h"
#include "base/mem.h"
#include "cloud/aws_private.h"

/* One GetParameters, or one PutParameter of a single pointer. */
struct pointer_call {
	struct aws_call call;
	struct cloud_pointer *pointers[SSM_NAMES_MAX];
	size_t count;
};

struct pointer_call_list {
	struct pointer_call *items;
	size_t count;
};

static void pointer_call_list_done(struct pointer_call_list *list)
{
	aws_items_done(list->items, list->count, sizeof(*list->items));
}

static int run(struct aws_cloud *cloud, struct pointer_call_list *list, struct gk_error *err)
{
	return aws_run_items(cloud, list->items, list->count, sizeof(*list->items), err);
}

static bool code_begins(const struct aws_call *call, const char *code)
{
	return strncmp(call->code, code, strlen(code)) == 0;
}

/* Why a call failed, with the name of the parameter in it. */
static void tell(struct cloud_pointer *pointer, const struct aws_call *call,
		 const struct gk_error *cause)
{
	const char *reason = aws_reason(cause, call->action, pointer->location);

	if (code_begins(call, "AccessDenied"))
		gk_error_set(&pointer->error, cause->code,
			     "%s of %s in %s: %s (allow ssm:%s on this parameter)", call->action,
			     pointer->name, pointer->location, reason, call->action);
	else
		gk_error_set(&pointer->error, cause->code, "%s of %s in %s: %s", call->action,
			     pointer->name, pointer->location, reason);
}

/* ---- reading ---- */

/* A name may be asked for once in a call. */
static bool has_room(const struct pointer_call *item, const struct cloud_pointer *pointer,
		     size_t most)
{
	if (item->count >= most || strcmp(item->pointers[0]->location, pointer->location) != 0)
		return false;
	for (size_t i = 0; i < item->count; i++)
		if (ssm_is_same_parameter(item->pointers[i]->name, pointer->name))
			return false;
	return true;
}

static int add_read(struct pointer_call_list *list, struct cloud_pointer *pointer, size_t most,
		    struct gk_error *err)
{
	struct pointer_call *room = NULL;

	for (size_t i = 0; i < list->count && !room; i++)
		if (has_room(&list->items[i], pointer, most))
			room = &list->items[i];
	if (!room)
		room = gk_array_add(&list->items, &list->count, sizeof(*room), err);
	if (!room)
		return -1;
	room->pointers[room->count++] = pointer;
	return 0;
}

static void copy_names(const struct pointer_call *item, char **names)
{
	for (size_t i = 0; i < item->count; i++)
		names[i] = (char *)item->pointers[i]->name;
}

static void build_read(struct pointer_call *item)
{
	char *names[SSM_NAMES_MAX] = {NULL};

	copy_names(item, names);
	ssm_get_parameters(&item->call, item->pointers[0]->location, names, item->count);
}

/* What an endpoint does not say is as it should be: a write will tell. */
static const char *kind_of(const struct ssm_parameter *parameter)
{
	if (parameter->type && strcmp(parameter->type, SSM_TEXT_TYPE) != 0)
		return parameter->type;
	if (parameter->data_type && strcmp(parameter->data_type, SSM_IMAGE) != 0)
		return parameter->data_type;
	return NULL;
}

static int fill(struct cloud_pointer *pointer, const struct ssm_parameter_list *list,
		struct gk_error *err)
{
	pointer->error = (struct gk_error){0};
	for (size_t i = 0; i < list->count; i++) {
		const struct ssm_parameter *parameter = &list->items[i];

		if (strcmp(parameter->asked, pointer->name) != 0)
			continue;
		pointer->present = true;
		if (gk_str_set(&pointer->value, parameter->value, err) < 0)
			return -1;
		return gk_str_set(&pointer->kind, kind_of(parameter), err);
	}
	return 0;
}

static int read_answer(const struct pointer_call *item, struct gk_error *err)
{
	_cleanup_(ssm_parameter_list_done) struct ssm_parameter_list list = {0};
	struct gk_error cause = item->call.error;
	char *names[SSM_NAMES_MAX] = {NULL};

	copy_names(item, names);
	if (cause.code == GK_OK)
		ssm_read_existing(item->call.json, names, item->count, &list, &cause);
	for (size_t i = 0; i < item->count; i++)
		if (cause.code != GK_OK)
			tell(item->pointers[i], &item->call, &cause);
		else if (fill(item->pointers[i], &list, err) < 0)
			return -1;
	return 0;
}

/* One name that may not be read, or is malformed, fails the whole call. */
static bool is_about_one_of_many(const struct pointer_call *item)
{
	return item->count > 1 && (code_begins(&item->call, "AccessDenied") ||
				   code_begins(&item->call, "ValidationException"));
}

static int read_some(struct aws_cloud *cloud, struct cloud_pointer *const *pointers, size_t count,
		     size_t most, struct gk_error *err)
{
	_cleanup_(pointer_call_list_done) struct pointer_call_list list = {0};
	_cleanup_free_ struct cloud_pointer **again = calloc(count + 1, sizeof(*pointers));
	size_t again_count = 0;

	if (!again)
		return gk_error_memory(err);
	for (size_t i = 0; i < count; i++)
		if (add_read(&list, pointers[i], most, err) < 0)
			return -1;
	for (size_t i = 0; i < list.count; i++)
		build_read(&list.items[i]);
	if (run(cloud, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		const struct pointer_call *item = &list.items[i];

		if (is_about_one_of_many(item))
			for (size_t k = 0; k < item->count; k++)
				again[again_count++] = item->pointers[k];
		else if (read_answer(item, err) < 0)
			return -1;
	}
	return again_count ? read_some(cloud, again, again_count, 1, err) : 0;
}

static void forget(struct cloud_pointer *pointer)
{
	gk_error_set(&pointer->error, GK_FAILED, "no answer was read");
	pointer->present = false;
	free(TAKE_PTR(pointer->value));
	free(TAKE_PTR(pointer->kind));
}

int aws_cloud_read_pointers(struct cloud *cloud, struct cloud_pointer *pointers, size_t count,
			    struct gk_error *err)
{
	_cleanup_free_ struct cloud_pointer **all = calloc(count + 1, sizeof(*all));

	if (!all)
		return gk_error_memory(err);
	for (size_t i = 0; i < count; i++) {
		forget(&pointers[i]);
		all[i] = &pointers[i];
	}
	return read_some((struct aws_cloud *)cloud, all, count, SSM_NAMES_MAX, err);
}

/* ---- writing ---- */

static int add_write(struct pointer_call_list *list, struct cloud_pointer *pointer,
		     struct gk_error *err)
{
	struct pointer_call *item = gk_array_add(&list->items, &list->count, sizeof(*item), err);

	if (!item)
		return -1;
	item->pointers[item->count++] = pointer;
	ssm_put_image(&item->call, pointer->location, pointer->name, pointer->id, !pointer->pinned);
	return 0;
}

/* Refusals whose meaning depends on what is there: that a parameter has another data type is said
 * in no documented code, and one that exists already may be our own, its first answer lost. */
static bool depends_on_what_is_there(const struct aws_call *call)
{
	static const char *const codes[] = {"ParameterAlreadyExists", "ValidationException",
					    "HierarchyTypeMismatchException",
					    "UnsupportedParameterType"};

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if (strcmp(call->code, codes[i]) == 0)
			return true;
	return false;
}

static void read_write(const struct pointer_call *item)
{
	struct cloud_pointer *pointer = item->pointers[0];
	struct gk_error cause = item->call.error;

	if (cause.code != GK_OK || ssm_read_put(item->call.json, &cause) < 0)
		tell(pointer, &item->call, &cause);
}

/* The pointer was read after its write had been refused. */
static void settle(const struct pointer_call *item)
{
	struct cloud_pointer *pointer = item->pointers[0];
	bool was_read = pointer->error.code == GK_OK;

	pointer->error = (struct gk_error){0};
	if (was_read && !cloud_pointer_is_writable(pointer))
		return;
	/* Named already, or accepted and not visible yet. */
	if (was_read && pointer->pinned && item->call.error.code == GK_CONFLICT)
		return;
	tell(pointer, &item->call, &item->call.error);
}

static int settle_all(struct aws_cloud *cloud, const struct pointer_call_list *list,
		      struct gk_error *err)
{
	_cleanup_free_ struct cloud_pointer **pointers = calloc(list->count, sizeof(*pointers));
	size_t count = 0;

	if (!pointers)
		return gk_error_memory(err);
	for (size_t i = 0; i < list->count; i++)
		if (depends_on_what_is_there(&list->items[i].call))
			pointers[count++] = list->items[i].pointers[0];
	for (size_t i = 0; i < count; i++)
		forget(pointers[i]);
	if (read_some(cloud, pointers, count, SSM_NAMES_MAX, err) < 0)
		return -1;
	for (size_t i = 0; i < list->count; i++)
		if (depends_on_what_is_there(&list->items[i].call))
			settle(&list->items[i]);
	return 0;
}

int aws_cloud_write_pointers(struct cloud *cloud, struct cloud_pointer *pointers, size_t count,
			     struct gk_error *err)
{
	struct aws_cloud *self = (struct aws_cloud *)cloud;
	_cleanup_(pointer_call_list_done) struct pointer_call_list list = {0};

	if (count == 0)
		return 0;
	for (size_t i = 0; i < count; i++) {
		pointers[i].error = (struct gk_error){0};
		if (add_write(&list, &pointers[i], err) < 0)
			return -1;
	}
	if (run(self, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++)
		read_write(&list.items[i]);
	return settle_all(self, &list, err);
}
