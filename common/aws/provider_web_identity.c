/* The token of an identity provider in a file: EKS, GitLab, whatever else writes one. */
#include <string.h>

#include "aws/fetch.h"
#include "aws/role.h"
#include "aws/sts.h"
#include "base/file.h"
#include "base/mem.h"

enum { TOKEN_MAX = 20000, LINE_END = 1 };

/* The variable, else the key of the profile. */
static const char *look_up(const struct aws_profile_step *step, const char *variable,
			   const char *key)
{
	const struct aws_settings *settings = step->world->settings;
	const char *value = NULL;

	if (!step->is_source && !settings->profile_by_flag)
		value = aws_settings_env(settings, variable);
	return value ? value : aws_profile_key(step, key);
}

/* A line end behind the token is none of it; more than one line, or a NUL, is no token. */
static int read_token(const char *path, char **ret, struct gk_error *err)
{
	_cleanup_(gk_buf_wipe) struct gk_buf file = {0};
	_cleanup_wipe_ char *token = NULL;
	size_t length = 0;

	if (gk_file_read(path, TOKEN_MAX + LINE_END, &file, err) < 0)
		return -1;
	length = file.length;
	token = gk_buf_detach(&file, err);
	if (!token)
		return -1;
	if (length > 0 && token[length - 1] == '\n')
		token[--length] = '\0';
	if (strlen(token) < length || !aws_is_token(token))
		return gk_error_set(err, GK_FAILED,
				    "%s holds no token: one word in one line is expected, without "
				    "white space or carriage returns",
				    path);
	*ret = TAKE_PTR(token);
	return 0;
}

static int assume(const struct aws_profile_step *step, const char *file,
		  struct aws_credentials *ret, struct gk_error *err)
{
	_cleanup_free_ char *path = aws_settings_path(step->world->settings, file, err);
	_cleanup_wipe_ char *token = NULL;
	struct aws_sts_role role = {
		.arn = look_up(step, "AWS_ROLE_ARN", "role_arn"),
		.session_name = look_up(step, "AWS_ROLE_SESSION_NAME", "role_session_name"),
	};

	if (!role.arn)
		return gk_error_set(err, GK_FAILED,
				    "%s is given and no role: set AWS_ROLE_ARN or role_arn", file);
	if (!path || read_token(path, &token, err) < 0)
		return -1;
	role.token = token;
	return aws_sts_assume(step->world, &role, NULL, ret, err);
}

static int find_in(const struct aws_profile_step *step, const char *file, bool *ret_configured,
		   struct aws_credentials *ret, struct gk_error *err)
{
	*ret_configured = file != NULL;
	if (file && assume(step, file, ret, err) < 0) {
		err->code = GK_FAILED;
		return gk_error_wrap(err, "web identity");
	}
	return 0;
}

int aws_web_identity_find(const struct aws_profile_step *step, bool *ret_configured,
			  struct aws_credentials *ret, struct gk_error *err)
{
	return find_in(step, aws_profile_key(step, "web_identity_token_file"), ret_configured, ret,
		       err);
}

static int find(const struct aws_provider_world *world, bool *ret_configured,
		struct aws_credentials *ret, struct gk_error *err)
{
	const struct aws_settings *settings = world->settings;
	const struct aws_profile_step step = {.world = world, .profile = settings->profile};
	const char *file = settings->profile_by_flag
				   ? NULL
				   : aws_settings_env(settings, "AWS_WEB_IDENTITY_TOKEN_FILE");

	return find_in(&step, file, ret_configured, ret, err);
}

const struct aws_provider aws_provider_web_identity = {"web identity", find};
