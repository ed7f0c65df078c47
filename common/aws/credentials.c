#include "aws/credentials.h"

#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

enum { HINT_HEAD = 4, HINT_TAIL = 4 };

/* Looks whether its source is configured: 1 with credentials, 0 if it is not, -1 if it is and
 * fails. */
struct provider {
	const char *name;
	int (*resolve)(const struct aws_settings *settings, struct aws_credentials *ret,
		       struct gk_error *err);
};

/* A setting whose presence says that a source is configured. */
struct sign {
	const char *name; /* variable or key */
	const char *what;
};

static void wipe_free(char *text)
{
	if (text)
		OPENSSL_cleanse(text, strlen(text));
	free(text);
}

void aws_credentials_done(struct aws_credentials *credentials)
{
	wipe_free(credentials->access_key_id);
	wipe_free(credentials->secret_access_key);
	wipe_free(credentials->session_token);
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

/* Copies a key pair; half a pair is an error. 0 if there is none. */
static int take_keys(const char *id, const char *secret, const char *token, const char *source,
		     struct aws_credentials *ret, struct gk_error *err)
{
	if (!id && !secret)
		return 0;
	if (!id || !secret)
		return gk_error_set(err, GK_FAILED,
				    "the AWS credentials of the %s are incomplete: the %s is "
				    "missing",
				    source, id ? "secret access key" : "access key id");
	if (!is_printable(id) || !is_printable(secret) || !is_printable(token))
		return gk_error_set(err, GK_FAILED,
				    "the AWS credentials of the %s hold white space or characters "
				    "that no key has",
				    source);
	if (gk_str_set(&ret->access_key_id, id, err) < 0 ||
	    gk_str_set(&ret->secret_access_key, secret, err) < 0 ||
	    gk_str_set(&ret->session_token, token, err) < 0)
		return -1;
	return 1;
}

static const char *first(const char *a, const char *b)
{
	return a ? a : b;
}

static int resolve_environment(const struct aws_settings *settings, struct aws_credentials *ret,
			       struct gk_error *err)
{
	const char *expires = aws_settings_env(settings, "AWS_CREDENTIAL_EXPIRATION");
	struct gk_error ignored = {0};
	int found = 0;

	if (settings->profile_by_flag)
		return 0;
	found = take_keys(aws_settings_env(settings, "AWS_ACCESS_KEY_ID"),
			  aws_settings_env(settings, "AWS_SECRET_ACCESS_KEY"),
			  first(aws_settings_env(settings, "AWS_SESSION_TOKEN"),
				aws_settings_env(settings, "AWS_SECURITY_TOKEN")),
			  "environment", ret, err);
	if (found == 1 && expires && gk_time_parse(expires, &ret->expires, &ignored) < 0)
		ret->expires = 0;
	return found;
}

static int not_supported(const struct sign *sign, const char *where, struct gk_error *err)
{
	return gk_error_set(err, GK_FAILED,
			    "%s of %s asks for %s, which is not supported yet: give access keys "
			    "instead (aws configure export-credentials --format env prints them)",
			    sign->name, where, sign->what);
}

static int refuse_variables(const struct aws_settings *settings, const struct sign *signs,
			    size_t count, struct gk_error *err)
{
	for (size_t i = 0; i < count; i++)
		if (aws_settings_env(settings, signs[i].name))
			return not_supported(&signs[i], "the environment", err);
	return 0;
}

static int refuse_keys(const struct aws_settings *settings, const struct sign *signs, size_t count,
		       struct gk_error *err)
{
	_cleanup_free_ char *where = gk_str_format(err, "the AWS profile %s", settings->profile);

	if (!where)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (aws_settings_profile(settings, signs[i].name))
			return not_supported(&signs[i], where, err);
	return 0;
}

static int resolve_web_identity(const struct aws_settings *settings, struct aws_credentials *ret,
				struct gk_error *err)
{
	static const struct sign signs[] = {{"AWS_WEB_IDENTITY_TOKEN_FILE", "a web identity"}};

	(void)ret;
	if (settings->profile_by_flag)
		return 0;
	return refuse_variables(settings, signs, ARRAY_SIZE(signs), err);
}

static int resolve_role(const struct aws_settings *settings, struct aws_credentials *ret,
			struct gk_error *err)
{
	static const struct sign signs[] = {
		{"role_arn", "a role"},
		{"web_identity_token_file", "a web identity"},
	};

	(void)ret;
	return refuse_keys(settings, signs, ARRAY_SIZE(signs), err);
}

static int resolve_sso(const struct aws_settings *settings, struct aws_credentials *ret,
		       struct gk_error *err)
{
	static const struct sign signs[] = {
		{"sso_session", "IAM Identity Center"},
		{"sso_start_url", "IAM Identity Center"},
		{"sso_account_id", "IAM Identity Center"},
		{"sso_role_name", "IAM Identity Center"},
	};

	(void)ret;
	return refuse_keys(settings, signs, ARRAY_SIZE(signs), err);
}

static int resolve_profile_keys(const struct aws_settings *settings, struct aws_credentials *ret,
				struct gk_error *err)
{
	return take_keys(aws_settings_profile(settings, "aws_access_key_id"),
			 aws_settings_profile(settings, "aws_secret_access_key"),
			 first(aws_settings_profile(settings, "aws_session_token"),
			       aws_settings_profile(settings, "aws_security_token")),
			 "profile", ret, err);
}

static int resolve_process(const struct aws_settings *settings, struct aws_credentials *ret,
			   struct gk_error *err)
{
	static const struct sign signs[] = {
		{"credential_process", "a credential process"},
		{"login_session", "a login session"},
	};

	(void)ret;
	return refuse_keys(settings, signs, ARRAY_SIZE(signs), err);
}

static int resolve_container(const struct aws_settings *settings, struct aws_credentials *ret,
			     struct gk_error *err)
{
	static const struct sign signs[] = {
		{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "container credentials"},
		{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "container credentials"},
	};

	(void)ret;
	return refuse_variables(settings, signs, ARRAY_SIZE(signs), err);
}

/* The order of the AWS SDKs. */
static const struct provider providers[] = {
	{"environment", resolve_environment},
	{"web identity", resolve_web_identity},
	{"role", resolve_role},
	{"IAM Identity Center", resolve_sso},
	{"profile", resolve_profile_keys},
	{"process", resolve_process},
	{"container", resolve_container},
};

int aws_credentials_resolve(const struct aws_settings *settings, struct aws_credentials *ret,
			    struct gk_error *err)
{
	_cleanup_(aws_credentials_done) struct aws_credentials credentials = {0};

	for (size_t i = 0; i < ARRAY_SIZE(providers); i++) {
		int found = providers[i].resolve(settings, &credentials, err);

		if (found < 0)
			return -1;
		if (found == 0)
			continue;
		credentials.source = providers[i].name;
		*ret = credentials;
		credentials = (struct aws_credentials){0};
		return 0;
	}
	return gk_error_set(err, GK_FAILED,
			    "no AWS credentials: %s no keys in the AWS profile %s; set "
			    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile that "
			    "has them with --profile or AWS_PROFILE",
			    settings->profile_by_flag
				    ? "there are"
				    : "AWS_ACCESS_KEY_ID is not set, and there are",
			    settings->profile);
}
