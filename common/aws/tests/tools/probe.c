/*
 * Tries all permissions as doctor does, for postprocessor/tests/test_iam_policy.py:
 *
 *	probe REGION IMAGE SNAPSHOT TABLE PARAMETER [TAG_KEY…]
 *
 * (- for what there is none of) prints one line for each: {"action", "verdict", "error"}.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/probe.h"
#include "base/json.h"
#include "base/mem.h"

enum { PROBES_MAX = 64 };

static const char *const verdicts[] = {
	[AWS_ALLOWED] = "allowed",
	[AWS_DENIED] = "denied",
	[AWS_UNTRIED] = "untried",
};

static int describe(const struct aws_probe *probe, struct gk_error *err)
{
	_cleanup_(gk_json_builder_done) struct gk_json_builder json = {0};
	_cleanup_free_ char *text = NULL;

	if (gk_json_builder_init(&json, err) < 0)
		return -1;
	gk_json_add_string(&json, json.root, "action", probe->permission->action);
	gk_json_add_string(&json, json.root, "verdict", verdicts[probe->verdict]);
	gk_json_add_string(&json, json.root, "error", probe->error.message);
	text = gk_json_builder_print(&json, false, err);
	return text && puts(text) >= 0 ? 0 : -1;
}

static const char *given(const char *argument)
{
	return strcmp(argument, "-") == 0 ? NULL : argument;
}

static size_t prepare(struct aws_probe *probes, char **arguments, const struct gk_strv *keys)
{
	size_t count = 0;

	for (const struct aws_permission *p = aws_permissions; p->action && count < PROBES_MAX; p++)
		probes[count++] = (struct aws_probe){
			.permission = p,
			.region = arguments[0],
			.image = given(arguments[1]),
			.snapshot = given(arguments[2]),
			.name = p->resource == AWS_RESOURCE_TABLE       ? given(arguments[3])
				: p->resource == AWS_RESOURCE_PUBLISHED ? given(arguments[4])
									: NULL,
			.tag_keys = keys,
		};
	return count;
}

static int run(int count, char **arguments, struct gk_error *err)
{
	static const struct aws_options options = {0};
	static const struct gk_log log = {0};
	struct http_curl_options curl = {.user_agent = "goldkeep/test"};
	_cleanup_(http_transport_freep) struct http_transport *transport = NULL;
	_cleanup_(aws_client_freep) struct aws_client *client = NULL;
	_cleanup_(gk_strv_done) struct gk_strv keys = {0};
	struct aws_probe probes[PROBES_MAX] = {0};
	size_t probe_count = 0;

	for (int i = 6; i < count; i++)
		if (gk_strv_add(&keys, arguments[i], err) < 0)
			return -1;
	probe_count = prepare(probes, arguments + 1, &keys);
	if (http_curl_new(&curl, &transport, err) < 0 ||
	    aws_client_new(&options, transport, &gk_system_clock, &log, &client, err) < 0 ||
	    aws_probe_run(client, probes, probe_count, err) < 0)
		return -1;
	for (size_t i = 0; i < probe_count; i++)
		if (describe(&probes[i], err) < 0)
			return -1;
	return 0;
}

int main(int count, char **arguments)
{
	struct gk_error err = {0};

	if (count >= 6 && run(count, arguments, &err) == 0)
		return 0;
	fprintf(stderr, "%s\n", err.message);
	return 1;
}
