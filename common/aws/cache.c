#include "aws/cache.h"

enum { RENEW_WITHIN_SECONDS = 5 * 60, RETRY_SECONDS = 60 };

void aws_cache_done(struct aws_cache *cache)
{
	aws_credentials_done(&cache->credentials);
	cache->filled = false;
}

static int ask(struct aws_cache *cache, const struct aws_provider_world *world,
	       struct gk_error *err)
{
	struct aws_credentials found = {0};
	char hint[AWS_CREDENTIALS_HINT] = "";

	if (aws_credentials_resolve(world, &cache->chain, &found, err) < 0)
		return -1;
	aws_cache_done(cache);
	cache->credentials = found;
	cache->filled = true;
	gk_log(world->log, GK_LOG_DEBUG, "AWS credentials: %s, %s", found.source,
	       aws_credentials_hint(&found, hint));
	return 0;
}

int aws_cache_fill(struct aws_cache *cache, const struct aws_provider_world *world, time_t now,
		   struct gk_error *err)
{
	const struct aws_credentials *held = &cache->credentials;
	struct gk_error failure = {0};

	if (!cache->filled)
		return ask(cache, world, err);
	if (held->fixed || held->expires == 0 || held->expires - now >= RENEW_WITHIN_SECONDS ||
	    now < cache->retry)
		return 0;
	cache->retry = now + RETRY_SECONDS;
	if (ask(cache, world, &failure) == 0)
		return 0;
	if (held->expires <= now) {
		*err = failure;
		return gk_error_wrap(err, "the AWS credentials have expired");
	}
	gk_log(world->log, GK_LOG_WARNING, "the AWS credentials end soon, and there are no new ones: %s",
	       failure.message);
	return 0;
}

int aws_cache_renew(struct aws_cache *cache, const struct aws_provider_world *world, bool *ret_new,
		    struct gk_error *err)
{
	*ret_new = false;
	if (cache->credentials.fixed)
		return 0;
	if (ask(cache, world, err) < 0)
		return gk_error_wrap(err, "the AWS credentials have expired");
	*ret_new = true;
	return 0;
}
