#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

enum {
	DEFAULT_READ_CEILING = 64 << 20,
	READ_CHUNK = 64 << 10,
	LINKS_MAX = 40, /* as Linux: path_resolution(7) */
	NAME_TRIES = 16,
};

static void close_fdp(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int refuse_kind(const char *path, mode_t mode, struct gk_error *err)
{
	return gk_error_set(err, GK_FAILED, "%s is %s, not a regular file", path,
			    S_ISDIR(mode)    ? "a folder"
			    : S_ISFIFO(mode) ? "a FIFO"
			    : S_ISSOCK(mode) ? "a socket"
					     : "a device");
}

static int refuse_size(const char *path, size_t ceiling, struct gk_error *err)
{
	if (ceiling >= 1 << 20)
		return gk_error_set(err, GK_FAILED, "%s is larger than %zu MiB", path,
				    ceiling >> 20);
	return gk_error_set(err, GK_FAILED, "%s is larger than %zu bytes", path, ceiling);
}

/* O_NONBLOCK: opening a FIFO that nobody writes must not wait. */
static int open_regular(const char *path, size_t ceiling, int *ret_fd, struct gk_error *err)
{
	_cleanup_(close_fdp) int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	struct stat info;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return gk_error_set(err, GK_NOT_FOUND, "there is no file %s", path);
	if (fd < 0 && errno == ENXIO)
		return refuse_kind(path, S_IFSOCK, err);
	if (fd < 0 || fstat(fd, &info) < 0)
		return gk_error_errno(err, errno, "opening %s", path);
	if (!S_ISREG(info.st_mode))
		return refuse_kind(path, info.st_mode, err);
	if (info.st_size > 0 && (uintmax_t)info.st_size > ceiling)
		return refuse_size(path, ceiling, err);
	*ret_fd = fd;
	fd = -1;
	return 0;
}

/* To the end, whatever size the file had when it was opened. */
static int read_to_end(int fd, const char *path, struct gk_buf *data, struct gk_error *err)
{
	char chunk[READ_CHUNK];
	ssize_t n = 0;

	do {
		n = read(fd, chunk, sizeof(chunk));
		if (n > 0)
			gk_buf_add(data, chunk, (size_t)n);
	} while ((n > 0 && data->state == GK_BUF_GOOD) || (n < 0 && errno == EINTR));
	explicit_bzero(chunk, sizeof(chunk));
	if (n < 0)
		return gk_error_errno(err, errno, "reading %s", path);
	if (data->state == GK_BUF_TOO_LONG)
		return refuse_size(path, data->ceiling, err);
	return gk_buf_check(data, err);
}

int gk_file_open(const char *path, struct gk_error *err)
{
	int fd = -1;

	return open_regular(path, SIZE_MAX, &fd, err) < 0 ? -1 : fd;
}

int gk_file_read(const char *path, size_t ceiling, struct gk_buf *ret_data, struct gk_error *err)
{
	_cleanup_(gk_buf_wipe) struct gk_buf data = {0};
	_cleanup_(close_fdp) int fd = -1;

	data.ceiling = ceiling ? ceiling : DEFAULT_READ_CEILING;
	if (open_regular(path, data.ceiling, &fd, err) < 0 || read_to_end(fd, path, &data, err) < 0)
		return -1;
	gk_buf_done(ret_data);
	*ret_data = data;
	data = (struct gk_buf){0};
	return 0;
}

/* One step of a symbolic link: what `path` leads to, or a copy of `path` if it is no link. */
static char *follow_once(const char *path, bool *ret_was_link, struct gk_error *err)
{
	char target[PATH_MAX];
	ssize_t length = readlink(path, target, sizeof(target) - 1);
	_cleanup_free_ char *folder = gk_path_folder(path, err);

	*ret_was_link = length >= 0;
	if (!folder)
		return NULL;
	if (length < 0)
		return gk_str_format(err, "%s", path);
	target[length] = '\0';
	if (target[0] == '/')
		return gk_str_format(err, "%s", target);
	return gk_str_format(err, "%s/%s", folder, target);
}

/* realpath(3) cannot be used: the file that the link leads to may not exist yet. */
static char *follow_links(const char *path, struct gk_error *err)
{
	_cleanup_free_ char *current = gk_str_format(err, "%s", path);

	for (int i = 0; current && i < LINKS_MAX; i++) {
		bool was_link = false;
		char *next = follow_once(current, &was_link, err);

		free(current);
		current = next;
		if (!was_link)
			return TAKE_PTR(current);
	}
	if (current)
		gk_error_errno(err, ELOOP, "opening %s", path);
	return NULL;
}

/* Created with open(2) and not mkostemp(3), so that the system applies the umask: there is no way
 * to ask for it without changing it. */
static int create_beside(const char *path, mode_t mode, char **ret_name, struct gk_error *err)
{
	_cleanup_free_ char *folder = gk_path_folder(path, err);

	for (int i = 0; folder && i < NAME_TRIES; i++) {
		uint64_t random = 0;
		_cleanup_free_ char *name = NULL;
		int fd = -1;

		if (getrandom(&random, sizeof(random), 0) != sizeof(random))
			return gk_error_errno(err, errno, "asking for random bytes");
		name = gk_str_format(err, "%s/.goldkeep-%016" PRIx64, folder, random);
		if (!name)
			return -1;
		fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
		if (fd >= 0) {
			*ret_name = TAKE_PTR(name);
			return fd;
		}
		if (errno != EEXIST)
			return gk_error_errno(err, errno, "creating a file beside %s", path);
	}
	return folder ? gk_error_errno(err, EEXIST, "creating a file beside %s", path) : -1;
}

static int open_draft(struct gk_file_draft *draft, const char *path, bool private,
		      struct gk_error *err)
{
	_cleanup_free_ char *target = NULL;
	_cleanup_free_ char *temporary = NULL;
	struct stat info;
	bool exists = false;
	int fd = -1;

	exists = stat(path, &info) == 0;
	if (exists && !S_ISREG(info.st_mode))
		return refuse_kind(path, info.st_mode, err);
	target = follow_links(path, err);
	if (!target)
		return -1;
	fd = create_beside(target, private ? 0600 : 0644, &temporary, err);
	if (fd < 0)
		return -1;
	*draft = (struct gk_file_draft){
		.path = TAKE_PTR(target),
		.temporary = TAKE_PTR(temporary),
		.fd = fd,
	};
	if (exists && !private && fchmod(fd, info.st_mode & 0777) < 0) {
		gk_error_errno(err, errno, "giving the file beside %s its permissions", path);
		gk_file_draft_done(draft);
		return -1;
	}
	return 0;
}

int gk_file_draft_open(struct gk_file_draft *draft, const char *path, struct gk_error *err)
{
	return open_draft(draft, path, false, err);
}

int gk_file_draft_open_private(struct gk_file_draft *draft, const char *path,
			       struct gk_error *err)
{
	return open_draft(draft, path, true, err);
}

static int write_all(int fd, const char *data, size_t length)
{
	while (length > 0) {
		ssize_t n = write(fd, data, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		length -= (size_t)n;
	}
	return 0;
}

/* Makes the new name last. A folder that we may write but not read cannot be synced, and some file
 * systems sync no folders: neither is a failure, the file is there. */
static int sync_folder_of(const char *path, struct gk_error *err)
{
	_cleanup_free_ char *folder = gk_path_folder(path, err);
	_cleanup_(close_fdp) int fd = -1;

	if (!folder)
		return -1;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && fsync(fd) < 0 && errno != EINVAL && errno != ENOTSUP)
		return gk_error_errno(err, errno, "writing the folder %s", folder);
	return 0;
}

/* The descriptor is gone afterwards, whatever close says. */
static int close_draft(struct gk_file_draft *draft)
{
	int fd = draft->fd;

	draft->fd = -1;
	return close(fd);
}

int gk_file_draft_commit(struct gk_file_draft *draft, const void *data, size_t length,
			 struct gk_error *err)
{
	if (!draft->temporary || draft->fd < 0)
		return gk_error_set(err, GK_FAILED, "there is no open file to write");
	if (write_all(draft->fd, data, length) < 0 || fsync(draft->fd) < 0 ||
	    close_draft(draft) < 0)
		return gk_error_errno(err, errno, "writing %s", draft->path);
	if (rename(draft->temporary, draft->path) < 0)
		return gk_error_errno(err, errno, "replacing %s", draft->path);
	free(TAKE_PTR(draft->temporary));
	return sync_folder_of(draft->path, err);
}

void gk_file_draft_done(struct gk_file_draft *draft)
{
	if (draft->temporary) {
		unlink(draft->temporary);
		close_fdp(&draft->fd);
	}
	free(draft->temporary);
	free(draft->path);
	*draft = (struct gk_file_draft){.fd = -1};
}

char *gk_path_folder(const char *path, struct gk_error *err)
{
	/* dirname(3) writes into what it is given, and may answer with a string of its own. */
	_cleanup_free_ char *copy = gk_str_format(err, "%s", path);

	return copy ? gk_str_format(err, "%s", dirname(copy)) : NULL;
}

char *gk_path_absolute(const char *path, struct gk_error *err)
{
	char folder[PATH_MAX];

	if (path[0] == '/')
		return gk_str_format(err, "%s", path);
	if (!getcwd(folder, sizeof(folder))) {
		gk_error_errno(err, errno, "finding the working folder");
		return NULL;
	}
	return gk_str_format(err, "%s/%s", folder, path);
}

static bool is_folder(const char *path)
{
	struct stat info;

	return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static int make_folders(const char *path, mode_t mode, struct gk_error *err)
{
	_cleanup_free_ char *part = gk_str_format(err, "%s", path);

	if (!part)
		return -1;
	for (char *end = part; *end;) {
		char behind = '\0';
		int failure = 0;

		end += strspn(end, "/");
		end += strcspn(end, "/");
		behind = *end;
		*end = '\0';
		failure = mkdir(part, mode) < 0 ? errno : 0;
		/* Whatever mkdir says of a folder that is there (EEXIST, EROFS, EACCES) is fine. */
		if (failure && !is_folder(part))
			return gk_error_errno(err, failure == EEXIST ? ENOTDIR : failure,
					      "making the folder %s", part);
		*end = behind;
	}
	return 0;
}

int gk_path_make_folders(const char *path, struct gk_error *err)
{
	return make_folders(path, 0777, err);
}

int gk_path_make_private_folders(const char *path, struct gk_error *err)
{
	return make_folders(path, 0700, err);
}
