#include "net/client.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"

enum { TELL_WAITS_OVER_MS = 1000 };

struct lane {
	const char *name;
	int flying;
};

struct run {
	struct http_client *client;
	struct http_call *const *calls;
	size_t count;
	struct lane *lanes;
	size_t lane_count;
	size_t open;   /* calls that have not ended */
	size_t flying;
};

static double system_random(void)
{
	uint32_t bits = 0;

	if (getrandom(&bits, sizeof(bits), 0) != (ssize_t)sizeof(bits))
		return 0.5;
	return bits / 4294967296.0;
}

void http_client_init(struct http_client *client, struct http_transport *transport,
		      const struct gk_clock *clock, const struct gk_log *log,
		      double (*random)(void))
{
	*client = (struct http_client){
		.transport = transport,
		.clock = clock,
		.log = log,
		.random = random ? random : system_random,
		.quota = {RETRY_QUOTA_FULL},
		.deadline_ms = HTTP_DEADLINE_MS,
	};
}

static int64_t monotonic(const struct http_client *client)
{
	return client->clock->monotonic(client->clock);
}

static time_t now(const struct http_client *client)
{
	return client->clock->now(client->clock);
}

static int find_lane(struct run *run, const char *name, size_t *ret, struct gk_error *err)
{
	struct lane *lane = NULL;
	size_t i = 0;

	while (i < run->lane_count && strcmp(run->lanes[i].name, name) != 0)
		i++;
	if (i == run->lane_count) {
		lane = gk_array_add(&run->lanes, &run->lane_count, sizeof(*lane), err);
		if (!lane)
			return -1;
		lane->name = name;
	}
	*ret = i;
	return 0;
}

static void end_call(struct run *run, struct http_call *call, enum http_end end)
{
	call->end = end;
	call->state.phase = HTTP_CALL_ENDED;
	http_exchange_done(&call->state.exchange);
	run->open--;
}

/* Lets the call wait for its next attempt, or ends it when its time would be over before. */
static void again(struct run *run, struct http_call *call, int64_t delay_ms)
{
	struct http_client *client = run->client;
	enum gk_log_level level = delay_ms > TELL_WAITS_OVER_MS ? GK_LOG_PROGRESS : GK_LOG_DEBUG;

	http_exchange_done(&call->state.exchange);
	call->state.due_ms = monotonic(client) + delay_ms;
	if (call->state.due_ms >= call->state.deadline_ms) {
		end_call(run, call, HTTP_END_DEADLINE);
		return;
	}
	call->state.phase = HTTP_CALL_WAITING;
	gk_log(client->log, level, "%s: again in %.1f s: %s", call->name, (double)delay_ms / 1000,
	       call->error.message);
}

/* What the server asks for: x-amz-retry-after in milliseconds, or Retry-After in seconds with 429
 * and 503 (the HTTP date form is passed over). */
static int64_t retry_after(const struct http_response *response)
{
	int64_t wish = retry_after_parse(http_response_header(response, "x-amz-retry-after"), 1);

	if (wish < 0 && (response->status == 429 || response->status == 503))
		wish = retry_after_parse(http_response_header(response, "retry-after"), 1000);
	return wish;
}

static void retry_standardly(struct run *run, struct http_call *call, enum retry_class class)
{
	struct http_client *client = run->client;
	int64_t wish = retry_after(&call->state.exchange.response);
	int64_t delay = 0;

	switch (retry_decide(call->rules, &client->quota, &call->state.retry, class,
			     client->random(), wish, &delay)) {
	case RETRY_YES:
		again(run, call, delay);
		break;
	case RETRY_NO_ATTEMPT_LEFT:
		end_call(run, call, HTTP_END_ATTEMPTS);
		break;
	case RETRY_NO_QUOTA_LEFT:
		end_call(run, call, HTTP_END_QUOTA);
		break;
	case RETRY_NOT_RETRYABLE:
		end_call(run, call, HTTP_END_FINAL);
		break;
	}
}

static void retry_patiently(struct run *run, struct http_call *call)
{
	int64_t delay = retry_patient_delay(++call->state.patient);

	if (delay < 0)
		end_call(run, call, HTTP_END_ATTEMPTS);
	else
		again(run, call, delay);
}

static void retry_skewed(struct run *run, struct http_call *call)
{
	if (call->state.skew_used) {
		end_call(run, call, HTTP_END_FINAL);
		return;
	}
	call->state.skew_used = true;
	again(run, call, 0);
}

static void act_on(struct run *run, struct http_call *call, enum http_verdict verdict)
{
	switch (verdict) {
	case HTTP_DONE:
		retry_succeeded(&run->client->quota, &call->state.retry);
		call->error = (struct gk_error){0};
		end_call(run, call, HTTP_END_DONE);
		break;
	case HTTP_FINAL:
		end_call(run, call, HTTP_END_FINAL);
		break;
	case HTTP_TRANSIENT:
		retry_standardly(run, call, RETRY_TRANSIENT);
		break;
	case HTTP_THROTTLING:
		retry_standardly(run, call, RETRY_THROTTLING);
		break;
	case HTTP_SKEW:
		retry_skewed(run, call);
		break;
	case HTTP_PATIENT:
		retry_patiently(run, call);
		break;
	}
}

