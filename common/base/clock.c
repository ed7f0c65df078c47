#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static time_t system_now(const struct gk_clock *clock)
{
	(void)clock;
	return time(NULL);
}

static int64_t system_monotonic(const struct gk_clock *clock)
{
	struct timespec now = {0};

	(void)clock;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void system_sleep(const struct gk_clock *clock, int64_t milliseconds)
{
	struct timespec left = {
		.tv_sec = milliseconds / 1000,
		.tv_nsec = (milliseconds % 1000) * 1000000,
	};

	(void)clock;
	if (milliseconds <= 0)
		return;
	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

const struct gk_clock gk_system_clock = {
	.now = system_now,
	.monotonic = system_monotonic,
	.sleep = system_sleep,
};

const char *gk_time_format(time_t time, char *text)
{
	struct tm parts = {0};
	size_t year = 0;

	/* The only failure is a year that fits no int. */
	if (!gmtime_r(&time, &parts)) {
		snprintf(text, GK_TIME_TEXT, "out of range");
		return text;
	}
	/* strftime gives early years fewer digits than four. */
	year = (size_t)snprintf(text, GK_TIME_TEXT, "%04lld", parts.tm_year + 1900LL);
	strftime(text + year, GK_TIME_TEXT - year, "-%m-%dT%H:%M:%SZ", &parts);
	return text;
}

/* Reads `digits` digits; -1 if one of them is none. */
static int read_number(const char *text, int digits)
{
	int number = 0;

	for (int i = 0; i < digits; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		number = number * 10 + (text[i] - '0');
	}
	return number;
}

/* True if the text begins with the shape of date and time; a digit stands for any digit. */
static bool has_shape(const char *text)
{
	static const char shape[] = "0000-00-00T00:00:00";

	for (size_t i = 0; shape[i]; i++) {
		bool digit = text[i] >= '0' && text[i] <= '9';

		if (shape[i] == '0' ? !digit : text[i] != shape[i])
			return false;
	}
	return true;
}

/* Second 60 is a leap second (RFC 3339, 5.7); timegm counts it as the next minute's first. */
static bool has_right_numbers(const struct tm *parts)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int year = parts->tm_year + 1900;
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	if (parts->tm_mon < 0 || parts->tm_mon > 11 || parts->tm_mday < 1)
		return false;
	if (parts->tm_mday > days[parts->tm_mon] + (leap && parts->tm_mon == 1))
		return false;
	return parts->tm_hour <= 23 && parts->tm_min <= 59 && parts->tm_sec <= 60;
}

/* What stands behind the seconds: an optional fraction, and Z. */
static bool ends_well(const char *rest)
{
	if (*rest == '.') {
		size_t digits = strspn(++rest, "0123456789");

		if (digits == 0)
			return false;
		rest += digits;
	}
	return strcmp(rest, "Z") == 0;
}

int gk_time_parse(const char *text, time_t *ret_time, struct gk_error *err)
{
	struct tm parts = {0};
	bool good = has_shape(text) && ends_well(text + strlen("0000-00-00T00:00:00"));

	if (good) {
		parts.tm_year = read_number(text, 4) - 1900;
		parts.tm_mon = read_number(text + 5, 2) - 1;
		parts.tm_mday = read_number(text + 8, 2);
		parts.tm_hour = read_number(text + 11, 2);
		parts.tm_min = read_number(text + 14, 2);
		parts.tm_sec = read_number(text + 17, 2);
	}
	if (!good || !has_right_numbers(&parts))
		return gk_error_set(err, GK_FAILED,
				    "\"%.64s\" is no time like 2026-11-20T12:36:00Z", text);
	*ret_time = timegm(&parts);
	return 0;
}
