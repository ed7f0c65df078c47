#include "aws/client.h"

#include <stdio.h>
#include <stdlib.h>

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
	*ret = TAKE_PTR(client);
	return 0;
}

void aws_client_free(struct aws_client *client)
{
	if (!client)
		return;
	aws_credentials_done(&client->credentials);
	aws_settings_done(&client->settings);
	free(client);
}

void aws_client_freep(struct aws_client **client)
{
	aws_client_free(TAKE_PTR(*client));
}

int aws_client_check(struct aws_client *client, struct gk_error *err)
{
	char hint[AWS_CREDENTIALS_HINT] = "";

	if (client->has_credentials)
		return 0;
	if (aws_credentials_resolve(&client->settings, &client->credentials, err) < 0)
		return -1;
	client->has_credentials = true;
	snprintf(client->identity, sizeof(client->identity), "%s, %s", client->credentials.source,
		 aws_credentials_hint(&client->credentials, hint));
	gk_log(client->http.log, GK_LOG_DEBUG, "AWS credentials: %s", client->identity);
	return 0;
}

const char *aws_client_region(const struct aws_client *client)
{
	return client->settings.region;
}

time_t aws_client_now(const struct aws_client *client)
{
	return client->http.clock->now(client->http.clock) + client->clock_offset;
}

const char *aws_client_identity(const struct aws_client *client)
{
	return client->identity;
}

void aws_call_done(struct aws_call *call)
{
	gk_buf_done(&call->params);
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

int aws_run(struct aws_client *client, struct aws_call *const *calls, size_t count,
	    struct gk_error *err)
{
	_cleanup_free_ struct aws_sending *sendings = NULL;
	_cleanup_free_ struct http_call **ready = NULL;
	int result = 0;

	if (count == 0)
		return 0;
	if (aws_client_check(client, err) < 0)
		return -1;
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
