#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "image/tests/testdata.h"
#include "inventory/dump.h"
#include "inventory/tests/sqlite_fixture.h"

/* --- the file ------------------------------------------------------------------------------ */

static void test_new_file(void **state)
{
	struct fixture *fixture = *state;
	struct inventory *inventory = NULL;
	char path[TEST_PATH_SIZE];
	struct stat info;

	test_path(&fixture->folder, "a/b/%20?x#.db", path);
	inventory = open_mode(path, SQLITE_READ_WRITE);
	assert_int_equal(ask(inventory, "PRAGMA foreign_keys"), 1);
	assert_int_equal(ask(inventory, "PRAGMA synchronous"), 2);
	assert_int_equal(ask(inventory, "PRAGMA user_version"), 2);
	assert_int_equal(ask(inventory, "PRAGMA application_id"), 0x474b494e);
	assert_int_equal(ask(inventory, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
	inventory_closep(&inventory);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	assert_int_equal(stat(test_path(&fixture->folder, "a", path), &info), 0);
	assert_int_equal(info.st_mode & 0777, 0700);
}

static void test_odd_names_are_files(void **state)
{
	struct fixture *fixture = *state;
	struct inventory *inventory = NULL;
	struct gk_error err = {0};
	char *old = getcwd(NULL, 0);

	assert_int_equal(chdir(fixture->folder.path), 0);
	inventory = open_mode(":memory:", SQLITE_READ_WRITE);
	inventory_closep(&inventory);
	assert_int_equal(access(":memory:", F_OK), 0);
	assert_int_equal(chdir(old), 0);
	free(old);
	assert_failure(sqlite_inventory_open("", SQLITE_READ_WRITE, &inventory, &err), &err,
		       GK_USAGE, "empty");
}

static void test_what_is_no_inventory(void **state)
{
	static const char *const sql[] = {
		"PRAGMA application_id = 0; PRAGMA user_version = 0",
		"PRAGMA application_id = 7",
		"PRAGMA user_version = 0",
		"PRAGMA user_version = 3",
	};
	static const char *const messages[] = {"no goldkeep inventory", "no goldkeep inventory",
					       "no goldkeep inventory", "upgrade goldkeep"};
	struct fixture *fixture = *state;
	struct inventory *inventory = NULL;
	struct gk_error err = {0};

	for (size_t i = 0; i < ARRAY_SIZE(sql); i++) {
		inventory = open_mode(fixture->path, SQLITE_READ_WRITE);
		execute(inventory, sql[i]);
		inventory_closep(&inventory);
		for (int mode = 0; mode < 2; mode++) {
			_cleanup_free_ char *before = list_folder(fixture);
			_cleanup_free_ char *after = NULL;

			assert_failure(sqlite_inventory_open(fixture->path, (enum sqlite_mode)mode,
							     &inventory, &err),
				       &err, GK_FAILED, messages[i]);
			assert_non_null(strstr(err.message, fixture->path));
			after = list_folder(fixture);
			assert_string_equal(after, before);
		}
		unlink(fixture->path);
	}
}

static void test_what_is_no_database(void **state)
{
	struct fixture *fixture = *state;
	struct inventory *inventory = NULL;
	char path[TEST_PATH_SIZE];
	struct gk_error err = {0};

	write_file(fixture->path, "this is a text of some length, and no database at all\n");
	mkfifo(test_path(&fixture->folder, "fifo", path), 0600);
	for (int mode = 0; mode < 2; mode++) {
		enum sqlite_mode m = (enum sqlite_mode)mode;

		assert_failure(sqlite_inventory_open(fixture->path, m, &inventory, &err), &err,
			       GK_FAILED, "is no SQLite database");
		assert_failure(sqlite_inventory_open(fixture->folder.path, m, &inventory, &err),
			       &err, GK_FAILED, "no regular file");
		assert_failure(sqlite_inventory_open(path, m, &inventory, &err), &err, GK_FAILED,
			       "no regular file");
	}
	assert_failure(sqlite_inventory_open("/proc/none/inventory.db", SQLITE_READ_WRITE,
					     &inventory, &err),
		       &err, GK_FAILED, "/proc/none");
}

static void test_damaged(void **state)
{
	struct fixture *fixture = *state;
	struct inventory *inventory = open_mode(fixture->path, SQLITE_READ_WRITE);
	struct gk_error err = {0};
	char noise[4096];
	int fd = -1;

	assert_success(allocate(inventory, "run", &err), &err);
	inventory_closep(&inventory);
	memset(noise, 0x5a, sizeof(noise));
	fd = open(fixture->path, O_WRONLY);
	for (off_t page = 1; page < 20; page++)
		assert_int_equal(pwrite(fd, noise, sizeof(noise), page * 4096), sizeof(noise));
	close(fd);
	inventory = open_mode(fixture->path, SQLITE_READ_WRITE);
	assert_failure(allocate(inventory, "run-2", &err), &err, GK_FAILED, "is damaged");
	inventory_closep(&inventory);
}

/* --- what an older goldkeep made ------------------------------------------------------------ */

static void make_old(const char *path, const char *name)
{
	_cleanup_(gk_buf_done) struct gk_buf text = {0};
	sqlite3 *db = NULL;

	testdata_read(name, &text);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, text.data, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", name, sqlite3_errmsg(db));
	sqlite3_close(db);
}

/* Schema 1 knew no withdrawal, no publication and no trail. */
static void test_schema_1(void **state)
{
	struct fixture *fixture = *state;
	struct inventory *inventory = NULL;
	_cleanup_(release_done) struct release release = {0};
	_cleanup_(channel_done) struct channel moved = {0};
	_cleanup_(family_dump_done) struct family_dump dump = {0};
	struct semver from = test_version("1.0.1");
	struct semver to = test_version("1.1.0");
	struct gk_error err = {0};

	make_old(fixture->path, "inventories/schema-1.sql");
	assert_failure(sqlite_inventory_open(fixture->path, SQLITE_READ_ONLY, &inventory, &err),
		       &err, GK_FAILED, "the next command that writes upgrades it");
	inventory = open_mode(fixture->path, SQLITE_READ_WRITE);
	assert_int_equal(ask(inventory, "PRAGMA user_version"), 2);
	assert_success(family_dump_read(inventory, "web", &dump, &err), &err);
	assert_int_equal(dump.release_count, 3);
	assert_int_equal(dump.channels.count, 2);
	assert_int_equal(dump.releases[0].events.count, 2);
	assert_string_equal(dump.releases[1].release.held, "audit");
	assert_true(test_release_is_whole(&dump.releases[1].release));
	for (size_t i = 0; i < dump.release_count; i++) {
		assert_null(dump.releases[i].release.revoked);
		assert_int_equal(dump.releases[i].release.published.count, 0);
	}
	/* And it goes on with what is new. */
	assert_int_equal(dump.channels.items[1].trail.count, 0);
	assert_success(channel_advance(&dump.channels.items[1], "stable", &to, &moved, &err), &err);
	assert_success(inventory->ops->set_channel(inventory, "web", &from, &moved, &test_event,
						   &err), &err);
	test_get(inventory, "web", "1.0.1", &release);
	assert_success(gk_str_set(&release.revoked, "old", &err), &err);
	assert_success(gk_strv_add(&release.published, "/golden", &err), &err);
	assert_success(inventory->ops->save(inventory, &release, &test_event, &err), &err);
	inventory_closep(&inventory);
	inventory = open_mode(fixture->path, SQLITE_READ_ONLY);
	family_dump_done(&dump);
	assert_success(family_dump_read(inventory, "web", &dump, &err), &err);
	assert_same(&dump.releases[1].release, &release);
	assert_true(channel_equal(&dump.channels.items[1], &moved));
	inventory_closep(&inventory);
}

/* --- reading only -------------------------------------------------------------------------- */

static void test_reading_nothing(void **state)
{
	struct fixture *fixture = *state;

	for (int empty_file = 0; empty_file < 2; empty_file++) {
		_cleanup_(inventory_closep) struct inventory *inventory = NULL;
		_cleanup_free_ char *before = NULL;
		_cleanup_free_ char *after = NULL;
		struct gk_error err = {0};

		if (empty_file)
			write_file(fixture->path, "");
		before = list_folder(fixture);
		inventory = open_mode(fixture->path, SQLITE_READ_ONLY);
		assert_int_equal(count_releases(inventory), 0);
		assert_int_equal(allocate(inventory, "run", &err), -1);
		after = list_folder(fixture);
		assert_string_equal(after, before);
	}
}

static int insert_and_die(struct fixture *fixture)
{
	struct inventory *inventory = NULL;

	if (open_file(&fixture->store, &inventory, NULL) < 0 ||
	    allocate(inventory, "run-2", NULL) < 0)
		return 1;
	raise(SIGKILL);
	return 2;
}

/* With `wal`, a writer has died and left its release in the -wal file. */
static void check_reading_only(struct fixture *fixture, bool wal)
{
	_cleanup_free_ char *before = list_folder(fixture);
	_cleanup_free_ char *after = NULL;
	struct inventory *inventory = open_mode(fixture->path, SQLITE_READ_ONLY);
	struct gk_error err = {0};

	assert_int_equal(count_releases(inventory), wal ? 2 : 1);
	assert_failure(allocate(inventory, "run-3", &err), &err, GK_FAILED, "read-only");
	inventory_closep(&inventory);
	after = list_folder(fixture);
	assert_string_equal(after, before);
}

static int read_as_stranger(struct fixture *fixture)
{
	struct inventory *inventory = NULL;
	struct gk_error err = {0};
	size_t count = 0;

	if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
		return 100;
	if (sqlite_inventory_open(fixture->path, SQLITE_READ_ONLY, &inventory, &err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		return 101;
	}
	count = count_releases(inventory);
	inventory_closep(&inventory);
	if (sqlite_inventory_open(fixture->path, SQLITE_READ_WRITE, &inventory, &err) == 0)
		return 102;
	return strstr(err.message, fixture->path) ? (int)count : 103;
}

static void let_all_read(const struct fixture *fixture)
{
	static const char *const names[] = {"inventory.db", "inventory.db-wal", "inventory.db-shm"};
	char path[TEST_PATH_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		chmod(test_path(&fixture->folder, names[i], path), 0444);
	chmod(fixture->folder.path, 0555);
}

static void test_reading_only(void **state)
{
	struct fixture *fixture = *state;
	struct inventory *inventory = open_mode(fixture->path, SQLITE_READ_WRITE);
	struct gk_error err = {0};

	assert_success(allocate(inventory, "run-1", &err), &err);
	inventory_closep(&inventory);
	check_reading_only(fixture, false);
	assert_int_equal(in_child(insert_and_die, fixture), SIGKILL);
	check_reading_only(fixture, true);
}

static void test_reading_only_in_a_folder_of_others(void **state)
{
	struct fixture *fixture = *state;
	struct inventory *inventory = open_mode(fixture->path, SQLITE_READ_WRITE);
	struct gk_error err = {0};

	assert_success(allocate(inventory, "run-1", &err), &err);
	inventory_closep(&inventory);
	let_all_read(fixture);
	assert_int_equal(WEXITSTATUS(in_child(read_as_stranger, fixture)), 1);
	chmod(fixture->folder.path, 0700);
	chmod(fixture->path, 0600);
	assert_int_equal(in_child(insert_and_die, fixture), SIGKILL);
	let_all_read(fixture);
	assert_int_equal(WEXITSTATUS(in_child(read_as_stranger, fixture)), 2);
}

/* --- cost ---------------------------------------------------------------------------------- */

/* Steps of SQLite's machine that reading the pages of the living and the unfinished takes. */
static int count_steps(struct inventory *inventory)
{
	struct sqlite_inventory *store = (struct sqlite_inventory *)inventory;
	static const enum inventory_filter filters[] = {INVENTORY_ALIVE, INVENTORY_UNFINISHED};
	int steps = 0;

	for (size_t i = 0; i < ARRAY_SIZE(filters); i++) {
		_cleanup_(release_list_done) struct release_list list = {0};
		struct gk_error err = {0};

		assert_success(inventory->ops->page(inventory, "web", filters[i], NULL, 100, &list,
						    &err), &err);
		assert_int_equal(list.count, 1);
	}
	for (size_t i = 0; i < SQL_STATEMENTS; i++)
		if (store->statements[i])
			steps += sqlite3_stmt_status(store->statements[i],
						     SQLITE_STMTSTATUS_VM_STEP, 1);
	return steps;
}

static void test_retired_releases_cost_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct inventory *inventory = open_mode(fixture->path, SQLITE_READ_WRITE);
	struct gk_error err = {0};
	int before = 0;

	assert_success(allocate(inventory, "run-1", &err), &err); /* pending: unfinished */
	count_steps(inventory);
	before = count_steps(inventory);
	execute(inventory, "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n "
			   "WHERE i < 20000) INSERT INTO releases (family, key, version, state, "
			   "created_at, run, revision, retired, unfinished) SELECT 1, "
			   "'b' || i, '9.0.0', 'retired', 0, i, 1, 1, 0 FROM n");
	assert_int_equal(count_steps(inventory), before);
	inventory_closep(&inventory);
}

int main(void)
{
#define FILE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		FILE_TEST(test_new_file),
		FILE_TEST(test_odd_names_are_files),
		FILE_TEST(test_what_is_no_inventory),
		FILE_TEST(test_what_is_no_database),
		FILE_TEST(test_damaged),
		FILE_TEST(test_schema_1),
		FILE_TEST(test_reading_nothing),
		FILE_TEST(test_reading_only),
		FILE_TEST(test_reading_only_in_a_folder_of_others),
		FILE_TEST(test_retired_releases_cost_nothing),
	};

	return store_suite_run(set_up, tear_down) +
	       cmocka_run_group_tests(tests, NULL, NULL);
}
