#include "aws/endpoint.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

enum { HOST_MAX = 255, PORT_MAX = 65535, PORT_DIGITS_MAX = 5 };

struct partition {
	const char *id;     /* "aws-cn"; its region without a place is aws-cn-global */
	const char *prefix; /* of its regions, before a word and a number */
	const char *suffix;
	const char *dual_suffix;
	bool fips_is_plain; /* the FIPS host has the name of the plain one */
};

static const struct partition partitions[] = {
	{"aws-cn", "cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn", false},
	{"aws-us-gov", "us-gov-", "amazonaws.com", "api.aws", true},
	{"aws-eusc", "eusc-de-", "amazonaws.eu", "api.amazonwebservices.eu", false},
	{"aws-iso", "us-iso-", "c2s.ic.gov", "api.aws.ic.gov", false},
	{"aws-iso-b", "us-isob-", "sc2s.sgov.gov", "api.aws.scloud", false},
	{"aws-iso-e", "eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", false},
	{"aws-iso-f", "us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov", false},
};

/* Where every other region is. */
static const struct partition commercial = {"aws", "", "amazonaws.com", "api.aws", false};

void aws_endpoint_done(struct aws_endpoint *endpoint)
{
	free(endpoint->url);
	free(endpoint->host);
	free(endpoint->path);
	*endpoint = (struct aws_endpoint){0};
}

/* A prefix, a word, a hyphen, a number. */
static bool fits_prefix(const char *region, const char *prefix)
{
	size_t length = strlen(prefix);
	size_t word = 0;
	const char *number = NULL;

	if (strncmp(region, prefix, length) != 0)
		return false;
	word = strcspn(region + length, "-");
	number = region + length + word;
	return word > 0 && number[0] == '-' && number[1] &&
	       number[1 + strspn(number + 1, "0123456789")] == '\0';
}

static bool is_without_place(const char *region, const char *id)
{
	size_t length = strlen(id);

	return strncmp(region, id, length) == 0 && strcmp(region + length, "-global") == 0;
}

static const struct partition *find_partition(const char *region)
{
	for (size_t i = 0; i < ARRAY_SIZE(partitions); i++)
		if (fits_prefix(region, partitions[i].prefix) ||
		    is_without_place(region, partitions[i].id))
			return &partitions[i];
	return &commercial;
}

const char *aws_partition_of(const char *region)
{
	return find_partition(region)->id;
}

static int compute(const struct aws_settings *settings, const struct aws_service_info *service,
		   const char *region, struct aws_endpoint *ret, struct gk_error *err)
{
	const struct partition *partition = find_partition(region);
	bool plain_name = partition->fips_is_plain && !settings->dual_stack;

	ret->host = gk_str_format(err, "%s%s.%s.%s", service->name,
				  settings->fips && !plain_name ? "-fips" : "", region,
				  settings->dual_stack ? partition->dual_suffix : partition->suffix);
	ret->url = ret->host ? gk_str_format(err, "https://%s/", ret->host) : NULL;
	return ret->url ? gk_str_set(&ret->path, "/", err) : -1;
}

/* Before an @ may stand a password, behind ? and # a token. */
static int malformed(const char *url, const char *what, struct gk_error *err)
{
	if (strchr(url, '@'))
		return gk_error_set(err, GK_USAGE, "an endpoint URL (with an @: not shown) %s", what);
	return gk_error_set(err, GK_USAGE, "the endpoint URL %.*s %s", (int)strcspn(url, "?#"), url,
			    what);
}

static bool is_host_name(const char *host, size_t length)
{
	if (length == 0 || length > HOST_MAX)
		return false;
	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)host[i]) && !strchr("-._", host[i]))
			return false;
	return true;
}

static bool is_ipv6(const char *text, size_t length)
{
	unsigned char address[16];
	char copy[INET6_ADDRSTRLEN] = "";

	if (length < 2 || length - 2 >= sizeof(copy) || text[0] != '[' || text[length - 1] != ']')
		return false;
	memcpy(copy, text + 1, length - 2);
	return inet_pton(AF_INET6, copy, address) == 1;
}

/* A port from 1 to 65535; 0 if it is none. */
static long read_port(const char *text, size_t length)
{
	long port = 0;

	if (length == 0 || length > PORT_DIGITS_MAX)
		return 0;
	for (size_t i = 0; i < length; i++) {
		if (!isdigit((unsigned char)text[i]))
			return 0;
		port = port * 10 + (text[i] - '0');
	}
	return port <= PORT_MAX ? port : 0;
}

/* `authority` is what stands between // and the path. */
static int parse_authority(const char *url, const char *authority, size_t length, long own_port,
			   struct aws_endpoint *ret, struct gk_error *err)
{
	const char *bracket = memchr(authority, ']', length);
	const char *after = bracket ? bracket : authority;
	const char *colon = memchr(after, ':', length - (size_t)(after - authority));
	size_t host_length = colon ? (size_t)(colon - authority) : length;
	long port = own_port;

