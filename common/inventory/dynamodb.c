#include "inventory/dynamodb.h"

#include <string.h>

#include "base/mem.h"
#include "inventory/dynamodb_private.h"

enum { TABLE_MIN = 3, TABLE_MAX = 255 };

int dynamodb_table_check(const char *table, struct gk_error *err)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_.-";
	size_t length = strlen(table);

	if (length < TABLE_MIN || length > TABLE_MAX || strspn(table, allowed) != length)
		return gk_error_set(err, GK_USAGE, "'%.80s' is no name of a DynamoDB table: 3 to "
				    "255 letters, digits and _ . -", table);
	return 0;
}

static void dynamodb_close(struct inventory *inventory)
{
	struct dynamodb_inventory *store = (struct dynamodb_inventory *)inventory;
	const struct dynamodb_usage *usage = &store->db.usage;

	if (usage->calls)
		gk_log(store->log, GK_LOG_DEBUG,
		       "inventory: %zu call%s, %g read units, %g write units", usage->calls,
		       usage->calls == 1 ? "" : "s", usage->read_units, usage->write_units);
	gk_strv_done(&store->ready);
	dynamodb_seen_done(&store->seen);
	free(store->table);
	free(store->region);
	free(store->endpoint);
	free(store);
}

static void store_freep(struct dynamodb_inventory **store)
{
	if (*store)
		dynamodb_close(&(*store)->base);
}

static const struct inventory_ops dynamodb_ops = {
	.close = dynamodb_close,
	.get = dynamodb_get,
	.find_run = dynamodb_find_run,
	.top = dynamodb_top,
	.page = dynamodb_page,
	.insert = dynamodb_insert,
	.save = dynamodb_save,
	.families = dynamodb_families,
	.channels = dynamodb_channels,
	.set_channel = dynamodb_set_channel,
	.events = dynamodb_events,
	.import_family = dynamodb_import_family,
};

int dynamodb_inventory_open(struct aws_client *client, const struct gk_log *log,
			    const struct dynamodb_place *place, struct inventory **ret,
			    struct gk_error *err)
{
	_cleanup_(store_freep) struct dynamodb_inventory *store = NULL;

	if (dynamodb_table_check(place->table, err) < 0)
		return -1;
	store = calloc(1, sizeof(*store));
	if (!store)
		return gk_error_memory(err);
	store->base.ops = &dynamodb_ops;
	store->log = log;
	if (gk_str_set(&store->table, place->table, err) < 0 ||
	    gk_str_set(&store->region, place->region, err) < 0 ||
	    gk_str_set(&store->endpoint, place->endpoint, err) < 0)
		return -1;
	store->db = (struct dynamodb){
		.client = client,
		.table = store->table,
		.region = store->region,
		.endpoint = store->endpoint,
	};
	*ret = &TAKE_PTR(store)->base;
	return 0;
}
