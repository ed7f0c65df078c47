/* Locks, full disks, sudden deaths. */
#include <signal.h>
#include <sys/resource.h>

#include "inventory/tests/sqlite_fixture.h"

static void test_locked(void **state)
{
	struct fixture *fixture = *state;
	struct inventory *mine = open_mode(fixture->path, SQLITE_READ_WRITE);
	struct inventory *theirs = open_mode(fixture->path, SQLITE_READ_WRITE);
	struct gk_error err = {0};

	assert_success(allocate(mine, "run-1", &err), &err);
	execute(theirs, "BEGIN IMMEDIATE");
	sqlite_set_busy_timeout((struct sqlite_inventory *)mine, 20);
	assert_failure(allocate(mine, "run-2", &err), &err, GK_LOCKED,
		       "is locked by another process");
	assert_int_equal(count_releases(mine), 1); /* who only reads does not wait */
	execute(theirs, "ROLLBACK");
	assert_success(allocate(mine, "run-2", &err), &err);
	inventory_closep(&mine);
	inventory_closep(&theirs);
}

static void test_full(void **state)
{
	struct fixture *fixture = *state;
	struct inventory *inventory = open_mode(fixture->path, SQLITE_READ_WRITE);
	_cleanup_(release_done) struct release release = {0};
	static char large[1 << 18];
	struct gk_error err = {0};

	assert_success(allocate(inventory, "run-1", &err), &err);
	assert_success(test_release_init(&release, "web", "run-2", &err), &err);
	release.version = (struct semver){.core = {9, 0, 0}};
	memset(large, 'x', sizeof(large) - 1);
	assert_success(gk_str_set(&release.intent, large, &err), &err);
	execute(inventory, "PRAGMA max_page_count = 40");
	assert_failure(inventory->ops->insert(inventory, &release,
					      &(struct event){.action = "x"}, &err),
		       &err, GK_FAILED, "no space is left");
	assert_true(release.revision == 0);
	assert_int_equal(count_releases(inventory), 1);
	assert_success(allocate(inventory, "run-3", &err), &err);
	inventory_closep(&inventory);
}

/* Writes until the -wal file may not grow any more; the exit status is the number of releases. */
static int write_until_full(struct fixture *fixture)
{
	struct rlimit limit = {.rlim_cur = 200 << 10, .rlim_max = 200 << 10};
	struct inventory *inventory = NULL;
	struct gk_error err = {0};
	int written = 0;

	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit) < 0 || open_file(&fixture->store, &inventory, &err) < 0)
		return 0;
	for (; written < 250; written++) {
		char run[32];

		snprintf(run, sizeof(run), "run-%d", written);
		if (allocate(inventory, run, &err) < 0)
			break;
	}
	return strstr(err.message, fixture->path) ? written : 0;
}

static void test_writes_fail(void **state)
{
	struct fixture *fixture = *state;
	int written = WEXITSTATUS(in_child(write_until_full, fixture));
	struct inventory *inventory = open_mode(fixture->path, SQLITE_READ_WRITE);
	struct gk_error err = {0};

	assert_in_range(written, 1, 249);
	assert_int_equal(count_releases(inventory), written);
	assert_success(allocate(inventory, "run-more", &err), &err);
	inventory_closep(&inventory);
}

static int die_inside_a_transaction(struct fixture *fixture)
{
	struct inventory *inventory = NULL;

	if (open_file(&fixture->store, &inventory, NULL) < 0)
		return 1;
	/* A small cache makes SQLite write to the -wal file before it commits. */
	execute(inventory, "PRAGMA cache_size = 1; BEGIN IMMEDIATE;"
			   "UPDATE releases SET intent = hex(zeroblob(200000));"
			   "DELETE FROM images;"
			   "UPDATE releases SET fingerprint = hex(zeroblob(200000))");
	raise(SIGKILL);
	return 2;
}

static void test_death_inside_a_transaction(void **state)
{
	struct fixture *fixture = *state;
	struct inventory *inventory = open_mode(fixture->path, SQLITE_READ_WRITE);
	struct gk_error err = {0};

	assert_success(allocate(inventory, "run-1", &err), &err);
	inventory_closep(&inventory);
	assert_int_equal(in_child(die_inside_a_transaction, fixture), SIGKILL);
	inventory = open_mode(fixture->path, SQLITE_READ_WRITE);
	assert_int_equal(count_releases(inventory), 1);
	assert_int_equal(ask(inventory, "SELECT count(*) FROM releases WHERE intent IS NULL"), 1);
	assert_success(allocate(inventory, "run-2", &err), &err);
	inventory_closep(&inventory);
}

static int write_for_ever(struct fixture *fixture)
{
	struct inventory *inventory = NULL;
	char run[64];

	if (open_file(&fixture->store, &inventory, NULL) < 0)
		return 1;
	for (int i = 0;; i++) {
		snprintf(run, sizeof(run), "run-%d-%d", (int)getpid(), i);
		if (allocate(inventory, run, NULL) < 0)
			return 2;
	}
}

static void test_deaths_at_any_moment(void **state)
{
	struct fixture *fixture = *state;
	size_t before = 0;

	for (int i = 0; i < 25; i++) {
		struct inventory *inventory = NULL;
		size_t count = 0;
		int status = 0;
		pid_t child = test_fork();

		if (child == 0)
			_exit(write_for_ever(fixture));
		usleep((useconds_t)(i * 1700)); /* the moment is what is tested, not waited for */
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, SIGKILL);
		inventory = open_mode(fixture->path, SQLITE_READ_WRITE);
		count = count_releases(inventory);
		assert_true(count >= before);
		before = count;
		assert_int_equal(ask(inventory, "SELECT count(*) FROM pragma_integrity_check "
						"WHERE integrity_check <> 'ok'"), 0);
		inventory_closep(&inventory);
	}
	assert_true(before > 0);
}

int main(void)
{
#define FILE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		FILE_TEST(test_locked),
		FILE_TEST(test_full),
		FILE_TEST(test_writes_fail),
		FILE_TEST(test_death_inside_a_transaction),
		FILE_TEST(test_deaths_at_any_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
