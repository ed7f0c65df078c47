/*
 * Which proxy a request goes through, as the AWS CLI and curl decide it: https_proxy or http_proxy
 * by the scheme of the URL, else all_proxy, in small or capital letters, unless no_proxy names the
 * host. Loopback and link-local hosts never go through one.
 */
#ifndef GK_NET_PROXY_H
#define GK_NET_PROXY_H

#include "base/error.h"

struct http_proxy {
	char *url;            /* with its port; may hold a user and a password. NULL: no proxy */
	char *shown;          /* the same without them: "http://proxy.example:3128" */
	const char *variable; /* that names it */
};

/* Wipes. */
void http_proxy_done(struct http_proxy *proxy);

/* `env` reads an environment variable; NULL stands for an empty environment. GK_USAGE, naming the
 * variable and not what it holds, if that is no proxy. */
int http_proxy_find(const char *(*env)(const char *name), const char *url, struct http_proxy *ret,
		    struct gk_error *err);

#endif
