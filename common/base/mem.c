#include "base/mem.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>

void gk_freep(void *pointer_to_pointer)
{
	free(gk_take(pointer_to_pointer));
}

void gk_wipep(char **secret)
{
	if (*secret)
		explicit_bzero(*secret, strlen(*secret));
	free(*secret);
	*secret = NULL;
}

void gk_wipe_free(void *memory)
{
	if (memory)
		explicit_bzero(memory, malloc_usable_size(memory));
	free(memory);
}

void *gk_wipe_realloc(void *memory, size_t size)
{
	size_t room = memory ? malloc_usable_size(memory) : 0;
	void *moved = malloc(size ? size : 1);

	if (!moved)
		return NULL;
	if (memory)
		memcpy(moved, memory, room < size ? room : size);
	gk_wipe_free(memory);
	return moved;
}

void *gk_take(void *pointer_to_pointer)
{
	void *value = NULL;
	void *none = NULL;

	memcpy(&value, pointer_to_pointer, sizeof(value));
	memcpy(pointer_to_pointer, &none, sizeof(none));
	return value;
}

void *gk_array_add(void *items, size_t *count, size_t element_size, struct gk_error *err)
{
	char *array = NULL;

	memcpy(&array, items, sizeof(array));
	/* Full exactly when the count is zero or a power of two. */
	if ((*count & (*count - 1)) == 0) {
		size_t room = *count ? *count * 2 : 1;
		char *grown = reallocarray(array, room, element_size);

		if (!grown) {
			gk_error_memory(err);
			return NULL;
		}
		array = grown;
		memcpy(items, &array, sizeof(array));
	}
	memset(array + *count * element_size, 0, element_size);
	return array + (*count)++ * element_size;
}

void gk_str_make_line(char *text)
{
	for (; text && *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = ' ';
}

int gk_str_set(char **target, const char *value, struct gk_error *err)
{
	char *copy = value ? strdup(value) : NULL;

	if (value && !copy)
		return gk_error_memory(err);
	free(*target);
	*target = copy;
	return 0;
}

char *gk_str_format(struct gk_error *err, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	text = gk_str_vformat(err, format, args);
	va_end(args);
	return text;
}

char *gk_str_vformat(struct gk_error *err, const char *format, va_list args)
{
	va_list again;
	char *text = NULL;
	int length = 0;

	va_copy(again, args);
	length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	text = length < 0 ? NULL : malloc((size_t)length + 1);
	if (!text) {
		gk_error_memory(err);
		return NULL;
	}
	vsnprintf(text, (size_t)length + 1, format, args);
	return text;
}

bool gk_str_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}
