#include <stdio.h>
#include <string.h>

#include "aws/dynamodb.h"
#include "aws/send.h"
#include "base/mem.h"

/* Beyond the retries of the client: rounds for what passes, with full jitter between them. */
enum { ROUNDS_MAX = 40, LOST_ROUNDS_MAX = 3, PATIENCE_MS = 60000, PAUSE_MS = 50,
       PAUSE_MAX_MS = 2000 };

enum verdict { VERDICT_DONE, VERDICT_REFUSED, VERDICT_AGAIN, VERDICT_LOST, VERDICT_FAILED };

static bool is_one_of(const char *code, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(code, names[i]) == 0)
			return true;
	return false;
}

/* --- answers -------------------------------------------------------------------------------- */

static const cJSON *reasons_of(const struct dynamodb_request *request)
{
	return cJSON_GetObjectItemCaseSensitive(request->call.json, "CancellationReasons");
}

static const char *reason_text(const cJSON *reason, const char *key)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(reason, key));

	return text ? text : "";
}

static bool is_refusal(const cJSON *reason)
{
	return strcmp(reason_text(reason, "Code"), "ConditionalCheckFailed") == 0;
}

const cJSON *dynamodb_item(const struct dynamodb_request *request)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(request->call.json, "Item");

	return cJSON_IsObject(item) ? item : NULL;
}

bool dynamodb_was_refused(const struct dynamodb_request *request, int action)
{
	if (!request->refused)
		return false;
	if (!request->actions)
		return action == 0;
	return is_refusal(cJSON_GetArrayItem(reasons_of(request), action));
}

const cJSON *dynamodb_old_item(const struct dynamodb_request *request, int action)
{
	const cJSON *reason = request->actions ? cJSON_GetArrayItem(reasons_of(request), action)
					       : request->call.json;
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(reason, "Item");

	return request->refused && cJSON_IsObject(item) && item->child ? item : NULL;
}

/* --- usage ---------------------------------------------------------------------------------- */

static double units_of(const cJSON *consumed)
{
	const cJSON *units = cJSON_GetObjectItemCaseSensitive(consumed, "CapacityUnits");

	return cJSON_IsNumber(units) ? units->valuedouble : 0;
}

/* ConsumedCapacity is one object, of a transaction a list of them. */
static void count_usage(struct dynamodb *db, const struct dynamodb_request *request)
{
	const cJSON *consumed =
		cJSON_GetObjectItemCaseSensitive(request->call.json, "ConsumedCapacity");
	const char *action = request->call.action;
	bool reads = strcmp(action, "GetItem") == 0 || strcmp(action, "Query") == 0;
	double units = cJSON_IsArray(consumed) ? 0 : units_of(consumed);
	const cJSON *element = NULL;

	if (cJSON_IsArray(consumed))
		cJSON_ArrayForEach(element, consumed)
			units += units_of(element);
	db->usage.calls += (size_t)request->call.attempts;
	if (reads)
		db->usage.read_units += units;
	else
		db->usage.write_units += units;
}

/* --- what came of a request ----------------------------------------------------------------- */

/* A cancelled transaction: refused if any condition was false, whatever else there was; to be sent
 * again if it only met others; else the first other reason is told. */
static enum verdict judge_reasons(struct dynamodb_request *request)
{
	static const char *const passing[] = {"TransactionConflict", "ThrottlingError",
					      "ProvisionedThroughputExceeded"};
	const cJSON *reason = NULL;
	const cJSON *final = NULL;
	bool refused = false;
	bool passes = false;

	cJSON_ArrayForEach(reason, reasons_of(request)) {
		const char *code = reason_text(reason, "Code");

		refused = refused || is_refusal(reason);
		passes = passes || is_one_of(code, passing, ARRAY_SIZE(passing));
		if (!final && *code && strcmp(code, "None") != 0 && !is_refusal(reason) &&
		    !is_one_of(code, passing, ARRAY_SIZE(passing)))
			final = reason;
	}
	if (final)
		gk_error_set(&request->call.error, GK_FAILED, "%s: %s: %s", request->call.action,
			     reason_text(final, "Code"), reason_text(final, "Message"));
	if (final || (!refused && !passes)) {
		/* Nothing says that looking again would help: no conflict to the caller. */
		request->call.error.code = GK_FAILED;
		return VERDICT_FAILED;
	}
	return refused ? VERDICT_REFUSED : VERDICT_AGAIN;
}

