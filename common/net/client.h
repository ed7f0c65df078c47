/*
 * Many calls at once over a transport: what may be sent is sent, at most four in flight per lane,
 * and what has to be tried again waits for its time without holding up the others. The client knows
 * no protocol: each call brings a table that builds its request and judges its answer.
 */
#ifndef GK_NET_CLIENT_H
#define GK_NET_CLIENT_H

#include <stdint.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "net/retry.h"
#include "net/transport.h"

enum { HTTP_LANE_LIMIT = 4, HTTP_TIMEOUT_MS = 60000, HTTP_DEADLINE_MS = 300000 };

enum http_verdict {
	HTTP_DONE,
	HTTP_FINAL,      /* an error that another attempt would not change */
	HTTP_TRANSIENT,  /* again by the standard rules */
	HTTP_THROTTLING, /* again by the standard rules, slower */
	HTTP_SKEW,       /* again at once with a corrected clock; once per call, not counted */
	HTTP_PATIENT,    /* not visible everywhere yet: again by retry_patient_delay */
};

struct http_call;

struct http_protocol {
	/* Builds and signs the request of one attempt. The request is zeroed and belongs to the
	 * client afterwards. Failure ends the call with that error. */
	int (*prepare)(struct http_call *call, time_t now, struct http_request *request,
		       struct gk_error *err);
	/* Looks at an answer, or at why there is none. Sets call->error unless it is HTTP_DONE; the
	 * error of the last attempt stays. `now` is the time of receipt. */
	enum http_verdict (*judge)(struct http_call *call, const struct http_response *response,
				   time_t now);
};

enum http_end {
	HTTP_END_DONE,
	HTTP_END_FINAL,
	HTTP_END_ATTEMPTS, /* the error could have gone away, but there were enough attempts */
	HTTP_END_QUOTA,    /* …but the client has spent its retries */
	HTTP_END_DEADLINE, /* …but it took too long */
};

struct http_call {
	const struct http_protocol *protocol;
	void *context;                  /* the protocol's */
	const char *name;               /* in log lines: "ec2 DescribeImages in us-east-1" */
	const char *lane;               /* what shares a limit: the region */
	const struct retry_rules *rules;

	/* Afterwards. */
	struct gk_error error;
	enum http_end end;
	int attempts;                   /* requests that were sent */

	/* The client's own. */
	struct {
		struct http_exchange exchange;
		struct retry_state retry;
		enum { HTTP_CALL_WAITING, HTTP_CALL_FLYING, HTTP_CALL_ENDED } phase;
		size_t lane;
		int patient;            /* attempts that ended in HTTP_PATIENT */
		bool skew_used;
		bool told;              /* that it takes long */
		int64_t due_ms, sent_ms, deadline_ms; /* monotonic; deadline 0: not sent yet */
	} state;
};

/* Zero-initialised but for transport and clock it is ready after http_client_init. Everything is
 * borrowed. */
struct http_client {
	struct http_transport *transport;
	const struct gk_clock *clock;
	const struct gk_log *log;
	double (*random)(void);         /* from [0,1) */
	struct retry_quota quota;
	int64_t deadline_ms;            /* of a call, from its first request on */
};

/* `random` NULL: the system's. */
void http_client_init(struct http_client *client, struct http_transport *transport,
		      const struct gk_clock *clock, const struct gk_log *log,
		      double (*random)(void));

/* Runs all calls to their end. -1 only when memory ran out before anything was sent. */
int http_client_run(struct http_client *client, struct http_call *const *calls, size_t count,
		    struct gk_error *err);

#endif
