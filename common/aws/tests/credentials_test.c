/* The provider chain, line by line of testdata/aws-profiles/chain.txt. */
#include "aws/provider.h"

#include <stdio.h>
#include <string.h>

#include "aws/tests/environment.h"
#include "base/strv.h"
#include "base/tests/unit.h"
#include "image/tests/testdata.h"

enum { FIELDS = 3 };

static int resolve(const struct aws_settings *settings, struct aws_credentials *ret,
		   struct gk_error *err)
{
	const struct aws_provider_world world = {.settings = settings, .clock = &gk_system_clock};
	struct aws_chain chain = {0};

	return aws_credentials_resolve(&world, &chain, ret, err);
}

static void describe(const struct aws_options *options, char *text, size_t size)
{
	struct aws_settings settings = {0};
	struct aws_credentials credentials = {0};
	struct gk_error err = {0};

	if (aws_settings_load(options, &settings, &err) < 0 ||
	    resolve(&settings, &credentials, &err) < 0) {
		assert_true(err.code == GK_FAILED);
		snprintf(text, size, "! %s", err.message);
	} else {
		snprintf(text, size, "%s %s %s", credentials.source, credentials.access_key_id,
			 credentials.session_token ? credentials.session_token : "-");
		assert_non_null(credentials.secret_access_key);
	}
	aws_credentials_done(&credentials);
	aws_settings_done(&settings);
}

static void test_chain(void **state)
{
	struct gk_strv lines = {0};

	(void)state;
	testdata_lines("aws-profiles/chain.txt", &lines);
	for (size_t i = 0; i < lines.count; i++) {
		char *fields[FIELDS];
		char text[GK_ERROR_MESSAGE_MAX + 8];
		struct aws_options options = {.getenv = environment_get};
		const char *expected = NULL;

		testdata_fields(lines.items[i], fields, FIELDS);
		environment_set(fields[1]);
		options.profile = fields[0];
		describe(&options, text, sizeof(text));
		expected = fields[2][0] == '!' ? fields[2] + 2 : fields[2];
		if (text[0] == '!' ? !strstr(text, expected) : strcmp(text, expected) != 0)
			fail_msg("%s, %s: %s, not %s", fields[0], fields[1], text, fields[2]);
	}
	gk_strv_done(&lines);
}

static void test_hint(void **state)
{
	static const struct {
		const char *id, *hint;
	} rows[] = {
		{"AKIAIOSFODNN7EXAMPLE", "AKIA…MPLE"},
		{"SHORT", "SHOR…"},
		{"", "…"},
	};
	char text[AWS_CREDENTIALS_HINT];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct aws_credentials credentials = {.access_key_id = (char *)rows[i].id};

		assert_string_equal(aws_credentials_hint(&credentials, text), rows[i].hint);
	}
}

static void test_expiration(void **state)
{
	struct aws_options options = {.getenv = environment_get};
	struct aws_settings settings = {0};
	struct aws_credentials credentials = {0};
	struct gk_error err = {0};

	(void)state;
	environment_set("AWS_ACCESS_KEY_ID=K AWS_SECRET_ACCESS_KEY=s "
			"AWS_CREDENTIAL_EXPIRATION=2026-11-20T14:06:00+01:30");
	assert_success(aws_settings_load(&options, &settings, &err), &err);
	assert_success(resolve(&settings, &credentials, &err), &err);
	assert_int_equal(credentials.expires, 1795178160);
	aws_credentials_done(&credentials);
	aws_settings_done(&settings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_hint),
		cmocka_unit_test(test_expiration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
