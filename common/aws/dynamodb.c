#include "aws/dynamodb.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"

const char *dynamodb_region(const struct dynamodb *db)
{
	const char *region = db->region ? db->region : aws_client_region(db->client);

	return region ? region : "";
}

void dynamodb_request_done(struct dynamodb_request *request)
{
	aws_call_done(&request->call);
	gk_json_builder_done(&request->body);
	*request = (struct dynamodb_request){0};
}

int dynamodb_token(char *token, struct gk_error *err)
{
	unsigned char bytes[16];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return gk_error_set(err, GK_FAILED, "the system gives no random numbers");
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(token + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

/* --- values --------------------------------------------------------------------------------- */

/* {"S": …} under its name, for the value to be put into. */
static cJSON *typed(struct dynamodb_request *request, cJSON *to, const char *name)
{
	return gk_json_add_object(&request->body, to, name);
}

void dynamodb_put_text(struct dynamodb_request *request, cJSON *to, const char *name,
		       const char *value)
{
	if (value)
		gk_json_add_string(&request->body, typed(request, to, name), "S", value);
}

void dynamodb_put_number(struct dynamodb_request *request, cJSON *to, const char *name,
			 int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, value);
	gk_json_add_string(&request->body, typed(request, to, name), "N", text);
}

void dynamodb_put_flag(struct dynamodb_request *request, cJSON *to, const char *name, bool value)
{
	gk_json_add_bool(&request->body, typed(request, to, name), "BOOL", value);
}

cJSON *dynamodb_put_list(struct dynamodb_request *request, cJSON *to, const char *name)
{
	return gk_json_add_array(&request->body, typed(request, to, name), "L");
}

cJSON *dynamodb_put_map(struct dynamodb_request *request, cJSON *to, const char *name)
{
	return gk_json_add_object(&request->body, typed(request, to, name), "M");
}

/* --- requests ------------------------------------------------------------------------------- */

/* A request of its own that names no table yet: dynamodb_run adds it. */
static void begin(struct dynamodb_request *request, const char *action)
{
	request->call.service = AWS_DYNAMODB;
	request->call.action = action;
	if (gk_json_builder_init(&request->body, NULL) < 0)
		request->body.failed = true;
	request->target = request->body.root;
}

static void put_key(struct dynamodb_request *request, cJSON *to, const char *pk, const char *sk)
{
	dynamodb_put_text(request, to, "pk", pk);
	dynamodb_put_text(request, to, "sk", sk);
}

static void put_keys(struct dynamodb_request *request, const char *pk, const char *sk)
{
	put_key(request, gk_json_add_object(&request->body, request->target, "Key"), pk, sk);
}

static cJSON *put_new_item(struct dynamodb_request *request, const char *pk, const char *sk)
{
	cJSON *item = gk_json_add_object(&request->body, request->target, "Item");

	put_key(request, item, pk, sk);
	return item;
}

void dynamodb_get_item(struct dynamodb_request *request, const char *pk, const char *sk)
{
	begin(request, "GetItem");
	put_keys(request, pk, sk);
	gk_json_add_bool(&request->body, request->target, "ConsistentRead", true);
}

static void copy_member(struct dynamodb_request *request, const char *key, const cJSON *value)
{
	cJSON *copy = cJSON_Duplicate(value, true);

	if (copy && cJSON_AddItemToObject(request->target, key, copy))
		return;
	cJSON_Delete(copy);
	request->body.failed = true;
}

void dynamodb_query(struct dynamodb_request *request, const struct dynamodb_range *range,
		    size_t limit, const cJSON *start)
{
	begin(request, "Query");
	dynamodb_express(request, "KeyConditionExpression",
			 "#pk = :pk AND #sk BETWEEN :low AND :high");
	dynamodb_put_text(request, dynamodb_values(request), ":pk", range->pk);
	dynamodb_put_text(request, dynamodb_values(request), ":low", range->low);
	dynamodb_put_text(request, dynamodb_values(request), ":high", range->high);
	gk_json_add_bool(&request->body, request->target, "ScanIndexForward", !range->descending);
	gk_json_add_bool(&request->body, request->target, "ConsistentRead", true);
	if (limit)
		gk_json_add_integer(&request->body, request->target, "Limit", (int64_t)limit);
	if (start)
		copy_member(request, "ExclusiveStartKey", start);
}

cJSON *dynamodb_put_item(struct dynamodb_request *request, const char *pk, const char *sk)
{
	begin(request, "PutItem");
	return put_new_item(request, pk, sk);
}

void dynamodb_update_item(struct dynamodb_request *request, const char *pk, const char *sk)
{
	begin(request, "UpdateItem");
	put_keys(request, pk, sk);
}

void dynamodb_transaction(struct dynamodb_request *request, const char *token)
{
	begin(request, "TransactWriteItems");
	gk_json_add_string(&request->body, request->target, "ClientRequestToken", token);
	request->actions = gk_json_add_array(&request->body, request->body.root, "TransactItems");
}

static void add_action(struct dynamodb_request *request, const char *kind)
{
	cJSON *action = gk_json_add_object(&request->body, request->actions, NULL);

	request->target = gk_json_add_object(&request->body, action, kind);
	request->action_count++;
}

cJSON *dynamodb_add_put(struct dynamodb_request *request, const char *pk, const char *sk)
{
	add_action(request, "Put");
	return put_new_item(request, pk, sk);
}

void dynamodb_add_update(struct dynamodb_request *request, const char *pk, const char *sk)
{
	add_action(request, "Update");
	put_keys(request, pk, sk);
}

void dynamodb_add_delete(struct dynamodb_request *request, const char *pk, const char *sk)
{
	add_action(request, "Delete");
	put_keys(request, pk, sk);
}

void dynamodb_add_check(struct dynamodb_request *request, const char *pk, const char *sk)
{
	add_action(request, "ConditionCheck");
	put_keys(request, pk, sk);
}

/* The member of that name, made when it is not there. */
static cJSON *need_object(struct dynamodb_request *request, const char *name)
{
	cJSON *object = cJSON_GetObjectItemCaseSensitive(request->target, name);

	return object ? object : gk_json_add_object(&request->body, request->target, name);
}

void dynamodb_name(struct dynamodb_request *request, const char *placeholder, const char *name)
{
	cJSON *names = need_object(request, "ExpressionAttributeNames");

	if (!cJSON_GetObjectItemCaseSensitive(names, placeholder))
		gk_json_add_string(&request->body, names, placeholder, name);
}

cJSON *dynamodb_values(struct dynamodb_request *request)
{
	return need_object(request, "ExpressionAttributeValues");
}

void dynamodb_express(struct dynamodb_request *request, const char *kind, const char *expression)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz_0123456789";
	const char *at = expression;

	gk_json_add_string(&request->body, request->target, kind, expression);
	while ((at = strchr(at, '#'))) {
		char placeholder[64];
		int length = 1 + (int)strspn(at + 1, letters);

		snprintf(placeholder, sizeof(placeholder), "%.*s", length, at);
		dynamodb_name(request, placeholder, placeholder + 1);
		at += length;
	}
}

