#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "aws/endpoint.h"
#include "aws/fetch.h"
#include "aws/sigv4.h"
#include "aws/sso.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"

enum { RENEW_WITHIN_SECONDS = 15 * 60, TIMEOUT_MS = 10000, ATTEMPTS = 3, FILE_MAX = 1 << 20 };

/* A profile's way to its role, and the token for it. */
struct sso {
	const struct aws_provider_world *world;
	const char *profile;
	const char *session; /* NULL: the form without a section of its own, never renewed */
	const char *start_url, *region, *account, *role;
	char *path;   /* of the token's file */
	cJSON *token; /* what it holds */
	time_t expires;
};

static void sso_done(struct sso *sso)
{
	free(sso->path);
	aws_secret_json_freep(&sso->token);
}

/* What a person has to do. */
static int log_in(const struct sso *sso, const char *why, struct gk_error *err)
{
	return gk_error_set(err, GK_FAILED, "%s: run aws sso login --profile %s", why,
			    sso->profile);
}

/* ---- settings ---- */

/* A key of the profile or of its session. Both may have it if they say the same. */
static int read_key(const struct sso *sso, const char *key, const char **ret, struct gk_error *err)
{
	const struct aws_profiles *profiles = &sso->world->settings->profiles;
	const char *own = aws_profiles_get(profiles, AWS_SECTION_PROFILE, sso->profile, key, NULL);
	const char *shared = sso->session ? aws_profiles_get(profiles, AWS_SECTION_SSO_SESSION,
							     sso->session, key, NULL)
					  : NULL;

	if (own && shared && strcmp(own, shared) != 0)
		return gk_error_set(err, GK_FAILED, "%s is %s in the profile and %s in sso-session %s",
				    key, own, shared, sso->session);
	*ret = shared ? shared : own;
	if (!*ret)
		return gk_error_set(err, GK_FAILED, "%s is missing", key);
	return 0;
}

static int read_settings(struct sso *sso, struct gk_error *err)
{
	const struct aws_profiles *profiles = &sso->world->settings->profiles;

	sso->session = aws_profiles_get(profiles, AWS_SECTION_PROFILE, sso->profile, "sso_session",
					NULL);
	if (sso->session && !aws_profiles_has(profiles, AWS_SECTION_SSO_SESSION, sso->session))
		return gk_error_set(err, GK_FAILED, "there is no section [sso-session %s]",
				    sso->session);
	if (read_key(sso, "sso_start_url", &sso->start_url, err) < 0 ||
	    read_key(sso, "sso_region", &sso->region, err) < 0 ||
	    read_key(sso, "sso_account_id", &sso->account, err) < 0)
		return -1;
	return read_key(sso, "sso_role_name", &sso->role, err);
}

/* ---- the token ---- */

/* The file is named after the SHA-1 of the session's name or the start URL (botocore,
 * SSOTokenLoader). */
static int find_file(struct sso *sso, struct gk_error *err)
{
	const char *name = sso->session ? sso->session : sso->start_url;
	unsigned char digest[SHA_DIGEST_LENGTH];
	char hex[2 * SHA_DIGEST_LENGTH + 1] = "";
	_cleanup_free_ char *path = NULL;

	SHA1((const unsigned char *)name, strlen(name), digest);
	for (size_t i = 0; i < sizeof(digest); i++) {
		hex[2 * i] = "0123456789abcdef"[digest[i] >> 4];
		hex[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
	}
	path = gk_str_format(err, "~/.aws/sso/cache/%s.json", hex);
	sso->path = path ? aws_settings_path(sso->world->settings, path, err) : NULL;
	return sso->path ? 0 : -1;
}

static const char *member(const struct sso *sso, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(sso->token, name));
}

/* Older versions of the AWS CLI wrote "UTC" for Z. */
static int read_time(const char *text, time_t *ret, struct gk_error *err)
{
	size_t length = strlen(text);
	_cleanup_free_ char *zulu = NULL;

	if (length < 3 || strcmp(text + length - 3, "UTC") != 0)
		return aws_credentials_time(text, ret, err);
	zulu = gk_str_format(err, "%.*sZ", (int)length - 3, text);
	return zulu ? gk_time_parse(zulu, ret, err) : -1;
}

