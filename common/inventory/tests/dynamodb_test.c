/*
 * The suite of the stores over a DynamoDB endpoint ($GOLDKEEP_DYNAMODB_ENDPOINT: the emulator,
 * DynamoDB Local), in a table of its own; and what no endpoint does on demand, over the double.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "aws/tests/fixture.h"
#include "base/mem.h"
#include "base/tests/unit.h"
#include "inventory/dynamodb_private.h"
#include "inventory/tests/store_helpers.h"

/* --- the suite ------------------------------------------------------------------------------ */

/* A connection: the store, and what it borrows. */
struct connection {
	const struct inventory_ops *wrapped;
	struct inventory_ops ops;
	struct http_transport *transport;
	struct aws_client *client;
};

struct fixture {
	struct store_under_test store;
	const char *endpoint;
	char table[64];
};

static const char *variable(const char *name)
{
	static const struct {
		const char *name, *value;
	} values[] = {
		{"AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"},
		{"AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"},
		{"AWS_REGION", "us-east-1"},
		{"AWS_CONFIG_FILE", "/nonexistent"},
		{"AWS_SHARED_CREDENTIALS_FILE", "/nonexistent"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		if (strcmp(values[i].name, name) == 0)
			return values[i].value;
	return NULL;
}

static void close_connection(struct inventory *inventory)
{
	struct connection *connection =
		(struct connection *)((char *)inventory->ops - offsetof(struct connection, ops));

	connection->wrapped->close(inventory);
	aws_client_free(connection->client);
	http_transport_free(connection->transport);
	free(connection);
}

static int connect_client(const struct fixture *fixture, struct connection *connection,
			  struct gk_error *err)
{
	const struct aws_options options = {.endpoint_url = fixture->endpoint, .getenv = variable};
	const struct http_curl_options curl = {.user_agent = "goldkeep-test"};

	if (http_curl_new(&curl, &connection->transport, err) < 0)
		return -1;
	return aws_client_new(&options, connection->transport, &gk_system_clock, NULL,
			      &connection->client, err);
}

static int open_table(struct store_under_test *store, struct inventory **ret, struct gk_error *err)
{
	const struct fixture *fixture = (const struct fixture *)store;
	struct connection *connection = calloc(1, sizeof(*connection));
	const struct dynamodb_place place = {.table = fixture->table};

	if (!connection)
		return gk_error_memory(err);
	if (connect_client(fixture, connection, err) < 0 ||
	    dynamodb_inventory_open(connection->client, NULL, &place, ret, err) < 0)
		return -1;
	connection->wrapped = (*ret)->ops;
	connection->ops = *(*ret)->ops;
	connection->ops.close = close_connection;
	(*ret)->ops = &connection->ops;
	return 0;
}

/* A table of its own for each test. */
static int set_up(void **state)
{
	static struct fixture fixture;
	static int number;
	const struct dynamodb_place place = {.table = fixture.table};
	struct connection connection = {0};
	struct gk_error err = {0};
	bool changed = false;

	fixture = (struct fixture){
		.store = {.open = open_table, .across_processes = true, .writes = 20},
		.endpoint = getenv("GOLDKEEP_DYNAMODB_ENDPOINT"),
	};
	snprintf(fixture.table, sizeof(fixture.table), "goldkeep-%lld-%d-%d",
		 (long long)time(NULL), (int)getpid(), number++);
	assert_success(connect_client(&fixture, &connection, &err), &err);
	assert_success(dynamodb_inventory_init(connection.client, &gk_system_clock, NULL, &place,
					       &changed, &err), &err);
	assert_true(changed);
	aws_client_free(connection.client);
	http_transport_free(connection.transport);
	*state = &fixture;
	return 0;
}

static void run_call(struct aws_client *client, const char *action, const char *format,
		     const char *table)
{
	struct aws_call call = {.service = AWS_DYNAMODB, .action = action};
	_cleanup_free_ char *body = gk_str_format(NULL, "{\"TableName\":\"%s\"%s}", table, format);
	struct gk_error err = {0};

	gk_buf_adds(&call.params, body);
	assert_success(aws_run(client, (struct aws_call *[]){&call}, 1, &err), &err);
	aws_call_done(&call);
}

/* The emulator gets slow with what is left of earlier tests. */
static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	struct connection connection = {0};
	struct gk_error err = {0};

	assert_success(connect_client(fixture, &connection, &err), &err);
	run_call(connection.client, "UpdateTable", ",\"DeletionProtectionEnabled\":false",
		 fixture->table);
	run_call(connection.client, "DeleteTable", "", fixture->table);
	aws_client_free(connection.client);
	http_transport_free(connection.transport);
	return 0;
}

static int run_suite(void)
{
	if (!getenv("GOLDKEEP_DYNAMODB_ENDPOINT")) {
		puts("skipped: the suite of the stores, for $GOLDKEEP_DYNAMODB_ENDPOINT is not set");
		return 0;
	}
	return store_suite_run(set_up, tear_down);
}

/* --- over the double ------------------------------------------------------------------------ */

#define HEAD_OF(kind, end)                                                                         \
	"{\"" kind "{\"pk\":{\"S\":\"F#web\"},\"sk\":{\"S\":\"H\"},\"format\":{\"N\":\"1\"},"                     \
	"\"top_key\":{\"S\":\"a1.a0.a0~\"},\"top_version\":{\"S\":\"1.0.0\"},"                        \
	"\"channels\":{\"M\":{}},\"channels_rev\":{\"N\":\"0\"},\"rev\":{\"N\":\"1\"}}" end "}"
#define HEAD HEAD_OF("Item\":", "")
#define HEADS HEAD_OF("Items\":[", "]") /* as a query tells it */
#define ROW(format)                                                                                \
	"{\"Item\":{\"pk\":{\"S\":\"F#web\"},\"sk\":{\"S\":\"V#a1.a0.a0~\"},"                            \
	"\"format\":{\"N\":\"" format "\"},\"version\":{\"S\":\"1.0.0\"},\"state\":{\"S\":\"live\"},"        \
	"\"run\":{\"S\":\"run\"},\"created_at\":{\"N\":\"1\"},\"rev\":{\"N\":\"3\"},"                      \
	"\"images\":{\"L\":[]}}}"
#define CANCELLED(reasons)                                                                         \
	"{\"__type\":\"com.amazonaws.dynamodb.v20120810#TransactionCanceledException\","             \
	"\"Message\":\"Transaction cancelled\",\"CancellationReasons\":[" reasons "]}"
#define NONE "{\"Code\":\"None\"}"
#define FAILED "{\"Code\":\"ConditionalCheckFailed\",\"Message\":\"The conditional request failed\"}"
#define MET "{\"Code\":\"TransactionConflict\"}"
#define PROBLEM(type) "{\"__type\":\"com.amazon.coral.service#" type "\",\"message\":\"what it says\"}"

static struct inventory *open_scripted(struct aws_fixture *f)
{
	const struct dynamodb_place place = {.table = "goldkeep", .region = "eu-west-1"};
	struct inventory *inventory = NULL;
	struct gk_error err = {0};

	assert_success(dynamodb_inventory_open(f->client, &f->sink, &place, &inventory, &err),
		       &err);
	return inventory;
}

static int insert_one(struct inventory *inventory, struct gk_error *err)
{
	_cleanup_(release_done) struct release release = {0};

	assert_success(test_release_init(&release, "web", "run", err), err);
	release.version = test_version("1.0.1");
	return inventory->ops->insert(inventory, &release, &test_event, err);
}

/* What a transaction was cancelled for decides what comes of an insert. */
static void test_reasons(void **state)
{
	static const struct {
		const char *first, *second; /* answers of TransactWriteItems; second NULL: none */
		int heads;                  /* how often the head is read */
		enum gk_code code;
		const char *message;
	} rows[] = {
		{CANCELLED(NONE "," NONE "," NONE "," FAILED "," NONE "," NONE), NULL, 1,
		 GK_CONFLICT, "web 1.0.1 or a release of run run"},
		{CANCELLED(NONE "," NONE "," FAILED "," NONE "," NONE "," FAILED), NULL, 1,
		 GK_CONFLICT, "web 1.0.1 or a release of run run"},
		/* Carried out before: its answer was lost. */
		{CANCELLED(FAILED "," NONE "," FAILED "," FAILED "," NONE "," FAILED), NULL, 1,
		 GK_OK, NULL},
		/* The head is not as it was: looked at again. */
		{CANCELLED(NONE "," NONE "," FAILED "," NONE "," NONE "," NONE), "{}", 2, GK_OK,
		 NULL},
		{CANCELLED(NONE "," NONE "," MET "," NONE "," NONE "," NONE), "{}", 1, GK_OK, NULL},
		/* Met others and refused, at once. */
		{CANCELLED(NONE "," NONE "," MET "," FAILED "," NONE "," NONE), NULL, 1,
		 GK_CONFLICT, "web 1.0.1 or a release of run run"},
		{CANCELLED(""), NULL, 1, GK_FAILED, "TransactionCanceledException"},
		{PROBLEM("TransactionCanceledException"), NULL, 1, GK_FAILED,
		 "TransactionCanceledException"},
		{CANCELLED("{\"Code\":\"ValidationError\",\"Message\":\"too odd\"}"), NULL, 1,
		 GK_FAILED, "ValidationError: too odd"},
	};
	struct aws_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(inventory_closep) struct inventory *inventory = open_scripted(f);
		struct gk_error err = {0};

		for (int head = 0; head < rows[i].heads; head++)
			aws_fixture_answer(f, "Query", 200, HEADS);
		aws_fixture_answer(f, "TransactWriteItems", 400, rows[i].first);
		if (rows[i].second)
			aws_fixture_answer(f, "TransactWriteItems", 200, rows[i].second);
		if (rows[i].code == GK_OK)
			assert_success(insert_one(inventory, &err), &err);
		else
			assert_failure(insert_one(inventory, &err), &err, rows[i].code,
				       rows[i].message);
	}
}

