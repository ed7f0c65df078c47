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

/* What a provider may look at and talk to; all borrowed. */
struct aws_provider_world {
	const struct aws_settings *settings;
	struct http_transport *transport;
	const struct gk_clock *clock;
	const struct gk_log *log;
};

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
