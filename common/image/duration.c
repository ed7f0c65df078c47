#include "image/duration.h"

#include <stdio.h>
#include <string.h>

#include "image/text.h"

enum { COUNT_MAX = 9999, HOUR = 3600, DAYS_PER_WEEK = 7 };

static const char unit_order[] = "ymwdh";

/* Adds `count` of a unit; false if there are too many then. */
static bool add_unit(struct duration *duration, char unit, uint64_t count)
{
	int *field = unit == 'y'   ? &duration->years
		     : unit == 'm' ? &duration->months
		     : unit == 'h' ? &duration->hours
				   : &duration->days;
	uint64_t units = unit == 'w' ? DAYS_PER_WEEK : 1;

	if (count > (COUNT_MAX - (uint64_t)*field) / units)
		return false;
	*field += (int)(count * units);
	return true;
}

static int unit_error(const char *text, const char *at, const char *last, struct gk_error *err)
{
	char shown[TEXT_QUOTE_SIZE], bad[TEXT_QUOTE_SIZE];

	text_quote(text, shown);
	if (!*at)
		return gk_error_set(err, GK_USAGE, "%s: a number without a unit (y, m, w, d, h)",
				    shown);
	if (!strchr(unit_order, *at))
		return gk_error_set(err, GK_USAGE, "%s: %s is no unit (y, m, w, d, h)", shown,
				    text_quote_character(at, bad));
	if (*at == *last)
		return gk_error_set(err, GK_USAGE, "%s: the unit %c stands there twice", shown,
				    *at);
	return gk_error_set(err, GK_USAGE, "%s: %c stands before %c, as in 1y6m2w3d12h", shown,
			    *at, *last);
}

static int number_error(const char *text, const char *at, struct gk_error *err)
{
	char shown[TEXT_QUOTE_SIZE], bad[TEXT_QUOTE_SIZE];

	text_quote(text, shown);
	if (text_is_digit(*at))
		return gk_error_set(err, GK_USAGE, "%s: a number from 0 to %d, without leading "
				    "zeros", shown, COUNT_MAX);
	return gk_error_set(err, GK_USAGE, "%s: %s in place of a number", shown,
			    text_quote_character(at, bad));
}

int duration_parse(const char *text, struct duration *ret, struct gk_error *err)
{
	struct duration duration = {0};
	const char *last = NULL;
	char shown[TEXT_QUOTE_SIZE];

	if (!*text)
		return gk_error_set(err, GK_USAGE, "a duration is empty: write 30d, 1y6m, 0h");
	for (const char *at = text; *at; at++) {
		uint64_t count = 0;
		size_t digits = text_number(at, &count);
		const char *unit = NULL;

		if (digits == 0)
			return number_error(text, at, err);
		at += digits;
		unit = *at ? strchr(unit_order, *at) : NULL;
		if (!unit || (last && unit <= last))
			return unit_error(text, at, last ? last : "", err);
		if (!add_unit(&duration, *unit, count))
			return gk_error_set(err, GK_USAGE, "%s: more than %d years, months, days "
					    "or hours", text_quote(text, shown), COUNT_MAX);
		last = unit;
	}
	*ret = duration;
	return 0;
}

bool duration_is_zero(struct duration duration)
{
	return !duration.years && !duration.months && !duration.days && !duration.hours;
}

time_t duration_before(time_t time, struct duration duration)
{
	struct tm tm = {0};

	if (duration_is_zero(duration) || !gmtime_r(&time, &tm))
		return time;
	/* timegm carries over as Go's AddDate does: first the months, then the days. */
	tm.tm_year -= duration.years;
	tm.tm_mon -= duration.months;
	tm.tm_mday -= duration.days;
	return timegm(&tm) - (time_t)duration.hours * HOUR;
}

const char *duration_format(struct duration duration, char *text)
{
	const int counts[] = {duration.years, duration.months, duration.days, duration.hours};
	size_t length = 0;

	for (size_t i = 0; i < 4; i++) {
		if (counts[i] == 0)
			continue;
		snprintf(text + length, DURATION_TEXT - length, "%d%c", counts[i], "ymdh"[i]);
		length += strlen(text + length);
	}
	if (length == 0)
		snprintf(text, DURATION_TEXT, "0h");
	return text;
}
