#include "net/proxy.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

enum { ENTRY_MAX = 256 };

/* The host that a request is for. */
struct target {
	CURLU *parts;
	char *scheme, *host, *port; /* an IPv6 address without brackets */
};

void http_proxy_done(struct http_proxy *proxy)
{
	gk_wipep(&proxy->url);
	gk_freep(&proxy->shown);
}

static void curlu_freep(CURLU **parts)
{
	curl_url_cleanup(*parts);
}

static void curl_freep(char **text)
{
	curl_free(*text);
}

static void target_done(struct target *target)
{
	curl_free(target->scheme);
	curl_free(target->host);
	curl_free(target->port);
	curl_url_cleanup(target->parts);
}

static void strip_brackets(char *host)
{
	size_t length = strlen(host);

	if (host[0] == '[' && length > 2) {
		memmove(host, host + 1, length - 2);
		host[length - 2] = '\0';
	}
}

/* False for a URL that libcurl will not take either. */
static bool read_target(const char *url, struct target *ret)
{
	ret->parts = curl_url();
	if (!ret->parts || curl_url_set(ret->parts, CURLUPART_URL, url, 0) != CURLUE_OK ||
	    curl_url_get(ret->parts, CURLUPART_SCHEME, &ret->scheme, 0) != CURLUE_OK ||
	    curl_url_get(ret->parts, CURLUPART_HOST, &ret->host, 0) != CURLUE_OK ||
	    curl_url_get(ret->parts, CURLUPART_PORT, &ret->port, CURLU_DEFAULT_PORT) != CURLUE_OK)
		return false;
	strip_brackets(ret->host);
	return true;
}

/* ---- who needs none ---- */

/* How many bits of a network count, from what stands behind its slash. */
static bool read_bits(const char *text, unsigned most, unsigned *ret)
{
	unsigned bits = 0;

	if (!text[0] || strlen(text) > 3)
		return false;
	for (; isdigit((unsigned char)*text); text++)
		bits = bits * 10 + (unsigned)(*text - '0');
	*ret = bits;
	return !*text && bits <= most;
}

/* Is the address in "10.0.0.0/8", or the very address if there is no slash? */
static bool is_in_network(const char *host, const char *network)
{
	unsigned char address[16] = {0};
	unsigned char first[16] = {0};
	int family = strchr(host, ':') ? AF_INET6 : AF_INET;
	unsigned bits = family == AF_INET6 ? 128 : 32;
	size_t length = strcspn(network, "/");
	char base[INET6_ADDRSTRLEN] = "";

	if (length >= sizeof(base) || inet_pton(family, host, address) != 1)
		return false;
	memcpy(base, network, length);
	if (inet_pton(family, base, first) != 1 ||
	    (network[length] && !read_bits(network + length + 1, bits, &bits)))
		return false;
	for (unsigned i = 0; i < bits; i++)
		if ((address[i / 8] ^ first[i / 8]) & (0x80 >> i % 8))
			return false;
	return true;
}

/* Hosts on this machine or this link, and the places of AWS credentials. */
static bool is_local(const char *host)
{
	static const char *const networks[] = {"127.0.0.0/8", "169.254.0.0/16", "::1", "fe80::/10",
					       "fd00:ec2::/32"};

	for (size_t i = 0; i < ARRAY_SIZE(networks); i++)
		if (is_in_network(host, networks[i]))
			return true;
	return strcasecmp(host, "localhost") == 0;
}

/* The host itself, or one below it. */
static bool is_below(const char *host, const char *domain)
{
	size_t length = strlen(host);
	size_t tail = strlen(domain);

	if (tail == 0 || tail > length || strcasecmp(host + length - tail, domain) != 0)
		return false;
	return tail == length || host[length - tail - 1] == '.';
}

/* An entry of no_proxy, which is changed: example.com, .example.com, host:port, 10.0.0.0/8, [::1], *. */
static bool is_meant(const struct target *target, char *entry)
{
	char *colon = strrchr(entry, ':');

	if (strcmp(entry, "*") == 0)
		return true;
	if (colon && (colon == strchr(entry, ':') || colon[-1] == ']')) {
		if (strcmp(colon + 1, target->port) != 0)
			return false;
		*colon = '\0';
	}
	strip_brackets(entry);
	entry += strspn(entry, ".");
	return is_in_network(target->host, entry) || is_below(target->host, entry);
}

