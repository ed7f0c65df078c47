/* The provider chain, line by line of testdata/aws-profiles/chain.txt. */
#include "aws/provider.h"

#include <stdio.h>
#include <string.h>

#include "aws/tests/environment.h"
#include "base/strv.h"
#include "base/tests/folder.h"
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

/* Sixteen roles one after the other, and one more. */
static void test_long_chain(void **state)
{
	struct test_folder folder;
	char path[TEST_PATH_SIZE];
	char environment[TEST_PATH_SIZE + 64];
	struct aws_options options = {.getenv = environment_get};
	char text[GK_ERROR_MESSAGE_MAX + 8];
	FILE *file = NULL;

	(void)state;
	test_folder_init(&folder);
	test_path(&folder, "config", path);
	file = fopen(path, "w");
	assert_non_null(file);
	for (int i = 0; i < 17; i++)
		fprintf(file, "[profile p%d]\nrole_arn = arn:aws:iam::123456789012:role/x\n"
			      "source_profile = p%d\n", i, i + 1);
	assert_true(fprintf(file, "[profile p17]\nregion = r\n") > 0);
	assert_int_equal(fclose(file), 0);
	snprintf(environment, sizeof(environment), "AWS_CONFIG_FILE=%s", path);
	environment_set(environment);
	options.profile = "p0";
	describe(&options, text, sizeof(text));
	assert_non_null(strstr(text, "source_profile leads through more than 16 profiles"));
	options.profile = "p1";
	describe(&options, text, sizeof(text));
	assert_non_null(strstr(text, "source_profile p17 has no credentials"));
	test_folder_done(&folder);
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

static void test_times(void **state)
{
	static const struct {
		const char *text;
		time_t time;
	} rows[] = {
		{"2026-11-20T12:36:00Z", 1795178160},
		{"2026-11-20T12:36:00.999Z", 1795178160},
		{"2026-11-20T12:36:00+00:00", 1795178160},
		{"2026-11-20T12:36:00.5-00:00", 1795178160},
		{"2026-11-20T11:06:00-01:30", 1795178160},
		{"9999-12-31T23:59:59Z", 253402300799},
		{"2026-11-20T12:36:00", 0},
		{"2026-11-20T12:36:00+1:000", 0},
		{"2026-11-20T12:36:00+-1:30", 0},
		{"2026-11-20T12:36:00+ 1: 3", 0},
		{"2026-11-20T12:36:00Z+01:00", 0},
		{"+01:00", 0},
		{"1795178160", 0},
		{"", 0},
		{"s3cr3t", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct gk_error err = {0};
		time_t time = 0;
		int result = aws_credentials_time(rows[i].text, &time, &err);

		if (result != (rows[i].time ? 0 : -1) || time != rows[i].time)
			fail_msg("%s: %lld, %s", rows[i].text, (long long)time, err.message);
		assert_null(strstr(err.message, "s3cr3t"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_long_chain),
		cmocka_unit_test(test_hint),
		cmocka_unit_test(test_expiration),
		cmocka_unit_test(test_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
