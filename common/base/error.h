/*
 * One shape for every failure.
 *
 * A function that can fail returns int, 0 (or a count) on success and -1 on failure, and takes
 * `struct gk_error *err` last. Success leaves the error alone. The error is a value with a fixed
 * message, so reporting that memory ran out needs no memory and nobody frees anything. Context is
 * put in front on the way up, and the command prints the whole once. A message is one line: control
 * characters, which may come with what it quotes, become spaces.
 */
#ifndef GK_BASE_ERROR_H
#define GK_BASE_ERROR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* A code of its own exists only where a caller acts differently. */
enum gk_code {
	GK_OK = 0,
	GK_FAILED,      /* nobody tells it apart */
	GK_USAGE,       /* an option or a configuration is wrong */
	GK_NOT_FOUND,   /* the thing asked for does not exist */
	GK_CONFLICT,    /* somebody else has it, or changed it meanwhile: read again */
	GK_LOCKED,      /* the inventory is locked, and stayed so while we waited */
	GK_REFUSED,     /* a safety rule says no */
	GK_UNFINISHED,  /* content that may be complete when read again */
	GK_DENIED,      /* the caller may not do this */
	GK_UNSUPPORTED, /* the other side does not know this operation */
};

enum { GK_ERROR_MESSAGE_MAX = 1024 };

struct gk_error {
	enum gk_code code;
	char message[GK_ERROR_MESSAGE_MAX];
};

/* Fills err and returns -1, so that `return gk_error_set(…)` is the whole failure path. err may be
 * NULL. A message that does not fit is cut. */
int gk_error_set(struct gk_error *err, enum gk_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "context: " in front of what err says already; keeps the code. Returns -1. */
int gk_error_wrap(struct gk_error *err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Like gk_error_set, with ": " and the system's text of errno_value behind. Returns -1. */
int gk_error_errno(struct gk_error *err, int errno_value, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* "out of memory". Returns -1. */
int gk_error_memory(struct gk_error *err);

#endif