static int load_token(struct sso *sso, struct gk_error *err)
{
	_cleanup_(gk_buf_wipe) struct gk_buf text = {0};
	struct gk_error failure = {0};

	aws_secret_json_freep(&sso->token);
	if (gk_file_read(sso->path, FILE_MAX, &text, &failure) < 0) {
		if (failure.code == GK_NOT_FOUND)
			return log_in(sso, "nobody has logged in yet", err);
		return gk_error_set(err, GK_FAILED, "%s", failure.message);
	}
	if (gk_json_parse(gk_buf_text(&text), text.length, &sso->token, err) < 0)
		return gk_error_wrap(err, "%s", sso->path);
	if (!aws_is_token(member(sso, "accessToken")) || !member(sso, "expiresAt") ||
	    read_time(member(sso, "expiresAt"), &sso->expires, &failure) < 0)
		return gk_error_set(err, GK_FAILED,
				    "%s holds no accessToken with expiresAt: run aws sso login "
				    "--profile %s",
				    sso->path, sso->profile);
	return 0;
}

/* ---- its renewal ---- */

static bool can_renew(const struct sso *sso, time_t now)
{
	static const char *const needed[] = {"refreshToken", "clientId", "clientSecret"};
	const char *registered = member(sso, "registrationExpiresAt");
	struct gk_error ignored = {0};
	time_t until = 0;

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (!member(sso, needed[i]))
			return false;
	return sso->session && registered && read_time(registered, &until, &ignored) == 0 &&
	       until > now;
}

/* Begins a request to one of the two services. `path` begins without /. */
static int prepare(const struct sso *sso, const struct aws_service_info *service, const char *path,
		   struct http_request *request, struct gk_error *err)
{
	_cleanup_(aws_endpoint_done) struct aws_endpoint endpoint = {0};
	bool slash = false;

	if (aws_endpoint_find(sso->world->settings, service, sso->region, &endpoint, err) < 0)
		return -1;
	slash = endpoint.url[strlen(endpoint.url) - 1] == '/';
	request->timeout_ms = TIMEOUT_MS;
	request->url = gk_str_format(err, "%s%s%s", endpoint.url, slash ? "" : "/", path);
	return request->url ? 0 : -1;
}

static int renewal_body(const struct sso *sso, struct gk_buf *ret, struct gk_error *err)
{
	static const char *const copied[] = {"clientId", "clientSecret", "refreshToken"};
	_cleanup_(gk_json_builder_done) struct gk_json_builder json = {0};
	_cleanup_wipe_ char *text = NULL;

	if (gk_json_builder_init(&json, err) < 0)
		return -1;
	gk_json_add_string(&json, json.root, "grantType", "refresh_token");
	for (size_t i = 0; i < ARRAY_SIZE(copied); i++)
		gk_json_add_string(&json, json.root, copied[i], member(sso, copied[i]));
	text = gk_json_builder_print(&json, false, err);
	if (!text)
		return -1;
	gk_buf_adds(ret, text);
	return gk_buf_check(ret, err);
}

/* Of a member that is a string. (cJSON, asked to replace it, may leave a nameless one behind when
 * memory runs out.) */
static int set_member(cJSON *object, const char *name, const char *value, struct gk_error *err)
{
	_cleanup_(aws_secret_json_freep) cJSON *text = cJSON_CreateString(value);
	cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
	char *old = member->valuestring;

	if (!text)
		return gk_error_memory(err);
	member->valuestring = text->valuestring;
	text->valuestring = old;
	return 0;
}

static int take_renewed(struct sso *sso, const cJSON *answer, time_t now, struct gk_error *err)
{
	const char *access = NULL;
	const char *refresh = NULL;
	int64_t seconds = 0;
	char expires[GK_TIME_TEXT] = "";

	if (gk_json_string(answer, "accessToken", &access, err) < 0 ||
	    gk_json_string(answer, "refreshToken", &refresh, err) < 0 ||
	    gk_json_integer(answer, "expiresIn", 0, &seconds, err) < 0)
		return -1;
	if (!aws_is_token(access) || seconds <= 0 || seconds > INT32_MAX)
		return gk_error_set(err, GK_FAILED, "the answer has no accessToken with expiresIn");
	if (set_member(sso->token, "accessToken", access, err) < 0 ||
	    set_member(sso->token, "expiresAt", gk_time_format(now + seconds, expires), err) < 0 ||
	    (refresh && set_member(sso->token, "refreshToken", refresh, err) < 0))
		return -1;
	sso->expires = now + seconds;
	return 0;
}

static int save_token(const struct sso *sso, struct gk_error *err)
{
	_cleanup_(gk_file_draft_done) struct gk_file_draft draft = {.fd = -1};
	_cleanup_wipe_ char *text = cJSON_PrintUnformatted(sso->token);

	if (!text)
		return gk_error_memory(err);
	if (gk_file_draft_open_private(&draft, sso->path, err) < 0)
		return -1;
	return gk_file_draft_commit(&draft, text, strlen(text), err);
}

