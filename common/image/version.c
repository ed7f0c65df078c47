#include "image/version.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "image/text.h"

/* Reads "1.4", "1.4.x", "2" and "2.x"; false if the text is anything else. */
static bool parse_line(const char *text, struct version_request *request)
{
	uint64_t line[2] = {0};
	size_t digits = text_number(text, &line[0]);
	size_t more = 0;
	const char *at = text + digits;

	if (digits == 0)
		return false;
	if (*at == '.') {
		more = text_number(at + 1, &line[1]);
		at += more ? more + 1 : 0;
	}
	if (*at && strcmp(at, ".x") != 0)
		return false;
	request->kind = VERSION_LINE;
	request->bump = more ? SEMVER_PATCH : SEMVER_MINOR;
	memcpy(request->line, line, sizeof(line));
	return true;
}

static int exact_with_name(const struct version_request *request, struct gk_error *err)
{
	char text[SEMVER_TEXT_SIZE], shown[TEXT_QUOTE_SIZE];

	return gk_error_set(err, GK_USAGE,
			    "%s is an exact version: a pre-release name does not go with it",
			    text_quote(semver_format(&request->exact, text), shown));
}

int version_request_parse(const char *text, struct version_request *request, struct gk_error *err)
{
	struct version_request parsed = *request;

	if (!parse_line(text, &parsed)) {
		if (semver_parse(text, &parsed.exact, err) < 0)
			return -1;
		parsed.kind = VERSION_EXACT;
		if (parsed.prerelease[0])
			return exact_with_name(&parsed, err);
	}
	*request = parsed;
	return 0;
}

int version_bump_parse(const char *text, enum semver_level *ret, struct gk_error *err)
{
	static const char *const names[] = {"major", "minor", "patch"};
	char shown[TEXT_QUOTE_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(text, names[i]) == 0) {
			*ret = (enum semver_level)i;
			return 0;
		}
	}
	return gk_error_set(err, GK_USAGE, "%s is no bump: write major, minor or patch",
			    text_quote(text, shown));
}

static bool is_numeric(const char *identifier)
{
	while (text_is_digit(*identifier))
		identifier++;
	return !*identifier;
}

static const char *last_identifier(const char *prerelease)
{
	const char *dot = strrchr(prerelease, '.');

	return dot ? dot + 1 : prerelease;
}

int version_request_set_prerelease(struct version_request *request, const char *name,
				   struct gk_error *err)
{
	char text[SEMVER_TEXT_SIZE], shown[TEXT_QUOTE_SIZE];
	struct semver sample = {0};
	int length = snprintf(text, sizeof(text), "0.0.0-%s.1", name);

	if (request->kind == VERSION_EXACT)
		return exact_with_name(request, err);
	if (length > SEMVER_TEXT_MAX)
		return gk_error_set(err, GK_USAGE, "pre-release name %s: a version has at most %d "
				    "bytes", text_quote(name, shown), SEMVER_TEXT_MAX);
	if (semver_parse(text, &sample, NULL) < 0 || sample.build[0])
		return gk_error_set(err, GK_USAGE, "pre-release name %s: write letters, digits and "
				    "dashes, with dots between: rc, beta.linux",
				    text_quote(name, shown));
	if (is_numeric(last_identifier(name)))
		return gk_error_set(err, GK_USAGE, "pre-release name %s ends in a number: goldkeep "
				    "counts by itself (rc gives rc.1, rc.2)",
				    text_quote(name, shown));
	snprintf(request->prerelease, sizeof(request->prerelease), "%s", name);
	return 0;
}

/* Sets the range of all keys that begin with the first `length` bytes of `key` and a byte from
 * `first` (inclusive) to `last` (exclusive). */
static void range_set(struct version_range *range, const char *key, size_t length, char first,
		      char last)
{
	struct version_range set = {0};

	memcpy(set.low, key, length);
	set.low[length] = first;
	memcpy(set.high, key, length);
	set.high[length] = last;
	*range = set;
}

void version_request_range(const struct version_request *request, struct version_range *ret)
{
	struct semver line = {.core = {request->line[0], request->line[1]}};
	bool of_minor = request->bump == SEMVER_PATCH;
	char key[SEMVER_KEY_SIZE];
	size_t length = 0;

	switch (request->kind) {
	case VERSION_BUMP: /* keys begin with a letter */
		range_set(ret, "", 0, 'a', '~');
		break;
	case VERSION_LINE: /* a dot ends each number, and / is the byte after it */
		length = strcspn(semver_key(&line, key), ".");
		if (of_minor)
			length += 1 + strcspn(key + length + 1, ".");
		range_set(ret, key, length, '.', '.' + 1);
		break;
	case VERSION_EXACT: /* no key is the beginning of another one */
		length = strlen(semver_key(&request->exact, key)) - 1;
		range_set(ret, key, length, key[length], (char)(key[length] + 1));
		break;
	}
}

