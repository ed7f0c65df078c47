#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/tests/unit.h"
#include "inventory/tests/store_helpers.h"
#include "inventory/tests/store_suite.h"

static char *versions_of(const struct release_list *list)
{
	_cleanup_(gk_strv_done) struct gk_strv versions = {0};

	for (size_t i = 0; i < list->count; i++) {
		char text[SEMVER_TEXT_SIZE];

		assert_true(test_release_is_whole(&list->items[i]));
		gk_strv_add(&versions, semver_format(&list->items[i].version, text), NULL);
	}
	return gk_strv_join(&versions, " ", NULL);
}

static void assert_page(struct inventory *inventory, enum inventory_filter filter,
			const char *before, size_t limit, const char *expected)
{
	_cleanup_(release_list_done) struct release_list list = {0};
	_cleanup_free_ char *text = NULL;
	struct semver before_version = test_version(before ? before : "0.0.0");
	struct gk_error err = {0};

	assert_success(inventory->ops->page(inventory, "web", filter,
					    before ? &before_version : NULL, limit, &list, &err),
		       &err);
	text = versions_of(&list);
	assert_string_equal(text, expected);
}

/* Every field of a release is set, or (`full` false) every field that may be NULL is NULL. */
static void fill_in(struct release *release, bool full)
{
	struct gk_error err = {0};

	assert_success(test_release_init(release, "db/arm64", full ? "run-1" : "run-2", &err),
		       &err);
	release->version = test_version(full ? "1.4.2-rc.1+linux.5" : "2.0.0");
	if (!full)
		return;
	release->state = RELEASE_RETIRED;
	gk_str_set(&release->held, "because of \"\xc3\xa4\"\n", &err);
	gk_str_set(&release->revoked, "bad \"kernel\"\n", &err);
	gk_strv_add(&release->published, "/golden/{family}/{channel}", &err);
	gk_strv_add(&release->published, "/a", &err);
	gk_str_set(&release->build, "amazon-ebs.web", &err);
	gk_str_set(&release->builder, "amazon-ebs", &err);
	gk_str_set(&release->fingerprint, "00ff", &err);
	gk_str_set(&release->intent, "{\"a\": [1]}", &err);
	release->created_at = 4102444800;
	gk_str_set(&release->images[1].account, "123456789012", &err);
	gk_str_set(&release->images[1].bundle, "bucket/manifest.xml", &err);
	release->images[0].state = RELEASE_RETIRED;
	release->images[0].snapshots[0].state = SNAPSHOT_LEFTOVER;
	gk_str_set(&release->images[0].snapshots[0].reason, "in use", &err);
	release->images[0].snapshots[1].state = SNAPSHOT_SHARED;
}

static void test_round_trip(void **state)
{
	_cleanup_(inventory_closep) struct inventory *inventory = test_open(state);
	struct gk_error err = {0};

	for (int full = 0; full < 2; full++) {
		_cleanup_(release_done) struct release written = {0};
		_cleanup_(release_done) struct release read = {0};
		_cleanup_(release_done) struct release by_run = {0};
		bool found = false;

		fill_in(&written, full);
		assert_success(inventory->ops->insert(inventory, &written, &test_event, &err),
			       &err);
		assert_true(written.revision == 1);
		assert_success(inventory->ops->get(inventory, written.family, &written.version,
						   &found, &read, &err), &err);
		assert_true(found);
		assert_same(&read, &written);
		assert_success(inventory->ops->find_run(inventory, written.family, written.run,
							&found, &by_run, &err), &err);
		assert_true(found);
		assert_same(&by_run, &written);
	}
}

static void test_what_is_not_there(void **state)
{
	_cleanup_(inventory_closep) struct inventory *inventory = test_open(state);
	struct semver version = test_version("1.0.0");
	struct release release = {0};
	struct gk_error err = {0};
	bool found = true;

	assert_success(inventory->ops->get(inventory, "web", &version, &found, &release, &err),
		       &err);
	assert_false(found);
	found = true;
	assert_success(inventory->ops->find_run(inventory, "web", "x", &found, &release, &err),
		       &err);
	assert_false(found);
	assert_null(release.family);
	assert_page(inventory, INVENTORY_ALL, NULL, 10, "");
	assert_success(inventory_knows_family(inventory, "web", &found, &err), &err);
	assert_false(found);
}

/* The family's only release, as a page has it. */
static void assert_paged(struct inventory *inventory, const struct release *expected)
{
	_cleanup_(release_list_done) struct release_list list = {0};
	struct gk_error err = {0};

	assert_success(inventory->ops->page(inventory, expected->family, INVENTORY_ALL, NULL, 10,
					    &list, &err), &err);
	assert_int_equal(list.count, 1);
	assert_same(&list.items[0], expected);
}

