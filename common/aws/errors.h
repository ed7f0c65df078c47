/*
 * What the error codes of AWS mean to goldkeep: the one place where foreign codes are translated.
 * Sources: EC2 API Reference, error codes; AWS SDKs and Tools Reference Guide, retry behavior; DynamoDB
 * Developer Guide, error handling.
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

/* Does the code say that the credentials have expired? */
bool aws_error_is_expired(const char *code);

/* Is a page token worn out, so that a listing has to start anew? */
bool aws_error_is_stale_token(const char *code);

#endif
