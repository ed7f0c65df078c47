/* The credentials of a client: found once, and found anew before they end where that is possible. */
#ifndef GK_AWS_CACHE_H
#define GK_AWS_CACHE_H

#include "aws/provider.h"

struct aws_cache {
	struct aws_credentials credentials;
	struct aws_chain chain; /* how they were found, or were not */
	bool filled;
	time_t retry; /* no new ones are asked for before that */
};

void aws_cache_done(struct aws_cache *cache);

/* Makes sure that there are some; fewer than five minutes before their end new ones are asked for. A
 * failure then is a warning as long as the old ones are good. `now` is the time of the servers. */
int aws_cache_fill(struct aws_cache *cache, const struct aws_provider_world *world, time_t now,
		   struct gk_error *err);

/* A service says that they have expired. *ret_new is false if there can be no new ones. */
int aws_cache_renew(struct aws_cache *cache, const struct aws_provider_world *world, bool *ret_new,
		    struct gk_error *err);

#endif
