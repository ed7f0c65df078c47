#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "net/proxy.h"
#include "net/transport.h"

enum { CONNECT_TIMEOUT_MS = 10000, HEADERS_MAX = 200, CONNECTIONS_MAX = 256 };

struct transfer {
	struct http_exchange *exchange;
	CURL *easy;
	struct curl_slist *headers;
	struct http_proxy proxy;
	char message[CURL_ERROR_SIZE];
	struct transfer *next; /* in the list of those in flight */
};

struct curl_transport {
	struct http_transport base;
	CURLM *multi;
	CURLSH *share; /* TLS sessions */
	char *ca_bundle, *user_agent;
	const char *(*env)(const char *name);
	struct transfer *flying;
	bool global;
};

static void transfer_free(struct curl_transport *self, struct transfer *transfer)
{
	if (transfer->easy) {
		curl_multi_remove_handle(self->multi, transfer->easy);
		curl_easy_cleanup(transfer->easy);
	}
	curl_slist_free_all(transfer->headers);
	http_proxy_done(&transfer->proxy);
	free(transfer);
}

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
	struct gk_buf *body = context;

	gk_buf_add(body, data, size * count);
	return body->state == GK_BUF_GOOD ? size * count : 0;
}

/* Keeps the headers of the last answer only: a 100 may come before it. */
static size_t take_header(char *data, size_t size, size_t count, void *context)
{
	struct http_response *response = context;
	size_t length = size * count;
	size_t end = length;
	char *colon = memchr(data, ':', length);
	char *line = NULL;

	if (length >= 5 && memcmp(data, "HTTP/", 5) == 0) {
		gk_strv_done(&response->headers);
		return length;
	}
	while (end > 0 && isspace((unsigned char)data[end - 1]))
		end--;
	if (!colon || response->headers.count >= HEADERS_MAX)
		return length;
	for (char *c = data; c < colon; c++)
		*c = (char)tolower((unsigned char)*c);
	line = strndup(data, end);
	if (!line || gk_strv_add(&response->headers, line, NULL) < 0)
		length = 0;
	free(line);
	return length;
}

static int add_header(struct transfer *transfer, const char *header, struct gk_error *err)
{
	struct curl_slist *grown = curl_slist_append(transfer->headers, header);

	if (!grown)
		return gk_error_memory(err);
	transfer->headers = grown;
	return 0;
}

static int set_headers(struct transfer *transfer, struct gk_error *err)
{
	const struct gk_strv *headers = &transfer->exchange->request.headers;
	bool has_type = false;

	for (size_t i = 0; i < headers->count; i++) {
		has_type |= strncasecmp(headers->items[i], "content-type:", 13) == 0;
		if (add_header(transfer, headers->items[i], err) < 0)
			return -1;
	}
	if ((!has_type && add_header(transfer, "Content-Type:", err) < 0) ||
	    add_header(transfer, "Expect:", err) < 0 ||
	    add_header(transfer, "Accept-Encoding: identity", err) < 0)
		return -1;
	curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
	return 0;
}

static void set_limits(CURL *easy, const struct http_request *request)
{
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

/* Every word about proxies is ours: libcurl shall not look into the environment. */
static int set_proxy(const struct curl_transport *self, struct transfer *transfer,
		     struct gk_error *err)
{
	const struct http_request *request = &transfer->exchange->request;
	struct http_proxy *proxy = &transfer->proxy;

	if (!request->no_proxy && http_proxy_find(self->env, request->url, proxy, err) < 0)
		return -1;
	curl_easy_setopt(transfer->easy, CURLOPT_PROXY, proxy->url ? proxy->url : "");
	curl_easy_setopt(transfer->easy, CURLOPT_NOPROXY, "");
	return 0;
}

/* Whoever names a bundle trusts nobody else: libcurl would ask the system's folder as well. */
static void set_trust(const struct curl_transport *self, CURL *easy)
{
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (!self->ca_bundle)
		return;
	curl_easy_setopt(easy, CURLOPT_CAINFO, self->ca_bundle);
	curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, self->ca_bundle);
	curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL);
}

static void set_request(CURL *easy, const struct http_request *request)
{
	curl_easy_setopt(easy, CURLOPT_URL, request->url);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	if (request->body.length > 0 || strcmp(request->method, "POST") == 0) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, gk_buf_text(&request->body));
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
				 (curl_off_t)request->body.length);
	}
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

