#include "aws/sts.h"

#include <stdio.h>
#include <string.h>

#include "aws/answer.h"
#include "aws/fetch.h"
#include "aws/send.h"
#include "base/mem.h"

enum { TOKEN_ATTEMPTS = 3, PAUSE_MS = 1000, NAME_SIZE = 64 };

/* Roles have no region: where none is set, botocore asks the global endpoint, which is this one. */
static const char *region_of(const struct aws_settings *settings, const char *role_arn)
{
	static const struct {
		const char *partition, *region;
	} rows[] = {
		{"arn:aws-cn:", "cn-north-1"},
		{"arn:aws-us-gov:", "us-gov-west-1"},
		{"arn:aws-eusc:", "eusc-de-east-1"},
	};

	for (size_t i = 0; !settings->region && i < ARRAY_SIZE(rows); i++)
		if (strncmp(role_arn, rows[i].partition, strlen(rows[i].partition)) == 0)
			return rows[i].region;
	return settings->region ? settings->region : "us-east-1";
}

static void build(const struct aws_provider_world *world, const struct aws_sts_role *role,
		  struct aws_call *ret)
{
	const struct {
		const char *name, *value;
	} params[] = {
		{"DurationSeconds", role->duration},
		{"ExternalId", role->external_id},
		{"WebIdentityToken", role->token},
	};
	char name[NAME_SIZE] = "";

	snprintf(name, sizeof(name), "goldkeep-%lld", (long long)world->clock->now(world->clock));
	ret->service = AWS_STS;
	ret->region = region_of(world->settings, role->arn);
	ret->action = role->token ? "AssumeRoleWithWebIdentity" : "AssumeRole";
	aws_param(ret, role->arn, "RoleArn");
	aws_param(ret, role->session_name ? role->session_name : name, "RoleSessionName");
	for (size_t i = 0; i < ARRAY_SIZE(params); i++)
		if (params[i].value)
			aws_param(ret, params[i].value, "%s", params[i].name);
}

static int send_until_known(struct aws_client *client, const struct gk_clock *clock,
			    struct aws_call *call, struct gk_error *err)
{
	for (int attempt = 1;; attempt++) {
		if (aws_run(client, &call, 1, err) < 0)
			return -1;
		if (strcmp(call->code, "InvalidIdentityToken") != 0 || attempt >= TOKEN_ATTEMPTS)
			return 0;
		clock->sleep(clock, PAUSE_MS);
	}
}

/* A client of its own beside the one that waits for these keys: it borrows everything, and what it
 * finds out about the clock goes back. */
static int run(const struct aws_provider_world *world, const struct aws_credentials *signer,
	       struct aws_call *call, struct gk_error *err)
{
	struct aws_client client = {.settings = *world->settings, .anonymous = !signer};

	if (signer) {
		client.cache = (struct aws_cache){.credentials = *signer, .filled = true};
		client.cache.credentials.fixed = true;
		client.cache.credentials.source = "source of a role";
	}
	http_client_init(&client.http, world->transport, world->clock, world->log, NULL);
	if (world->skew)
		client.skew = *world->skew;
	if (send_until_known(&client, world->clock, call, err) < 0)
		return -1;
	if (world->skew)
		*world->skew = client.skew;
	if (call->error.code == GK_OK)
		return 0;
	return gk_error_set(err, GK_FAILED, "%s", call->error.message);
}

static int read_keys(const struct aws_call *call, struct aws_credentials *ret,
		     struct gk_error *err)
{
	_cleanup_(aws_credentials_done) struct aws_credentials credentials = {0};
	_cleanup_free_ char *path = gk_str_format(err, "%sResult/Credentials", call->action);
	const struct gk_xml *keys = path ? gk_xml_path(call->xml, path) : NULL;
	const char *expires = NULL;

	if (!path)
		return -1;
	if (!keys)
		return gk_error_set(err, GK_FAILED, "the answer has no Credentials");
	if (aws_answer_text(keys, "Expiration", &expires, err) < 0)
		return -1;
	if (aws_credentials_time(expires, &credentials.expires, err) < 0)
		return gk_error_wrap(err, "Expiration in the answer");
	if (aws_answer_copy(keys, "AccessKeyId", &credentials.access_key_id, err) < 0 ||
	    aws_answer_copy(keys, "SecretAccessKey", &credentials.secret_access_key, err) < 0 ||
	    aws_answer_copy(keys, "SessionToken", &credentials.session_token, err) < 0)
		return -1;
	if (!aws_is_token(credentials.access_key_id) ||
	    !aws_is_token(credentials.secret_access_key) ||
	    !aws_is_token(credentials.session_token))
		return gk_error_set(err, GK_FAILED, "the answer has no whole credentials");
	*ret = credentials;
	credentials = (struct aws_credentials){0};
	return 0;
}

int aws_sts_assume(const struct aws_provider_world *world, const struct aws_sts_role *role,
		   const struct aws_credentials *signer, struct aws_credentials *ret,
		   struct gk_error *err)
{
	_cleanup_(aws_call_done) struct aws_call call = {0};

	build(world, role, &call);
	if (run(world, signer, &call, err) < 0 || read_keys(&call, ret, err) < 0)
		return gk_error_wrap(err, "the role %s", role->arn);
	return 0;
}
