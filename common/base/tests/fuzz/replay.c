/* The unit test that a fuzz target is: nothing is found in the inputs that are known. */
#include <ftw.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/tests/fuzz/fuzz.h"
#include "base/tests/unit.h"

static const char *folder;
static bool names_files;
static size_t files;

/* A copy of just that size: the sanitizer sees who reads on behind it. */
static int replay(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
	_cleanup_(gk_buf_done) struct gk_buf content = {0};
	_cleanup_free_ uint8_t *data = NULL;
	struct gk_error err = {0};

	(void)info;
	(void)ftw;
	if (type != FTW_F)
		return 0;
	if (names_files)
		print_message("%s\n", path);
	assert_success(gk_file_read(path, 0, &content, &err), &err);
	data = malloc(content.length + !content.length);
	assert_non_null(data);
	memcpy(data, gk_buf_text(&content), content.length);
	LLVMFuzzerTestOneInput(data, content.length);
	files++;
	return 0;
}

static void test_known_inputs(void **state)
{
	(void)state;
	assert_int_equal(nftw(folder, replay, 16, FTW_PHYS), 0);
	assert_true(files > 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_known_inputs)};
	const char *testdata = getenv("GOLDKEEP_TESTDATA");

	names_files = argc > 1;
	folder = testdata && *testdata ? testdata : "testdata";
	folder = names_files ? argv[1] : folder;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
