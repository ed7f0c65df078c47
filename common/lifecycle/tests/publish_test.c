/* Pointers: when they are published, and what becomes of them if others publish at the same time. */
#include "lifecycle/tests/publish_fixture.h"

/* ---- the order of the steps ---- */

/* The channel has moved before anything is published, and nothing was removed. */
static void check_order(struct fake_cloud *cloud, const char *call)
{
	const struct fixture *f = cloud->context;

	if (strcmp(call, "write pointers") == 0) {
		world_assert_state(&f->world, "0.1.1", RELEASE_LIVE);
		world_assert_channel(&f->world, "latest", "0.1.1");
		world_assert_state(&f->world, "0.1.0", RELEASE_LIVE);
	}
}

static void test_published_after_the_channels_and_before_retention(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *calls = NULL;

	released(f, "run-1", FIRST);
	assert_published(f, LATEST, FIRST);
	gk_strv_done(&f->cloud.calls);
	f->cloud.calls = (struct gk_strv){0};
	f->cloud.before = check_order;
	build(f, "run-2", SECOND);
	build_keep_last(&f->build, 1);
	release(f, OUTCOME_RELEASED);
	calls = gk_strv_join(&f->cloud.calls, ", ", NULL);
	assert_string_equal(calls, "look, look, tag, look, read pointers, write pointers, "
				   "read pointers, look, look, remove");
	assert_published(f, LATEST, SECOND);
	assert_int_equal(f->outcome.published_count, 2);
	assert_string_equal(f->outcome.published[0].kind, "ssm");
	assert_string_equal(f->outcome.published[0].name, LATEST);
	assert_string_equal(f->outcome.published[0].value, SECOND);
	assert_intent(f, "0.1.1", false);
	assert_int_equal(f->world.clock.slept, 0);
}

static void test_what_is_right_is_not_written_again(void **state)
{
	struct fixture *f = *state;

	released(f, "run-1", FIRST);
	assert_int_equal(writes(f), 1);
	build_again(f, "run-1", FIRST);
	release(f, OUTCOME_UNCHANGED);
	assert_int_equal(writes(f), 1);
	assert_int_equal(f->outcome.published_count, 2);

	/* Another name: only that one is written, and kept. */
	build_again(f, "run-1", FIRST);
	build_add_pointer(&f->build, "/golden/{version}");
	release(f, OUTCOME_RELEASED);
	assert_int_equal(writes(f), 2);
	assert_published(f, "/golden/0.1.0", FIRST);
	build_again(f, "run-1", FIRST);
	release(f, OUTCOME_UNCHANGED);
	assert_int_equal(f->outcome.published_count, 4);
}

static void test_without_a_name_nothing_is_asked(void **state)
{
	struct fixture *f = *state;

	fake_cloud_add(&f->cloud, EU, FIRST);
	build_init(&f->build, "run-1", EU ":" FIRST);
	release(f, OUTCOME_RELEASED);
	assert_int_equal(fake_cloud_count(&f->cloud, "read pointers"), 0);
}

static void test_impossible_names_are_found_before_anything_is_recorded(void **state)
{
	struct fixture *f = *state;
	_cleanup_(outcome_done) struct outcome outcome = {0};
	_cleanup_(release_done) struct release found = {0};
	struct gk_error err = {0};

	fake_cloud_add(&f->cloud, EU, FIRST);
	fake_cloud_add(&f->cloud, EU, SECOND);
	build_init(&f->build, "run-1", EU ":" FIRST "," EU ":" SECOND);
	build_add_pointer(&f->build, "/golden/{family}");
	assert_failure(lifecycle_release(&f->world.lifecycle, &f->build.order, &outcome, &err), &err,
		       GK_REFUSED, "would both be published as /golden/web");
	build_done(&f->build);
	assert_false(world_read(&f->world, "0.1.0", &found));
}

