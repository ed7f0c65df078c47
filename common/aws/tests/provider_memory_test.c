/* Every allocation of a provider fails once (those of base/, of cJSON, and its own): nothing crashes
 * or leaks, each failure says that memory ran out, and none passes for a source that is not
 * configured or for credentials. */
#include "base/tests/failing_memory.h"

#include "../../base/buf.c"
#include "../../base/mem.c"
#include "../../base/strv.c"
#include "../../base/xml.c"
#include "../process.c"
#include "../query.c"
#include "../sigv4.c"

#include "aws/provider.h"
#include "aws/tests/asking.h"
#include "aws/tests/environment.h"
#include "base/file.h"
#include "base/tests/folder.h"

#define KEYS_JSON                                                                                  \
	"{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\",\"Token\":\"t\","                        \
	"\"Expiration\":\"2026-11-20T18:00:00Z\"}"
#define KEYS_XML(action)                                                                           \
	"<" action "Response><" action "Result><Credentials>"                                      \
	"<AccessKeyId>A</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"                         \
	"<SessionToken>t</SessionToken><Expiration>2026-11-20T18:00:00Z</Expiration>"              \
	"</Credentials></" action "Result></" action "Response>"
#define WEB_KEYS_XML KEYS_XML("AssumeRoleWithWebIdentity")
#define ROLE "arn:aws:iam::123456789012:role/"

static const char config[] =
	"[profile last]\nrole_arn = " ROLE "last\nsource_profile = first\nregion = eu-west-1\n"
	"[profile first]\nrole_arn = " ROLE "first\nsource_profile = web\nexternal_id = e1\n"
	"[profile web]\nrole_arn = " ROLE "web\nweb_identity_token_file = ~/token\n"
	"region = eu-west-1\n"
	"[profile process]\ncredential_process = printf %s '{\"Version\": 1, \"AccessKeyId\": "
	"\"A\", \"SecretAccessKey\": \"s\", \"Expiration\": \"2999-01-01T00:00:00+00:00\"}'\n"
	"[profile login]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = a b\n"
	"[sso-session corp]\nsso_start_url = https://x/start\nsso_region = eu-west-1\n";

static const char login[] =
	"{\"accessToken\":\"t1\",\"expiresAt\":\"2026-11-20T12:40:00Z\",\"clientId\":\"id\","
	"\"clientSecret\":\"c\",\"refreshToken\":\"r1\","
	"\"registrationExpiresAt\":\"2027-01-01T00:00:00Z\"}";

/* What is asked again and again. */
static struct aws_settings settings;
static struct aws_provider_world world;
static const struct aws_provider *provider;
static struct test_folder home;
static bool warned; /* that memory ran out where it is no failure */

/* In our words, or in the system's. */
static bool tells_of_memory(const char *message)
{
	return strstr(message, "out of memory") || strstr(message, strerror(ENOMEM));
}

static void listen(void *context, enum gk_log_level level, const char *line)
{
	(void)context;
	warned = warned || (level == GK_LOG_WARNING && tells_of_memory(line));
}

/* A file of the home folder. */
static void put(const char *name, const char *content)
{
	char path[TEST_PATH_SIZE];

	asking_write(test_path(&home, name, path), content);
}

static int set_up(void **state)
{
	char path[TEST_PATH_SIZE];

	test_folder_init(&home);
	assert_int_equal(gk_path_make_folders(test_path(&home, ".aws/sso/cache", path), NULL), 0);
	put("config", config);
	put("token", "a.b.c\n");
	return asking_set_up(state);
}

static int tear_down(void **state)
{
	test_folder_done(&home);
	return asking_tear_down(state);
}

/* The token of the session is renewed, and its file written anew, each time. */
static int ask_provider(void)
{
	_cleanup_(aws_credentials_done) struct aws_credentials credentials = {0};
	struct gk_error err = {0};
	bool configured = false;

	warned = false;
	put(".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json", login);
	if (provider->find(&world, &configured, &credentials, &err) < 0) {
		if (!tells_of_memory(err.message))
			fail_msg("%s", err.message);
		return -1;
	}
	assert_true(configured);
	assert_string_equal(credentials.secret_access_key, "s");
	return warned ? -1 : 0;
}

static void always(struct asking *a, const char *match, const char *body)
{
	asking_answer_with(a, &(struct script_answer){
				      .match = match, .status = 200, .body = body, .always = true});
}

static void fail_all(struct asking *a, const struct aws_provider *asked, const char *variables)
{
	static const struct gk_log log = {listen, NULL};
	_cleanup_free_ char *environment = gk_str_format(
		NULL, "HOME=%s AWS_CONFIG_FILE=%s/config AWS_MAX_ATTEMPTS=1 %s", home.path,
		home.path, variables);
	struct aws_options options = {.getenv = environment_get};
	struct gk_error err = {0};

	environment_set(environment);
	assert_success(aws_settings_load(&options, &settings, &err), &err);
	world = (struct aws_provider_world){.settings = &settings,
					    .transport = http_script_transport(a->script),
					    .clock = &a->clock.clock,
					    .log = &log};
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
	always(*state, "sts", WEB_KEYS_XML);
	fail_all(*state, &aws_provider_github,
		 "ACTIONS_ID_TOKEN_REQUEST_URL=https://gh.example/ AWS_ROLE_ARN=arn "
		 "ACTIONS_ID_TOKEN_REQUEST_TOKEN=t AWS_REGION=eu-west-1");
}

static void test_web_identity(void **state)
{
	char variables[TEST_PATH_SIZE];

	always(*state, "sts", WEB_KEYS_XML);
	snprintf(variables, sizeof(variables),
		 "AWS_WEB_IDENTITY_TOKEN_FILE=%s/token AWS_ROLE_ARN=" ROLE "x AWS_REGION=eu-west-1",
		 home.path);
	fail_all(*state, &aws_provider_web_identity, variables);
}

static void test_chain_of_roles(void **state)
{
	always(*state, "role%2Fweb", WEB_KEYS_XML);
	always(*state, "role%2Ffirst", KEYS_XML("AssumeRole"));
	always(*state, "role%2Flast", KEYS_XML("AssumeRole"));
	fail_all(*state, &aws_provider_profile, "AWS_PROFILE=last");
}

static void test_process(void **state)
{
	fail_all(*state, &aws_provider_profile, "AWS_PROFILE=process");
}

static void test_login(void **state)
{
	always(*state, "oidc", "{\"accessToken\":\"t2\",\"expiresIn\":3600,"
			       "\"refreshToken\":\"r2\"}");
	always(*state, "portal",
	       "{\"roleCredentials\":{\"accessKeyId\":\"A\",\"secretAccessKey\":\"s\","
	       "\"sessionToken\":\"t\",\"expiration\":1795197600000}}");
	fail_all(*state, &aws_provider_profile, "AWS_PROFILE=login");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_container, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_instance, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_github, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_web_identity, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_chain_of_roles, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_process, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_login, set_up, tear_down),
	};

	cJSON_InitHooks(&(cJSON_Hooks){failing_malloc, free});
	return cmocka_run_group_tests(tests, NULL, NULL);
}
