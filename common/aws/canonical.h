/* The canonical request of Signature Version 4: the form in which both sides hash a request. */
#ifndef GK_AWS_CANONICAL_H
#define GK_AWS_CANONICAL_H

#include "aws/sigv4.h"

/* Fills both from the request: the whole text, and the names of the signed headers
 * ("host;x-amz-date"). body_hash is the body's SHA-256 in hexadecimal. */
int aws_canonical_request(const struct aws_signing *what, const struct gk_strv *headers,
			  const char *body_hash, struct gk_buf *ret_text,
			  struct gk_buf *ret_signed_names, struct gk_error *err);

#endif