/* The second build of a run makes a name ambiguous; the command with a better one gets on. */
static void test_a_name_that_became_impossible_gives_way(void **state)
{
	struct fixture *f = *state;

	fake_cloud_add(&f->cloud, EU, FIRST)->architecture = "x86_64";
	fake_cloud_add(&f->cloud, EU, SECOND)->architecture = "arm64";
	build_init(&f->build, "run-1", EU ":" FIRST);
	build_add_pointer(&f->build, "/golden/{family}");
	release(f, OUTCOME_RELEASED);
	build_init(&f->build, "run-1", EU ":" SECOND);
	build_add_pointer(&f->build, "/golden/{family}");
	release(f, OUTCOME_INCOMPLETE);
	assert_incomplete(f, 0, NULL, "tell them apart with {architecture}");
	assert_intent(f, "0.1.0", true);
	build_init(&f->build, "run-1", EU ":" SECOND);
	build_add_pointer(&f->build, "/golden/{family}/{architecture}");
	release(f, OUTCOME_RELEASED);
	assert_pointer(f, EU, "/golden/web/x86_64", FIRST);
	assert_pointer(f, EU, "/golden/web/arm64", SECOND);
	assert_intent(f, "0.1.0", false);
}

/* ---- what does not work ---- */

static void test_what_is_stored_later_is_waited_for(void **state)
{
	struct fixture *f = *state;

	f->cloud.stored_after = 2;
	released(f, "run-1", FIRST);
	assert_published(f, LATEST, FIRST);
	assert_int_equal(f->world.clock.slept, 1000 + 2000);
	assert_int_equal(writes(f), 1);
}

static void test_what_is_never_stored_is_unfinished(void **state)
{
	struct fixture *f = *state;

	released(f, "run-1", FIRST);
	f->cloud.forgetful = US;
	build(f, "run-2", SECOND);
	build_keep_last(&f->build, 1);
	release(f, OUTCOME_INCOMPLETE);
	assert_int_equal(f->world.clock.slept, 60000);
	assert_int_equal(f->outcome.incomplete_count, 1);
	assert_incomplete(f, 0, US, "ec2:DescribeImages");
	assert_incomplete(f, 0, US, "it is available");
	assert_incomplete(f, 0, US, "Parameter Store Change");
	assert_int_equal(f->outcome.published_count, 1);
	assert_string_equal(f->outcome.published[0].location, EU);
	world_assert_state(&f->world, "0.1.1", RELEASE_LIVE);
	world_assert_state(&f->world, "0.1.0", RELEASE_LIVE);

	f->cloud.forgetful = NULL;
	resume(f);
	assert_int_equal(f->outcome.incomplete_count, 0);
	assert_published(f, LATEST, SECOND);
	assert_intent(f, "0.1.1", false);
	world_assert_state(&f->world, "0.1.0", RELEASE_RETIRED);
}

static void test_a_region_that_denies_does_not_stop_the_others(void **state)
{
	struct fixture *f = *state;

	f->cloud.unpublishable = EU;
	build(f, "run-1", FIRST);
	release(f, OUTCOME_INCOMPLETE);
	assert_incomplete(f, 0, EU, "denied in " EU);
	assert_pointer(f, US, LATEST, FIRST);
	assert_int_equal(f->world.clock.slept, 0);
	/* Somebody moves on by hand meanwhile; resume does not publish over it. */
	f->cloud.unpublishable = NULL;
	released(f, "run-2", SECOND);
	resume(f);
	assert_published(f, LATEST, SECOND);
	assert_intent(f, "0.1.0", false);
}

static void test_another_kind_of_thing_is_left_alone(void **state)
{
	struct fixture *f = *state;

	fake_cloud_add_pointer(&f->cloud, EU, LATEST, "ami-0old", "text");
	build(f, "run-1", FIRST);
	release(f, OUTCOME_INCOMPLETE);
	assert_incomplete(f, 0, EU, LATEST);
	assert_incomplete(f, 0, EU, "text, which cannot be changed: delete it and run "
				    "`goldkeep resume`");
	assert_pointer(f, EU, LATEST, "ami-0old");
	assert_pointer(f, US, LATEST, FIRST);
}

static void test_a_version_is_never_overwritten(void **state)
{
	struct fixture *f = *state;

	fake_cloud_add_pointer(&f->cloud, EU, "/golden/0.1.0", "ami-0old", NULL);
	build(f, "run-1", FIRST);
	build_add_pointer(&f->build, "/golden/{version}");
	release(f, OUTCOME_INCOMPLETE);
	assert_incomplete(f, 0, EU, "names ami-0old already");
	assert_pointer(f, EU, "/golden/0.1.0", "ami-0old");
	assert_pointer(f, US, "/golden/0.1.0", FIRST);
	assert_published(f, LATEST, FIRST);
}

