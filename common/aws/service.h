/* The services that are spoken to, as data. Source: botocore service models. */
#ifndef GK_AWS_SERVICE_H
#define GK_AWS_SERVICE_H

#include <stdbool.h>

#include "aws/client.h"
#include "net/retry.h"

struct aws_service_info {
	const char *name;     /* in host names, and what signatures are for: "autoscaling" */
	const char *variable; /* "AWS_ENDPOINT_URL_AUTO_SCALING" */
	const char *key;      /* in a services section: "auto_scaling" */
	const char *version;  /* of a query service; NULL for a JSON service */
	const char *target;   /* X-Amz-Target of a JSON service up to the dot; NULL for others */
	const char *content_type;
	const struct retry_rules *rules;
};

const struct aws_service_info *aws_service_info(enum aws_service service);

/* Those of IAM Identity Center, which only give credentials: where they are, and no more. */
extern const struct aws_service_info aws_service_portal;
extern const struct aws_service_info aws_service_oidc;

#endif