/* An answer that says something else than it has to could pass for "there is none". */
static const char *wrong_shape(const struct dynamodb_request *request)
{
	const cJSON *json = request->call.json;
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, "Item");
	const cJSON *items = cJSON_GetObjectItemCaseSensitive(json, "Items");
	const cJSON *last = cJSON_GetObjectItemCaseSensitive(json, "LastEvaluatedKey");
	const cJSON *element = NULL;

	if (strcmp(request->call.action, "GetItem") == 0)
		return item && !cJSON_IsObject(item) ? "Item is no object" : NULL;
	if (strcmp(request->call.action, "Query") != 0)
		return NULL;
	if (!cJSON_IsArray(items))
		return "it has no list of Items";
	cJSON_ArrayForEach(element, items)
		if (!cJSON_IsObject(element))
			return "an element of Items is no object";
	return last && !cJSON_IsObject(last) ? "LastEvaluatedKey is no object" : NULL;
}

static enum verdict judge_answer(struct dynamodb_request *request)
{
	const char *wrong = wrong_shape(request);

	if (!wrong)
		return VERDICT_DONE;
	gk_error_set(&request->call.error, GK_FAILED, "%s: the answer cannot be read: %s",
		     request->call.action, wrong);
	return VERDICT_FAILED;
}

static enum verdict judge(struct dynamodb_request *request)
{
	static const char *const passing[] = {
		"TransactionConflictException", "TransactionInProgressException",
		"ThrottlingException", "ProvisionedThroughputExceededException",
		"InternalServerError", "ReplicatedWriteConflictException",
		"ServiceUnavailable", "LimitExceededException", "RequestLimitExceeded",
	};
	const char *code = request->call.code;

	if (request->call.error.code == GK_OK)
		return judge_answer(request);
	if (strcmp(code, "ConditionalCheckFailedException") == 0)
		return VERDICT_REFUSED;
	if (strcmp(code, "TransactionCanceledException") == 0)
		return judge_reasons(request);
	if (is_one_of(code, passing, ARRAY_SIZE(passing)))
		return VERDICT_AGAIN;
	/* No answer at all, or none that could be read; but not a request that was never sent. */
	return !*code && request->call.error.code == GK_FAILED ? VERDICT_LOST : VERDICT_FAILED;
}

/* --- running -------------------------------------------------------------------------------- */

/* A transaction names the table in each of its actions. */
static void name_table(const struct dynamodb *db, struct dynamodb_request *request)
{
	cJSON *action = NULL;

	if (!request->actions)
		gk_json_add_string(&request->body, request->body.root, "TableName", db->table);
	else
		cJSON_ArrayForEach(action, request->actions)
			gk_json_add_string(&request->body, action->child, "TableName", db->table);
}

static bool tells_usage(const char *action)
{
	static const char *const names[] = {"GetItem", "Query", "PutItem", "UpdateItem",
					    "TransactWriteItems"};

	return is_one_of(action, names, ARRAY_SIZE(names));
}

int dynamodb_prepare(const struct dynamodb *db, struct dynamodb_request *request,
		     struct gk_error *err)
{
	_cleanup_free_ char *text = NULL;

	name_table(db, request);
	if (tells_usage(request->call.action))
		gk_json_add_string(&request->body, request->body.root, "ReturnConsumedCapacity",
				   "TOTAL");
	text = gk_json_builder_print(&request->body, false, err);
	if (!text)
		return -1;
	gk_buf_clear(&request->call.params);
	gk_buf_adds(&request->call.params, text);
	request->call.region = db->region;
	request->call.endpoint = db->endpoint;
	return gk_buf_check(&request->call.params, err);
}

/* A batch under way: what has to be sent (again) stands at the front of `open`. */
struct batch {
	struct dynamodb *db;
	struct dynamodb_request **open;
	struct aws_call **calls;
	size_t count;
	bool lost;   /* some of them got no answer in the last round */
};

static void batch_done(struct batch *batch)
{
	free(batch->open);
	free(batch->calls);
}

/* One round; -1 for the first request that failed for good. */
static int run_round(struct batch *batch, bool last, bool last_lost, struct gk_error *err)
{
	size_t left = 0;

	for (size_t i = 0; i < batch->count; i++)
		batch->calls[i] = &batch->open[i]->call;
	if (aws_run(batch->db->client, batch->calls, batch->count, err) < 0)
		return -1;
	batch->lost = false;
	for (size_t i = 0; i < batch->count; i++) {
		struct dynamodb_request *request = batch->open[i];
		enum verdict verdict = judge(request);

		count_usage(batch->db, request);
		request->refused = verdict == VERDICT_REFUSED;
		if (verdict == VERDICT_AGAIN && request->call.error.code == GK_CONFLICT)
			request->call.error.code = GK_LOCKED;
		if (verdict == VERDICT_FAILED || (verdict == VERDICT_AGAIN && last) ||
		    (verdict == VERDICT_LOST && last_lost))
			return dynamodb_tell(batch->db, request, err);
		batch->lost = batch->lost || verdict == VERDICT_LOST;
		if (verdict == VERDICT_AGAIN || verdict == VERDICT_LOST)
			batch->open[left++] = request;
	}
	batch->count = left;
	return 0;
}