/* Nobody has told this run to publish; what is published goes on naming the release before. */
static void test_what_a_channel_leaves_behind_is_told(void **state)
{
	struct fixture *f = *state;

	build(f, "run-1", FIRST);
	release(f, OUTCOME_RELEASED);
	build(f, "run-2", SECOND);
	gk_strv_done(&f->build.order.pointers);
	release(f, OUTCOME_RELEASED);
	assert_published(f, LATEST, FIRST);
	assert_int_equal(f->outcome.warnings.count, 2);
	assert_string_equal(f->outcome.warnings.items[0],
			    LATEST " in " EU " still names " FIRST ": web 0.1.1 is not published there");
}

/* ---- several at once, and out of order ---- */

static void test_a_backport_does_not_move_latest(void **state)
{
	struct fixture *f = *state;

	build(f, "run-1", FIRST);
	f->build.order.version.kind = VERSION_EXACT;
	f->build.order.version.exact = (struct semver){.core = {1, 4, 0}};
	release(f, OUTCOME_RELEASED);
	build(f, "run-2", SECOND);
	f->build.order.version.kind = VERSION_EXACT;
	f->build.order.version.exact = (struct semver){.core = {1, 3, 9}};
	build_add_channel(&f->build, "stable");
	build_add_pointer(&f->build, "/golden/{family}");
	release(f, OUTCOME_RELEASED);
	assert_published(f, LATEST, FIRST);
	assert_published(f, STABLE, SECOND);
	assert_published(f, "/golden/web", NULL);
}

/* Another process, over the same inventory and cloud. */
static void release_elsewhere(struct fixture *f, const char *run, const char *id)
{
	_cleanup_free_ char *artifact = gk_str_format(NULL, EU ":%s," US ":%s", id, id);
	struct world other = f->world;
	struct build theirs;

	assert_non_null(artifact);
	other.inventory = world_open(&f->world, SQLITE_READ_WRITE);
	other.lifecycle.inventory = other.inventory;
	build_init(&theirs, run, artifact);
	build_add_pointer(&theirs, "/golden/{family}/{channel}");
	world_release(&other, &theirs, OUTCOME_RELEASED);
	inventory_close(other.inventory);
}

/* The other process publishes the next release at the moment of this one's write. */
static void overtake(struct fake_cloud *cloud, const char *call)
{
	struct fixture *f = cloud->context;

	if (strcmp(call, "write pointers") != 0)
		return;
	cloud->before = NULL;
	release_elsewhere(f, "run-2", SECOND);
	assert_published(f, LATEST, SECOND);
}

static void test_a_slow_publisher_is_repaired(void **state)
{
	struct fixture *f = *state;

	fake_cloud_add(&f->cloud, EU, SECOND);
	fake_cloud_add(&f->cloud, US, SECOND);
	build(f, "run-1", FIRST);
	build_add_pointer(&f->build, "/golden/{version}");
	f->cloud.before = overtake;
	release(f, OUTCOME_RELEASED);
	assert_published(f, LATEST, SECOND);
	assert_published(f, "/golden/0.1.0", FIRST);
	world_assert_channel(&f->world, "latest", "0.1.1");
	assert_int_equal(f->outcome.published_count, 4);
	assert_string_equal(f->outcome.published[0].value, SECOND);
	assert_int_equal(f->world.clock.slept, 0);
}

/* It moves on between the last look at the value and the last look at the channel. */
static void overtake_late(struct fake_cloud *cloud, const char *call)
{
	struct fixture *f = cloud->context;

	if (strcmp(call, "read pointers") != 0 || fake_cloud_count(cloud, "write pointers") == 0)
		return;
	cloud->before = NULL;
	release_elsewhere(f, "run-2", SECOND);
}

static void test_what_is_overwritten_meanwhile_is_not_waited_for(void **state)
{
	struct fixture *f = *state;

	fake_cloud_add(&f->cloud, EU, SECOND);
	fake_cloud_add(&f->cloud, US, SECOND);
	build(f, "run-1", FIRST);
	f->cloud.before = overtake_late;
	release(f, OUTCOME_RELEASED);
	assert_published(f, LATEST, SECOND);
	assert_int_equal(f->world.clock.slept, 0);
	assert_int_equal(writes(f), 2);
}

