/* Where a service of a region is. Source: botocore endpoint rule sets. */
#ifndef GK_AWS_ENDPOINT_H
#define GK_AWS_ENDPOINT_H

#include "aws/service.h"
#include "aws/settings.h"
#include "base/error.h"

struct aws_endpoint {
	char *url;  /* whole: "http://127.0.0.1:4566/" */
	char *host; /* the Host header: a port that is not the scheme's; [::1] in brackets */
	char *path; /* "/", or the path of a configured URL */
	struct aws_origin from;
};

void aws_endpoint_done(struct aws_endpoint *endpoint);

/* Flag, environment, services section, profile, else computed; GK_USAGE for a URL or region that is
 * malformed. Plain http comes out only when it was configured. */
int aws_endpoint_find(const struct aws_settings *settings, const struct aws_service_info *service,
		      const char *region, struct aws_endpoint *ret, struct gk_error *err);

/* The partition of a region: "aws", "aws-cn", "aws-us-gov", … */
const char *aws_partition_of(const char *region);

/* Takes a URL apart. */
int aws_endpoint_parse(const char *url, struct aws_endpoint *ret, struct gk_error *err);

#endif
