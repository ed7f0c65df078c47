#include "feature_options.h"

#include "base/mem.h"
#include "order_options.h"

void feature_options_done(struct feature_options *features)
{
	order_done(&features->order);
	store_address_done(&features->store);
}

int feature_options_read(const struct context *context, const char *family,
			 struct feature_options *ret, struct gk_error *err)
{
	_cleanup_(feature_options_done) struct feature_options features = {
		.order.family = family};
	const struct order_custom custom = {0};

	if (order_from_options(&context->options, &custom, &features.order, err) < 0 ||
	    context_store_address(context, family, &features.store, err) < 0)
		return -1;
	*ret = features;
	features = (struct feature_options){0};
	return 0;
}
