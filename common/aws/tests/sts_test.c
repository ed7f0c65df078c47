/* Roles: where STS is asked. */
#include <string.h>

#include "aws/tests/asking.h"
#include "base/mem.h"
#include "base/tests/folder.h"
#include "base/tests/unit.h"

#define REFUSAL "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>"

static void test_region(void **state)
{
	static const struct {
		const char *region, *partition, *url;
	} rows[] = {
		{"eu-west-1", "aws", "https://sts.eu-west-1.amazonaws.com/"},
		{"cn-northwest-1", "aws-cn", "https://sts.cn-northwest-1.amazonaws.com.cn/"},
		{"", "aws", "https://sts.us-east-1.amazonaws.com/"},
		{"", "aws-cn", "https://sts.cn-north-1.amazonaws.com.cn/"},
		{"", "aws-us-gov", "https://sts.us-gov-west-1.amazonaws.com/"},
		{"", "aws-eusc", "https://sts.eusc-de-east-1.amazonaws.eu/"},
	};
	struct asking *a = *state;
	struct test_folder folder;
	char path[TEST_PATH_SIZE];

	test_folder_init(&folder);
	test_path(&folder, "token", path);
	asking_write(path, "t");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *environment = gk_str_format(
			NULL,
			"AWS_CONFIG_FILE=/nowhere AWS_REGION=%s AWS_ROLE_ARN=arn:%s:iam::1:role/r "
			"AWS_WEB_IDENTITY_TOKEN_FILE=%s",
			rows[i].region, rows[i].partition, path);

		asking_answer(a, rows[i].url, 403, REFUSAL);
		asking_ask(a, NULL, environment, aws_provider_web_identity.find);
		assert_said(a, "AccessDenied");
	}
	test_folder_done(&folder);
}

/* A profile without a region, and what stands in front of the message. */
static void test_profile_without_region(void **state)
{
	struct asking *a = *state;

	asking_answer(a, "https://sts.us-east-1.amazonaws.com/", 403, REFUSAL);
	asking_ask(a, "role", "", aws_provider_profile.find);
	assert_said(a, "! the AWS profile role: the role arn:aws:iam::123456789012:role/x: AssumeRole "
		       "in us-east-1: AccessDenied");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_region, asking_set_up, asking_tear_down),
		cmocka_unit_test_setup_teardown(test_profile_without_region, asking_set_up, asking_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
