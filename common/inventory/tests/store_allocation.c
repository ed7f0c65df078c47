#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/mem.h"
#include "base/tests/unit.h"
#include "inventory/tests/store_helpers.h"
#include "inventory/tests/store_suite.h"

enum { PROCESSES = 40 };

static void test_allocate_versions(void **state)
{
	static const struct {
		const char *request, *prerelease, *version; /* version NULL: a conflict */
	} rows[] = {
		{"patch", "", "0.1.0"},      {"patch", "", "0.1.1"},
		{"minor", "rc", "0.2.0-rc.1"}, {"minor", "rc", "0.2.0-rc.2"},
		{"minor", "", "0.2.0"},      {"1.4.2", "", "1.4.2"},
		{"1.4.2", "", NULL},         {"1.4.2+build", "", NULL},
		{"0.1.1", "", NULL},         {"1.4", "", "1.4.3"},
		{"3.x", "", "3.0.0"},        {"patch", "", "3.0.1"},
		{"1.4.x", "", "1.4.4"},
	};
	_cleanup_(inventory_closep) struct inventory *inventory = test_open(state);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(release_done) struct release release = {0};
		struct version_request request;
		struct semver next = {0};
		struct gk_error err = {0};
		bool existing = true;
		char run[16];

		snprintf(run, sizeof(run), "run-%zu", i);
		assert_success(test_request(rows[i].request, &request, &err), &err);
		snprintf(request.prerelease, sizeof(request.prerelease), "%s", rows[i].prerelease);
		assert_success(test_release_init(&release, "web", run, &err), &err);
		assert_int_equal(inventory_next_version(inventory, "web", &request, &next, &err),
				 rows[i].version ? 0 : -1);
		if (!rows[i].version) {
			assert_failure(inventory_allocate(inventory, &request, &test_event,
							  &release, &existing, &err),
				       &err, GK_CONFLICT, "run-");
			continue;
		}
		assert_success(inventory_allocate(inventory, &request, &test_event, &release,
						  &existing, &err), &err);
		assert_false(existing);
		assert_version(&release.version, rows[i].version);
		assert_version(&next, rows[i].version);
	}
}

static void test_allocate_again(void **state)
{
	_cleanup_(inventory_closep) struct inventory *inventory = test_open(state);
	_cleanup_(release_done) struct release first = {0};
	_cleanup_(release_done) struct release again = {0};
	struct gk_error err = {0};
	bool existing = false;

	assert_success(test_allocate(inventory, "web", "1.2.3+b", "run", &first, &existing, &err),
		       &err);
	assert_false(existing);
	assert_success(test_set_state(inventory, &first, RELEASE_RETIRED, &err), &err);
	assert_success(test_allocate(inventory, "web", "patch", "run", &again, &existing, &err),
		       &err);
	assert_true(existing);
	assert_same(&again, &first);
	assert_success(test_allocate(inventory, "db", "patch", "run", &again, &existing, &err),
		       &err);
	assert_false(existing);
	assert_failure(test_allocate(inventory, "web", "1.2.3", "other", &again, &existing, &err),
		       &err, GK_CONFLICT, "web 1.2.3+b is taken: run run has it (retired)");
}

/* --- processes ----------------------------------------------------------------------------- */

struct race {
	struct store_under_test *store;
	bool same_run;
	char versions[PROCESSES][SEMVER_TEXT_SIZE];
	bool existing[PROCESSES];
};

static struct race *race_new(struct store_under_test *store, bool same_run)
{
	struct race *race = mmap(NULL, sizeof(*race), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(race, MAP_FAILED);
	race->store = store;
	race->same_run = same_run;
	return race;
}

static int race_one(int number, void *context)
{
	struct race *race = context;
	_cleanup_(inventory_closep) struct inventory *inventory = NULL;
	_cleanup_(release_done) struct release release = {0};
	struct gk_error err = {0};
	char run[32];

	snprintf(run, sizeof(run), "run-%d", race->same_run ? 0 : number);
	if (race->store->open(race->store, &inventory, &err) < 0 ||
	    test_allocate(inventory, "web", "patch", run, &release, &race->existing[number],
			  &err) < 0) {
		fprintf(stderr, "process %d: %s\n", number, err.message);
		return -1;
	}
	semver_format(&release.version, race->versions[number]);
	return test_release_is_whole(&release) ? 0 : -1;
}

static void test_processes_get_versions_of_their_own(void **state)
{
	struct store_under_test *store = *state;
	struct race *race = race_new(store, false);
	bool seen[PROCESSES] = {false};

	if (!store->across_processes)
		skip();
	assert_true(test_in_processes(PROCESSES, race_one, race));
	for (int i = 0; i < PROCESSES; i++) {
		struct semver version = test_version(race->versions[i]);

		assert_false(race->existing[i]);
		assert_true(version.core[0] == 0 && version.core[1] == 1);
		assert_in_range(version.core[2], 0, PROCESSES - 1);
		assert_false(seen[version.core[2]]);
		seen[version.core[2]] = true;
	}
	munmap(race, sizeof(*race));
}

static void test_processes_of_one_run_share_a_release(void **state)
{
	struct store_under_test *store = *state;
	struct race *race = race_new(store, true);
	int fresh = 0;

	if (!store->across_processes)
		skip();
	assert_true(test_in_processes(PROCESSES, race_one, race));
	for (int i = 0; i < PROCESSES; i++) {
		assert_string_equal(race->versions[i], "0.1.0");
		fresh += !race->existing[i];
	}
	assert_int_equal(fresh, 1);
	munmap(race, sizeof(*race));
}

/* Process 0 writes; the others read until they have seen its last release. */
static int write_or_read(int number, void *context)
{
	struct store_under_test *store = context;
	_cleanup_(inventory_closep) struct inventory *inventory = NULL;
	size_t writes = (size_t)store->writes;
	size_t seen = 0;

	if (store->open(store, &inventory, NULL) < 0)
		return -1;
	for (size_t i = 0; number == 0 && i < writes; i++) {
		_cleanup_(release_done) struct release release = {0};
		bool existing = false;
		char run[32];

		snprintf(run, sizeof(run), "run-%zu", i);
		if (test_allocate(inventory, "web", "patch", run, &release, &existing, NULL) < 0 ||
		    test_set_state(inventory, &release, RELEASE_LIVE, NULL) < 0)
			return -1;
	}
	while (number != 0 && seen < writes) {
		_cleanup_(release_list_done) struct release_list list = {0};

		if (inventory_collect(inventory, "web", INVENTORY_ALL, &list, NULL) < 0)
			return -1;
		for (size_t i = 0; i < list.count; i++)
			if (!test_release_is_whole(&list.items[i]))
				return -1;
		if (list.count < seen)
			return -1;
		seen = list.count;
	}
	return 0;
}

static void test_readers_see_whole_releases(void **state)
{
	struct store_under_test *store = *state;

	if (!store->across_processes)
		skip();
	assert_true(test_in_processes(4, write_or_read, store));
}

int store_allocation_run(int (*set_up)(void **state), int (*tear_down)(void **state))
{
#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_allocate_versions),
		STORE_TEST(test_allocate_again),
		STORE_TEST(test_processes_get_versions_of_their_own),
		STORE_TEST(test_processes_of_one_run_share_a_release),
		STORE_TEST(test_readers_see_whole_releases),
	};
#undef STORE_TEST

	return cmocka_run_group_tests_name("store: allocation", tests, NULL, NULL);
}
