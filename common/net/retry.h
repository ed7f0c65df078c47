/*
 * The standard retry rules of AWS in their 2026 form, as pure functions: a token bucket, full
 * jitter, and a server's wish to be left alone for a while. Source: AWS SDKs and Tools Reference Guide, retry behavior (AWS Developer Tools
 * blog, Go SDK tests). Whoever calls knows what an answer means, waits, and throws the dice.
 */
#ifndef GK_NET_RETRY_H
#define GK_NET_RETRY_H

#include <stdint.h>

enum retry_class { RETRY_FINAL, RETRY_TRANSIENT, RETRY_THROTTLING };

struct retry_rules {
	int max_attempts;      /* the first one included */
	int64_t transient_ms;  /* delay before the first retry; doubled for each further one */
	int64_t throttling_ms;
	int64_t ceiling_ms;    /* a computed delay is never longer */
};

extern const struct retry_rules retry_standard;
extern const struct retry_rules retry_dynamodb;

/* What all calls of a client may spend on retries together. */
enum { RETRY_QUOTA_FULL = 500 };

struct retry_quota {
	int left;
};

/* Of one call; begins zeroed. */
struct retry_state {
	int retries;   /* granted so far */
	int last_cost; /* what the last of them took from the quota */
};

enum retry_answer { RETRY_YES, RETRY_NOT_RETRYABLE, RETRY_NO_ATTEMPT_LEFT, RETRY_NO_QUOTA_LEFT };

/* May a call that got an answer of that class be sent again, and after how long? Takes the cost
 * from the quota. `random` is from [0,1); retry_after_ms is what the server asked for, negative if
 * nothing. *ret_delay_ms is set with RETRY_YES only. */
enum retry_answer retry_decide(const struct retry_rules *rules, struct retry_quota *quota,
			       struct retry_state *state, enum retry_class class, double random,
			       int64_t retry_after_ms, int64_t *ret_delay_ms);

/* Gives back to the quota what a call that succeeded in the end is worth. */
void retry_succeeded(struct retry_quota *quota, const struct retry_state *state);

/* A header's number times unit_ms; -1 if there is none or it is no plain number of digits. */
int64_t retry_after_parse(const char *text, int64_t unit_ms);

/* Waiting until a change is visible everywhere, apart from the above (EC2 Developer Guide, eventual consistency): 11 attempts,
 * 200 ms doubling to 30 s apart, about two minutes. `done` counts the attempts that were made; the
 * delay before the next one, -1 if that was the last. */
int64_t retry_patient_delay(int done);

#endif
