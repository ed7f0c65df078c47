#include "policy_options.h"

int policy_from_options(const struct options *options, const char *family, struct policy *ret,
			struct gk_error *err)
{
	static const char *const rules[] = {"keep-last", "keep-within"};
	struct policy policy;

	policy_init(&policy);
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (options_text(options, family, rules[i]))
			policy.given = true;
	if (options_count(options, family, "keep-last", &policy.keep_last, err) < 0 ||
	    options_duration(options, family, "keep-within", &policy.keep_within, err) < 0 ||
	    options_count(options, family, "keep-prereleases", &policy.keep_prereleases, err) < 0 ||
	    options_duration(options, family, "unless-launched-within",
			     &policy.unless_launched_within, err) < 0 ||
	    options_duration(options, family, "min-age", &policy.min_age, err) < 0 ||
	    options_switch(options, family, "include-shared", &policy.include_shared, err) < 0 ||
	    options_count(options, family, "max-remove", &policy.max_remove, err) < 0)
		return -1;
	*ret = policy;
	return 0;
}
