/* Every allocation fails once: nothing crashes or leaks, and no failure passes for a success. */
#include "base/tests/failing_memory.h"

#include "../canonical.c"
#include "../credentials.c"
#include "../endpoint.c"
#include "../profile.c"
#include "../settings.c"
#include "../sigv4.c"

#include "../../base/buf.c"
#include "../../base/mem.c"
#include "../../base/strv.c"

#include "aws/tests/environment.h"

static int sign_something(void)
{
	struct aws_credentials credentials = {
		.access_key_id = (char *)"AKID",
		.secret_access_key = (char *)"secret",
		.session_token = (char *)"token",
	};
	struct aws_signing what = {.method = "POST",
				   .path = "/a/../b/",
				   .query = "b=2&a=1&a",
				   .body = "body",
				   .body_length = 4,
				   .region = "eu-west-1",
				   .service = "ec2",
				   .time = 1795178160};
	_cleanup_(gk_strv_done) struct gk_strv headers = {0};
	struct gk_error err = {0};

	if (gk_strv_add(&headers, "Host: h", &err) < 0 ||
	    gk_strv_add(&headers, "X-One: 1", &err) < 0 ||
	    gk_strv_add(&headers, "x-one: 2", &err) < 0)
		return -1;
	return aws_sign(&what, &credentials, &headers, NULL, &err);
}

static int load_everything(void)
{
	struct aws_options options = {.profile = "token", .getenv = environment_get, .region = "r"};
	_cleanup_(aws_settings_done) struct aws_settings settings = {0};
	_cleanup_(aws_credentials_done) struct aws_credentials credentials = {0};
	struct aws_chain chain = {0};
	_cleanup_(aws_endpoint_done) struct aws_endpoint computed = {0};
	_cleanup_(aws_endpoint_done) struct aws_endpoint configured = {0};
	const struct aws_provider_world world = {.settings = &settings};
	struct gk_error err = {0};

	if (aws_settings_load(&options, &settings, &err) < 0 ||
	    aws_credentials_resolve(&world, &chain, &credentials, &err) < 0 ||
	    aws_endpoint_find(&settings, aws_service_info(AWS_EC2), "r", &computed, &err) < 0)
		return -1;
	return aws_endpoint_parse("http://h:1/p", &configured, &err);
}

static void test_signing(void **state)
{
	(void)state;
	for_each_failing_allocation(sign_something);
}

static void test_loading(void **state)
{
	(void)state;
	environment_set("");
	for_each_failing_allocation(load_everything);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signing),
		cmocka_unit_test(test_loading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
