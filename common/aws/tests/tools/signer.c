/*
 * Signs requests that somebody else thought up, for postprocessor/tests/test_signer.py: reads one
 * JSON object per line from standard input and prints the Authorization header of each.
 *
 *	{"method": "POST", "path": "/", "query": "a=b", "headers": ["Host: h"], "body": "…",
 *	 "region": "us-east-1", "service": "ec2", "time": 1795178160,
 *	 "key": "AKID", "secret": "…", "token": null}
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/sigv4.h"
#include "base/json.h"
#include "base/mem.h"

static int read_request(const cJSON *line, struct aws_signing *what,
			struct aws_credentials *credentials, struct gk_strv *headers,
			struct gk_error *err)
{
	int64_t time = 0;
	const char *body = NULL;
	const char *key = NULL;
	const char *secret = NULL;
	const char *token = NULL;

	if (gk_json_string(line, "method", &what->method, err) < 0 ||
	    gk_json_string(line, "path", &what->path, err) < 0 ||
	    gk_json_string(line, "query", &what->query, err) < 0 ||
	    gk_json_string(line, "body", &body, err) < 0 ||
	    gk_json_string(line, "region", &what->region, err) < 0 ||
	    gk_json_string(line, "service", &what->service, err) < 0 ||
	    gk_json_string(line, "key", &key, err) < 0 ||
	    gk_json_string(line, "secret", &secret, err) < 0 ||
	    gk_json_string(line, "token", &token, err) < 0 ||
	    gk_json_integer(line, "time", 0, &time, err) < 0 ||
	    gk_json_strings(line, "headers", headers, err) < 0)
		return -1;
	what->time = (time_t)time;
	what->body = body;
	what->body_length = body ? strlen(body) : 0;
	if (gk_str_set(&credentials->access_key_id, key, err) < 0 ||
	    gk_str_set(&credentials->secret_access_key, secret, err) < 0)
		return -1;
	return gk_str_set(&credentials->session_token, token, err);
}

static int sign_line(const char *text, size_t length, struct gk_error *err)
{
	_cleanup_(gk_json_freep) cJSON *line = NULL;
	_cleanup_(aws_credentials_done) struct aws_credentials credentials = {0};
	_cleanup_(gk_strv_done) struct gk_strv headers = {0};
	struct aws_signing what = {0};

	if (gk_json_parse(text, length, &line, err) < 0 ||
	    read_request(line, &what, &credentials, &headers, err) < 0 ||
	    aws_sign(&what, &credentials, &headers, NULL, err) < 0)
		return -1;
	puts(headers.items[headers.count - 1]);
	return 0;
}

int main(void)
{
	_cleanup_free_ char *line = NULL;
	struct gk_error err = {0};
	size_t room = 0;
	ssize_t length = 0;

	while ((length = getline(&line, &room, stdin)) > 0) {
		if (sign_line(line, (size_t)length, &err) < 0) {
			fprintf(stderr, "%s\n", err.message);
			return 1;
		}
	}
	return 0;
}
