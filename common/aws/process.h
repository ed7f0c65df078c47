/* Programs that print credentials. */
#ifndef GK_AWS_PROCESS_H
#define GK_AWS_PROCESS_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/strv.h"

enum { AWS_PROCESS_OUTPUT_MAX = 64 << 10 };

/* Words as a POSIX shell finds them: quotes and backslashes, and nothing else. */
int aws_process_split(const char *command, struct gk_strv *ret, struct gk_error *err);

/* Runs a program, found in PATH, without a shell and with the environment as it is; no descriptor
 * but the standard ones is open in it, and there is nothing to read. GK_FAILED with what it
 * complains about if it ends otherwise than with status 0, prints more than 64 KiB or takes longer;
 * it is ended with its children then. Wipe what it printed. */
int aws_process_run(const struct gk_strv *words, const struct gk_clock *clock, int64_t timeout_ms,
		    struct gk_buf *ret_output, struct gk_error *err);

#endif
