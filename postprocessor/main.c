/* Finds the command, reads its options, runs it, and turns what came of it into an exit status. */
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/mem.h"
#include "commands.h"
#include "output.h"
#include "render.h"

static const struct option_def version_defs[] = {
	{"version", 0, NULL, "show the version and exit", OPTION_FLAG_ONLY},
};

static const struct option_group group_version = {"Version", version_defs,
						  ARRAY_SIZE(version_defs)};

static const struct option_group *const main_groups[] = {&group_global, &group_version, NULL};

static void print_usage(FILE *out)
{
	fputs("Usage: goldkeep [OPTION…] COMMAND [OPTION…] [ARGUMENT…]\n\n"
	      "What a Packer template runs after every build: the image gets the next version, tags, a\n"
	      "row in the inventory, and what the policy no longer keeps is retired.\n\nCommands:\n",
	      out);
	for (const struct command *const *c = commands; *c; c++)
		fprintf(out, "  %-11s %s\n", (*c)->name, (*c)->summary);
	options_print_help(out, main_groups);
	fputs("\ngoldkeep COMMAND --help documents the options of a command.\n", out);
}

static void print_command_help(FILE *out, const struct command *command)
{
	fprintf(out, "Usage: goldkeep %s [OPTION…]%s%s\n\n%s\n", command->name,
		*command->arguments ? " " : "", command->arguments, command->summary);
	options_print_help(out, command->groups);
	fputs("\nEvery option can also be given as $GOLDKEEP_NAME or as a key of goldkeep.ini.\n", out);
}

static const struct command *find_command(const char *name)
{
	for (const struct command *const *c = commands; *c; c++)
		if (strcmp((*c)->name, name) == 0)
			return *c;
	return NULL;
}

/* Descriptors 0 to 2 are always open, or the first file would get one of them and be written into.
 * */
static bool open_standard_streams(void)
{
	bool lost = fcntl(STDOUT_FILENO, F_GETFD) < 0;

	for (int fd = open("/dev/null", O_RDWR); fd >= 0; fd = open("/dev/null", O_RDWR))
		if (fd > STDERR_FILENO) {
			close(fd);
			break;
		}
	return lost;
}

/* Keys are in memory: however we end, it is written to no file (the limit) and handed to no program
 * that collects dumps, which does not care for the limit, nor to a debugger of the same user. */
static void keep_memory_private(void)
{
	struct rlimit limit = {0};

	getrlimit(RLIMIT_CORE, &limit);
	limit.rlim_cur = 0;
	setrlimit(RLIMIT_CORE, &limit);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* Where nothing is said of the language, as under many a CI, text is UTF-8 all the same: without it a
 * table shows the bytes of "é" as numbers. */
static void choose_characters(void)
{
	const char *locale = setlocale(LC_CTYPE, "");

	if (!locale || strcmp(locale, "C") == 0 || strcmp(locale, "POSIX") == 0)
		setlocale(LC_CTYPE, "C.UTF-8");
}

/* A command that failed before it recorded anything: one line, and the document of a failure. */
static int report_failure(struct context *context, const struct gk_error *failure)
{
	_cleanup_(gk_json_builder_done) struct gk_json_builder json = {0};
	enum exit_status status = exit_of(failure);
	struct gk_error err = {0};

	output_problem(context, "%s", failure->message);
	context_prepare_failure(context);
	if (gk_json_builder_init(&json, &err) < 0)
		return status;
	render_failure(&json, json.root, status, failure->message);
	if (output_document(context, &json, &err) < 0 || output_finish(context, &err) < 0)
		output_problem(context, "%s", err.message);
	return status;
}

static int check_arguments(const struct context *context, struct gk_error *err)
{
	const struct gk_strv *arguments = &context->options.arguments;
	size_t max = context->command->max_arguments;

	if (arguments->count > max)
		return gk_error_set(err, GK_USAGE, "unexpected argument '%s': see goldkeep %s --help",
				    arguments->items[max], context->command->name);
	return 0;
}

/* The command's own options behind those that stood before its name. */
static int parse_command(struct context *context, int argc, char **argv, struct gk_error *err)
{
	int next = 0;

	context->options.groups = context->command->groups;
	return options_parse(&context->options, argc, argv, false, &next, err);
}

static int run(struct context *context, int argc, char **argv)
{
	struct gk_error err = {0};
	bool help = false;
	int status = 0;

	if (!context->command) {
		gk_error_set(&err, GK_USAGE, "unknown command '%.80s': see goldkeep --help", argv[0]);
		return report_failure(context, &err);
	}
	if (parse_command(context, argc, argv, &err) < 0 ||
	    options_switch(&context->options, NULL, "help", &help, &err) < 0)
		return report_failure(context, &err);
	if (help) {
		print_command_help(stdout, context->command);
		return EXIT_DONE;
	}
	if (context_init(context, &err) < 0 || check_arguments(context, &err) < 0)
		return report_failure(context, &err);
	status = context->command->run(context, &err);
	return status < 0 ? report_failure(context, &err) : status;
}

/* What stands before the command's name. Returns its index in argv, or -1 with *ret_status set. */
static int parse_global(struct context *context, int argc, char **argv, int *ret_status)
{
	struct gk_error err = {0};
	int next = 0;

	context->options.groups = main_groups;
	if (options_parse(&context->options, argc, argv, true, &next, &err) < 0) {
		*ret_status = report_failure(context, &err);
		return -1;
	}
	*ret_status = EXIT_DONE;
	if (options_find(&context->options, NULL, "version")) {
		puts("goldkeep " GOLDKEEP_VERSION);
		return -1;
	}
	if (options_find(&context->options, NULL, "help")) {
		print_usage(stdout);
		return -1;
	}
	if (next >= argc) {
		print_usage(stderr);
		*ret_status = EXIT_USAGE;
		return -1;
	}
	return next;
}

int main(int argc, char **argv)
{
	_cleanup_(context_done) struct context context = {0};
	struct gk_error err = {0};
	int status = 0;
	int next = 0;

	keep_memory_private();
	context.stdout_lost = open_standard_streams();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a limit on file sizes is met like a full disk */
	signal(SIGCHLD, SIG_DFL); /* or how a program ended would be lost, if it is ignored above */
	choose_characters();
	next = parse_global(&context, argc, argv, &status);
	if (next >= 0) {
		context.command = find_command(argv[next]);
		status = run(&context, argc - next, argv + next);
	}
	/* Commands that record flush by themselves; for the others lost output is a failure. */
	if (output_finish(&context, &err) < 0 && status == EXIT_DONE && !context.output_told) {
		output_problem(&context, "%s", err.message);
		status = EXIT_FAILED;
	}
	return status;
}
