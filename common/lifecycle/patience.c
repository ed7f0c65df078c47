#include "lifecycle/private.h"

bool patience_wait(struct lifecycle *lifecycle, int *round, int most, const char *what)
{
	static const int64_t pauses[] = {500, 1000, 2000, 4000, 8000};

	if (*round >= most || (size_t)*round >= ARRAY_SIZE(pauses))
		return false;
	gk_log(lifecycle->log, GK_LOG_PROGRESS, "waiting for %s", what);
	lifecycle->clock->sleep(lifecycle->clock, pauses[*round]);
	(*round)++;
	return true;
}
