/* IAM Identity Center: which file holds the token, when it is renewed, what a person has to do. */
#include "aws/sso.h"

#include <string.h>

#include "aws/tests/asking.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/tests/folder.h"
#include "base/tests/unit.h"

/* SHA-1 of "corp", and of two start URLs. */
#define SESSION_FILE "ee0bfd2552fbd840c02cc48b6e823320543c450f.json"
#define START_URL_FILE "a51746d4aa793ae07b25e90c3a5db96fc7832bd7.json"
#define CHINA_FILE "5e7c464a335593d480f63bd615ac6887ae6117c4.json"

#define PORTAL "https://portal.sso.eu-west-1.amazonaws.com/federation/credentials?account_id="
#define OIDC "https://oidc.eu-west-1.amazonaws.com/token"
#define KEYS                                                                                       \
	"{\"roleCredentials\":{\"accessKeyId\":\"ASIA1\",\"secretAccessKey\":\"s3cr3t\","          \
	"\"sessionToken\":\"t0k3n\",\"expiration\":1795197600000}}"
#define ROLE(expiration)                                                                           \
	"{\"roleCredentials\":{\"accessKeyId\":\"ASIA1\",\"secretAccessKey\":\"s3cr3t\","          \
	"\"sessionToken\":\"t0k3n\",\"expiration\":" expiration "}}"
#define FOUND "ASIA1 t0k3n 2026-11-20T18:00:00Z"
#define TOKEN(until)                                                                               \
	"{\"startUrl\":\"https://corp.awsapps.com/start\",\"region\":\"eu-west-1\","               \
	"\"accessToken\":\"t0k3n1\",\"expiresAt\":\"" until "\"}"
#define RENEWABLE(until, registered)                                                               \
	"{\"accessToken\":\"t0k3n1\",\"expiresAt\":\"" until "\",\"clientId\":\"id\","             \
	"\"clientSecret\":\"s3cr3t2\",\"refreshToken\":\"r1\",\"kept\":\"yes\","                   \
	"\"registrationExpiresAt\":\"" registered "\"}"

struct home {
	struct asking *asking;
	struct test_folder folder;
	char file[TEST_PATH_SIZE];
	const char *profile;
};

static int find_profile(const struct aws_provider_world *world, bool *ret_configured,
			struct aws_credentials *ret, struct gk_error *err)
{
	return aws_sso_find(world, world->settings->profile, ret_configured, ret, err);
}

static void home_init(struct home *home, void **state)
{
	struct gk_error err = {0};
	char path[TEST_PATH_SIZE];

	home->asking = *state;
	test_folder_init(&home->folder);
	test_path(&home->folder, ".aws/sso/cache", path);
	assert_success(gk_path_make_folders(path, &err), &err);
}

/* Puts the token there, and asks for the profile. */
static const char *ask(struct home *home, const char *profile, const char *file, const char *token)
{
	const char *testdata = getenv("GOLDKEEP_TESTDATA");
	char environment[3 * TEST_PATH_SIZE];
	char name[128];

	snprintf(name, sizeof(name), ".aws/sso/cache/%s", file);
	test_path(&home->folder, name, home->file);
	if (token)
		asking_write(home->file, token);
	snprintf(environment, sizeof(environment),
		 "HOME=%s AWS_CONFIG_FILE=%s/aws-profiles/sso-config", home->folder.path,
		 testdata && *testdata ? testdata : "testdata");
	asking_ask(home->asking, profile, environment, find_profile);
	return home->asking->said;
}

static void home_done(struct home *home)
{
	test_folder_done(&home->folder);
}

static void test_session(void **state)
{
	_cleanup_(home_done) struct home home = {0};
	const struct script_sent *sent = NULL;

	home_init(&home, state);
	asking_answer(*state, PORTAL, 200, KEYS);
	assert_string_equal(ask(&home, "new", SESSION_FILE, TOKEN("2026-11-20T20:00:00Z")), FOUND);
	sent = asking_sent(*state, 0);
	assert_string_equal(sent->method, "GET");
	assert_string_equal(sent->url, PORTAL "123456789012&role_name=Image%20Builder");
	assert_string_equal(script_sent_header(sent, "x-amz-sso_bearer_token"), "t0k3n1");
	asking_answer(*state, PORTAL, 200, KEYS);
	assert_string_equal(ask(&home, "same", SESSION_FILE, NULL), FOUND);
}

/* The older form: named after the URL, never renewed, and times with UTC. */
static void test_legacy(void **state)
{
	_cleanup_(home_done) struct home home = {0};

	home_init(&home, state);
	asking_answer(*state, PORTAL, 200, KEYS);
	assert_string_equal(ask(&home, "legacy", START_URL_FILE,
				RENEWABLE("2026-11-20T12:37:00UTC", "2027-01-01T00:00:00Z")),
			    FOUND);
	ask(&home, "legacy", START_URL_FILE,
	    RENEWABLE("2026-11-20T12:36:00UTC", "2027-01-01T00:00:00Z"));
	assert_said(home.asking, "! IAM Identity Center for the AWS profile legacy: the login has "
				 "expired: run aws sso login --profile legacy");
}

