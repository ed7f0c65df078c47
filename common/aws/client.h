/*
 * One AWS client per run: settings, credentials, one connection pool, one clock offset. It sends
 * batches of independent calls and knows no release.
 */
#ifndef GK_AWS_CLIENT_H
#define GK_AWS_CLIENT_H

#include <cjson/cJSON.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/xml.h"
#include "net/transport.h"

/* What a command was told; NULL where nothing was said. Everything else comes from the environment
 * and the shared files. Borrowed. */
struct aws_options {
	const char *profile;      /* by flag: the environment's keys are passed over */
	const char *region;
	const char *endpoint_url; /* for every service */
	/* Reads an environment variable; NULL or "" is unset. NULL: the process's environment. */
	const char *(*getenv)(const char *name);
	/* From [0,1), for the time between retries; NULL: the system's. Tests give a constant. */
	double (*random)(void);
};

/* The file of trusted certificates (AWS_CA_BUNDLE, the profile's ca_bundle), owned; NULL if none is
 * named. For the transport, which has to be there before the client. GK_USAGE as aws_client_new. */
int aws_ca_bundle(const struct aws_options *options, char **ret, struct gk_error *err);

struct aws_client;
struct aws_settings;
struct aws_chain;
struct aws_credentials;

/* `transport` and `clock` are borrowed. Nothing is sent; credentials are resolved by the first
 * aws_run or by aws_client_check. GK_USAGE for a setting that is malformed. */
int aws_client_new(const struct aws_options *options, struct http_transport *transport,
		   const struct gk_clock *clock, const struct gk_log *log,
		   struct aws_client **ret, struct gk_error *err);
void aws_client_free(struct aws_client *client);
void aws_client_freep(struct aws_client **client);

/* Resolves the credentials. GK_FAILED with what was looked for and how to give them. */
int aws_client_check(struct aws_client *client, struct gk_error *err);

/* The region that was configured, borrowed; NULL if none was. Calls without a region go there. An
 * EC2 instance that works with its own role has its own region, once aws_client_check was called. */
const char *aws_client_region(const struct aws_client *client);

/* The time of the servers, as far as it is known: the clock's, corrected by what answers said. Up to
 * four minutes that it may be off go unnoticed. */
time_t aws_client_now(const struct aws_client *client);

/* What is configured, and how the credentials were looked for; borrowed. The credentials are NULL
 * where none were found. */
const struct aws_settings *aws_client_settings(const struct aws_client *client);
const struct aws_chain *aws_client_chain(const struct aws_client *client);
const struct aws_credentials *aws_client_credentials(const struct aws_client *client);

/* Seconds that the servers' clock is ahead of this machine's, as the newest answer says; false if
 * none has said it yet. */
bool aws_client_skew(const struct aws_client *client, int64_t *ret);

/* Where the credentials come from, for people: "environment, AKIA…MPLE". Borrowed; "" before the
 * first aws_client_check or aws_run. */
const char *aws_client_identity(const struct aws_client *client);

enum aws_service { AWS_EC2, AWS_AUTOSCALING, AWS_SSM, AWS_STS, AWS_DYNAMODB };

/* One call: in, then out. Zero-initialise, build the parameters, run, look, aws_call_done. */
struct aws_call {
	enum aws_service service;
	const char *region;
	const char *endpoint;   /* URL for this call alone; NULL: as configured */
	const char *action;     /* "DescribeImages" */
	struct gk_buf params;   /* query services: built by aws_param; JSON services: the body */
	/* Error codes that mean "not visible everywhere yet": 11 attempts, 200 ms doubling to 30 s
	 * apart, about two minutes (EC2 Developer Guide, eventual consistency). NULL-terminated array, NULL if none. */
	const char *const *patient_codes;
	/* NULL, or the id of an AMI: patience only while the error's message names that AMI or
	 * none. An error that names another one is final. */
	const char *patient_image;

	int attempts;           /* requests that were sent */
	struct gk_error error;  /* GK_OK: it succeeded. GK_DENIED, GK_NOT_FOUND, … */
	char code[96];          /* the AWS error code, "" if none */
	struct gk_xml *xml;     /* answer of a query service */
	cJSON *json;            /* answer of a JSON service; of a failure too, if it was JSON */
};

/* Wipes: calls to STS carry tokens and keys. */
void aws_call_done(struct aws_call *call);

/* Adds "&Name=value", percent-encoded. The name is a printf format: "Filter.%d.Name". */
void aws_param(struct aws_call *call, const char *value, const char *name_format, ...)
	__attribute__((format(printf, 3, 4)));

/* Sends all calls at once (at most 4 in flight per region) with the standard retries and waits for
 * all. Returns -1 only if nothing could be sent (no credentials, no memory). */
int aws_run(struct aws_client *client, struct aws_call *const *calls, size_t count,
	    struct gk_error *err);

/*
 * A listing that is read page by page: the call is sent again with `token_param` set to the token
 * of the answer until there is none. Every page's answer is kept. The params of a JSON service are
 * an object, to which the token is added as a member.
 */
struct aws_listing {
	struct aws_call call;       /* service, region, action, params of the first page */
	const char *token_param;    /* "NextToken" */
	const char *token_path;     /* where the answer has it: "nextToken"; in JSON a member's name */
	struct gk_xml **pages;      /* owned, in order; complete only if call.error is GK_OK */
	cJSON **json_pages;         /* the same of a JSON service; `pages` is NULL then */
	size_t page_count;
};

void aws_listing_done(struct aws_listing *listing);

/* Reads all listings to their end, a page of each at once. A listing that never ends (more than
 * 1,000 pages, or a token that comes twice running) is an error, and so is a token that is no text;
 * an expired token starts it anew once. */
int aws_run_listings(struct aws_client *client, struct aws_listing *const *listings, size_t count,
		     struct gk_error *err);

#endif