/* What was moved by hand while the rest is unfinished has the last word. */
static void test_resume_does_not_move_a_channel_twice(void **state)
{
	const struct event event = {.at = WORLD_NOW, .actor = "tester", .action = "channel"};
	static char stable[] = "stable";
	struct fixture *f = *state;
	struct channel back = {.name = stable, .version = {.core = {0, 1, 0}}};
	struct semver from = {.core = {0, 1, 1}};
	struct gk_error err = {0};

	released(f, "run-1", FIRST);
	f->cloud.unpublishable = EU;
	build(f, "run-2", SECOND);
	build_add_channel(&f->build, "stable");
	release(f, OUTCOME_INCOMPLETE);
	f->cloud.unpublishable = NULL;
	assert_success(f->world.inventory->ops->set_channel(f->world.inventory, "web", &from, &back,
							    &event, &err),
		       &err);
	resume(f);
	world_assert_channel(&f->world, "stable", "0.1.0");
	assert_published(f, LATEST, SECOND);
	assert_pointer(f, EU, STABLE, NULL);
}

/* What a later run finishes is published too, but for what the channels name by now. */
static void test_a_later_run_publishes_what_was_left(void **state)
{
	struct fixture *f = *state;

	f->cloud.unpublishable = EU;
	build(f, "run-1", FIRST);
	build_add_pointer(&f->build, "/golden/{version}");
	f->build.order.tfvars = f->file;
	release(f, OUTCOME_INCOMPLETE);
	assert_pointer(f, EU, "/golden/0.1.0", NULL);
	f->cloud.unpublishable = NULL;
	assert_int_equal(unlink(f->file), 0);
	released(f, "run-2", SECOND);
	assert_published(f, "/golden/0.1.0", FIRST);
	assert_published(f, LATEST, SECOND);
	assert_intent(f, "0.1.0", false);
	assert_int_equal(access(f->file, F_OK), -1);
}

/* Retention of a later run does not make it forgotten. */
static void test_what_is_still_unpublished_stays_unfinished(void **state)
{
	struct fixture *f = *state;

	f->cloud.unpublishable = EU;
	build(f, "run-1", FIRST);
	build_add_pointer(&f->build, "/golden/{version}");
	build_keep_last(&f->build, 3);
	release(f, OUTCOME_INCOMPLETE);
	fake_cloud_add(&f->cloud, US, SECOND);
	build_init(&f->build, "run-2", US ":" SECOND);
	build_keep_last(&f->build, 3);
	release(f, OUTCOME_RELEASED);
	assert_int_equal(f->outcome.warnings.count, 2);
	assert_non_null(strstr(f->outcome.warnings.items[0], LATEST " in " US " still names " FIRST));
	assert_non_null(strstr(f->outcome.warnings.items[1], "web 0.1.0 is still unfinished"));
	assert_intent(f, "0.1.0", true);
	f->cloud.unpublishable = NULL;
	resume(f);
	assert_published(f, "/golden/0.1.0", FIRST);
	assert_intent(f, "0.1.0", false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_published_after_the_channels_and_before_retention),
		TEST(test_what_is_right_is_not_written_again),
		TEST(test_without_a_name_nothing_is_asked),
		TEST(test_impossible_names_are_found_before_anything_is_recorded),
		TEST(test_a_name_that_became_impossible_gives_way),
		TEST(test_what_is_stored_later_is_waited_for),
		TEST(test_what_is_never_stored_is_unfinished),
		TEST(test_a_region_that_denies_does_not_stop_the_others),
		TEST(test_another_kind_of_thing_is_left_alone),
		TEST(test_a_version_is_never_overwritten),
		TEST(test_what_a_channel_leaves_behind_is_told),
		TEST(test_a_backport_does_not_move_latest),
		TEST(test_a_slow_publisher_is_repaired),
		TEST(test_what_is_overwritten_meanwhile_is_not_waited_for),
		TEST(test_resume_does_not_move_a_channel_twice),
		TEST(test_a_later_run_publishes_what_was_left),
		TEST(test_what_is_still_unpublished_stays_unfinished),
	};

	return cmocka_run_group_tests_name("pointers", tests, NULL, NULL);
}
