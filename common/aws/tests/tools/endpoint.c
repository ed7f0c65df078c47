/*
 * Says where services are, for postprocessor/tests/test_endpoints.py: reads lines from standard
 * input and prints a URL for each, or "! " and why there is none.
 *
 *	ec2 us-east-1 plain|fips|dual|both
 */
#include <stdio.h>
#include <string.h>

#include "aws/endpoint.h"
#include "base/mem.h"

static const struct aws_service_info *find_service(const char *name)
{
	const struct aws_service_info *const all[] = {
		aws_service_info(AWS_EC2), aws_service_info(AWS_AUTOSCALING),
		aws_service_info(AWS_SSM), aws_service_info(AWS_STS),
		aws_service_info(AWS_DYNAMODB), &aws_service_portal, &aws_service_oidc,
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (strcmp(all[i]->key, name) == 0)
			return all[i];
	return NULL;
}

static const char *no_variable(const char *name)
{
	(void)name;
	return NULL;
}

static int find_line(char *line, struct gk_error *err)
{
	char profile[] = "default";
	struct aws_settings settings = {.profile = profile, .getenv = no_variable};
	const struct aws_service_info *service = find_service(strsep(&line, " "));
	const char *region = strsep(&line, " ");
	_cleanup_(aws_endpoint_done) struct aws_endpoint endpoint = {0};

	if (!service || !line)
		return gk_error_set(err, GK_USAGE, "not a line of mine");
	settings.fips = strcmp(line, "fips") == 0 || strcmp(line, "both") == 0;
	settings.dual_stack = strcmp(line, "dual") == 0 || strcmp(line, "both") == 0;
	if (aws_endpoint_find(&settings, service, region, &endpoint, err) < 0)
		return -1;
	puts(endpoint.url);
	return 0;
}

int main(void)
{
	_cleanup_free_ char *line = NULL;
	size_t room = 0;

	while (getline(&line, &room, stdin) > 0) {
		struct gk_error err = {0};

		line[strcspn(line, "\n")] = '\0';
		if (find_line(line, &err) < 0)
			printf("! %s\n", err.message);
	}
	return 0;
}