static bool is_excepted(const struct target *target, const char *list)
{
	static const char separators[] = ", \t";

	for (list += strspn(list, separators); *list; list += strspn(list, separators)) {
		size_t length = strcspn(list, separators);
		char entry[ENTRY_MAX] = "";

		if (length < sizeof(entry)) {
			memcpy(entry, list, length);
			if (is_meant(target, entry))
				return true;
		}
		list += length;
	}
	return false;
}

/* ---- which one ---- */

/* The first of two variables that is set and not empty. */
static const char *look_up(const char *(*env)(const char *name), const char *small,
			   const char *capital, const char **ret_variable)
{
	const char *value = env(small);

	*ret_variable = small;
	if (value && value[0])
		return value;
	*ret_variable = capital;
	value = env(capital);
	return value && value[0] ? value : NULL;
}

static const char *find_variable(const char *(*env)(const char *name), const struct target *target,
				 const char **ret_variable)
{
	const char *ignored = NULL;
	const char *except = look_up(env, "no_proxy", "NO_PROXY", &ignored);
	bool secure = strcmp(target->scheme, "https") == 0;
	const char *value = NULL;

	if (is_local(target->host) || (except && is_excepted(target, except)))
		return NULL;
	value = secure ? look_up(env, "https_proxy", "HTTPS_PROXY", ret_variable)
		       : look_up(env, "http_proxy", "HTTP_PROXY", ret_variable);
	return value ? value : look_up(env, "all_proxy", "ALL_PROXY", ret_variable);
}

/* The port that the AWS CLI takes when none is given; NULL for what is no proxy's scheme. */
static const char *own_port(const char *scheme)
{
	static const struct {
		const char *scheme, *port;
	} rows[] = {
		{"http", "80"},      {"https", "443"},   {"socks4", "1080"},
		{"socks4a", "1080"}, {"socks5", "1080"}, {"socks5h", "1080"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcmp(rows[i].scheme, scheme) == 0)
			return rows[i].port;
	return NULL;
}

/* With its port; the caller owns what comes out. */
static bool complete(CURLU *parts, const char *text, char **ret_scheme, char **ret_url)
{
	_cleanup_(curl_freep) char *port = NULL;
	const char *own = NULL;

	if (!parts ||
	    curl_url_set(parts, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
	    curl_url_get(parts, CURLUPART_SCHEME, ret_scheme, 0) != CURLUE_OK)
		return false;
	own = own_port(*ret_scheme);
	if (!own)
		return false;
	if (curl_url_get(parts, CURLUPART_PORT, &port, 0) != CURLUE_OK)
		curl_url_set(parts, CURLUPART_PORT, own, 0);
	return curl_url_get(parts, CURLUPART_URL, ret_url, 0) == CURLUE_OK;
}

static int read_proxy(const char *text, struct http_proxy *ret, struct gk_error *err)
{
	_cleanup_(curlu_freep) CURLU *parts = curl_url();
	_cleanup_(curl_freep) char *scheme = NULL;
	_cleanup_(curl_freep) char *host = NULL;
	_cleanup_(curl_freep) char *port = NULL;
	_cleanup_(curl_freep) char *url = NULL;
	_cleanup_wipe_ char *whole =
		gk_str_format(err, "%s%s", strstr(text, "://") ? "" : "http://", text);

	if (!whole)
		return -1;
	if (!complete(parts, whole, &scheme, &url) ||
	    curl_url_get(parts, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
	    curl_url_get(parts, CURLUPART_PORT, &port, 0) != CURLUE_OK)
		return gk_error_set(err, GK_USAGE,
				    "%s is no URL of a proxy, like http://proxy.example:3128",
				    ret->variable);
	ret->shown = gk_str_format(err, "%s://%s:%s", scheme, host, port);
	return ret->shown ? gk_str_set(&ret->url, url, err) : -1;
}

int http_proxy_find(const char *(*env)(const char *name), const char *url, struct http_proxy *ret,
		    struct gk_error *err)
{
	_cleanup_(target_done) struct target target = {0};
	_cleanup_(http_proxy_done) struct http_proxy proxy = {0};
	const char *text = NULL;

	if (env && read_target(url, &target))
		text = find_variable(env, &target, &proxy.variable);
	if (text && read_proxy(text, &proxy, err) < 0)
		return -1;
	*ret = proxy;
	proxy = (struct http_proxy){0};
	return 0;
}
