#include "aws/process.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"

enum { COMPLAINT_MAX = 4 << 10, SHOWN_MAX = 300, SLICE_MS = 10, CHUNK = 4096 };

/* A program under way, and what it has said so far. */
struct process {
	pid_t pid; /* of its group too; 0: nobody is left to be ended */
	siginfo_t end;
	struct pollfd pipes[2]; /* what it prints, what it complains about; fd -1: at its end */
	struct gk_buf *said[2];
	int64_t deadline_ms;
	const struct gk_clock *clock;
};

/* ---- words ---- */

/* What stands between them; of botocore too (shlex). */
static const char blanks[] = " \t\r\n";

/* Reads on behind the opening quote; NULL if it is not closed. Inside double quotes a backslash
 * stands for the character behind it only if that is special there. */
static const char *read_quoted(const char *at, struct gk_buf *word)
{
	char quote = *at++;

	for (; *at && *at != quote; at++) {
		if (quote == '"' && *at == '\\' && at[1] && strchr("\"\\$`", at[1]))
			at++;
		gk_buf_addc(word, *at);
	}
	return *at ? at + 1 : NULL;
}

/* One word; NULL if it does not end. */
static const char *read_word(const char *at, struct gk_buf *word)
{
	while (at && *at && !strchr(blanks, *at)) {
		if (*at == '\'' || *at == '"') {
			at = read_quoted(at, word);
			continue;
		}
		if (*at == '\\' && *++at == '\0')
			return NULL;
		gk_buf_addc(word, *at++);
	}
	return at;
}

int aws_process_split(const char *command, struct gk_strv *ret, struct gk_error *err)
{
	const char *at = command + strspn(command, blanks);

	while (*at) {
		_cleanup_(gk_buf_done) struct gk_buf word = {0};

		at = read_word(at, &word);
		if (!at)
			return gk_error_set(err, GK_FAILED, "a quote is not closed, or a backslash "
							    "stands at the end");
		if (gk_buf_check(&word, err) < 0 || gk_strv_add(ret, gk_buf_text(&word), err) < 0)
			return -1;
		at += strspn(at, blanks);
	}
	return ret->count > 0 ? 0 : gk_error_set(err, GK_FAILED, "no program is named");
}

/* ---- the program ---- */

static void close_pipes(int (*pipes)[2])
{
	for (size_t i = 0; i < 2; i++)
		for (size_t end = 0; end < 2; end++)
			if (pipes[i][end] >= 0)
				close(pipes[i][end]);
}

/* It has ended, or is about to. */
static void reap(struct process *process)
{
	while (process->pid > 0 && waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
		;
	process->pid = 0;
}

static void end_process(struct process *process)
{
	if (process->pid > 0)
		kill(-process->pid, SIGKILL);
	reap(process);
	for (size_t i = 0; i < 2; i++)
		if (process->pipes[i].fd >= 0)
			close(process->pipes[i].fd);
}

/* "NAME=value": one of the keys that are not passed on. */
static bool is_key(const char *variable)
{
	static const char *const names[] = {
		"AWS_ACCESS_KEY_ID",  "AWS_SECRET_ACCESS_KEY",     "AWS_SESSION_TOKEN",
		"AWS_SECURITY_TOKEN", "AWS_CREDENTIAL_EXPIRATION",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t length = strlen(names[i]);

		if (strncmp(variable, names[i], length) == 0 && variable[length] == '=')
			return true;
	}
	return false;
}

/* The list is owned, what is in it is not. NULL when memory runs out. */
static char **child_environment(void)
{
	size_t count = 0;
	size_t kept = 0;
	char **list = NULL;

	while (environ && environ[count])
		count++;
	list = calloc(count + 1, sizeof(char *));
	for (size_t i = 0; list && i < count; i++)
		if (!is_key(environ[i]))
			list[kept++] = environ[i];
	return list;
}

/* What is ignored here must not be there. */
static int spawn_with(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes,
		      char *const *words, int (*pipes)[2], pid_t *ret)
{
	_cleanup_free_ char **environment = child_environment();
	sigset_t defaults;
	int r = environment ? 0 : ENOMEM;

	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	sigaddset(&defaults, SIGXFSZ);
	posix_spawnattr_setsigdefault(attributes, &defaults);
	posix_spawnattr_setpgroup(attributes, 0);
	posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	if (r == 0)
		r = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY,
						     0);
	for (int i = 0; i < 2 && r == 0; i++)
		r = posix_spawn_file_actions_adddup2(actions, pipes[i][1], STDOUT_FILENO + i);
	if (r == 0)
		r = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
	return r == 0 ? posix_spawnp(ret, words[0], actions, attributes, words, environment) : r;
}

/* The system's number of what went wrong, 0 if nothing did. */
static int spawn(char *const *words, int (*pipes)[2], pid_t *ret)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int r = posix_spawn_file_actions_init(&actions);

	if (r != 0)
		return r;
	r = posix_spawnattr_init(&attributes);
	if (r == 0) {
		r = spawn_with(&actions, &attributes, words, pipes, ret);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&actions);
	return r;
}

