/*
 * Time: the clock behind a table, and the one text form that goldkeep reads and writes.
 *
 * Pure code never asks a clock, it is told `now`. Code that waits takes the table, so that unit
 * tests hand in a clock that they move by hand.
 */
#ifndef GK_BASE_CLOCK_H
#define GK_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#include "base/error.h"

struct gk_clock {
	time_t (*now)(const struct gk_clock *clock);          /* seconds since 1970, UTC */
	int64_t (*monotonic)(const struct gk_clock *clock);   /* milliseconds, never back */
	void (*sleep)(const struct gk_clock *clock, int64_t milliseconds);
	void *context;
};

extern const struct gk_clock gk_system_clock;

enum { GK_TIME_TEXT = 32 };

/* "2026-11-20T12:36:00Z" into text[GK_TIME_TEXT]; returns text. */
const char *gk_time_format(time_t time, char *text);

/* Reads RFC 3339 in UTC: date, T, time, an optional fraction (dropped), and a required Z. (The form
 * of EC2's creationDate and of every time that goldkeep writes; curl_getdate reads none of it.) */
int gk_time_parse(const char *text, time_t *ret_time, struct gk_error *err);

#endif
