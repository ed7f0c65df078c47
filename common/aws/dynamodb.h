/*
 * DynamoDB: requests built from typed values, expressions with placeholders throughout, and answers
 * read strictly. Sources: DynamoDB API Reference 2012-08-10; the retry rules of the AWS SDKs.
 *
 * One request is made by a builder, sent by dynamodb_run, looked at, and taken down:
 *
 *	_cleanup_(dynamodb_request_done) struct dynamodb_request request = {0};
 *	dynamodb_transaction(&request, token);
 *	values = dynamodb_add_put(&request, "F#web", "H");
 *	dynamodb_put_text(&request, values, "state", "live");
 *	dynamodb_express(&request, "ConditionExpression", "attribute_not_exists(#pk)");
 *	dynamodb_run(db, (struct dynamodb_request *[]){&request}, 1, err);
 *
 * Keys are pk and sk, both text. Reads are consistent. Memory that ran out while building is told
 * by dynamodb_run.
 */
#ifndef GK_AWS_DYNAMODB_H
#define GK_AWS_DYNAMODB_H

#include "aws/client.h"
#include "base/json.h"

enum {
	DYNAMODB_ITEM_MAX = 400 * 1024, /* bytes of an item, names included */
	DYNAMODB_ACTIONS_MAX = 100,     /* of one transaction */
	DYNAMODB_TOKEN_SIZE = 37,
};

/* What a table was asked for: requests, with those that were sent again, and what its answers tell
 * that they consumed. */
struct dynamodb_usage {
	size_t calls;
	double read_units, write_units;
};

/* A table. All borrowed. */
struct dynamodb {
	struct aws_client *client;
	const char *region;   /* NULL: the configured one */
	const char *endpoint; /* NULL: the configured one */
	const char *table;
	struct dynamodb_usage usage;
};

/* The region that is spoken to; "" if there is none. */
const char *dynamodb_region(const struct dynamodb *db);

/* Zero-initialised before it is built. */
struct dynamodb_request {
	struct aws_call call;        /* call.json is the answer afterwards */
	struct gk_json_builder body;
	cJSON *target;               /* what expressions belong to: the request or its last action */
	cJSON *actions;              /* of a transaction */
	int action_count;
	/* Afterwards: a condition was false, and nothing was written. Not an error. */
	bool refused;
};

void dynamodb_request_done(struct dynamodb_request *request);

/* --- requests ------------------------------------------------------------------------------- */

/* A key range of one partition, both ends included. */
struct dynamodb_range {
	const char *pk, *low, *high;
	bool descending;
};

void dynamodb_get_item(struct dynamodb_request *request, const char *pk, const char *sk);
/* One page; `limit` 0: none. `start` (an answer's LastEvaluatedKey) is copied; NULL: from the
 * beginning. */
void dynamodb_query(struct dynamodb_request *request, const struct dynamodb_range *range,
		    size_t limit, const cJSON *start);
/* Returns the item, to be filled in. */
cJSON *dynamodb_put_item(struct dynamodb_request *request, const char *pk, const char *sk);
void dynamodb_update_item(struct dynamodb_request *request, const char *pk, const char *sk);

/* A transaction, and its actions, numbered from 0. The token makes it safe to send again. */
void dynamodb_transaction(struct dynamodb_request *request, const char *token);
cJSON *dynamodb_add_put(struct dynamodb_request *request, const char *pk, const char *sk);
void dynamodb_add_update(struct dynamodb_request *request, const char *pk, const char *sk);
void dynamodb_add_delete(struct dynamodb_request *request, const char *pk, const char *sk);
void dynamodb_add_check(struct dynamodb_request *request, const char *pk, const char *sk);

/* Gives the request, or its last action, an expression ("ConditionExpression",
 * "UpdateExpression"). A #name in it stands for the attribute `name`. */
void dynamodb_express(struct dynamodb_request *request, const char *kind, const char *expression);
/* #placeholder for an attribute whose name is not fixed. */
void dynamodb_name(struct dynamodb_request *request, const char *placeholder, const char *name);
/* Where the values of its expressions go, with names like ":seen". */
cJSON *dynamodb_values(struct dynamodb_request *request);
/* Has a false condition tell the item as it is. */
void dynamodb_tell_old(struct dynamodb_request *request);

/* 128 random bits as text into token[DYNAMODB_TOKEN_SIZE]; -1 if there is no randomness. */
int dynamodb_token(char *token, struct gk_error *err);

/* --- values --------------------------------------------------------------------------------- */

/* A member of a map; with name NULL, an element of a list. A text that is NULL is left out. */
void dynamodb_put_text(struct dynamodb_request *request, cJSON *to, const char *name,
		       const char *value);
void dynamodb_put_number(struct dynamodb_request *request, cJSON *to, const char *name,
			 int64_t value);
void dynamodb_put_flag(struct dynamodb_request *request, cJSON *to, const char *name, bool value);
cJSON *dynamodb_put_list(struct dynamodb_request *request, cJSON *to, const char *name);
cJSON *dynamodb_put_map(struct dynamodb_request *request, cJSON *to, const char *name);

