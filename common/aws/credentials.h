/*
 * Who signs: an access key, found by a table of providers in the order of the AWS SDKs.
 *
 * A source that is configured but fails is final: nothing is ever signed with other credentials than
 * those that were configured. Secrets have no print function and are wiped when they are let go.
 */
#ifndef GK_AWS_CREDENTIALS_H
#define GK_AWS_CREDENTIALS_H

#include <stdbool.h>
#include <time.h>

#include "aws/settings.h"
#include "base/error.h"

struct aws_provider_world;

struct aws_credentials {
	char *access_key_id;
	char *secret_access_key;
	char *session_token; /* NULL: none */
	time_t expires;      /* 0: not known, or never */
	bool fixed;          /* asking the same place again gives the same ones */
	const char *source;  /* static text: "environment", "profile" */
};

/* Wipes. */
void aws_credentials_done(struct aws_credentials *credentials);

enum { AWS_PROVIDERS = 6 };

/* How the providers answered, in the order in which they are asked. */
struct aws_chain {
	struct {
		const char *name; /* static text: "environment" */
		enum aws_provider_answer {
			AWS_NOT_ASKED,      /* one before it had answered */
			AWS_NOT_CONFIGURED,
			AWS_CHOSEN,
			AWS_FAILED,         /* it is configured, and the error is its own */
		} answer;
	} steps[AWS_PROVIDERS];
};

/* Asks every provider in turn until one is configured. GK_FAILED if none is, or if one fails. *chain
 * is set whatever comes of it. */
int aws_credentials_resolve(const struct aws_provider_world *world, struct aws_chain *chain,
			    struct aws_credentials *ret, struct gk_error *err);

/* Keys that stand somewhere to be read, each NULL if it is not there. */
struct aws_written_keys {
	const char *id, *secret, *token;
};

/* Copies them; *ret_configured is false if there are none. Half a pair, and text that is no key, is
 * GK_FAILED; `place` says whose they are: "profile". */
int aws_credentials_take(const struct aws_written_keys *keys, const char *place,
			 bool *ret_configured, struct aws_credentials *ret, struct gk_error *err);

/* RFC 3339 with Z or an offset: AWS CLI writes +00:00. The message of a failure does not show the
 * text. */
int aws_credentials_time(const char *text, time_t *ret, struct gk_error *err);

enum { AWS_CREDENTIALS_HINT = 16 };

/* Enough of an access key id to know it again: "AKIA…MPLE". Into text[AWS_CREDENTIALS_HINT];
 * returns text. */
const char *aws_credentials_hint(const struct aws_credentials *credentials, char *text);

#endif
