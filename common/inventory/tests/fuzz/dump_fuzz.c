/* The lines of an export: a family that was read whole is written and read the same. */
#include "inventory/dump_json.h"

#include "../../dump_compare.c"

#include "base/buf.h"
#include "base/mem.h"
#include "base/tests/fuzz/fuzz.h"

static void add_line(struct gk_buf *ret, char *line)
{
	fuzz_check(line);
	gk_buf_addf(ret, "%s\n", line);
	free(line);
}

/* The family, with a header in front. */
static void print(const struct family_dump *dump, struct gk_buf *ret)
{
	add_line(ret, dump_header_line(NULL));
	add_line(ret, dump_family_line(dump, NULL));
	for (size_t i = 0; i < dump->release_count; i++)
		add_line(ret, dump_release_line(&dump->releases[i], NULL));
}

/* Reads lines until one is wrong, or tells of a whole family, or the text is over. */
static bool read_family(struct dump_parser *parser, const char **text, const char *end)
{
	struct gk_error err = {0};
	bool whole = false;

	while (*text < end && !whole) {
		const char *line = *text;
		const char *line_end = memchr(line, '\n', (size_t)(end - line));

		*text = line_end ? line_end + 1 : end;
		if (!line_end)
			line_end = end;
		if (dump_parser_line(parser, line, (size_t)(line_end - line), &whole, &err) < 0) {
			fuzz_check_error(&err);
			*text = end;
			return false;
		}
	}
	return whole;
}

static void check_same(const struct family_dump *a, const struct family_dump *b)
{
	char difference[DIFFERENCE_SIZE];

	fuzz_check(strcmp(a->family, b->family) == 0 && a->release_count == b->release_count);
	for (size_t i = 0; i < a->release_count; i++)
		fuzz_check(same_release(&a->releases[i], &b->releases[i], difference));
	fuzz_check(a->channels.count == b->channels.count);
	for (size_t i = 0; i < a->channels.count; i++)
		fuzz_check(channel_equal(&a->channels.items[i], &b->channels.items[i]));
}

static void check_family(const struct family_dump *dump)
{
	_cleanup_(gk_buf_done) struct gk_buf first = {0}, second = {0};
	_cleanup_(dump_parser_done) struct dump_parser parser = {0};
	const char *at = NULL;

	print(dump, &first);
	at = gk_buf_text(&first);
	fuzz_check(read_family(&parser, &at, at + first.length));
	check_same(dump, &parser.dump);
	print(&parser.dump, &second);
	fuzz_check(strcmp(gk_buf_text(&first), gk_buf_text(&second)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(dump_parser_done) struct dump_parser parser = {0};
	const char *at = (const char *)data;
	struct gk_error err = {0};

	while (read_family(&parser, &at, (const char *)data + size))
		check_family(&parser.dump);
	if (dump_parser_end(&parser, &err) < 0)
		fuzz_check_error(&err);
	return 0;
}