static void test_save(void **state)
{
	_cleanup_(inventory_closep) struct inventory *inventory = test_open(state);
	_cleanup_(release_done) struct release mine = {0};
	_cleanup_(release_done) struct release theirs = {0};
	_cleanup_(release_done) struct release read = {0};
	struct gk_error err = {0};

	test_add(inventory, "web", "1.0.0", RELEASE_PENDING);
	test_get(inventory, "web", "1.0.0", &mine);
	test_get(inventory, "web", "1.0.0", &theirs);
	gk_str_set(&mine.held, "mine", &err);
	gk_str_set(&mine.revoked, "withdrawn", &err);
	gk_strv_add(&mine.published, "/golden/{version}", &err);
	gk_str_set(&mine.intent, "{}", &err);
	mine.images[0].snapshots[1].state = SNAPSHOT_DELETED;
	gk_str_set(&mine.images[1].id, "ami-3", &err);
	assert_success(inventory->ops->save(inventory, &mine, &test_event, &err), &err);
	assert_true(mine.revision == 2);
	gk_str_set(&theirs.held, "theirs", &err);
	assert_failure(inventory->ops->save(inventory, &theirs, &test_event, &err), &err,
		       GK_CONFLICT, "web 1.0.0");
	assert_true(theirs.revision == 1);
	test_get(inventory, "web", "1.0.0", &read);
	assert_same(&read, &mine);
	assert_paged(inventory, &mine);
	gk_str_set(&mine.revoked, NULL, &err);
	gk_strv_done(&mine.published);
	assert_success(inventory->ops->save(inventory, &mine, &test_event, &err), &err);
	assert_paged(inventory, &mine);
	read.version = test_version("9.0.0");
	assert_failure(inventory->ops->save(inventory, &read, &test_event, &err), &err,
		       GK_NOT_FOUND, "web 9.0.0");
}

/* Of two inserts with the same version, or the same run, the second fails and leaves no trace. */
static void test_duplicates(void **state)
{
	static const struct {
		const char *family, *version, *run;
		int result;
	} rows[] = {
		{"web", "1.0.0", "run-1", 0},
		{"web", "1.0.0", "run-2", -1},
		{"web", "1.0.0+build", "run-2", -1},
		{"web", "1.0.1", "run-1", -1},
		{"db", "1.0.0", "run-1", 0},
		{"web", "1.0.0-rc.1", "run-2", 0},
	};
	_cleanup_(inventory_closep) struct inventory *inventory = test_open(state);
	struct event_list events = {0};
	struct gk_error err = {0};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(release_done) struct release release = {0};
		int result = 0;

		assert_success(test_release_init(&release, rows[i].family, rows[i].run, &err),
			       &err);
		release.version = test_version(rows[i].version);
		result = inventory->ops->insert(inventory, &release, &test_event, &err);
		assert_int_equal(result, rows[i].result);
		assert_true(result == 0 || err.code == GK_CONFLICT);
		assert_true(release.revision == (result == 0));
	}
	assert_page(inventory, INVENTORY_ALL, NULL, 10, "1.0.0 1.0.0-rc.1");
	assert_success(inventory->ops->events(inventory, "web", NULL, 10, &events, &err), &err);
	assert_int_equal(events.count, 2);
	event_list_done(&events);
}

static void test_pages(void **state)
{
	_cleanup_(inventory_closep) struct inventory *inventory = test_open(state);
	_cleanup_(release_done) struct release leftover = {0};
	struct gk_error err = {0};

	test_add(inventory, "web", "1.10.0", RELEASE_LIVE);
	test_add(inventory, "web", "1.2.0", RELEASE_RETIRED);
	test_add(inventory, "web", "1.9.0", RELEASE_PENDING);
	test_add(inventory, "web", "1.10.0-rc.1", RELEASE_DISABLED);
	test_add(inventory, "web", "0.9.0", RELEASE_RETIRED);
	test_add(inventory, "web", "1.3.0", RELEASE_RETIRING);
	test_add(inventory, "other", "5.0.0", RELEASE_LIVE);
	test_get(inventory, "web", "0.9.0", &leftover);
	leftover.images[0].snapshots[0].state = SNAPSHOT_LEFTOVER;
	assert_success(inventory->ops->save(inventory, &leftover, &test_event, &err), &err);

	assert_page(inventory, INVENTORY_ALL, NULL, 10,
		    "1.10.0 1.10.0-rc.1 1.9.0 1.3.0 1.2.0 0.9.0");
	assert_page(inventory, INVENTORY_ALIVE, NULL, 10, "1.10.0 1.10.0-rc.1 1.9.0 1.3.0");
	assert_page(inventory, INVENTORY_UNFINISHED, "1.9.0", 10, "1.3.0 0.9.0");
	assert_page(inventory, INVENTORY_ALIVE, NULL, 2, "1.10.0 1.10.0-rc.1");
	assert_page(inventory, INVENTORY_ALIVE, "1.10.0-rc.1", 2, "1.9.0 1.3.0");
	assert_page(inventory, INVENTORY_ALIVE, "1.3.0", 2, "");
	assert_page(inventory, INVENTORY_ALL, "1.5.0", 2, "1.3.0 1.2.0");
	assert_page(inventory, INVENTORY_ALL, NULL, 0, "");
	assert_page(inventory, INVENTORY_ALL, NULL, SIZE_MAX,
		    "1.10.0 1.10.0-rc.1 1.9.0 1.3.0 1.2.0 0.9.0");
}