/* The same request again, with the same token. */
static void test_throttling_and_lost_answers(void **state)
{
	struct aws_fixture *f = *state;
	_cleanup_(inventory_closep) struct inventory *inventory = open_scripted(f);
	struct gk_error err = {0};
	size_t first = 0;

	aws_fixture_answer(f, "Query", 200, HEADS);
	for (int i = 0; i < 6; i++)
		aws_fixture_answer(f, "TransactWriteItems", 400,
				   PROBLEM("ProvisionedThroughputExceededException"));
	for (int i = 0; i < 5; i++)
		aws_fixture_answer_with(f, &(struct script_answer){.match = "TransactWriteItems",
								   .failure = "reset"});
	aws_fixture_answer(f, "TransactWriteItems", 200,
			   "{\"ConsumedCapacity\":[{\"TableName\":\"goldkeep\",\"CapacityUnits\":12}]}");
	assert_success(insert_one(inventory, &err), &err);
	first = 1; /* behind the Query */
	for (size_t i = first; i < f->script->sent_count; i++)
		assert_string_equal(f->script->sent[i].body, f->script->sent[first].body);
	assert_true(f->clock.slept > 0);
	inventory_closep(&inventory);
	assert_non_null(strstr(gk_buf_text(&f->log), "13 calls, 0 read units, 12 write units"));
}

