/* The table of commands: one file per command, one row here. */
#ifndef GK_POSTPROCESSOR_COMMANDS_H
#define GK_POSTPROCESSOR_COMMANDS_H

#include "context.h"

struct command {
	const char *name;
	const char *arguments; /* "[FAMILY]"; "" if it takes none */
	const char *summary;
	size_t max_arguments;
	const struct option_group *const *groups; /* NULL-terminated */
	/* Returns the exit status. Or -1 with err set: then nothing was recorded, and main tells.
	 * */
	int (*run)(struct context *context, struct gk_error *err);
};

extern const struct command command_release;
extern const struct command command_retain;
extern const struct command command_list;
extern const struct command command_show;
extern const struct command command_history;
extern const struct command command_resolve;
extern const struct command command_resume;
extern const struct command command_adopt;
extern const struct command command_export;
extern const struct command command_import;
extern const struct command command_init;
extern const struct command command_iam_policy;
extern const struct command command_next;
extern const struct command command_check;
extern const struct command command_fingerprint;
extern const struct command command_hold;
extern const struct command command_unhold;
extern const struct command command_promote;
extern const struct command command_revoke;
extern const struct command command_doctor;

/* NULL-terminated. */
extern const struct command *const commands[];

/* Groups that several commands share. */
extern const struct option_group group_global;
extern const struct option_group group_policy;
extern const struct option_group group_release;
extern const struct option_group group_versioning;

/* Groups of all commands, for checking the keys of goldkeep.ini. NULL-terminated. */
const struct option_group *const *commands_all_options(void);

#endif
