#include "image/range.h"

#include <string.h>

#include "base/mem.h"
#include "image/text.h"

enum { CORE_COUNT = SEMVER_PATCH + 1 };

/* A version of which the numbers on the right may be open. */
struct partial {
	struct semver version; /* open numbers are zero */
	int known;             /* numbers that are not open; 0: any version */
};

static bool is_wildcard(char c)
{
	return c == 'x' || c == 'X' || c == '*';
}

/* Behind the first wildcard only wildcards may stand. */
static int parse_wildcards(const char *text, const char *at, int level, struct gk_error *err)
{
	char shown[TEXT_QUOTE_SIZE], bad[TEXT_QUOTE_SIZE];

	for (at++; *at == '.' && is_wildcard(at[1]) && ++level < CORE_COUNT;)
		at += 2;
	text_quote(text, shown);
	if (level == CORE_COUNT || (level == SEMVER_PATCH && *at == '.'))
		return gk_error_set(err, GK_USAGE, "%s has more than three numbers", shown);
	if (*at == '.' && text_is_digit(at[1]))
		return gk_error_set(err, GK_USAGE, "%s: a number behind a wildcard", shown);
	if (*at)
		return gk_error_set(err, GK_USAGE, "%s: %s behind a wildcard", shown,
				    text_quote_character(at, bad));
	return 0;
}

/* What is no partial version is told by semver_parse, which stumbles in the same place. */
static int parse_partial(const char *text, struct partial *ret, struct gk_error *err)
{
	struct partial partial = {0};
	const char *at = text;

	for (int level = SEMVER_MAJOR; level < SEMVER_PATCH; level++, at++) {
		size_t digits = 0;

		if (is_wildcard(*at)) {
			*ret = partial;
			return parse_wildcards(text, at, level, err);
		}
		digits = text_number(at, &partial.version.core[level]);
		at += digits;
		partial.known = level + 1;
		if (digits > 0 && !*at) {
			*ret = partial;
			return 0;
		}
		if (digits == 0 || *at != '.')
			return semver_parse(text, &partial.version, err);
	}
	*ret = partial;
	if (is_wildcard(*at))
		return parse_wildcards(text, at, SEMVER_PATCH, err);
	ret->known = CORE_COUNT;
	return semver_parse(text, &ret->version, err);
}

static int add(struct range *range, enum range_operator operator, const struct semver *version,
	       struct gk_error *err)
{
	if (range->count == RANGE_COMPARATORS_MAX)
		return gk_error_set(err, GK_USAGE, "a range has at most %d comparators",
				    RANGE_COMPARATORS_MAX);
	range->comparators[range->count++] = (struct range_comparator){operator, *version};
	return 0;
}

/* The first version that has another number there, below its own pre-releases. A core number has
 * room for one digit more than a version that was read. */
static struct semver next_core(const struct semver *version, int level)
{
	struct semver next = {.prerelease = "0"};

	memcpy(next.core, version->core, (size_t)level * sizeof(next.core[0]));
	next.core[level] = version->core[level] + 1;
	return next;
}

/* From the version to below the next one at that level. */
static int add_span(struct range *range, const struct partial *from, int level,
		    struct gk_error *err)
{
	struct semver end = next_core(&from->version, level);

	if (add(range, RANGE_FROM, &from->version, err) < 0)
		return -1;
	return add(range, RANGE_BELOW, &end, err);
}

/* The leftmost number that is not zero, or the last one that is known. */
static int caret_level(const struct partial *partial)
{
	int level = SEMVER_MAJOR;

	while (level + 1 < partial->known && partial->version.core[level] == 0)
		level++;
	return level;
}

static int tilde_level(const struct partial *partial)
{
	return partial->known == 1 ? SEMVER_MAJOR : SEMVER_MINOR;
}

/* An order with a version that is not complete is one with all the versions it stands for. */
static int add_order(struct range *range, enum range_operator operator,
		     const struct partial *partial, struct gk_error *err)
{
	struct semver first = partial->version;
	struct semver end;

	if (partial->known == CORE_COUNT)
		return add(range, operator, &partial->version, err);
	end = next_core(&partial->version, partial->known - 1);
	memcpy(first.prerelease, "0", sizeof("0"));
	switch (operator) {
	case RANGE_BELOW:
		return add(range, RANGE_BELOW, &first, err);
	case RANGE_UP_TO:
		return add(range, RANGE_BELOW, &end, err);
	case RANGE_ABOVE:
		end.prerelease[0] = '\0';
		return add(range, RANGE_FROM, &end, err);
	case RANGE_FROM:
	case RANGE_EQUAL:
		break;
	}
	return add(range, RANGE_FROM, &partial->version, err);
}

