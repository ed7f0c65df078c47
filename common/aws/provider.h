/*
 * The places where credentials come from, one file each: provider_*.c.
 */
#ifndef GK_AWS_PROVIDER_H
#define GK_AWS_PROVIDER_H

#include <stdbool.h>

#include "aws/credentials.h"
#include "aws/settings.h"
#include "base/clock.h"
#include "base/log.h"
#include "net/transport.h"

/* How far the servers are ahead of this machine's clock, as far as their answers told. */
struct aws_skew {
	int64_t seconds; /* what is corrected */
	bool told;       /* to people */
	int64_t newest;  /* as the newest answer has it, too little to be corrected or not */
	bool known;      /* there was an answer */
};

/* What a provider may look at and talk to; all borrowed. */
struct aws_provider_world {
	const struct aws_settings *settings;
	struct http_transport *transport;
	const struct gk_clock *clock;
	const struct gk_log *log;
	struct aws_skew *skew; /* of the client that asks, which gets to know what is found out */
};

/* The time of the servers, as far as it is known: what they say ends is compared with it. */
time_t aws_provider_now(const struct aws_provider_world *world);

/* A place where credentials come from. *ret_configured says whether it is configured at all; if so,
 * either *ret is set or it is a final error with a sentence of its own. */
struct aws_provider {
	const char *name;
	int (*find)(const struct aws_provider_world *world, bool *ret_configured,
		    struct aws_credentials *ret, struct gk_error *err);
};

extern const struct aws_provider aws_provider_environment, aws_provider_web_identity,
	aws_provider_profile, aws_provider_container, aws_provider_imds, aws_provider_github;

#endif
