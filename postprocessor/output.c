#include "output.h"

#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

/* Control characters, in UTF-8 also U+0080 to U+009F, which are commands to some terminals. */
static bool is_control(const char *text)
{
	const unsigned char *c = (const unsigned char *)text;

	return c[0] < ' ' || c[0] == 0x7f || (c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0);
}

/* One line in one write, so that lines of parallel runs do not mix. Control characters would break
 * "one problem, one line" (and Packer drops what stands before \r). */
static void put_line(FILE *out, const char *prefix, const char *text)
{
	_cleanup_free_ char *line = gk_str_format(NULL, "%s%s\n", prefix, text);
	size_t length = line ? strlen(line) : 0;

	for (size_t i = 0; i + 1 < length; i++)
		if (is_control(line + i)) {
			if ((unsigned char)line[i] == 0xc2)
				line[i + 1] = ' ';
			line[i] = ' ';
		}
	fwrite(line ? line : text, 1, line ? length : strlen(text), out);
}

static const char *level_name(enum gk_log_level level)
{
	static const char *const names[] = {
		[GK_LOG_WARNING] = "warning",
		[GK_LOG_STEP] = "info",
		[GK_LOG_PROGRESS] = "progress",
		[GK_LOG_DEBUG] = "debug",
	};

	return names[level];
}

static void put_json_line(FILE *out, const char *level, const char *text)
{
	_cleanup_(gk_json_builder_done) struct gk_json_builder json = {0};
	_cleanup_free_ char *line = NULL;
	char now[GK_TIME_TEXT];

	if (gk_json_builder_init(&json, NULL) < 0)
		return;
	gk_json_add_string(&json, json.root, "time",
			   gk_time_format(gk_system_clock.now(&gk_system_clock), now));
	gk_json_add_string(&json, json.root, "level", level);
	gk_json_add_string(&json, json.root, "message", text);
	line = gk_json_builder_print(&json, false, NULL);
	if (line)
		put_line(out, "", line);
}

void output_log(void *data, enum gk_log_level level, const char *line)
{
	struct context *context = data;
	FILE *out = level == GK_LOG_STEP ? stdout : stderr;

	switch (level) {
	case GK_LOG_STEP:
		if (context->quiet || context->json)
			return;
		break;
	case GK_LOG_DEBUG:
		if (!context->verbose)
			return;
		break;
	case GK_LOG_PROGRESS:
		if (context->quiet || context->packer || !isatty(STDERR_FILENO))
			return;
		break;
	case GK_LOG_WARNING:
		break;
	}
	if (context->log_json)
		put_json_line(out, level_name(level), line);
	else
		put_line(out, level == GK_LOG_WARNING ? "goldkeep: warning: " : "", line);
	if (out == stdout)
		fflush(out);
}

void output_problem(const struct context *context, const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	if (context->log_json)
		put_json_line(stderr, "error", text ? text : "out of memory");
	else
		put_line(stderr, "goldkeep: ", text ? text : "out of memory");
}

void output_notice(const struct context *context, const char *text)
{
	if (context->packer || context->quiet)
		return;
	if (context->log_json)
		put_json_line(stderr, level_name(GK_LOG_STEP), text);
	else
		put_line(stderr, "goldkeep: ", text);
}

static int write_result(struct context *context, const char *text, struct gk_error *err)
{
	_cleanup_free_ char *line = gk_str_format(err, "%s\n", text);

	if (!line)
		return -1;
	context->has_result = false;
	if (gk_file_draft_commit(&context->result, line, strlen(line), err) < 0)
		return gk_error_wrap(err, "--result");
	return 0;
}

int output_document(struct context *context, struct gk_json_builder *json, struct gk_error *err)
{
	_cleanup_free_ char *text = NULL;

	if (!context->json && !context->has_result)
		return 0;
	text = gk_json_builder_print(json, false, err);
	if (!text)
		return -1;
	if (context->json && !context->document_begun)
		puts(text);
	context->document_begun = true;
	return context->has_result ? write_result(context, text, err) : 0;
}

/* ---- long documents ---- */

static void put_rows(struct output_rows *rows, const char *text)
{
	if (rows->context->json)
		fputs(text, stdout);
	if (rows->context->has_result)
		gk_buf_adds(&rows->kept, text);
}

void output_rows_begin(struct output_rows *rows, struct context *context, const char *name)
{
	*rows = (struct output_rows){.context = context, .kept.ceiling = SIZE_MAX / 4};
	context->document_begun = true;
	put_rows(rows, "{\"");
	put_rows(rows, name);
	put_rows(rows, "\":[");
}

int output_rows_add(struct output_rows *rows, struct gk_json_builder *row, struct gk_error *err)
{
	_cleanup_free_ char *text = gk_json_builder_print(row, false, err);

	if (!text)
		return -1;
	if (rows->any)
		put_rows(rows, ",");
	put_rows(rows, text);
	rows->any = true;
	return 0;
}

int output_rows_end(struct output_rows *rows, struct gk_error *err)
{
	put_rows(rows, "]}");
	if (rows->context->json)
		putchar('\n');
	if (!rows->context->has_result)
		return 0;
	if (gk_buf_check(&rows->kept, err) < 0)
		return -1;
	return write_result(rows->context, gk_buf_text(&rows->kept), err);
}

void output_rows_done(struct output_rows *rows)
{
	gk_buf_done(&rows->kept);
}

int output_finish(struct context *context, struct gk_error *err)
{
	int lost = fflush(stdout) == EOF || ferror(stdout);

	if (context->stdout_lost)
		return gk_error_set(err, GK_FAILED, "standard output is closed");
	if (lost)
		return gk_error_errno(err, errno ? errno : EIO, "writing to standard output");
	return 0;
}

/* ---- tables ---- */

static void table_unrefp(struct libscols_table **table)
{
	scols_unref_table(*table);
}

static size_t add_columns(struct libscols_table *table, const char *const *columns)
{
	size_t count = 0;

	for (; columns[count]; count++)
		if (!scols_table_new_column(table, columns[count], 0, 0))
			return 0;
	return count;
}

static int add_rows(struct libscols_table *table, const struct gk_strv *cells, size_t columns)
{
	for (size_t i = 0; i + columns <= cells->count; i += columns) {
		struct libscols_line *line = scols_table_new_line(table, NULL);

		if (!line)
			return -1;
		for (size_t c = 0; c < columns; c++)
			if (scols_line_set_data(line, c, cells->items[i + c]) < 0)
				return -1;
	}
	return 0;
}

int output_table_print(const struct output_table *source, struct gk_error *err)
{
	_cleanup_(table_unrefp) struct libscols_table *table = scols_new_table();
	_cleanup_free_ char *text = NULL;
	size_t columns = 0;

	if (!table)
		return gk_error_memory(err);
	scols_table_enable_noheadings(table, source->continued);
	columns = add_columns(table, source->columns);
	if (columns == 0 || add_rows(table, &source->cells, columns) < 0 ||
	    scols_print_table_to_string(table, &text) < 0)
		return gk_error_memory(err);
	/* libsmartcols puts no line end behind the last row, and makes no text of a table without
	 * rows. */
	if (text && *text)
		puts(text);
	return 0;
}
