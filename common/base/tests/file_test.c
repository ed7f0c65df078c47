#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/mem.h"
#include "base/tests/folder.h"

static int set_up(void **state)
{
	static struct test_folder folder;

	test_folder_init(&folder);
	*state = &folder;
	return 0;
}

static int tear_down(void **state)
{
	test_folder_done(*state);
	return 0;
}

static int write_file(const char *path, const char *text, struct gk_error *err)
{
	_cleanup_(gk_file_draft_done) struct gk_file_draft draft = {0};

	if (gk_file_draft_open(&draft, path, err) < 0)
		return -1;
	return gk_file_draft_commit(&draft, text, strlen(text), err);
}

static void assert_content(const char *path, const char *expected)
{
	_cleanup_(gk_buf_done) struct gk_buf data = {0};
	struct gk_error err = {0};

	assert_success(gk_file_read(path, 1 << 20, &data, &err), &err);
	assert_string_equal(gk_buf_text(&data), expected);
}

static int count_files(const char *path)
{
	DIR *folder = opendir(path);
	int count = 0;

	assert_non_null(folder);
	for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
		count += entry->d_name[0] != '.' || strlen(entry->d_name) > 2;
	closedir(folder);
	return count;
}

static void test_write_and_read(void **state)
{
	char path[TEST_PATH_SIZE];
	struct gk_error err = {0};
	struct stat info;
	mode_t old = umask(027);

	test_path(*state, "file", path);
	assert_success(write_file(path, "one", &err), &err);
	umask(old);
	assert_content(path, "one");
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0640);
	assert_success(write_file(path, "", &err), &err);
	assert_content(path, "");
	assert_int_equal(count_files(((struct test_folder *)*state)->path), 1);
}

static void test_permissions_are_kept(void **state)
{
	char path[TEST_PATH_SIZE];
	struct gk_error err = {0};
	struct stat info;

	test_path(*state, "file", path);
	assert_success(write_file(path, "one", &err), &err);
	assert_int_equal(chmod(path, 0604), 0);
	assert_success(write_file(path, "two", &err), &err);
	assert_content(path, "two");
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0604);
}

static void test_absolute_path(void **state)
{
	_cleanup_free_ char *root = gk_path_absolute("/a/b", NULL);
	_cleanup_free_ char *here = gk_path_absolute("a/b", NULL);
	char folder[TEST_PATH_SIZE];

	(void)state;
	assert_string_equal(root, "/a/b");
	assert_non_null(getcwd(folder, sizeof(folder)));
	assert_int_equal(strncmp(here, folder, strlen(folder)), 0);
	assert_string_equal(here + strlen(folder), "/a/b");
}

static void test_abandoned_draft_leaves_nothing(void **state)
{
	struct gk_file_draft draft = {0};
	char path[TEST_PATH_SIZE];
	struct gk_error err = {0};

	gk_file_draft_done(&draft);
	test_path(*state, "file", path);
	assert_success(write_file(path, "old", &err), &err);
	assert_success(gk_file_draft_open(&draft, path, &err), &err);
	assert_int_equal(count_files(((struct test_folder *)*state)->path), 2);
	gk_file_draft_done(&draft);
	gk_file_draft_done(&draft);
	assert_int_equal(count_files(((struct test_folder *)*state)->path), 1);
	assert_content(path, "old");
}

static void test_links_are_followed(void **state)
{
	char path[TEST_PATH_SIZE], link_path[TEST_PATH_SIZE], loop[TEST_PATH_SIZE];
	struct gk_error err = {0};
	struct stat info;

	test_path(*state, "target", path);
	test_path(*state, "link", link_path);
	test_path(*state, "loop", loop);
	assert_int_equal(symlink("target", link_path), 0);
	assert_success(write_file(link_path, "one", &err), &err); /* leads to nothing yet */
	assert_success(write_file(link_path, "two", &err), &err);
	assert_content(path, "two");
	assert_int_equal(lstat(link_path, &info), 0);
	assert_true(S_ISLNK(info.st_mode));
	assert_int_equal(symlink("loop", loop), 0);
	assert_failure(write_file(loop, "x", &err), &err, GK_FAILED, "loop");
}

static void test_what_is_no_file_is_refused(void **state)
{
	static const struct {
		const char *path, *message;
	} rows[] = {
		{"/dev/null", "is a device"},
		{"fifo", "is a FIFO"},
		{"folder", "is a folder"},
	};
	char path[TEST_PATH_SIZE];

	assert_int_equal(mkfifo(test_path(*state, "fifo", path), 0600), 0);
	assert_int_equal(mkdir(test_path(*state, "folder", path), 0700), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *name = rows[i].path[0] == '/' ? rows[i].path
							   : test_path(*state, rows[i].path, path);
		_cleanup_(gk_buf_done) struct gk_buf data = {0};
		struct gk_error err = {0};

		assert_failure(gk_file_read(name, 10, &data, &err), &err, GK_FAILED,
			       rows[i].message);
		assert_failure(write_file(name, "x", &err), &err, GK_FAILED, rows[i].message);
	}
}

