/*
 * A world that an input describes, for whoever looks for credentials in it. Lines "== NAME" cut it
 * into parts:
 *
 *	== config         ~/.aws/config; credentials likewise
 *	== token          the file ~/token; login: the token of sso-session corp
 *	== printed        what a program prints; without it none can be run
 *	== AWS_REGION     a variable; ~/ at its beginning is the home folder
 *	== 200            an answer of that status; each serves one request, one after the other
 *
 * No program is run and no socket is opened; the home folder is a temporary one.
 */
#ifndef GK_AWS_TESTS_FUZZ_WORLD_H
#define GK_AWS_TESTS_FUZZ_WORLD_H

#include "aws/provider.h"
#include "base/tests/fuzz/fuzz.h"

struct fuzz_question {
	const char *first; /* the name of the part in front of the first such line */
	const char *rest;  /* parts behind those of the input: answers, and whatever it lacks */
	/* Of every request; NULL: any URL will do. */
	bool (*may_be_asked)(const char *url);
	/* As that of a provider. It may look at the world itself, and find nothing. */
	int (*find)(const struct aws_provider_world *world, bool *ret_configured,
		    struct aws_credentials *ret, struct gk_error *err);
};

/* Asks, and checks what comes: whole credentials that may be put into a header, none at all, or an
 * error; and that nothing was sent that is no request. */
void fuzz_ask(const uint8_t *data, size_t size, const struct fuzz_question *question);

#endif
