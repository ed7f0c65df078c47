/* The role of an EC2 instance, by its metadata service. Version 1, which needs no token, is not
 * spoken. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "aws/endpoint.h"
#include "aws/fetch.h"
#include "aws/imds.h"
#include "base/json.h"
#include "base/mem.h"

#define ROLES "meta-data/iam/security-credentials/"

enum {
	ATTEMPTS_MAX = 10,
	SECONDS_MAX = 60,
	ROLE_MAX = 256,
	GOOD_FOR_SECONDS = 15 * 60,  /* what an outage of the service is worth */
	NEARLY_OVER_SECONDS = 5 * 60, /* credentials that would be fetched again at once */
};

/* How it is spoken to, and what it is found to be. */
struct imds {
	const struct aws_provider_world *world;
	char *base; /* "http://169.254.169.254/" */
	int64_t timeout_ms;
	int attempts;
	char *token; /* "X-aws-ec2-metadata-token: …" */
	bool absent; /* there is none */
};

static void imds_done(struct imds *imds)
{
	free(imds->base);
	gk_wipep(&imds->token);
}

static int find_base(const struct aws_settings *settings, char **ret, struct gk_error *err)
{
	const char *url = aws_settings_look_up(settings, "AWS_EC2_METADATA_SERVICE_ENDPOINT",
					       "ec2_metadata_service_endpoint");
	const char *mode = aws_settings_look_up(settings, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
						"ec2_metadata_service_endpoint_mode");
	_cleanup_(aws_endpoint_done) struct aws_endpoint endpoint = {0};

	if (!url && mode && strcasecmp(mode, "IPv4") != 0 && strcasecmp(mode, "IPv6") != 0)
		return gk_error_set(err, GK_USAGE,
				    "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE "
				    "(ec2_metadata_service_endpoint_mode) is neither IPv4 nor "
				    "IPv6: %s",
				    mode);
	if (!url && mode && strcasecmp(mode, "IPv6") == 0)
		url = "http://[fd00:ec2::254]";
	if (aws_endpoint_parse(url ? url : "http://169.254.169.254", &endpoint, err) < 0)
		return gk_error_wrap(err, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
	*ret = gk_str_format(err, "%s%s", endpoint.url,
			     endpoint.url[strlen(endpoint.url) - 1] == '/' ? "" : "/");
	return *ret ? 0 : -1;
}

static int imds_init(struct imds *imds, const struct aws_provider_world *world,
		     struct gk_error *err)
{
	const struct aws_settings *settings = world->settings;
	int seconds = 0;

	*imds = (struct imds){.world = world};
	if (aws_settings_switch(settings, "AWS_EC2_METADATA_DISABLED", "disable_ec2_metadata",
				&imds->absent, NULL, err) < 0 ||
	    aws_settings_count(aws_settings_look_up(settings, "AWS_METADATA_SERVICE_TIMEOUT",
						    "metadata_service_timeout"),
			       "AWS_METADATA_SERVICE_TIMEOUT", SECONDS_MAX, 1, &seconds, err) < 0 ||
	    aws_settings_count(aws_settings_look_up(settings, "AWS_METADATA_SERVICE_NUM_ATTEMPTS",
						    "metadata_service_num_attempts"),
			       "AWS_METADATA_SERVICE_NUM_ATTEMPTS", ATTEMPTS_MAX, 1,
			       &imds->attempts, err) < 0)
		return -1;
	imds->timeout_ms = seconds * 1000;
	return imds->absent ? 0 : find_base(settings, &imds->base, err);
}

static int prepare(const struct imds *imds, const char *method, const char *path,
		   const char *header, struct http_exchange *ret, struct gk_error *err)
{
	http_exchange_done(ret);
	ret->request.method = method;
	ret->request.timeout_ms = imds->timeout_ms;
	ret->request.no_proxy = true; /* a token is refused to whom a proxy speaks for */
	ret->request.url = gk_str_format(err, "%slatest/%s", imds->base, path);
	return ret->request.url ? gk_strv_add(&ret->request.headers, header, err) : -1;
}

/* Nobody there is the usual case off EC2. Somebody who takes the request and keeps silent is the
 * usual case in a container: the answer does not get that far. */
static int judge_silence(struct imds *imds, const struct http_exchange *exchange,
			 const struct gk_error *failure, struct gk_error *err)
{
	const struct http_response *response = &exchange->response;

	if (response->timed_out && !response->unsent)
		return gk_error_set(
			err, GK_FAILED,
			"%s takes the request for a token and does not answer within %lld s; in a "
			"container the instance needs HttpPutResponseHopLimit 2 or more: aws ec2 "
			"modify-instance-metadata-options --http-put-response-hop-limit 2",
			imds->base, (long long)imds->timeout_ms / 1000);
	if (!response->unsent)
		return gk_error_set(err, failure->code, "%s", failure->message);
	imds->absent = true;
	return 0;
}

static bool is_refusal(int status)
{
	return status == 403 || status == 404 || status == 405;
}

/* Whatever else listens at that address in another cloud knows no tokens; an instance whose service
 * is switched off says 403. */
static int judge_token(struct imds *imds, const struct http_exchange *exchange,
		       struct gk_error *err)
{
	const char *token = gk_buf_text(&exchange->response.body);

	if (is_refusal(exchange->response.status)) {
		gk_log(imds->world->log, GK_LOG_DEBUG,
		       "%s gives no token (HTTP status %d): it is no instance metadata service, or "
		       "it is switched off",
		       imds->base, exchange->response.status);
		imds->absent = true;
		return 0;
	}
	if (exchange->response.status != 200) {
		aws_fetch_refused(exchange, err);
		return gk_error_wrap(err, "what listens there may be another cloud's: give keys "
					  "another way, and set AWS_EC2_METADATA_DISABLED=true");
	}
	if (!aws_is_token(token))
		return gk_error_set(err, GK_FAILED, "%s gives a token that is none", imds->base);
	gk_wipep(&imds->token);
	imds->token = gk_str_format(err, "X-aws-ec2-metadata-token: %s", token);
	return imds->token ? 0 : -1;
}

static int fetch_token(struct imds *imds, struct gk_error *err)
{
	_cleanup_(http_exchange_done) struct http_exchange exchange = {0};
	struct gk_error failure = {0};

	if (prepare(imds, "PUT", "api/token", "X-aws-ec2-metadata-token-ttl-seconds: 21600",
		    &exchange, err) < 0)
		return -1;
	if (aws_fetch(imds->world, &exchange, imds->attempts, &failure) < 0)
		return judge_silence(imds, &exchange, &failure, err);
	return judge_token(imds, &exchange, err);
}

/* A token that is no longer taken is replaced once. */
static int get(struct imds *imds, const char *path, struct http_exchange *ret,
	       struct gk_error *err)
{
	for (int tries = 0;; tries++) {
		if (prepare(imds, "GET", path, imds->token, ret, err) < 0 ||
		    aws_fetch(imds->world, ret, imds->attempts, err) < 0)
			return -1;
		if (ret->response.status != 401 || tries > 0)
			return 0;
		if (fetch_token(imds, err) < 0)
			return -1;
		if (imds->absent)
			return aws_fetch_refused(ret, err);
	}
}

/* A name that becomes part of a path. */
static bool is_role_name(const char *name)
{
	return aws_is_token(name) && strlen(name) <= ROLE_MAX && !strpbrk(name, "/?#%\\") &&
	       name[0] != '.';
}

/* The role's name, owned; NULL if the instance has none. */
static int find_role(struct imds *imds, char **ret, struct gk_error *err)
{
	const char *named = aws_settings_look_up(imds->world->settings,
						 "AWS_EC2_INSTANCE_PROFILE_NAME",
						 "ec2_instance_profile_name");
	_cleanup_(http_exchange_done) struct http_exchange exchange = {0};
	_cleanup_free_ char *name = NULL;

	if (!named) {
		if (get(imds, ROLES, &exchange, err) < 0)
			return -1;
		if (exchange.response.status == 404)
			return 0;
		if (exchange.response.status != 200)
			return aws_fetch_refused(&exchange, err);
		named = gk_buf_text(&exchange.response.body);
	}
	name = gk_str_format(err, "%.*s", (int)strcspn(named, "\r\n"), named);
	if (!name)
		return -1;
	if (!is_role_name(name))
		return gk_error_set(err, GK_FAILED, "%s names a role that is none", imds->base);
	*ret = TAKE_PTR(name);
	return 0;
}

/* Status 200 may still be an error. */
static int check_code(const cJSON *answer, const char *role, struct gk_error *err)
{
	const char *code = NULL;
	const char *message = NULL;

	if (gk_json_string(answer, "Code", &code, err) < 0 ||
	    gk_json_string(answer, "Message", &message, err) < 0)
		return -1;
	if (!code || strcmp(code, "Success") == 0)
		return 0;
	return gk_error_set(err, GK_FAILED, "the role %s has no credentials: %s%s%s", role, code,
			    message ? ": " : "", message ? message : "");
}

/* The service hands out old credentials while it cannot get new ones, and EC2 takes them: they are
 * used on, and asked for again later. */
static void prolong(const struct imds *imds, struct aws_credentials *credentials)
{
	time_t now = aws_provider_now(imds->world);
	char text[GK_TIME_TEXT] = "";

	if (credentials->expires > now + NEARLY_OVER_SECONDS)
		return;
	gk_log(imds->world->log, credentials->expires > now ? GK_LOG_DEBUG : GK_LOG_WARNING,
	       "the newest credentials of the instance's role expire at %s; they are used on",
	       gk_time_format(credentials->expires, text));
	credentials->expires = now + GOOD_FOR_SECONDS;
}

static int read_credentials(struct imds *imds, const char *role, struct aws_credentials *ret,
			    struct gk_error *err)
{
	static const struct aws_key_names names = {"AccessKeyId", "SecretAccessKey", "Token",
						   "Expiration"};
	_cleanup_(http_exchange_done) struct http_exchange exchange = {0};
	_cleanup_(aws_secret_json_freep) cJSON *answer = NULL;
	_cleanup_(aws_credentials_done) struct aws_credentials credentials = {0};
	_cleanup_free_ char *path = gk_str_format(err, ROLES "%s", role);

	if (!path || get(imds, path, &exchange, err) < 0 ||
	    aws_fetch_object(&exchange, &answer, err) < 0 || check_code(answer, role, err) < 0 ||
	    aws_credentials_from_json(answer, &names, &credentials, err) < 0)
		return -1;
	if (credentials.expires == 0)
		return gk_error_set(err, GK_FAILED, "Expiration in the answer is missing");
	prolong(imds, &credentials);
	*ret = credentials;
	credentials = (struct aws_credentials){0};
	return 0;
}

static int fetch(struct imds *imds, bool *ret_configured, struct aws_credentials *ret,
		 struct gk_error *err)
{
	_cleanup_free_ char *role = NULL;

	if (fetch_token(imds, err) < 0)
		return -1;
	if (imds->absent)
		return 0;
	if (find_role(imds, &role, err) < 0)
		return -1;
	*ret_configured = role != NULL;
	return role ? read_credentials(imds, role, ret, err) : 0;
}

static int find(const struct aws_provider_world *world, bool *ret_configured,
		struct aws_credentials *ret, struct gk_error *err)
{
	_cleanup_(imds_done) struct imds imds = {0};

	*ret_configured = false;
	if (imds_init(&imds, world, err) < 0)
		return -1;
	if (!imds.absent && fetch(&imds, ret_configured, ret, err) < 0)
		return gk_error_wrap(err, "credentials of the EC2 instance");
	return 0;
}

const struct aws_provider aws_provider_imds = {"instance metadata", find};

static int read_region(struct imds *imds, char **ret, struct gk_error *err)
{
	_cleanup_(http_exchange_done) struct http_exchange exchange = {0};
	const char *region = NULL;

	if (fetch_token(imds, err) < 0)
		return -1;
	if (imds->absent)
		return 0;
	if (get(imds, "meta-data/placement/region", &exchange, err) < 0)
		return -1;
	region = gk_buf_text(&exchange.response.body);
	if (exchange.response.status != 200)
		return aws_fetch_refused(&exchange, err);
	if (!aws_region_is_valid(region))
		return gk_error_set(err, GK_FAILED, "%s names a region that is none", imds->base);
	return gk_str_set(ret, region, err);
}

int aws_imds_region(const struct aws_provider_world *world, char **ret, struct gk_error *err)
{
	_cleanup_(imds_done) struct imds imds = {0};
	_cleanup_free_ char *region = NULL;

	if (imds_init(&imds, world, err) < 0)
		return -1;
	if (!imds.absent && read_region(&imds, &region, err) < 0)
		return gk_error_wrap(err, "region of the EC2 instance");
	*ret = TAKE_PTR(region);
	return 0;
}