static void test_collect_reads_every_page(void **state)
{
	enum { MANY = 501 };
	_cleanup_(inventory_closep) struct inventory *inventory = test_open(state);
	_cleanup_(release_list_done) struct release_list list = {0};
	struct gk_error err = {0};

	for (int i = 0; i < MANY; i++) {
		_cleanup_(release_done) struct release release = {0};
		char run[32];

		snprintf(run, sizeof(run), "run-%d", i);
		assert_success(test_release_init(&release, "web", run, &err), &err);
		release.version = (struct semver){.core = {0, 0, (uint64_t)i}};
		assert_success(inventory->ops->insert(inventory, &release, &test_event, &err),
			       &err);
	}
	assert_success(inventory_collect(inventory, "web", INVENTORY_ALIVE, &list, &err), &err);
	assert_int_equal(list.count, MANY);
	for (size_t i = 0; i < MANY; i++)
		assert_true(list.items[i].version.core[SEMVER_PATCH] == MANY - 1 - i);
}

static void test_top(void **state)
{
	static const struct {
		const char *line, *expected;
	} rows[] = {
		{"1.4", "1.4.9"}, {"1.x", "1.5.0"}, {"2.x", NULL}, {"3.x", "3.0.0-rc.2"},
	};
	_cleanup_(inventory_closep) struct inventory *inventory = test_open(state);
	struct gk_error err = {0};

	test_add(inventory, "web", "1.4.9", RELEASE_RETIRED);
	test_add(inventory, "web", "1.4.2", RELEASE_LIVE);
	test_add(inventory, "web", "1.5.0", RELEASE_LIVE);
	test_add(inventory, "web", "3.0.0-rc.2", RELEASE_RETIRED);
	test_add(inventory, "other", "2.4.9", RELEASE_LIVE);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct version_request request;
		struct version_range range;
		struct semver top;
		bool found = false;

		assert_success(test_request(rows[i].line, &request, &err), &err);
		version_request_range(&request, &range);
		assert_success(inventory->ops->top(inventory, "web", &range, &found, &top, &err),
			       &err);
		assert_int_equal(found, rows[i].expected != NULL);
		if (found)
			assert_version(&top, rows[i].expected);
	}
}

static void test_families(void **state)
{
	_cleanup_(inventory_closep) struct inventory *inventory = test_open(state);
	struct gk_error err = {0};

	test_add(inventory, "web", "1.0.0", RELEASE_LIVE);
	test_add(inventory, "db/arm64", "1.0.0", RELEASE_RETIRING);
	test_add(inventory, "Cache", "1.0.0", RELEASE_RETIRED);
	for (int unfinished = 0; unfinished < 2; unfinished++) {
		_cleanup_(gk_strv_done) struct gk_strv families = {0};
		_cleanup_free_ char *text = NULL;

		assert_success(inventory->ops->families(inventory, unfinished, &families, &err),
			       &err);
		text = gk_strv_join(&families, " ", &err);
		assert_string_equal(text, unfinished ? "db/arm64" : "Cache db/arm64 web");
	}
}

int store_releases_run(int (*set_up)(void **state), int (*tear_down)(void **state))
{
#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_round_trip),
		STORE_TEST(test_what_is_not_there),
		STORE_TEST(test_save),
		STORE_TEST(test_duplicates),
		STORE_TEST(test_pages),
		STORE_TEST(test_collect_reads_every_page),
		STORE_TEST(test_top),
		STORE_TEST(test_families),
	};
#undef STORE_TEST

	return cmocka_run_group_tests_name("store: releases", tests, NULL, NULL);
}
