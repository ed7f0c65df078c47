/* The order of the steps, what a dry run leaves alone, patience, and what channels do when work is
 * finished late: over a small cloud in memory. */
#include "cloud/rehearsal.h"
#include "inventory/rehearsal.h"
#include "lifecycle/tests/fake_cloud.h"
#include "lifecycle/tests/world.h"

#define EU "eu-west-1"
#define US "us-east-1"
#define FIRST "ami-00000001"
#define SECOND "ami-00000002"
#define THIRD "ami-00000003"

struct fixture {
	struct world world;
	struct fake_cloud cloud;
	struct build build;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	world_init(&f->world);
	fake_cloud_init(&f->cloud);
	f->world.lifecycle.cloud = &f->cloud.base;
	f->cloud.context = f;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	fake_cloud_done(&f->cloud);
	world_done(&f->world);
	free(f);
	return 0;
}

/* Builds an image in both regions; the order is f->build. */
static void build(struct fixture *f, const char *run, const char *id)
{
	_cleanup_free_ char *artifact = gk_str_format(NULL, EU ":%s," US ":%s", id, id);

	assert_non_null(artifact);
	fake_cloud_add(&f->cloud, EU, id);
	fake_cloud_add(&f->cloud, US, id);
	build_init(&f->build, run, artifact);
}

static void release(struct fixture *f, enum outcome_result expected)
{
	world_release(&f->world, &f->build, expected);
}

static void resume(struct fixture *f)
{
	_cleanup_(outcome_list_done) struct outcome_list outcomes = {0};
	struct gk_error err = {0};

	assert_success(lifecycle_resume(&f->world.lifecycle, "web", &outcomes, &err), &err);
	for (size_t i = 0; i < outcomes.count; i++)
		assert_int_equal(outcomes.items[i].incomplete_count, 0);
}

static size_t events(const struct world *world)
{
	_cleanup_(event_list_done) struct event_list list = {0};
	struct gk_error err = {0};

	assert_success(world->inventory->ops->events(world->inventory, "web", NULL, 1000, &list,
						     &err),
		       &err);
	return list.count;
}

/* ---- the order of the steps ---- */

static void assert_recorded(const struct world *world, const char *version,
			    enum release_state state, const char *snapshot)
{
	_cleanup_(release_done) struct release found = {0};

	assert_true(world_read(world, version, &found));
	assert_string_equal(release_state_name(found.state), release_state_name(state));
	assert_int_equal(found.image_count, 2);
	for (size_t i = 0; i < found.image_count; i++) {
		assert_string_equal(release_state_name(found.images[i].state),
				    release_state_name(state));
		assert_non_null(image_find_snapshot(&found.images[i], snapshot));
	}
}

/* What is on disk at the moment of each call, as another process reads it. */
static void check_order(struct fake_cloud *cloud, const char *call)
{
	const struct fixture *f = cloud->context;
	_cleanup_(release_done) struct release second = {0};

	if (strcmp(call, "tag") == 0) {
		assert_recorded(&f->world, "0.1.1", RELEASE_PENDING, "snap-00000002");
		assert_true(world_read(&f->world, "0.1.1", &second));
		assert_non_null(second.intent);
		world_assert_channel(&f->world, "latest", "0.1.0");
	}
	if (strcmp(call, "remove") == 0) {
		for (size_t i = 0; i < f->cloud.images[0].snapshots.count; i++)
			assert_recorded(&f->world, "0.1.0", RELEASE_RETIRING,
					f->cloud.images[0].snapshots.items[i]);
		world_assert_state(&f->world, "0.1.1", RELEASE_LIVE);
		world_assert_channel(&f->world, "latest", "0.1.1");
	}
}

static void assert_order(struct fixture *f)
{
	_cleanup_free_ char *calls = NULL;

	gk_strv_done(&f->cloud.calls);
	f->cloud.calls = (struct gk_strv){0};
	f->cloud.before = check_order;
	build(f, "run-2", SECOND);
	build_keep_last(&f->build, 1);
	release(f, OUTCOME_RELEASED);
	calls = gk_strv_join(&f->cloud.calls, " ", NULL);
	assert_string_equal(calls, "look look tag look look look remove");
	world_assert_state(&f->world, "0.1.0", RELEASE_RETIRED);
}

static void test_written_down_before_it_is_done(void **state)
{
	struct fixture *f = *state;

	build(f, "run-1", FIRST);
	release(f, OUTCOME_RELEASED);
	assert_order(f);
}

