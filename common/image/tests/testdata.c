#include "image/tests/testdata.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/tests/unit.h"

static const char white[] = " \t\r\n";

static void close_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

void testdata_read(const char *name, struct gk_buf *ret)
{
	const char *folder = getenv("GOLDKEEP_TESTDATA");
	_cleanup_free_ char *path = NULL;
	_cleanup_(close_file) FILE *file = NULL;
	char block[4096];
	size_t length = 0;

	path = gk_str_format(NULL, "%s/%s", folder && *folder ? folder : "testdata", name);
	assert_non_null(path);
	file = fopen(path, "re");
	if (!file)
		fail_msg("%s is not there (set GOLDKEEP_TESTDATA)", path);
	while ((length = fread(block, 1, sizeof(block), file)) > 0)
		gk_buf_add(ret, block, length);
	assert_int_equal(gk_buf_check(ret, NULL), 0);
}

static char *trim(char *text)
{
	size_t length = 0;

	text += strspn(text, white);
	for (length = strlen(text); length > 0 && strchr(white, text[length - 1]); length--)
		text[length - 1] = '\0';
	return text;
}

void testdata_lines(const char *name, struct gk_strv *ret)
{
	_cleanup_(gk_buf_done) struct gk_buf text = {0};
	char *at = NULL;

	testdata_read(name, &text);
	at = text.data;
	for (char *line = strsep(&at, "\n"); line; line = strsep(&at, "\n")) {
		line = trim(line);
		if (*line && *line != '#')
			assert_int_equal(gk_strv_add(ret, line, NULL), 0);
	}
	assert_true(ret->count > 0);
}

void testdata_fields(char *line, char **fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *bar = strchr(line, '|');

		if (!bar != (i + 1 == count))
			fail_msg("not %zu fields: %s", count, line);
		if (bar)
			*bar = '\0';
		fields[i] = trim(line);
		if (strcmp(fields[i], "\"\"") == 0)
			fields[i][0] = '\0';
		line = bar ? bar + 1 : NULL;
	}
}

uint64_t testdata_seed(void)
{
	const char *text = getenv("GOLDKEEP_SEED");
	uint64_t seed = text && *text ? strtoull(text, NULL, 10) : 20261120;

	print_message("GOLDKEEP_SEED=%llu\n", (unsigned long long)seed);
	return seed;
}

uint64_t testdata_random(uint64_t *state, uint64_t limit)
{
	uint64_t mixed = *state += UINT64_C(0x9e3779b97f4a7c15);

	mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (mixed ^ (mixed >> 31)) % limit;
}
