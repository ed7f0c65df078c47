/* What every unit test needs: cmocka with the headers it wants in front of it. */
#ifndef GK_BASE_TESTS_UNIT_H
#define GK_BASE_TESTS_UNIT_H

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cmocka.h>

/* Shows the message of a call that should have succeeded. */
#define assert_success(call, err)                                                                  \
	do {                                                                                       \
		if ((call) < 0)                                                                    \
			fail_msg("%s: %s", #call, (err)->message);                                 \
	} while (0)

/* The call fails with that code, and its message contains the text. */
#define assert_failure(call, err, expected_code, text)                                             \
	do {                                                                                       \
		*(err) = (struct gk_error){0};                                                     \
		assert_int_equal((call), -1);                                                      \
		assert_int_equal((err)->code, (expected_code));                                    \
		if (!strstr((err)->message, (text)))                                               \
			fail_msg("\"%s\" is not in: %s", (text), (err)->message);                  \
	} while (0)

/* fork() of a test. What fails or crashes in the child ends the child: cmocka would have it go on
 * with the tests behind this one, and start children of its own there. It ends with its parent. */
static inline pid_t test_fork(void)
{
	pid_t child = fork();

	if (child == 0 && (setenv("CMOCKA_TEST_ABORT", "1", 1) < 0 ||
			   prctl(PR_SET_PDEATHSIG, SIGKILL) < 0))
		_exit(1);
	return child;
}

#endif
