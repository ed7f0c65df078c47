#include "lifecycle/private.h"

/* Pauses in milliseconds: each is twice the one before it, up to the longest. */
static const struct {
	int64_t first, longest, all;
} schedules[] = {
	[PATIENCE_NEW] = {500, 8000, 15500},
	[PATIENCE_SEEN] = {500, 8000, 3500},
	[PATIENCE_STORED] = {1000, 5000, PATIENCE_STORED_SECONDS * 1000},
};

bool patience_wait(struct lifecycle *lifecycle, int *round, enum patience patience,
		   const char *what)
{
	int64_t left = schedules[patience].all;
	int64_t pause = schedules[patience].first;

	for (int i = 0; i < *round && left > 0; i++) {
		left -= pause;
		pause = pause * 2 < schedules[patience].longest ? pause * 2
								: schedules[patience].longest;
	}
	if (left <= 0)
		return false;
	gk_log(lifecycle->log, GK_LOG_PROGRESS, "waiting for %s", what);
	lifecycle->clock->sleep(lifecycle->clock, pause < left ? pause : left);
	(*round)++;
	return true;
}
