/* A folder with an SQLite inventory in it, for the unit tests of that store. */
#ifndef GK_INVENTORY_TESTS_SQLITE_FIXTURE_H
#define GK_INVENTORY_TESTS_SQLITE_FIXTURE_H

#include <dirent.h>
#include <sys/wait.h>

#include "base/mem.h"
#include "base/tests/folder.h"
#include "inventory/sqlite_private.h"
#include "inventory/tests/store_helpers.h"

struct fixture {
	struct store_under_test store;
	struct test_folder folder;
	char path[TEST_PATH_SIZE];
};

static inline int open_file(struct store_under_test *store, struct inventory **ret,
			    struct gk_error *err)
{
	return sqlite_inventory_open(((struct fixture *)store)->path, SQLITE_READ_WRITE, ret, err);
}

static inline int set_up(void **state)
{
	static struct fixture fixture;

	fixture = (struct fixture){
		.store = {.open = open_file, .across_processes = true, .writes = 60},
	};
	test_folder_init(&fixture.folder);
	test_path(&fixture.folder, "inventory.db", fixture.path);
	*state = &fixture;
	return 0;
}

static inline int tear_down(void **state)
{
	struct fixture *fixture = *state;

	chmod(fixture->folder.path, 0700);
	test_folder_done(&fixture->folder);
	return 0;
}

static inline struct inventory *open_mode(const char *path, enum sqlite_mode mode)
{
	struct inventory *inventory = NULL;
	struct gk_error err = {0};

	assert_success(sqlite_inventory_open(path, mode, &inventory, &err), &err);
	return inventory;
}

static inline sqlite3 *handle(struct inventory *inventory)
{
	return ((struct sqlite_inventory *)inventory)->db;
}

static inline void execute(struct inventory *inventory, const char *text)
{
	if (sqlite3_exec(handle(inventory), text, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", text, sqlite3_errmsg(handle(inventory)));
}

static inline int64_t ask(struct inventory *inventory, const char *text)
{
	sqlite3_stmt *statement = NULL;
	int64_t answer = -1;

	assert_int_equal(sqlite3_prepare_v2(handle(inventory), text, -1, &statement, NULL), 0);
	if (sqlite3_step(statement) == SQLITE_ROW)
		answer = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return answer;
}

static inline int allocate(struct inventory *inventory, const char *run, struct gk_error *err)
{
	_cleanup_(release_done) struct release release = {0};
	bool existing = false;

	return test_allocate(inventory, "web", "patch", run, &release, &existing, err);
}

static inline size_t count_releases(struct inventory *inventory)
{
	_cleanup_(release_list_done) struct release_list list = {0};
	struct gk_error err = {0};

	assert_success(inventory_collect(inventory, "web", INVENTORY_ALL, &list, &err), &err);
	for (size_t i = 0; i < list.count; i++)
		assert_true(test_release_is_whole(&list.items[i]));
	return list.count;
}

static inline void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* Names, sizes and times of what is in the folder, sorted. */
static inline char *list_folder(const struct fixture *fixture)
{
	_cleanup_(gk_strv_done) struct gk_strv lines = {0};
	DIR *folder = opendir(fixture->folder.path);

	assert_non_null(folder);
	for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
		char path[TEST_PATH_SIZE];
		struct stat info;

		if (entry->d_name[0] == '.')
			continue;
		assert_int_equal(stat(test_path(&fixture->folder, entry->d_name, path), &info), 0);
		/* Readers mark their places in the -shm file. */
		if (strstr(entry->d_name, "-shm"))
			gk_strv_add(&lines, entry->d_name, NULL);
		else
			gk_strv_addf(&lines, NULL, "%s %lld %lld.%09ld", entry->d_name,
				     (long long)info.st_size, (long long)info.st_mtim.tv_sec,
				     info.st_mtim.tv_nsec);
	}
	closedir(folder);
	gk_strv_sort(&lines);
	return gk_strv_join(&lines, "\n", NULL);
}

/* Runs it in a child, and gives what waitpid says. */
static inline int in_child(int (*work)(struct fixture *fixture), struct fixture *fixture)
{
	int status = 0;
	pid_t child = test_fork();

	if (child == 0)
		_exit(work(fixture));
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

#endif
