/* Plans of families drawn by lot: what holds for every plan; a slow second reading of the rules. */
#include "image/plan.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/tests/unit.h"
#include "image/tests/testdata.h"

enum { FAMILIES = 20000, RELEASES_MAX = 14, CHANNELS = 3, DAY = 86400 };

#define NOW ((time_t)1795186694)

struct family {
	uint64_t seed; /* state of the lot; tells which family it was in a message */
	struct release releases[RELEASES_MAX];
	size_t count;
	struct channel channels[CHANNELS];
	struct channel_list channel_list;
	struct plan_facts facts[RELEASES_MAX];
	char *reasons[RELEASES_MAX];
	size_t facts_count;
	struct policy policy;
	const char *run;
};

static char held[] = "audit";
static char revoked[] = "leaks keys";
static char reason[] = "in use: instance i-0";
static char run_names[RELEASES_MAX][4];
static char channel_names[CHANNELS][4] = {"a", "b", "c"};

/* True in one of n. */
static bool one_in(struct family *family, uint64_t n)
{
	return testdata_random(&family->seed, n) == 0;
}

static bool has_version(const struct family *family, const struct semver *version)
{
	for (size_t i = 0; i < family->count; i++)
		if (semver_compare(&family->releases[i].version, version) == 0)
			return true;
	return false;
}

static void add_release(struct family *f)
{
	struct release *release = &f->releases[f->count];
	struct semver version = {.core = {1, testdata_random(&f->seed, 2),
					  testdata_random(&f->seed, 4)}};

	if (one_in(f, 2))
		snprintf(version.prerelease, sizeof(version.prerelease), "rc.%d",
			 (int)testdata_random(&f->seed, 12));
	if (has_version(f, &version))
		return;
	snprintf(run_names[f->count], sizeof(run_names[0]), "r%zu", f->count);
	*release = (struct release){
		.version = version,
		.state = one_in(f, 2) ? RELEASE_LIVE
				      : (enum release_state)testdata_random(&f->seed, 6),
		.created_at = NOW - (time_t)testdata_random(&f->seed, 40) * DAY / 2,
		.held = one_in(f, 10) ? held : NULL,
		.revoked = one_in(f, 8) ? revoked : NULL,
		.run = run_names[f->count],
	};
	f->count++;
}

static struct duration random_days(struct family *f)
{
	return (struct duration){.days = (int)testdata_random(&f->seed, 15)};
}

static void draw_policy(struct family *f)
{
	policy_init(&f->policy);
	f->policy.given = !one_in(f, 20);
	f->policy.keep_last = (int)testdata_random(&f->seed, 5);
	f->policy.keep_prereleases = (int)testdata_random(&f->seed, 4);
	f->policy.max_remove = INT_MAX;
	if (one_in(f, 2) || f->policy.keep_last == 0)
		f->policy.keep_within = (struct duration){
			.days = 1 + (int)testdata_random(&f->seed, 15)};
	if (one_in(f, 3))
		f->policy.min_age = random_days(f);
}

static void draw_family(uint64_t seed, struct family *f)
{
	*f = (struct family){.seed = seed};
	for (int i = 0; i < RELEASES_MAX; i++)
		add_release(f);
	draw_policy(f);
	if (one_in(f, 2))
		f->run = f->releases[testdata_random(&f->seed, f->count)].run;
	f->channel_list.items = f->channels;
	while (f->channel_list.count < CHANNELS && one_in(f, 2)) {
		struct channel *channel = &f->channels[f->channel_list.count];
		const struct release *named =
			&f->releases[testdata_random(&f->seed, f->count)];

		channel->name = channel_names[f->channel_list.count++];
		channel->version = named->version;
	}
	for (size_t i = 0; i < f->count; i++) {
		if (!one_in(f, 6))
			continue;
		f->reasons[f->facts_count] = reason;
		f->facts[f->facts_count] = (struct plan_facts){
			.version = f->releases[i].version,
			.blocks = {&f->reasons[f->facts_count], 1}};
		f->facts_count++;
	}
}

static int make(const struct family *f, struct plan *plan)
{
	const struct plan_input input = {
		.releases = f->releases, .release_count = f->count,
		.channels = &f->channel_list, .policy = &f->policy, .run = f->run,
		.facts = f->facts, .facts_count = f->facts_count, .now = NOW,
	};

	return plan_make(&input, plan, NULL);
}

/* The rules once more, one release at a time. */

static bool is_release(const struct release *r)
{
	return !r->version.prerelease[0];
}

