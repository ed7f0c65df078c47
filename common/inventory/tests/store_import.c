#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/tests/unit.h"
#include "inventory/dump.h"
#include "inventory/dump_json.h"
#include "inventory/tests/store_helpers.h"

/* Lines, one per family member, so that a person can read what is compared. */
static char *text_of(const struct family_dump *dump)
{
	_cleanup_(gk_strv_done) struct gk_strv lines = {0};
	struct gk_error err = {0};
	char *line = dump_family_line(dump, &err);

	gk_strv_add(&lines, line, &err);
	free(line);
	for (size_t i = 0; i < dump->release_count; i++) {
		line = dump_release_line(&dump->releases[i], &err);
		gk_strv_add(&lines, line, &err);
		free(line);
	}
	return gk_strv_join(&lines, "\n", &err);
}

/* A release with everything, one that is bare, one that channels name. */
static const char *const full_lines[] = {
	"{\"goldkeep\":\"export\",\"format\":1}",
	"{\"family\":\"db/arm64\",\"releases\":3,\"channels\":{"
	"\"latest\":{\"version\":\"2.0.0\",\"trail\":[]},"
	"\"stable\":{\"version\":\"2.0.0\",\"trail\":[\"1.4.2\",\"1.4.2-rc.1+linux.5\"]}}}",
	"{\"family\":\"db/arm64\",\"version\":\"1.4.2-rc.1+linux.5\",\"state\":\"retired\","
	"\"held\":\"because of \\\"\xc3\xa4\\\"\\n\",\"revoked\":\"bad \\\"kernel\\\"\","
	"\"created_at\":\"2099-12-31T00:00:00Z\","
	"\"run\":\"run-1\",\"build\":\"amazon-ebs.web\",\"builder\":\"amazon-ebs\","
	"\"fingerprint\":\"00ff\",\"intent\":\"{\\\"a\\\": [1]}\",\"revision\":9,"
	"\"published\":[\"/golden/{family}/{channel}\",\"/golden/{version}\"],\"images\":["
	"{\"provider\":\"aws\",\"location\":\"us-east-1\",\"id\":\"ami-1\",\"name\":\"web-1\","
	"\"architecture\":\"arm64\",\"account\":\"123456789012\",\"bundle\":\"b/m.xml\","
	"\"state\":\"retiring\",\"snapshots\":["
	"{\"id\":\"snap-1\",\"state\":\"leftover\",\"reason\":\"in use\"},"
	"{\"id\":\"snap-2\",\"state\":\"shared\",\"reason\":null},"
	"{\"id\":\"snap-3\",\"state\":\"deleted\",\"reason\":null}]},"
	"{\"provider\":\"aws\",\"location\":\"eu-west-1\",\"id\":\"ami-2\",\"name\":null,"
	"\"architecture\":null,\"account\":null,\"bundle\":null,\"state\":\"live\","
	"\"snapshots\":[]}],\"events\":["
	"{\"at\":\"2026-11-20T12:36:05Z\",\"actor\":\"me@here\",\"action\":\"allocated\","
	"\"detail\":\"one line\"},"
	"{\"at\":\"2026-11-20T12:36:05Z\",\"actor\":\"you@there\",\"action\":\"live\","
	"\"detail\":null},"
	"{\"at\":\"2026-11-20T12:36:04Z\",\"actor\":\"me@here\",\"action\":\"retired\","
	"\"detail\":null}]}",
	"{\"family\":\"db/arm64\",\"version\":\"1.4.2\",\"state\":\"retired\",\"held\":null,"
	"\"revoked\":null,"
	"\"created_at\":\"1970-01-01T00:00:00Z\",\"run\":\"run-2\",\"build\":null,"
	"\"builder\":null,\"fingerprint\":null,\"intent\":null,\"revision\":1,\"published\":[],\"images\":[],"
	"\"events\":[{\"at\":\"2026-11-20T12:36:05Z\",\"actor\":\"me@here\","
	"\"action\":\"allocated\",\"detail\":null}]}",
	"{\"family\":\"db/arm64\",\"version\":\"2.0.0\",\"state\":\"live\",\"held\":null,"
	"\"revoked\":null,"
	"\"created_at\":\"2026-11-20T12:36:00Z\",\"run\":\"run-3\",\"build\":null,"
	"\"builder\":null,\"fingerprint\":null,\"intent\":null,\"revision\":3,\"published\":[],\"images\":[],"
	"\"events\":[{\"at\":\"2026-11-20T12:36:00Z\",\"actor\":\"me@here\","
	"\"action\":\"allocated\",\"detail\":null}]}",
};

static void parse(const char *const *lines, size_t count, struct family_dump *ret)
{
	struct dump_parser parser = {0};
	struct gk_error err = {0};
	bool whole = false;

	for (size_t i = 0; i < count; i++)
		assert_success(dump_parser_line(&parser, lines[i], strlen(lines[i]), &whole, &err),
			       &err);
	assert_true(whole);
	*ret = parser.dump;
	parser.dump = (struct family_dump){0};
	dump_parser_done(&parser);
}

