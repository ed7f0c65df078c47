#include <string.h>

#include "base/mem.h"
#include "image/plan.h"

void channel_list_done(struct channel_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i].name);
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

int channel_list_set(struct channel_list *list, const char *name, const struct semver *version,
		     struct gk_error *err)
{
	_cleanup_free_ char *copy = NULL;
	struct channel *channel = find(list, name);

	if (!channel) {
		if (gk_str_set(&copy, name, err) < 0)
			return -1;
		channel = gk_array_add(&list->items, &list->count, sizeof(*channel), err);
		if (!channel)
			return -1;
		channel->name = TAKE_PTR(copy);
	}
	channel->version = *version;
	return 0;
}

const struct channel *channel_list_find(const struct channel_list *list, const char *name)
{
	return find(list, name);
}