static int start(struct process *process, const struct gk_strv *words, struct gk_error *err)
{
	int pipes[2][2] = {{-1, -1}, {-1, -1}};
	_cleanup_free_ char **list = calloc(words->count + 1, sizeof(char *));
	int failure = 0;

	if (!list)
		return gk_error_memory(err);
	memcpy(list, words->items, words->count * sizeof(char *));
	if (pipe2(pipes[0], O_CLOEXEC) < 0 || pipe2(pipes[1], O_CLOEXEC) < 0)
		failure = errno;
	else
		failure = spawn(list, pipes, &process->pid);
	if (failure) {
		close_pipes(pipes);
		process->pid = 0;
		return gk_error_errno(err, failure, "cannot run %s", words->items[0]);
	}
	for (size_t i = 0; i < 2; i++) {
		close(pipes[i][1]);
		process->pipes[i] = (struct pollfd){.fd = pipes[i][0], .events = POLLIN};
	}
	return 0;
}

static int64_t time_left(const struct process *process)
{
	return process->deadline_ms - process->clock->monotonic(process->clock);
}

static int take_too_long(struct gk_error *err)
{
	return gk_error_set(err, GK_FAILED, "it takes too long and was ended");
}

/* What one pipe has. Of complaints the newest are kept. */
static void take_pipe(struct process *process, size_t i)
{
	char chunk[CHUNK];
	ssize_t length = read(process->pipes[i].fd, chunk, sizeof(chunk));

	if (length > 0) {
		if (i == 1 && process->said[i]->length + (size_t)length > COMPLAINT_MAX)
			gk_buf_clear(process->said[i]);
		gk_buf_add(process->said[i], chunk, (size_t)length);
	} else if (length == 0 || errno != EINTR) {
		close(process->pipes[i].fd);
		process->pipes[i].fd = -1;
	}
	explicit_bzero(chunk, sizeof(chunk));
}

static int read_all(struct process *process, struct gk_error *err)
{
	while (process->pipes[0].fd >= 0 || process->pipes[1].fd >= 0) {
		int64_t left = time_left(process);

		if (left <= 0)
			return take_too_long(err);
		if (poll(process->pipes, 2, (int)left) < 0 && errno != EINTR)
			return gk_error_errno(err, errno, "waiting for it");
		for (size_t i = 0; i < 2; i++)
			if (process->pipes[i].fd >= 0 && process->pipes[i].revents)
				take_pipe(process, i);
		if (process->said[0]->state == GK_BUF_TOO_LONG)
			return gk_error_set(err, GK_FAILED, "it prints more than 64 KiB");
	}
	return gk_buf_check(process->said[0], err);
}

/* It stays a zombie, so that its group can still be ended. */
static int await_end(struct process *process, struct gk_error *err)
{
	while (process->end.si_pid == 0) {
		int r = waitid(P_PID, (id_t)process->pid, &process->end,
			       WEXITED | WNOHANG | WNOWAIT);

		if (r < 0 && errno != EINTR)
			return gk_error_errno(err, errno, "waiting for its end");
		if (process->end.si_pid != 0)
			break;
		if (time_left(process) <= 0)
			return take_too_long(err);
		poll(NULL, 0, SLICE_MS); /* a program takes real time, whatever the clock is */
	}
	return 0;
}

/* The last line of what it complained about, as far as it can be shown. */
static void last_line(const struct gk_buf *buf, char *text)
{
	const char *data = gk_buf_text(buf);
	size_t end = strlen(data);
	size_t start = 0;

	while (end > 0 && isspace((unsigned char)data[end - 1]))
		end--;
	for (start = end; start > 0 && data[start - 1] != '\n';)
		start--;
	if (end - start > SHOWN_MAX)
		for (end = start + SHOWN_MAX; end > start && (data[end] & 0xc0) == 0x80;)
			end--; /* to the beginning of a character */
	for (size_t i = start; i < end; i++)
		*text++ = iscntrl((unsigned char)data[i]) ? ' ' : data[i];
	*text = '\0';
}

static int judge(const struct process *process, struct gk_error *err)
{
	char line[SHOWN_MAX + 1] = "";
	bool exited = process->end.si_code == CLD_EXITED;

	if (exited && process->end.si_status == 0)
		return 0;
	last_line(process->said[1], line);
	return gk_error_set(err, GK_FAILED, "it ends with %s %d%s%s", exited ? "status" : "signal",
			    process->end.si_status, line[0] ? ": " : "", line);
}

int aws_process_run(const struct gk_strv *words, const struct gk_clock *clock, int64_t timeout_ms,
		    struct gk_buf *ret_output, struct gk_error *err)
{
	_cleanup_(gk_buf_wipe) struct gk_buf output = {.ceiling = AWS_PROCESS_OUTPUT_MAX};
	_cleanup_(gk_buf_wipe) struct gk_buf complaint = {.ceiling = COMPLAINT_MAX};
	_cleanup_(end_process) struct process process = {
		.pipes = {{.fd = -1}, {.fd = -1}},
		.said = {&output, &complaint},
		.deadline_ms = clock->monotonic(clock) + timeout_ms,
		.clock = clock,
	};

	if (start(&process, words, err) < 0 || read_all(&process, err) < 0 ||
	    await_end(&process, err) < 0 || judge(&process, err) < 0)
		return -1;
	reap(&process); /* children that it leaves behind are meant to stay */
	*ret_output = output;
	output = (struct gk_buf){0};
	return 0;
}