static void test_what_is_not_ours(void **state)
{
	static const struct {
		int status;
		const char *head, *row, *table; /* table: what DescribeTable says */
		enum gk_code code;
		const char *message;
	} rows[] = {
		{200, HEAD, ROW("2"), NULL, GK_FAILED, "upgrade goldkeep"},
		{200, HEAD, "{\"Item\":{\"pk\":{\"S\":\"F#web\"}}}", NULL, GK_FAILED,
		 "goldkeep did not write it"},
		{400, PROBLEM("ResourceNotFoundException"), NULL,
		 PROBLEM("ResourceNotFoundException"), GK_USAGE,
		 "table goldkeep does not exist in eu-west-1: run `goldkeep init --store "
		 "'dynamodb:goldkeep?region=eu-west-1'`"},
		{400, PROBLEM("AccessDeniedException"), NULL, NULL, GK_DENIED, "dynamodb:GetItem"},
		{400, PROBLEM("ResourceNotFoundException"), NULL,
		 "{\"Table\":{\"TableStatus\":\"CREATING\"}}", GK_FAILED, "CREATING"},
		{400, PROBLEM("ValidationException"), NULL,
		 "{\"Table\":{\"TableStatus\":\"ACTIVE\",\"KeySchema\":[{\"AttributeName\":\"id\","
		 "\"KeyType\":\"HASH\"}],\"AttributeDefinitions\":[{\"AttributeName\":\"id\","
		 "\"AttributeType\":\"N\"}]}}", GK_USAGE, "its keys are id (N), not pk (S), sk (S)"},
	};
	struct aws_fixture *f = *state;
	struct semver version = test_version("1.0.0");

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(inventory_closep) struct inventory *inventory = open_scripted(f);
		_cleanup_(release_done) struct release release = {0};
		struct gk_error err = {0};
		bool found = false;

		aws_fixture_answer(f, "a1.a0.a0~", rows[i].status,
				   rows[i].row ? rows[i].row : rows[i].head);
		aws_fixture_answer(f, "GetItem", rows[i].status, rows[i].head);
		if (rows[i].table)
			aws_fixture_answer(f, "DescribeTable", rows[i].table[2] == '_' ? 400 : 200,
					   rows[i].table);
		assert_failure(inventory->ops->get(inventory, "web", &version, &found, &release,
						   &err), &err, rows[i].code, rows[i].message);
	}
}

