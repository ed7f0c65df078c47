/* Settings and endpoints, line by line of testdata/aws-profiles/. */
#include "aws/settings.h"

#include <stdio.h>
#include <string.h>

#include "aws/endpoint.h"
#include "aws/tests/environment.h"
#include "base/mem.h"
#include "base/strv.h"
#include "base/tests/unit.h"
#include "image/tests/testdata.h"

enum {
	SETTINGS_FIELDS = 4,
	ENDPOINT_FIELDS = 7,
	ORIGIN_FIELDS = 5,
	TEXT_MAX = GK_ERROR_MESSAGE_MAX + 8,
};

/* An expectation that begins with ! stands for every error that contains the rest. */
static void compare(const char *line, const char *is, const char *expected)
{
	bool same = expected[0] == '!' ? is[0] == '!' && strstr(is, expected + 2)
				       : strcmp(is, expected) == 0;

	if (!same)
		fail_msg("%s: %s, not %s", line, is, expected);
}

static const char *shown(const char *text)
{
	return text ? text : "-";
}

static void describe_settings(const struct aws_options *options, char *text)
{
	struct aws_settings settings = {0};
	struct gk_error err = {0};

	if (aws_settings_load(options, &settings, &err) < 0) {
		assert_int_equal(err.code, GK_USAGE);
		snprintf(text, TEXT_MAX, "! %s", err.message);
	} else {
		snprintf(text, TEXT_MAX, "%s %d %s", shown(settings.region), settings.max_attempts,
			 shown(settings.ca_bundle));
	}
	aws_settings_done(&settings);
}

static void test_settings(void **state)
{
	struct gk_strv lines = {0};

	(void)state;
	testdata_lines("aws-profiles/settings.txt", &lines);
	for (size_t i = 0; i < lines.count; i++) {
		_cleanup_free_ char *line = gk_str_format(NULL, "%s", lines.items[i]);
		char *fields[SETTINGS_FIELDS];
		char text[TEXT_MAX];

		testdata_fields(lines.items[i], fields, SETTINGS_FIELDS);
		environment_set(fields[2]);
		describe_settings(&(struct aws_options){.profile = fields[0],
							.region = fields[1],
							.getenv = environment_get},
				  text);
		compare(line, text, fields[3]);
	}
	gk_strv_done(&lines);
}

static const struct aws_service_info *find_service(const char *name)
{
	static const struct aws_service_info *const others[] = {&aws_service_portal,
								&aws_service_oidc};

	for (enum aws_service service = AWS_EC2; service <= AWS_DYNAMODB; service++)
		if (strcmp(aws_service_info(service)->name, name) == 0)
			return aws_service_info(service);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (strcmp(others[i]->name, name) == 0)
			return others[i];
	fail_msg("no service %s", name);
	return NULL;
}

static void describe_endpoint(const struct aws_options *options, const char *service,
			      const char *region, char *text)
{
	struct aws_settings settings = {0};
	struct aws_endpoint endpoint = {0};
	struct gk_error err = {0};

	assert_success(aws_settings_load(options, &settings, &err), &err);
	if (aws_endpoint_find(&settings, find_service(service), region, &endpoint, &err) < 0) {
		assert_int_equal(err.code, GK_USAGE);
		snprintf(text, TEXT_MAX, "! %s", err.message);
	} else {
		snprintf(text, TEXT_MAX, "%s %s", endpoint.url, endpoint.host);
		assert_string_equal(strchr(endpoint.url + 8, '/'), endpoint.path);
	}
	aws_endpoint_done(&endpoint);
	aws_settings_done(&settings);
}

static void test_endpoints(void **state)
{
	struct gk_strv lines = {0};

	(void)state;
	testdata_lines("aws-profiles/endpoints.txt", &lines);
	for (size_t i = 0; i < lines.count; i++) {
		_cleanup_free_ char *line = gk_str_format(NULL, "%s", lines.items[i]);
		char *fields[ENDPOINT_FIELDS];
		char text[TEXT_MAX];

		testdata_fields(lines.items[i], fields, ENDPOINT_FIELDS);
		environment_set(fields[2]);
		describe_endpoint(&(struct aws_options){.profile = fields[0],
							.endpoint_url = fields[1],
							.getenv = environment_get},
				  fields[3], fields[4], text);
		compare(line, text, fields[5]);
	}
	gk_strv_done(&lines);
}