/* Absent: NULL, the fallback, NULL. Another type is GK_FAILED, naming the attribute. Borrowed. */
int dynamodb_text(const cJSON *map, const char *name, const char **ret, struct gk_error *err);
int dynamodb_number(const cJSON *map, const char *name, int64_t fallback, int64_t *ret,
		    struct gk_error *err);
int dynamodb_flag(const cJSON *map, const char *name, bool *ret, struct gk_error *err);
int dynamodb_list(const cJSON *map, const char *name, const cJSON **ret, struct gk_error *err);
int dynamodb_map(const cJSON *map, const char *name, const cJSON **ret, struct gk_error *err);
/* The map that an element of a list is. */
int dynamodb_element(const cJSON *element, const cJSON **ret, struct gk_error *err);

/* Bytes that an item takes, counted as DynamoDB Developer Guide, "Item sizes and formats". */
size_t dynamodb_item_size(const cJSON *item);

/* --- running -------------------------------------------------------------------------------- */

/*
 * Sends them all at once. -1 for everything but a false condition: memory, and the first request
 * that failed. Conflicts of transactions, throttling and lost answers are waited out and tried
 * again, for a minute at most (GK_LOCKED: it was others all the time). GK_USAGE: the table does not exist, with the command to make it, or
 * is of another shape; GK_DENIED names the permission.
 */
int dynamodb_run(struct dynamodb *db, struct dynamodb_request *const *requests, size_t count,
		 struct gk_error *err);

/* Makes its call ready, for who runs it himself. */
int dynamodb_prepare(const struct dynamodb *db, struct dynamodb_request *request,
		     struct gk_error *err);

/* Why a request failed, with the table in front; for dynamodb_run. Returns -1. */
int dynamodb_tell(struct dynamodb *db, const struct dynamodb_request *request,
		  struct gk_error *err);
/* Waits before what others were faster at is tried again: up to 50 ms after one try, twice that
 * after two, … 2 s, with full jitter. Not at all after none. */
void dynamodb_pause(const struct dynamodb *db, int tries);

/* The item of a GetItem, or NULL. */
const cJSON *dynamodb_item(const struct dynamodb_request *request);
/* After `refused`: was it (also) the condition of this action? And the item that was there, or
 * NULL. */
bool dynamodb_was_refused(const struct dynamodb_request *request, int action);
const cJSON *dynamodb_old_item(const struct dynamodb_request *request, int action);

/* All pages of a query, or as many items as the limit says (SIZE_MAX: all). The items are detached
 * into an owned array. */
int dynamodb_query_all(struct dynamodb *db, const struct dynamodb_range *range, size_t limit,
		       cJSON **ret_items, struct gk_error *err);

/* --- the table ------------------------------------------------------------------------------ */

/* GK_UNSUPPORTED from any of these: this DynamoDB (an emulator) does not know the operation. */

struct dynamodb_table {
	bool exists;
	char status[40];           /* "ACTIVE" */
	char billing[32];          /* "PAY_PER_REQUEST", "PROVISIONED" */
	bool deletion_protection;
	char keys[256];            /* "pk (S), sk (S)": hash and range key, for comparing and telling */
};

#define DYNAMODB_KEYS "pk (S), sk (S)"

/* 0 if it can be used for items. Else GK_USAGE: it does not exist, with the command that makes it,
 * or is of another shape; GK_FAILED: not now. */
int dynamodb_judge_table(const struct dynamodb *db, const struct dynamodb_table *table,
			 struct gk_error *err);

int dynamodb_describe_table(struct dynamodb *db, struct dynamodb_table *ret, struct gk_error *err);
/* On-demand, deletion protection, ManagedBy=goldkeep. GK_CONFLICT: it is there. */
int dynamodb_create_table(struct dynamodb *db, struct gk_error *err);
/* *ret tells whether expired items are removed by that attribute; it is GK_REFUSED if they are by
 * another one. */
int dynamodb_describe_ttl(struct dynamodb *db, const char *attribute, bool *ret,
			  struct gk_error *err);
/* *ret_again: not yet, the table is being changed. */
int dynamodb_enable_ttl(struct dynamodb *db, const char *attribute, bool *ret_again,
			struct gk_error *err);
/* Point-in-time recovery. */
int dynamodb_describe_backups(struct dynamodb *db, bool *ret, struct gk_error *err);
/* *ret_again: not yet, the table is too young. */
int dynamodb_enable_backups(struct dynamodb *db, bool *ret_again, struct gk_error *err);

/* All that the three describe calls above tell; what one of them cannot is in its error. */
struct dynamodb_examination {
	struct dynamodb_table table;
	bool expiry, recovery;
	struct gk_error table_error, expiry_error, recovery_error;
};

/* Asks all at once. -1 only if nothing could be sent. */
int dynamodb_examine(struct dynamodb *db, const char *attribute, struct dynamodb_examination *ret,
		     struct gk_error *err);

#endif
