#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/tests/unit.h"
#include "inventory/tests/store_helpers.h"
#include "inventory/tests/store_suite.h"

/* `trail`: versions with blanks between them. */
static int set_trail(struct inventory *inventory, const char *name, const char *from,
		     const char *to, const char *trail, struct gk_error *err)
{
	_cleanup_(channel_done) struct channel channel = {.version = test_version(to)};
	struct semver from_version = test_version(from ? from : "0.0.0");

	if (gk_str_set(&channel.name, name, err) < 0 ||
	    gk_strv_split(&channel.trail, trail, ' ', err) < 0)
		return -1;
	return inventory->ops->set_channel(inventory, "web", from ? &from_version : NULL, &channel,
					   &test_event, err);
}

static int set_channel(struct inventory *inventory, const char *name, const char *from,
		       const char *to, struct gk_error *err)
{
	return set_trail(inventory, name, from, to, "", err);
}

static void assert_channels(struct inventory *inventory, const char *expected)
{
	_cleanup_(channel_list_done) struct channel_list list = {0};
	_cleanup_(gk_strv_done) struct gk_strv lines = {0};
	_cleanup_free_ char *text = NULL;
	struct gk_error err = {0};

	assert_success(inventory->ops->channels(inventory, "web", &list, &err), &err);
	for (size_t i = 0; i < list.count; i++) {
		char version[SEMVER_TEXT_SIZE];

		_cleanup_free_ char *trail = gk_strv_join(&list.items[i].trail, ",", &err);

		gk_strv_addf(&lines, &err, "%s=%s%s%s", list.items[i].name,
			     semver_format(&list.items[i].version, version),
			     *trail ? "," : "", trail);
	}
	gk_strv_sort(&lines);
	text = gk_strv_join(&lines, " ", &err);
	assert_string_equal(text, expected);
}

static void test_channels_move(void **state)
{
	_cleanup_(inventory_closep) struct inventory *inventory = test_open(state);
	struct gk_error err = {0};

	test_add(inventory, "web", "1.0.0", RELEASE_LIVE);
	test_add(inventory, "web", "1.1.0+b", RELEASE_DEPRECATED);
	test_add(inventory, "other", "1.0.0", RELEASE_LIVE);
	assert_channels(inventory, "");
	assert_success(set_channel(inventory, "latest", NULL, "1.0.0", &err), &err);
	assert_success(set_channel(inventory, "stable", NULL, "1.0.0", &err), &err);
	assert_success(set_channel(inventory, "latest", "1.0.0", "1.1.0", &err), &err);
	assert_channels(inventory, "latest=1.1.0+b stable=1.0.0");
	assert_failure(set_channel(inventory, "latest", "1.0.0", "1.0.0", &err), &err, GK_CONFLICT,
		       "latest");
	assert_failure(set_channel(inventory, "latest", NULL, "1.0.0", &err), &err, GK_CONFLICT,
		       "latest");
	assert_failure(set_channel(inventory, "new", "1.0.0", "1.0.0", &err), &err, GK_CONFLICT,
		       "nothing");
	assert_success(set_channel(inventory, "latest", "1.1.0+b", "1.0.0", &err), &err);
	assert_channels(inventory, "latest=1.0.0 stable=1.0.0");
}

static void test_trails(void **state)
{
	_cleanup_(inventory_closep) struct inventory *inventory = test_open(state);
	struct gk_error err = {0};

	test_add(inventory, "web", "1.0.0", RELEASE_LIVE);
	test_add(inventory, "web", "1.1.0", RELEASE_LIVE);
	assert_success(set_trail(inventory, "a", NULL, "1.0.0", "0.9.0+b 0.8.0-rc.1", &err), &err);
	assert_success(set_trail(inventory, "b", NULL, "1.0.0", "", &err), &err);
	assert_channels(inventory, "a=1.0.0,0.9.0+b,0.8.0-rc.1 b=1.0.0");
	assert_success(set_trail(inventory, "b", "1.0.0", "1.1.0", "1.0.0", &err), &err);
	/* A move that is refused leaves the trail alone. */
	assert_failure(set_trail(inventory, "a", "1.1.0", "1.0.0", "7.7.7", &err), &err,
		       GK_CONFLICT, "a");
	assert_failure(set_trail(inventory, "a", "1.0.0", "9.9.9", "7.7.7", &err), &err,
		       GK_REFUSED, "9.9.9");
	assert_channels(inventory, "a=1.0.0,0.9.0+b,0.8.0-rc.1 b=1.1.0,1.0.0");
	assert_success(set_trail(inventory, "a", "1.0.0", "1.1.0", "", &err), &err);
	assert_channels(inventory, "a=1.1.0 b=1.1.0,1.0.0");
}

