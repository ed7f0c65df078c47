#include "aws/service.h"

#define FORM "application/x-www-form-urlencoded; charset=utf-8"

static const struct aws_service_info services[] = {
	[AWS_EC2] = {"ec2", "AWS_ENDPOINT_URL_EC2", "ec2", "2016-11-15", NULL, FORM,
		     &retry_standard},
	[AWS_AUTOSCALING] = {"autoscaling", "AWS_ENDPOINT_URL_AUTO_SCALING", "auto_scaling",
			     "2011-01-01", NULL, FORM, &retry_standard},
	[AWS_SSM] = {"ssm", "AWS_ENDPOINT_URL_SSM", "ssm", NULL, "AmazonSSM",
		     "application/x-amz-json-1.1", &retry_standard},
	[AWS_STS] = {"sts", "AWS_ENDPOINT_URL_STS", "sts", "2011-06-15", NULL, FORM,
		     &retry_standard},
	[AWS_DYNAMODB] = {"dynamodb", "AWS_ENDPOINT_URL_DYNAMODB", "dynamodb", NULL,
			  "DynamoDB_20120810", "application/x-amz-json-1.0", &retry_dynamodb},
};

const struct aws_service_info aws_service_portal = {
	.name = "portal.sso",
	.variable = "AWS_ENDPOINT_URL_SSO",
	.key = "sso",
};

const struct aws_service_info aws_service_oidc = {
	.name = "oidc",
	.variable = "AWS_ENDPOINT_URL_SSO_OIDC",
	.key = "sso_oidc",
};

const struct aws_service_info *aws_service_info(enum aws_service service)
{
	return &services[service];
}
