/* A job of GitHub Actions that may have an identity token (permissions: id-token: write) fetches a
 * new one whenever credentials are needed, so that long builds outlive their first ones. */
#include <string.h>
#include <strings.h>

#include "aws/fetch.h"
#include "aws/sts.h"
#include "base/json.h"
#include "base/mem.h"

#define URL "ACTIONS_ID_TOKEN_REQUEST_URL"
#define BEARER "ACTIONS_ID_TOKEN_REQUEST_TOKEN"

enum { TIMEOUT_MS = 10000, ATTEMPTS = 3 };

/* GitHub's URLs end in "?api-version=…". */
static int add_url(struct http_request *request, const char *url, const char *role_arn,
		   struct gk_error *err)
{
	_cleanup_(aws_endpoint_done) struct aws_endpoint parts = {0};
	bool china = strncmp(role_arn, "arn:aws-cn:", 11) == 0;

	if (aws_fetch_check_url(url, URL, &parts, err) < 0)
		return -1;
	if (strncmp(parts.url, "http:", 5) == 0 && strncmp(parts.host, "127.0.0.1:", 10) != 0)
		return gk_error_set(err, GK_FAILED, URL " is no https URL");
	request->url = gk_str_format(err, "%s%caudience=sts.amazonaws.com%s", url,
				     strchr(url, '?') ? '&' : '?', china ? ".cn" : "");
	return request->url ? 0 : -1;
}

static int fetch_token(const struct aws_provider_world *world, const char *role_arn, char **ret,
		       struct gk_error *err)
{
	const struct aws_settings *settings = world->settings;
	const char *bearer = aws_settings_env(settings, BEARER);
	_cleanup_(http_exchange_done) struct http_exchange exchange = {0};
	_cleanup_(aws_secret_json_freep) cJSON *answer = NULL;
	struct http_request *request = &exchange.request;
	const char *token = NULL;

	if (!aws_is_token(bearer))
		return gk_error_set(err, GK_FAILED, BEARER " is %s",
				    bearer ? "no token" : "not set");
	request->method = "GET";
	request->timeout_ms = TIMEOUT_MS;
	if (add_url(request, aws_settings_env(settings, URL), role_arn, err) < 0 ||
	    gk_strv_addf(&request->headers, err, "Authorization: bearer %s", bearer) < 0 ||
	    gk_strv_add(&request->headers, "Accept: application/json", err) < 0 ||
	    aws_fetch(world, &exchange, ATTEMPTS, err) < 0 ||
	    aws_fetch_object(&exchange, &answer, err) < 0 ||
	    gk_json_string(answer, "value", &token, err) < 0)
		return -1;
	if (!aws_is_token(token))
		return gk_error_set(err, GK_FAILED, "the answer of " URL " holds no token");
	return gk_str_set(ret, token, err);
}

static int fetch(const struct aws_provider_world *world, const char *role_arn,
		 struct aws_credentials *ret, struct gk_error *err)
{
	_cleanup_wipe_ char *token = NULL;
	struct aws_sts_role role = {
		.arn = role_arn,
		.session_name = aws_settings_env(world->settings, "AWS_ROLE_SESSION_NAME"),
	};

	if (fetch_token(world, role_arn, &token, err) < 0)
		return -1;
	role.token = token;
	return aws_sts_assume(world, &role, NULL, ret, err);
}

static int find(const struct aws_provider_world *world, bool *ret_configured,
		struct aws_credentials *ret, struct gk_error *err)
{
	const struct aws_settings *settings = world->settings;
	const char *role_arn = aws_settings_env(settings, "AWS_ROLE_ARN");

	*ret_configured = !settings->profile_by_flag && role_arn && aws_settings_env(settings, URL);
	if (*ret_configured && fetch(world, role_arn, ret, err) < 0)
		return gk_error_wrap(err, "GitHub's identity token");
	return 0;
}

const struct aws_provider aws_provider_github = {"GitHub", find};
