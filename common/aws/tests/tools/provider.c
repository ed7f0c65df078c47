/*
 * Asks one credential provider as the environment says, for postprocessor/tests/test_providers.py:
 *
 *	provider container|instance|sso|github [PROFILE]
 *
 * prints {"id", "secret", "token", "expires"}, {} if it is not configured, or {"error"}.
 */
#include <stdio.h>
#include <string.h>

#include "aws/provider.h"
#include "aws/sso.h"
#include "base/json.h"
#include "base/mem.h"

static int find_sso(const struct aws_provider_world *world, bool *ret_configured,
		    struct aws_credentials *ret, struct gk_error *err)
{
	return aws_sso_find(world, world->settings->profile, ret_configured, ret, err);
}

static const struct aws_provider sso = {"sso", find_sso};

static const struct {
	const char *name;
	const struct aws_provider *provider;
} providers[] = {
	{"container", &aws_provider_container},
	{"instance", &aws_provider_imds},
	{"sso", &sso},
	{"github", &aws_provider_github},
};

static void tell_warning(void *context, enum gk_log_level level, const char *line)
{
	(void)context;
	if (level == GK_LOG_WARNING)
		fprintf(stderr, "%s\n", line);
}

static int ask(const struct aws_provider *provider, const char *profile,
	       struct aws_credentials *ret, struct gk_error *err)
{
	static const struct gk_log log = {.write = tell_warning};
	struct aws_options options = {.profile = profile};
	struct http_curl_options curl = {.user_agent = "goldkeep/test"};
	_cleanup_(aws_settings_done) struct aws_settings settings = {0};
	_cleanup_(http_transport_freep) struct http_transport *transport = NULL;
	struct aws_provider_world world = {
		.settings = &settings, .clock = &gk_system_clock, .log = &log};
	bool configured = false;

	if (aws_settings_load(&options, &settings, err) < 0 ||
	    http_curl_new(&curl, &transport, err) < 0)
		return -1;
	world.transport = transport;
	return provider->find(&world, &configured, ret, err);
}

static char *describe(const struct aws_credentials *credentials, const struct gk_error *failure,
		      struct gk_error *err)
{
	_cleanup_(gk_json_builder_done) struct gk_json_builder json = {0};

	if (gk_json_builder_init(&json, err) < 0)
		return NULL;
	if (failure->code)
		gk_json_add_string(&json, json.root, "error", failure->message);
	else if (credentials->access_key_id) {
		gk_json_add_string(&json, json.root, "id", credentials->access_key_id);
		gk_json_add_string(&json, json.root, "secret", credentials->secret_access_key);
		gk_json_add_string(&json, json.root, "token", credentials->session_token);
		gk_json_add_integer(&json, json.root, "expires", credentials->expires);
	}
	return gk_json_builder_print(&json, false, err);
}

int main(int count, char **arguments)
{
	_cleanup_(aws_credentials_done) struct aws_credentials credentials = {0};
	_cleanup_free_ char *text = NULL;
	struct gk_error failure = {0};
	struct gk_error err = {0};

	for (size_t i = 0; count > 1 && i < ARRAY_SIZE(providers); i++)
		if (strcmp(providers[i].name, arguments[1]) == 0)
			ask(providers[i].provider, count > 2 ? arguments[2] : NULL, &credentials,
			    &failure);
	text = describe(&credentials, &failure, &err);
	if (!text || puts(text) < 0)
		return 1;
	return 0;
}