void dynamodb_pause(const struct dynamodb *db, int tries)
{
	const struct http_client *http = &db->client->http;
	int64_t longest = PAUSE_MS;

	if (tries < 1)
		return;
	for (int i = 1; i < tries && longest < PAUSE_MAX_MS; i++)
		longest *= 2;
	if (longest > PAUSE_MAX_MS)
		longest = PAUSE_MAX_MS;
	http->clock->sleep(http->clock, (int64_t)(http->random() * (double)longest));
}

static int run_batch(struct batch *batch, struct gk_error *err)
{
	const struct gk_clock *clock = batch->db->client->http.clock;
	int64_t begun = clock->monotonic(clock);
	int lost = 0;

	for (int round = 0; batch->count > 0; round++) {
		bool late = clock->monotonic(clock) - begun > PATIENCE_MS;

		dynamodb_pause(batch->db, round);
		if (run_round(batch, late || round + 1 >= ROUNDS_MAX,
			      late || lost + 1 >= LOST_ROUNDS_MAX, err) < 0)
			return -1;
		lost += batch->lost;
	}
	return 0;
}

int dynamodb_run(struct dynamodb *db, struct dynamodb_request *const *requests, size_t count,
		 struct gk_error *err)
{
	_cleanup_(batch_done) struct batch batch = {.db = db, .count = count};

	if (count == 0)
		return 0;
	batch.open = calloc(count, sizeof(*batch.open));
	batch.calls = calloc(count, sizeof(*batch.calls));
	if (!batch.open || !batch.calls)
		return gk_error_memory(err);
	for (size_t i = 0; i < count; i++) {
		if (dynamodb_prepare(db, requests[i], err) < 0)
			return -1;
		batch.open[i] = requests[i];
	}
	return run_batch(&batch, err);
}

/* --- queries -------------------------------------------------------------------------------- */

/* Moves the items of a page to the end of `items`; at most `limit` stand there then. */
static int take_items(const struct dynamodb_request *request, cJSON *items, size_t limit,
		      size_t *count, struct gk_error *err)
{
	cJSON *page = cJSON_GetObjectItemCaseSensitive(request->call.json, "Items");

	while (page->child && *count < limit) {
		cJSON *item = cJSON_DetachItemViaPointer(page, page->child);

		if (!cJSON_AddItemToArray(items, item)) {
			cJSON_Delete(item);
			return gk_error_memory(err);
		}
		++*count;
	}
	return 0;
}

/* Goes on to the next page. False if that was the last one; -1 for a query that never ends. */
static int next_page(const struct dynamodb *db, struct dynamodb_request *request, cJSON **start,
		     struct gk_error *err)
{
	_cleanup_(gk_json_freep) cJSON *last = *start;

	*start = cJSON_DetachItemFromObjectCaseSensitive(request->call.json, "LastEvaluatedKey");
	if (*start && last && cJSON_Compare(*start, last, true))
		return gk_error_set(err, GK_FAILED,
				    "table %s: Query: the same page came twice running", db->table);
	return *start != NULL;
}

int dynamodb_query_all(struct dynamodb *db, const struct dynamodb_range *range, size_t limit,
		       cJSON **ret_items, struct gk_error *err)
{
	_cleanup_(gk_json_freep) cJSON *items = cJSON_CreateArray();
	_cleanup_(gk_json_freep) cJSON *start = NULL;
	size_t count = 0;
	int more = limit > 0;

	if (!items)
		return gk_error_memory(err);
	while (more && count < limit) {
		_cleanup_(dynamodb_request_done) struct dynamodb_request request = {0};
		size_t wanted = limit - count < 1000000 ? limit - count : 0;

		dynamodb_query(&request, range, wanted, start);
		if (dynamodb_run(db, (struct dynamodb_request *[]){&request}, 1, err) < 0 ||
		    take_items(&request, items, limit, &count, err) < 0)
			return -1;
		more = next_page(db, &request, &start, err);
		if (more < 0)
			return -1;
	}
	*ret_items = TAKE_PTR(items);
	return 0;
}
