#include "aws/send.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/errors.h"
#include "aws/sigv4.h"
#include "aws/wire.h"
#include "base/mem.h"

enum { SKEW_LIMIT_SECONDS = 4 * 60, SHOWN_BYTES = 200 };

void aws_sending_done(struct aws_sending *sending)
{
	aws_endpoint_done(&sending->endpoint);
}

static int build_request(const struct aws_sending *sending, struct http_request *request,
			 struct gk_error *err)
{
	const struct aws_service_info *service = sending->service;
	const struct aws_call *call = sending->call;

	request->method = "POST";
	if (gk_str_set(&request->url, sending->endpoint.url, err) < 0 ||
	    gk_strv_addf(&request->headers, err, "Host: %s", sending->endpoint.host) < 0 ||
	    gk_strv_addf(&request->headers, err, "Content-Type: %s", service->content_type) < 0)
		return -1;
	if (service->target && gk_strv_addf(&request->headers, err, "X-Amz-Target: %s.%s",
					    service->target, call->action) < 0)
		return -1;
	if (service->version)
		aws_query_body(call, service, &request->body);
	else if (call->params.length > 0)
		gk_buf_add(&request->body, call->params.data, call->params.length);
	else
		gk_buf_adds(&request->body, "{}");
	return gk_buf_check(&call->params, err) < 0 ? -1 : gk_buf_check(&request->body, err);
}

static int prepare(struct http_call *http, time_t now, struct http_request *request,
		   struct gk_error *err)
{
	struct aws_sending *sending = http->context;
	const struct aws_client *client = sending->client;
	struct aws_signing what = {
		.method = "POST",
		.path = sending->endpoint.path,
		.region = sending->region,
		.service = sending->service->name,
		.time = now + client->skew.seconds,
	};

	sending->offset = client->skew.seconds;
	if (build_request(sending, request, err) < 0)
		return -1;
	if (client->anonymous)
		return 0;
	what.body = request->body.data;
	what.body_length = request->body.length;
	return aws_sign(&what, &client->cache.credentials, &request->headers, NULL, err);
}

