/*
 * One request without a signature and its small answer: how credential providers talk to the
 * endpoints that hand out keys and tokens. Nothing else may be in flight in the transport.
 */
#ifndef GK_AWS_FETCH_H
#define GK_AWS_FETCH_H

#include <cjson/cJSON.h>

#include "aws/endpoint.h"
#include "aws/provider.h"
#include "net/transport.h"

enum { AWS_FETCH_ANSWER_MAX = 64 << 10 };

/* Where the variable `name` sends us: an http or https URL without user, password and fragment, whose
 * host is a name or an address as libcurl will read it. Its query is not looked at. GK_USAGE. */
int aws_fetch_check_url(const char *url, const char *name, struct aws_endpoint *ret,
			struct gk_error *err);

/* Sends exchange->request, which is all set but for answer_max, until an answer comes that is
 * neither 429 nor 5xx: at most `attempts` times, a second apart. 0 with an answer of whatever
 * status; GK_FAILED without one, and exchange->response tells why. */
int aws_fetch(const struct aws_provider_world *world, struct http_exchange *exchange, int attempts,
	      struct gk_error *err);

/* The object that a whole answer of status 200 is; GK_FAILED with what came instead. */
int aws_fetch_object(const struct http_exchange *exchange, cJSON **ret, struct gk_error *err);

/* GK_FAILED: "URL answers with HTTP status 403: what it says". The query of the URL is left out. */
int aws_fetch_refused(const struct http_exchange *exchange, struct gk_error *err);

/* Wipes every string of a document that holds secrets, and frees it. */
void aws_secret_json_freep(cJSON **value);

/* Is it one or more printable characters without space? Only such text goes into a header. */
bool aws_is_token(const char *text);

/* Members of an answer that are a key; a NULL `expires` is not looked for. */
struct aws_key_names {
	const char *id, *secret, *token, *expires;
};

/* Takes id, secret and token, which have to be there, and the expiration if it is
 * (aws_credentials_time). */
int aws_credentials_from_json(const cJSON *object, const struct aws_key_names *names,
			      struct aws_credentials *ret, struct gk_error *err);

#endif
