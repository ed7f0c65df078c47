#include "aws/environment.h"

static const char *first(const char *a, const char *b)
{
	return a ? a : b;
}

int aws_environment_find(const struct aws_settings *settings, bool *ret_configured,
			 struct aws_credentials *ret, struct gk_error *err)
{
	const struct aws_written_keys keys = {
		.id = aws_settings_env(settings, "AWS_ACCESS_KEY_ID"),
		.secret = aws_settings_env(settings, "AWS_SECRET_ACCESS_KEY"),
		.token = first(aws_settings_env(settings, "AWS_SESSION_TOKEN"),
			       aws_settings_env(settings, "AWS_SECURITY_TOKEN")),
	};
	const char *expires = aws_settings_env(settings, "AWS_CREDENTIAL_EXPIRATION");
	struct gk_error ignored = {0};

	if (aws_credentials_take(&keys, "environment", ret_configured, ret, err) < 0)
		return -1;
	if (*ret_configured && expires && aws_credentials_time(expires, &ret->expires, &ignored) < 0)
		ret->expires = 0;
	return 0;
}

static int find(const struct aws_provider_world *world, bool *ret_configured,
		struct aws_credentials *ret, struct gk_error *err)
{
	*ret_configured = false;
	if (world->settings->profile_by_flag)
		return 0;
	return aws_environment_find(world->settings, ret_configured, ret, err);
}

const struct aws_provider aws_provider_environment = {"environment", find};
