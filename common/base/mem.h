/*
 * Ownership helpers: scope-bound cleanup, handing over, arrays that grow.
 *
 * Naming carries ownership: x_new/x_free for heap objects, x_init/x_done for embedded ones;
 * `const char *` is borrowed, `char *` in a struct is owned.
 */
#ifndef GK_BASE_MEM_H
#define GK_BASE_MEM_H

#include <stddef.h>
#include <stdlib.h>

#include "base/error.h"

#define _cleanup_(function) __attribute__((cleanup(function)))
#define _cleanup_free_ _cleanup_(gk_freep)
#define _cleanup_wipe_ _cleanup_(gk_wipep)

/* The value of a variable, which is NULL afterwards: ownership moves to the reader. */
#define TAKE_PTR(pointer) ((__typeof__(pointer))gk_take((void *)&(pointer)))

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

void gk_freep(void *pointer_to_pointer);

/* Overwrites a secret and frees it; for a `char *` variable. */
void gk_wipep(char **secret);

/* free and realloc for libraries that secrets go through: what they let go of is overwritten,
 * and growing leaves no copy behind. */
void gk_wipe_free(void *memory);
void *gk_wipe_realloc(void *memory, size_t size);

void *gk_take(void *pointer_to_pointer);

/* Adds one zeroed element to an array that its owner keeps as a pointer and a count; room is
 * doubled as needed. `items` is the address of the pointer. Returns the new element, borrowed
 * from the array, or NULL with err set. */
void *gk_array_add(void *items, size_t *count, size_t element_size, struct gk_error *err);

/* Replaces an owned string by a copy of `value` (NULL clears it). */
int gk_str_set(char **target, const char *value, struct gk_error *err);

/* printf into a new string; the caller owns it. NULL with err set on failure. Unlike vasprintf it
 * leaves no copy of a part of it behind. */
char *gk_str_format(struct gk_error *err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
char *gk_str_vformat(struct gk_error *err, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

/* Control characters, which may come with what others wrote, become spaces: for what people are
 * shown. NULL is fine. */
void gk_str_make_line(char *text);

/* True if both are NULL or both say the same. */
bool gk_str_equal(const char *a, const char *b);

#endif
