/*
 * HTTP exchanges behind a table: libcurl's multi interface in the executable, a scripted double in
 * unit tests. A transport knows no retries and no meaning: it sends what it is given and says what
 * came.
 */
#ifndef GK_NET_TRANSPORT_H
#define GK_NET_TRANSPORT_H

#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"

struct http_request {
	const char *method;     /* "POST" */
	char *url;              /* owned */
	struct gk_strv headers; /* "Name: value" */
	struct gk_buf body;
	int64_t timeout_ms;     /* for the whole exchange */
	size_t answer_max;      /* bytes of a body that are taken; 0: HTTP_RESPONSE_MAX */
	bool no_proxy;          /* none, whatever the environment says */
};

struct http_response {
	int status;             /* 0: no answer */
	struct gk_strv headers; /* "name: value", names in lower case, as they came */
	struct gk_buf body;
	char failure[512];      /* why there is no (whole) answer; "" if there is one */
	bool unsent;            /* with a failure: nobody was reached */
	bool timed_out;         /* with a failure: it was the time */
	bool hopeless;          /* with a failure: another attempt would end the same */
};

struct http_exchange {
	struct http_request request;
	struct http_response response;
	void *owner; /* the starter's; a transport does not touch it */
};

/* Wipes: requests and answers carry secrets. */
void http_exchange_done(struct http_exchange *exchange);

/* Forgets the answer, so that the request can be sent again. */
void http_exchange_clear_answer(struct http_exchange *exchange);

/* Value of a header of the answer (name in lower case), or NULL. */
const char *http_response_header(const struct http_response *response, const char *name);

struct http_transport;

struct http_transport_ops {
	void (*free)(struct http_transport *transport);
	/* Begins an exchange, which is borrowed until `wait` returns it. GK_USAGE for what will not
	 * get better, like a proxy that is none. */
	int (*start)(struct http_transport *transport, struct http_exchange *exchange,
		     struct gk_error *err);
	/* Waits until an exchange has ended, at most timeout_ms; *ret is NULL when the time is up.
	 * After -1 no exchange is in flight any more. */
	int (*wait)(struct http_transport *transport, int64_t timeout_ms,
		    struct http_exchange **ret, struct gk_error *err);
};

struct http_transport {
	const struct http_transport_ops *ops;
};

/* Largest answer that is taken; a larger one is a failure. */
enum { HTTP_RESPONSE_MAX = 32 << 20 };

struct http_curl_options {
	const char *ca_bundle; /* NULL: the system's */
	const char *user_agent;
	/* Reads an environment variable, for the proxies; NULL: there are none. */
	const char *(*env)(const char *name);
};

/* Over libcurl: one pool of connections for its lifetime, no redirects, no signals, http and https
 * only, TLS 1.2 and newer, proxies as net/proxy.h says. No failure shows the password of a proxy. */
int http_curl_new(const struct http_curl_options *options, struct http_transport **ret,
		  struct gk_error *err);
void http_transport_free(struct http_transport *transport);
void http_transport_freep(struct http_transport **transport);

#endif
