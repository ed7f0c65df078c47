/*
 * Where library code tells what it is doing. It never prints itself: the command hands in a sink.
 * A NULL log is silent. Secrets must not reach it.
 */
#ifndef GK_BASE_LOG_H
#define GK_BASE_LOG_H

enum gk_log_level {
	GK_LOG_WARNING,  /* shown always: something to know that is no failure */
	GK_LOG_STEP,     /* one line per step that was done: standard output under Packer */
	GK_LOG_PROGRESS, /* waiting for something: shown on a terminal only */
	GK_LOG_DEBUG,    /* -v: requests, retries, choices */
};

struct gk_log {
	void (*write)(void *context, enum gk_log_level level, const char *line);
	void *context;
};

void gk_log(const struct gk_log *log, enum gk_log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
