#include "feature_options.h"

#include <string.h>

#include "base/mem.h"
#include "pointer_options.h"
#include "policy_options.h"

int features_from_options(const struct context *context, const char *family, unsigned *ret,
			  struct gk_error *err)
{
	const struct options *options = &context->options;
	const char *duplicate = options_text(options, family, "on-duplicate");
	_cleanup_(store_address_done) struct store_address store = {0};
	_cleanup_(gk_strv_done) struct gk_strv pointers = {0};
	struct policy policy = {0};
	unsigned features = AWS_FEATURE_RELEASE;

	if (context_store_address(context, family, &store, err) < 0 ||
	    pointers_from_options(options, family, &pointers, err) < 0 ||
	    policy_from_options(options, family, &policy, err) < 0)
		return -1;
	if (pointers.count > 0)
		features |= AWS_FEATURE_PUBLISH;
	if (policy.given || (duplicate && strcmp(duplicate, "discard") == 0))
		features |= AWS_FEATURE_RETAIN;
	if (store.dynamodb)
		features |= AWS_FEATURE_INVENTORY;
	*ret = features;
	return 0;
}

const char *feature_name(enum aws_feature feature)
{
	switch (feature) {
	case AWS_FEATURE_RELEASE:
		return "release";
	case AWS_FEATURE_PUBLISH:
		return "publish";
	case AWS_FEATURE_REVOKE:
		return "revoke";
	case AWS_FEATURE_RETAIN:
		return "retention";
	case AWS_FEATURE_INVENTORY:
		return "inventory";
	case AWS_FEATURE_INIT:
		break;
	}
	return "init";
}
