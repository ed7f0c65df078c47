/*
 * What every fuzz target needs. A target NAME_fuzz.c hands whatever bytes it is given to a parser of
 * its layer, and asserts what holds for all of them. Inputs that say something to it in particular
 * are in testdata/fuzz/NAME/; as a unit test it reads every file of testdata/ (replay.c), `make
 * fuzz` looks for more. A folder given to the unit test names every file before it is read.
 */
#ifndef GK_BASE_TESTS_FUZZ_FUZZ_H
#define GK_BASE_TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* The target: libFuzzer's entry point. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A finding ends the process. */
#define fuzz_check(condition)                                                                      \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* The input as text, which ends at its first NUL; owned. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);

	fuzz_check(text);
	return text;
}

static inline bool fuzz_is_line(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	return true;
}

/* A failure says why, in one line. */
static inline void fuzz_check_error(const struct gk_error *err)
{
	fuzz_check(err->code != GK_OK);
	fuzz_check(err->message[0] && strlen(err->message) < sizeof(err->message));
	fuzz_check(fuzz_is_line(err->message));
}

/* The tables of testdata/ as single texts: takes the next field, ended by a line end or " | ", off
 * the text, without spaces at its ends. NULL behind the last one. */
static inline char *fuzz_take_field(char **text)
{
	char *field = *text;
	char *end = field;

	if (!field)
		return NULL;
	while (*end && *end != '\n' && strncmp(end, " | ", 3) != 0)
		end++;
	*text = *end ? end + (*end == '\n' ? 1 : 3) : NULL;
	while (end > field && end[-1] == ' ')
		end--;
	*end = '\0';
	return field + strspn(field, " ");
}

/* Has every field of the input checked. */
static inline void fuzz_each_field(const uint8_t *data, size_t size,
				   void (*check)(const char *field))
{
	char *text = fuzz_text(data, size);
	char *rest = text;
	const char *field = NULL;

	while ((field = fuzz_take_field(&rest)))
		check(field);
	free(text);
}

#endif