static void log_answer(const struct http_client *client, const struct http_call *call)
{
	const struct http_response *response = &call->state.exchange.response;
	long long ms = monotonic(client) - call->state.sent_ms;

	if (response->failure[0])
		gk_log(client->log, GK_LOG_DEBUG, "%s: %s, %lld ms, attempt %d", call->name,
		       response->failure, ms, call->attempts);
	else
		gk_log(client->log, GK_LOG_DEBUG, "%s: status %d, %lld ms, attempt %d", call->name,
		       response->status, ms, call->attempts);
}

static void take_answer(struct run *run, struct http_call *call)
{
	struct http_client *client = run->client;
	const struct http_response *response = &call->state.exchange.response;

	log_answer(client, call);
	act_on(run, call, call->protocol->judge(call, response, now(client)));
}

static void land(struct run *run, struct http_call *call)
{
	run->flying--;
	run->lanes[call->state.lane].flying--;
	take_answer(run, call);
}

static void send_call(struct run *run, struct http_call *call)
{
	struct http_client *client = run->client;
	struct http_exchange *exchange = &call->state.exchange;
	struct gk_error failure = {0};
	int64_t left = 0;

	call->state.sent_ms = monotonic(client);
	if (call->state.deadline_ms == 0)
		call->state.deadline_ms = call->state.sent_ms + client->deadline_ms;
	if (call->protocol->prepare(call, now(client), &exchange->request, &call->error) < 0) {
		end_call(run, call, HTTP_END_FINAL);
		return;
	}
	left = call->state.deadline_ms - call->state.sent_ms;
	exchange->request.timeout_ms = left < HTTP_TIMEOUT_MS ? left : HTTP_TIMEOUT_MS;
	exchange->owner = call;
	call->attempts++;
	if (client->transport->ops->start(client->transport, exchange, &failure) < 0) {
		memccpy(exchange->response.failure, failure.message, '\0',
			sizeof(exchange->response.failure) - 1);
		exchange->response.hopeless = failure.code == GK_USAGE;
		take_answer(run, call);
		return;
	}
	call->state.phase = HTTP_CALL_FLYING;
	run->lanes[call->state.lane].flying++;
	run->flying++;
}

/* Sends whatever is due and has room in its lane. Returns how long nothing else will be due. */
static int64_t send_due(struct run *run)
{
	int64_t time = monotonic(run->client);
	int64_t idle = HTTP_TIMEOUT_MS;

	for (size_t i = 0; i < run->count; i++) {
		struct http_call *call = run->calls[i];

		if (call->state.phase != HTTP_CALL_WAITING ||
		    run->lanes[call->state.lane].flying >= HTTP_LANE_LIMIT)
			continue;
		if (call->state.due_ms <= time)
			send_call(run, call);
		if (call->state.phase == HTTP_CALL_WAITING && call->state.due_ms - time < idle)
			idle = call->state.due_ms - time;
	}
	return idle > 0 ? idle : 0;
}

/* The transport broke down: whatever was in flight has no answer. */
static void land_all(struct run *run, const struct gk_error *failure)
{
	for (size_t i = 0; i < run->count; i++) {
		struct http_call *call = run->calls[i];
		struct http_response *response = &call->state.exchange.response;

		if (call->state.phase != HTTP_CALL_FLYING)
			continue;
		memccpy(response->failure, failure->message, '\0', sizeof(response->failure) - 1);
		land(run, call);
	}
}

/* On a terminal somebody wonders what takes so long. */
static void tell_waiting(struct run *run)
{
	int64_t time = monotonic(run->client);

	for (size_t i = 0; i < run->count; i++) {
		struct http_call *call = run->calls[i];

		if (call->state.phase != HTTP_CALL_FLYING || call->state.told ||
		    time - call->state.sent_ms < TELL_WAITS_OVER_MS)
			continue;
		call->state.told = true;
		gk_log(run->client->log, GK_LOG_PROGRESS, "waiting for %s", call->name);
	}
}

static void await_answer(struct run *run, int64_t idle_ms)
{
	struct http_transport *transport = run->client->transport;
	int64_t wait_ms = idle_ms < TELL_WAITS_OVER_MS ? idle_ms : TELL_WAITS_OVER_MS;
	struct http_exchange *exchange = NULL;
	struct gk_error failure = {0};

	if (run->flying == 0)
		run->client->clock->sleep(run->client->clock, idle_ms);
	else if (transport->ops->wait(transport, wait_ms, &exchange, &failure) < 0)
		land_all(run, &failure);
	else if (exchange)
		land(run, exchange->owner);
	else
		tell_waiting(run);
}

int http_client_run(struct http_client *client, struct http_call *const *calls, size_t count,
		    struct gk_error *err)
{
	struct run run = {.client = client, .calls = calls, .count = count, .open = count};
	_cleanup_free_ struct lane *lanes = NULL;

	for (size_t i = 0; i < count; i++) {
		int r = 0;

		memset(&calls[i]->state, 0, sizeof(calls[i]->state));
		r = find_lane(&run, calls[i]->lane, &calls[i]->state.lane, err);
		lanes = run.lanes;
		if (r < 0)
			return -1;
	}
	while (run.open > 0) {
		int64_t idle = send_due(&run);

		if (run.open > 0)
			await_answer(&run, idle);
	}
	return 0;
}
