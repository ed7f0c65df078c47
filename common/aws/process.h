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

/*
 * Runs a program, found in PATH, without a shell; no descriptor but the standard ones is open in it,
 * and there is nothing to read. GK_FAILED with the last line of what it complains about if it ends
 * otherwise than with status 0, prints more than 64 KiB or takes longer; it is ended with its
 * children then. Wipe what it printed.
 *
 * It finds the environment that we were started in, for whatever leads it to keys (AWS_PROFILE, HOME,
 * the tokens of a container or a GitHub job), but for keys that stand there themselves: it is asked
 * only when they were passed over, because a profile was asked for by flag, and must not work with
 * them behind our back. The AWS CLI leaves them. Nothing that we resolved is ever put there.
 */
int aws_process_run(const struct gk_strv *words, const struct gk_clock *clock, int64_t timeout_ms,
		    struct gk_buf *ret_output, struct gk_error *err);

#endif