static int renew(struct sso *sso, time_t now, struct gk_error *err)
{
	_cleanup_(http_exchange_done) struct http_exchange exchange = {0};
	_cleanup_(aws_secret_json_freep) cJSON *answer = NULL;
	struct http_request *request = &exchange.request;

	request->method = "POST";
	if (prepare(sso, &aws_service_oidc, "token", request, err) < 0 ||
	    gk_strv_add(&request->headers, "Content-Type: application/json", err) < 0 ||
	    renewal_body(sso, &request->body, err) < 0 ||
	    aws_fetch(sso->world, &exchange, ATTEMPTS, err) < 0 ||
	    aws_fetch_object(&exchange, &answer, err) < 0)
		return -1;
	return take_renewed(sso, answer, now, err);
}

/* By this machine's clock, uncorrected: with that one the AWS CLI wrote down when the token ends.
 *
 * Neither a token that could not be renewed nor one that could not be kept is a failure as long as
 * there is a good one: in hand, or in the file, because somebody else was faster (a refresh token
 * is good for once). */
static int freshen(struct sso *sso, struct gk_error *err)
{
	const struct gk_clock *clock = sso->world->clock;
	time_t now = clock->now(clock);
	struct gk_error failure = {0};

	if (sso->expires - now < RENEW_WITHIN_SECONDS && can_renew(sso, now)) {
		if (renew(sso, now, &failure) < 0)
			gk_log(sso->world->log, GK_LOG_WARNING,
			       "the token of IAM Identity Center was not renewed: %s",
			       failure.message);
		else if (save_token(sso, &failure) < 0)
			gk_log(sso->world->log, GK_LOG_WARNING,
			       "the renewed token of IAM Identity Center was not kept: %s",
			       failure.message);
	}
	if (sso->expires <= now && load_token(sso, err) < 0)
		return -1;
	return sso->expires > now ? 0 : log_in(sso, "the login has expired", err);
}

/* ---- the role ---- */

static char *role_path(const struct sso *sso, struct gk_error *err)
{
	_cleanup_(gk_buf_done) struct gk_buf path = {0};

	gk_buf_adds(&path, "federation/credentials?account_id=");
	aws_percent_encode(&path, sso->account, "");
	gk_buf_adds(&path, "&role_name=");
	aws_percent_encode(&path, sso->role, "");
	return gk_buf_detach(&path, err);
}

static int ask_portal(const struct sso *sso, struct http_exchange *exchange, struct gk_error *err)
{
	struct http_request *request = &exchange->request;
	_cleanup_free_ char *path = role_path(sso, err);

	request->method = "GET";
	if (!path || prepare(sso, &aws_service_portal, path, request, err) < 0 ||
	    gk_strv_addf(&request->headers, err, "x-amz-sso_bearer_token: %s",
			 member(sso, "accessToken")) < 0)
		return -1;
	return aws_fetch(sso->world, exchange, ATTEMPTS, err);
}

static int fetch_role(const struct sso *sso, struct aws_credentials *ret, struct gk_error *err)
{
	static const struct aws_key_names names = {"accessKeyId", "secretAccessKey",
						   "sessionToken", NULL};
	_cleanup_(http_exchange_done) struct http_exchange exchange = {0};
	_cleanup_(aws_secret_json_freep) cJSON *answer = NULL;
	const cJSON *keys = NULL;
	int64_t milliseconds = 0;

	if (ask_portal(sso, &exchange, err) < 0)
		return -1;
	if (exchange.response.status == 401)
		return log_in(sso, "the login is no longer taken", err);
	if (aws_fetch_object(&exchange, &answer, err) < 0)
		return gk_error_wrap(err, "role %s in account %s", sso->role, sso->account);
	if (gk_json_object(answer, "roleCredentials", &keys, err) < 0 ||
	    gk_json_integer(keys, "expiration", 0, &milliseconds, err) < 0 ||
	    aws_credentials_from_json(keys, &names, ret, err) < 0)
		return -1;
	ret->expires = (time_t)(milliseconds / 1000);
	return 0;
}

int aws_sso_find(const struct aws_provider_world *world, const char *profile, bool *ret_configured,
		 struct aws_credentials *ret, struct gk_error *err)
{
	const struct aws_profiles *profiles = &world->settings->profiles;
	_cleanup_(sso_done) struct sso sso = {.world = world, .profile = profile};

	*ret_configured =
		aws_profiles_get(profiles, AWS_SECTION_PROFILE, profile, "sso_account_id", NULL) ||
		aws_profiles_get(profiles, AWS_SECTION_PROFILE, profile, "sso_role_name", NULL);
	if (!*ret_configured)
		return 0;
	if (read_settings(&sso, err) < 0 || find_file(&sso, err) < 0 ||
	    load_token(&sso, err) < 0 || freshen(&sso, err) < 0 || fetch_role(&sso, ret, err) < 0)
		return gk_error_wrap(err, "IAM Identity Center for the AWS profile %s", profile);
	return 0;
}
