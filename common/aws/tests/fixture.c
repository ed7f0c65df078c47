#include "aws/tests/fixture.h"

#include <stdlib.h>
#include <string.h>

#include "aws/tests/environment.h"
#include "base/mem.h"
#include "base/tests/unit.h"

#define KEYS "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE AWS_SECRET_ACCESS_KEY=s3cr3t "

static double always_one(void)
{
	return 1.0;
}

static void write_log(void *context, enum gk_log_level level, const char *line)
{
	struct aws_fixture *f = context;

	gk_buf_addf(&f->log, "%d %s\n", (int)level, line);
}

void aws_fixture_client(struct aws_fixture *f, const char *environment)
{
	_cleanup_free_ char *text = gk_str_format(NULL, "%s%s", KEYS, environment);
	struct aws_options options = {.getenv = environment_get, .random = always_one};
	struct gk_error err = {0};

	aws_client_free(TAKE_PTR(f->client));
	environment_set(text);
	assert_success(aws_client_new(&options, http_script_transport(f->script), &f->clock.clock,
				      &f->sink, &f->client, &err),
		       &err);
}

int aws_fixture_set_up(void **state)
{
	struct aws_fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	script_clock_init(&f->clock, FIXTURE_NOW);
	f->script = http_script_new(&f->clock);
	assert_non_null(f->script);
	f->sink = (struct gk_log){write_log, f};
	aws_fixture_client(f, "AWS_SESSION_TOKEN=t0k3n");
	*state = f;
	return 0;
}

int aws_fixture_tear_down(void **state)
{
	struct aws_fixture *f = *state;

	assert_int_equal(f->script->unexpected, 0);
	assert_int_equal(http_script_unused(f->script), 0);
	assert_null(strstr(gk_buf_text(&f->log), "s3cr3t"));
	assert_null(strstr(gk_buf_text(&f->log), "t0k3n"));
	aws_client_free(f->client);
	http_script_free(f->script);
	gk_buf_done(&f->log);
	free(f);
	return 0;
}

void aws_fixture_answer_with(struct aws_fixture *f, const struct script_answer *answer)
{
	assert_int_equal(http_script_add(f->script, answer), 0);
}

void aws_fixture_answer(struct aws_fixture *f, const char *match, int status, const char *body)
{
	aws_fixture_answer_with(
		f, &(struct script_answer){.match = match, .status = status, .body = body});
}

void aws_fixture_refuse(struct aws_fixture *f, const char *match, int status, const char *code)
{
	_cleanup_free_ char *body = gk_str_format(
		NULL,
		"<Response><Errors><Error><Code>%s</Code><Message>because</Message></Error>"
		"</Errors><RequestID>r</RequestID></Response>",
		code);

	aws_fixture_answer(f, match, status, body);
}

void aws_fixture_run(struct aws_fixture *f, struct aws_call *call)
{
	struct gk_error err = {0};

	assert_success(aws_run(f->client, &call, 1, &err), &err);
}
