#include "aws/autoscaling.h"

#include "aws/answer.h"
#include "base/mem.h"

void autoscaling_describe_launch_configurations(struct aws_listing *listing, const char *region)
{
	listing->call.service = AWS_AUTOSCALING;
	listing->call.region = region;
	listing->call.action = "DescribeLaunchConfigurations";
	listing->token_param = "NextToken";
	listing->token_path = "DescribeLaunchConfigurationsResult/NextToken";
	aws_param(&listing->call, "100", "MaxRecords");
}

static int read_configuration(const struct gk_xml *member, struct ec2_user_list *list,
			      struct gk_error *err)
{
	_cleanup_free_ char *text = NULL;
	const char *image = gk_xml_text(member, "ImageId");
	const char *name = NULL;

	if (aws_answer_text(member, "LaunchConfigurationName", &name, err) < 0)
		return -1;
	if (!image)
		return gk_error_set(err, GK_FAILED, "%s without ImageId", name);
	text = gk_str_format(err, "launch configuration %s", name);
	return text && ec2_user_list_add(list, text, image, err) ? 0 : -1;
}

int autoscaling_read_launch_configurations(const struct gk_xml *answer, struct ec2_user_list *list,
					   struct gk_error *err)
{
	const struct gk_xml *result = gk_xml_child(answer, "DescribeLaunchConfigurationsResult");
	const struct gk_xml *member = NULL;

	if (aws_answer_check(answer, "DescribeLaunchConfigurations", err) < 0)
		return -1;
	if (!result)
		return gk_error_set(err, GK_FAILED, "the answer has no result");
	if (aws_answer_list(result, "LaunchConfigurations", "member", &member, err) < 0)
		return -1;
	for (; member; member = member->next)
		if (read_configuration(member, list, err) < 0)
			return -1;
	return 0;
}
