#include "aws/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "aws/errors.h"
#include "aws/imds.h"
#include "aws/send.h"
#include "base/mem.h"

int aws_ca_bundle(const struct aws_options *options, char **ret, struct gk_error *err)
{
	_cleanup_(aws_settings_done) struct aws_settings settings = {0};

	if (aws_settings_load(options, &settings, err) < 0)
		return -1;
	*ret = TAKE_PTR(settings.ca_bundle);
	return 0;
}

/* Settings of the AWS SDKs that change nothing here. */
static void tell_passed_over(const struct aws_client *client)
{
	static const struct {
		const char *variable, *key, *taken, *why;
	} rows[] = {
		{"AWS_STS_REGIONAL_ENDPOINTS", "sts_regional_endpoints", "regional",
		 "STS is always asked in a region"},
		{"AWS_RETRY_MODE", "retry_mode", "standard",
		 "the rules of standard mode always hold"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *value = aws_settings_look_up(&client->settings, rows[i].variable,
							 rows[i].key);

		if (value && strcasecmp(value, rows[i].taken) != 0)
			gk_log(client->http.log, GK_LOG_DEBUG, "%s (%s) = %s is passed over: %s",
			       rows[i].variable, rows[i].key, value, rows[i].why);
	}
}

int aws_client_new(const struct aws_options *options, struct http_transport *transport,
		   const struct gk_clock *clock, const struct gk_log *log,
		   struct aws_client **ret, struct gk_error *err)
{
	_cleanup_(aws_client_freep) struct aws_client *client = calloc(1, sizeof(*client));

	if (!client)
		return gk_error_memory(err);
	http_client_init(&client->http, transport, clock, log, options->random);
	if (aws_settings_load(options, &client->settings, err) < 0)
		return -1;
	tell_passed_over(client);
	*ret = TAKE_PTR(client);
	return 0;
}

void aws_client_free(struct aws_client *client)
{
	if (!client)
		return;
	aws_cache_done(&client->cache);
	aws_settings_done(&client->settings);
	free(client);
}

void aws_client_freep(struct aws_client **client)
{
	aws_client_free(TAKE_PTR(*client));
}

static struct aws_provider_world world_of(struct aws_client *client)
{
	return (struct aws_provider_world){
		.settings = &client->settings,
		.transport = client->http.transport,
		.clock = client->http.clock,
		.log = client->http.log,
		.skew = &client->skew,
	};
}

static void tell_identity(struct aws_client *client)
{
	const struct aws_credentials *credentials = &client->cache.credentials;
	char hint[AWS_CREDENTIALS_HINT] = "";

	snprintf(client->identity, sizeof(client->identity), "%s, %s", credentials->source,
		 aws_credentials_hint(credentials, hint));
}

/* The last resort of an instance that works with its own role: where it is itself. */
static int find_region(struct aws_client *client, const struct aws_provider_world *world,
		       struct gk_error *err)
{
	const char *source = client->cache.credentials.source;

	if (client->settings.region || !source || strcmp(source, aws_provider_imds.name) != 0)
		return 0;
	if (aws_imds_region(world, &client->settings.region, err) < 0)
		return -1;
	if (client->settings.region)
		client->settings.from.region.kind = AWS_ORIGIN_METADATA;
	return 0;
}

int aws_client_check(struct aws_client *client, struct gk_error *err)
{
	struct aws_provider_world world = world_of(client);

	if (client->anonymous)
		return 0;
	if (aws_cache_fill(&client->cache, &world, aws_client_now(client), err) < 0 ||
	    find_region(client, &world, err) < 0)
		return -1;
	tell_identity(client);
	return 0;
}

const char *aws_client_region(const struct aws_client *client)
{
	return client->settings.region;
}

time_t aws_client_now(const struct aws_client *client)
{
	return client->http.clock->now(client->http.clock) + client->skew.seconds;
}

const struct aws_settings *aws_client_settings(const struct aws_client *client)
{
	return &client->settings;
}

const struct aws_chain *aws_client_chain(const struct aws_client *client)
{
	return &client->cache.chain;
}

const struct aws_credentials *aws_client_credentials(const struct aws_client *client)
{
	return client->cache.filled ? &client->cache.credentials : NULL;
}

bool aws_client_skew(const struct aws_client *client, int64_t *ret)
{
	if (client->skew.known)
		*ret = client->skew.newest;
	return client->skew.known;
}

const char *aws_client_identity(const struct aws_client *client)
{
	return client->identity;
}

void aws_call_done(struct aws_call *call)
{
	gk_buf_wipe(&call->params);
	gk_xml_free(TAKE_PTR(call->xml));
	cJSON_Delete(TAKE_PTR(call->json));
}

/* Runs those that could be made ready. `ready` has room for all. */
static int run_ready(struct aws_client *client, struct aws_sending *sendings, size_t count,
		     struct http_call **ready, struct gk_error *err)
{
	size_t ready_count = 0;

	for (size_t i = 0; i < count; i++)
		if (sendings[i].http.protocol)
			ready[ready_count++] = &sendings[i].http;
	if (http_client_run(&client->http, ready, ready_count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (sendings[i].http.protocol)
			aws_sending_finish(&sendings[i]);
	return 0;
}

static int run_all(struct aws_client *client, struct aws_call *const *calls, size_t count,
		   struct gk_error *err)
{
	_cleanup_free_ struct aws_sending *sendings = NULL;
	_cleanup_free_ struct http_call **ready = NULL;
	int result = 0;

	sendings = calloc(count, sizeof(*sendings));
	ready = calloc(count, sizeof(struct http_call *));
	if (!sendings || !ready)
		return gk_error_memory(err);
	for (size_t i = 0; i < count; i++)
		aws_sending_init(&sendings[i], client, calls[i]);
	result = run_ready(client, sendings, count, ready, err);
	for (size_t i = 0; i < count; i++)
		aws_sending_done(&sendings[i]);
	return result;
}

/* Those that were refused because the credentials have expired get new ones, once. */
static int run_expired(struct aws_client *client, struct aws_call *const *calls, size_t count,
		       struct gk_error *err)
{
	_cleanup_free_ struct aws_call **expired = NULL;
	struct aws_provider_world world = world_of(client);
	struct gk_error failure = {0};
	size_t expired_count = 0;
	bool renewed = false;

	/* What expired then is the token that an unsigned call brings along. */
	if (client->anonymous)
		return 0;
	expired = calloc(count, sizeof(struct aws_call *));
	for (size_t i = 0; expired && i < count; i++)
		if (aws_error_is_expired(calls[i]->code))
			expired[expired_count++] = calls[i];
	if (expired_count == 0)
		return 0;
	if (aws_cache_renew(&client->cache, &world, &renewed, &failure) < 0)
		for (size_t i = 0; i < expired_count; i++)
			gk_error_set(&expired[i]->error, GK_DENIED, "%s: %s", expired[i]->action,
				     failure.message);
	return renewed ? run_all(client, expired, expired_count, err) : 0;
}

int aws_run(struct aws_client *client, struct aws_call *const *calls, size_t count,
	    struct gk_error *err)
{
	if (count == 0)
		return 0;
	if (aws_client_check(client, err) < 0 || run_all(client, calls, count, err) < 0)
		return -1;
	return run_expired(client, calls, count, err);
}
