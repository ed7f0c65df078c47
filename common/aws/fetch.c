#include "aws/fetch.h"

#include <openssl/crypto.h>
#include <string.h>

#include "aws/wire.h"
#include "base/json.h"
#include "base/mem.h"

/* libcurl watches the time of a request; the wait for it is a little longer. */
enum { PAUSE_MS = 1000, SLACK_MS = 1000 };

static void wipe_json(cJSON *value)
{
	for (; value; value = value->next) {
		char *text = cJSON_GetStringValue(value);

		if (text)
			OPENSSL_cleanse(text, strlen(text));
		wipe_json(value->child);
	}
}

void aws_secret_json_freep(cJSON **value)
{
	wipe_json(*value);
	gk_json_freep(value);
}

bool aws_is_token(const char *text)
{
	if (!text || !text[0])
		return false;
	for (; *text; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

int aws_fetch_check_url(const char *url, const char *name, struct aws_endpoint *ret,
			struct gk_error *err)
{
	_cleanup_free_ char *plain = gk_str_format(err, "%.*s", (int)strcspn(url, "?"), url);

	if (!plain)
		return -1;
	if (!aws_is_token(url) || strchr(url, '#'))
		return gk_error_set(err, GK_USAGE, "%s is no URL", name);
	if (aws_endpoint_parse(plain, ret, err) < 0)
		return gk_error_wrap(err, "%s", name);
	return 0;
}

static int url_length(const struct http_exchange *exchange)
{
	return (int)strcspn(exchange->request.url, "?");
}

/* One attempt. -1 only if nothing could be sent at all; the transport has let go of it then. */
static int send_once(const struct aws_provider_world *world, struct http_exchange *exchange,
		     struct gk_error *err)
{
	struct http_transport *transport = world->transport;
	struct http_exchange *done = NULL;

	http_exchange_clear_answer(exchange);
	if (transport->ops->start(transport, exchange, err) < 0)
		return -1;
	while (!done)
		if (transport->ops->wait(transport, exchange->request.timeout_ms + SLACK_MS, &done,
					 err) < 0)
			return -1;
	return 0;
}

static bool is_worth_another(const struct http_response *response)
{
	if (response->body.state == GK_BUF_TOO_LONG || response->hopeless)
		return false;
	return response->failure[0] || response->status == 429 || response->status >= 500;
}

int aws_fetch(const struct aws_provider_world *world, struct http_exchange *exchange, int attempts,
	      struct gk_error *err)
{
	const struct http_response *response = &exchange->response;

	exchange->request.answer_max = AWS_FETCH_ANSWER_MAX;
	for (int attempt = 1;; attempt++) {
		if (send_once(world, exchange, err) < 0)
			return -1;
		gk_log(world->log, GK_LOG_DEBUG, "%s %.*s: %s, status %d, attempt %d",
		       exchange->request.method, url_length(exchange), exchange->request.url,
		       response->failure[0] ? response->failure : "answered", response->status,
		       attempt);
		if (!is_worth_another(response) || attempt >= attempts)
			break;
		world->clock->sleep(world->clock, PAUSE_MS);
	}
	if (response->failure[0])
		return gk_error_set(err, GK_FAILED, "%s %.*s (%s)",
				    response->unsent ? "cannot reach" : "no whole answer from",
				    url_length(exchange), exchange->request.url, response->failure);
	return 0;
}

int aws_fetch_refused(const struct http_exchange *exchange, struct gk_error *err)
{
	_cleanup_(aws_secret_json_freep) cJSON *json = NULL;
	struct aws_failure failure = {0};
	const char *text = NULL;

	aws_json_failure(&exchange->response, &failure, &json);
	text = failure.message[0] ? failure.message : failure.code;
	return gk_error_set(err, GK_FAILED, "%.*s answers with HTTP status %d%s%s",
			    url_length(exchange), exchange->request.url, exchange->response.status,
			    text[0] ? ": " : "", text);
}

int aws_fetch_object(const struct http_exchange *exchange, cJSON **ret, struct gk_error *err)
{
	if (exchange->response.status != 200)
		return aws_fetch_refused(exchange, err);
	if (aws_json_answer(&exchange->response, ret, err) < 0)
		return gk_error_wrap(err, "%.*s", url_length(exchange), exchange->request.url);
	return 0;
}

/* A member that has to be there. */
static int copy_member(const cJSON *object, const char *name, char **target, struct gk_error *err)
{
	const char *text = NULL;

	if (gk_json_string(object, name, &text, err) < 0)
		return -1;
	if (!aws_is_token(text))
		return gk_error_set(err, GK_FAILED, "%s in the answer %s", name,
				    text && text[0] ? "holds white space or characters that no key has"
						    : "is missing");
	return gk_str_set(target, text, err);
}

int aws_credentials_from_json(const cJSON *object, const struct aws_key_names *names,
			      struct aws_credentials *ret, struct gk_error *err)
{
	_cleanup_(aws_credentials_done) struct aws_credentials credentials = {0};
	const char *expires = NULL;

	if (copy_member(object, names->id, &credentials.access_key_id, err) < 0 ||
	    copy_member(object, names->secret, &credentials.secret_access_key, err) < 0 ||
	    copy_member(object, names->token, &credentials.session_token, err) < 0)
		return -1;
	if (names->expires && gk_json_string(object, names->expires, &expires, err) < 0)
		return -1;
	if (expires && aws_credentials_time(expires, &credentials.expires, err) < 0)
		return gk_error_wrap(err, "%s in the answer", names->expires);
	*ret = credentials;
	credentials = (struct aws_credentials){0};
	return 0;
}
