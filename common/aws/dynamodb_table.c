#include <stdio.h>
#include <string.h>

#include "aws/dynamodb.h"
#include "base/mem.h"

static const char table_text[] =
	"{\"BillingMode\":\"PAY_PER_REQUEST\","
	"\"AttributeDefinitions\":[{\"AttributeName\":\"pk\",\"AttributeType\":\"S\"},"
	"{\"AttributeName\":\"sk\",\"AttributeType\":\"S\"}],"
	"\"KeySchema\":[{\"AttributeName\":\"pk\",\"KeyType\":\"HASH\"},"
	"{\"AttributeName\":\"sk\",\"KeyType\":\"RANGE\"}],"
	"\"DeletionProtectionEnabled\":true,"
	"\"SSESpecification\":{\"Enabled\":false},"
	"\"Tags\":[{\"Key\":\"ManagedBy\",\"Value\":\"goldkeep\"}]}";

/* A request about the table, with the members of `text`. */
static void begin(struct dynamodb_request *request, const char *action, const char *text)
{
	request->call.service = AWS_DYNAMODB;
	request->call.action = action;
	request->body.failed = gk_json_parse(text, strlen(text), &request->body.root, NULL) < 0;
	request->target = request->body.root;
}

static int run(struct dynamodb *db, struct dynamodb_request *request, struct gk_error *err)
{
	return dynamodb_run(db, &request, 1, err);
}

static const cJSON *member(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

static const char *text_of(const cJSON *object, const char *key)
{
	const char *text = cJSON_GetStringValue(member(object, key));

	return text ? text : "";
}

static const char *type_of(const cJSON *table, const char *name)
{
	const cJSON *definition = NULL;

	cJSON_ArrayForEach(definition, member(table, "AttributeDefinitions"))
		if (strcmp(text_of(definition, "AttributeName"), name) == 0)
			return text_of(definition, "AttributeType");
	return "?";
}

/* "pk (S), sk (S)": the hash key stands first. */
static void read_keys(const cJSON *table, struct dynamodb_table *ret)
{
	static const char *const kinds[] = {"HASH", "RANGE"};
	size_t length = 0;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const cJSON *key = NULL;

		cJSON_ArrayForEach(key, member(table, "KeySchema")) {
			const char *name = text_of(key, "AttributeName");

			if (strcmp(text_of(key, "KeyType"), kinds[i]) != 0 ||
			    length >= sizeof(ret->keys))
				continue;
			length += (size_t)snprintf(ret->keys + length, sizeof(ret->keys) - length,
						   "%s%.80s (%s)", length ? ", " : "", name,
						   type_of(table, name));
		}
	}
}

static int read_table(const struct dynamodb_request *request, struct dynamodb_table *ret,
		      struct gk_error *err)
{
	struct dynamodb_table found = {.exists = true};
	const cJSON *table = member(request->call.json, "Table");
	const char *billing = NULL;

	if (!table)
		return gk_error_set(err, GK_FAILED, "DescribeTable: the answer has no Table");
	snprintf(found.status, sizeof(found.status), "%s", text_of(table, "TableStatus"));
	billing = text_of(member(table, "BillingModeSummary"), "BillingMode");
	snprintf(found.billing, sizeof(found.billing), "%s", *billing ? billing : "PROVISIONED");
	found.deletion_protection = cJSON_IsTrue(member(table, "DeletionProtectionEnabled"));
	read_keys(table, &found);
	*ret = found;
	return 0;
}

static bool is_missing(const struct dynamodb_request *request)
{
	return strcmp(request->call.code, "ResourceNotFoundException") == 0;
}

int dynamodb_describe_table(struct dynamodb *db, struct dynamodb_table *ret, struct gk_error *err)
{
	_cleanup_(dynamodb_request_done) struct dynamodb_request request = {0};
	struct gk_error failure = {0};

	begin(&request, "DescribeTable", "{}");
	if (run(db, &request, &failure) == 0)
		return read_table(&request, ret, err);
	if (!is_missing(&request)) {
		if (err)
			*err = failure;
		return -1;
	}
	*ret = (struct dynamodb_table){0};
	return 0;
}

int dynamodb_create_table(struct dynamodb *db, struct gk_error *err)
{
	_cleanup_(dynamodb_request_done) struct dynamodb_request request = {0};

	begin(&request, "CreateTable", table_text);
	return run(db, &request, err);
}

static int read_ttl(const struct dynamodb *db, const struct dynamodb_request *request,
		    const char *attribute, bool *ret, struct gk_error *err)
{
	const cJSON *description = member(request->call.json, "TimeToLiveDescription");
	const char *status = text_of(description, "TimeToLiveStatus");
	const char *name = text_of(description, "AttributeName");

	*ret = strcmp(status, "ENABLED") == 0 || strcmp(status, "ENABLING") == 0;
	if (*ret && strcmp(name, attribute) != 0)
		return gk_error_set(err, GK_REFUSED,
				    "table %s: expired items are told by %s, not by %s", db->table,
				    name, attribute);
	return 0;
}

