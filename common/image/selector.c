#include "image/selector.h"

#include <string.h>

#include "base/mem.h"
#include "image/release.h"

void selector_done(struct selector *selector)
{
	free(selector->family);
	free(selector->channel);
	*selector = (struct selector){0};
}

static int parse_range(const char *text, struct selector *selector, struct gk_error *err)
{
	if (range_parse(text, &selector->range, err) == 0)
		return 0;
	if (channel_check(text, NULL) == 0)
		return gk_error_set(err, GK_USAGE, "%s@%s: '%s' is no range; the channel is %s:%s",
				    selector->family, text, text, selector->family, text);
	return -1;
}

static int parse_channel(const char *text, struct selector *selector, struct gk_error *err)
{
	struct range range;

	if (channel_check(text, err) == 0)
		return gk_str_set(&selector->channel, text, err);
	if (range_parse(text, &range, NULL) == 0)
		return gk_error_set(err, GK_USAGE, "%s:%s: '%s' is no channel; the version is %s@%s",
				    selector->family, text, text, selector->family, text);
	return -1;
}

int selector_parse(const char *text, struct selector *ret, struct gk_error *err)
{
	_cleanup_(selector_done) struct selector selector = {0};
	const char *at = text + strcspn(text, ":@");
	int done = 0;

	selector.family = strndup(text, (size_t)(at - text));
	if (!selector.family)
		return gk_error_memory(err);
	if (family_check(selector.family, err) < 0)
		return -1;
	if (*at == '@')
		done = parse_range(at + 1, &selector, err);
	else
		done = parse_channel(*at ? at + 1 : "latest", &selector, err);
	if (done < 0)
		return -1;
	*ret = selector;
	selector = (struct selector){0};
	return 0;
}