static void test_channels_name_only_what_is_alive(void **state)
{
	static const struct {
		const char *version;
		enum release_state state;
		bool allowed;
	} rows[] = {
		{"1.0.0", RELEASE_PENDING, false},  {"1.0.1", RELEASE_LIVE, true},
		{"1.0.2", RELEASE_DEPRECATED, true}, {"1.0.3", RELEASE_DISABLED, true},
		{"1.0.4", RELEASE_RETIRING, false}, {"1.0.5", RELEASE_RETIRED, false},
	};
	_cleanup_(inventory_closep) struct inventory *inventory = test_open(state);
	struct gk_error err = {0};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		test_add(inventory, "web", rows[i].version, rows[i].state);
		if (rows[i].allowed)
			assert_success(set_channel(inventory, rows[i].version, NULL,
						   rows[i].version, &err), &err);
		else
			assert_failure(set_channel(inventory, "x", NULL, rows[i].version, &err),
				       &err, GK_REFUSED, rows[i].version);
	}
	assert_failure(set_channel(inventory, "x", NULL, "9.9.9", &err), &err, GK_REFUSED, "9.9.9");
	assert_channels(inventory, "1.0.1=1.0.1 1.0.2=1.0.2 1.0.3=1.0.3");
}

static void test_a_named_release_is_not_retired(void **state)
{
	static const enum release_state refused[] = {RELEASE_PENDING, RELEASE_RETIRING,
						     RELEASE_RETIRED};
	_cleanup_(inventory_closep) struct inventory *inventory = test_open(state);
	_cleanup_(release_done) struct release release = {0};
	_cleanup_(release_done) struct release read = {0};
	struct gk_error err = {0};

	test_add(inventory, "web", "1.0.0", RELEASE_LIVE);
	test_add(inventory, "web", "1.1.0", RELEASE_LIVE);
	assert_success(set_channel(inventory, "stable", NULL, "1.0.0", &err), &err);
	test_get(inventory, "web", "1.0.0", &release);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		assert_failure(test_set_state(inventory, &release, refused[i], &err), &err,
			       GK_REFUSED, "stable");
	test_get(inventory, "web", "1.0.0", &read);
	assert_int_equal(read.state, RELEASE_LIVE);
	assert_true(read.revision == release.revision);
	assert_success(test_set_state(inventory, &release, RELEASE_DISABLED, &err), &err);
	assert_success(set_channel(inventory, "stable", "1.0.0", "1.1.0", &err), &err);
	assert_success(test_set_state(inventory, &release, RELEASE_RETIRED, &err), &err);
}

static int set_revoked(struct inventory *inventory, struct release *release, const char *reason,
		       struct gk_error *err)
{
	if (gk_str_set(&release->revoked, reason, err) < 0)
		return -1;
	return inventory->ops->save(inventory, release, &test_event, err);
}

