#include "aws/sigv4.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/tests/unit.h"
#include "image/tests/testdata.h"

enum { FIELDS = 8, PUBLIC_VECTORS = 38 };

static struct aws_credentials example = {
	.access_key_id = (char *)"AKIDEXAMPLE",
	.secret_access_key = (char *)"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
};

/* The value of the first header that begins so. */
static const char *find_header(const struct gk_strv *headers, const char *name)
{
	for (size_t i = 0; i < headers->count; i++)
		if (strncmp(headers->items[i], name, strlen(name)) == 0)
			return headers->items[i] + strlen(name);
	return NULL;
}

static void add_header(struct gk_strv *headers, const char *name, const char *value)
{
	if (value[0])
		assert_int_equal(gk_strv_addf(headers, NULL, "%s: %s", name, value), 0);
}

/* ---- our own vectors ---- */

static void check_own(char *line)
{
	char *fields[FIELDS];
	struct aws_credentials credentials = example;
	struct gk_strv headers = {0};
	struct gk_error err = {0};
	const char *authorization = NULL;

	testdata_fields(line, fields, FIELDS);
	struct aws_signing what = {.method = "POST",
				   .path = "/",
				   .body = fields[6],
				   .body_length = strlen(fields[6]),
				   .region = fields[1],
				   .service = fields[2],
				   .time = 1795178160};

	credentials.session_token = fields[5][0] ? fields[5] : NULL;
	add_header(&headers, "Host", fields[0]);
	add_header(&headers, "Content-Type", fields[3]);
	add_header(&headers, "X-Amz-Target", fields[4]);
	assert_success(aws_sign(&what, &credentials, &headers, NULL, &err), &err);
	authorization = find_header(&headers, "Authorization: ");
	assert_non_null(authorization);
	assert_string_equal(strstr(authorization, "Signature=") + 10, fields[7]);
	if (credentials.session_token) {
		assert_non_null(strstr(authorization, "content-type;host;x-amz-date;"
						      "x-amz-security-token;x-amz-target"));
	}
	gk_strv_done(&headers);
}

static void test_own_vectors(void **state)
{
	struct gk_strv lines = {0};

	(void)state;
	testdata_lines("sigv4/own.txt", &lines);
	for (size_t i = 0; i < lines.count; i++)
		check_own(lines.items[i]);
	gk_strv_done(&lines);
}

/* ---- the public vectors ---- */

struct vector {
	const char *folder;
	cJSON *context;
	char *request; /* cut into pieces by read_request */
	struct gk_strv headers;
	struct aws_signing what;
	struct aws_credentials credentials;
};

static char *read_text(const char *folder, const char *name)
{
	_cleanup_free_ char *path = gk_str_format(NULL, "%s/%s", folder, name);
	struct gk_buf text = {0};
	char block[4096];
	size_t n = 0;
	FILE *file = fopen(path, "re");

	if (!file)
		fail_msg("%s is not there", path);
	while ((n = fread(block, 1, sizeof(block), file)) > 0)
		gk_buf_add(&text, block, n);
	fclose(file);
	return gk_buf_detach(&text, NULL);
}

/* A line that begins with white space continues the header before it. */
static void read_headers(struct vector *vector, char *text)
{
	char *line = NULL;

	while ((line = strsep(&text, "\n")) && *line) {
		char *last = vector->headers.count
				     ? vector->headers.items[vector->headers.count - 1]
				     : NULL;
		char *joined = NULL;

		if (*line != ' ') {
			assert_int_equal(gk_strv_add(&vector->headers, line, NULL), 0);
			continue;
		}
		joined = gk_str_format(NULL, "%s %s", last, line);
		free(last);
		vector->headers.items[vector->headers.count - 1] = joined;
	}
	vector->what.body = text ? text : "";
	vector->what.body_length = text ? strlen(text) : 0;
}

static void read_request(struct vector *vector)
{
	char *text = vector->request;
	char *line = strsep(&text, "\n");
	char *path = strchr(line, ' ') + 1;
	char *end = strrchr(line, ' ');
	char *query = NULL;

	path[-1] = '\0';
	*end = '\0';
	query = strchr(path, '?');
	if (query)
		*query++ = '\0';
	vector->what.method = line;
	vector->what.path = path;
	vector->what.query = query;
	read_headers(vector, text);
}

