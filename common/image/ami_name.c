#include "image/ami_name.h"

#include <stdio.h>
#include <string.h>

#include "image/text.h"

static bool is_allowed(char c)
{
	return text_is_alphanumeric(c) || (c && strchr("()[] ./-'@_", c));
}

const char *ami_name(const char *family, const struct semver *version, char *name)
{
	char text[SEMVER_TEXT_SIZE];
	int length = (int)strlen(semver_format(version, text));
	int room = length < AMI_NAME_MAX - 2 ? AMI_NAME_MAX - 1 - length : 1;

	snprintf(name, AMI_NAME_SIZE, "%.*s-%.*s", room, family, AMI_NAME_MAX - 1 - room, text);
	for (char *c = name; *c; c++)
		if (!is_allowed(*c))
			*c = '_';
	return name;
}
