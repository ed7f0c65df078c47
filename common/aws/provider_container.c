/* Amazon ECS, EKS Pod Identity, and whatever else hands out keys over HTTP beside a container. */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "aws/fetch.h"
#include "base/file.h"
#include "base/mem.h"

#define TASK_HOST "http://169.254.170.2"
#define RELATIVE "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
#define FULL "AWS_CONTAINER_CREDENTIALS_FULL_URI"
#define TOKEN "AWS_CONTAINER_AUTHORIZATION_TOKEN"
#define TOKEN_FILE "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"

enum { TIMEOUT_MS = 2000, ATTEMPTS = 3, TOKEN_MAX = 16 << 10 };

/* Addresses that plain http may lead to besides loopback: ECS, EKS in both protocols. */
static bool is_near_address(const char *host)
{
	static const unsigned char loopback[16] = {[15] = 1};
	static const unsigned char eks[16] = {0xfd, 0x00, 0x0e, 0xc2, [15] = 0x23};
	unsigned char address[16] = {0};

	if (strcmp(host, "169.254.170.2") == 0 || strcmp(host, "169.254.170.23") == 0)
		return true;
	if (inet_pton(AF_INET, host, address) == 1)
		return address[0] == 127;
	return inet_pton(AF_INET6, host, address) == 1 &&
	       (memcmp(address, loopback, sizeof(loopback)) == 0 ||
		memcmp(address, eks, sizeof(eks)) == 0);
}

/* `authority` is "host", "host:port" or "[address]:port". */
static bool is_near(const char *authority)
{
	char host[INET6_ADDRSTRLEN] = "";
	bool bracket = authority[0] == '[';
	size_t length = strcspn(authority + bracket, bracket ? "]" : ":");

	if (length >= sizeof(host))
		return false;
	memcpy(host, authority + bracket, length);
	return is_near_address(host) || strcasecmp(host, "localhost") == 0;
}

/* A name is not looked up: what it leads to now says nothing about the next moment. */
static int check_url(const char *url, const char *variable, struct gk_error *err)
{
	_cleanup_(aws_endpoint_done) struct aws_endpoint parts = {0};

	if (aws_fetch_check_url(url, variable, &parts, err) < 0)
		return -1;
	if (strncmp(parts.url, "http:", 5) == 0 && !is_near(parts.host))
		return gk_error_set(err, GK_FAILED,
				    "%s: %s is not asked for credentials over plain http, only "
				    "loopback, localhost, 169.254.170.2, 169.254.170.23 and "
				    "[fd00:ec2::23] are: use https",
				    variable, parts.host);
	return 0;
}

static int find_url(const struct aws_settings *settings, char **ret, struct gk_error *err)
{
	const char *relative = aws_settings_env(settings, RELATIVE);
	const char *variable = relative ? RELATIVE : FULL;

	if (relative && relative[0] != '/')
		return gk_error_set(err, GK_FAILED, "%s does not begin with /: %s", RELATIVE,
				    relative);
	*ret = relative ? gk_str_format(err, TASK_HOST "%s", relative)
			: gk_str_format(err, "%s", aws_settings_env(settings, FULL));
	return *ret ? check_url(*ret, variable, err) : -1;
}

/* The value of the header, from where the variable `name` says. A line end behind it is none of it;
 * one inside would be a header of its own. */
static int add_authorization(struct http_request *request, const char *text, size_t length,
			     const char *name, struct gk_error *err)
{
	while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r'))
		length--;
	if (length == 0)
		return gk_error_set(err, GK_FAILED, "the token of %s is empty", name);
	for (size_t i = 0; i < length; i++)
		if ((text[i] < ' ' && text[i] != '\t') || text[i] == 0x7f)
			return gk_error_set(err, GK_FAILED,
					    "the token of %s holds a line end or another control "
					    "character",
					    name);
	return gk_strv_addf(&request->headers, err, "Authorization: %.*s", (int)length, text);
}

static int add_token(const struct aws_settings *settings, struct http_request *request,
		     struct gk_error *err)
{
	const char *path = aws_settings_env(settings, TOKEN_FILE);
	const char *token = aws_settings_env(settings, TOKEN);
	_cleanup_(gk_buf_wipe) struct gk_buf file = {0};

	if (!path)
		return token ? add_authorization(request, token, strlen(token), TOKEN, err) : 0;
	if (gk_file_read(path, TOKEN_MAX, &file, err) < 0)
		return gk_error_wrap(err, "%s", TOKEN_FILE);
	return add_authorization(request, gk_buf_text(&file), file.length, TOKEN_FILE, err);
}

static int fetch(const struct aws_provider_world *world, struct aws_credentials *ret,
		 struct gk_error *err)
{
	static const struct aws_key_names names = {"AccessKeyId", "SecretAccessKey", "Token",
						   "Expiration"};
	_cleanup_(http_exchange_done) struct http_exchange exchange = {0};
	_cleanup_(aws_secret_json_freep) cJSON *answer = NULL;
	struct http_request *request = &exchange.request;

	request->method = "GET";
	request->timeout_ms = TIMEOUT_MS;
	request->no_proxy = true;
	if (find_url(world->settings, &request->url, err) < 0 ||
	    gk_strv_add(&request->headers, "Accept: application/json", err) < 0 ||
	    add_token(world->settings, request, err) < 0 ||
	    aws_fetch(world, &exchange, ATTEMPTS, err) < 0 ||
	    aws_fetch_object(&exchange, &answer, err) < 0)
		return -1;
	return aws_credentials_from_json(answer, &names, ret, err);
}

static int find(const struct aws_provider_world *world, bool *ret_configured,
		struct aws_credentials *ret, struct gk_error *err)
{
	*ret_configured = aws_settings_env(world->settings, RELATIVE) ||
			  aws_settings_env(world->settings, FULL);
	if (*ret_configured && fetch(world, ret, err) < 0)
		return gk_error_wrap(err, "container credentials");
	return 0;
}

const struct aws_provider aws_provider_container = {"container", find};
