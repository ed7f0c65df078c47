#include "aws/web_identity.h"

#include <stdio.h>
#include <string.h>

#include "aws/answer.h"
#include "aws/endpoint.h"
#include "aws/fetch.h"
#include "aws/wire.h"
#include "base/mem.h"

#define ACTION "AssumeRoleWithWebIdentity"
#define KEYS ACTION "Result/Credentials/"

enum { TIMEOUT_MS = 10000, ATTEMPTS = 3, PAUSE_MS = 1000, TOKEN_MAX = 20000 };

static void call_done(struct aws_call *call)
{
	gk_buf_wipe(&call->params);
	aws_call_done(call);
}

static int build_body(const struct aws_provider_world *world,
		      const struct aws_web_identity *identity, struct gk_buf *ret,
		      struct gk_error *err)
{
	_cleanup_(call_done) struct aws_call call = {.service = AWS_STS, .action = ACTION};
	char name[64] = "";

	snprintf(name, sizeof(name), "goldkeep-%lld", (long long)world->clock->now(world->clock));
	aws_param(&call, identity->role_arn, "RoleArn");
	aws_param(&call, identity->session_name ? identity->session_name : name,
		  "RoleSessionName");
	aws_param(&call, identity->token, "WebIdentityToken");
	aws_query_body(&call, aws_service_info(AWS_STS), ret);
	return gk_buf_check(&call.params, err) < 0 ? -1 : gk_buf_check(ret, err);
}

static int prepare(const struct aws_provider_world *world, const struct aws_web_identity *identity,
		   struct http_request *request, struct gk_error *err)
{
	const struct aws_service_info *sts = aws_service_info(AWS_STS);
	_cleanup_(aws_endpoint_done) struct aws_endpoint endpoint = {0};

	if (!world->settings->region)
		return gk_error_set(err, GK_FAILED,
				    "no AWS region is set, and STS is asked in one: use --region, "
				    "AWS_REGION or the profile");
	if (aws_endpoint_find(world->settings, sts, world->settings->region, &endpoint, err) < 0)
		return -1;
	request->method = "POST";
	request->timeout_ms = TIMEOUT_MS;
	request->url = TAKE_PTR(endpoint.url);
	if (gk_strv_addf(&request->headers, err, "Content-Type: %s", sts->content_type) < 0)
		return -1;
	return build_body(world, identity, &request->body, err);
}

/* Codes that another attempt may change (aws-c-auth, its web identity provider). */
static bool is_worth_another(const struct http_response *response, struct aws_failure *ret)
{
	if (response->status == 200)
		return false;
	aws_query_failure(response, ret);
	return strcmp(ret->code, "IDPCommunicationError") == 0 ||
	       strcmp(ret->code, "InvalidIdentityToken") == 0;
}

static int send_patiently(const struct aws_provider_world *world, struct http_exchange *exchange,
			  struct gk_error *err)
{
	struct aws_failure failure = {0};

	for (int attempt = 1;; attempt++) {
		if (aws_fetch(world, exchange, ATTEMPTS, err) < 0)
			return -1;
		if (!is_worth_another(&exchange->response, &failure) || attempt >= ATTEMPTS)
			break;
		world->clock->sleep(world->clock, PAUSE_MS);
	}
	if (exchange->response.status == 200)
		return 0;
	return gk_error_set(err, GK_FAILED, "HTTP status %d%s%s%s%s", exchange->response.status,
			    failure.code[0] ? ": " : "", failure.code,
			    failure.message[0] ? ": " : "", failure.message);
}

static int read_keys(const struct gk_xml *answer, struct aws_credentials *ret,
		     struct gk_error *err)
{
	_cleanup_(aws_credentials_done) struct aws_credentials credentials = {0};
	const char *expires = NULL;

	if (aws_answer_text(answer, KEYS "Expiration", &expires, err) < 0 ||
	    gk_time_parse(expires, &credentials.expires, err) < 0 ||
	    aws_answer_copy(answer, KEYS "AccessKeyId", &credentials.access_key_id, err) < 0 ||
	    aws_answer_copy(answer, KEYS "SecretAccessKey", &credentials.secret_access_key, err) <
		    0 ||
	    aws_answer_copy(answer, KEYS "SessionToken", &credentials.session_token, err) < 0)
		return -1;
	if (!aws_is_token(credentials.access_key_id) ||
	    !aws_is_token(credentials.secret_access_key) ||
	    !aws_is_token(credentials.session_token))
		return gk_error_set(err, GK_FAILED, "the answer has no whole credentials");
	*ret = credentials;
	credentials = (struct aws_credentials){0};
	return 0;
}

static int exchange_token(const struct aws_provider_world *world,
			  const struct aws_web_identity *identity, struct aws_credentials *ret,
			  struct gk_error *err)
{
	_cleanup_(http_exchange_done) struct http_exchange exchange = {0};
	_cleanup_(gk_xml_freep) struct gk_xml *answer = NULL;

	if (!aws_is_token(identity->token) || strlen(identity->token) > TOKEN_MAX)
		return gk_error_set(err, GK_FAILED, "the token is empty, too long or none");
	if (prepare(world, identity, &exchange.request, err) < 0 ||
	    send_patiently(world, &exchange, err) < 0 ||
	    aws_query_answer(&exchange.response, ACTION, &answer, err) < 0)
		return -1;
	return read_keys(answer, ret, err);
}

int aws_web_identity_assume(const struct aws_provider_world *world,
			    const struct aws_web_identity *identity, struct aws_credentials *ret,
			    struct gk_error *err)
{
	if (exchange_token(world, identity, ret, err) < 0)
		return gk_error_wrap(err, "AssumeRoleWithWebIdentity of %s", identity->role_arn);
	return 0;
}
