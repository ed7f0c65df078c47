/*
 * Tables that a person can read, for unit tests: lines of testdata/, and numbers drawn by lot that
 * are the same at every run.
 *
 * Lines: empty ones and those beginning with # are passed over, white space at both ends is cut
 * off. A file that is not there fails the test.
 */
#ifndef GK_IMAGE_TESTS_TESTDATA_H
#define GK_IMAGE_TESTS_TESTDATA_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/strv.h"

/* Under $GOLDKEEP_TESTDATA, default "testdata". */
void testdata_read(const char *name, struct gk_buf *ret);
void testdata_lines(const char *name, struct gk_strv *ret);

/* Cuts a line at every " | " into `count` trimmed fields, borrowed from the line, which is written
 * into. Fewer or more fields fail the test. A field `""` is the empty text. */
void testdata_fields(char *line, char **fields, size_t count);

/* The seed is $GOLDKEEP_SEED or a fixed one, and is printed. */
uint64_t testdata_seed(void);

/* The next number of a sequence (splitmix64), below `limit`. */
uint64_t testdata_random(uint64_t *state, uint64_t limit);

#endif
