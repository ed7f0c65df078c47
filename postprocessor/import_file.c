#include "import_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "context.h"

/* A file without a name: it goes away with the process. */
static FILE *open_copy(struct gk_error *err)
{
	const char *folder = context_env("TMPDIR");
	_cleanup_free_ char *path =
		gk_str_format(err, "%s/goldkeep-import.XXXXXX", folder ? folder : "/tmp");
	FILE *copy = NULL;
	int fd = -1;

	if (!path)
		return NULL;
	fd = mkstemp(path);
	if (fd >= 0) {
		unlink(path);
		copy = fdopen(fd, "w+");
	}
	if (!copy) {
		gk_error_errno(err, errno, "making %s", path);
		if (fd >= 0)
			close(fd);
	}
	return copy;
}

int import_file_open(struct import_file *file, const char *path, struct gk_error *err)
{
	bool standard = strcmp(path, "-") == 0;
	struct stat info;

	*file = (struct import_file){.line.ceiling = DUMP_LINE_MAX};
	file->name = standard ? "standard input" : path;
	file->file = standard ? stdin : fopen(path, "re");
	if (!file->file)
		return gk_error_set(err, errno == ENOENT ? GK_USAGE : GK_FAILED, "%s: %s", path,
				    strerror(errno));
	if (fstat(fileno(file->file), &info) < 0 || S_ISDIR(info.st_mode))
		return gk_error_set(err, GK_USAGE, "%s is a folder", file->name);
	if (S_ISREG(info.st_mode)) {
		file->start = ftello(file->file);
		return 0;
	}
	file->copy = open_copy(err);
	return file->copy ? 0 : -1;
}

void import_file_done(struct import_file *file)
{
	if (file->file && file->file != stdin)
		fclose(file->file);
	if (file->copy)
		fclose(file->copy);
	gk_buf_done(&file->line);
	dump_parser_done(&file->parser);
	*file = (struct import_file){0};
}

/* One line without its line feed; false at the end. */
static int read_line(struct import_file *file, bool *ret_found, struct gk_error *err)
{
	int c = 0;

	gk_buf_clear(&file->line);
	while ((c = getc_unlocked(file->file)) != EOF && c != '\n') {
		gk_buf_addc(&file->line, (char)c);
		if (file->line.state != GK_BUF_GOOD)
			break;
	}
	if (ferror(file->file))
		return gk_error_errno(err, errno, "reading");
	if (file->line.state == GK_BUF_TOO_LONG)
		return gk_error_set(err, GK_USAGE, "it has more than %d bytes", DUMP_LINE_MAX);
	if (gk_buf_check(&file->line, err) < 0)
		return -1;
	if (c == EOF && file->line.length > 0)
		return gk_error_set(err, GK_USAGE, "it is cut: the file ends in it");
	*ret_found = c == '\n';
	return 0;
}

static int keep_line(struct import_file *file, struct gk_error *err)
{
	if (!file->copy)
		return 0;
	fwrite(gk_buf_text(&file->line), 1, file->line.length, file->copy);
	putc('\n', file->copy);
	return ferror(file->copy) ? gk_error_errno(err, errno, "copying it") : 0;
}

/* Up to the end of a family, or of the file. */
static int read_lines(struct import_file *file, bool *ret_whole, struct gk_error *err)
{
	bool found = true;
	bool whole = false;

	while (!whole) {
		file->number++;
		if (read_line(file, &found, err) < 0)
			return -1;
		if (!found)
			break;
		if (dump_parser_line(&file->parser, gk_buf_text(&file->line), file->line.length,
				     &whole, err) < 0 ||
		    keep_line(file, err) < 0)
			return -1;
	}
	*ret_whole = whole;
	return whole ? 0 : dump_parser_end(&file->parser, err);
}

int import_file_next(struct import_file *file, const struct family_dump **ret,
		     struct gk_error *err)
{
	bool whole = false;

	if (read_lines(file, &whole, err) < 0)
		return gk_error_wrap(err, "%s, line %zu", file->name, file->number);
	*ret = whole ? &file->parser.dump : NULL;
	return 0;
}

int import_file_rewind(struct import_file *file, struct gk_error *err)
{
	if (file->copy) {
		if (file->file != stdin)
			fclose(file->file);
		file->file = TAKE_PTR(file->copy);
	}
	if (fflush(file->file) == EOF || fseeko(file->file, file->start, SEEK_SET) < 0)
		return gk_error_errno(err, errno, "reading %s again", file->name);
	dump_parser_done(&file->parser);
	file->number = 0;
	return 0;
}
