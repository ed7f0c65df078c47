/* URLs and regions, one in every field: a host is a host, whatever it is made of. */
#include "aws/endpoint.h"

#include "base/mem.h"
#include "base/tests/fuzz/fuzz.h"

static const char *no_variable(const char *name)
{
	(void)name;
	return NULL;
}

static void check_endpoint(const struct aws_endpoint *endpoint)
{
	_cleanup_(aws_endpoint_done) struct aws_endpoint again = {0};
	const char *host = strstr(endpoint->url, "://");

	fuzz_check(strncmp(endpoint->url, "http", 4) == 0 && host);
	fuzz_check(endpoint->host[0] && !strpbrk(endpoint->host, "/\\@?#% \t\r\n"));
	fuzz_check(endpoint->path[0] == '/' && !strpbrk(endpoint->path, "\\?# \t\r\n"));
	fuzz_check(strncmp(host + 3, endpoint->host, strlen(endpoint->host)) == 0);
	fuzz_check(strcmp(host + 3 + strlen(endpoint->host), endpoint->path) == 0);
	fuzz_check(aws_endpoint_parse(endpoint->url, &again, NULL) == 0);
	fuzz_check(strcmp(again.url, endpoint->url) == 0);
	fuzz_check(strcmp(again.host, endpoint->host) == 0);
	fuzz_check(strcmp(again.path, endpoint->path) == 0);
}

static void check_url(const char *url)
{
	_cleanup_(aws_endpoint_done) struct aws_endpoint endpoint = {0};
	struct gk_error err = {0};

	if (aws_endpoint_parse(url, &endpoint, &err) == 0)
		check_endpoint(&endpoint);
	else
		fuzz_check_error(&err);
}

static void check_region(const char *region, bool fips, bool dual_stack)
{
	static const struct aws_service_info service = {.name = "ec2",
							.variable = "EC2",
							.key = "ec2"};
	char profile[] = "default";
	const struct aws_settings settings = {
		.profile = profile,
		.fips = fips,
		.dual_stack = dual_stack,
		.getenv = no_variable,
	};
	_cleanup_(aws_endpoint_done) struct aws_endpoint endpoint = {0};
	struct gk_error err = {0};

	if (aws_endpoint_find(&settings, &service, region, &endpoint, &err) < 0) {
		fuzz_check_error(&err);
		return;
	}
	check_endpoint(&endpoint);
	fuzz_check(strncmp(endpoint.url, "https://ec2", 11) == 0 && !strchr(endpoint.host, ':'));
}

static void check(const char *text)
{
	check_url(text);
	check_region(text, false, false);
	check_region(text, true, false);
	check_region(text, true, true);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_each_field(data, size, check);
	return 0;
}