int dynamodb_describe_ttl(struct dynamodb *db, const char *attribute, bool *ret,
			  struct gk_error *err)
{
	_cleanup_(dynamodb_request_done) struct dynamodb_request request = {0};

	begin(&request, "DescribeTimeToLive", "{}");
	if (run(db, &request, err) < 0)
		return -1;
	return read_ttl(db, &request, attribute, ret, err);
}

/* Sends what turns something on. */
static int enable(struct dynamodb *db, struct dynamodb_request *request, const char *busy,
		  bool *ret_again, struct gk_error *err)
{
	*ret_again = false;
	if (run(db, request, err) == 0)
		return 0;
	*ret_again = strcmp(request->call.code, busy) == 0;
	return -1;
}

int dynamodb_enable_ttl(struct dynamodb *db, const char *attribute, bool *ret_again,
			struct gk_error *err)
{
	_cleanup_(dynamodb_request_done) struct dynamodb_request request = {0};
	cJSON *specification = NULL;

	begin(&request, "UpdateTimeToLive", "{}");
	specification = gk_json_add_object(&request.body, request.target,
					   "TimeToLiveSpecification");
	gk_json_add_bool(&request.body, specification, "Enabled", true);
	gk_json_add_string(&request.body, specification, "AttributeName", attribute);
	return enable(db, &request, "ResourceInUseException", ret_again, err);
}

static bool read_backups(const struct dynamodb_request *request)
{
	const cJSON *recovery = member(member(request->call.json, "ContinuousBackupsDescription"),
				       "PointInTimeRecoveryDescription");

	return strcmp(text_of(recovery, "PointInTimeRecoveryStatus"), "ENABLED") == 0;
}

int dynamodb_describe_backups(struct dynamodb *db, bool *ret, struct gk_error *err)
{
	_cleanup_(dynamodb_request_done) struct dynamodb_request request = {0};

	begin(&request, "DescribeContinuousBackups", "{}");
	if (run(db, &request, err) < 0)
		return -1;
	*ret = read_backups(&request);
	return 0;
}

int dynamodb_enable_backups(struct dynamodb *db, bool *ret_again, struct gk_error *err)
{
	_cleanup_(dynamodb_request_done) struct dynamodb_request request = {0};

	begin(&request, "UpdateContinuousBackups",
	      "{\"PointInTimeRecoverySpecification\":{\"PointInTimeRecoveryEnabled\":true}}");
	return enable(db, &request, "ContinuousBackupsUnavailableException", ret_again, err);
}

/* --- everything at once --------------------------------------------------------------------- */

enum { ASK_TABLE, ASK_TTL, ASK_BACKUPS, ASKED };

/* What each answer says, with the error that stands for it. */
static void read_all(struct dynamodb *db, const struct dynamodb_request *requests,
		     const char *attribute, struct dynamodb_examination *ret)
{
	struct gk_error *errors[ASKED] = {&ret->table_error, &ret->expiry_error,
					  &ret->recovery_error};

	for (size_t i = 0; i < ASKED; i++)
		if (requests[i].call.error.code != GK_OK && !is_missing(&requests[i]))
			dynamodb_tell(db, &requests[i], errors[i]);
	if (ret->table_error.code == GK_OK && !is_missing(&requests[ASK_TABLE]))
		read_table(&requests[ASK_TABLE], &ret->table, &ret->table_error);
	if (ret->expiry_error.code == GK_OK)
		read_ttl(db, &requests[ASK_TTL], attribute, &ret->expiry, &ret->expiry_error);
	if (ret->recovery_error.code == GK_OK)
		ret->recovery = read_backups(&requests[ASK_BACKUPS]);
}

int dynamodb_examine(struct dynamodb *db, const char *attribute, struct dynamodb_examination *ret,
		     struct gk_error *err)
{
	static const char *const actions[ASKED] = {"DescribeTable", "DescribeTimeToLive",
						   "DescribeContinuousBackups"};
	struct dynamodb_request requests[ASKED] = {0};
	struct aws_call *calls[ASKED];
	struct dynamodb_examination found = {0};
	int result = 0;

	for (size_t i = 0; i < ASKED; i++) {
		begin(&requests[i], actions[i], "{}");
		calls[i] = &requests[i].call;
		if (result == 0)
			result = dynamodb_prepare(db, &requests[i], err);
	}
	if (result == 0)
		result = aws_run(db->client, calls, ASKED, err);
	if (result == 0) {
		read_all(db, requests, attribute, &found);
		*ret = found;
	}
	for (size_t i = 0; i < ASKED; i++)
		dynamodb_request_done(&requests[i]);
	return result;
}
