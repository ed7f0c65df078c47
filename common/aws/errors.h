/*
 * What the error codes of AWS mean to goldkeep: the one place where foreign codes are translated.
 * Sources: aws.md 2.7, 3.1, 4.9, 5.6.
 */
#ifndef GK_AWS_ERRORS_H
#define GK_AWS_ERRORS_H

#include <stdbool.h>

#include "base/error.h"
#include "net/retry.h"

struct aws_error_meaning {
	enum gk_code code;
	enum retry_class retry;
	const char *advice; /* what to do about it, NULL if the message says enough */
};

/* By the code, and by the HTTP status where the code says nothing ("" or unknown). */
struct aws_error_meaning aws_error_meaning(const char *code, int status);

/* May the code be caused by a clock that is wrong? */
bool aws_error_may_be_skew(const char *code);

/* Is a page token worn out, so that a listing has to start anew? */
bool aws_error_is_stale_token(const char *code);

#endif
