#include <arpa/inet.h>
#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "net/transport.h"

enum { CONNECT_TIMEOUT_MS = 10000, HEADERS_MAX = 200, CONNECTIONS_MAX = 256 };

struct transfer {
	struct http_exchange *exchange;
	CURL *easy;
	struct curl_slist *headers;
	char message[CURL_ERROR_SIZE];
	struct transfer *next; /* in the list of those in flight */
};

struct curl_transport {
	struct http_transport base;
	CURLM *multi;
	CURLSH *share; /* TLS sessions */
	char *ca_bundle, *user_agent;
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
	free(transfer);
}

/* Address ranges that are on this machine or this link: never behind a proxy. */
static bool is_local_ipv4(const unsigned char *address)
{
	return address[0] == 127 || (address[0] == 169 && address[1] == 254);
}

static bool is_local_ipv6(const unsigned char *address)
{
	static const unsigned char loopback[16] = {[15] = 1};
	static const unsigned char instance_services[4] = {0xfd, 0x00, 0x0e, 0xc2};

	return memcmp(address, loopback, sizeof(loopback)) == 0 ||
	       (address[0] == 0xfe && (address[1] & 0xc0) == 0x80) ||
	       memcmp(address, instance_services, sizeof(instance_services)) == 0;
}

static bool is_local_host(char *host)
{
	unsigned char address[16] = {0};
	size_t length = strlen(host);

	if (host[0] == '[' && length > 2) {
		host[length - 1] = '\0';
		return inet_pton(AF_INET6, host + 1, address) == 1 && is_local_ipv6(address);
	}
	if (inet_pton(AF_INET, host, address) == 1)
		return is_local_ipv4(address);
	return strcasecmp(host, "localhost") == 0;
}

static bool is_local_url(const char *url)
{
	CURLU *parts = curl_url();
	char *host = NULL;
	bool local = parts && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
		     curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
		     is_local_host(host);

	curl_free(host);
	curl_url_cleanup(parts);
	return local;
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
	if (request->no_proxy || is_local_url(request->url))
		curl_easy_setopt(easy, CURLOPT_PROXY, "");
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
	curl_easy_setopt(transfer->easy, CURLOPT_SHARE, self->share);
	if (self->ca_bundle)
		curl_easy_setopt(transfer->easy, CURLOPT_CAINFO, self->ca_bundle);
	if (self->user_agent)
		curl_easy_setopt(transfer->easy, CURLOPT_USERAGENT, self->user_agent);
	if (set_headers(transfer, err) < 0)
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

/* Says in words of our own what libcurl says at length, where that helps. */
static void tell_failure(struct transfer *transfer, CURLcode code)
{
	struct http_response *response = &transfer->exchange->response;
	char system[128] = "";
	char too_long[64] = "";
	long number = 0;
	long sent = 0;
	const char *text = transfer->message[0] ? transfer->message : curl_easy_strerror(code);

	curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &sent);
	response->unsent = sent == 0;
	response->timed_out = code == CURLE_OPERATION_TIMEDOUT;
	if (response->body.state == GK_BUF_TOO_LONG) {
		describe_size(response->body.ceiling, too_long, sizeof(too_long));
		text = too_long;
	} else if (code == CURLE_PARTIAL_FILE)
		text = "the answer was cut short";
	else if (code == CURLE_GOT_NOTHING)
		text = "the connection was closed without an answer";
	else if (code == CURLE_COULDNT_CONNECT &&
		 curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &number) == CURLE_OK &&
		 number != 0) {
		text = strerror_r((int)number, system, sizeof(system));
	}
	snprintf(response->failure, sizeof(response->failure), "%s", text);
	if (text != transfer->message)
		response->failure[0] = (char)tolower((unsigned char)response->failure[0]);
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
		tell_failure(transfer, code);
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
	transport = &self->base;
	if (open_curl(self, err) < 0 ||
	    gk_str_set(&self->ca_bundle, options->ca_bundle, err) < 0 ||
	    gk_str_set(&self->user_agent, options->user_agent, err) < 0)
		return -1;
	*ret = TAKE_PTR(transport);
	return 0;
}
