/* How one AWS call travels: the protocol table that net/client.h asks for. For common/aws alone. */
#ifndef GK_AWS_SEND_H
#define GK_AWS_SEND_H

#include "aws/cache.h"
#include "aws/client.h"
#include "aws/endpoint.h"
#include "net/client.h"

struct aws_client {
	struct aws_settings settings;
	struct aws_cache cache;
	bool anonymous; /* nothing is signed */
	char identity[64];
	struct http_client http;
	struct aws_skew skew;
};

/* A call under way. */
struct aws_sending {
	struct aws_client *client;
	struct aws_call *call;
	const char *region;
	const struct aws_service_info *service;
	struct aws_endpoint endpoint;
	struct retry_rules rules;
	struct http_call http;
	int64_t offset; /* with which the last attempt was signed */
	char name[192];
};

void aws_sending_done(struct aws_sending *sending);

/* Gets the call ready; the sending must stay where it is. On failure call->error is set as well. */
int aws_sending_init(struct aws_sending *sending, struct aws_client *client,
		     struct aws_call *call);

/* Takes over what the HTTP client found out, once it has ended. */
void aws_sending_finish(struct aws_sending *sending);

#endif