static int add_equal(struct range *range, const struct partial *partial, struct gk_error *err)
{
	if (partial->known < CORE_COUNT)
		return add_span(range, partial, partial->known - 1, err);
	return add(range, RANGE_EQUAL, &partial->version, err);
}

/* Longer signs stand before those they begin with. */
static const struct sign {
	const char *text;
	enum range_operator operator; /* of an order */
} signs[] = {
	{">=", RANGE_FROM}, {"<=", RANGE_UP_TO}, {">", RANGE_ABOVE}, {"<", RANGE_BELOW},
	{"^", RANGE_EQUAL}, {"~", RANGE_EQUAL},  {"=", RANGE_EQUAL}, {"", RANGE_EQUAL},
};

static const struct sign *find_sign(const char *text)
{
	const struct sign *sign = signs;

	while (strncmp(text, sign->text, strlen(sign->text)) != 0)
		sign++;
	return sign;
}

static int add_word(struct range *range, const struct sign *sign, const char *word,
		    struct gk_error *err)
{
	struct partial partial;

	if (parse_partial(word, &partial, err) < 0)
		return -1;
	if (partial.known == 0) {
		if (sign->operator == RANGE_ABOVE || sign->operator == RANGE_BELOW)
			return gk_error_set(err, GK_USAGE, "'%s%s': no version is %s every version",
					    sign->text, word,
					    *sign->text == '>' ? "above" : "below");
		return 0;
	}
	if (*sign->text == '^')
		return add_span(range, &partial, caret_level(&partial), err);
	if (*sign->text == '~')
		return add_span(range, &partial, tilde_level(&partial), err);
	if (sign->operator == RANGE_EQUAL)
		return add_equal(range, &partial, err);
	return add_order(range, sign->operator, &partial, err);
}

/* What other tools write, and what to write instead. */
static int check_signs(const char *text, struct gk_error *err)
{
	static const struct {
		const char *sign, *advice;
	} foreign[] = {
		{"||", "|| is not known: ask for one range at a time"},
		{",", "no comma: write a space between comparators"},
		{" - ", "no span with -: write >=1.2 <=2.0"},
		{"~>", "~> is not known: write ~1.4.2 or ^1.4"},
	};
	char shown[TEXT_QUOTE_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++)
		if (strstr(text, foreign[i].sign))
			return gk_error_set(err, GK_USAGE, "range %s: %s", text_quote(text, shown),
					    foreign[i].advice);
	return 0;
}

/* Reads one comparator; a space may stand behind its sign. Returns what is behind it, or NULL. */
static const char *parse_comparator(const char *at, struct range *range, struct gk_error *err)
{
	const struct sign *sign = find_sign(at);
	char word[2 * SEMVER_TEXT_SIZE] = "";
	size_t length = 0;

	at += strlen(sign->text);
	at += strspn(at, " ");
	length = strcspn(at, " ");
	if (length == 0) {
		gk_error_set(err, GK_USAGE, "there is no version behind %s", sign->text);
		return NULL;
	}
	memcpy(word, at, length < sizeof(word) ? length : sizeof(word) - 1);
	return add_word(range, sign, word, err) < 0 ? NULL : at + length;
}

int range_parse(const char *text, struct range *ret, struct gk_error *err)
{
	struct range range = {0};
	const char *at = text + strspn(text, " ");
	char shown[TEXT_QUOTE_SIZE];
	size_t words = 0;

	if (!*at)
		return gk_error_set(err, GK_USAGE, "a range is empty: write * for any version");
	if (check_signs(text, err) < 0)
		return -1;
	for (; at && *at; words++) {
		at = parse_comparator(at, &range, err);
		at = at ? at + strspn(at, " ") : NULL;
	}
	if (!at)
		return gk_error_wrap(err, "range %s", text_quote(text, shown));
	range.exact = words == 1 && range.count == 1 &&
		      range.comparators[0].operator == RANGE_EQUAL;
	*ret = range;
	return 0;
}

static bool holds(const struct range_comparator *comparator, const struct semver *version)
{
	int order = semver_compare(version, &comparator->version);

	switch (comparator->operator) {
	case RANGE_EQUAL:
		return order == 0;
	case RANGE_BELOW:
		return order < 0;
	case RANGE_UP_TO:
		return order <= 0;
	case RANGE_ABOVE:
		return order > 0;
	case RANGE_FROM:
		return order >= 0;
	}
	return false;
}

bool range_has(const struct range *range, const struct semver *version)
{
	bool named = !semver_is_prerelease(version);

	for (size_t i = 0; i < range->count; i++) {
		const struct semver *other = &range->comparators[i].version;

		if (!holds(&range->comparators[i], version))
			return false;
		named = named || (semver_is_prerelease(other) && semver_same_core(other, version));
	}
	return named;
}
