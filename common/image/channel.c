#include <string.h>

#include "base/mem.h"
#include "image/plan.h"

void channel_done(struct channel *channel)
{
	free(channel->name);
	gk_strv_done(&channel->trail);
	*channel = (struct channel){0};
}

int channel_copy(const struct channel *from, struct channel *ret, struct gk_error *err)
{
	_cleanup_(channel_done) struct channel copy = {.version = from->version};

	if (gk_str_set(&copy.name, from->name, err) < 0 ||
	    gk_strv_extend(&copy.trail, &from->trail, err) < 0)
		return -1;
	*ret = copy;
	copy = (struct channel){0};
	return 0;
}

bool channel_equal(const struct channel *a, const struct channel *b)
{
	return strcmp(a->name, b->name) == 0 && semver_compare(&a->version, &b->version) == 0 &&
	       gk_strv_equal(&a->trail, &b->trail);
}

/* Adds versions of the trail from `first` on, as long as there is room. */
static int add_trail(struct channel *to, const struct gk_strv *trail, size_t first,
		     struct gk_error *err)
{
	for (size_t i = first; i < trail->count && to->trail.count < CHANNEL_TRAIL_MAX; i++)
		if (gk_strv_add(&to->trail, trail->items[i], err) < 0)
			return -1;
	return 0;
}

int channel_advance(const struct channel *now, const char *name, const struct semver *version,
		    struct channel *ret, struct gk_error *err)
{
	_cleanup_(channel_done) struct channel moved = {.version = *version};
	char before[SEMVER_TEXT_SIZE];

	if (gk_str_set(&moved.name, name, err) < 0)
		return -1;
	if (now && (gk_strv_add(&moved.trail, semver_format(&now->version, before), err) < 0 ||
		    add_trail(&moved, &now->trail, 0, err) < 0))
		return -1;
	*ret = moved;
	moved = (struct channel){0};
	return 0;
}

int channel_go_back(const struct channel *now, size_t step, struct channel *ret,
		    struct gk_error *err)
{
	_cleanup_(channel_done) struct channel moved = {0};

	if (semver_parse(now->trail.items[step], &moved.version, err) < 0 ||
	    gk_str_set(&moved.name, now->name, err) < 0 ||
	    add_trail(&moved, &now->trail, step + 1, err) < 0)
		return -1;
	*ret = moved;
	moved = (struct channel){0};
	return 0;
}

void channel_list_done(struct channel_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		channel_done(&list->items[i]);
	free(list->items);
	*list = (struct channel_list){0};
}

static struct channel *find(const struct channel_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].name, name) == 0)
			return &list->items[i];
	return NULL;
}

int channel_list_set(struct channel_list *list, const struct channel *channel,
		     struct gk_error *err)
{
	struct channel *there = find(list, channel->name);
	struct channel copy = {0};

	if (channel_copy(channel, &copy, err) < 0)
		return -1;
	if (!there)
		there = gk_array_add(&list->items, &list->count, sizeof(*there), err);
	if (!there) {
		channel_done(&copy);
		return -1;
	}
	channel_done(there);
	*there = copy;
	return 0;
}

const struct channel *channel_list_find(const struct channel_list *list, const char *name)
{
	return find(list, name);
}