static void assert_has(struct inventory *inventory, const struct family_dump *expected)
{
	_cleanup_(family_dump_done) struct family_dump read = {0};
	_cleanup_free_ char *found = NULL;
	_cleanup_free_ char *wanted = text_of(expected);
	struct gk_error err = {0};

	assert_success(family_dump_read(inventory, expected->family, &read, &err), &err);
	found = text_of(&read);
	assert_string_equal(found, wanted);
	assert_success(family_dump_check_same(inventory, expected, &err), &err);
}

static void test_import_round_trip(void **state)
{
	_cleanup_(inventory_closep) struct inventory *inventory = test_open(state);
	_cleanup_(family_dump_done) struct family_dump dump = {0};
	struct gk_error err = {0};

	parse(full_lines, ARRAY_SIZE(full_lines), &dump);
	test_add(inventory, "other", "1.0.0", RELEASE_LIVE);
	assert_success(inventory->ops->import_family(inventory, &dump, &err), &err);
	assert_has(inventory, &dump);
	for (size_t i = 0; i < dump.release_count; i++) {
		_cleanup_(release_done) struct release read = {0};
		_cleanup_(release_done) struct release by_run = {0};
		const struct release *written = &dump.releases[i].release;
		bool found = false;

		assert_success(inventory->ops->get(inventory, dump.family, &written->version,
						   &found, &read, &err), &err);
		assert_true(found);
		assert_same(&read, written);
		assert_success(inventory->ops->find_run(inventory, dump.family, written->run,
							&found, &by_run, &err), &err);
		assert_true(found);
		assert_same(&by_run, written);
	}
}

/* Whatever finds releases finds them as if they had been made here. */
static void test_imported_is_found(void **state)
{
	_cleanup_(inventory_closep) struct inventory *inventory = test_open(state);
	_cleanup_(family_dump_done) struct family_dump dump = {0};
	_cleanup_(release_list_done) struct release_list alive = {0};
	_cleanup_(release_list_done) struct release_list unfinished = {0};
	_cleanup_(gk_strv_done) struct gk_strv families = {0};
	_cleanup_(release_done) struct release next = {0};
	_cleanup_(release_done) struct release release = {0};
	_cleanup_(event_list_done) struct event_list events = {0};
	struct gk_error err = {0};
	bool existing = false;

	parse(full_lines, ARRAY_SIZE(full_lines), &dump);
	assert_success(inventory->ops->import_family(inventory, &dump, &err), &err);
	assert_success(inventory_collect(inventory, dump.family, INVENTORY_ALIVE, &alive, &err),
		       &err);
	assert_int_equal(alive.count, 1);
	assert_version(&alive.items[0].version, "2.0.0");
	assert_success(inventory_collect(inventory, dump.family, INVENTORY_UNFINISHED, &unfinished,
					 &err), &err);
	assert_int_equal(unfinished.count, 1);
	assert_version(&unfinished.items[0].version, "1.4.2-rc.1+linux.5");
	assert_success(inventory->ops->families(inventory, true, &families, &err), &err);
	assert_int_equal(families.count, 1);
	assert_success(inventory->ops->events(inventory, dump.family, NULL, 100, &events, &err),
		       &err);
	assert_int_equal(events.count, 5);
	assert_success(test_allocate(inventory, dump.family, "patch", "run-4", &next, &existing,
				     &err), &err);
	assert_false(existing);
	assert_version(&next.version, "2.0.1");
	test_get(inventory, dump.family, "2.0.0", &release);
	assert_success(inventory->ops->save(inventory, &release, &test_event, &err), &err);
	assert_true(release.revision == 4);
}

static void test_import_twice(void **state)
{
	_cleanup_(inventory_closep) struct inventory *inventory = test_open(state);
	_cleanup_(family_dump_done) struct family_dump dump = {0};
	struct gk_error err = {0};

	parse(full_lines, ARRAY_SIZE(full_lines), &dump);
	for (int i = 0; i < 3; i++) {
		assert_success(inventory->ops->import_family(inventory, &dump, &err), &err);
		assert_has(inventory, &dump);
	}
}

