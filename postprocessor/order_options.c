#include "order_options.h"

#include <string.h>

#include "base/mem.h"
#include "image/fingerprint.h"
#include "image/pointer.h"
#include "pointer_options.h"
#include "policy_options.h"
#include "version_options.h"

static int read_channels(const struct options *options, const char *family, struct gk_strv *ret,
			 struct gk_error *err)
{
	_cleanup_(gk_strv_done) struct gk_strv values = {0};

	if (options_list(options, family, "channel", &values, err) < 0)
		return -1;
	for (size_t i = 0; i < values.count; i++) {
		size_t checked = ret->count;

		if (gk_strv_split(ret, values.items[i], ',', err) < 0)
			return -1;
		for (; checked < ret->count; checked++)
			if (channel_check(ret->items[checked], err) < 0)
				return gk_error_wrap(err, "%s",
						     options_origin(options, family, "channel",
								    values.items[i]));
	}
	return 0;
}

static int read_tags(const struct options *options, const char *family, struct tag_list *ret,
		     struct gk_error *err)
{
	_cleanup_(gk_strv_done) struct gk_strv values = {0};

	if (options_list(options, family, "tag", &values, err) < 0)
		return -1;
	for (size_t i = 0; i < values.count; i++)
		if (tag_list_parse(ret, values.items[i], err) < 0)
			return gk_error_wrap(err, "%s", options_origin(options, family, "tag",
								       values.items[i]));
	return 0;
}

static int read_tfvars(const struct options *options, const char *family, const char **ret,
		       struct gk_error *err)
{
	const struct option_value *value = options_find(options, family, "publish-tfvars");

	*ret = value ? value->text : NULL;
	if (!value)
		return 0;
	if (!*value->text)
		return gk_error_set(err, GK_USAGE, "%s: the path is empty", value->origin);
	if (pointer_path_check(value->text, err) < 0)
		return gk_error_wrap(err, "%s", value->origin);
	return 0;
}

static int read_fingerprint(const struct options *options, const char *custom,
			    struct release_order *order, struct gk_error *err)
{
	const char *text = options_text(options, order->family, "fingerprint");

	order->fingerprint = text ? text : custom;
	return order->fingerprint ? fingerprint_check(order->fingerprint, err) : 0;
}

static int read_on_duplicate(const struct options *options, struct release_order *order,
			     struct gk_error *err)
{
	const struct option_value *value = options_find(options, order->family, "on-duplicate");

	if (!value || strcmp(value->text, "release") == 0)
		return 0;
	if (strcmp(value->text, "discard") != 0)
		return gk_error_set(err, GK_USAGE, "%s: '%.80s' is neither release nor discard",
				    value->origin, value->text);
	order->discard_duplicate = true;
	return 0;
}

/* The run asks for these again, once it knows all of its families. */
static int check_switches(const struct options *options, const char *family, struct gk_error *err)
{
	static const char *const names[] = {"all-builds", "strict", "dry-run"};
	bool ignored = false;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (options_switch(options, family, names[i], &ignored, err) < 0)
			return -1;
	return 0;
}

int order_from_options(const struct options *options, const struct order_custom *custom,
		       struct release_order *order, struct gk_error *err)
{
	const char *family = order->family;

	if (version_from_options(options, family, custom->version, &order->version, err) < 0 ||
	    read_channels(options, family, &order->channels, err) < 0 ||
	    read_tags(options, family, &order->tags, err) < 0 ||
	    pointers_from_options(options, family, &order->pointers, err) < 0 ||
	    read_tfvars(options, family, &order->tfvars, err) < 0 ||
	    read_fingerprint(options, custom->fingerprint, order, err) < 0 ||
	    read_on_duplicate(options, order, err) < 0 ||
	    options_switch(options, family, "new-family", &order->new_family, err) < 0 ||
	    check_switches(options, family, err) < 0)
		return -1;
	return policy_from_options(options, family, &order->policy, err);
}

void order_done(struct release_order *order)
{
	gk_strv_done(&order->channels);
	gk_strv_done(&order->pointers);
	tag_list_done(&order->tags);
}
