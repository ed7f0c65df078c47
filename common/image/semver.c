#include "image/semver.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "image/text.h"

enum { CORE_DIGITS_MAX = 18, CORE_COUNT = 3 };

#define CORE_MAX UINT64_C(999999999999999999)

static const char *const core_names[CORE_COUNT] = {"major", "minor", "patch"};

static bool is_identifier_character(char c)
{
	return text_is_alphanumeric(c) || c == '-';
}

static bool is_numeric(const char *identifier, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!text_is_digit(identifier[i]))
			return false;
	return length > 0;
}

static size_t count_digits(const char *text)
{
	size_t digits = 0;

	while (text_is_digit(text[digits]))
		digits++;
	return digits;
}

/* Says why there is no number that semver_parse could read at `at`. */
static int number_error(const char *text, const char *at, int level, struct gk_error *err)
{
	char shown[TEXT_QUOTE_SIZE], bad[TEXT_QUOTE_SIZE];
	size_t digits = count_digits(at);
	const char *name = core_names[level];

	text_quote(text, shown);
	if (digits > 1 && at[0] == '0')
		return gk_error_set(err, GK_USAGE, "%s: leading zero in the %s number", shown,
				    name);
	if (digits > CORE_DIGITS_MAX)
		return gk_error_set(err, GK_USAGE, "%s: more than %d digits in the %s number",
				    shown, CORE_DIGITS_MAX, name);
	if (!*at || strchr(".-+", *at))
		return gk_error_set(err, GK_USAGE, "%s: the %s number is missing", shown, name);
	return gk_error_set(err, GK_USAGE, "%s: %s in place of the %s number", shown,
			    text_quote_character(at, bad), name);
}

/* Says what is wrong with a character behind a number of the core. */
static int separator_error(const char *text, const char *at, int level, struct gk_error *err)
{
	static const char *const counts[] = {"one number", "two numbers"};
	char shown[TEXT_QUOTE_SIZE], bad[TEXT_QUOTE_SIZE];

	text_quote(text, shown);
	if (level < SEMVER_PATCH && (!*at || *at == '-' || *at == '+'))
		return gk_error_set(err, GK_USAGE, "%s has %s: a version has three", shown,
				    counts[level]);
	if (level == SEMVER_PATCH && *at == '.')
		return gk_error_set(err, GK_USAGE, "%s has more than three numbers", shown);
	return gk_error_set(err, GK_USAGE, "%s: %s behind the %s number", shown,
			    text_quote_character(at, bad), core_names[level]);
}

/* Reads the three numbers; *at is left behind them. */
static int parse_core(const char *text, const char **at, uint64_t *core, struct gk_error *err)
{
	for (int level = SEMVER_MAJOR; level <= SEMVER_PATCH; level++) {
		size_t digits = text_number(*at, &core[level]);

		if (digits == 0)
			return number_error(text, *at, level, err);
		*at += digits;
		if (level < SEMVER_PATCH ? **at != '.' : **at && !strchr("-+", **at))
			return separator_error(text, *at, level, err);
		if (level < SEMVER_PATCH)
			++*at;
	}
	return 0;
}

/* Says what is wrong with the identifier of that length at `at`. */
static int identifier_error(const char *text, const char *at, size_t length, char end,
			    struct gk_error *err)
{
	char shown[TEXT_QUOTE_SIZE], bad[TEXT_QUOTE_SIZE];
	const char *part = end ? "pre-release" : "build metadata";
	char after = at[length];

	text_quote(text, shown);
	if (after && after != '.' && after != end)
		return gk_error_set(err, GK_USAGE, "%s: %s in the %s", shown,
				    text_quote_character(at + length, bad), part);
	if (length == 0)
		return gk_error_set(err, GK_USAGE, "%s: empty identifier in the %s", shown, part);
	return gk_error_set(err, GK_USAGE, "%s: leading zero in a number of the %s", shown, part);
}

/* Reads identifiers up to `end` or the end of the text into to[SEMVER_TEXT_SIZE]. */
static int parse_identifiers(const char *text, const char **at, char end, char *to,
			     struct gk_error *err)
{
	const char *start = *at;

	for (;;) {
		size_t length = 0;
		char after = '\0';

		while (is_identifier_character((*at)[length]))
			length++;
		after = (*at)[length];
		if (length == 0 || (after && after != '.' && after != end) ||
		    (end && length > 1 && **at == '0' && is_numeric(*at, length)))
			return identifier_error(text, *at, length, end, err);
		*at += length;
		if (after != '.')
			break;
		++*at;
	}
	memcpy(to, start, (size_t)(*at - start));
	return 0;
}

static int check_beginning(const char *text, struct gk_error *err)
{
	char shown[TEXT_QUOTE_SIZE], better[TEXT_QUOTE_SIZE];

	if (!*text)
		return gk_error_set(err, GK_USAGE, "a version is empty: write 1.2.3");
	if (strnlen(text, SEMVER_TEXT_SIZE) > SEMVER_TEXT_MAX)
		return gk_error_set(err, GK_USAGE, "%s: a version has at most %d bytes",
				    text_quote(text, shown), SEMVER_TEXT_MAX);
	if ((text[0] == 'v' || text[0] == 'V') && text_is_digit(text[1])) {
		text_quote(text + 1, better);
		better[strlen(better) - 1] = '\0';
		return gk_error_set(err, GK_USAGE, "%s starts with %c: write %s",
				    text_quote(text, shown), text[0], better + 1);
	}
	return 0;
}

