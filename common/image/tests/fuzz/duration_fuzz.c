/* Durations, one in every field: what is read and written down again is read the same, and the past
 * is not in the future. */
#include "image/duration.h"

#include "base/mem.h"
#include "base/tests/fuzz/fuzz.h"

static void check(const char *text)
{
	const time_t now = 1795178160; /* 2026-11-20T12:36:00Z */
	struct duration duration = {0}, again = {0};
	char shown[DURATION_TEXT];
	struct gk_error err = {0};

	if (duration_parse(text, &duration, &err) < 0) {
		fuzz_check(err.code == GK_USAGE);
		fuzz_check_error(&err);
		return;
	}
	fuzz_check(duration_parse(duration_format(duration, shown), &again, &err) == 0);
	fuzz_check(again.years == duration.years && again.months == duration.months &&
		   again.days == duration.days && again.hours == duration.hours);
	fuzz_check(duration_is_zero(duration) ? duration_before(now, duration) == now
					      : duration_before(now, duration) < now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_each_field(data, size, check);
	return 0;
}