static bool is_counted(const struct release *r)
{
	return !r->revoked && (r->state == RELEASE_LIVE || r->state == RELEASE_DEPRECATED ||
			       r->state == RELEASE_DISABLED);
}

static bool core_is_released(const struct family *f, const struct release *r)
{
	for (size_t i = 0; i < f->count; i++) {
		const struct release *other = &f->releases[i];

		if (is_release(other) && other->state != RELEASE_PENDING &&
		    semver_same_core(&other->version, &r->version))
			return true;
	}
	return false;
}

/* How many that are counted and newer; of the same kind, and with pre-releases of the same core. */
static int newer_than(const struct family *f, const struct release *r)
{
	int count = 0;

	for (size_t i = 0; i < f->count; i++) {
		const struct release *other = &f->releases[i];

		count += is_counted(other) && is_release(other) == is_release(r) &&
			 (is_release(r) || semver_same_core(&other->version, &r->version)) &&
			 semver_compare(&other->version, &r->version) > 0;
	}
	return count;
}

static bool is_within(const struct family *f, const struct release *r)
{
	time_t newest = 0;

	for (size_t i = 0; i < f->count; i++)
		if (f->releases[i].state != RELEASE_RETIRED && !f->releases[i].revoked &&
		    f->releases[i].created_at > newest)
			newest = f->releases[i].created_at;
	return newest - r->created_at < (time_t)f->policy.keep_within.days * DAY;
}

static bool is_kept_by_rules(const struct family *f, const struct release *r)
{
	if (!is_counted(r) || (!is_release(r) && core_is_released(f, r)))
		return false;
	return is_within(f, r) ||
	       newer_than(f, r) < (is_release(r) ? f->policy.keep_last
						 : f->policy.keep_prereleases);
}

static bool is_newest_live(const struct family *f, const struct release *r)
{
	for (size_t i = 0; i < f->count; i++) {
		const struct release *other = &f->releases[i];

		if (other->state == RELEASE_LIVE && !other->revoked &&
		    is_release(other) >= is_release(r) &&
		    (is_release(other) > is_release(r) ||
		     semver_compare(&other->version, &r->version) > 0))
			return false;
	}
	return r->state == RELEASE_LIVE && !r->revoked;
}

static bool is_kept_always(const struct family *f, const struct release *r)
{
	for (size_t i = 0; i < f->channel_list.count; i++)
		if (semver_compare(&f->channels[i].version, &r->version) == 0)
			return true;
	return !f->policy.given || (f->run && strcmp(f->run, r->run) == 0) || r->held ||
	       r->state == RELEASE_PENDING || is_newest_live(f, r) ||
	       NOW - r->created_at < (time_t)f->policy.min_age.days * DAY;
}

static bool is_blocked(const struct family *f, const struct release *r)
{
	for (size_t i = 0; i < f->facts_count; i++)
		if (semver_compare(&f->facts[i].version, &r->version) == 0)
			return true;
	return false;
}

static enum plan_action expected_action(const struct family *f, const struct release *r)
{
	if (r->state != RELEASE_RETIRING && (is_kept_always(f, r) || is_kept_by_rules(f, r)))
		return PLAN_KEEP;
	return is_blocked(f, r) ? PLAN_BLOCKED : PLAN_REMOVE;
}

static size_t count_alive(const struct family *f)
{
	size_t count = 0;

	for (size_t i = 0; i < f->count; i++)
		count += f->releases[i].state != RELEASE_RETIRED;
	return count;
}

static void check_plan(const struct family *f, const struct plan *plan)
{
	assert_int_equal(plan->count, count_alive(f));
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_entry *entry = &plan->entries[i];
		bool begun = entry->release->state == RELEASE_RETIRING;
		char text[SEMVER_TEXT_SIZE];

		if (i > 0)
			assert_true(semver_compare(&entry[-1].release->version,
						   &entry->release->version) > 0);
		if (entry->action != expected_action(f, entry->release))
			fail_msg("%s: %d instead of %d",
				 semver_format(&entry->release->version, text), entry->action,
				 expected_action(f, entry->release));
		assert_int_equal(entry->reasons.count > 0, begun || entry->action != PLAN_REMOVE);
	}
}

static enum plan_action action_of(const struct plan *plan, const struct release *release)
{
	for (size_t i = 0; i < plan->count; i++)
		if (semver_compare(&plan->entries[i].release->version, &release->version) == 0)
			return plan->entries[i].action;
	return PLAN_KEEP; /* retired */
}