/* What can be different, one after the other; every change is undone. */
static void test_import_conflicts(void **state)
{
	_cleanup_(inventory_closep) struct inventory *inventory = test_open(state);
	_cleanup_(family_dump_done) struct family_dump dump = {0};
	_cleanup_(family_dump_done) struct family_dump same = {0};
	struct family_dump_release *first = NULL;
	struct gk_error err = {0};

	parse(full_lines, ARRAY_SIZE(full_lines), &dump);
	parse(full_lines, ARRAY_SIZE(full_lines), &same);
	first = &dump.releases[0];
	assert_success(inventory->ops->import_family(inventory, &dump, &err), &err);
#define CONFLICT(change, words, undo)                                                              \
	do {                                                                                       \
		change;                                                                            \
		assert_failure(inventory->ops->import_family(inventory, &dump, &err), &err,        \
			       GK_CONFLICT, words);                                                \
		assert_has(inventory, &same);                                                      \
		undo;                                                                              \
	} while (0)
	CONFLICT(first->release.revision = 8, "\"revision\" is '9' in the inventory and '8'",
		 first->release.revision = 9);
	CONFLICT(first->release.created_at++, "db/arm64 1.4.2-rc.1+linux.5: \"created_at\"",
		 first->release.created_at--);
	CONFLICT(first->release.images[0].snapshots[2].state = SNAPSHOT_LIVE, "snapshot 'snap-3'",
		 first->release.images[0].snapshots[2].state = SNAPSHOT_DELETED);
	CONFLICT(gk_str_set(&first->release.images[1].name, "", &err), "image 'ami-2': \"name\"",
		 gk_str_set(&first->release.images[1].name, NULL, &err));
	CONFLICT(first->events.items[1].at++, "event 2: \"at\"", first->events.items[1].at--);
	CONFLICT(first->events.count--, "3 events in the inventory and 2", first->events.count++);
	CONFLICT(first->release.image_count--, "2 images in the inventory and 1",
		 first->release.image_count++);
	CONFLICT(gk_str_set(&first->release.revoked, NULL, &err), "\"revoked\" is 'bad",
		 gk_str_set(&first->release.revoked, "bad \"kernel\"", &err));
	CONFLICT(first->release.published.count--,
		 "\"published\" is '/golden/{family}/{channel} /golden/{version}' in the inventory",
		 first->release.published.count++);
	CONFLICT(dump.channels.items[1].trail.count--,
		 "channel stable of db/arm64: \"trail\" is '1.4.2 1.4.2-rc.1+linux.5'",
		 dump.channels.items[1].trail.count++);
	CONFLICT(dump.channels.items[1].version = test_version("1.4.2"), "channel stable",
		 dump.channels.items[1].version = test_version("2.0.0"));
	CONFLICT(dump.channels.count--, "in the inventory and nothing in the import",
		 dump.channels.count++);
	CONFLICT(dump.releases[2].release.version = test_version("2.1.0"),
		 "2.1.0 is not in the inventory",
		 dump.releases[2].release.version = test_version("2.0.0"));
	CONFLICT(dump.release_count--, "2.0.0 is not in the import", dump.release_count++);
	CONFLICT(dump.releases[2].release.version = test_version("1.9.0"),
		 "2.0.0 is not in the import",
		 dump.releases[2].release.version = test_version("2.0.0"));
#undef CONFLICT
	assert_success(inventory->ops->import_family(inventory, &dump, &err), &err);
}

/* A family that a release began here is not filled up by an import. */
static void test_import_into_a_family(void **state)
{
	_cleanup_(inventory_closep) struct inventory *inventory = test_open(state);
	_cleanup_(family_dump_done) struct family_dump dump = {0};
	_cleanup_(family_dump_done) struct family_dump before = {0};
	struct gk_error err = {0};

	parse(full_lines, ARRAY_SIZE(full_lines), &dump);
	test_add(inventory, dump.family, "0.9.0", RELEASE_LIVE);
	assert_success(family_dump_read(inventory, dump.family, &before, &err), &err);
	assert_failure(inventory->ops->import_family(inventory, &dump, &err), &err, GK_CONFLICT,
		       "2.0.0 is not in the inventory");
	assert_has(inventory, &before);
}

/* More than a page, and more than a transaction of DynamoDB takes. */
static void test_import_many(void **state)
{
	enum { MANY = 501 };
	_cleanup_(inventory_closep) struct inventory *inventory = test_open(state);
	_cleanup_(family_dump_done) struct family_dump dump = {0};
	struct gk_error err = {0};

	gk_str_set(&dump.family, "many", &err);
	for (int i = 0; i < MANY; i++) {
		struct family_dump_release *added = gk_array_add(
			&dump.releases, &dump.release_count, sizeof(*dump.releases), &err);
		struct event_row *row = gk_array_add(&added->events.items, &added->events.count,
						     sizeof(*row), &err);
		char run[32];

		snprintf(run, sizeof(run), "run-%d", i);
		assert_success(test_release_init(&added->release, "many", run, &err), &err);
		added->release.version = (struct semver){.core = {0, 0, (uint64_t)i}};
		added->release.state = i % 2 ? RELEASE_RETIRED : RELEASE_LIVE;
		added->release.revision = i + 1;
		row->at = i;
		gk_str_set(&row->actor, "me@here", &err);
		gk_str_set(&row->action, "allocated", &err);
	}
	assert_success(inventory->ops->import_family(inventory, &dump, &err), &err);
	assert_has(inventory, &dump);
	assert_success(inventory->ops->import_family(inventory, &dump, &err), &err);
}

int store_import_run(int (*set_up)(void **state), int (*tear_down)(void **state))
{
#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_import_round_trip),
		STORE_TEST(test_imported_is_found),
		STORE_TEST(test_import_twice),
		STORE_TEST(test_import_conflicts),
		STORE_TEST(test_import_into_a_family),
		STORE_TEST(test_import_many),
	};
#undef STORE_TEST

	return cmocka_run_group_tests_name("store: import", tests, NULL, NULL);
}
