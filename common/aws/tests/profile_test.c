/* Files of testdata/aws-profiles/: both shared files, and what they come to. */
#include "aws/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/strv.h"
#include "base/tests/unit.h"
#include "image/tests/testdata.h"

struct sample {
	const char *name;
	struct gk_buf config, credentials;
	struct gk_strv expected;
};

/* Sorts the lines of a file into its three parts. */
static void read_sample(struct sample *sample)
{
	_cleanup_(gk_buf_done) struct gk_buf text = {0};
	_cleanup_free_ char *path = gk_str_format(NULL, "aws-profiles/%s", sample->name);
	struct gk_buf *part = NULL;
	char *rest = NULL;
	char *line = NULL;

	testdata_read(path, &text);
	rest = text.data;
	while ((line = strsep(&rest, "\n"))) {
		if (strcmp(line, "== config") == 0)
			part = &sample->config;
		else if (strcmp(line, "== credentials") == 0)
			part = &sample->credentials;
		else if (strcmp(line, "== expect") == 0)
			break;
		else if (part)
			gk_buf_addf(part, "%s\n", line);
	}
	assert_non_null(rest);
	assert_int_equal(gk_strv_split(&sample->expected, rest, '\n', NULL), 0);
	assert_true(sample->expected.count > 0);
}

static int load(const struct sample *sample, struct aws_profiles *profiles, struct gk_error *err)
{
	if (aws_profiles_add_config(profiles, gk_buf_text(&sample->config), sample->config.length,
				    "config", err) < 0)
		return -1;
	return aws_profiles_add_credentials(profiles, gk_buf_text(&sample->credentials),
					    sample->credentials.length, "credentials", err);
}

static enum aws_section read_kind(const char *section)
{
	if (strncmp(section, "services ", 9) == 0)
		return AWS_SECTION_SERVICES;
	if (strncmp(section, "sso-session ", 12) == 0)
		return AWS_SECTION_SSO_SESSION;
	assert_int_equal(strncmp(section, "profile ", 8), 0);
	return AWS_SECTION_PROFILE;
}

/* In a table a line end is \n. */
static void show_line_ends(const char *value, struct gk_buf *ret)
{
	for (; *value; value++) {
		if (*value == '\n')
			gk_buf_adds(ret, "\\n");
		else
			gk_buf_addc(ret, *value);
	}
}

static void check_value(const struct sample *sample, const struct aws_profiles *profiles,
			const char *section, char *key, const char *expected)
{
	_cleanup_(gk_buf_done) struct gk_buf shown = {0};
	char *subkey = strchr(key, '.');
	const char *value = NULL;

	if (subkey)
		*subkey++ = '\0';
	value = aws_profiles_get(profiles, read_kind(section), strchr(section, ' ') + 1, key,
				 subkey);
	show_line_ends(value ? value : "none", &shown);
	if (strcmp(gk_buf_text(&shown), expected) != 0)
		fail_msg("%s: %s, %s is %s, not %s", sample->name, section, key,
			 gk_buf_text(&shown), expected);
}

static void check_line(const struct sample *sample, const struct aws_profiles *profiles,
		       const struct gk_error *err, char *line)
{
	char *fields[3] = {NULL};
	size_t bars = 0;

	for (const char *c = line; *c; c++)
		bars += *c == '|';
	testdata_fields(line, fields, bars + 1);
	if (strcmp(fields[0], "error") == 0) {
		assert_int_equal(err->code, GK_USAGE);
		assert_string_equal(err->message, fields[1]);
		return;
	}
	if (err->code)
		fail_msg("%s: %s", sample->name, err->message);
	if (bars == 2)
		check_value(sample, profiles, fields[0], fields[1], fields[2]);
	else if (aws_profiles_has(profiles, read_kind(fields[0]), strchr(fields[0], ' ') + 1))
		fail_msg("%s: %s is there", sample->name, fields[0]);
}

static void check_sample(const char *name)
{
	struct sample sample = {.name = name};
	struct aws_profiles profiles = {0};
	struct gk_error err = {0};

	read_sample(&sample);
	load(&sample, &profiles, &err);
	for (size_t i = 0; i < sample.expected.count; i++)
		check_line(&sample, &profiles, &err, sample.expected.items[i]);
	aws_profiles_done(&profiles);
	gk_buf_done(&sample.config);
	gk_buf_done(&sample.credentials);
	gk_strv_done(&sample.expected);
}

static void test_samples(void **state)
{
	static const char *const names[] = {
		"merged.txt",      "repeated.txt",   "default-plain.txt", "default-prefixed.txt",
		"names.txt",       "services.txt",   "values.txt",        "no-equals.txt",
		"no-section.txt",  "no-bracket.txt", "empty.txt",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		check_sample(names[i]);
}

/* A token of 908 characters comes through whole (libinih cut it to 179). */
static void test_long_value(void **state)
{
	struct gk_buf text = {0};
	struct aws_profiles profiles = {0};
	struct gk_error err = {0};

	(void)state;
	gk_buf_adds(&text, "[a]\r\naws_session_token = ");
	for (int i = 0; i < 908; i++)
		gk_buf_addc(&text, (char)('a' + i % 26));
	gk_buf_adds(&text, "\r\n");
	assert_success(aws_profiles_add_credentials(&profiles, text.data, text.length, "x", &err),
		       &err);
	assert_int_equal(strlen(aws_profiles_get(&profiles, AWS_SECTION_PROFILE, "a",
						 "aws_session_token", NULL)),
			 908);
	aws_profiles_done(&profiles);
	gk_buf_done(&text);
}

static void test_files(void **state)
{
	struct aws_profiles profiles = {0};
	struct gk_error err = {0};

	(void)state;
	assert_success(aws_profiles_load("/nowhere/x", "/nowhere/y", &profiles, &err), &err);
	assert_int_equal(profiles.count, 0);
	assert_failure(aws_profiles_load("/", "/nowhere", &profiles, &err), &err, GK_USAGE, "/");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_long_value),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