/* What `more` keeps in addition to what the family's policy keeps; nothing less. */
static void check_more_rules(const struct family *f, const struct plan *plan)
{
	_cleanup_(plan_done) struct plan larger = {0};
	struct family more = *f;

	more.channel_list.items = more.channels;
	switch (testdata_random(&more.seed, 4)) {
	case 0:
		more.policy.keep_last += 1 + (int)testdata_random(&more.seed, 3);
		break;
	case 1:
		more.policy.keep_within.days += 1 + (int)testdata_random(&more.seed, 9);
		break;
	case 2:
		more.policy.keep_prereleases++;
		break;
	default:
		more.policy.min_age.days += 1 + (int)testdata_random(&more.seed, 9);
		break;
	}
	assert_int_equal(make(&more, &larger), 0);
	for (size_t i = 0; i < f->count; i++)
		if (action_of(&larger, &f->releases[i]) == PLAN_REMOVE)
			assert_int_equal(action_of(plan, &f->releases[i]), PLAN_REMOVE);
}

/* When what was to be removed is gone, nothing more is to be removed. */
static void check_again(const struct family *f, const struct plan *plan)
{
	_cleanup_(plan_done) struct plan again = {0};
	struct family after = *f;

	after.channel_list.items = after.channels;
	for (size_t i = 0; i < f->count; i++)
		if (action_of(plan, &f->releases[i]) == PLAN_REMOVE)
			after.releases[i].state = RELEASE_RETIRED;
	assert_int_equal(make(&after, &again), 0);
	for (size_t i = 0; i < again.count; i++)
		assert_int_not_equal(again.entries[i].action, PLAN_REMOVE);
}

static void check_same(const struct plan *a, const struct plan *b)
{
	assert_int_equal(a->count, b->count);
	for (size_t i = 0; i < a->count; i++) {
		const struct plan_entry *one = &a->entries[i], *other = &b->entries[i];

		assert_int_equal(one->action, other->action);
		assert_int_equal(semver_compare(&one->release->version, &other->release->version),
				 0);
		assert_int_equal(one->reasons.count, other->reasons.count);
		for (size_t j = 0; j < one->reasons.count; j++)
			assert_string_equal(one->reasons.items[j], other->reasons.items[j]);
	}
}

static void check_other_order(const struct family *f, const struct plan *plan)
{
	_cleanup_(plan_done) struct plan again = {0};
	struct family other = *f;

	other.channel_list.items = other.channels;
	for (size_t i = other.count; i > 1; i--) {
		size_t j = testdata_random(&other.seed, i);
		struct release moved = other.releases[j];

		other.releases[j] = other.releases[i - 1];
		other.releases[i - 1] = moved;
	}
	for (size_t i = 0, j = other.channel_list.count; i + 1 < j; i++, j--) {
		struct channel moved = other.channels[i];

		other.channels[i] = other.channels[j - 1];
		other.channels[j - 1] = moved;
	}
	assert_int_equal(make(&other, &again), 0);
	check_same(plan, &again);
}

/* Refused exactly when more would go than may. */
static void check_ceiling(const struct family *f, const struct plan *plan)
{
	_cleanup_(plan_done) struct plan again = {0};
	struct family limited = *f;
	int removed = 0;

	limited.channel_list.items = limited.channels;
	for (size_t i = 0; i < plan->count; i++)
		removed += plan->entries[i].action == PLAN_REMOVE &&
			   plan->entries[i].release->state != RELEASE_RETIRING;
	limited.policy.max_remove = (int)testdata_random(&limited.seed, 6);
	assert_int_equal(make(&limited, &again),
			 removed > limited.policy.max_remove ? -1 : 0);
}

static void test_families(void **state)
{
	uint64_t seed = testdata_seed();
	size_t removed = 0, blocked = 0, kept = 0;

	(void)state;
	for (int i = 0; i < FAMILIES; i++) {
		_cleanup_(plan_done) struct plan plan = {0};
		struct family family;

		draw_family(seed + (uint64_t)i, &family);
		assert_int_equal(make(&family, &plan), 0);
		check_plan(&family, &plan);
		check_more_rules(&family, &plan);
		check_again(&family, &plan);
		check_other_order(&family, &plan);
		check_ceiling(&family, &plan);
		for (size_t j = 0; j < plan.count; j++) {
			kept += plan.entries[j].action == PLAN_KEEP;
			removed += plan.entries[j].action == PLAN_REMOVE;
			blocked += plan.entries[j].action == PLAN_BLOCKED;
		}
	}
	print_message("%zu kept, %zu removed, %zu blocked\n", kept, removed, blocked);
	assert_true(kept > FAMILIES && removed > FAMILIES && blocked > FAMILIES / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_families),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