/* Gives the version the pre-release name.number. */
static int set_prerelease(struct semver *version, const char *name, const char *number,
			  struct gk_error *err)
{
	char core[SEMVER_TEXT_SIZE], shown[TEXT_QUOTE_SIZE];
	struct semver bare = *version;
	size_t name_length = strlen(name);
	size_t number_length = strlen(number);
	size_t dot = name_length > 0 ? 1 : 0;
	char *to = version->prerelease;

	bare.prerelease[0] = bare.build[0] = '\0';
	if (strlen(semver_format(&bare, core)) + 1 + name_length + dot + number_length >
	    SEMVER_TEXT_MAX)
		return gk_error_set(err, GK_USAGE, "pre-release name %s: version %s with it and "
				    "number %s has more than %d bytes", text_quote(name, shown),
				    core, number, SEMVER_TEXT_MAX);
	to = mempcpy(to, name, name_length);
	to = mempcpy(to, ".", dot);
	memcpy(to, number, number_length + 1);
	return 0;
}

int version_choose(const struct version_request *request, const struct semver *top,
		   struct semver *ret, struct gk_error *err)
{
	struct semver chosen = {.core = {0, 1, 0}};

	if (request->kind == VERSION_EXACT) {
		*ret = request->exact;
		return 0;
	}
	if (top) {
		if (semver_increment(top, request->bump, &chosen, err) < 0)
			return -1;
	} else if (request->kind == VERSION_LINE) {
		chosen.core[SEMVER_MAJOR] = request->line[0];
		chosen.core[SEMVER_MINOR] = request->bump == SEMVER_PATCH ? request->line[1] : 0;
	}
	if (request->prerelease[0] &&
	    set_prerelease(&chosen, request->prerelease, "1", err) < 0)
		return -1;
	*ret = chosen;
	return 0;
}

/* The pre-release without the number behind it, into name[SEMVER_TEXT_SIZE]; returns name. */
static const char *prerelease_name(const struct semver *version, char *name)
{
	const char *last = last_identifier(version->prerelease);
	size_t length = (size_t)(last - version->prerelease);

	memcpy(name, version->prerelease, SEMVER_TEXT_SIZE);
	if (is_numeric(last))
		name[length > 0 ? length - 1 : 0] = '\0';
	return name;
}

void version_prerelease_range(const struct semver *version, struct version_range *ret)
{
	struct semver named = *version;
	char key[SEMVER_KEY_SIZE];
	size_t length = 0;

	prerelease_name(version, named.prerelease);
	length = strlen(semver_key(&named, key)) - 1;
	if (!semver_is_prerelease(&named))
		key[length++] = '-';
	/* Where the key of the name alone ends, numbers show N and other identifiers S. */
	range_set(ret, key, length, 'N', 'N' + 1);
}

/* Writes the number after digits[length] into next[SEMVER_TEXT_SIZE]; it may be of any size. */
static void next_number(const char *digits, size_t length, char *next)
{
	size_t i = length;

	next[0] = '0';
	memcpy(next + 1, digits, length);
	next[length + 1] = '\0';
	while (next[i] == '9')
		next[i--] = '0';
	next[i]++;
	if (next[0] == '0')
		memmove(next, next + 1, length + 1);
}

int version_continue(struct semver *version, const struct semver *top, struct gk_error *err)
{
	char name[SEMVER_TEXT_SIZE], next[SEMVER_TEXT_SIZE + 1];
	size_t length = 0, digits = 0;
	const char *number = NULL;

	if (!top)
		return 0;
	length = strlen(prerelease_name(version, name));
	number = top->prerelease + (length > 0 ? length + 1 : 0);
	if (strncmp(top->prerelease, name, length) != 0 ||
	    (length > 0 && top->prerelease[length] != '.'))
		return gk_error_set(err, GK_FAILED, "the highest pre-release has another name than "
				    "the one to count on");
	digits = strspn(number, "0123456789");
	if (digits == 0 || (number[digits] && number[digits] != '.'))
		return gk_error_set(err, GK_FAILED, "the highest pre-release has no number to "
				    "count on from");
	next_number(number, digits, next);
	return set_prerelease(version, name, next, err);
}
