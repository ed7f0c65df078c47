/* Asks one credential provider over the scripted transport, and tells in a line what it said. */
#ifndef GK_AWS_TESTS_ASKING_H
#define GK_AWS_TESTS_ASKING_H

#include "aws/provider.h"
#include "net/script.h"

enum { ASKING_NOW = 1795178160 }; /* 2026-11-20T12:36:00Z */

struct asking {
	struct script_clock clock;
	struct http_script *script;
	struct gk_buf log;              /* "LEVEL line\n" */
	char said[GK_ERROR_MESSAGE_MAX + 8];
};

/* For cmocka_unit_test_setup_teardown. Nobody may have asked for what the script has no answer for,
 * and no answer may be left over; no secret is in the log. */
int asking_set_up(void **state);
int asking_tear_down(void **state);

/* Expects one request that has `match` in it. */
void asking_answer(struct asking *a, const char *match, int status, const char *body);
void asking_answer_with(struct asking *a, const struct script_answer *answer);

typedef int asking_find(const struct aws_provider_world *world, bool *ret_configured,
			struct aws_credentials *ret, struct gk_error *err);

/* `environment` as environment_set wants it. "-" when it is not configured, "KEY TOKEN TIME", or
 * "! message"; borrowed until the next question. */
const char *asking_ask(struct asking *a, const char *profile, const char *environment,
		       asking_find *find);

/* Of the request with that number, counted from 0. */
const struct script_sent *asking_sent(const struct asking *a, size_t number);

/* A file with that content. */
void asking_write(const char *path, const char *content);

#define assert_said(a, text)                                                                       \
	do {                                                                                       \
		if (!strstr((a)->said, (text)))                                                    \
			fail_msg("\"%s\" is not in: %s", (text), (a)->said);                       \
	} while (0)

#endif
