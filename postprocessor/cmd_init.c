/* goldkeep init: makes the inventory, or checks the one that is there. */
#include <sys/stat.h>

#include "base/mem.h"
#include "commands.h"
#include "inventory/dynamodb.h"
#include "inventory/sqlite.h"
#include "output.h"

static int init_table(struct context *context, const struct store_address *address,
		      bool *ret_changed, struct gk_error *err)
{
	const struct dynamodb_place place = {address->name, address->region, address->endpoint};

	if (context_open_client(context, NULL, err) < 0)
		return -1;
	return dynamodb_inventory_init(context->aws, &gk_system_clock, &context->log, &place,
				       ret_changed, err);
}

/* Opening makes what is missing. */
static int init_file(struct context *context, const struct store_address *address,
		     bool *ret_changed, struct gk_error *err)
{
	struct stat info;
	bool exists = stat(address->name, &info) == 0;

	if (sqlite_inventory_open(address->name, SQLITE_READ_WRITE, &context->inventory, err) < 0)
		return -1;
	*ret_changed = !exists;
	return 0;
}

static int tell(struct context *context, const struct store_address *address, bool changed,
		struct gk_error *err)
{
	_cleanup_(gk_json_builder_done) struct gk_json_builder json = {0};

	gk_log(&context->log, GK_LOG_STEP, "the inventory %s%s %s",
	       address->dynamodb ? "dynamodb:" : "sqlite:", address->name,
	       changed ? "is ready" : "is there already, and as it should be");
	if (gk_json_builder_init(&json, err) < 0)
		return -1;
	gk_json_add_string(&json, json.root, "result", changed ? "initialized" : "unchanged");
	gk_json_add_integer(&json, json.root, "exit", EXIT_DONE);
	gk_json_add_string(&json, json.root, "kind", address->dynamodb ? "dynamodb" : "sqlite");
	gk_json_add_string(&json, json.root, "name", address->name);
	gk_json_add_string(&json, json.root, "region",
			   !address->dynamodb ? NULL
			   : address->region  ? address->region
					      : aws_client_region(context->aws));
	gk_json_add_string(&json, json.root, "error", NULL);
	return output_document(context, &json, err) < 0 ? -1 : EXIT_DONE;
}

static int run_init(struct context *context, struct gk_error *err)
{
	_cleanup_(store_address_done) struct store_address address = {0};
	bool changed = false;

	if (context_store_address(context, NULL, &address, err) < 0 ||
	    (address.dynamodb ? init_table(context, &address, &changed, err)
			      : init_file(context, &address, &changed, err)) < 0)
		return -1;
	return tell(context, &address, changed, err);
}

static const struct option_group *const groups[] = {&group_global, NULL};

const struct command command_init = {
	.name = "init",
	.arguments = "",
	.summary = "Create the inventory, or check the one that is there.",
	.groups = groups,
	.run = run_init,
};
