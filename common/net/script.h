/*
 * The scripted double of a transport, and a clock that is moved by hand: for unit tests of every
 * layer that sends something. No socket is opened and nobody sleeps.
 *
 *	struct script_clock clock;
 *	script_clock_init(&clock, 1795178160);
 *	struct http_script *script = http_script_new(&clock);
 *	http_script_add(script, &(struct script_answer){
 *		.lane = "us-east-1", .match = "Action=DescribeImages", .status = 200, .body = xml});
 *	… http_script_transport(script), &clock.clock …
 *	assert_int_equal(script->rounds, 1);
 *	http_script_free(script);
 */
#ifndef GK_NET_SCRIPT_H
#define GK_NET_SCRIPT_H

#include <stdbool.h>

#include "base/clock.h"
#include "net/transport.h"

/* Time stands still but for sleeping and waiting, which only move it on. */
struct script_clock {
	struct gk_clock clock;
	int64_t ms;    /* since 1970; monotonic is the same count */
	int64_t slept; /* milliseconds spent in sleep and in waits without anything in flight */
};

/* The clock must stay where it is afterwards. */
void script_clock_init(struct script_clock *clock, time_t now);

/* One expected request and its answer. The text fields are copied. */
struct script_answer {
	const char *lane;    /* stands in the body, the URL or a header: a region; NULL: any */
	const char *match;   /* stands in the body, the URL or a header; NULL: any */
	int status;          /* 0 with a failure */
	const char *headers; /* "name: value" lines, names in lower case; NULL: none */
	const char *body;    /* NULL: "" */
	size_t body_length;  /* 0: the body ends at its NUL */
	const char *failure; /* NULL: none */
	bool unsent, timed_out; /* of a failure */
	int64_t delay_ms;    /* how long after the start of a round it is there; rounds deliver in
			      * that order and move the clock on */
	bool always;         /* serves any number of requests; otherwise one */
};

struct script_sent {
	char *method, *url, *body;
	struct gk_strv headers;
	int64_t ms;          /* the clock at that moment */
	int64_t timeout_ms;
	bool no_proxy;
};

struct http_script_answer;
struct http_script_flight;

struct http_script {
	struct http_transport transport;
	struct script_clock *clock; /* borrowed */

	struct script_sent *sent; /* everything, in order */
	size_t sent_count;
	int rounds;          /* wait phases: each delivered all that was in flight when it began */
	size_t flying_max;   /* most exchanges that were in flight at once */
	int unexpected;      /* requests that no answer was there for; they fail */

	/* Its own. */
	struct http_script_answer *answers;
	size_t answer_count;
	struct http_script_flight *flights;
	size_t flight_count;
	size_t landing;      /* flights of this round that are not delivered yet: the first ones */
};

/* NULL when memory runs out. */
struct http_script *http_script_new(struct script_clock *clock);
void http_script_free(struct http_script *script);
void http_script_freep(struct http_script **script);

/* Answers are tried in the order in which they were added. -1 when memory runs out. */
int http_script_add(struct http_script *script, const struct script_answer *answer);

struct http_transport *http_script_transport(struct http_script *script);

/* Value of a header of a recorded request (name as it was sent), or NULL. */
const char *script_sent_header(const struct script_sent *sent, const char *name);

/* How many recorded requests have this text in body, URL or a header. */
size_t http_script_count(const struct http_script *script, const char *text);

/* Answers that nobody asked for, those for `always` apart. */
size_t http_script_unused(const struct http_script *script);

#endif