static void test_snapshots_that_nobody_knew_are_written_down_too(void **state)
{
	struct fixture *f = *state;

	build(f, "run-1", FIRST);
	release(f, OUTCOME_RELEASED);
	for (size_t i = 0; i < f->cloud.image_count; i++)
		assert_int_equal(gk_strv_add(&f->cloud.images[i].snapshots, "snap-00000009", NULL), 0);
	assert_order(f);
}

/* ---- a dry run ---- */

/* A second connection to the same inventory, and the same cloud, both behind rehearsals. */
static void rehearse(struct fixture *f)
{
	struct inventory *base = world_open(&f->world, SQLITE_READ_ONLY);

	assert_int_equal(rehearsal_inventory_open(base, &f->world.lifecycle.inventory, NULL), 0);
	assert_int_equal(rehearsal_cloud_open(f->world.lifecycle.cloud, &f->world.lifecycle.cloud,
					      NULL),
			 0);
}

static void end_rehearsal(struct fixture *f)
{
	inventory_closep(&f->world.lifecycle.inventory);
	cloud_closep(&f->world.lifecycle.cloud);
}

static void test_a_dry_run_only_looks(void **state)
{
	struct fixture *f = *state;
	size_t before = 0;

	build(f, "run-1", FIRST);
	release(f, OUTCOME_RELEASED);
	before = events(&f->world);
	rehearse(f);
	build(f, "run-2", SECOND);
	build_keep_last(&f->build, 1);
	build_add_channel(&f->build, "stable");
	release(f, OUTCOME_RELEASED);
	resume(f);
	end_rehearsal(f);
	assert_int_equal(fake_cloud_count(&f->cloud, "tag"), 1);
	assert_int_equal(fake_cloud_count(&f->cloud, "remove"), 0);
	assert_int_equal(events(&f->world), before);
	world_assert_state(&f->world, "0.1.0", RELEASE_LIVE);
	world_assert_channel(&f->world, "latest", "0.1.0");
	world_assert_channel(&f->world, "stable", NULL);
	assert_int_equal(f->world.clock.slept, 0);
}

/* ---- patience ---- */

static void test_what_is_not_visible_yet_is_waited_for(void **state)
{
	struct fixture *f = *state;

	build(f, "run-1", FIRST);
	f->cloud.images[0].hidden_for = 3;
	release(f, OUTCOME_RELEASED);
	assert_int_equal(f->world.clock.slept, 500 + 1000 + 2000);

	f->world.clock.slept = 0;
	build(f, "run-2", SECOND);
	f->cloud.images[3].tags_hidden_for = 2;
	release(f, OUTCOME_RELEASED);
	assert_int_equal(f->world.clock.slept, 500 + 1000);
	world_assert_state(&f->world, "0.1.1", RELEASE_LIVE);
}

static void test_patience_ends(void **state)
{
	struct fixture *f = *state;
	_cleanup_(outcome_done) struct outcome outcome = {0};
	time_t began = time(NULL);
	struct gk_error err = {0};

	build(f, "run-1", FIRST);
	f->cloud.images[0].hidden_for = 1000;
	assert_failure(lifecycle_release(&f->world.lifecycle, &f->build.order, &outcome, &err), &err,
		       GK_FAILED, FIRST " is not among this account's AMIs in " EU);
	build_done(&f->build);
	assert_int_equal(f->world.clock.slept, 15500);
	assert_int_equal(events(&f->world), 0);

	/* Tags that never show: recorded, unfinished, and finished later. */
	f->cloud.images[0].hidden_for = 0;
	f->cloud.images[0].tags_hidden_for = 1000;
	build_init(&f->build, "run-1", EU ":" FIRST);
	release(f, OUTCOME_INCOMPLETE);
	assert_int_equal(f->world.clock.slept, 2 * 15500);
	world_assert_state(&f->world, "0.1.0", RELEASE_PENDING);
	world_assert_channel(&f->world, "latest", NULL);
	f->cloud.images[0].tags_hidden_for = 0;
	resume(f);
	world_assert_state(&f->world, "0.1.0", RELEASE_LIVE);
	world_assert_channel(&f->world, "latest", "0.1.0");
	assert_in_range(time(NULL) - began, 0, 10);
}

/* ---- work that is finished late ---- */

