/*
 * Options are data: groups of definitions, shared between commands, and the values that flags,
 * environment and goldkeep.ini gave them. Every option has all three forms:
 * --keep-last 5, GOLDKEEP_KEEP_LAST=5, `keep-last = 5`. Flags win over the environment, that over
 * a `[family NAME]` section, that over `[defaults]`. An empty variable counts as unset.
 */
#ifndef GK_POSTPROCESSOR_OPTIONS_H
#define GK_POSTPROCESSOR_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/error.h"
#include "base/strv.h"
#include "image/duration.h"

enum option_flags {
	OPTION_LIST = 1,      /* may be given several times; one value a line in variables and files */
	OPTION_FLAG_ONLY = 2, /* has neither variable nor key: --help */
	OPTION_NOT_IN_FILE = 4, /* has no key: it says which file is read */
};

struct option_def {
	const char *name;     /* "keep-last" */
	char letter;          /* 'v', or 0 */
	const char *argument; /* "N"; NULL for a switch */
	const char *help;     /* one line */
	unsigned flags;
};

struct option_group {
	const char *title;    /* "Retention" */
	const struct option_def *defs;
	size_t count;
};

/* In the order of precedence. */
enum option_source { OPTION_FROM_DEFAULTS, OPTION_FROM_FAMILY, OPTION_FROM_ENV, OPTION_FROM_FLAG };

struct option_value {
	const struct option_def *def;
	enum option_source source;
	char *family; /* of the file's section; NULL elsewhere */
	char *text;   /* "true" for a switch that was given */
	char *origin; /* "--keep-last", "GOLDKEEP_KEEP_LAST", "goldkeep.ini:3" */
};

struct options {
	const struct option_group *const *groups; /* NULL-terminated */
	struct option_value *values;
	size_t count;
	struct gk_strv arguments; /* what is no option */
};

void options_done(struct options *options);

/* Reads argv[1…] with the groups set in `options`. With `stop_at_argument` reading ends at the
 * first word that is no option; *ret_next is its index. GK_USAGE. */
int options_parse(struct options *options, int argc, char **argv, bool stop_at_argument,
		  int *ret_next, struct gk_error *err);

/* Reads GOLDKEEP_* for every option of the groups. */
int options_read_environment(struct options *options, const char *(*get)(const char *name),
			     struct gk_error *err);

/* Reads goldkeep.ini. `known` are the groups of all commands: a key that none of them has is
 * GK_USAGE, with its line. A missing file is an error only if `required`. */
int options_read_file(struct options *options, const char *path, bool required,
		      const struct option_group *const *known, struct gk_error *err);

/* The value that wins, NULL if there is none. `family` selects the file's section; may be NULL. */
const struct option_value *options_find(const struct options *options, const char *family,
					const char *name);
const char *options_text(const struct options *options, const char *family, const char *name);

/* All values of the source that wins, one by one. */
int options_list(const struct options *options, const char *family, const char *name,
		 struct gk_strv *ret, struct gk_error *err);

/* Where one value of an option came from, for what is said of it: "goldkeep.ini:3". Borrowed. */
const char *options_origin(const struct options *options, const char *family, const char *name,
			   const char *text);

/* The families that goldkeep.ini has sections for, each once. */
int options_families(const struct options *options, struct gk_strv *ret, struct gk_error *err);

/* Typed: *ret is left alone if the option was not given. GK_USAGE naming where the value came
 * from. */
int options_switch(const struct options *options, const char *family, const char *name, bool *ret,
		   struct gk_error *err);
int options_count(const struct options *options, const char *family, const char *name, int *ret,
		  struct gk_error *err);
int options_duration(const struct options *options, const char *family, const char *name,
		     struct duration *ret, struct gk_error *err);

/* One line per option, by group. */
void options_print_help(FILE *out, const struct option_group *const *groups);

#endif