static void test_too_large(void **state)
{
	struct aws_fixture *f = *state;
	_cleanup_(inventory_closep) struct inventory *inventory = open_scripted(f);
	_cleanup_(release_done) struct release release = {0};
	struct gk_error err = {0};

	assert_success(test_release_init(&release, "web", "run", &err), &err);
	release.version = test_version("1.0.1");
	for (int i = 0; i < 20000; i++)
		assert_non_null(image_add_snapshot(&release.images[0], "snap-0", &err));
	aws_fixture_answer(f, "Query", 200, HEADS);
	assert_failure(inventory->ops->insert(inventory, &release, &test_event, &err), &err,
		       GK_FAILED, "DynamoDB holds 409600");
	assert_int_equal(release.revision, 0);
}

/* Just not too large for DynamoDB, but for what is written until it is retired. */
static void test_room_until_it_is_retired(void **state)
{
	struct aws_fixture *f = *state;
	_cleanup_(inventory_closep) struct inventory *inventory = open_scripted(f);
	_cleanup_(release_done) struct release release = {0};
	struct dynamodb_request request = {0};
	struct gk_error err = {0};
	cJSON *item = dynamodb_put_item(&request, "F#web", "V#a1.a0.a1~");

	assert_success(test_release_init(&release, "web", "run", &err), &err);
	release.version = test_version("1.0.1");
	for (int i = 0; i < 4000; i++)
		assert_non_null(image_add_snapshot(&release.images[0], "snap-0123456789abcdef0",
						   &err));
	dynamodb_row_fill(&request, item, &release, SIZE_MAX);
	assert_true(dynamodb_item_size(item) < DYNAMODB_ITEM_MAX);
	dynamodb_request_done(&request);
	aws_fixture_answer(f, "Query", 200, HEADS);
	assert_failure(inventory->ops->insert(inventory, &release, &test_event, &err), &err,
		       GK_FAILED, "nothing was written");
}

