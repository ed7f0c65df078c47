#include <stdio.h>
#include <time.h>

#include "base/mem.h"
#include "inventory/dynamodb_private.h"

void dynamodb_write_done(struct dynamodb_write *write)
{
	dynamodb_request_done(&write->request);
}

/* Of the machine, to the microsecond, and never twice: what one process writes keeps its order. */
static int64_t next_event_time(struct dynamodb_inventory *store)
{
	struct timespec now = {0};
	int64_t microseconds = 0;

	clock_gettime(CLOCK_REALTIME, &now);
	microseconds = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
	if (microseconds <= store->last_event)
		microseconds = store->last_event + 1;
	store->last_event = microseconds;
	return microseconds;
}

/* The two items of an event. The first has a random name: if it is there already, then an earlier
 * attempt of this very write was carried out, and its answer was lost. */
int dynamodb_write_init(struct dynamodb_write *write, struct dynamodb_inventory *store,
			const char *family, const struct semver *version,
			const struct event *event, struct gk_error *err)
{
	char token[DYNAMODB_TOKEN_SIZE];
	char sk[DYNAMODB_SK_SIZE];
	char time[DYNAMODB_TIME_SIZE];
	cJSON *item = NULL;

	write->store = store;
	semver_key(version, write->key);
	semver_format(version, write->version);
	dynamodb_pk(family, write->pk);
	if (dynamodb_token(token, err) < 0)
		return -1;
	dynamodb_event_time(next_event_time(store), time);
	dynamodb_transaction(&write->request, token);
	snprintf(sk, sizeof(sk), "E#%s#%s", time, token);
	item = dynamodb_add_put(&write->request, write->pk, sk);
	dynamodb_event_write(&write->request, item, write->version, event);
	dynamodb_put_text(&write->request, item, "op", token);
	dynamodb_express(&write->request, "ConditionExpression", "attribute_not_exists(#pk)");
	dynamodb_tell_old(&write->request);
	snprintf(sk, sizeof(sk), "T#%s#%s#%s", write->key, time, token);
	item = dynamodb_add_put(&write->request, write->pk, sk);
	dynamodb_event_write(&write->request, item, write->version, event);
	return 0;
}

/* *ret_refused: a condition was false, and it was not this write itself that made it so. */
int dynamodb_write_run(struct dynamodb_write *write, bool *ret_refused, struct gk_error *err)
{
	if (dynamodb_send(write->store, &write->request, err) < 0)
		return -1;
	*ret_refused = write->request.refused &&
		       !dynamodb_was_refused(&write->request, DYNAMODB_ACTION_EVENT);
	return 0;
}

int dynamodb_overtaken(const char *family, struct gk_error *err)
{
	return gk_error_set(err, GK_LOCKED,
			    "others kept changing family %s for as long as we tried", family);
}
