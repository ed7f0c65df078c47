#include "aws/credentials.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/provider.h"
#include "base/mem.h"

enum { HINT_HEAD = 4, HINT_TAIL = 4, OFFSET_LENGTH = 6 };

void aws_credentials_done(struct aws_credentials *credentials)
{
	gk_wipep(&credentials->access_key_id);
	gk_wipep(&credentials->secret_access_key);
	gk_wipep(&credentials->session_token);
	*credentials = (struct aws_credentials){0};
}

const char *aws_credentials_hint(const struct aws_credentials *credentials, char *text)
{
	const char *id = credentials->access_key_id;
	size_t length = strlen(id);

	if (length < 2 * (HINT_HEAD + HINT_TAIL))
		snprintf(text, AWS_CREDENTIALS_HINT, "%.4s…", id);
	else
		snprintf(text, AWS_CREDENTIALS_HINT, "%.4s…%s", id, id + length - HINT_TAIL);
	return text;
}

/* Key id and token become part of a header. */
static bool is_printable(const char *text)
{
	for (; text && *text; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

int aws_credentials_take(const struct aws_written_keys *keys, const char *place,
			 bool *ret_configured, struct aws_credentials *ret, struct gk_error *err)
{
	_cleanup_(aws_credentials_done) struct aws_credentials credentials = {.fixed = true};

	*ret_configured = keys->id || keys->secret;
	if (!*ret_configured)
		return 0;
	if (!keys->id || !keys->secret)
		return gk_error_set(err, GK_FAILED,
				    "the AWS credentials of the %s are incomplete: the %s is "
				    "missing",
				    place, keys->id ? "secret access key" : "access key id");
	if (!is_printable(keys->id) || !is_printable(keys->secret) || !is_printable(keys->token))
		return gk_error_set(err, GK_FAILED,
				    "the AWS credentials of the %s hold white space or characters "
				    "that no key has",
				    place);
	if (gk_str_set(&credentials.access_key_id, keys->id, err) < 0 ||
	    gk_str_set(&credentials.secret_access_key, keys->secret, err) < 0 ||
	    gk_str_set(&credentials.session_token, keys->token, err) < 0)
		return -1;
	*ret = credentials;
	credentials = (struct aws_credentials){0};
	return 0;
}

/* A number of two digits up to `most`; -1 if there is none. */
static int read_two_digits(const char *text, int most)
{
	int number = 0;

	for (int i = 0; i < 2; i++) {
		if (!isdigit((unsigned char)text[i]))
			return -1;
		number = number * 10 + text[i] - '0';
	}
	return number <= most ? number : -1;
}

/* Seconds that "+01:30" at the end of a time is ahead of UTC; false if there is nothing like it. */
static bool read_offset(const char *text, int *ret)
{
	int hours = 0;
	int minutes = 0;

	if (strlen(text) != OFFSET_LENGTH || !strchr("+-", text[0]) || text[3] != ':')
		return false;
	hours = read_two_digits(text + 1, 23);
	minutes = read_two_digits(text + 4, 59);
	if (hours < 0 || minutes < 0)
		return false;
	*ret = (hours * 60 + minutes) * 60 * (text[0] == '-' ? -1 : 1);
	return true;
}

int aws_credentials_time(const char *text, time_t *ret, struct gk_error *err)
{
	size_t length = strlen(text);
	size_t head = length > OFFSET_LENGTH ? length - OFFSET_LENGTH : 0;
	_cleanup_free_ char *utc = NULL;
	struct gk_error ignored = {0};
	time_t time = 0;
	int offset = 0;

	if (read_offset(text + head, &offset)) {
		utc = gk_str_format(err, "%.*sZ", (int)head, text);
		if (!utc)
			return -1;
	}
	/* Its message would show the text, and nobody knows what an answer has there. */
	if (gk_time_parse(utc ? utc : text, &time, &ignored) < 0)
		return gk_error_set(err, GK_FAILED, "it is no time like 2026-11-20T12:36:00Z");
	*ret = time - offset;
	return 0;
}

time_t aws_provider_now(const struct aws_provider_world *world)
{
	return world->clock->now(world->clock) + (world->skew ? world->skew->seconds : 0);
}

/* The order of the AWS SDKs. They do not know GitHub's tokens: whatever a job has written into the
 * files goes first, as for them, but not the machine that the job happens to run on. */
static const struct aws_provider *const providers[AWS_PROVIDERS] = {
	&aws_provider_environment, &aws_provider_web_identity, &aws_provider_profile,
	&aws_provider_github,      &aws_provider_container,    &aws_provider_imds,
};

static int nobody(const struct aws_settings *settings, struct gk_error *err)
{
	return gk_error_set(err, GK_FAILED,
			    "no AWS credentials: %s no keys in the AWS profile %s; set "
			    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile that "
			    "has them with --profile or AWS_PROFILE",
			    settings->profile_by_flag
				    ? "there are"
				    : "AWS_ACCESS_KEY_ID is not set, and there are",
			    settings->profile);
}

int aws_credentials_resolve(const struct aws_provider_world *world, struct aws_chain *chain,
			    struct aws_credentials *ret, struct gk_error *err)
{
	*chain = (struct aws_chain){0};
	for (size_t i = 0; i < AWS_PROVIDERS; i++)
		chain->steps[i].name = providers[i]->name;
	for (size_t i = 0; i < AWS_PROVIDERS; i++) {
		struct aws_credentials credentials = {0};
		bool configured = false;

		chain->steps[i].answer = AWS_FAILED;
		if (providers[i]->find(world, &configured, &credentials, err) < 0)
			return -1;
		chain->steps[i].answer = configured ? AWS_CHOSEN : AWS_NOT_CONFIGURED;
		if (!configured)
			continue;
		if (!credentials.source)
			credentials.source = providers[i]->name;
		*ret = credentials;
		return 0;
	}
	return nobody(world->settings, err);
}
