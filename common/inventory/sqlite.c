#include "inventory/sqlite.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "inventory/sqlite_private.h"

enum { WAL_RETRY_MILLISECONDS = 20, EXAMINE_BUSY_MILLISECONDS = 1000 };

static void sqlite_close(struct inventory *inventory)
{
	struct sqlite_inventory *store = (struct sqlite_inventory *)inventory;

	for (size_t i = 0; i < SQL_STATEMENTS; i++)
		sqlite3_finalize(store->statements[i]);
	sqlite3_close(store->db);
	free(store->path);
	free(store);
}

static void store_freep(struct sqlite_inventory **store)
{
	if (*store)
		sqlite_close(&(*store)->base);
}

static const struct inventory_ops sqlite_ops = {
	.close = sqlite_close,
	.get = sqlite_get,
	.find_run = sqlite_find_run,
	.top = sqlite_top,
	.page = sqlite_page,
	.insert = sqlite_insert,
	.save = sqlite_save,
	.families = sqlite_families,
	.channels = sqlite_channels,
	.set_channel = sqlite_set_channel,
	.events = sqlite_events,
	.import_family = sqlite_import_family,
};

static struct sqlite_inventory *store_new(const char *path, struct gk_error *err)
{
	_cleanup_(store_freep) struct sqlite_inventory *store = calloc(1, sizeof(*store));

	if (!store) {
		gk_error_memory(err);
		return NULL;
	}
	store->base.ops = &sqlite_ops;
	store->busy_milliseconds = SQLITE_BUSY_MILLISECONDS;
	return gk_str_set(&store->path, path, err) < 0 ? NULL : TAKE_PTR(store);
}

void sqlite_set_busy_timeout(struct sqlite_inventory *store, int milliseconds)
{
	store->busy_milliseconds = milliseconds;
	sqlite3_busy_timeout(store->db, milliseconds);
}

/* --- the file ------------------------------------------------------------------------------ */

/* Refuses what is no file before SQLite opens it, and tells whether there is one. */
static int look(const char *path, bool *ret_exists, struct gk_error *err)
{
	struct stat info;

	if (stat(path, &info) < 0) {
		if (errno != ENOENT)
			return gk_error_errno(err, errno, "the inventory %s cannot be opened",
					      path);
		*ret_exists = false;
		return 0;
	}
	if (!S_ISREG(info.st_mode))
		return gk_error_set(err, GK_FAILED, "the inventory %s is no regular file", path);
	*ret_exists = true;
	return 0;
}

/*
 * Makes the file for its owner alone; SQLite would apply the umask only. An existing file is never
 * opened here: closing any descriptor of it drops the locks that SQLite holds in this process.
 */
static int create_file(const char *path, struct gk_error *err)
{
	_cleanup_free_ char *folder = gk_path_folder(path, err);
	int fd = -1;

	if (!folder || gk_path_make_private_folders(folder, err) < 0)
		return -1;
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno != EEXIST)
		return gk_error_errno(err, errno, "creating the inventory %s", path);
	if (fd >= 0)
		close(fd);
	/* The name has to last as long as what is committed under it. */
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	return 0;
}

/* True if there is something in the file beside the database that ends in -wal. */
static bool has_wal(const char *path)
{
	_cleanup_free_ char *real = realpath(path, NULL);
	_cleanup_free_ char *wal = gk_str_format(NULL, "%s-wal", real ? real : path);
	struct stat info;

	return !wal || (stat(wal, &info) == 0 && info.st_size > 0);
}

/* True if SQLite may make its -wal and -shm files beside the database. */
static bool is_writable(const char *path)
{
	_cleanup_free_ char *real = realpath(path, NULL);
	_cleanup_free_ char *folder = gk_path_folder(real ? real : path, NULL);

	return folder && access(path, W_OK) == 0 && access(folder, W_OK) == 0;
}

/* --- connections --------------------------------------------------------------------------- */

