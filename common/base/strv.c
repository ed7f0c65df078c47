#include "base/strv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

void gk_strv_done(struct gk_strv *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct gk_strv){0};
}

/* Appends a string that the list owns from now on, even on failure. */
static int add_take(struct gk_strv *list, char *value, struct gk_error *err)
{
	char **slot = value ? gk_array_add(&list->items, &list->count, sizeof(char *), err) : NULL;

	if (!slot) {
		free(value);
		return gk_error_memory(err);
	}
	*slot = value;
	return 0;
}

int gk_strv_add(struct gk_strv *list, const char *value, struct gk_error *err)
{
	return add_take(list, strdup(value), err);
}

int gk_strv_addf(struct gk_strv *list, struct gk_error *err, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	text = gk_str_vformat(err, format, args);
	va_end(args);
	return add_take(list, text, err);
}

int gk_strv_add_unique(struct gk_strv *list, const char *value, struct gk_error *err)
{
	return gk_strv_has(list, value) ? 0 : gk_strv_add(list, value, err);
}

int gk_strv_extend(struct gk_strv *list, const struct gk_strv *from, struct gk_error *err)
{
	for (size_t i = 0; i < from->count; i++)
		if (gk_strv_add(list, from->items[i], err) < 0)
			return -1;
	return 0;
}

void gk_strv_remove(struct gk_strv *list, const char *value)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i], value) == 0)
			free(list->items[i]);
		else
			list->items[kept++] = list->items[i];
	}
	list->count = kept;
}

bool gk_strv_equal(const struct gk_strv *a, const struct gk_strv *b)
{
	bool same = a->count == b->count;

	for (size_t i = 0; same && i < a->count; i++)
		same = strcmp(a->items[i], b->items[i]) == 0;
	return same;
}

bool gk_strv_has(const struct gk_strv *list, const char *value)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], value) == 0)
			return true;
	return false;
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void gk_strv_sort(struct gk_strv *list)
{
	if (list->count > 1)
		qsort(list->items, list->count, sizeof(char *), compare_strings);
}

char *gk_strv_join(const struct gk_strv *list, const char *separator, struct gk_error *err)
{
	_cleanup_(gk_buf_done) struct gk_buf text = {0};

	for (size_t i = 0; i < list->count; i++) {
		if (i > 0)
			gk_buf_adds(&text, separator);
		gk_buf_adds(&text, list->items[i]);
	}
	return gk_buf_detach(&text, err);
}

int gk_strv_split(struct gk_strv *list, const char *text, char separator, struct gk_error *err)
{
	while (*text) {
		const char *end = strchrnul(text, separator);

		if (end > text) {
			_cleanup_free_ char *part = strndup(text, (size_t)(end - text));

			if (!part)
				return gk_error_memory(err);
			if (gk_strv_add(list, part, err) < 0)
				return -1;
		}
		text = *end ? end + 1 : end;
	}
	return 0;
}
