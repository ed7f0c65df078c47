/* The file of an import, family by family, with a ceiling for every line. */
#ifndef GK_POSTPROCESSOR_IMPORT_FILE_H
#define GK_POSTPROCESSOR_IMPORT_FILE_H

#include <stdio.h>
#include <sys/types.h>

#include "base/buf.h"
#include "inventory/dump_json.h"

struct import_file {
	FILE *file;
	FILE *copy;        /* of what can be read once only, line by line, for the second reading */
	off_t start;       /* of what is ours: a shell may have read the lines before it */
	const char *name;  /* for messages; borrowed */
	size_t number;     /* of the line read last */
	struct gk_buf line;
	struct dump_parser parser;
};

/* Opens a file, standard input if it is "-". What is no regular file is copied into $TMPDIR while
 * it is read, under no name. GK_USAGE if there is no such file. The path must outlive it. */
int import_file_open(struct import_file *file, const char *path, struct gk_error *err);
void import_file_done(struct import_file *file);

/* The next family, borrowed until the next call; NULL behind the last one, when everything to the
 * end was right. GK_USAGE with file and line for what is wrong with it. */
int import_file_next(struct import_file *file, const struct family_dump **ret,
		     struct gk_error *err);

/* Begins again. Call it when everything was read. */
int import_file_rewind(struct import_file *file, struct gk_error *err);

#endif
