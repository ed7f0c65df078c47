/* Versions, ranges, selectors and requests for versions, one in every field: order and sort keys
 * agree, and what is read and written down again is read the same. */
#include "image/range.h"
#include "image/release.h"
#include "image/selector.h"
#include "image/version.h"

#include "base/mem.h"
#include "base/tests/fuzz/fuzz.h"

static int sign(int number)
{
	return (number > 0) - (number < 0);
}

static void check_order(const struct semver *a, const struct semver *b)
{
	char a_key[SEMVER_KEY_SIZE], b_key[SEMVER_KEY_SIZE];
	int order = semver_compare(a, b);

	fuzz_check(sign(order) == -sign(semver_compare(b, a)));
	fuzz_check(sign(order) == sign(strcmp(semver_key(a, a_key), semver_key(b, b_key))));
}

static void check_increment(const struct semver *version)
{
	for (enum semver_level level = SEMVER_MAJOR; level <= SEMVER_PATCH; level++) {
		struct semver next;
		struct gk_error err = {0};

		if (semver_increment(version, level, &next, &err) < 0) {
			fuzz_check_error(&err);
			continue;
		}
		fuzz_check(semver_compare(version, &next) < 0 && !semver_is_prerelease(&next));
	}
}

/* `last` is the version before this one. */
static void check_version(const char *text, struct semver *last)
{
	struct semver version = {0};
	struct range range = {0};
	struct gk_error err = {0};
	char again[SEMVER_TEXT_SIZE];

	if (semver_parse(text, &version, &err) < 0) {
		fuzz_check(err.code == GK_USAGE);
		fuzz_check_error(&err);
		return;
	}
	fuzz_check(strcmp(semver_format(&version, again), text) == 0);
	fuzz_check(range_parse(text, &range, NULL) == 0 && range.exact);
	fuzz_check(range_has(&range, &version));
	check_order(&version, last);
	check_increment(&version);
	*last = version;
}

static void check_range(const char *text, const struct semver *last)
{
	struct range range = {0};
	struct gk_error err = {0};

	if (range_parse(text, &range, &err) < 0) {
		fuzz_check(err.code == GK_USAGE);
		fuzz_check_error(&err);
		return;
	}
	fuzz_check(range.count <= RANGE_COMPARATORS_MAX && (!range.exact || range.count == 1));
	/* Without comparators any release is meant. */
	if (range.count == 0)
		fuzz_check(range_has(&range, last) == !semver_is_prerelease(last));
	if (range.exact && range_has(&range, last))
		fuzz_check(semver_compare(&range.comparators[0].version, last) == 0);
}

static void check_selector(const char *text)
{
	_cleanup_(selector_done) struct selector selector = {0};
	struct gk_error err = {0};

	if (selector_parse(text, &selector, &err) < 0) {
		fuzz_check(err.code == GK_USAGE);
		fuzz_check_error(&err);
		return;
	}
	fuzz_check(family_check(selector.family, NULL) == 0);
	fuzz_check(!selector.channel || channel_check(selector.channel, NULL) == 0);
}

/* What is chosen behind the highest version is higher. */
static void check_request(const char *text, const struct semver *top)
{
	struct version_request request = {0};
	struct version_range range = {0};
	struct semver chosen = {0};
	char key[SEMVER_KEY_SIZE];
	struct gk_error err = {0};

	if (version_request_parse(text, &request, &err) < 0 ||
	    version_choose(&request, NULL, &chosen, &err) < 0) {
		fuzz_check_error(&err);
		return;
	}
	if (request.kind == VERSION_EXACT)
		return;
	version_request_range(&request, &range);
	semver_key(top, key);
	if (strcmp(key, range.low) < 0 || strcmp(key, range.high) >= 0)
		return;
	if (version_choose(&request, top, &chosen, &err) < 0)
		fuzz_check_error(&err);
	else
		fuzz_check(semver_compare(&chosen, top) > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	struct semver last = {0};
	char *rest = text;
	const char *field = NULL;

	while ((field = fuzz_take_field(&rest))) {
		check_version(field, &last);
		check_range(field, &last);
		check_selector(field);
		check_request(field, &last);
	}
	return 0;
}
