#include <string.h>

#include "base/mem.h"
#include "inventory/dynamodb_private.h"

enum { POLL_MS = 2000, POLL_SHIFT_MAX = 3, WAIT_MAX_MS = 10 * 60 * 1000, PROGRESS_EVERY = 5 };

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

static int refuse_status(const struct init *init, const struct dynamodb_table *table,
			 struct gk_error *err)
{
	if (strcmp(table->status, "DELETING") == 0)
		return gk_error_set(err, GK_FAILED,
				    "table %s in %s is being deleted (DELETING): run the same "
				    "command again when it is gone, or name another table",
				    init->db.table, dynamodb_region(&init->db));
	return gk_error_set(err, GK_FAILED,
			    "table %s in %s is %s, not ACTIVE: run the same command again later",
			    init->db.table, dynamodb_region(&init->db),
			    table->exists ? table->status : "not there");
}

/* 250 ms, 500 ms, 1 s, and then every 2 s. */
static void pause_in(const struct init *init, int round)
{
	int shift = round < POLL_SHIFT_MAX ? POLL_SHIFT_MAX - round : 0;

	init->clock->sleep(init->clock, POLL_MS >> shift);
}

/* ARCHIVED and the like do not pass. */
static bool passes(const struct dynamodb_table *table)
{
	return strcmp(table->status, "CREATING") == 0 || strcmp(table->status, "UPDATING") == 0;
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
		if (waited > WAIT_MAX_MS || (table.exists ? !passes(&table) : !init->changed))
			return refuse_status(init, &table, err);
		gk_log(init->log, round % PROGRESS_EVERY ? GK_LOG_PROGRESS : GK_LOG_STEP,
		       "table %s: %s, waiting (%lld s)", init->db.table,
		       table.exists ? table.status : "not visible yet",
		       (long long)(waited / 1000));
		pause_in(init, round);
	}
}

/* --- what a table has to have ---------------------------------------------------------------- */

struct feature {
	const char *what;
	int (*describe)(struct dynamodb *db, bool *ret, struct gk_error *err);
	/* *ret_again: not yet, the table is busy. */
	int (*enable)(struct dynamodb *db, bool *ret_again, struct gk_error *err);
};

static int describe_expiry(struct dynamodb *db, bool *ret, struct gk_error *err)
{
	return dynamodb_describe_ttl(db, TTL_ATTRIBUTE, ret, err);
}

static int enable_expiry(struct dynamodb *db, bool *ret_again, struct gk_error *err)
{
	return dynamodb_enable_ttl(db, TTL_ATTRIBUTE, ret_again, err);
}

static const struct feature features[] = {
	{"point-in-time recovery", dynamodb_describe_backups, dynamodb_enable_backups},
	{"expiry by " TTL_ATTRIBUTE, describe_expiry, enable_expiry},
};

/* Looked at again whenever turning it on failed: an earlier attempt whose answer was lost, or
 * somebody else, may have done it. */
static int turn_on(struct init *init, const struct feature *feature, struct gk_error *err)
{
	int64_t begun = init->clock->monotonic(init->clock);
	bool enabled = false;
	bool again = true;

	for (int round = 0;; round++) {
		struct gk_error failure = {0};

		if (feature->describe(&init->db, &enabled, err) < 0)
			return -1;
		if (enabled && round == 0)
			return 0;
		if (enabled || feature->enable(&init->db, &again, &failure) == 0)
			break;
		if (init->clock->monotonic(init->clock) - begun > WAIT_MAX_MS ||
		    (!again && round > 0) || failure.code == GK_UNSUPPORTED) {
			if (err)
				*err = failure;
			return -1;
		}
		gk_log(init->log, GK_LOG_PROGRESS, "table %s: %s is not on yet, waiting",
		       init->db.table, feature->what);
		pause_in(init, round);
	}
	init->changed = true;
	gk_log(init->log, GK_LOG_STEP, "table %s: %s is on", init->db.table, feature->what);
	return 0;
}

/* An emulator may not have it: the table is good without. */
static int add_feature(struct init *init, const struct feature *feature, struct gk_error *err)
{
	struct gk_error failure = {0};

	if (turn_on(init, feature, &failure) == 0)
		return 0;
	if (failure.code == GK_UNSUPPORTED) {
		gk_log(init->log, GK_LOG_WARNING,
		       "table %s in %s: %s could not be turned on, for this DynamoDB does not know "
		       "it", init->db.table, dynamodb_region(&init->db), feature->what);
		return 0;
	}
	if (err)
		*err = failure;
	return -1;
}

/* --- the whole ------------------------------------------------------------------------------- */

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
	if (wait_until_active(&init, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(features); i++)
		if (add_feature(&init, &features[i], err) < 0)
			return -1;
	*ret_changed = init.changed;
	return 0;
}

/* --- only looking ---------------------------------------------------------------------------- */

int dynamodb_inventory_examine(struct aws_client *client, const struct dynamodb_place *place,
			       struct dynamodb_report *ret, struct gk_error *err)
{
	struct dynamodb db = {.client = client, .table = place->table, .region = place->region,
			      .endpoint = place->endpoint};
	struct dynamodb_examination found = {0};
	struct dynamodb_report report = {0};

	if (dynamodb_examine(&db, TTL_ATTRIBUTE, &found, err) < 0)
		return -1;
	if (found.table_error.code == GK_DENIED) {
		report.unknown = found.table_error;
	} else if (found.table_error.code != GK_OK) {
		*err = found.table_error;
		return -1;
	} else if (dynamodb_judge_table(&db, &found.table, err) < 0) {
		return -1;
	}
	memcpy(report.billing, found.table.billing, sizeof(report.billing));
	report.deletion_protection = found.table.deletion_protection;
	report.expiry = found.expiry;
	report.expiry_error = found.expiry_error;
	report.recovery = found.recovery;
	report.recovery_error = found.recovery_error;
	*ret = report;
	return 0;
}
