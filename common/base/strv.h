/* A list of owned strings. */
#ifndef GK_BASE_STRV_H
#define GK_BASE_STRV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct gk_strv {
	char **items;
	size_t count;
};

void gk_strv_done(struct gk_strv *list);

/* Appends a copy. */
int gk_strv_add(struct gk_strv *list, const char *value, struct gk_error *err);

/* Appends printf's text. */
int gk_strv_addf(struct gk_strv *list, struct gk_error *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Appends a copy unless an equal string is there. */
int gk_strv_add_unique(struct gk_strv *list, const char *value, struct gk_error *err);

/* Appends a copy of every string of `from`. */
int gk_strv_extend(struct gk_strv *list, const struct gk_strv *from, struct gk_error *err);

/* Removes every string equal to `value`. */
void gk_strv_remove(struct gk_strv *list, const char *value);

/* The same strings in the same order. */
bool gk_strv_equal(const struct gk_strv *a, const struct gk_strv *b);

bool gk_strv_has(const struct gk_strv *list, const char *value);

/* Bytewise ascending. */
void gk_strv_sort(struct gk_strv *list);

/* All strings with `separator` between them, as an owned string; NULL with err set on failure. */
char *gk_strv_join(const struct gk_strv *list, const char *separator, struct gk_error *err);

/* Appends the parts of `text` between separators; parts that are empty are left out. */
int gk_strv_split(struct gk_strv *list, const char *text, char separator, struct gk_error *err);

#endif