/* What was let in is saved in every state, whatever the reasons of its snapshots. */
static void test_what_was_let_in_can_be_retired(void **state)
{
	_cleanup_(release_done) struct release release = {0};
	_cleanup_(release_done) struct release old = {0};
	struct gk_error err = {0};
	char reason[1001] = "";

	(void)state;
	memset(reason, 'x', sizeof(reason) - 1);
	assert_success(test_release_init(&release, "web", "run", &err), &err);
	release.version = test_version("1.0.1");
	for (int i = 0; i < 2200; i++)
		assert_non_null(image_add_snapshot(&release.images[0], "snap-0123456789abcdef0",
						   &err));
	for (int step = 0; step < 3; step++) {
		struct dynamodb_request request = {0};
		cJSON *item = dynamodb_put_item(&request, "F#web", "V#a1.a0.a1~");

		assert_success(dynamodb_row_write(&request, item, &release, step ? &old : NULL,
						  &err), &err);
		assert_true(dynamodb_item_size(item) <= DYNAMODB_ITEM_MAX);
		dynamodb_request_done(&request);
		release_done(&old);
		assert_success(release_copy(&release, &old, &err), &err);
		release.state = step ? RELEASE_RETIRED : RELEASE_RETIRING;
		for (size_t i = 0; i < release.images[0].snapshot_count; i++) {
			release.images[0].snapshots[i].state = SNAPSHOT_LEFTOVER;
			gk_str_set(&release.images[0].snapshots[i].reason, reason, &err);
		}
	}
}

/* A save that adds what does not fit; one that only takes away is let through. */
static void test_save_that_grows_too_large(void **state)
{
	_cleanup_(release_done) struct release release = {0};
	_cleanup_(release_done) struct release old = {0};
	struct dynamodb_request request = {0};
	struct gk_error err = {0};
	_cleanup_free_ char *reason = calloc(1, DYNAMODB_ITEM_MAX + 1);

	(void)state;
	assert_non_null(reason);
	memset(reason, 'x', DYNAMODB_ITEM_MAX);
	assert_success(test_release_init(&release, "web", "run", &err), &err);
	release.version = test_version("1.0.1");
	assert_success(release_copy(&release, &old, &err), &err);
	assert_success(gk_str_set(&release.held, reason, &err), &err);
	assert_failure(dynamodb_row_write(&request, dynamodb_put_item(&request, "F#web", "V#"),
					  &release, &old, &err), &err, GK_FAILED,
		       "web 1.0.1 with its 2 images takes up to 41");
	dynamodb_request_done(&request);
	err = (struct gk_error){0};
	assert_success(dynamodb_row_write(&request, dynamodb_put_item(&request, "F#web", "V#"), &old,
					  &release, &err), &err);
	dynamodb_request_done(&request);
}

/* Somebody else was faster: not at once again. */
static void test_pause_between_tries(void **state)
{
	struct aws_fixture *f = *state;
	_cleanup_(inventory_closep) struct inventory *inventory = open_scripted(f);
	struct channel stable = {.name = (char[]){"stable"}, .version = test_version("1.0.0")};
	struct gk_error err = {0};

	for (int i = 0; i < 2; i++) {
		aws_fixture_answer(f, "\"H\"", 200, HEAD);
		aws_fixture_answer(f, "a1.a0.a0~", 200, ROW("1"));
		aws_fixture_answer(f, "TransactWriteItems", i ? 200 : 400,
				   i ? "{}" : CANCELLED(NONE "," NONE "," FAILED "," NONE));
	}
	assert_success(inventory->ops->set_channel(inventory, "web", NULL, &stable, &test_event,
						   &err), &err);
	assert_true(f->clock.slept > 0);
}

static int run_scripted(void)
{
#define SCRIPTED(name)                                                                             \
	cmocka_unit_test_setup_teardown(name, aws_fixture_set_up, aws_fixture_tear_down)
	const struct CMUnitTest tests[] = {
		SCRIPTED(test_reasons),
		SCRIPTED(test_throttling_and_lost_answers),
		SCRIPTED(test_what_is_not_ours),
		SCRIPTED(test_too_large),
		SCRIPTED(test_room_until_it_is_retired),
		SCRIPTED(test_pause_between_tries),
		cmocka_unit_test(test_save_that_grows_too_large),
		cmocka_unit_test(test_what_was_let_in_can_be_retired),
	};
#undef SCRIPTED

	return cmocka_run_group_tests_name("dynamodb", tests, NULL, NULL);
}

int main(void)
{
	return run_scripted() + run_suite();
}
