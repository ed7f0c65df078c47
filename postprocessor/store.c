/* Where the inventory is: what --store says. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "aws/endpoint.h"
#include "aws/settings.h"
#include "base/mem.h"
#include "context.h"
#include "inventory/dynamodb.h"

#define SQLITE_SCHEME "sqlite:"
#define DYNAMODB_SCHEME "dynamodb:"

void store_address_done(struct store_address *address)
{
	free(address->name);
	free(address->region);
	free(address->endpoint);
	*address = (struct store_address){0};
}

bool store_address_equal(const struct store_address *a, const struct store_address *b)
{
	return a->dynamodb == b->dynamodb && gk_str_equal(a->name, b->name) &&
	       gk_str_equal(a->region, b->region) && gk_str_equal(a->endpoint, b->endpoint);
}

static bool begins_with(const char *text, const char *beginning)
{
	return strncmp(text, beginning, strlen(beginning)) == 0;
}

static int default_path(char **ret, struct gk_error *err)
{
	const char *data = context_env("XDG_DATA_HOME");
	const char *home = context_env("HOME");

	if (!data && !home)
		return gk_error_set(err, GK_USAGE,
				    "neither $XDG_DATA_HOME nor $HOME says where the inventory is: "
				    "name it with --store sqlite:PATH");
	*ret = data ? gk_str_format(err, "%s/goldkeep/inventory.db", data)
		    : gk_str_format(err, "%s/.local/share/goldkeep/inventory.db", home);
	return *ret ? 0 : -1;
}

static int read_path(const char *path, char **ret, struct gk_error *err)
{
	const char *home = context_env("HOME");

	if (begins_with(path, "~/") && home)
		*ret = gk_str_format(err, "%s%s", home, path + 1);
	else
		*ret = gk_str_format(err, "%s", path);
	return *ret ? 0 : -1;
}

static int hex_value(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* %3A is a colon. NULL with err set for a % without two digits behind it, or a NUL. */
static char *decode(const char *text, size_t length, struct gk_error *err)
{
	_cleanup_(gk_buf_done) struct gk_buf plain = {0};

	for (size_t i = 0; i < length; i++) {
		int high = 0;
		int low = 0;

		if (text[i] != '%') {
			gk_buf_addc(&plain, text[i]);
			continue;
		}
		high = length - i > 2 ? hex_value(text[i + 1]) : -1;
		low = length - i > 2 ? hex_value(text[i + 2]) : -1;
		if (high < 0 || low < 0 || (high == 0 && low == 0)) {
			gk_error_set(err, GK_USAGE, "a %% has to have two hexadecimal digits behind it");
			return NULL;
		}
		gk_buf_addc(&plain, (char)(high * 16 + low));
		i += 2;
	}
	gk_buf_adds(&plain, "");
	return gk_buf_detach(&plain, err);
}

/* "region=eu-west-1" */
static int read_parameter(const char *text, size_t length, struct store_address *address,
			  struct gk_error *err)
{
	const char *equals = memchr(text, '=', length);
	size_t key = equals ? (size_t)(equals - text) : length;
	char **target = NULL;

	if (key == strlen("region") && begins_with(text, "region"))
		target = &address->region;
	else if (key == strlen("endpoint") && begins_with(text, "endpoint"))
		target = &address->endpoint;
	if (!target)
		return gk_error_set(err, GK_USAGE, "'%.*s' is no parameter: region and endpoint are",
				    (int)key, text);
	if (*target)
		return gk_error_set(err, GK_USAGE, "%.*s is there twice", (int)key, text);
	if (!equals || key + 1 == length)
		return gk_error_set(err, GK_USAGE, "%.*s has no value", (int)key, text);
	*target = decode(equals + 1, length - key - 1, err);
	return *target ? 0 : -1;
}

static int check_place(const struct store_address *address, struct gk_error *err)
{
	_cleanup_(aws_endpoint_done) struct aws_endpoint endpoint = {0};

	if (address->region && !aws_region_is_valid(address->region))
		return gk_error_set(err, GK_USAGE, "this is no AWS region: %s", address->region);
	if (address->endpoint && aws_endpoint_parse(address->endpoint, &endpoint, err) < 0)
		return gk_error_wrap(err, "endpoint");
	return 0;
}

static int read_table(const char *text, struct store_address *address, struct gk_error *err)
{
	size_t length = strcspn(text, "?");

	address->dynamodb = true;
	address->name = decode(text, length, err);
	if (!address->name || dynamodb_table_check(address->name, err) < 0)
		return -1;
	text += length;
	while (*text) {
		text++; /* the ? or & */
		length = strcspn(text, "&");
		if (read_parameter(text, length, address, err) < 0)
			return -1;
		text += length;
	}
	return check_place(address, err);
}

/* What stands behind the ? may be a URL with a password, where it has no place. */
static int wrap(const struct option_value *store, struct gk_error *err)
{
	size_t shown = strcspn(store->text, "?");
	bool cut = store->text[shown] != '\0';

	return gk_error_wrap(err, "%s '%.*s%s'", store->origin, (int)shown, store->text,
			     cut ? "?…" : "");
}

int context_store_address(const struct context *context, const char *family,
			  struct store_address *ret, struct gk_error *err)
{
	_cleanup_(store_address_done) struct store_address address = {0};
	const struct option_value *store = options_find(&context->options, family, "store");
	const char *text = store ? store->text : "";
	size_t sqlite = strlen(SQLITE_SCHEME);
	size_t dynamodb = strlen(DYNAMODB_SCHEME);
	int result = 0;

	if (!*text)
		result = default_path(&address.name, err);
	else if (begins_with(text, SQLITE_SCHEME) && text[sqlite])
		result = read_path(text + sqlite, &address.name, err);
	else if (begins_with(text, DYNAMODB_SCHEME) && text[dynamodb])
		result = read_table(text + dynamodb, &address, err);
	else
		return gk_error_set(err, GK_USAGE, "%s: '%s' is no inventory: sqlite:PATH or "
				    "dynamodb:TABLE?region=REGION", store->origin, text);
	if (result < 0)
		return *text ? wrap(store, err) : -1;
	*ret = address;
	address = (struct store_address){0};
	return 0;
}