static void test_china(void **state)
{
	_cleanup_(home_done) struct home home = {0};

	home_init(&home, state);
	asking_answer(*state, "https://portal.sso.cn-north-1.amazonaws.com.cn/", 200, KEYS);
	assert_string_equal(ask(&home, "china", CHINA_FILE, TOKEN("2026-11-20T20:00:00Z")), FOUND);
}

static void test_settings(void **state)
{
	static const struct {
		const char *profile, *said;
	} rows[] = {
		{"token-only", "-"},
		{"other-region", "! IAM Identity Center for the AWS profile other-region: "
				 "sso_region is us-east-1 in the profile and eu-west-1 in "
				 "sso-session corp"},
		{"no-session", "there is no section [sso-session nowhere]"},
		{"no-role", "sso_role_name is missing"},
		{"no-start-url", "sso_start_url is missing"},
		{"new", "nobody has logged in yet: run aws sso login --profile new"},
	};
	_cleanup_(home_done) struct home home = {0};

	home_init(&home, state);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		ask(&home, rows[i].profile, "none", NULL);
		assert_said(home.asking, rows[i].said);
	}
}

static void test_bad_files(void **state)
{
	static const struct {
		const char *token, *said;
	} rows[] = {
		{"", "/.aws/sso/cache/"},
		{"{\"accessToken\":\"t0k", "/.aws/sso/cache/"},
		{"[]", "holds no accessToken with expiresAt: run aws sso login --profile new"},
		{"{}", "holds no accessToken"},
		{"{\"accessToken\":\"t0k3n\"}", "holds no accessToken"},
		{"{\"accessToken\":\"a\",\"expiresAt\":\"soon\"}", "holds no accessToken"},
		{"{\"accessToken\":\"a\\nX: 1\",\"expiresAt\":\"2027-11-20T12:36:00Z\"}",
		 "holds no accessToken"},
	};
	_cleanup_(home_done) struct home home = {0};

	home_init(&home, state);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		ask(&home, "new", SESSION_FILE, rows[i].token);
		assert_int_equal(home.asking->said[0], '!');
		assert_said(home.asking, rows[i].said);
		assert_null(strstr(home.asking->said, "t0k"));
	}
}