void dynamodb_tell_old(struct dynamodb_request *request)
{
	gk_json_add_string(&request->body, request->target, "ReturnValuesOnConditionCheckFailure",
			   "ALL_OLD");
}

/* --- reading -------------------------------------------------------------------------------- */

/* The value of an attribute, *ret NULL if it is absent or null. */
static int read_typed(const cJSON *map, const char *name, const char *type, const cJSON **ret,
		      struct gk_error *err)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(map, name);
	const cJSON *inner = cJSON_GetObjectItemCaseSensitive(value, type);

	if (value && !inner && !cJSON_GetObjectItemCaseSensitive(value, "NULL"))
		return gk_error_set(err, GK_FAILED, "its %s is not of type %s", name, type);
	*ret = inner;
	return 0;
}

int dynamodb_text(const cJSON *map, const char *name, const char **ret, struct gk_error *err)
{
	const cJSON *value = NULL;

	if (read_typed(map, name, "S", &value, err) < 0)
		return -1;
	if (value && !cJSON_IsString(value))
		return gk_error_set(err, GK_FAILED, "its %s is no text", name);
	*ret = cJSON_GetStringValue(value);
	return 0;
}

int dynamodb_number(const cJSON *map, const char *name, int64_t fallback, int64_t *ret,
		    struct gk_error *err)
{
	const cJSON *value = NULL;
	const char *text = NULL;
	char *end = NULL;
	int64_t number = fallback;

	if (read_typed(map, name, "N", &value, err) < 0)
		return -1;
	text = cJSON_GetStringValue(value);
	if (text)
		number = strtoll(text, &end, 10);
	if (value && (!text || end == text || *end))
		return gk_error_set(err, GK_FAILED, "its %s is no whole number", name);
	*ret = number;
	return 0;
}

int dynamodb_flag(const cJSON *map, const char *name, bool *ret, struct gk_error *err)
{
	const cJSON *value = NULL;

	if (read_typed(map, name, "BOOL", &value, err) < 0)
		return -1;
	*ret = cJSON_IsTrue(value);
	return 0;
}

int dynamodb_list(const cJSON *map, const char *name, const cJSON **ret, struct gk_error *err)
{
	const cJSON *value = NULL;

	if (read_typed(map, name, "L", &value, err) < 0)
		return -1;
	if (value && !cJSON_IsArray(value))
		return gk_error_set(err, GK_FAILED, "its %s is no list", name);
	*ret = value;
	return 0;
}

int dynamodb_map(const cJSON *map, const char *name, const cJSON **ret, struct gk_error *err)
{
	const cJSON *value = NULL;

	if (read_typed(map, name, "M", &value, err) < 0)
		return -1;
	if (value && !cJSON_IsObject(value))
		return gk_error_set(err, GK_FAILED, "its %s is no map", name);
	*ret = value;
	return 0;
}

int dynamodb_element(const cJSON *element, const cJSON **ret, struct gk_error *err)
{
	const cJSON *map = cJSON_GetObjectItemCaseSensitive(element, "M");

	if (!cJSON_IsObject(map))
		return gk_error_set(err, GK_FAILED, "an element is no map");
	*ret = map;
	return 0;
}

/* Names, and what each value takes: text its bytes, a number half its digits, a list or map three
 * bytes and one for every element. */
static size_t value_size(const cJSON *value)
{
	const cJSON *inner = value ? value->child : NULL;
	const cJSON *element = NULL;
	size_t size = 3;

	if (!inner || !inner->string)
		return 0;
	if (strcmp(inner->string, "S") == 0 && cJSON_IsString(inner))
		return strlen(inner->valuestring);
	if (strcmp(inner->string, "N") == 0 && cJSON_IsString(inner))
		return (strlen(inner->valuestring) + 1) / 2 + 2;
	if (strcmp(inner->string, "L") != 0 && strcmp(inner->string, "M") != 0)
		return 1;
	cJSON_ArrayForEach(element, inner)
		size += 1 + (inner->string[0] == 'M' ? strlen(element->string) : 0) +
			value_size(element);
	return size;
}

size_t dynamodb_item_size(const cJSON *item)
{
	const cJSON *attribute = NULL;
	size_t size = 0;

	cJSON_ArrayForEach(attribute, item)
		size += strlen(attribute->string) + value_size(attribute);
	return size;
}
