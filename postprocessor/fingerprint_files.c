#include "fingerprint_files.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/strv.h"

enum { CHUNK = 64 << 10 };

/* A folder on the way down, so that a link back up is noticed. */
struct level {
	const struct level *above;
	dev_t device;
	ino_t inode;
};

static int add_path(struct fingerprint *fingerprint, const char *path, const char *name,
		    const struct level *above, struct gk_error *err);

static void close_fdp(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static void close_folderp(DIR **folder)
{
	if (*folder)
		closedir(*folder);
}

static int read_content(int fd, const char *path, struct fingerprint_content *content,
			struct gk_error *err)
{
	char chunk[CHUNK];
	ssize_t n = 0;

	do {
		n = read(fd, chunk, sizeof(chunk));
		if (n > 0 && fingerprint_content_add(content, chunk, (size_t)n, err) < 0)
			return -1;
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? gk_error_errno(err, errno, "reading %s", path) : 0;
}

static int add_file(struct fingerprint *fingerprint, const char *path, const char *name,
		    struct gk_error *err)
{
	_cleanup_(fingerprint_content_done) struct fingerprint_content content = {0};
	_cleanup_(close_fdp) int fd = gk_file_open(path, err);

	if (fd < 0 || fingerprint_content_init(&content, err) < 0 ||
	    read_content(fd, path, &content, err) < 0)
		return -1;
	return fingerprint_add(fingerprint, FINGERPRINT_FILE, name, &content, err);
}

/* A checkout's own: a folder, or in a worktree a file with the path of this machine. */
static bool is_passed_over(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, ".git") == 0;
}

static int list_folder(const char *path, struct gk_strv *ret_names, struct gk_error *err)
{
	_cleanup_(close_folderp) DIR *folder = opendir(path);
	const struct dirent *entry = NULL;

	if (!folder)
		return gk_error_errno(err, errno, "reading the folder %s", path);
	for (errno = 0; (entry = readdir(folder)); errno = 0)
		if (!is_passed_over(entry->d_name) && gk_strv_add(ret_names, entry->d_name, err) < 0)
			return -1;
	return errno ? gk_error_errno(err, errno, "reading the folder %s", path) : 0;
}

/* `below` is the path below the folder that was named; NULL for that folder itself. */
static int add_folder(struct fingerprint *fingerprint, const char *path, const char *below,
		      const struct level *level, struct gk_error *err)
{
	_cleanup_(gk_strv_done) struct gk_strv names = {0};

	for (const struct level *up = level->above; up; up = up->above)
		if (up->device == level->device && up->inode == level->inode)
			return gk_error_set(err, GK_FAILED,
					    "%s leads back to a folder that it is in", path);
	if (list_folder(path, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		_cleanup_free_ char *inner = gk_str_format(err, "%s/%s", path, names.items[i]);
		_cleanup_free_ char *name = gk_str_format(err, "%s%s%s", below ? below : "",
							  below ? "/" : "", names.items[i]);

		if (!inner || !name || add_path(fingerprint, inner, name, level, err) < 0)
			return -1;
	}
	return 0;
}

static int fail_stat(const char *path, int failure, struct gk_error *err)
{
	struct stat info;

	if (failure == ENOENT && lstat(path, &info) == 0)
		return gk_error_set(err, GK_FAILED, "%s is a link that leads nowhere", path);
	return gk_error_errno(err, failure, "%s", path);
}

/* The last part of a path; what ends in a slash is a folder, and has no name here. */
static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int add_path(struct fingerprint *fingerprint, const char *path, const char *name,
		    const struct level *above, struct gk_error *err)
{
	struct level level = {.above = above};
	struct stat info;

	if (stat(path, &info) < 0)
		return fail_stat(path, errno, err);
	if (!S_ISDIR(info.st_mode))
		return add_file(fingerprint, path, name ? name : last_part(path), err);
	level.device = info.st_dev;
	level.inode = info.st_ino;
	return add_folder(fingerprint, path, name, &level, err);
}

int fingerprint_files_add(struct fingerprint *fingerprint, const char *path, struct gk_error *err)
{
	if (add_path(fingerprint, path, NULL, NULL, err) == 0)
		return 0;
	/* Whatever is missing is a failure, and not what was asked for. */
	if (err)
		err->code = GK_FAILED;
	return -1;
}
