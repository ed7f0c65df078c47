#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void gk_log(const struct gk_log *log, enum gk_log_level level, const char *format, ...)
{
	char *line = NULL;
	va_list args;
	int length = 0;

	if (!log || !log->write)
		return;
	va_start(args, format);
	length = vasprintf(&line, format, args);
	va_end(args);
	/* A line that memory does not suffice for is still a sign of life. */
	log->write(log->context, level, length < 0 ? format : line);
	if (length >= 0)
		free(line);
}
