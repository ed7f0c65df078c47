#include "aws/tests/asking.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/tests/environment.h"
#include "base/tests/unit.h"

static void write_log(void *context, enum gk_log_level level, const char *line)
{
	struct asking *a = context;

	gk_buf_addf(&a->log, "%d %s\n", (int)level, line);
}

int asking_set_up(void **state)
{
	struct asking *a = calloc(1, sizeof(*a));

	assert_non_null(a);
	script_clock_init(&a->clock, ASKING_NOW);
	a->script = http_script_new(&a->clock);
	assert_non_null(a->script);
	*state = a;
	return 0;
}

int asking_tear_down(void **state)
{
	struct asking *a = *state;

	assert_int_equal(a->script->unexpected, 0);
	assert_int_equal(http_script_unused(a->script), 0);
	assert_null(strstr(gk_buf_text(&a->log), "s3cr3t"));
	assert_null(strstr(gk_buf_text(&a->log), "t0k3n"));
	http_script_free(a->script);
	gk_buf_done(&a->log);
	free(a);
	return 0;
}

void asking_answer_with(struct asking *a, const struct script_answer *answer)
{
	assert_int_equal(http_script_add(a->script, answer), 0);
}

void asking_answer(struct asking *a, const char *match, int status, const char *body)
{
	asking_answer_with(
		a, &(struct script_answer){.match = match, .status = status, .body = body});
}

static int find_and_tell(struct asking *a, const struct aws_settings *settings, asking_find *find,
			 struct gk_error *err)
{
	const struct gk_log log = {write_log, a};
	const struct aws_provider_world world = {
		.settings = settings,
		.transport = http_script_transport(a->script),
		.clock = &a->clock.clock,
		.log = &log,
	};
	struct aws_credentials credentials = {0};
	char expires[GK_TIME_TEXT] = "-";
	bool configured = false;

	if (find(&world, &configured, &credentials, err) < 0)
		return -1;
	if (credentials.expires)
		gk_time_format(credentials.expires, expires);
	if (configured)
		snprintf(a->said, sizeof(a->said), "%s %s %s", credentials.access_key_id,
			 credentials.session_token ? credentials.session_token : "-", expires);
	else
		snprintf(a->said, sizeof(a->said), "-");
	assert_true(configured == (credentials.secret_access_key != NULL));
	aws_credentials_done(&credentials);
	return 0;
}

const char *asking_ask(struct asking *a, const char *profile, const char *environment,
		       asking_find *find)
{
	struct aws_options options = {.getenv = environment_get, .profile = profile};
	struct aws_settings settings = {0};
	struct gk_error err = {0};

	environment_set(environment);
	if (aws_settings_load(&options, &settings, &err) < 0 ||
	    find_and_tell(a, &settings, find, &err) < 0)
		snprintf(a->said, sizeof(a->said), "! %s", err.message);
	aws_settings_done(&settings);
	return a->said;
}

const struct script_sent *asking_sent(const struct asking *a, size_t number)
{
	assert_true(number < a->script->sent_count);
	return &a->script->sent[number];
}

void asking_write(const char *path, const char *content)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(content, file) >= 0);
	assert_int_equal(fclose(file), 0);
}
