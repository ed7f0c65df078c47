/* Times, one in every field: what is read and written down again is read the same. */
#include <ctype.h>

#include "aws/credentials.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/tests/fuzz/fuzz.h"

/* "Z" or "+00:00", which is all that may stand behind the seconds and their fraction. */
static bool ends_well(const char *text)
{
	size_t length = strlen(text);
	const char *end = text + length - 6;

	if (text[length - 1] == 'Z')
		return true;
	return strchr("+-", end[0]) && isdigit((unsigned char)end[1]) &&
	       isdigit((unsigned char)end[2]) && end[3] == ':' && isdigit((unsigned char)end[4]) &&
	       isdigit((unsigned char)end[5]);
}

/* A leap second at the end of the last year that has four digits lies behind it. */
static void check_same(time_t time)
{
	const time_t last = 253402300799; /* 9999-12-31T23:59:59Z */
	char text[GK_TIME_TEXT];
	time_t again = 0;

	if (time > last)
		return;
	fuzz_check(gk_time_parse(gk_time_format(time, text), &again, NULL) == 0);
	fuzz_check(again == time);
}

static void check(const char *text)
{
	struct gk_error err = {0};
	time_t plain = 0;
	time_t any = 0;
	bool is_plain = gk_time_parse(text, &plain, &err) == 0;

	if (is_plain)
		check_same(plain);
	else
		fuzz_check_error(&err);
	if (aws_credentials_time(text, &any, &err) < 0) {
		fuzz_check(!is_plain);
		fuzz_check_error(&err);
		return;
	}
	fuzz_check(ends_well(text));
	fuzz_check(!is_plain || any == plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_each_field(data, size, check);
	return 0;
}
