#include <string.h>

#include "base/mem.h"
#include "inventory/dynamodb_private.h"

enum { POLL_MS = 2000, WAIT_MAX_MS = 10 * 60 * 1000, PROGRESS_EVERY = 5 };

#define TTL_ATTRIBUTE "expires_at"

/* Making or checking a table. */
struct init {
	struct dynamodb db;
	const struct gk_clock *clock;
	const struct gk_log *log;
	bool changed;
};

static int refuse_keys(const struct init *init, const struct dynamodb_table *table,
		       struct gk_error *err)
{
	return gk_error_set(err, GK_REFUSED,
			    "table %s in %s is there already and is no goldkeep inventory: its "
			    "keys are %s, not " DYNAMODB_KEYS "; nothing was changed",
			    init->db.table, dynamodb_region(&init->db), table->keys);
}

/* Somebody else's CreateTable, or our own whose answer was lost, is as good. */
static int create(struct init *init, struct gk_error *err)
{
	struct gk_error failure = {0};

	gk_log(init->log, GK_LOG_STEP, "table %s in %s: making it", init->db.table,
	       dynamodb_region(&init->db));
	init->changed = true;
	if (dynamodb_create_table(&init->db, &failure) == 0 || failure.code == GK_CONFLICT)
		return 0;
	if (err)
		*err = failure;
	return -1;
}

/* Until it can be used. Just after CreateTable it may not be known everywhere. */
static int wait_until_active(struct init *init, struct gk_error *err)
{
	int64_t begun = init->clock->monotonic(init->clock);
	struct dynamodb_table table = {0};

	for (int round = 0;; round++) {
		int64_t waited = init->clock->monotonic(init->clock) - begun;

		if (dynamodb_describe_table(&init->db, &table, err) < 0)
			return -1;
		if (table.exists && strcmp(table.keys, DYNAMODB_KEYS) != 0)
			return refuse_keys(init, &table, err);
		if (strcmp(table.status, "ACTIVE") == 0)
			return 0;
		if (waited > WAIT_MAX_MS || strcmp(table.status, "DELETING") == 0 ||
		    (!init->changed && !table.exists))
			return gk_error_set(err, GK_FAILED, "table %s in %s is %s, not ACTIVE",
					    init->db.table, dynamodb_region(&init->db),
					    table.exists ? table.status : "not there");
		gk_log(init->log, round % PROGRESS_EVERY ? GK_LOG_PROGRESS : GK_LOG_STEP,
		       "table %s: %s, waiting (%lld s)", init->db.table,
		       table.exists ? table.status : "not visible yet",
		       (long long)(waited / 1000));
		init->clock->sleep(init->clock, POLL_MS);
	}
}

static int add_recovery(struct init *init, struct gk_error *err)
{
	int64_t begun = init->clock->monotonic(init->clock);
	bool enabled = false;
	bool again = true;

	if (dynamodb_describe_backups(&init->db, &enabled, err) < 0)
		return -1;
	if (enabled)
		return 0;
	while (again) {
		struct gk_error failure = {0};

		if (dynamodb_enable_backups(&init->db, &again, &failure) == 0)
			break;
		if (!again || init->clock->monotonic(init->clock) - begun > WAIT_MAX_MS) {
			if (err)
				*err = failure;
			return -1;
		}
		gk_log(init->log, GK_LOG_PROGRESS, "table %s: waiting for its backups",
		       init->db.table);
		init->clock->sleep(init->clock, POLL_MS);
	}
	init->changed = true;
	gk_log(init->log, GK_LOG_STEP, "table %s: point-in-time recovery is on", init->db.table);
	return 0;
}

static int add_expiry(struct init *init, struct gk_error *err)
{
	bool enabled = false;

	if (dynamodb_describe_ttl(&init->db, TTL_ATTRIBUTE, &enabled, err) < 0)
		return -1;
	if (enabled)
		return 0;
	if (dynamodb_enable_ttl(&init->db, TTL_ATTRIBUTE, err) < 0)
		return -1;
	init->changed = true;
	gk_log(init->log, GK_LOG_STEP, "table %s: items expire by " TTL_ATTRIBUTE, init->db.table);
	return 0;
}

/* What the table's owner decides is told, never altered. */
static void tell_other_settings(const struct init *init, const struct dynamodb_table *table)
{
	if (strcmp(table->billing, "PAY_PER_REQUEST") != 0)
		gk_log(init->log, GK_LOG_WARNING,
		       "table %s is billed as %s, not PAY_PER_REQUEST: left as it is",
		       init->db.table, table->billing);
	if (!table->deletion_protection)
		gk_log(init->log, GK_LOG_WARNING,
		       "table %s has no deletion protection: left as it is", init->db.table);
}

int dynamodb_inventory_init(struct aws_client *client, const struct gk_clock *clock,
			    const struct gk_log *log, const struct dynamodb_place *place,
			    bool *ret_changed, struct gk_error *err)
{
	struct init init = {
		.db = {.client = client, .table = place->table, .region = place->region,
		       .endpoint = place->endpoint},
		.clock = clock,
		.log = log,
	};
	struct dynamodb_table table = {0};

	if (dynamodb_table_check(place->table, err) < 0 ||
	    dynamodb_describe_table(&init.db, &table, err) < 0)
		return -1;
	if (table.exists && strcmp(table.keys, DYNAMODB_KEYS) != 0)
		return refuse_keys(&init, &table, err);
	if (table.exists)
		tell_other_settings(&init, &table);
	else if (create(&init, err) < 0)
		return -1;
	if (wait_until_active(&init, err) < 0 || add_recovery(&init, err) < 0 ||
	    add_expiry(&init, err) < 0)
		return -1;
	*ret_changed = init.changed;
	return 0;
}
