/* Whole files: read with a ceiling, written whole or not at all. */
#ifndef GK_BASE_FILE_H
#define GK_BASE_FILE_H

#include "base/buf.h"
#include "base/error.h"

/* Reads a regular file (or what a link leads to) of at most `ceiling` bytes (0 means 64 MiB); it
 * replaces what *ret_data holds. A missing file is GK_NOT_FOUND; a folder, FIFO or device is
 * refused without blocking, a larger file is GK_FAILED. */
int gk_file_read(const char *path, size_t ceiling, struct gk_buf *ret_data, struct gk_error *err);

/* Opens such a file for reading, whatever its size; never blocks. Returns the descriptor. */
int gk_file_open(const char *path, struct gk_error *err);

/* A file that appears under its name only when it is complete: opened beside it under another
 * name, synced and renamed by commit. Mode 0644 less umask, or that of the file that was there. */
struct gk_file_draft {
	char *path;      /* final name */
	char *temporary; /* name until then */
	int fd;
};

/* Opens the draft, so that an unwritable folder is found out before anything else happens. */
int gk_file_draft_open(struct gk_file_draft *draft, const char *path, struct gk_error *err);
/* The same for a secret: nobody but its owner ever reads it (mode 0600), whatever was there. */
int gk_file_draft_open_private(struct gk_file_draft *draft, const char *path,
			       struct gk_error *err);
int gk_file_draft_commit(struct gk_file_draft *draft, const void *data, size_t length,
			 struct gk_error *err);
/* Removes the temporary file if it was not committed. Safe on a zeroed draft. */
void gk_file_draft_done(struct gk_file_draft *draft);

/* The folder part of a path, "." if it has none; owned. */
char *gk_path_folder(const char *path, struct gk_error *err);

/* The path from the root: what is relative is so to the working folder; owned. */
char *gk_path_absolute(const char *path, struct gk_error *err);

/* Makes a folder and its parents (mode 0777 less umask). An existing one is fine. */
int gk_path_make_folders(const char *path, struct gk_error *err);

/* The same for what belongs to the user alone: new folders get mode 0700 less umask. */
int gk_path_make_private_folders(const char *path, struct gk_error *err);

#endif
