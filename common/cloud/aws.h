/* The AWS provider: EC2, Auto Scaling and SSM calls behind the cloud table. */
#ifndef GK_CLOUD_AWS_H
#define GK_CLOUD_AWS_H

#include "aws/client.h"
#include "cloud/cloud.h"

/* The client is borrowed and must outlive the cloud. */
int aws_cloud_open(struct aws_client *client, struct cloud **ret, struct gk_error *err);

#endif
