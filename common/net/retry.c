#include "net/retry.h"

#include <stddef.h>
#include <string.h>

enum {
	COST_TRANSIENT = 14,
	COST_THROTTLING = 5,
	REFUND_FIRST_TRY = 1,
	RETRY_AFTER_SLACK_MS = 5000,
	RETRY_AFTER_DIGITS = 9,
	PATIENT_ATTEMPTS = 11,
	PATIENT_FIRST_MS = 200,
	PATIENT_CEILING_MS = 30000,
};

const struct retry_rules retry_standard = {3, 50, 1000, 20000};
const struct retry_rules retry_dynamodb = {4, 25, 1000, 20000};

/* first × 2^n, at most ceiling. */
static int64_t doubled(int64_t first, int n, int64_t ceiling)
{
	while (n-- > 0 && first < ceiling)
		first *= 2;
	return first < ceiling ? first : ceiling;
}

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
	if (value < low)
		return low;
	return value < high ? value : high;
}

enum retry_answer retry_decide(const struct retry_rules *rules, struct retry_quota *quota,
			       struct retry_state *state, enum retry_class class, double random,
			       int64_t retry_after_ms, int64_t *ret_delay_ms)
{
	int cost = class == RETRY_THROTTLING ? COST_THROTTLING : COST_TRANSIENT;
	int64_t first = class == RETRY_THROTTLING ? rules->throttling_ms : rules->transient_ms;
	int64_t delay = 0;

	if (class == RETRY_FINAL)
		return RETRY_NOT_RETRYABLE;
	if (state->retries + 1 >= rules->max_attempts)
		return RETRY_NO_ATTEMPT_LEFT;
	if (quota->left < cost)
		return RETRY_NO_QUOTA_LEFT;
	delay = (int64_t)(random * (double)doubled(first, state->retries, rules->ceiling_ms));
	if (retry_after_ms >= 0)
		delay = clamp(retry_after_ms, delay, delay + RETRY_AFTER_SLACK_MS);
	quota->left -= cost;
	state->last_cost = cost;
	state->retries++;
	*ret_delay_ms = delay;
	return RETRY_YES;
}

void retry_succeeded(struct retry_quota *quota, const struct retry_state *state)
{
	quota->left += state->retries > 0 ? state->last_cost : REFUND_FIRST_TRY;
	if (quota->left > RETRY_QUOTA_FULL)
		quota->left = RETRY_QUOTA_FULL;
}

int64_t retry_after_parse(const char *text, int64_t unit_ms)
{
	size_t digits = text ? strspn(text, "0123456789") : 0;
	int64_t value = 0;

	if (digits == 0 || digits > RETRY_AFTER_DIGITS || text[digits] != '\0')
		return -1;
	for (size_t i = 0; i < digits; i++)
		value = value * 10 + (text[i] - '0');
	return value * unit_ms;
}

int64_t retry_patient_delay(int done)
{
	if (done >= PATIENT_ATTEMPTS)
		return -1;
	return doubled(PATIENT_FIRST_MS, done - 1, PATIENT_CEILING_MS);
}