static void test_missing_files(void **state)
{
	_cleanup_(gk_buf_done) struct gk_buf data = {0};
	char path[TEST_PATH_SIZE];
	struct gk_error err = {0};

	test_path(*state, "none", path);
	assert_failure(gk_file_read(path, 10, &data, &err), &err, GK_NOT_FOUND, path);
	test_path(*state, "none/none", path);
	assert_failure(gk_file_read(path, 10, &data, &err), &err, GK_NOT_FOUND, path);
	assert_failure(write_file(path, "x", &err), &err, GK_FAILED, "none");
}

static void test_ceiling(void **state)
{
	_cleanup_(gk_buf_done) struct gk_buf data = {0};
	char path[TEST_PATH_SIZE];
	struct gk_error err = {0};

	test_path(*state, "file", path);
	assert_success(write_file(path, "12345", &err), &err);
	assert_success(gk_file_read(path, 5, &data, &err), &err);
	assert_failure(gk_file_read(path, 4, &data, &err), &err, GK_FAILED, "larger than 4 bytes");
	assert_string_equal(gk_buf_text(&data), "12345");
	assert_int_equal(truncate(path, (2 << 20) + 1), 0);
	assert_failure(gk_file_read(path, 2 << 20, &data, &err), &err, GK_FAILED,
		       "larger than 2 MiB");
	/* A file whose size is not known beforehand. */
	assert_failure(gk_file_read("/proc/self/maps", 16, &data, &err), &err, GK_FAILED,
		       "larger than 16 bytes");
}

/* 0 if a write beyond the limit of file sizes fails and leaves the old content. */
static int write_beyond_limit(const char *path)
{
	static char large[1 << 16];
	struct rlimit limit = {.rlim_cur = 4096, .rlim_max = 4096};
	_cleanup_(gk_file_draft_done) struct gk_file_draft draft = {0};
	struct gk_error err = {0};

	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit) < 0 || gk_file_draft_open(&draft, path, &err) < 0)
		return 1;
	return gk_file_draft_commit(&draft, large, sizeof(large), &err) < 0 ? 0 : 2;
}

static void test_full_disk_leaves_the_old_file(void **state)
{
	char path[TEST_PATH_SIZE];
	struct gk_error err = {0};
	int status = 0;
	pid_t child = 0;

	test_path(*state, "file", path);
	assert_success(write_file(path, "old", &err), &err);
	child = test_fork();
	if (child == 0)
		_exit(write_beyond_limit(path));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_content(path, "old");
	assert_int_equal(count_files(((struct test_folder *)*state)->path), 1);
}

static void test_path_folder(void **state)
{
	static const struct {
		const char *path, *folder;
	} rows[] = {
		{"a", "."}, {"a/b", "a"}, {"/a", "/"}, {"a//b", "a"}, {"/a/b/c", "/a/b"}, {"", "."},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *folder = gk_path_folder(rows[i].path, NULL);

		assert_string_equal(folder, rows[i].folder);
	}
}

static void test_make_folders(void **state)
{
	char path[TEST_PATH_SIZE];
	struct gk_error err = {0};
	struct stat info;

	assert_success(gk_path_make_folders(test_path(*state, "a/b//c/", path), &err), &err);
	assert_success(gk_path_make_folders(path, &err), &err);
	assert_int_equal(stat(path, &info), 0);
	assert_success(gk_path_make_private_folders(test_path(*state, "a/p/q", path), &err), &err);
	assert_int_equal(stat(test_path(*state, "a/p", path), &info), 0);
	assert_int_equal(info.st_mode & 0777, 0700);
	assert_success(gk_path_make_folders(".", &err), &err);
	assert_success(gk_path_make_folders("/", &err), &err);
	assert_success(write_file(test_path(*state, "file", path), "x", &err), &err);
	assert_failure(gk_path_make_folders(path, &err), &err, GK_FAILED, "Not a directory");
	assert_failure(gk_path_make_folders(test_path(*state, "file/a", path), &err), &err,
		       GK_FAILED, "Not a directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_write_and_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_permissions_are_kept, set_up, tear_down),
		cmocka_unit_test(test_absolute_path),
		cmocka_unit_test_setup_teardown(test_abandoned_draft_leaves_nothing, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_links_are_followed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_is_no_file_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_missing_files, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_ceiling, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_full_disk_leaves_the_old_file, set_up,
						tear_down),
		cmocka_unit_test(test_path_folder),
		cmocka_unit_test_setup_teardown(test_make_folders, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