int semver_parse(const char *text, struct semver *ret, struct gk_error *err)
{
	struct semver version = {0};
	const char *at = text;

	if (check_beginning(text, err) < 0 || parse_core(text, &at, version.core, err) < 0)
		return -1;
	if (*at == '-') {
		at++;
		if (parse_identifiers(text, &at, '+', version.prerelease, err) < 0)
			return -1;
	}
	if (*at == '+') {
		at++;
		if (parse_identifiers(text, &at, '\0', version.build, err) < 0)
			return -1;
	}
	*ret = version;
	return 0;
}

/* Appends separator and part. No parsed version is too long: one put together by hand is cut. */
static void append_part(char *text, char separator, const char *part)
{
	size_t n = strlen(text);
	size_t length = strlen(part);
	size_t room = SEMVER_TEXT_MAX - n;

	if (length == 0 || room == 0)
		return;
	text[n] = separator;
	length = length < room ? length : room - 1;
	memcpy(text + n + 1, part, length);
	text[n + 1 + length] = '\0';
}

const char *semver_format(const struct semver *version, char *text)
{
	snprintf(text, SEMVER_TEXT_SIZE, "%" PRIu64 ".%" PRIu64 ".%" PRIu64,
		 version->core[SEMVER_MAJOR], version->core[SEMVER_MINOR],
		 version->core[SEMVER_PATCH]);
	append_part(text, '-', version->prerelease);
	append_part(text, '+', version->build);
	return text;
}

static int compare_identifiers(const char *a, size_t a_length, const char *b, size_t b_length)
{
	bool a_numeric = is_numeric(a, a_length);
	bool b_numeric = is_numeric(b, b_length);
	size_t shorter = a_length < b_length ? a_length : b_length;
	int order = memcmp(a, b, shorter);

	if (a_numeric != b_numeric)
		return a_numeric ? -1 : 1;
	/* Numbers without leading zeros: the longer one is the larger one. */
	if (a_numeric && a_length != b_length)
		return a_length < b_length ? -1 : 1;
	if (order != 0)
		return order;
	return (a_length > b_length) - (a_length < b_length);
}

/* Neither is empty. */
static int compare_prereleases(const char *a, const char *b)
{
	for (;;) {
		size_t a_length = strcspn(a, ".");
		size_t b_length = strcspn(b, ".");
		int order = compare_identifiers(a, a_length, b, b_length);

		a += a_length;
		b += b_length;
		if (order != 0 || !*a || !*b)
			return order != 0 ? order : (*a != '\0') - (*b != '\0');
		a++;
		b++;
	}
}

int semver_compare(const struct semver *a, const struct semver *b)
{
	for (int level = SEMVER_MAJOR; level <= SEMVER_PATCH; level++)
		if (a->core[level] != b->core[level])
			return a->core[level] < b->core[level] ? -1 : 1;
	if (!a->prerelease[0] || !b->prerelease[0])
		return (b->prerelease[0] != '\0') - (a->prerelease[0] != '\0');
	return compare_prereleases(a->prerelease, b->prerelease);
}

bool semver_is_prerelease(const struct semver *version)
{
	return version->prerelease[0] != '\0';
}

bool semver_same_core(const struct semver *a, const struct semver *b)
{
	return memcmp(a->core, b->core, sizeof(a->core)) == 0;
}

/* NUM(d): the length code and then the digits. */
static char *put_number(char *to, const char *digits, size_t length)
{
	size_t n = length - 1;

	for (; n >= 25; n -= 25)
		*to++ = 'z';
	*to++ = (char)('a' + n);
	return (char *)mempcpy(to, digits, length);
}

static char *put_core(char *to, const uint64_t *core)
{
	for (int level = SEMVER_MAJOR; level <= SEMVER_PATCH; level++) {
		char digits[24];
		int length = snprintf(digits, sizeof(digits), "%" PRIu64, core[level]);

		if (level > SEMVER_MAJOR)
			*to++ = '.';
		to = put_number(to, digits, (size_t)length);
	}
	return to;
}

static char *put_identifier(char *to, const char *identifier, size_t length)
{
	if (is_numeric(identifier, length)) {
		*to++ = 'N';
		return put_number(to, identifier, length);
	}
	*to++ = 'S';
	to = mempcpy(to, identifier, length);
	*to++ = ',';
	return to;
}

const char *semver_key(const struct semver *version, char *key)
{
	const char *identifier = version->prerelease;
	char *to = put_core(key, version->core);

	*to++ = *identifier ? '-' : '~';
	while (*identifier) {
		size_t length = strcspn(identifier, ".");

		to = put_identifier(to, identifier, length);
		identifier += length;
		if (*identifier == '.')
			identifier++;
		else
			*to++ = '!';
	}
	*to = '\0';
	return key;
}

/* A pre-release whose lower numbers are zero stands before its own release at that level. */
static bool is_before_its_release(const struct semver *version, enum semver_level level)
{
	for (int lower = (int)level + 1; lower <= SEMVER_PATCH; lower++)
		if (version->core[lower] != 0)
			return false;
	return semver_is_prerelease(version);
}

int semver_increment(const struct semver *version, enum semver_level level, struct semver *ret,
		     struct gk_error *err)
{
	struct semver next = {.core = {version->core[SEMVER_MAJOR], version->core[SEMVER_MINOR],
				       version->core[SEMVER_PATCH]}};
	char text[SEMVER_TEXT_SIZE], shown[TEXT_QUOTE_SIZE];

	if (!is_before_its_release(version, level)) {
		if (next.core[level] >= CORE_MAX)
			return gk_error_set(err, GK_FAILED,
					    "%s: the next %s number would have more than %d digits",
					    text_quote(semver_format(version, text), shown),
					    core_names[level], CORE_DIGITS_MAX);
		next.core[level]++;
	}
	for (int lower = (int)level + 1; lower <= SEMVER_PATCH; lower++)
		next.core[lower] = 0;
	*ret = next;
	return 0;
}
