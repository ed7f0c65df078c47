/* Proxies, line by line of testdata/proxies/choose.txt. */
#include "net/proxy.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "base/tests/unit.h"
#include "image/tests/testdata.h"

enum { FIELDS = 4, TEXT_MAX = GK_ERROR_MESSAGE_MAX + 8 };

/* "NAME=value NAME=value" */
static const char *environment;

static const char *get(const char *name)
{
	static char value[256];
	size_t length = strlen(name);
	const char *pair = environment;

	while (pair && (strncmp(pair, name, length) != 0 || pair[length] != '='))
		pair = strchr(pair, ' ') ? strchr(pair, ' ') + 1 : NULL;
	if (!pair)
		return NULL;
	snprintf(value, sizeof(value), "%.*s", (int)strcspn(pair + length + 1, " "),
		 pair + length + 1);
	return value;
}

static void describe(const char *url, char *text)
{
	_cleanup_(http_proxy_done) struct http_proxy proxy = {0};
	struct gk_error err = {0};

	if (http_proxy_find(get, url, &proxy, &err) < 0) {
		assert_int_equal(err.code, GK_USAGE);
		snprintf(text, TEXT_MAX, "! %s", err.message);
	} else if (proxy.url)
		snprintf(text, TEXT_MAX, "%s %s", proxy.shown, proxy.variable);
	else
		snprintf(text, TEXT_MAX, "-");
}

static void test_choose(void **state)
{
	struct gk_strv lines = {0};

	(void)state;
	testdata_lines("proxies/choose.txt", &lines);
	for (size_t i = 0; i < lines.count; i++) {
		char *fields[FIELDS];
		char text[TEXT_MAX];

		testdata_fields(lines.items[i], fields, FIELDS);
		environment = fields[0];
		describe(fields[1], text);
		assert_null(strstr(text, "hunter2"));
		if (fields[2][0] == '!' ? text[0] != '!' || !strstr(text, fields[2] + 2)
					: strcmp(text, fields[2]) != 0)
			fail_msg("%s: %s: %s, not %s", fields[0], fields[1], text, fields[2]);
	}
	gk_strv_done(&lines);
}

/* What goes to libcurl has all that is not shown. */
static void test_password(void **state)
{
	_cleanup_(http_proxy_done) struct http_proxy proxy = {0};
	struct gk_error err = {0};

	(void)state;
	environment = "https_proxy=user:a%40b@p";
	assert_success(http_proxy_find(get, "https://h/", &proxy, &err), &err);
	assert_string_equal(proxy.url, "http://user:a%40b@p:80/");
	assert_string_equal(proxy.shown, "http://p:80");
}

static void test_no_environment(void **state)
{
	struct http_proxy proxy = {0};
	struct gk_error err = {0};

	(void)state;
	assert_success(http_proxy_find(NULL, "https://h/", &proxy, &err), &err);
	assert_null(proxy.url);
	environment = "https_proxy=p";
	assert_success(http_proxy_find(get, "no URL", &proxy, &err), &err);
	assert_null(proxy.url);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choose),
		cmocka_unit_test(test_password),
		cmocka_unit_test(test_no_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
