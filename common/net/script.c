#include "net/script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct http_script_answer {
	char *lane, *match, *headers, *failure;
	struct gk_buf body;
	int status;
	int64_t delay_ms;
	bool always, used, unsent, timed_out;
};

struct http_script_flight {
	struct http_exchange *exchange;
	int64_t delay_ms, due_ms;
	size_t order;
};

static time_t clock_now(const struct gk_clock *clock)
{
	const struct script_clock *self = clock->context;

	return (time_t)(self->ms / 1000);
}

static int64_t clock_monotonic(const struct gk_clock *clock)
{
	const struct script_clock *self = clock->context;

	return self->ms;
}

static void clock_sleep(const struct gk_clock *clock, int64_t milliseconds)
{
	struct script_clock *self = clock->context;

	self->ms += milliseconds;
	self->slept += milliseconds;
}

void script_clock_init(struct script_clock *clock, time_t now)
{
	*clock = (struct script_clock){
		.clock = {clock_now, clock_monotonic, clock_sleep, clock},
		.ms = (int64_t)now * 1000,
	};
}

static void answer_done(struct http_script_answer *answer)
{
	free(answer->lane);
	free(answer->match);
	free(answer->headers);
	free(answer->failure);
	gk_buf_done(&answer->body);
}

int http_script_add(struct http_script *script, const struct script_answer *from)
{
	const char *body = from->body ? from->body : "";
	struct http_script_answer *answer = gk_array_add(&script->answers, &script->answer_count,
							 sizeof(*answer), NULL);

	if (!answer)
		return -1;
	gk_buf_add(&answer->body, body, from->body_length ? from->body_length : strlen(body));
	answer->status = from->status;
	answer->delay_ms = from->delay_ms;
	answer->always = from->always;
	answer->unsent = from->unsent;
	answer->timed_out = from->timed_out;
	if (gk_buf_check(&answer->body, NULL) < 0 ||
	    gk_str_set(&answer->lane, from->lane, NULL) < 0 ||
	    gk_str_set(&answer->match, from->match, NULL) < 0 ||
	    gk_str_set(&answer->headers, from->headers, NULL) < 0 ||
	    gk_str_set(&answer->failure, from->failure, NULL) < 0)
		return -1;
	return 0;
}

static bool sent_has(const struct script_sent *sent, const char *text)
{
	if (!text || strstr(sent->url, text) || strstr(sent->body, text))
		return true;
	for (size_t i = 0; i < sent->headers.count; i++)
		if (strstr(sent->headers.items[i], text))
			return true;
	return false;
}

const char *script_sent_header(const struct script_sent *sent, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < sent->headers.count; i++) {
		const char *header = sent->headers.items[i];

		if (strncmp(header, name, length) == 0 && header[length] == ':')
			return header + length + 1 + strspn(header + length + 1, " ");
	}
	return NULL;
}

size_t http_script_count(const struct http_script *script, const char *text)
{
	size_t count = 0;

	for (size_t i = 0; i < script->sent_count; i++)
		count += sent_has(&script->sent[i], text);
	return count;
}

size_t http_script_unused(const struct http_script *script)
{
	size_t count = 0;

	for (size_t i = 0; i < script->answer_count; i++)
		count += !script->answers[i].used && !script->answers[i].always;
	return count;
}

static struct script_sent *record(struct http_script *script, const struct http_request *request,
				  struct gk_error *err)
{
	struct script_sent *sent = gk_array_add(&script->sent, &script->sent_count, sizeof(*sent),
						err);

	if (!sent)
		return NULL;
	sent->ms = script->clock->ms;
	sent->timeout_ms = request->timeout_ms;
	sent->no_proxy = request->no_proxy;
	if (gk_str_set(&sent->method, request->method, err) < 0 ||
	    gk_str_set(&sent->url, request->url, err) < 0 ||
	    gk_str_set(&sent->body, gk_buf_text(&request->body), err) < 0 ||
	    gk_strv_extend(&sent->headers, &request->headers, err) < 0)
		return NULL;
	return sent;
}

static const struct http_script_answer *choose(struct http_script *script,
					       const struct script_sent *sent)
{
	for (size_t i = 0; i < script->answer_count; i++) {
		struct http_script_answer *answer = &script->answers[i];

		if ((answer->used && !answer->always) || !sent_has(sent, answer->lane) ||
		    !sent_has(sent, answer->match))
			continue;
		answer->used = true;
		return answer;
	}
	return NULL;
}

