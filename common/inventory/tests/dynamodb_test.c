/*
 * The suite of the stores over a DynamoDB endpoint ($GOLDKEEP_DYNAMODB_ENDPOINT: the emulator,
 * DynamoDB Local), in a table of its own; and what no endpoint does on demand, over the double.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "aws/tests/environment.h"
#include "base/mem.h"
#include "base/tests/unit.h"
#include "inventory/dynamodb_private.h"
#include "inventory/tests/store_helpers.h"
#include "net/script.h"

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
		.store = {.open = open_table, .across_processes = true},
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

int main(void)
{
	return run_suite();
}
