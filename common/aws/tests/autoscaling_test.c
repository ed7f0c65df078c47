#include "aws/autoscaling.h"

#include <string.h>

#include "base/mem.h"
#include "base/tests/unit.h"

static int read_text(const char *text, struct ec2_user_list *list, struct gk_error *err)
{
	_cleanup_(gk_xml_freep) struct gk_xml *answer = NULL;

	assert_success(gk_xml_parse(text, strlen(text), &answer, err), err);
	return autoscaling_read_launch_configurations(answer, list, err);
}

#define ANSWER(members)                                                                            \
	"<DescribeLaunchConfigurationsResponse xmlns='http://autoscaling.amazonaws.com/'>"         \
	"<DescribeLaunchConfigurationsResult>" members "</DescribeLaunchConfigurationsResult>"     \
	"<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>"                            \
	"</DescribeLaunchConfigurationsResponse>"
#define LIST(members) ANSWER("<LaunchConfigurations>" members "</LaunchConfigurations>")

static void test_request(void **state)
{
	struct aws_listing listing = {0};

	(void)state;
	autoscaling_describe_launch_configurations(&listing, "eu-west-1");
	assert_int_equal(listing.call.service, AWS_AUTOSCALING);
	assert_string_equal(listing.call.action, "DescribeLaunchConfigurations");
	assert_string_equal(gk_buf_text(&listing.call.params), "&MaxRecords=100");
	assert_string_equal(listing.token_param, "NextToken");
	assert_string_equal(listing.token_path, "DescribeLaunchConfigurationsResult/NextToken");
	aws_listing_done(&listing);
}

static void test_configurations(void **state)
{
	struct ec2_user_list list = {0};
	struct gk_error err = {0};

	(void)state;
	assert_success(read_text(LIST("<member><LaunchConfigurationName>a &lt;b"
		"&gt;</LaunchConfigurationName>"
				      "<ImageId>ami-1</ImageId><News/></member>"
				      "<member><LaunchConfigurationName>c</LaunchConfigurationName>"
				      "<ImageId/></member>"),
				 &list, &err),
		       &err);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[0].name, "launch configuration a <b>");
	assert_string_equal(list.items[0].image, "ami-1");
	assert_string_equal(list.items[1].image, "");
	ec2_user_list_done(&list);
}

static void test_none(void **state)
{
	struct ec2_user_list list = {0};
	struct gk_error err = {0};

	(void)state;
	assert_success(read_text(LIST(""), &list, &err), &err);
	assert_success(read_text(ANSWER(""), &list, &err), &err);
	assert_int_equal(list.count, 0);
}

static void test_what_is_not_understood_is_an_error(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{"<DescribeAutoScalingGroupsResponse/>",
		 "not <DescribeLaunchConfigurationsResponse>"},
		{"<DescribeLaunchConfigurationsResponse/>", "is empty"},
		{LIST("<item/>"), "<item>, not <member>"},
		{LIST("<member><ImageId>ami-1</ImageId></member>"), "LaunchConfigurationName"},
		{LIST("<member><LaunchConfigurationName>c</LaunchConfigurationName></member>"),
		 "c without ImageId"},
	};
	struct ec2_user_list list = {0};
	struct gk_error err = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_failure(read_text(rows[i].text, &list, &err), &err, GK_FAILED,
			       rows[i].message);
	ec2_user_list_done(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_configurations),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_what_is_not_understood_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
