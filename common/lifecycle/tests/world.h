/*
 * What the unit tests of the lifecycle work on: an SQLite inventory in a folder of its own, a
 * clock that is moved by hand, and orders that are read from a manifest. The cloud is the test's.
 */
#ifndef GK_LIFECYCLE_TESTS_WORLD_H
#define GK_LIFECYCLE_TESTS_WORLD_H

#include "base/mem.h"
#include "base/tests/folder.h"
#include "base/tests/unit.h"
#include "inventory/sqlite.h"
#include "lifecycle/lifecycle.h"
#include "net/script.h"

enum { WORLD_NOW = 1795178160 };

struct world {
	struct test_folder folder;
	char path[TEST_PATH_SIZE];
	struct script_clock clock;
	struct inventory *inventory;
	struct lifecycle lifecycle; /* its cloud is the test's to set */
};

static inline struct inventory *world_open(const struct world *world, enum sqlite_mode mode)
{
	struct inventory *inventory = NULL;
	struct gk_error err = {0};

	assert_success(sqlite_inventory_open(world->path, mode, &inventory, &err), &err);
	return inventory;
}

static inline void world_init(struct world *world)
{
	*world = (struct world){0};
	test_folder_init(&world->folder);
	test_path(&world->folder, "inventory.db", world->path);
	script_clock_init(&world->clock, WORLD_NOW);
	world->inventory = world_open(world, SQLITE_READ_WRITE);
	world->lifecycle = (struct lifecycle){
		.inventory = world->inventory,
		.clock = &world->clock.clock,
		.actor = "tester@here",
	};
}

static inline void world_done(struct world *world)
{
	inventory_close(world->inventory);
	test_folder_done(&world->folder);
}

/* A build of one Packer run, as the order that is made of it. */
struct build {
	struct manifest manifest;
	const struct manifest_entry *entry;
	struct release_order order;
};

/* Of family web; the artifact is "us-east-1:ami-00000001,eu-west-1:ami-00000002". */
static inline void build_init(struct build *build, const char *run, const char *artifact)
{
	struct gk_error err = {0};
	_cleanup_free_ char *text = gk_str_format(
		&err,
		"{\"builds\": [{\"name\": \"web\", \"builder_type\": \"amazon-ebs\", \"build_time\": %d,"
		" \"artifact_id\": \"%s\", \"packer_run_uuid\": \"%s\"}], \"last_run_uuid\": \"%s\"}",
		WORLD_NOW - 60, artifact, run, run);

	*build = (struct build){0};
	assert_non_null(text);
	assert_success(manifest_parse(text, strlen(text), &build->manifest, &err), &err);
	build->entry = &build->manifest.entries[0];
	assert_success(manifest_entry_check(build->entry, &err), &err);
	assert_int_not_equal(build->entry->image_count, 0);
	build->order = (struct release_order){
		.family = "web",
		.run = build->entry->run,
		.entries = &build->entry,
		.entry_count = 1,
		.version = {.kind = VERSION_BUMP, .bump = SEMVER_PATCH},
	};
	policy_init(&build->order.policy);
}

static inline void build_done(struct build *build)
{
	gk_strv_done(&build->order.channels);
	gk_strv_done(&build->order.pointers);
	tag_list_done(&build->order.tags);
	manifest_done(&build->manifest);
}

static inline void build_keep_last(struct build *build, int count)
{
	build->order.policy.given = true;
	build->order.policy.keep_last = count;
}

static inline void build_add_channel(struct build *build, const char *name)
{
	struct gk_error err = {0};

	assert_success(gk_strv_add(&build->order.channels, name, &err), &err);
}

static inline void build_add_pointer(struct build *build, const char *template)
{
	struct gk_error err = {0};

	assert_success(gk_strv_add(&build->order.pointers, template, &err), &err);
}

/* Releases the build, which is done with then, and expects that result. */
static inline void world_release(struct world *world, struct build *build,
				 enum outcome_result expected)
{
	_cleanup_(outcome_done) struct outcome outcome = {0};
	struct gk_error err = {0};

	assert_success(gk_str_set(&outcome.family, "web", &err), &err);
	assert_success(lifecycle_release(&world->lifecycle, &build->order, &outcome, &err), &err);
	if (outcome.result != expected)
		fail_msg("%s: %s", outcome_result_name(outcome.result),
			 outcome.incomplete_count ? outcome.incomplete[0].error : "");
	build_done(build);
}

/* What another process would read now. False if there is no such release. */
static inline bool world_read(const struct world *world, const char *version, struct release *ret)
{
	_cleanup_(inventory_closep) struct inventory *inventory =
		world_open(world, SQLITE_READ_ONLY);
	struct semver parsed;
	struct gk_error err = {0};
	bool found = false;

	assert_success(semver_parse(version, &parsed, &err), &err);
	assert_success(inventory->ops->get(inventory, "web", &parsed, &found, ret, &err), &err);
	return found;
}

static inline void world_assert_state(const struct world *world, const char *version,
				      enum release_state state)
{
	_cleanup_(release_done) struct release release = {0};

	assert_true(world_read(world, version, &release));
	assert_string_equal(release_state_name(release.state), release_state_name(state));
}

/* `version` NULL: there is no such channel. */
static inline void world_assert_channel(const struct world *world, const char *name,
					const char *version)
{
	_cleanup_(inventory_closep) struct inventory *inventory =
		world_open(world, SQLITE_READ_ONLY);
	_cleanup_(channel_list_done) struct channel_list channels = {0};
	const struct channel *channel = NULL;
	char text[SEMVER_TEXT_SIZE];
	struct gk_error err = {0};

	assert_success(inventory->ops->channels(inventory, "web", &channels, &err), &err);
	channel = channel_list_find(&channels, name);
	assert_int_equal(!channel, !version);
	if (channel)
		assert_string_equal(semver_format(&channel->version, text), version);
}

#endif
