#include "aws/service.h"

#define FORM "application/x-www-form-urlencoded; charset=utf-8"

static const struct aws_service_info services[] = {
	[AWS_EC2] = {"ec2", "EC2", "ec2", "2016-11-15", NULL, FORM, &retry_standard},
	[AWS_AUTOSCALING] = {"autoscaling", "AUTO_SCALING", "auto_scaling", "2011-01-01", NULL,
			     FORM, &retry_standard},
	[AWS_SSM] = {"ssm", "SSM", "ssm", NULL, "AmazonSSM", "application/x-amz-json-1.1",
		     &retry_standard},
	[AWS_STS] = {"sts", "STS", "sts", "2011-06-15", NULL, FORM, &retry_standard},
	[AWS_DYNAMODB] = {"dynamodb", "DYNAMODB", "dynamodb", NULL, "DynamoDB_20120810",
			  "application/x-amz-json-1.0", &retry_dynamodb},
};

const struct aws_service_info aws_service_portal = {
	.name = "portal.sso",
	.variable = "SSO",
	.key = "sso",
};

const struct aws_service_info aws_service_oidc = {
	.name = "oidc",
	.variable = "SSO_OIDC",
	.key = "sso_oidc",
};

const struct aws_service_info *aws_service_info(enum aws_service service)
{
	return &services[service];
}