	if (memchr(authority, '@', length))
		return gk_error_set(err, GK_USAGE, "an endpoint URL must hold no user or password");
	if (colon)
		port = read_port(colon + 1, length - host_length - 1);
	if (port == 0)
		return malformed(url, "has a bad port", err);
	if (!is_host_name(authority, host_length) && !is_ipv6(authority, host_length))
		return malformed(url, "has a bad host name", err);
	ret->host = port == own_port ? gk_str_format(err, "%.*s", (int)host_length, authority)
				     : gk_str_format(err, "%.*s:%ld", (int)host_length, authority,
						     port);
	return ret->host ? 0 : -1;
}

static bool is_path(const char *path)
{
	for (; *path; path++)
		if (!isalnum((unsigned char)*path) && !strchr("/-._~%!$&'()*+,;=:@", *path))
			return false;
	return true;
}

int aws_endpoint_parse(const char *url, struct aws_endpoint *ret, struct gk_error *err)
{
	_cleanup_(aws_endpoint_done) struct aws_endpoint endpoint = {0};
	bool secure = strncasecmp(url, "https://", 8) == 0;
	const char *authority = url + (secure ? 8 : 7);
	size_t length = 0;

	if (!secure && strncasecmp(url, "http://", 7) != 0)
		return malformed(url, "does not begin with https:// or http://", err);
	length = strcspn(authority, "/?#");
	if (parse_authority(url, authority, length, secure ? 443 : 80, &endpoint, err) < 0)
		return -1;
	if (!is_path(authority + length))
		return malformed(url, "has something behind its path, or a bad path", err);
	if (gk_str_set(&endpoint.path, authority[length] ? authority + length : "/", err) < 0)
		return -1;
	endpoint.url = gk_str_format(err, "%s://%s%s", secure ? "https" : "http", endpoint.host,
				     endpoint.path);
	if (!endpoint.url)
		return -1;
	*ret = endpoint;
	endpoint = (struct aws_endpoint){0};
	return 0;
}

/* The URL in the services section that the profile names; nothing if it has none for this one. */
static int find_in_services(const struct aws_settings *settings,
			    const struct aws_service_info *service, struct aws_setting *ret,
			    struct gk_error *err)
{
	const char *name = aws_settings_profile(settings, "services");
	const struct aws_profile_entry *entry = NULL;

	if (!name)
		return 0;
	if (!aws_profiles_has(&settings->profiles, AWS_SECTION_SERVICES, name))
		return gk_error_set(err, GK_USAGE,
				    "the AWS profile %s names services that have no section: %s",
				    settings->profile, name);
	entry = aws_profiles_find(&settings->profiles, AWS_SECTION_SERVICES, name, service->key,
				  "endpoint_url");
	if (entry)
		*ret = (struct aws_setting){entry->value,
					    {.kind = AWS_ORIGIN_FILE, .entry = entry}};
	return 0;
}

static int find_configured(const struct aws_settings *settings,
			   const struct aws_service_info *service, struct aws_setting *ret,
			   struct gk_error *err)
{
	*ret = (struct aws_setting){0};
	if (settings->endpoint_url)
		*ret = (struct aws_setting){settings->endpoint_url, {.kind = AWS_ORIGIN_OPTION}};
	if (ret->value || settings->ignore_endpoints)
		return 0;
	*ret = aws_settings_find_variable(settings, service->variable);
	if (!ret->value)
		*ret = aws_settings_find_variable(settings, "AWS_ENDPOINT_URL");
	if (!ret->value && find_in_services(settings, service, ret, err) < 0)
		return -1;
	if (!ret->value)
		*ret = aws_settings_find_key(settings, "endpoint_url");
	return 0;
}

int aws_endpoint_find(const struct aws_settings *settings, const struct aws_service_info *service,
		      const char *region, struct aws_endpoint *ret, struct gk_error *err)
{
	_cleanup_(aws_endpoint_done) struct aws_endpoint endpoint = {0};
	struct aws_setting url = {0};

	if (!aws_region_is_valid(region))
		return gk_error_set(err, GK_USAGE, "this is no AWS region: %s", region);
	if (find_configured(settings, service, &url, err) < 0)
		return -1;
	if (url.value && (settings->fips || settings->dual_stack))
		return gk_error_set(err, GK_USAGE,
				    "FIPS or dual-stack endpoints do not go with an endpoint URL");
	if ((url.value ? aws_endpoint_parse(url.value, &endpoint, err)
		       : compute(settings, service, region, &endpoint, err)) < 0)
		return -1;
	endpoint.from = url.from;
	*ret = endpoint;
	endpoint = (struct aws_endpoint){0};
	return 0;
}
