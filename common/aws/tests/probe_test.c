#include "aws/probe.h"

#include <string.h>

#include "aws/tests/fixture.h"
#include "base/mem.h"
#include "base/tests/unit.h"

#define ERROR(code)                                                                                \
	"<Response><Errors><Error><Code>" code "</Code><Message>because</Message></Error></Errors>" \
	"<RequestID>r</RequestID></Response>"
#define JSON_ERROR(code) "{\"__type\":\"x#" code "\",\"message\":\"because\"}"
#define DONE(action) "<" action "Response><return>true</return></" action "Response>"

static struct aws_probe probe_of(const char *action)
{
	const struct aws_permission *permission = aws_permissions;

	while (strcmp(permission->action, action) != 0)
		permission++;
	return (struct aws_probe){.permission = permission, .region = "eu-west-1",
				  .image = "ami-1", .snapshot = "snap-1", .name = "golden"};
}

static void test_verdicts(void **state)
{
	static const struct {
		const char *action, *sent; /* sent: stands in the request */
		int status;
		const char *body;
		enum aws_verdict verdict;
	} rows[] = {
		{"ec2:DescribeImages", "Owner.1=self&MaxResults=5", 200, DONE("DescribeImages"),
		 AWS_ALLOWED},
		{"ec2:DescribeImages", "", 403, ERROR("UnauthorizedOperation"), AWS_DENIED},
		{"ec2:DescribeImages", "", 401, ERROR("AuthFailure"), AWS_UNTRIED},
		{"ec2:DescribeImages", "", 400, ERROR("RequestExpired"), AWS_UNTRIED},
		{"ec2:DescribeImageReferences", "DryRun=true", 400, ERROR("InvalidAction"),
		 AWS_UNTRIED},
		{"ec2:DeregisterImage", "DryRun=true", 412, ERROR("DryRunOperation"), AWS_ALLOWED},
		{"ec2:DeregisterImage", "DryRun=true", 403, ERROR("UnauthorizedOperation"),
		 AWS_DENIED},
		{"ec2:DeregisterImage", "DryRun=true", 400, ERROR("InvalidAMIID.NotFound"),
		 AWS_UNTRIED},
		{"ec2:DeregisterImage", "DryRun=true", 200, DONE("DeregisterImage"), AWS_UNTRIED},
		{"ec2:DeleteSnapshot", "DryRun=true", 412, ERROR("DryRunOperation"), AWS_ALLOWED},
		{"ec2:CreateTags", "ResourceId.2=snap-1", 412, ERROR("DryRunOperation"),
		 AWS_ALLOWED},
		{"ec2:EnableImageDeprecation", "DryRun=true", 412, ERROR("DryRunOperation"),
		 AWS_ALLOWED},
		{"ssm:PutParameter", "\"Overwrite\":false", 400,
		 JSON_ERROR("ParameterPatternMismatchException"), AWS_ALLOWED},
		{"ssm:PutParameter", "\"AllowedPattern\":\"^none$\"", 400,
		 JSON_ERROR("ParameterAlreadyExists"), AWS_ALLOWED},
		{"ssm:PutParameter", "\"Value\":\"ami-00000000000000000\"", 400,
		 JSON_ERROR("AccessDeniedException"), AWS_DENIED},
		{"ssm:PutParameter", "\"DataType\":\"goldkeep:doctor\"", 400,
		 "{\"__type\":\"ValidationException\",\"message\":\"The following data type is not "
		 "supported: goldkeep:doctor (Data type names are all lowercase.)\"}", AWS_ALLOWED},
		{"ssm:PutParameter", "", 400, JSON_ERROR("ValidationException"), AWS_UNTRIED},
		{"ssm:PutParameter", "", 200, "{\"Version\":1}", AWS_UNTRIED},
		{"dynamodb:PutItem", "attribute_exists(pk) AND attribute_not_exists(pk)", 400,
		 JSON_ERROR("ConditionalCheckFailedException"), AWS_ALLOWED},
		{"dynamodb:PutItem", "\"TableName\":\"golden\"", 200, "{}", AWS_UNTRIED},
		{"dynamodb:ConditionCheckItem", "ConditionCheck", 400,
		 JSON_ERROR("TransactionCanceledException"), AWS_ALLOWED},
		{"dynamodb:GetItem", "", 400, JSON_ERROR("ResourceNotFoundException"),
		 AWS_ALLOWED},
		{"dynamodb:GetItem", "", 400, JSON_ERROR("ExpiredTokenException"), AWS_UNTRIED},
	};
	struct aws_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct aws_probe probe = probe_of(rows[i].action);
		struct gk_error err = {0};

		aws_fixture_answer(f, rows[i].sent, rows[i].status, rows[i].body);
		assert_success(aws_probe_run(f->client, &probe, 1, &err), &err);
		if (probe.verdict != rows[i].verdict)
			fail_msg("row %zu, %s: %d, %s", i, rows[i].action, probe.verdict,
				 probe.error.message);
		assert_int_equal(probe.error.code != GK_OK, probe.verdict != AWS_ALLOWED);
	}
}

/* Every action has a way to be tried, or says that it has none; what is not tried sends nothing. */
static void test_without_anything_to_try_it_on(void **state)
{
	static const char *const needy[] = {"ec2:CreateTags", "ec2:DeregisterImage",
					    "ec2:DeleteSnapshot", "ssm:PutParameter",
					    "dynamodb:PutItem", "dynamodb:CreateTable"};
	struct aws_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(needy); i++) {
		struct aws_probe probe = {.permission = probe_of(needy[i]).permission};
		struct gk_error err = {0};

		assert_success(aws_probe_run(f->client, &probe, 1, &err), &err);
		assert_int_equal(probe.verdict, AWS_UNTRIED);
		assert_true(probe.error.message[0]);
	}
	assert_int_equal(f->script->sent_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_verdicts, aws_fixture_set_up,
						aws_fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_without_anything_to_try_it_on,
						aws_fixture_set_up, aws_fixture_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
