#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/tests/unit.h"
#include "inventory/tests/store_helpers.h"
#include "inventory/tests/store_suite.h"

static int set_channel(struct inventory *inventory, const char *name, const char *from,
		       const char *to, struct gk_error *err)
{
	struct semver from_version = test_version(from ? from : "0.0.0");
	struct channel channel = {.name = (char *)name, .version = test_version(to)};

	return inventory->ops->set_channel(inventory, "web", from ? &from_version : NULL, &channel,
					   &test_event, err);
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

		gk_strv_addf(&lines, &err, "%s=%s", list.items[i].name,
			     semver_format(&list.items[i].version, version));
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
		STORE_TEST(test_a_named_release_is_not_retired),
		STORE_TEST(test_events),
	};
#undef STORE_TEST

	return cmocka_run_group_tests_name("store: channels and events", tests, NULL, NULL);
}