static void test_no_channel_names_what_is_revoked(void **state)
{
	_cleanup_(inventory_closep) struct inventory *inventory = test_open(state);
	_cleanup_(inventory_closep) struct inventory *other = test_open(state);
	_cleanup_(release_done) struct release release = {0};
	_cleanup_(release_done) struct release read = {0};
	struct gk_error err = {0};

	test_add(inventory, "web", "1.0.0", RELEASE_LIVE);
	test_add(inventory, "web", "1.1.0", RELEASE_LIVE);
	assert_success(set_channel(inventory, "stable", NULL, "1.0.0", &err), &err);
	test_get(inventory, "web", "1.0.0", &release);
	assert_failure(set_revoked(inventory, &release, "bad kernel", &err), &err, GK_REFUSED,
		       "web 1.0.0 cannot become revoked: channel stable names it");
	test_get(inventory, "web", "1.0.0", &read);
	assert_null(read.revoked);
	assert_true(read.revision == release.revision);
	assert_success(set_channel(inventory, "stable", "1.0.0", "1.1.0", &err), &err);
	assert_success(set_revoked(inventory, &release, "bad kernel", &err), &err);
	/* `other` has not read the release since. */
	for (int i = 0; i < 2; i++)
		assert_failure(set_channel(i ? inventory : other, "stable", "1.1.0", "1.0.0", &err),
			       &err, GK_REFUSED, "web 1.0.0, which is revoked: bad kernel");
	assert_channels(inventory, "stable=1.1.0");
	/* It goes its way: a state that may be named does not make up for it. */
	assert_success(test_set_state(inventory, &release, RELEASE_DEPRECATED, &err), &err);
	assert_failure(set_channel(inventory, "new", NULL, "1.0.0", &err), &err, GK_REFUSED,
		       "bad kernel");
	assert_success(set_revoked(inventory, &release, NULL, &err), &err);
	assert_success(set_channel(inventory, "new", NULL, "1.0.0", &err), &err);
}

/* Of two connections, each decides on what it has seen, and is wrong: the store is asked. */
static void test_what_was_seen_is_not_what_is(void **state)
{
	_cleanup_(inventory_closep) struct inventory *inventory = test_open(state);
	_cleanup_(inventory_closep) struct inventory *other = test_open(state);
	_cleanup_(release_done) struct release mine = {0};
	_cleanup_(release_done) struct release theirs = {0};
	struct gk_error err = {0};

	test_add(inventory, "web", "1.0.0", RELEASE_LIVE);
	test_add(inventory, "web", "1.1.0", RELEASE_LIVE);
	assert_success(set_channel(inventory, "stable", NULL, "1.1.0", &err), &err);
	test_get(inventory, "web", "1.0.0", &mine);
	assert_success(set_channel(other, "new", NULL, "1.0.0", &err), &err);
	assert_failure(set_revoked(inventory, &mine, "why", &err), &err, GK_REFUSED, "new");
	assert_success(set_channel(other, "new", "1.0.0", "1.1.0", &err), &err);
	test_get(other, "web", "1.0.0", &theirs);
	assert_success(set_revoked(inventory, &mine, "why", &err), &err);
	assert_failure(set_channel(other, "new", "1.1.0", "1.0.0", &err), &err, GK_REFUSED,
		       "revoked");
	assert_channels(inventory, "new=1.1.0 stable=1.1.0");
}

/* --- a channel and a withdrawal at once ------------------------------------------------------ */

enum { RACES = 12 };

struct race {
	struct store_under_test *store;
	int fds[2]; /* each writes what it has done: 'c' and 'r' */
};

static const char *race_version(int number, char *text)
{
	snprintf(text, SEMVER_TEXT_SIZE, "1.0.%d", number);
	return text;
}

/* One of them names releases in turn, the other one revokes them. */
static int run_race(int number, void *context)
{
	struct race *race = context;
	struct store_under_test *store = race->store;
	_cleanup_(inventory_closep) struct inventory *inventory = NULL;
	struct gk_error err = {0};

	assert_success(store->open(store, &inventory, &err), &err);
	for (int i = 0; i < RACES; i++) {
		_cleanup_(release_done) struct release release = {0};
		char version[SEMVER_TEXT_SIZE], name[16];
		char done = number == 0 ? 'c' : 'r';
		int result = 0;

		err = (struct gk_error){0};
		snprintf(name, sizeof(name), "c%d", i);
		test_get(inventory, "web", race_version(i, version), &release);
		result = number == 0 ? set_channel(inventory, name, NULL, version, &err)
				     : set_revoked(inventory, &release, "why", &err);
		assert_true(result == 0 || err.code == GK_REFUSED);
		if (result == 0)
			assert_int_equal(write(race->fds[1], &done, 1), 1);
	}
	return 0;
}