/* As a URI, for a name like ":memory:" or "file:x" means something of its own otherwise. */
static char *make_uri(const char *path, const char *parameters, struct gk_error *err)
{
	_cleanup_(gk_buf_done) struct gk_buf uri = {0};

	gk_buf_adds(&uri, path[0] == '/' ? "file://" : "file:./");
	for (const char *c = path; *c; c++) {
		if (isalnum((unsigned char)*c) || strchr("/-._~", *c))
			gk_buf_addc(&uri, *c);
		else
			gk_buf_addf(&uri, "%%%02X", (unsigned)(unsigned char)*c);
	}
	gk_buf_adds(&uri, parameters);
	return gk_buf_detach(&uri, err);
}

static int run(struct sqlite_inventory *store, const char *text, struct gk_error *err)
{
	if (sqlite3_exec(store->db, text, NULL, NULL, NULL) != SQLITE_OK)
		return sqlite_failure(store, err);
	return 0;
}

static int connect(struct sqlite_inventory *store, const char *uri, int flags, struct gk_error *err)
{
	sqlite3_close(store->db);
	store->db = NULL;
	if (sqlite3_open_v2(uri, &store->db, flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL) !=
	    SQLITE_OK)
		return sqlite_failure(store, err);
	sqlite3_busy_timeout(store->db, store->busy_milliseconds);
	return run(store, "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF", err);
}

static int connect_file(struct sqlite_inventory *store, const char *parameters, int flags,
			struct gk_error *err)
{
	_cleanup_free_ char *uri = make_uri(store->path, parameters, err);

	return uri ? connect(store, uri, flags, err) : -1;
}

/*
 * Turning a new file to WAL takes a lock that SQLite asks for only once, without waiting as the
 * busy time-out says. The mode lasts: a file that has it already costs nothing. A file system
 * without shared memory keeps its old mode, which is as safe.
 */
static int use_wal(struct sqlite_inventory *store, struct gk_error *err)
{
	struct gk_error failure = {0};
	int waited = 0;

	sqlite3_busy_timeout(store->db, 0); /* we do the waiting, all of it */
	while (run(store, "PRAGMA journal_mode = WAL", &failure) < 0) {
		if (failure.code != GK_LOCKED || waited >= store->busy_milliseconds) {
			if (err)
				*err = failure;
			return -1;
		}
		failure = (struct gk_error){0};
		waited += sqlite3_sleep(WAL_RETRY_MILLISECONDS);
	}
	sqlite3_busy_timeout(store->db, store->busy_milliseconds);
	return run(store, "PRAGMA synchronous = FULL", err);
}

static int open_writable(struct sqlite_inventory *store, struct gk_error *err)
{
	bool exists = false;
	enum sqlite_content content = SQLITE_CONTENT_NONE;

	if (look(store->path, &exists, err) < 0 ||
	    (!exists && create_file(store->path, err) < 0) ||
	    connect_file(store, "", SQLITE_OPEN_READWRITE, err) < 0)
		return -1;
	/* SQLite opens a write-protected file for reading, tells at the first write only, and
	 * leaves its -wal and -shm beside what it has read. */
	if (sqlite3_db_readonly(store->db, "main") == 1)
		return gk_error_set(err, GK_FAILED, "the inventory %s cannot be written: it is "
				    "read-only", store->path);
	if (sqlite_schema_inspect(store, &content, err) < 0 || use_wal(store, err) < 0)
		return -1;
	return content == SQLITE_CONTENT_CURRENT ? 0 : sqlite_schema_update(store, err);
}

/* What a file that is not there, or has nothing in it yet, is read as. */
static int open_empty(struct sqlite_inventory *store, struct gk_error *err)
{
	if (connect(store, "file::memory:", SQLITE_OPEN_READWRITE, err) < 0 ||
	    sqlite_schema_update(store, err) < 0)
		return -1;
	return run(store, "PRAGMA query_only = ON", err);
}

/*
 * Reading a WAL database needs its -wal and -shm files, so SQLite makes them and removes them when
 * it closes. To leave the disk as it was:
 *  - where we may write, a connection that may write, but is told not to. If there was a -wal with
 *    something in it (its writer is at work, or was killed), closing must not merge it;
 *  - where we may not, and nothing waits in a -wal, the database file is all there is: immutable. A
 *    writer of another user who begins just now is not seen; who reads what they may not write has
 *    no better means;
 *  - else the files are there, and SQLite reads them as they are.
 */