/* Release 0.1.1 wants stable, but a region refuses its tags. */
static void leave_unfinished(struct fixture *f)
{
	build(f, "run-1", FIRST);
	release(f, OUTCOME_RELEASED);
	f->cloud.untaggable = EU;
	build(f, "run-2", SECOND);
	build_add_channel(&f->build, "stable");
	release(f, OUTCOME_INCOMPLETE);
	f->cloud.untaggable = NULL;
	world_assert_state(&f->world, "0.1.1", RELEASE_PENDING);
	world_assert_channel(&f->world, "stable", NULL);
}

static void test_a_channel_that_a_later_run_took_stays_there(void **state)
{
	struct fixture *f = *state;

	leave_unfinished(f);
	build(f, "run-3", THIRD);
	build_add_channel(&f->build, "stable");
	release(f, OUTCOME_RELEASED);
	world_assert_state(&f->world, "0.1.1", RELEASE_LIVE);
	world_assert_channel(&f->world, "stable", "0.1.2");
	world_assert_channel(&f->world, "latest", "0.1.2");
}

static void test_the_next_run_finishes_what_it_does_not_replace(void **state)
{
	struct fixture *f = *state;

	leave_unfinished(f);
	build(f, "run-3", THIRD);
	release(f, OUTCOME_RELEASED);
	world_assert_state(&f->world, "0.1.1", RELEASE_LIVE);
	world_assert_channel(&f->world, "stable", "0.1.1");
	world_assert_channel(&f->world, "latest", "0.1.2");
}

static void set_channel(struct fixture *f, const char *name, const char *from, const char *to)
{
	const struct event event = {.at = WORLD_NOW, .actor = "a", .action = "channel"};
	struct channel channel = {.name = (char *)name};
	struct semver old;
	struct gk_error err = {0};

	assert_success(semver_parse(from, &old, &err), &err);
	assert_success(semver_parse(to, &channel.version, &err), &err);
	assert_success(f->world.inventory->ops->set_channel(f->world.inventory, "web", &old,
							    &channel, &event, &err),
		       &err);
}

/* Retention was in doubt; before it is finished somebody goes back to the release before. */
static void test_resume_does_not_move_a_channel_twice(void **state)
{
	struct fixture *f = *state;

	build(f, "run-1", FIRST);
	release(f, OUTCOME_RELEASED);
	build(f, "run-2", SECOND);
	build_add_channel(&f->build, "stable");
	release(f, OUTCOME_RELEASED);
	build(f, "run-3", THIRD);
	build_add_channel(&f->build, "stable");
	build_keep_last(&f->build, 1);
	f->cloud.unreadable = US;
	release(f, OUTCOME_INCOMPLETE);
	f->cloud.unreadable = NULL;
	world_assert_channel(&f->world, "stable", "0.1.2");
	set_channel(f, "stable", "0.1.2", "0.1.1");
	resume(f);
	world_assert_channel(&f->world, "stable", "0.1.1");
	world_assert_state(&f->world, "0.1.0", RELEASE_RETIRED);
	world_assert_state(&f->world, "0.1.1", RELEASE_LIVE);
}

/* ---- several at once ---- */

/* As the run of 0.1.0 leaves it between `live` and its channels. */
static void reopen(struct fixture *f, const char *intent)
{
	const struct event event = {.at = WORLD_NOW, .actor = "a", .action = "joined"};
	_cleanup_(release_done) struct release release = {0};
	const struct semver version = {.core = {0, 1, 0}};
	struct inventory *inventory = f->world.inventory;
	struct gk_error err = {0};
	bool found = false;

	assert_success(inventory->ops->get(inventory, "web", &version, &found, &release, &err),
		       &err);
	assert_true(found);
	assert_success(gk_str_set(&release.intent, intent, &err), &err);
	assert_success(inventory->ops->save(inventory, &release, &event, &err), &err);
}

/* Returns how much was left undone. */
static size_t retain(struct fixture *f)
{
	_cleanup_(outcome_done) struct outcome outcome = {0};
	struct policy policy;
	struct gk_error err = {0};

	policy_init(&policy);
	policy.given = true;
	policy.keep_last = 1;
	assert_success(gk_str_set(&outcome.family, "web", &err), &err);
	assert_success(lifecycle_retain(&f->world.lifecycle, "web", &policy, &outcome, &err), &err);
	return outcome.incomplete_count;
}

