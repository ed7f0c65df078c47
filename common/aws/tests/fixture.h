/* A client over the scripted transport, with example credentials and a clock moved by hand. */
#ifndef GK_AWS_TESTS_FIXTURE_H
#define GK_AWS_TESTS_FIXTURE_H

#include "aws/client.h"
#include "net/script.h"

enum { FIXTURE_NOW = 1795178160 }; /* 2026-11-20T12:36:00Z */

struct aws_fixture {
	struct script_clock clock;
	struct http_script *script;
	struct aws_client *client;
	struct gk_buf log; /* "LEVEL line\n" */
	struct gk_log sink;
};

/* For cmocka_unit_test_setup_teardown. Nobody may have asked for what the script has no answer for,
 * and no answer may be left over. */
int aws_fixture_set_up(void **state);
int aws_fixture_tear_down(void **state);

/* Takes the place of the client; variables as environment_set wants them. */
void aws_fixture_client(struct aws_fixture *f, const char *environment);

/* Expects one request that has `match` in it. */
void aws_fixture_answer(struct aws_fixture *f, const char *match, int status, const char *body);
void aws_fixture_answer_with(struct aws_fixture *f, const struct script_answer *answer);

/* The error answer of EC2. */
void aws_fixture_refuse(struct aws_fixture *f, const char *match, int status, const char *code);

/* Runs one call, which must be possible. */
void aws_fixture_run(struct aws_fixture *f, struct aws_call *call);

#endif
