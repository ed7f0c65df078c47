/* Durations as restic writes them: years, months, days, hours in that order (1y6m14d12h), and weeks
 * (2w). Days and longer are calendar units in UTC. */
#ifndef GK_IMAGE_DURATION_H
#define GK_IMAGE_DURATION_H

#include <stdbool.h>
#include <time.h>

#include "base/error.h"

struct duration {
	int years, months, days, hours; /* each 0 … 9999 */
};

/* "0h" is none. GK_USAGE: empty, another order, a unit twice, a number without unit, too large. */
int duration_parse(const char *text, struct duration *ret, struct gk_error *err);
bool duration_is_zero(struct duration duration);

/* The instant that lies the duration before `time`. Months and years count as Go's AddDate does:
 * 31 March less one month is 3 March (or 2 March in a leap year). */
time_t duration_before(time_t time, struct duration duration);

/* "1y6m" into text[DURATION_TEXT]; "0h" for none; returns text. */
enum { DURATION_TEXT = 32 };
const char *duration_format(struct duration duration, char *text);

#endif