/* Of a setting, else of the endpoint of the service of that name. */
static struct aws_origin find_origin(const struct aws_settings *settings, const char *name)
{
	const struct {
		const char *name;
		struct aws_origin from;
	} origins[] = {
		{"profile", settings->from.profile},
		{"region", settings->from.region},
		{"ca_bundle", settings->from.ca_bundle},
		{"max_attempts", settings->from.max_attempts},
		{"ignore_endpoints", settings->from.ignore_endpoints},
		{"fips", settings->from.fips},
		{"dual_stack", settings->from.dual_stack},
	};
	_cleanup_(aws_endpoint_done) struct aws_endpoint endpoint = {0};
	struct gk_error err = {0};

	for (size_t i = 0; i < ARRAY_SIZE(origins); i++)
		if (strcmp(origins[i].name, name) == 0)
			return origins[i].from;
	assert_success(aws_endpoint_find(settings, find_service(name), "us-east-1", &endpoint,
					 &err),
		       &err);
	return endpoint.from;
}

/* "C" at the end of an expectation stands for the config file. */
static void compare_origin(const char *line, const struct aws_settings *settings, const char *is,
			   const char *expected)
{
	size_t length = strlen(expected);
	bool in_config = length > 2 && strcmp(expected + length - 2, " C") == 0;
	_cleanup_free_ char *text =
		gk_str_format(NULL, "%.*s%s", (int)length - in_config, expected,
			      in_config ? settings->profiles.files.items[0] : "");

	compare(line, is, text);
}

static void test_origins(void **state)
{
	struct gk_strv lines = {0};

	(void)state;
	testdata_lines("aws-profiles/origins.txt", &lines);
	for (size_t i = 0; i < lines.count; i++) {
		_cleanup_free_ char *line = gk_str_format(NULL, "%s", lines.items[i]);
		_cleanup_(aws_settings_done) struct aws_settings settings = {0};
		_cleanup_free_ char *text = NULL;
		struct gk_error err = {0};
		char *fields[ORIGIN_FIELDS];
		struct aws_origin origin;

		testdata_fields(lines.items[i], fields, ORIGIN_FIELDS);
		environment_set(fields[2]);
		assert_success(aws_settings_load(&(struct aws_options){.profile = fields[0],
								       .region = fields[1],
								       .getenv = environment_get},
						 &settings, &err),
			       &err);
		origin = find_origin(&settings, fields[3]);
		text = aws_origin_text(&origin, &err);
		compare_origin(line, &settings, text, fields[4]);
	}
	gk_strv_done(&lines);
}

static void test_ca_bundle(void **state)
{
	struct aws_options options = {.profile = "empty", .getenv = environment_get};
	_cleanup_free_ char *path = NULL;
	struct gk_error err = {0};

	(void)state;
	environment_set("");
	assert_success(aws_ca_bundle(&options, &path, &err), &err);
	assert_string_equal(path, "/etc/ca.pem");
}

/* The files are in the home folder if nothing else is said. */
static void test_home(void **state)
{
	struct aws_options options = {.getenv = environment_get, .profile = "x"};
	struct aws_settings settings = {0};
	struct gk_error err = {0};

	(void)state;
	environment_set("HOME=/nowhere/home AWS_CONFIG_FILE= AWS_SHARED_CREDENTIALS_FILE=~/keys");
	assert_failure(aws_settings_load(&options, &settings, &err), &err, GK_USAGE,
		       "the AWS profile x is neither in /nowhere/home/.aws/config nor in "
		       "/nowhere/home/keys");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_endpoints),
		cmocka_unit_test(test_origins),
		cmocka_unit_test(test_ca_bundle),
		cmocka_unit_test(test_home),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
