#include "aws/tests/environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/tests/unit.h"

enum { TEXT_MAX = 2048, VARIABLES_MAX = 16 };

static char content[TEXT_MAX];
static const char *variables[VARIABLES_MAX];
static size_t variable_count;
static char config_path[TEXT_MAX];
static char credentials_path[TEXT_MAX];

void environment_set(const char *text)
{
	const char *folder = getenv("GOLDKEEP_TESTDATA");
	char *rest = content;

	folder = folder && *folder ? folder : "testdata";
	snprintf(config_path, sizeof(config_path), "AWS_CONFIG_FILE=%s/aws-profiles/chain-config",
		 folder);
	snprintf(credentials_path, sizeof(credentials_path),
		 "AWS_SHARED_CREDENTIALS_FILE=%s/aws-profiles/chain-credentials", folder);
	assert_true(strlen(text) < sizeof(content));
	memcpy(content, text, strlen(text) + 1);
	variable_count = 0;
	variables[variable_count++] = config_path;
	variables[variable_count++] = credentials_path;
	while (rest && variable_count < VARIABLES_MAX)
		variables[variable_count++] = strsep(&rest, " ");
	assert_null(rest);
}

const char *environment_get(const char *name)
{
	size_t length = strlen(name);

	for (size_t i = variable_count; i-- > 0;)
		if (strncmp(variables[i], name, length) == 0 && variables[i][length] == '=')
			return variables[i] + length + 1;
	return NULL;
}
