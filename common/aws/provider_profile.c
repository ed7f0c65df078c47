#include "aws/role.h"
#include "aws/sso.h"
#include "base/mem.h"

const char *aws_profile_key(const struct aws_profile_step *step, const char *key)
{
	return aws_settings_profile_named(step->world->settings, step->profile, key);
}

static const char *first(const char *a, const char *b)
{
	return a ? a : b;
}

static int find_keys(const struct aws_profile_step *step, bool *ret_configured,
		     struct aws_credentials *ret, struct gk_error *err)
{
	const struct aws_written_keys keys = {
		.id = aws_profile_key(step, "aws_access_key_id"),
		.secret = aws_profile_key(step, "aws_secret_access_key"),
		.token = first(aws_profile_key(step, "aws_session_token"),
			       aws_profile_key(step, "aws_security_token")),
	};

	if (aws_credentials_take(&keys, "profile", ret_configured, ret, err) < 0)
		return gk_error_wrap(err, "the AWS profile %s", step->profile);
	return 0;
}

static int find_source_keys(const struct aws_profile_step *step, bool *ret_configured,
			    struct aws_credentials *ret, struct gk_error *err)
{
	*ret_configured = false;
	return step->is_source ? find_keys(step, ret_configured, ret, err) : 0;
}

static int find_sso(const struct aws_profile_step *step, bool *ret_configured,
		    struct aws_credentials *ret, struct gk_error *err)
{
	return aws_sso_find(step->world, step->profile, ret_configured, ret, err);
}

static int find_login(const struct aws_profile_step *step, bool *ret_configured,
		      struct aws_credentials *ret, struct gk_error *err)
{
	(void)ret;
	*ret_configured = aws_profile_key(step, "login_session") != NULL;
	if (!*ret_configured)
		return 0;
	return gk_error_set(err, GK_FAILED,
			    "login_session of the AWS profile %s asks for a login session, which is "
			    "not supported yet: give access keys instead (aws configure "
			    "export-credentials --format env prints them)",
			    step->profile);
}

int aws_profile_find(const struct aws_profile_step *step, bool *ret_configured,
		     struct aws_credentials *ret, struct gk_error *err)
{
	static const struct {
		const char *source;
		int (*find)(const struct aws_profile_step *step, bool *ret_configured,
			    struct aws_credentials *ret, struct gk_error *err);
	} ways[] = {
		{"profile", find_source_keys},
		{"role", aws_role_find},
		{"web identity", aws_web_identity_find},
		{"IAM Identity Center", find_sso},
		{"profile", find_keys},
		{"process", aws_process_find},
		{"login session", find_login},
	};

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		if (ways[i].find(step, ret_configured, ret, err) < 0)
			return -1;
		if (!*ret_configured)
			continue;
		ret->source = ways[i].source;
		return 0;
	}
	return 0;
}

static int find(const struct aws_provider_world *world, bool *ret_configured,
		struct aws_credentials *ret, struct gk_error *err)
{
	_cleanup_(gk_strv_done) struct gk_strv visited = {0};
	const struct aws_profile_step step = {
		.world = world,
		.profile = world->settings->profile,
		.visited = &visited,
	};

	return aws_profile_find(&step, ret_configured, ret, err);
}

const struct aws_provider aws_provider_profile = {"profile", find};
