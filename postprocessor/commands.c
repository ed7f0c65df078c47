#include "commands.h"

#include "base/mem.h"

static const struct option_def global_defs[] = {
	{"store", 0, "URI", "inventory: sqlite:PATH, dynamodb:TABLE?region=R (default: a file)", 0},
	{"config", 0, "FILE", "configuration instead of goldkeep.ini beside the manifest",
	 OPTION_NOT_IN_FILE},
	{"profile", 0, "NAME", "AWS profile; the environment's keys are passed over then", 0},
	{"region", 0, "NAME", "AWS region for what no image names", OPTION_LIST},
	{"endpoint-url", 0, "URL", "endpoint of every AWS service", 0},
	{"output", 0, "FORMAT", "text or json (default text)", 0},
	{"result", 0, "FILE", "write the JSON document there as well, whole or not at all", 0},
	{"log-format", 0, "FORMAT", "text or json (default text)", 0},
	{"verbose", 'v', NULL, "tell every request", 0},
	{"quiet", 'q', NULL, "tell problems only", 0},
	{"help", 0, NULL, "show this and exit", OPTION_FLAG_ONLY},
};

const struct option_group group_global = {"Global options", global_defs, ARRAY_SIZE(global_defs)};

static const struct option_def version_defs[] = {
	{"version", 0, "V", "exact version 1.4.2, or a line: 1.4, 1.4.x, 2.x", 0},
	{"bump", 0, "LEVEL", "major, minor or patch (default) from the highest version ever", 0},
	{"prerelease", 0, "ID", "make a pre-release: 1.5.0-rc.1, then -rc.2", 0},
};

const struct option_group group_versioning = {"Version", version_defs, ARRAY_SIZE(version_defs)};

static const struct option_def policy_defs[] = {
	{"keep-last", 0, "N", "keep the newest N releases", 0},
	{"keep-within", 0, "DURATION", "keep what is within DURATION (1y6m14d12h) of the newest", 0},
	{"keep-prereleases", 0, "N", "pre-releases to keep of every unreleased version (1)", 0},
	{"unless-launched-within", 0, "DURATION", "keep what was launched that lately (24h)", 0},
	{"min-age", 0, "DURATION", "keep what is younger (0h)", 0},
	{"include-shared", 0, NULL, "also remove what is shared with other accounts", 0},
	{"max-remove", 0, "N", "refuse to remove more releases at once (50)", 0},
};

const struct option_group group_policy = {"Retention", policy_defs, ARRAY_SIZE(policy_defs)};

const struct command *const commands[] = {
	&command_release, &command_retain,  &command_list,   &command_show,
	&command_history, &command_next,    &command_check,  &command_fingerprint,
	&command_resolve, &command_promote, &command_revoke, &command_hold,
	&command_unhold,  &command_resume,  &command_adopt,  &command_init,
	&command_export,  &command_import,  &command_doctor, &command_iam_policy,
	NULL,
};

const struct option_group *const *commands_all_options(void)
{
	static const struct option_group *groups[64];
	size_t count = 0;

	for (const struct command *const *command = commands; *command; command++)
		for (const struct option_group *const *group = (*command)->groups; *group; group++)
			if (count + 1 < ARRAY_SIZE(groups))
				groups[count++] = *group;
	groups[count] = NULL;
	return groups;
}
