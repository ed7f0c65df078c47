/* Every allocation of a provider (all go through base/) fails once: nothing crashes or leaks, and
 * no failure passes for a source that is not configured or for credentials. */
#include "base/tests/failing_memory.h"

#include "../../base/buf.c"
#include "../../base/mem.c"
#include "../../base/strv.c"

#include "aws/provider.h"
#include "aws/tests/asking.h"
#include "aws/tests/environment.h"

#define KEYS_JSON                                                                                  \
	"{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\",\"Token\":\"t\","                        \
	"\"Expiration\":\"2026-11-20T18:00:00Z\"}"
#define KEYS_XML                                                                                   \
	"<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"        \
	"<AccessKeyId>A</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"                         \
	"<SessionToken>t</SessionToken><Expiration>2026-11-20T18:00:00Z</Expiration>"              \
	"</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"

static struct aws_settings settings;
static struct aws_provider_world world;
static const struct aws_provider *provider;

static int ask_provider(void)
{
	_cleanup_(aws_credentials_done) struct aws_credentials credentials = {0};
	struct gk_error err = {0};
	bool configured = false;

	if (provider->find(&world, &configured, &credentials, &err) < 0) {
		assert_true(err.code != GK_OK);
		return -1;
	}
	assert_true(configured);
	assert_string_equal(credentials.secret_access_key, "s");
	return 0;
}

static void always(struct asking *a, const char *match, const char *body)
{
	asking_answer_with(a, &(struct script_answer){
				      .match = match, .status = 200, .body = body, .always = true});
}

static void fail_all(struct asking *a, const struct aws_provider *asked, const char *environment)
{
	struct aws_options options = {.getenv = environment_get};
	struct gk_error err = {0};

	environment_set(environment);
	assert_success(aws_settings_load(&options, &settings, &err), &err);
	world = (struct aws_provider_world){.settings = &settings,
					    .transport = http_script_transport(a->script),
					    .clock = &a->clock.clock};
	provider = asked;
	for_each_failing_allocation(ask_provider);
	aws_settings_done(&settings);
}

static void test_container(void **state)
{
	always(*state, NULL, KEYS_JSON);
	fail_all(*state, &aws_provider_container,
		 "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/x AWS_CONTAINER_AUTHORIZATION_TOKEN=t");
}

static void test_instance(void **state)
{
	always(*state, "api/token", "tok");
	always(*state, "credentials/builder", KEYS_JSON);
	always(*state, "credentials/", "builder");
	fail_all(*state, &aws_provider_imds, "");
}

static void test_github(void **state)
{
	always(*state, "gh.example", "{\"value\":\"a.b.c\"}");
	always(*state, "sts", KEYS_XML);
	fail_all(*state, &aws_provider_github,
		 "AWS_MAX_ATTEMPTS=1 ACTIONS_ID_TOKEN_REQUEST_URL=https://gh.example/ AWS_ROLE_ARN=arn "
		 "ACTIONS_ID_TOKEN_REQUEST_TOKEN=t AWS_REGION=eu-west-1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_container, asking_set_up, asking_tear_down),
		cmocka_unit_test_setup_teardown(test_instance, asking_set_up, asking_tear_down),
		cmocka_unit_test_setup_teardown(test_github, asking_set_up, asking_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