static void test_what_a_channel_is_about_to_name_stays(void **state)
{
	static const char *const intents[] = {"{\"channels\":[\"stable\"]}", "{\"publish\":true}"};
	struct fixture *f = *state;

	build(f, "run-1", FIRST);
	release(f, OUTCOME_RELEASED);
	build(f, "run-2", SECOND);
	release(f, OUTCOME_RELEASED);
	for (size_t i = 0; i < ARRAY_SIZE(intents); i++) {
		reopen(f, intents[i]);
		retain(f);
		world_assert_state(&f->world, "0.1.0", RELEASE_LIVE);
	}
	reopen(f, NULL);
	retain(f);
	world_assert_state(&f->world, "0.1.0", RELEASE_RETIRED);
}

/* Another process releases a build of its own. */
static void release_elsewhere(struct fixture *f, struct build *theirs)
{
	struct world other = f->world;

	f->cloud.before = NULL;
	other.inventory = world_open(&f->world, SQLITE_READ_WRITE);
	other.lifecycle.inventory = other.inventory;
	world_release(&other, theirs, OUTCOME_RELEASED);
	inventory_close(other.inventory);
}

/* Another process begins the family after this one has asked for it. */
static void begin_family(struct fake_cloud *cloud, const char *call)
{
	struct build theirs;

	(void)call;
	build_init(&theirs, "run-1", EU ":" FIRST);
	release_elsewhere(cloud->context, &theirs);
}

static void test_a_family_that_another_run_begins_just_now(void **state)
{
	struct fixture *f = *state;

	fake_cloud_add(&f->cloud, EU, FIRST);
	build(f, "run-2", SECOND);
	f->cloud.before = begin_family;
	release(f, OUTCOME_RELEASED);
	world_assert_state(&f->world, "0.1.0", RELEASE_LIVE);
	world_assert_state(&f->world, "0.1.1", RELEASE_LIVE);
}

/* Another process retires all that this one has read of the family. */
static void replace_family(struct fake_cloud *cloud, const char *call)
{
	struct build theirs;

	(void)call;
	build_init(&theirs, "run-3", EU ":" THIRD "," US ":" THIRD);
	build_keep_last(&theirs, 1);
	release_elsewhere(cloud->context, &theirs);
}

static void test_what_another_run_retires_meanwhile_is_no_doubt(void **state)
{
	struct fixture *f = *state;

	build(f, "run-1", FIRST);
	release(f, OUTCOME_RELEASED);
	build(f, "run-2", SECOND);
	release(f, OUTCOME_RELEASED);
	fake_cloud_add(&f->cloud, EU, THIRD);
	fake_cloud_add(&f->cloud, US, THIRD);
	f->cloud.before = replace_family;
	assert_int_equal(retain(f), 0);
	world_assert_state(&f->world, "0.1.0", RELEASE_RETIRED);
	world_assert_state(&f->world, "0.1.1", RELEASE_RETIRED);
	world_assert_state(&f->world, "0.1.2", RELEASE_LIVE);
}

/* Nobody has retired them: the credentials may be those of another account, and looking again would
 * not tell. */
static void test_what_is_gone_without_a_witness_stays_as_it_is(void **state)
{
	struct fixture *f = *state;
	size_t looks = 0;

	build(f, "run-1", FIRST);
	release(f, OUTCOME_RELEASED);
	build(f, "run-2", SECOND);
	release(f, OUTCOME_RELEASED);
	for (size_t i = 0; i < f->cloud.image_count; i++)
		f->cloud.images[i].gone = true;
	looks = fake_cloud_count(&f->cloud, "look");
	assert_int_not_equal(retain(f), 0);
	assert_int_equal(fake_cloud_count(&f->cloud, "look"), looks + 1);
	assert_int_equal(fake_cloud_count(&f->cloud, "remove"), 0);
	world_assert_state(&f->world, "0.1.0", RELEASE_LIVE);
	world_assert_state(&f->world, "0.1.1", RELEASE_LIVE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_written_down_before_it_is_done),
		TEST(test_snapshots_that_nobody_knew_are_written_down_too),
		TEST(test_a_dry_run_only_looks),
		TEST(test_what_is_not_visible_yet_is_waited_for),
		TEST(test_patience_ends),
		TEST(test_a_channel_that_a_later_run_took_stays_there),
		TEST(test_the_next_run_finishes_what_it_does_not_replace),
		TEST(test_resume_does_not_move_a_channel_twice),
		TEST(test_what_a_channel_is_about_to_name_stays),
		TEST(test_a_family_that_another_run_begins_just_now),
		TEST(test_what_another_run_retires_meanwhile_is_no_doubt),
		TEST(test_what_is_gone_without_a_witness_stays_as_it_is),
	};

	return cmocka_run_group_tests_name("lifecycle", tests, NULL, NULL);
}