static int connect_to_read(struct sqlite_inventory *store, struct gk_error *err)
{
	bool wal = has_wal(store->path);

	if (!is_writable(store->path))
		return connect_file(store, wal ? "" : "?immutable=1", SQLITE_OPEN_READONLY, err);
	if (connect_file(store, "", SQLITE_OPEN_READWRITE, err) < 0)
		return -1;
	if (wal)
		sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	return run(store, "PRAGMA query_only = ON", err);
}

static int open_readable(struct sqlite_inventory *store, struct gk_error *err)
{
	bool exists = false;
	enum sqlite_content content = SQLITE_CONTENT_NONE;

	if (look(store->path, &exists, err) < 0)
		return -1;
	if (!exists)
		return open_empty(store, err);
	if (connect_to_read(store, err) < 0 || sqlite_schema_inspect(store, &content, err) < 0)
		return -1;
	if (content == SQLITE_CONTENT_OLDER)
		return gk_error_set(err, GK_FAILED,
				    "the inventory %s was made by an older goldkeep: the next "
				    "command that writes upgrades it", store->path);
	return content == SQLITE_CONTENT_NONE ? open_empty(store, err) : 0;
}

int sqlite_inventory_open(const char *path, enum sqlite_mode mode, struct inventory **ret,
			  struct gk_error *err)
{
	_cleanup_(store_freep) struct sqlite_inventory *store = NULL;

	if (!*path)
		return gk_error_set(err, GK_USAGE, "the inventory's path is empty");
	store = store_new(path, err);
	if (!store)
		return -1;
	if ((mode == SQLITE_READ_ONLY ? open_readable(store, err) : open_writable(store, err)) < 0)
		return -1;
	*ret = &TAKE_PTR(store)->base;
	return 0;
}

/* --- only looking -------------------------------------------------------------------------- */

/* Of the folders that lead to the file, the innermost that is there; owned. */
static char *find_folder(const char *path, struct gk_error *err)
{
	_cleanup_free_ char *real = realpath(path, NULL);
	char *folder = gk_path_folder(real ? real : path, err);
	struct stat info;

	while (folder && stat(folder, &info) < 0 && errno == ENOENT) {
		char *above = gk_path_folder(folder, err);

		free(folder);
		folder = above;
	}
	return folder;
}

static int check_folder(const char *path, struct sqlite_report *report, struct gk_error *err)
{
	_cleanup_free_ char *folder = find_folder(path, err);
	struct statvfs disk = {0};

	if (!folder)
		return -1;
	if (access(folder, W_OK | X_OK) < 0 || statvfs(folder, &disk) < 0)
		return gk_error_errno(err, errno, "the inventory %s cannot be written: the folder "
				      "%s", path, folder);
	report->has_disk = disk.f_blocks > 0;
	report->free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
	return 0;
}

/* What every write begins with, and nothing behind it. */
static int try_lock(struct sqlite_inventory *store, struct gk_error *err)
{
	return run(store, "PRAGMA query_only = OFF; BEGIN IMMEDIATE; ROLLBACK", err);
}

static int examine_file(const char *path, struct sqlite_report *report, struct gk_error *err)
{
	_cleanup_(store_freep) struct sqlite_inventory *store = store_new(path, err);
	enum sqlite_content content = SQLITE_CONTENT_NONE;

	if (!store)
		return -1;
	store->busy_milliseconds = EXAMINE_BUSY_MILLISECONDS;
	if (access(path, R_OK | W_OK) < 0)
		return gk_error_errno(err, errno, "the inventory %s cannot be written", path);
	if (connect_to_read(store, err) < 0 ||
	    sqlite_schema_inspect(store, &content, err) < 0 || try_lock(store, err) < 0)
		return -1;
	report->exists = content != SQLITE_CONTENT_NONE;
	report->older = content == SQLITE_CONTENT_OLDER;
	return 0;
}

int sqlite_inventory_examine(const char *path, struct sqlite_report *ret, struct gk_error *err)
{
	struct sqlite_report report = {0};
	bool exists = false;

	if (!*path)
		return gk_error_set(err, GK_USAGE, "the inventory's path is empty");
	if (look(path, &exists, err) < 0 || check_folder(path, &report, err) < 0 ||
	    (exists && examine_file(path, &report, err) < 0))
		return -1;
	*ret = report;
	return 0;
}
