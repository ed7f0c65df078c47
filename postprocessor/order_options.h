/* The options of `release` as an order. */
#ifndef GK_POSTPROCESSOR_ORDER_OPTIONS_H
#define GK_POSTPROCESSOR_ORDER_OPTIONS_H

#include "lifecycle/lifecycle.h"
#include "options.h"

/* What the build itself names in custom_data; NULL: nothing. */
struct order_custom {
	const char *version, *fingerprint;
};

/* Fills in what flags, environment and the section of order->family (NULL: none) ask for; its lists
 * are owned. GK_USAGE. */
int order_from_options(const struct options *options, const struct order_custom *custom,
		       struct release_order *order, struct gk_error *err);
void order_done(struct release_order *order);

#endif