static void set_answer(struct transfer *transfer)
{
	struct http_exchange *exchange = transfer->exchange;
	struct http_response *response = &exchange->response;

	response->body.ceiling = exchange->request.answer_max ? exchange->request.answer_max
							      : HTTP_RESPONSE_MAX;
	curl_easy_setopt(transfer->easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(transfer->easy, CURLOPT_WRITEDATA, &response->body);
	curl_easy_setopt(transfer->easy, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(transfer->easy, CURLOPT_HEADERDATA, response);
	curl_easy_setopt(transfer->easy, CURLOPT_ERRORBUFFER, transfer->message);
	curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, transfer);
}

static int set_up(struct curl_transport *self, struct transfer *transfer, struct gk_error *err)
{
	transfer->easy = curl_easy_init();
	if (!transfer->easy)
		return gk_error_memory(err);
	set_limits(transfer->easy, &transfer->exchange->request);
	set_request(transfer->easy, &transfer->exchange->request);
	set_answer(transfer);
	set_trust(self, transfer->easy);
	curl_easy_setopt(transfer->easy, CURLOPT_SHARE, self->share);
	if (self->user_agent)
		curl_easy_setopt(transfer->easy, CURLOPT_USERAGENT, self->user_agent);
	if (set_proxy(self, transfer, err) < 0 || set_headers(transfer, err) < 0)
		return -1;
	if (curl_multi_add_handle(self->multi, transfer->easy) != CURLM_OK)
		return gk_error_set(err, GK_FAILED, "libcurl does not take the request");
	return 0;
}

static int curl_start(struct http_transport *transport, struct http_exchange *exchange,
		      struct gk_error *err)
{
	struct curl_transport *self = (struct curl_transport *)transport;
	struct transfer *transfer = calloc(1, sizeof(*transfer));

	if (!transfer)
		return gk_error_memory(err);
	transfer->exchange = exchange;
	if (set_up(self, transfer, err) < 0) {
		transfer_free(self, transfer);
		return -1;
	}
	transfer->next = self->flying;
	self->flying = transfer;
	return 0;
}

static void unlink_transfer(struct curl_transport *self, const struct transfer *transfer)
{
	struct transfer **link = &self->flying;

	while (*link && *link != transfer)
		link = &(*link)->next;
	if (*link)
		*link = transfer->next;
}

static void describe_size(size_t ceiling, char *text, size_t size)
{
	if (ceiling % (1 << 20) == 0)
		snprintf(text, size, "the answer is larger than %zu MiB", ceiling >> 20);
	else
		snprintf(text, size, "the answer is larger than %zu bytes", ceiling);
}

static const char *begin_small(const char *text, char *ret, size_t size)
{
	snprintf(ret, size, "%s", text);
	ret[0] = (char)tolower((unsigned char)ret[0]);
	return ret;
}

/* Says in words of our own what libcurl says at length, where that helps. `room` is for them. */
static const char *explain(const struct transfer *transfer, CURLcode code, char *room, size_t size)
{
	const struct gk_buf *body = &transfer->exchange->response.body;
	char system[128] = "";
	long number = 0;

	if (body->state == GK_BUF_TOO_LONG) {
		describe_size(body->ceiling, room, size);
		return room;
	}
	if (code == CURLE_PARTIAL_FILE)
		return "the answer was cut short";
	if (code == CURLE_GOT_NOTHING)
		return "the connection was closed without an answer";
	curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &number);
	if (code == CURLE_COULDNT_CONNECT && number != 0)
		return begin_small(strerror_r((int)number, system, sizeof(system)), room, size);
	return transfer->message[0] ? transfer->message
				    : begin_small(curl_easy_strerror(code), room, size);
}

/* Did the connection end at the proxy? `status` is its answer to CONNECT, 0 if there was none. */
static bool failed_at_proxy(const struct transfer *transfer, CURLcode code, long status)
{
	const struct http_response *response = &transfer->exchange->response;

	return transfer->proxy.url &&
	       (status / 100 > 2 || code == CURLE_COULDNT_CONNECT ||
		code == CURLE_COULDNT_RESOLVE_PROXY || code == CURLE_PROXY ||
		(response->timed_out && response->unsent && status == 0));
}

static void tell_proxy(const struct transfer *transfer, long status, const char *text, char *ret,
		       size_t size)
{
	const char *shown = transfer->proxy.shown;
	const char *variable = transfer->proxy.variable;

	if (status == 407)
		snprintf(ret, size, "the proxy %s of %s asks for a user and password: HTTP status 407",
			 shown, variable);
	else if (status / 100 > 2)
		snprintf(ret, size, "the proxy %s of %s does not let it through: HTTP status %ld",
			 shown, variable, status);
	else
		snprintf(ret, size, "the proxy %s of %s: %s", shown, variable, text);
}

static void tell_distrust(const struct curl_transport *self, const char *text, char *ret,
			  size_t size)
{
	if (self->ca_bundle)
		snprintf(ret, size, "%s; the CA bundle is %s, from AWS_CA_BUNDLE or ca_bundle", text,
			 self->ca_bundle);
	else
		snprintf(ret, size, "%s; the CA bundle is the system's, AWS_CA_BUNDLE names another",
			 text);
}