static int fill(struct http_response *response, const struct http_script_answer *answer,
		struct gk_error *err)
{
	response->status = answer->status;
	response->unsent = answer->unsent;
	response->timed_out = answer->timed_out;
	response->body.ceiling = HTTP_RESPONSE_MAX;
	gk_buf_add(&response->body, answer->body.data, answer->body.length);
	if (answer->failure)
		snprintf(response->failure, sizeof(response->failure), "%s", answer->failure);
	if (gk_buf_check(&response->body, err) < 0)
		return -1;
	return answer->headers ? gk_strv_split(&response->headers, answer->headers, '\n', err) : 0;
}

static int script_start(struct http_transport *transport, struct http_exchange *exchange,
			struct gk_error *err)
{
	struct http_script *script = (struct http_script *)transport;
	const struct script_sent *sent = record(script, &exchange->request, err);
	const struct http_script_answer *answer = sent ? choose(script, sent) : NULL;
	struct http_script_flight *flight = NULL;

	if (!sent)
		return -1;
	flight = gk_array_add(&script->flights, &script->flight_count, sizeof(*flight), err);
	if (!flight)
		return -1;
	*flight = (struct http_script_flight){.exchange = exchange, .order = script->sent_count};
	if (script->flight_count > script->flying_max)
		script->flying_max = script->flight_count;
	if (!answer) {
		script->unexpected++;
		snprintf(exchange->response.failure, sizeof(exchange->response.failure),
			 "the script has no answer for %s %s %s", sent->method, sent->url,
			 sent->body);
		return 0;
	}
	flight->delay_ms = answer->delay_ms;
	if (fill(&exchange->response, answer, err) == 0)
		return 0;
	script->flight_count--;
	return -1;
}

static int by_time(const void *a, const void *b)
{
	const struct http_script_flight *x = a;
	const struct http_script_flight *y = b;

	if (x->due_ms != y->due_ms)
		return x->due_ms < y->due_ms ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* Whatever is in flight now lands in this round. */
static void begin_round(struct http_script *script)
{
	script->rounds++;
	script->landing = script->flight_count;
	for (size_t i = 0; i < script->flight_count; i++)
		script->flights[i].due_ms = script->clock->ms + script->flights[i].delay_ms;
	qsort(script->flights, script->flight_count, sizeof(*script->flights), by_time);
}

static int script_wait(struct http_transport *transport, int64_t timeout_ms,
		       struct http_exchange **ret, struct gk_error *err)
{
	struct http_script *script = (struct http_script *)transport;

	(void)err;
	*ret = NULL;
	if (script->flight_count == 0) {
		clock_sleep(&script->clock->clock, timeout_ms);
		return 0;
	}
	if (script->landing == 0)
		begin_round(script);
	if (script->flights[0].due_ms > script->clock->ms + timeout_ms) {
		script->clock->ms += timeout_ms;
		return 0;
	}
	if (script->flights[0].due_ms > script->clock->ms)
		script->clock->ms = script->flights[0].due_ms;
	*ret = script->flights[0].exchange;
	script->landing--;
	script->flight_count--;
	memmove(script->flights, script->flights + 1,
		script->flight_count * sizeof(*script->flights));
	return 0;
}

static void script_free(struct http_transport *transport)
{
	struct http_script *script = (struct http_script *)transport;

	for (size_t i = 0; i < script->answer_count; i++)
		answer_done(&script->answers[i]);
	for (size_t i = 0; i < script->sent_count; i++) {
		free(script->sent[i].method);
		free(script->sent[i].url);
		free(script->sent[i].body);
		gk_strv_done(&script->sent[i].headers);
	}
	free(script->answers);
	free(script->sent);
	free(script->flights);
	free(script);
}

static const struct http_transport_ops script_ops = {script_free, script_start, script_wait};

struct http_script *http_script_new(struct script_clock *clock)
{
	struct http_script *script = calloc(1, sizeof(*script));

	if (!script)
		return NULL;
	script->transport.ops = &script_ops;
	script->clock = clock;
	return script;
}

void http_script_free(struct http_script *script)
{
	if (script)
		script_free(&script->transport);
}

void http_script_freep(struct http_script **script)
{
	http_script_free(TAKE_PTR(*script));
}

struct http_transport *http_script_transport(struct http_script *script)
{
	return &script->transport;
}