static void test_renewal(void **state)
{
	_cleanup_(home_done) struct home home = {0};
	_cleanup_(gk_buf_done) struct gk_buf kept = {0};
	struct gk_error err = {0};
	struct stat info = {0};
	const char *body = NULL;

	home_init(&home, state);
	asking_answer(*state, OIDC, 200,
		      "{\"accessToken\":\"t0k3n2\",\"expiresIn\":3600,\"refreshToken\":\"r2\"}");
	asking_answer(*state, "x-amz-sso_bearer_token: t0k3n2", 200, KEYS);
	assert_string_equal(ask(&home, "new", SESSION_FILE,
				RENEWABLE("2026-11-20T12:50:59Z", "2027-01-01T00:00:00Z")),
			    FOUND);
	body = asking_sent(*state, 0)->body;
	assert_string_equal(body, "{\"grantType\":\"refresh_token\",\"clientId\":\"id\","
				  "\"clientSecret\":\"s3cr3t2\",\"refreshToken\":\"r1\"}");
	assert_int_equal(stat(home.file, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	assert_success(gk_file_read(home.file, 0, &kept, &err), &err);
	assert_string_equal(gk_buf_text(&kept),
			    "{\"accessToken\":\"t0k3n2\",\"expiresAt\":\"2026-11-20T13:36:00Z\","
			    "\"clientId\":\"id\",\"clientSecret\":\"s3cr3t2\","
			    "\"refreshToken\":\"r2\",\"kept\":\"yes\","
			    "\"registrationExpiresAt\":\"2027-01-01T00:00:00Z\"}");
}

/* Nothing is renewed that is good for a quarter of an hour, or whose registration is over. */
static void test_no_renewal(void **state)
{
	static const char *const rows[] = {
		RENEWABLE("2026-11-20T12:51:00Z", "2027-01-01T00:00:00Z"),
		RENEWABLE("2026-11-20T12:40:00Z", "2026-11-20T12:36:00Z"),
		TOKEN("2026-11-20T12:40:00Z"),
	};
	_cleanup_(home_done) struct home home = {0};

	home_init(&home, state);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		asking_answer(*state, PORTAL, 200, KEYS);
		assert_string_equal(ask(&home, "new", SESSION_FILE, rows[i]), FOUND);
	}
	ask(&home, "new", SESSION_FILE, RENEWABLE("2026-11-20T12:00:00Z", "2026-11-20T12:00:00Z"));
	assert_said(home.asking, "the login has expired: run aws sso login --profile new");
}

static void test_renewal_fails(void **state)
{
	_cleanup_(home_done) struct home home = {0};

	home_init(&home, state);
	asking_answer(*state, OIDC, 400, "{\"error\":\"invalid_grant\"}");
	asking_answer(*state, "x-amz-sso_bearer_token: t0k3n1", 200, KEYS);
	assert_string_equal(ask(&home, "new", SESSION_FILE,
				RENEWABLE("2026-11-20T12:40:00Z", "2027-01-01T00:00:00Z")),
			    FOUND);
	assert_non_null(strstr(gk_buf_text(&home.asking->log), "0 the token of IAM Identity Center "
							       "was not renewed: " OIDC));
	asking_answer(*state, OIDC, 200, "{\"accessToken\":\"t\"}");
	ask(&home, "new", SESSION_FILE, RENEWABLE("2026-11-20T12:30:00Z", "2027-01-01T00:00:00Z"));
	assert_said(home.asking, "the login has expired: run aws sso login --profile new");
}

/* What cannot be right is not kept, and the old token is used as long as it is good. */
static void test_bad_renewals(void **state)
{
	static const char *const rows[] = {
		"{}",
		"{\"accessToken\":\"t0k3n2\"}",
		"{\"accessToken\":\"t0k3n2\",\"expiresIn\":0}",
		"{\"accessToken\":\"t0k3n2\",\"expiresIn\":-1}",
		"{\"accessToken\":\"t0k3n2\",\"expiresIn\":\"3600\"}",
		"{\"accessToken\":\"t0k3n2\",\"expiresIn\":1e300}",
		"{\"accessToken\":\"t0k3n2\",\"expiresIn\":4294967296}",
		"{\"accessToken\":\"t0k3n2\\nX: 1\",\"expiresIn\":3600}",
		"{\"accessToken\":7,\"expiresIn\":3600}",
		"{\"accessToken\":\"t0k3n2\",\"expiresIn\":3600,\"refreshToken\":[]}",
		"{\"accessToken\":\"t0k3n2\",\"expiresIn\":36",
	};
	static const char token[] = RENEWABLE("2026-11-20T12:50:59Z", "2027-01-01T00:00:00Z");
	_cleanup_(home_done) struct home home = {0};

	home_init(&home, state);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(gk_buf_done) struct gk_buf kept = {0};
		struct gk_error err = {0};

		asking_answer(*state, OIDC, 200, rows[i]);
		asking_answer(*state, "x-amz-sso_bearer_token: t0k3n1", 200, KEYS);
		if (strcmp(ask(&home, "new", SESSION_FILE, token), FOUND) != 0)
			fail_msg("%s: %s", rows[i], home.asking->said);
		assert_success(gk_file_read(home.file, 0, &kept, &err), &err);
		assert_string_equal(gk_buf_text(&kept), token);
	}
}

static void test_portal_says_no(void **state)
{
	static const struct {
		int status;
		const char *body, *said;
	} rows[] = {
		{401, "{\"message\":\"Session token not found or invalid\"}",
		 "the login is no longer taken: run aws sso login --profile new"},
		{403, "{\"message\":\"No access\"}",
		 "role Image Builder in account 123456789012: https://portal.sso.eu-west-1."
		 "amazonaws.com/federation/credentials answers with HTTP status 403: No access"},
		{200, "{}", "accessKeyId in the answer is missing"},
		{200, "{\"roleCredentials\":[]}", "roleCredentials"},
		{200, ROLE("\"1795197600000\""), "\"expiration\" is no whole number"},
		{200, ROLE("1e300"), "\"expiration\" is no whole number"},
		{200, ROLE("1795197600000.5"), "\"expiration\" is no whole number"},
	};
	_cleanup_(home_done) struct home home = {0};

	home_init(&home, state);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		asking_answer(*state, PORTAL, rows[i].status, rows[i].body);
		ask(&home, "new", SESSION_FILE, TOKEN("2026-11-20T20:00:00Z"));
		assert_int_equal(home.asking->said[0], '!');
		assert_said(home.asking, rows[i].said);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_session, asking_set_up, asking_tear_down),
		cmocka_unit_test_setup_teardown(test_legacy, asking_set_up, asking_tear_down),
		cmocka_unit_test_setup_teardown(test_china, asking_set_up, asking_tear_down),
		cmocka_unit_test_setup_teardown(test_settings, asking_set_up, asking_tear_down),
		cmocka_unit_test_setup_teardown(test_bad_files, asking_set_up, asking_tear_down),
		cmocka_unit_test_setup_teardown(test_renewal, asking_set_up, asking_tear_down),
		cmocka_unit_test_setup_teardown(test_no_renewal, asking_set_up, asking_tear_down),
		cmocka_unit_test_setup_teardown(test_renewal_fails, asking_set_up,
						asking_tear_down),
		cmocka_unit_test_setup_teardown(test_bad_renewals, asking_set_up, asking_tear_down),
		cmocka_unit_test_setup_teardown(test_portal_says_no, asking_set_up,
						asking_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