static void tell_failure(const struct curl_transport *self, const struct transfer *transfer,
			 CURLcode code)
{
	struct http_response *response = &transfer->exchange->response;
	char room[128] = "";
	long status = 0;
	curl_off_t begun = 0;
	size_t size = sizeof(response->failure);
	const char *text = explain(transfer, code, room, sizeof(room));

	curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_CONNECTCODE, &status);
	curl_easy_getinfo(transfer->easy, CURLINFO_PRETRANSFER_TIME_T, &begun);
	response->unsent = begun == 0;
	response->timed_out = code == CURLE_OPERATION_TIMEDOUT;
	response->hopeless = code == CURLE_PEER_FAILED_VERIFICATION ||
			     code == CURLE_SSL_CACERT_BADFILE || status / 100 == 4;
	if (failed_at_proxy(transfer, code, status))
		tell_proxy(transfer, status, text, response->failure, size);
	else if (code == CURLE_SSL_CACERT_BADFILE && self->ca_bundle)
		snprintf(response->failure, size,
			 "the CA bundle %s of AWS_CA_BUNDLE or ca_bundle cannot be read",
			 self->ca_bundle);
	else if (code == CURLE_PEER_FAILED_VERIFICATION)
		tell_distrust(self, text, response->failure, size);
	else
		snprintf(response->failure, size, "%s", text);
}

static struct http_exchange *finish(struct curl_transport *self, CURL *easy, CURLcode code)
{
	struct http_exchange *exchange = NULL;
	struct transfer *transfer = NULL;
	char *private = NULL;
	long status = 0;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	transfer = (struct transfer *)(void *)private;
	exchange = transfer->exchange;
	exchange->response.status = (int)status;
	if (code != CURLE_OK)
		tell_failure(self, transfer, code);
	unlink_transfer(self, transfer);
	transfer_free(self, transfer);
	return exchange;
}

static struct http_exchange *take_finished(struct curl_transport *self)
{
	int left = 0;
	CURLMsg *message = curl_multi_info_read(self->multi, &left);

	while (message && message->msg != CURLMSG_DONE)
		message = curl_multi_info_read(self->multi, &left);
	return message ? finish(self, message->easy_handle, message->data.result) : NULL;
}

static int break_down(struct curl_transport *self, CURLMcode code, struct gk_error *err)
{
	while (self->flying) {
		struct transfer *transfer = self->flying;

		self->flying = transfer->next;
		transfer_free(self, transfer);
	}
	return gk_error_set(err, GK_FAILED, "libcurl: %s", curl_multi_strerror(code));
}

static int curl_wait(struct http_transport *transport, int64_t timeout_ms,
		     struct http_exchange **ret, struct gk_error *err)
{
	struct curl_transport *self = (struct curl_transport *)transport;
	struct timespec start = {0};
	struct timespec now = {0};
	int64_t left = timeout_ms;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (;;) {
		int running = 0;
		CURLMcode code = curl_multi_perform(self->multi, &running);

		*ret = take_finished(self);
		if (*ret || left <= 0)
			return 0;
		if (code == CURLM_OK)
			code = curl_multi_poll(self->multi, NULL, 0, (int)left, NULL);
		if (code != CURLM_OK)
			return break_down(self, code, err);
		clock_gettime(CLOCK_MONOTONIC, &now);
		left = timeout_ms - (now.tv_sec - start.tv_sec) * 1000 -
		       (now.tv_nsec - start.tv_nsec) / 1000000;
	}
}

static void curl_free_transport(struct http_transport *transport)
{
	struct curl_transport *self = (struct curl_transport *)transport;

	while (self->flying) {
		struct transfer *transfer = self->flying;

		self->flying = transfer->next;
		transfer_free(self, transfer);
	}
	if (self->multi)
		curl_multi_cleanup(self->multi);
	if (self->share)
		curl_share_cleanup(self->share);
	if (self->global)
		curl_global_cleanup();
	free(self->ca_bundle);
	free(self->user_agent);
	free(self);
}

static const struct http_transport_ops curl_ops = {curl_free_transport, curl_start, curl_wait};

/* Headers with tokens and bodies with keys go through libcurl's memory: what it lets go of is
 * overwritten. What OpenSSL lets go of is not. */
static int open_curl(struct curl_transport *self, struct gk_error *err)
{
	self->global = curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, gk_wipe_free,
					    gk_wipe_realloc, strdup, calloc) == CURLE_OK;
	self->multi = self->global ? curl_multi_init() : NULL;
	self->share = self->multi ? curl_share_init() : NULL;
	if (!self->share)
		return gk_error_set(err, GK_FAILED, "libcurl cannot be initialised");
	curl_share_setopt(self->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
	/* libcurl keeps four per request in flight, which is too few between two batches. */
	curl_multi_setopt(self->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_MAX);
	return 0;
}

int http_curl_new(const struct http_curl_options *options, struct http_transport **ret,
		  struct gk_error *err)
{
	_cleanup_(http_transport_freep) struct http_transport *transport = NULL;
	struct curl_transport *self = calloc(1, sizeof(*self));

	if (!self)
		return gk_error_memory(err);
	self->base.ops = &curl_ops;
	self->env = options->env;
	transport = &self->base;
	if (open_curl(self, err) < 0 ||
	    gk_str_set(&self->ca_bundle, options->ca_bundle, err) < 0 ||
	    gk_str_set(&self->user_agent, options->user_agent, err) < 0)
		return -1;
	*ret = TAKE_PTR(transport);
	return 0;
}