static int set_error(struct aws_sending *sending, enum gk_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Sets the error with "DescribeImages in us-east-1: " in front. */
static int set_error(struct aws_sending *sending, enum gk_code code, const char *format, ...)
{
	struct gk_error *err = &sending->http.error;
	char text[GK_ERROR_MESSAGE_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return gk_error_set(err, code, "%s in %s: %s", sending->call->action, sending->region,
			    text);
}

static enum http_verdict judge_nothing(struct aws_sending *sending,
				       const struct http_response *response)
{
	const char *url = sending->endpoint.url;
	int shown = (int)strlen(url) - (strcmp(sending->endpoint.path, "/") == 0);
	bool too_long = response->body.state == GK_BUF_TOO_LONG;

	if (response->status == 0)
		set_error(sending, GK_FAILED, "cannot reach %.*s (%s)", shown, url,
			  response->failure);
	else
		set_error(sending, GK_FAILED, "no whole answer from %.*s (%s)", shown, url,
			  response->failure);
	return too_long || response->hopeless ? HTTP_FINAL : HTTP_TRANSIENT;
}

static enum http_verdict judge_success(struct aws_sending *sending,
				       const struct http_response *response)
{
	struct aws_call *call = sending->call;
	struct gk_error failure = {0};
	int result = sending->service->version
			     ? aws_query_answer(response, call->action, &call->xml, &failure)
			     : aws_json_answer(response, &call->json, &failure);

	if (result == 0)
		return HTTP_DONE;
	set_error(sending, GK_FAILED, "%s", failure.message);
	return HTTP_TRANSIENT;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7). */
static bool read_date(const struct http_response *response, time_t *ret)
{
	const char *text = http_response_header(response, "date");
	struct tm date = {0};
	const char *end = text ? strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &date) : NULL;

	if (!end || *end)
		return false;
	*ret = timegm(&date);
	return true;
}

static void note_date(struct aws_client *client, const struct http_response *response, time_t now)
{
	time_t date = 0;

	if (!read_date(response, &date))
		return;
	client->skew.newest = (int64_t)date - now;
	client->skew.known = true;
}

/* The AWS SDKs' rule of clock skew. Corrects the clock of all later signatures. */
static bool correct_clock(struct aws_sending *sending, const struct http_response *response,
			  const char *code, time_t now)
{
	struct aws_client *client = sending->client;
	time_t date = 0;
	int64_t skew = 0;

	if (!aws_error_may_be_skew(code) || !read_date(response, &date))
		return false;
	skew = (int64_t)date - ((int64_t)now + sending->offset);
	if (skew >= -SKEW_LIMIT_SECONDS && skew <= SKEW_LIMIT_SECONDS)
		return false;
	client->skew.seconds = (int64_t)date - now;
	if (!client->skew.told)
		gk_log(client->http.log, GK_LOG_WARNING,
		       "this machine's clock is %lld seconds %s; requests to AWS are signed with "
		       "the corrected time",
		       (long long)llabs(client->skew.seconds),
		       client->skew.seconds > 0 ? "slow" : "fast");
	client->skew.told = true;
	return true;
}

/* Does the message name an AMI, but not this one? */
static bool names_another_image(const char *message, const char *image)
{
	bool names_any = false;

	for (const char *at = strstr(message, "ami-"); at; at = strstr(at + 1, "ami-")) {
		size_t length = 4 + strspn(at + 4, "0123456789abcdef");

		if (length == strlen(image) && strncmp(at, image, length) == 0)
			return false;
		names_any = true;
	}
	return names_any;
}

static bool deserves_patience(const struct aws_call *call, const struct aws_failure *failure)
{
	for (const char *const *name = call->patient_codes; name && *name; name++)
		if (strcmp(*name, failure->code) == 0)
			return !call->patient_image ||
			       !names_another_image(failure->message, call->patient_image);
	return false;
}

/* What stands in front of the blob that only sts:DecodeAuthorizationMessage can read. */
static int readable_length(const char *message)
{
	const char *blob = strstr(message, " Encoded authorization failure message:");

	return (int)(blob ? (size_t)(blob - message) : strlen(message));
}

/* A page of a proxy, or nothing: told by its status; the first bytes go to the debug log only, and
 * not even there from who hands out keys. */
static void tell_page(struct aws_sending *sending, const struct http_response *response,
		      enum gk_code code)
{
	const char *location = http_response_header(response, "location");
	const char *body = gk_buf_text(&response->body);
	char shown[SHOWN_BYTES + 1] = "";

	for (size_t i = 0; i < SHOWN_BYTES && i < response->body.length; i++)
		shown[i] = isprint((unsigned char)body[i]) ? body[i] : ' ';
	if (sending->call->service != AWS_STS)
		gk_log(sending->client->http.log, GK_LOG_DEBUG, "%s: the answer begins: %s",
		       sending->name, shown);
	if (location && response->status / 100 == 3)
		set_error(sending, code, "HTTP status %d: redirected to %s, which is not followed",
			  response->status, location);
	else
		set_error(sending, code, "HTTP status %d without an AWS error code",
			  response->status);
}

static void tell_failure(struct aws_sending *sending, const struct aws_failure *failure,
			 const struct aws_error_meaning *meaning)
{
	set_error(sending, meaning->code, "%s%s%.*s%s%s%s", failure->code,
		  failure->message[0] ? ": " : "", readable_length(failure->message),
		  failure->message, meaning->advice ? " (" : "",
		  meaning->advice ? meaning->advice : "", meaning->advice ? ")" : "");
}

static enum http_verdict judge_failure(struct aws_sending *sending,
				       const struct http_response *response, time_t now)
{
	struct aws_call *call = sending->call;
	struct aws_failure failure = {0};
	struct aws_error_meaning meaning = {0};

	if (sending->service->version)
		aws_query_failure(response, &failure);
	else
		aws_json_failure(response, &failure, &call->json);
	memcpy(call->code, failure.code, sizeof(call->code));
	meaning = aws_error_meaning(failure.code, response->status);
	if (failure.code[0])
		tell_failure(sending, &failure, &meaning);
	else
		tell_page(sending, response, meaning.code);
	if (correct_clock(sending, response, failure.code, now))
		return HTTP_SKEW;
	if (deserves_patience(call, &failure))
		return HTTP_PATIENT;
	switch (meaning.retry) {
	case RETRY_TRANSIENT:
		return HTTP_TRANSIENT;
	case RETRY_THROTTLING:
		return HTTP_THROTTLING;
	case RETRY_FINAL:
		break;
	}
	return HTTP_FINAL;
}

static enum http_verdict judge(struct http_call *http, const struct http_response *response,
			       time_t now)
{
	struct aws_sending *sending = http->context;

	sending->call->code[0] = '\0';
	cJSON_Delete(TAKE_PTR(sending->call->json));
	if (response->failure[0])
		return judge_nothing(sending, response);
	note_date(sending->client, response, now);
	if (response->status / 100 == 2)
		return judge_success(sending, response);
	return judge_failure(sending, response, now);
}

static const struct http_protocol protocol = {prepare, judge};

static int find_region(struct aws_sending *sending, struct gk_error *err)
{
	const char *region = sending->call->region;

	if (!region || !region[0])
		region = sending->client->settings.region;
	if (!region)
		return gk_error_set(err, GK_USAGE,
				    "no AWS region is set: use --region, AWS_REGION or the "
				    "profile");
	sending->region = region;
	if (sending->call->endpoint)
		return aws_endpoint_parse(sending->call->endpoint, &sending->endpoint, err);
	return aws_endpoint_find(&sending->client->settings, sending->service, region,
				 &sending->endpoint, err);
}

int aws_sending_init(struct aws_sending *sending, struct aws_client *client,
		     struct aws_call *call)
{
	*sending = (struct aws_sending){
		.client = client,
		.call = call,
		.service = aws_service_info(call->service),
	};
	call->attempts = 0;
	call->error = (struct gk_error){0};
	call->code[0] = '\0';
	gk_xml_free(TAKE_PTR(call->xml));
	cJSON_Delete(TAKE_PTR(call->json));
	if (find_region(sending, &call->error) < 0)
		return gk_error_wrap(&call->error, "%s", call->action);
	sending->rules = *sending->service->rules;
	if (client->settings.max_attempts > 0)
		sending->rules.max_attempts = client->settings.max_attempts;
	snprintf(sending->name, sizeof(sending->name), "%s %s in %s", sending->service->name,
		 call->action, sending->region);
	sending->http = (struct http_call){
		.protocol = &protocol,
		.context = sending,
		.name = sending->name,
		.lane = sending->region,
		.rules = &sending->rules,
	};
	return 0;
}

void aws_sending_finish(struct aws_sending *sending)
{
	const struct http_call *http = &sending->http;
	struct gk_error *err = &sending->call->error;
	size_t length = 0;

	sending->call->attempts = http->attempts;
	*err = http->error;
	if (http->end == HTTP_END_DONE || http->end == HTTP_END_FINAL || http->attempts < 2)
		return;
	length = strlen(err->message);
	snprintf(err->message + length, sizeof(err->message) - length, " (after %d attempts)",
		 http->attempts);
}
