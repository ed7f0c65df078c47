/* Programs that print credentials: how they are run, what is made of those that fail, what is left
 * of them. */
#include "aws/process.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/mem.h"
#include "base/tests/unit.h"

enum { LONG_MS = 20000, SHORT_MS = 50 };

/* What it prints, or "! message"; owned. */
static char *run(const char *command, int64_t timeout_ms)
{
	_cleanup_(gk_strv_done) struct gk_strv words = {0};
	_cleanup_(gk_buf_done) struct gk_buf output = {0};
	struct gk_error err = {0};

	assert_success(aws_process_split(command, &words, &err), &err);
	if (aws_process_run(&words, &gk_system_clock, timeout_ms, &output, &err) < 0)
		return gk_str_format(NULL, "! %s", err.message);
	return gk_str_format(NULL, "%s", gk_buf_text(&output));
}

static void test_processes(void **state)
{
	static const struct {
		const char *command, *said;
		int64_t timeout_ms;
	} rows[] = {
		{"sleep 20", "! it takes too long", SHORT_MS},
		{"sh -c 'exec >&- 2>&-; sleep 20'", "! it takes too long", SHORT_MS},
		{"sh -c 'echo {}; sleep 20 &'", "! it takes too long", SHORT_MS},
		{"head -c 65537 /dev/zero", "! it prints more than 64 KiB", LONG_MS},
		{"yes", "! it prints more than 64 KiB", LONG_MS},
		{"sh -c 'kill -9 $$'", "! it ends with signal 9", LONG_MS},
		{"sh -c 'ls /proc/self/fd | wc -w'", "4\n", LONG_MS},
		{"sh -c 'read x || echo nothing to read'", "nothing to read\n", LONG_MS},
		{"sh -c 'kill -PIPE $$; echo lives'", "! it ends with signal 13", LONG_MS},
		{"sh -c 'kill -XFSZ $$; echo lives'", "! it ends with signal 25", LONG_MS},
		{"sh -c 'echo s3cr3t; exit 1'", "! it ends with status 1", LONG_MS},
		{"sh -c 'echo a >&2; echo \"  b\\033[1mc  \" >&2; exit 7'",
		 "! it ends with status 7:   b [1mc", LONG_MS},
		{"sh -c 'yes | head -n 400000 >&2; echo the reason >&2; exit 2'",
		 "! it ends with status 2: the reason", LONG_MS},
	};

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *said = run(rows[i].command, rows[i].timeout_ms);
		size_t length = strlen(rows[i].said);

		if (strncmp(said, rows[i].said, length) != 0)
			fail_msg("%s: %s", rows[i].command, said);
		assert_null(strstr(said, "s3cr3t"));
	}
}

/* 300 bytes are shown, and no part of a character. */
static void test_complaint_is_cut(void **state)
{
	_cleanup_free_ char *odd = run("sh -c 'printf x%0298dééé 0 >&2; exit 1'", LONG_MS);
	_cleanup_free_ char *even = run("sh -c 'printf %0298dééé 0 >&2; exit 1'", LONG_MS);
	size_t before = strlen("! it ends with status 1: ");

	(void)state;
	assert_int_equal(strlen(odd), before + 299);
	assert_int_equal(strlen(even), before + 300);
	assert_string_equal(even + before + 298, "é");
}

/* Keys that were passed over are not there; what may lead to keys is. */
static void test_environment(void **state)
{
	static const char *const kept[] = {"AWS_PROFILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN",
					   "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
					   "AWS_ACCESS_KEY_ID_OF_MINE"};
	static const char *const taken[] = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
					    "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN",
					    "AWS_CREDENTIAL_EXPIRATION"};
	_cleanup_free_ char *said = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		assert_int_equal(setenv(kept[i], "kept", 1), 0);
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		assert_int_equal(setenv(taken[i], "s3cr3t", 1), 0);
	said = run("env", LONG_MS);
	assert_null(strstr(said, "s3cr3t"));
	assert_non_null(strstr(said, "PATH="));
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		_cleanup_free_ char *line = gk_str_format(NULL, "%s=kept\n", kept[i]);

		assert_non_null(strstr(said, line));
		unsetenv(kept[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		unsetenv(taken[i]);
}

/* How the child ended that a program leaves behind with a status, as waitpid has it. */
static int end_of_child(const char *status)
{
	_cleanup_free_ char *command = gk_str_format(
		NULL, "sh -c 'sleep 1 >/dev/null 2>&1 & echo $!; echo $! >&2; exit %s'", status);
	_cleanup_free_ char *said = run(command, LONG_MS);
	const char *number = strrchr(said, ' ');
	int ended = 0;
	pid_t pid = 0;

	assert_int_equal(sscanf(number ? number : said, "%d", &pid), 1);
	assert_int_equal(waitpid(pid, &ended, 0), pid);
	return ended;
}

/* Those of a program that failed are ended; a daemon that a good one started stays. */
static void test_children(void **state)
{
	int failed = 0;
	int good = 0;

	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	failed = end_of_child("3");
	good = end_of_child("0");
	assert_true(WIFSIGNALED(failed) && WTERMSIG(failed) == SIGKILL);
	assert_true(WIFEXITED(good));
}

/* Where children are reaped by nobody, how one ended is not known: that is no success. */
static void test_lost_status(void **state)
{
	_cleanup_free_ char *said = NULL;

	(void)state;
	signal(SIGCHLD, SIG_IGN);
	said = run("sh -c 'echo {}; exit 3'", LONG_MS);
	signal(SIGCHLD, SIG_DFL);
	assert_int_equal(said[0], '!');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_processes),   cmocka_unit_test(test_complaint_is_cut),
		cmocka_unit_test(test_environment), cmocka_unit_test(test_children),
		cmocka_unit_test(test_lost_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
