/*
 * AWS Signature Version 4, header form, as a pure function of request, credentials, scope and time.
 * Source: AWS Signature Version 4 (and the 38 public vectors of awslabs/aws-c-auth, which judge it).
 */
#ifndef GK_AWS_SIGV4_H
#define GK_AWS_SIGV4_H

#include <stdbool.h>
#include <time.h>

#include "aws/credentials.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"

struct aws_signing {
	const char *method;
	const char *path;      /* as it will be sent; "" is "/". It is encoded once more than it is,
				* which is the rule for every service but S3 */
	const char *query;     /* as it will be sent, without ?; NULL: none */
	const void *body;      /* exactly the bytes that will be sent */
	size_t body_length;
	const char *region, *service;
	time_t time;
	bool keep_path;        /* no dot segments and double slashes are taken out */
	bool sign_body;        /* adds and signs x-amz-content-sha256 */
	bool token_unsigned;   /* the session token is added behind the signature's back */
};

/* What was hashed and signed, for tests. */
struct aws_signing_trace {
	struct gk_buf canonical, string_to_sign;
};

void aws_signing_trace_done(struct aws_signing_trace *trace);

/* Signs `headers` ("Name: value", Host among them) and adds X-Amz-Date, X-Amz-Security-Token and
 * Authorization to them. Headers that a proxy may change are left out of the signature. Control
 * characters and bytes beyond ASCII in a header are GK_FAILED. trace may be NULL. */
int aws_sign(const struct aws_signing *what, const struct aws_credentials *credentials,
	     struct gk_strv *headers, struct aws_signing_trace *trace, struct gk_error *err);

/* Adds text percent-encoded: everything outside A-Z a-z 0-9 - . _ ~ and what `also` names. */
void aws_percent_encode(struct gk_buf *to, const char *text, const char *also);

#endif