static char *context_text(const cJSON *object, const char *key)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static bool context_bool(const cJSON *object, const char *key)
{
	return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static void read_context(struct vector *vector)
{
	_cleanup_free_ char *text = read_text(vector->folder, "context.json");
	const cJSON *credentials = NULL;
	struct gk_error err = {0};

	vector->context = cJSON_Parse(text);
	assert_non_null(vector->context);
	credentials = cJSON_GetObjectItemCaseSensitive(vector->context, "credentials");
	vector->credentials.access_key_id = context_text(credentials, "access_key_id");
	vector->credentials.secret_access_key = context_text(credentials, "secret_access_key");
	vector->credentials.session_token = context_text(credentials, "token");
	vector->what.region = context_text(vector->context, "region");
	vector->what.service = context_text(vector->context, "service");
	vector->what.keep_path = !context_bool(vector->context, "normalize");
	vector->what.sign_body = context_bool(vector->context, "sign_body");
	vector->what.token_unsigned = context_bool(vector->context, "omit_session_token");
	assert_success(gk_time_parse(context_text(vector->context, "timestamp"), &vector->what.time,
				     &err),
		       &err);
}

static void compare(const struct vector *vector, const char *name, const char *is)
{
	_cleanup_free_ char *expected = read_text(vector->folder, name);

	expected[strcspn(expected, "\r")] = '\0';
	for (size_t n = strlen(expected); n > 0 && expected[n - 1] == '\n'; n--)
		expected[n - 1] = '\0';
	if (strcmp(is, expected) != 0)
		fail_msg("%s, %s:\n%s\nis not\n%s", vector->folder, name, is, expected);
}

static void check_vector(const char *folder)
{
	struct vector vector = {.folder = folder};
	struct aws_signing_trace trace = {0};
	struct gk_error err = {0};
	const char *signature = NULL;

	read_context(&vector);
	vector.request = read_text(folder, "request.txt");
	read_request(&vector);
	assert_success(aws_sign(&vector.what, &vector.credentials, &vector.headers, &trace, &err),
		       &err);
	compare(&vector, "header-canonical-request.txt", gk_buf_text(&trace.canonical));
	compare(&vector, "header-string-to-sign.txt", gk_buf_text(&trace.string_to_sign));
	signature = strstr(find_header(&vector.headers, "Authorization: "), "Signature=");
	compare(&vector, "header-signature.txt", signature + strlen("Signature="));
	aws_signing_trace_done(&trace);
	gk_strv_done(&vector.headers);
	free(vector.request);
	cJSON_Delete(vector.context);
}

static void test_public_vectors(void **state)
{
	const char *folder = getenv("GOLDKEEP_SIGV4_VECTORS");
	DIR *directory = NULL;
	struct dirent *entry = NULL;
	int count = 0;

	(void)state;
	folder = folder && *folder ? folder : "../shared/data/sigv4";
	directory = opendir(folder);
	if (!directory) {
		print_message("skipped: the public vectors are not in %s\n", folder);
		skip();
		return;
	}
	while ((entry = readdir(directory))) {
		_cleanup_free_ char *path = gk_str_format(NULL, "%s/%s", folder, entry->d_name);

		if (entry->d_name[0] == '.')
			continue;
		check_vector(path);
		count++;
	}
	closedir(directory);
	assert_int_equal(count, PUBLIC_VECTORS);
}

/* ---- what the vectors do not say ---- */

static void sign_header(const char *header, int expected, struct gk_strv *headers)
{
	struct aws_signing what = {
		.method = "POST", .path = "", .region = "r", .service = "s", .time = 1795178160};
	struct gk_error err = {0};

	assert_int_equal(gk_strv_add(headers, "Host: h", NULL), 0);
	assert_int_equal(gk_strv_add(headers, header, NULL), 0);
	if (aws_sign(&what, &example, headers, NULL, &err) != expected)
		fail_msg("%s: %s", header, err.message);
}

static void test_bad_headers(void **state)
{
	static const char *const rows[] = {"X: a\nB: c", "X: \x01", "X: caf\xc3\xa9", "X", ": v"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct gk_strv headers = {0};

		sign_header(rows[i], -1, &headers);
		gk_strv_done(&headers);
	}
}

static void test_unsigned_headers(void **state)
{
	struct gk_strv headers = {0};

	(void)state;
	sign_header("User-Agent: goldkeep", 0, &headers);
	assert_non_null(strstr(find_header(&headers, "Authorization: "),
			       "SignedHeaders=host;x-amz-date,"));
	gk_strv_done(&headers);
}

/* What an earlier attempt left must not be signed or sent again. */
static void test_signing_twice(void **state)
{
	struct gk_strv headers = {0};
	struct gk_strv once = {0};
	struct aws_signing what = {
		.method = "POST", .path = "/", .region = "r", .service = "s", .time = 1795178160};
	struct aws_credentials credentials = example;
	struct gk_error err = {0};

	(void)state;
	credentials.session_token = (char *)"token";
	assert_int_equal(gk_strv_add(&headers, "Host: h", NULL), 0);
	assert_int_equal(gk_strv_add(&once, "Host: h", NULL), 0);
	assert_success(aws_sign(&what, &credentials, &headers, NULL, &err), &err);
	what.time++;
	assert_success(aws_sign(&what, &credentials, &headers, NULL, &err), &err);
	assert_success(aws_sign(&what, &credentials, &once, NULL, &err), &err);
	assert_int_equal(headers.count, once.count);
	for (size_t i = 0; i < once.count; i++)
		assert_string_equal(headers.items[i], once.items[i]);
	gk_strv_done(&headers);
	gk_strv_done(&once);
}

static void test_percent_encoding(void **state)
{
	struct gk_buf text = {0};

	(void)state;
	aws_percent_encode(&text, "aZ09-._~ +/%\xc3\xa9*", "");
	assert_string_equal(gk_buf_text(&text), "aZ09-._~%20%2B%2F%25%C3%A9%2A");
	gk_buf_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_vectors),
		cmocka_unit_test(test_public_vectors),
		cmocka_unit_test(test_bad_headers),
		cmocka_unit_test(test_unsigned_headers),
		cmocka_unit_test(test_signing_twice),
		cmocka_unit_test(test_percent_encoding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
