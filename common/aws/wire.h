/*
 * The two forms in which the services speak: form-encoded requests with XML answers (query.c), and
 * JSON both ways (json.c). Pure. Source: botocore service models (botocore service models).
 */
#ifndef GK_AWS_WIRE_H
#define GK_AWS_WIRE_H

#include <cjson/cJSON.h>

#include "aws/client.h"
#include "aws/service.h"
#include "base/xml.h"
#include "net/transport.h"

/* What an error answer says. Both are "" where it says nothing. */
struct aws_failure {
	char code[96];
	char message[512];
};

/* The body of a query request. */
void aws_query_body(const struct aws_call *call, const struct aws_service_info *service,
		    struct gk_buf *ret);

/* Reads a success. GK_FAILED for what is empty, cut, not well-formed, or answers something else. */
int aws_query_answer(const struct http_response *response, const char *action,
		     struct gk_xml **ret, struct gk_error *err);

/* Reads an error answer in either form. A body that is none (a proxy's page) leaves *ret "". */
void aws_query_failure(const struct http_response *response, struct aws_failure *ret);

/* The same for JSON. An object, nothing else; a wrong x-amz-crc32 is GK_FAILED. */
int aws_json_answer(const struct http_response *response, cJSON **ret, struct gk_error *err);

/* *ret_json gets the error document, for callers that look further, or NULL. */
void aws_json_failure(const struct http_response *response, struct aws_failure *ret,
		      cJSON **ret_json);

#endif
