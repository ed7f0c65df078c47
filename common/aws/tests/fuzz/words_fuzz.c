/* A command taken apart: its words in quotes are the same words. */
#include "aws/process.h"

#include "base/mem.h"
#include "base/tests/fuzz/fuzz.h"

static void print(const struct gk_strv *words, struct gk_buf *ret)
{
	for (size_t i = 0; i < words->count; i++) {
		gk_buf_adds(ret, " '");
		for (const char *c = words->items[i]; *c; c++) {
			if (*c == '\'')
				gk_buf_adds(ret, "'\\''");
			else
				gk_buf_addc(ret, *c);
		}
		gk_buf_addc(ret, '\'');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	_cleanup_(gk_strv_done) struct gk_strv words = {0}, again = {0};
	_cleanup_(gk_buf_done) struct gk_buf printed = {0};
	struct gk_error err = {0};

	if (aws_process_split(text, &words, &err) < 0) {
		fuzz_check_error(&err);
		return 0;
	}
	print(&words, &printed);
	fuzz_check(aws_process_split(gk_buf_text(&printed), &again, &err) == 0);
	fuzz_check(gk_strv_equal(&words, &again));
	return 0;
}
