/*
 * Auto Scaling: launch configurations, which DescribeImageReferences does not see. Builders and
 * readers work as those of aws/ec2.h. Source: Auto Scaling API Reference 2011-01-01.
 */
#ifndef GK_AWS_AUTOSCALING_H
#define GK_AWS_AUTOSCALING_H

#include "aws/ec2.h"

/* All launch configurations of the region. */
void autoscaling_describe_launch_configurations(struct aws_listing *listing, const char *region);

/* Users are called "launch configuration NAME". */
int autoscaling_read_launch_configurations(const struct gk_xml *answer, struct ec2_user_list *list,
					   struct gk_error *err);

#endif
