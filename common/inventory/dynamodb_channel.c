#include <string.h>

#include "base/mem.h"
#include "inventory/dynamodb_private.h"

/* A move of a channel, and what it was decided on. */
struct move {
	struct dynamodb_inventory *store;
	const char *family;
	const struct semver *from;
	const struct channel *to;
	struct dynamodb_head head;
	struct release release; /* that it goes to */
};

static void move_done(struct move *move)
{
	dynamodb_head_done(&move->head);
	release_done(&move->release);
}

static bool stands_as_told(const struct move *move)
{
	const struct channel *now = channel_list_find(&move->head.channels, move->to->name);

	return (now != NULL) == (move->from != NULL) &&
	       (!now || semver_compare(move->from, &now->version) == 0);
}

static int check_from(const struct move *move, struct gk_error *err)
{
	const struct channel *now = channel_list_find(&move->head.channels, move->to->name);
	char text[SEMVER_TEXT_SIZE];

	if (stands_as_told(move))
		return 0;
	return gk_error_set(err, GK_CONFLICT, "channel %s of %s was moved meanwhile: it names %s",
			    move->to->name, move->family,
			    now ? semver_format(&now->version, text) : "nothing");
}

/* Head and release, in one round trip. */
static int look(struct move *move, bool *ret_found, struct gk_error *err)
{
	_cleanup_(dynamodb_request_done) struct dynamodb_request head = {0};
	_cleanup_(dynamodb_request_done) struct dynamodb_request row = {0};
	struct dynamodb_request *both[] = {&head, &row};
	char pk[DYNAMODB_PK_SIZE];
	char sk[DYNAMODB_SK_SIZE];
	char key[SEMVER_KEY_SIZE];

	semver_key(&move->to->version, key);
	dynamodb_get_item(&head, dynamodb_pk(move->family, pk), "H");
	dynamodb_get_item(&row, pk, dynamodb_sk(DYNAMODB_LIVE, key, sk));
	if (dynamodb_run(&move->store->db, both, ARRAY_SIZE(both), err) < 0 ||
	    dynamodb_head_parse(move->store, dynamodb_item(&head), &move->head, err) < 0)
		return -1;
	dynamodb_see_head(move->store, move->family, &move->head);
	*ret_found = false;
	if (!move->head.exists || move->head.importing)
		return 0;
	*ret_found = true;
	if (dynamodb_item(&row))
		return dynamodb_row_read(move->store, dynamodb_item(&row), move->family,
					 &move->release, err);
	return dynamodb_find(move->store, move->family, key, ret_found, &move->release, err);
}

/* Head and release as they were seen last, if they allow the move. */
static bool recall(struct move *move)
{
	const struct dynamodb_head *head = dynamodb_seen_head(move->store, move->family);
	const struct release *release = NULL;
	char key[SEMVER_KEY_SIZE];

	release = dynamodb_seen_release(move->store, move->family,
					semver_key(&move->to->version, key), 0);
	if (!head || !head->exists || head->importing || !release ||
	    inventory_check_target(move->family, move->to, release, NULL) < 0)
		return false;
	if (dynamodb_head_copy(head, &move->head, NULL) == 0 && stands_as_told(move) &&
	    release_copy(release, &move->release, NULL) == 0)
		return true;
	move_done(move);
	return false;
}

/* The head as it was seen gets the channel, if the release still is what a channel may name. */
static void build(struct dynamodb_write *write, const struct move *move)
{
	struct dynamodb_request *request = &write->request;
	struct channel named = *move->to; /* by the release's own name, with build metadata */
	char sk[DYNAMODB_SK_SIZE];
	cJSON *values = NULL;

	named.version = move->release.version;
	dynamodb_add_update(request, write->pk, "H");
	dynamodb_name(request, "#c", move->to->name);
	dynamodb_express(request, "UpdateExpression",
			 "SET #channels.#c = :channel, #channels_rev = :next ADD #rev :one");
	dynamodb_express(request, "ConditionExpression",
			 "attribute_not_exists(#importing) AND #channels_rev = :seen");
	values = dynamodb_values(request);
	dynamodb_put_channel(request, values, ":channel", &named);
	dynamodb_put_number(request, values, ":seen", move->head.channels_revision);
	dynamodb_put_number(request, values, ":next", move->head.channels_revision + 1);
	dynamodb_put_number(request, values, ":one", 1);
	dynamodb_add_check(request, write->pk, dynamodb_sk(DYNAMODB_LIVE, write->key, sk));
	dynamodb_express(request, "ConditionExpression",
			 "#state IN (:live, :deprecated, :disabled) AND "
			 "attribute_not_exists(#revoked)");
	values = dynamodb_values(request);
	dynamodb_put_text(request, values, ":live", release_state_name(RELEASE_LIVE));
	dynamodb_put_text(request, values, ":deprecated", release_state_name(RELEASE_DEPRECATED));
	dynamodb_put_text(request, values, ":disabled", release_state_name(RELEASE_DISABLED));
}

/* 1 if something changed meanwhile: look again. */
static int try_once(const struct move *order, bool fresh, const struct event *event,
		    struct gk_error *err)
{
	_cleanup_(dynamodb_write_done) struct dynamodb_write write = {0};
	_cleanup_(move_done) struct move move = *order;
	bool refused = false;
	bool found = !fresh && recall(&move);

	if (!found && (look(&move, &found, err) < 0 || check_from(&move, err) < 0))
		return -1;
	if (inventory_check_target(move.family, move.to, found ? &move.release : NULL, err) < 0 ||
	    dynamodb_write_init(&write, move.store, move.family, &move.release.version, event,
				err) < 0)
		return -1;
	build(&write, &move);
	if (dynamodb_write_run(&write, &refused, err) < 0)
		return -1;
	return refused;
}

int dynamodb_set_channel(struct inventory *inventory, const char *family,
			 const struct semver *from, const struct channel *to,
			 const struct event *event, struct gk_error *err)
{
	struct dynamodb_inventory *store = (struct dynamodb_inventory *)inventory;
	struct move order = {
		.store = store,
		.family = family,
		.from = from,
		.to = to,
	};
	int result = 1;

	for (int i = 0; result > 0 && i < DYNAMODB_TRIES_MAX; i++) {
		dynamodb_pause(&store->db, i);
		result = try_once(&order, i > 0, event, err);
	}
	if (result == 0)
		dynamodb_see_channel(store, family, to);
	else
		dynamodb_forget_head(store);
	return result > 0 ? dynamodb_overtaken(family, err) : result;
}
