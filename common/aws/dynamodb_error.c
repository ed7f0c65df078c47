#include <ctype.h>
#include <string.h>

#include "aws/dynamodb.h"
#include "aws/send.h"
#include "base/mem.h"

/* For the shell, within single quotes. */
static void add_quoted(struct gk_buf *command, const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			gk_buf_adds(command, "'\\'");
		gk_buf_addc(command, *text);
		if (*text == '\'')
			gk_buf_addc(command, '\'');
	}
}

/* "?region=eu-west-1", percent-encoded. */
static void add_parameter(struct gk_buf *command, const char *beginning, const char *value)
{
	if (!value || !*value)
		return;
	gk_buf_adds(command, beginning);
	for (; *value; value++) {
		if (isalnum((unsigned char)*value) || strchr("-._~:/[]", *value))
			gk_buf_addc(command, *value);
		else
			gk_buf_addf(command, "%%%02X", (unsigned char)*value);
	}
}

static void add_option(struct gk_buf *command, const char *name, const char *value)
{
	if (!value)
		return;
	gk_buf_addf(command, " %s '", name);
	add_quoted(command, value);
	gk_buf_addc(command, '\'');
}

/* With the command that makes it, to be pasted. */
static int tell_missing(const struct dynamodb *db, struct gk_error *err)
{
	const struct aws_settings *settings = &db->client->settings;
	const char *region = dynamodb_region(db);
	_cleanup_(gk_buf_done) struct gk_buf command = {0};

	gk_buf_addf(&command, "goldkeep init --store 'dynamodb:%s", db->table);
	add_parameter(&command, "?region=", region);
	add_parameter(&command, *region ? "&endpoint=" : "?endpoint=", db->endpoint);
	gk_buf_addc(&command, '\'');
	add_option(&command, "--profile", settings->profile_by_flag ? settings->profile : NULL);
	add_option(&command, "--endpoint-url", settings->endpoint_url);
	if (gk_buf_check(&command, err) < 0)
		return -1;
	return gk_error_set(err, GK_USAGE, "table %s does not exist in %s: run `%s`", db->table,
			    region, gk_buf_text(&command));
}

/* One that is being updated can be used meanwhile. */
static bool is_usable(const struct dynamodb_table *table)
{
	return strcmp(table->status, "ACTIVE") == 0 || strcmp(table->status, "UPDATING") == 0;
}

int dynamodb_judge_table(const struct dynamodb *db, const struct dynamodb_table *table,
			 struct gk_error *err)
{
	if (!table->exists)
		return tell_missing(db, err);
	if (!is_usable(table))
		return gk_error_set(err, GK_FAILED, "table %s in %s cannot be used now: it is %s",
				    db->table, dynamodb_region(db), table->status);
	if (strcmp(table->keys, DYNAMODB_KEYS) != 0)
		return gk_error_set(err, GK_USAGE,
				    "table %s in %s is no goldkeep inventory: its keys are %s, "
				    "not " DYNAMODB_KEYS, db->table, dynamodb_region(db),
				    table->keys);
	return 0;
}

/* Why a table took a request for nothing: it is not there, not ready, or of another shape. */
static int tell_table(struct dynamodb *db, const struct dynamodb_request *request,
		      struct gk_error *err)
{
	struct dynamodb_table table = {0};
	struct gk_error failure = {0};

	if (dynamodb_describe_table(db, &table, &failure) < 0)
		*err = request->call.error;
	else if (dynamodb_judge_table(db, &table, err) < 0)
		return -1;
	else
		*err = request->call.error;
	return gk_error_wrap(err, "table %s", db->table);
}

int dynamodb_tell(struct dynamodb *db, const struct dynamodb_request *request,
		  struct gk_error *err)
{
	struct gk_error ignored = {0};
	const char *code = request->call.code;

	err = err ? err : &ignored;
	if (strcmp(request->call.action, "DescribeTable") != 0 &&
	    (strcmp(code, "ResourceNotFoundException") == 0 ||
	     strcmp(code, "ValidationException") == 0))
		return tell_table(db, request, err);
	*err = request->call.error;
	if (strncmp(code, "AccessDenied", strlen("AccessDenied")) == 0)
		return gk_error_wrap(err, "table %s: no permission for dynamodb:%s%s", db->table,
				     request->call.action,
				     request->actions ? " (PutItem, UpdateItem, DeleteItem, "
							"ConditionCheckItem)" : "");
	return gk_error_wrap(err, "table %s", db->table);
}
