/*
 * Makes the n-th allocation fail. A test includes this header and then the .c files under test,
 * whose calls to malloc and its kin go through the counter; every other file keeps the real ones.
 *
 * for_each_failing_allocation runs `work` again and again, failing its first, second, third
 * allocation, until one run needs no more: each run must return -1 when an allocation failed, and 0
 * when none did. Leaks on the way are the sanitizer's to find.
 */
#ifndef GK_BASE_TESTS_FAILING_MEMORY_H
#define GK_BASE_TESTS_FAILING_MEMORY_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/tests/unit.h"

static long allocations_until_failure = -1; /* below zero: none fails any more */

static inline bool allocation_fails(void)
{
	if (allocations_until_failure < 0 || allocations_until_failure-- > 0)
		return false;
	errno = ENOMEM;
	return true;
}

static inline void *failing_malloc(size_t size)
{
	return allocation_fails() ? NULL : malloc(size);
}

static inline void *failing_calloc(size_t count, size_t size)
{
	return allocation_fails() ? NULL : calloc(count, size);
}

static inline void *failing_realloc(void *old, size_t size)
{
	return allocation_fails() ? NULL : realloc(old, size);
}

static inline void *failing_reallocarray(void *old, size_t count, size_t size)
{
	return allocation_fails() ? NULL : reallocarray(old, count, size);
}

static inline char *failing_strdup(const char *text)
{
	return allocation_fails() ? NULL : strdup(text);
}

static inline char *failing_strndup(const char *text, size_t length)
{
	return allocation_fails() ? NULL : strndup(text, length);
}

__attribute__((format(printf, 2, 0))) static inline int failing_vasprintf(char **ret,
									  const char *format,
									  va_list args)
{
	return allocation_fails() ? -1 : vasprintf(ret, format, args);
}

static inline void for_each_failing_allocation(int (*work)(void))
{
	bool failed = true;

	for (long n = 0; failed; n++) {
		int result = 0;

		allocations_until_failure = n;
		result = work();
		failed = allocations_until_failure < 0;
		allocations_until_failure = -1;
		assert_int_equal(result, failed ? -1 : 0);
	}
}

#define malloc failing_malloc
#define calloc failing_calloc
#define realloc failing_realloc
#define reallocarray failing_reallocarray
#define strdup failing_strdup
#define strndup failing_strndup
#define vasprintf failing_vasprintf

#endif
