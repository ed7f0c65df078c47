#include "aws/permission.h"

#include <stddef.h>

#define RELEASE AWS_FEATURE_RELEASE
#define PUBLISH AWS_FEATURE_PUBLISH
#define REVOKE AWS_FEATURE_REVOKE
#define RETAIN AWS_FEATURE_RETAIN
#define INVENTORY AWS_FEATURE_INVENTORY
#define INIT AWS_FEATURE_INIT

/* CreateTable puts tags on the table: dynamodb:TagResource. The items of a transaction need what
 * they would need alone, and ConditionCheckItem. */
const struct aws_permission aws_permissions[] = {
	/* Systems Manager looks at an image before it lets a parameter name it. */
	{"ec2:DescribeImages", RELEASE | PUBLISH | REVOKE | RETAIN, AWS_RESOURCE_ANY,
	 AWS_CONDITION_NONE},
	{"ec2:DescribeSnapshots", RELEASE | RETAIN, AWS_RESOURCE_ANY, AWS_CONDITION_NONE},
	{"ec2:CreateTags", RELEASE, AWS_RESOURCE_TAGGED, AWS_CONDITION_TAGGING},
	{"ec2:EnableImageDeprecation", REVOKE, AWS_RESOURCE_IMAGE, AWS_CONDITION_MANAGED},

	{"ssm:GetParameters", PUBLISH, AWS_RESOURCE_PUBLISHED, AWS_CONDITION_NONE},
	{"ssm:PutParameter", PUBLISH, AWS_RESOURCE_PUBLISHED, AWS_CONDITION_NONE},

	/* Who uses an image: one call that makes others, and the same found one by one where that
	 * call is not known. */
	{"ec2:DescribeImageReferences", RETAIN, AWS_RESOURCE_ANY, AWS_CONDITION_NONE},
	{"ec2:DescribeImageAttribute", RETAIN, AWS_RESOURCE_IMAGE, AWS_CONDITION_NONE},
	{"ec2:DescribeInstances", RETAIN, AWS_RESOURCE_ANY, AWS_CONDITION_NONE},
	{"ec2:DescribeLaunchTemplates", RETAIN, AWS_RESOURCE_ANY, AWS_CONDITION_NONE},
	{"ec2:DescribeLaunchTemplateVersions", RETAIN, AWS_RESOURCE_ANY, AWS_CONDITION_NONE},
	{"autoscaling:DescribeLaunchConfigurations", RETAIN, AWS_RESOURCE_ANY, AWS_CONDITION_NONE},
	{"ssm:DescribeParameters", RETAIN, AWS_RESOURCE_ANY, AWS_CONDITION_NONE},
	{"ssm:GetParameters", RETAIN, AWS_RESOURCE_PARAMETER, AWS_CONDITION_NONE},
	{"ssm:GetParameters", RETAIN, AWS_RESOURCE_ANY, AWS_CONDITION_VIA_EC2},

	{"ec2:DeregisterImage", RETAIN, AWS_RESOURCE_IMAGE, AWS_CONDITION_MANAGED},
	{"ec2:DeleteSnapshot", RETAIN, AWS_RESOURCE_SNAPSHOT, AWS_CONDITION_MANAGED},

	{"dynamodb:GetItem", INVENTORY, AWS_RESOURCE_TABLE, AWS_CONDITION_NONE},
	{"dynamodb:Query", INVENTORY, AWS_RESOURCE_TABLE, AWS_CONDITION_NONE},
	{"dynamodb:PutItem", INVENTORY, AWS_RESOURCE_TABLE, AWS_CONDITION_NONE},
	{"dynamodb:UpdateItem", INVENTORY, AWS_RESOURCE_TABLE, AWS_CONDITION_NONE},
	{"dynamodb:DeleteItem", INVENTORY, AWS_RESOURCE_TABLE, AWS_CONDITION_NONE},
	{"dynamodb:ConditionCheckItem", INVENTORY, AWS_RESOURCE_TABLE, AWS_CONDITION_NONE},
	{"dynamodb:DescribeTable", INVENTORY | INIT, AWS_RESOURCE_TABLE, AWS_CONDITION_NONE},

	{"dynamodb:CreateTable", INIT, AWS_RESOURCE_TABLE, AWS_CONDITION_NONE},
	{"dynamodb:TagResource", INIT, AWS_RESOURCE_TABLE, AWS_CONDITION_NONE},
	{"dynamodb:DescribeTimeToLive", INIT, AWS_RESOURCE_TABLE, AWS_CONDITION_NONE},
	{"dynamodb:UpdateTimeToLive", INIT, AWS_RESOURCE_TABLE, AWS_CONDITION_NONE},
	{"dynamodb:DescribeContinuousBackups", INIT, AWS_RESOURCE_TABLE, AWS_CONDITION_NONE},
	{"dynamodb:UpdateContinuousBackups", INIT, AWS_RESOURCE_TABLE, AWS_CONDITION_NONE},
	{NULL, 0, AWS_RESOURCE_ANY, AWS_CONDITION_NONE},
};
