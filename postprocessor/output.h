/* Everything that is printed goes through here: log lines, tables, the JSON document, problems. */
#ifndef GK_POSTPROCESSOR_OUTPUT_H
#define GK_POSTPROCESSOR_OUTPUT_H

#include "base/json.h"
#include "context.h"

/* The log's sink: steps to standard output (text only), warnings to standard error, debug with -v,
 * progress on a terminal. */
void output_log(void *context, enum gk_log_level level, const char *line);

/* "goldkeep: …" on standard error, one line whatever the message holds. */
void output_problem(const struct context *context, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same for what is no problem, but must not stand in the output; nothing under Packer, which shows standard
 * error as errors, and nothing with -q. */
void output_notice(const struct context *context, const char *text);

/* Gives out the document: to standard output with --output json, to the --result file. -1 if a
 * place could not take it. */
int output_document(struct context *context, struct gk_json_builder *json, struct gk_error *err);

/* A document of one long array, {"NAME":[…]}, given out row by row, so that memory does not grow
 * with it. */
struct output_rows {
	struct context *context; /* borrowed */
	bool any;
	struct gk_buf kept;      /* for --result, which is written whole or not at all */
};
void output_rows_begin(struct output_rows *rows, struct context *context, const char *name);
int output_rows_add(struct output_rows *rows, struct gk_json_builder *row, struct gk_error *err);
int output_rows_end(struct output_rows *rows, struct gk_error *err);
void output_rows_done(struct output_rows *rows);

/* Flushes standard output. -1 if anything written to it was lost. */
int output_finish(struct context *context, struct gk_error *err);

/* A table on standard output: header names, then rows of as many cells. */
struct output_table {
	const char *const *columns; /* NULL-terminated */
	struct gk_strv cells;       /* row by row */
	bool continued;             /* goes on below another one: no header */
};
int output_table_print(const struct output_table *table, struct gk_error *err);

#endif