/* Of every release, one of them got it, and the store says the same. */
static void test_a_race_for_a_release(void **state)
{
	struct race race = {.store = *state};
	_cleanup_(inventory_closep) struct inventory *inventory = test_open(state);
	_cleanup_(channel_list_done) struct channel_list channels = {0};
	struct gk_error err = {0};
	char version[SEMVER_TEXT_SIZE];
	char done = 0;
	size_t counts[2] = {0};

	if (!race.store->across_processes)
		skip();
	for (int i = 0; i < RACES; i++)
		test_add(inventory, "web", race_version(i, version), RELEASE_LIVE);
	inventory_closep(&inventory);
	assert_int_equal(pipe(race.fds), 0);
	assert_true(test_in_processes(2, run_race, &race));
	close(race.fds[1]);
	while (read(race.fds[0], &done, 1) == 1)
		counts[done == 'r']++;
	close(race.fds[0]);
	assert_int_equal(counts[0] + counts[1], RACES);
	inventory = test_open(state);
	assert_success(inventory->ops->channels(inventory, "web", &channels, &err), &err);
	assert_int_equal(channels.count, counts[0]);
	for (size_t i = 0; i < channels.count; i++) {
		_cleanup_(release_done) struct release named = {0};

		test_get(inventory, "web", semver_format(&channels.items[i].version, version),
			 &named);
		assert_null(named.revoked);
	}
}

static void test_events(void **state)
{
	_cleanup_(inventory_closep) struct inventory *inventory = test_open(state);
	_cleanup_(release_done) struct release release = {0};
	struct event first = {.at = 5, .actor = "a", .action = "allocated"};
	struct event second = {.at = 4, .actor = "b", .action = "live", .detail = "one line"};
	struct semver version = test_version("1.0.0");
	struct event_list events = {0};
	struct gk_error err = {0};

	assert_success(test_release_init(&release, "web", "run", &err), &err);
	release.version = version;
	assert_success(inventory->ops->insert(inventory, &release, &first, &err), &err);
	assert_success(inventory->ops->save(inventory, &release, &second, &err), &err);
	test_add(inventory, "web", "2.0.0", RELEASE_PENDING);
	test_add(inventory, "other", "1.0.0", RELEASE_PENDING);

	assert_success(inventory->ops->events(inventory, "web", &version, 10, &events, &err), &err);
	assert_int_equal(events.count, 2);
	assert_string_equal(events.items[0].action, "live");
	assert_string_equal(events.items[0].actor, "b");
	assert_string_equal(events.items[0].detail, "one line");
	assert_string_equal(events.items[0].version, "1.0.0");
	assert_true(events.items[0].at == 4);
	assert_string_equal(events.items[1].action, "allocated");
	assert_null(events.items[1].detail);
	event_list_done(&events);
	assert_success(inventory->ops->events(inventory, "web", NULL, 2, &events, &err), &err);
	assert_int_equal(events.count, 2);
	assert_string_equal(events.items[0].version, "2.0.0");
	assert_string_equal(events.items[1].action, "live");
	event_list_done(&events);
}

int store_channels_run(int (*set_up)(void **state), int (*tear_down)(void **state))
{
#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_channels_move),
		STORE_TEST(test_channels_name_only_what_is_alive),
		STORE_TEST(test_trails),
		STORE_TEST(test_a_named_release_is_not_retired),
		STORE_TEST(test_no_channel_names_what_is_revoked),
		STORE_TEST(test_what_was_seen_is_not_what_is),
		STORE_TEST(test_a_race_for_a_release),
		STORE_TEST(test_events),
	};
#undef STORE_TEST

	return cmocka_run_group_tests_name("store: channels and events", tests, NULL, NULL);
}
