/* What is published, when, and what becomes of it if others publish at the same time: over a small
 * cloud in memory. */
#include <sys/stat.h>

#include "base/file.h"
#include "cloud/rehearsal.h"
#include "inventory/rehearsal.h"
#include "lifecycle/tests/fake_cloud.h"
#include "lifecycle/tests/world.h"

#define EU "eu-west-1"
#define US "us-east-1"
#define FIRST "ami-00000001"
#define SECOND "ami-00000002"
#define THIRD "ami-00000003"
#define LATEST "/golden/web/latest"
#define STABLE "/golden/web/stable"

struct fixture {
	struct world world;
	struct fake_cloud cloud;
	struct build build;
	struct outcome outcome; /* of the last release or resume */
	char file[TEST_PATH_SIZE];
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	world_init(&f->world);
	fake_cloud_init(&f->cloud);
	f->world.lifecycle.cloud = &f->cloud.base;
	f->cloud.context = f;
	test_path(&f->world.folder, "web.auto.tfvars.json", f->file);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	outcome_done(&f->outcome);
	fake_cloud_done(&f->cloud);
	world_done(&f->world);
	free(f);
	return 0;
}

/* Builds an image in both regions; the order, to be published under the channels, is f->build. */
static void build(struct fixture *f, const char *run, const char *id)
{
	_cleanup_free_ char *artifact = gk_str_format(NULL, EU ":%s," US ":%s", id, id);

	assert_non_null(artifact);
	fake_cloud_add(&f->cloud, EU, id);
	fake_cloud_add(&f->cloud, US, id);
	build_init(&f->build, run, artifact);
	build_add_pointer(&f->build, "/golden/{family}/{channel}");
}

/* The same order once more, as a rerun of the same command would have it. */
static void build_again(struct fixture *f, const char *run, const char *id)
{
	_cleanup_free_ char *artifact = gk_str_format(NULL, EU ":%s," US ":%s", id, id);

	assert_non_null(artifact);
	build_init(&f->build, run, artifact);
	build_add_pointer(&f->build, "/golden/{family}/{channel}");
}

static void release(struct fixture *f, enum outcome_result expected)
{
	struct gk_error err = {0};

	outcome_done(&f->outcome);
	assert_success(gk_str_set(&f->outcome.family, "web", &err), &err);
	assert_success(lifecycle_release(&f->world.lifecycle, &f->build.order, &f->outcome, &err),
		       &err);
	if (f->outcome.result != expected)
		fail_msg("%s: %s", outcome_result_name(f->outcome.result),
			 f->outcome.incomplete_count ? f->outcome.incomplete[0].error : "");
	build_done(&f->build);
}

static void released(struct fixture *f, const char *run, const char *id)
{
	build(f, run, id);
	release(f, OUTCOME_RELEASED);
}

/* The outcome of the last release that had something to finish. */
static void resume(struct fixture *f)
{
	_cleanup_(outcome_list_done) struct outcome_list outcomes = {0};
	struct gk_error err = {0};

	outcome_done(&f->outcome);
	assert_success(lifecycle_resume(&f->world.lifecycle, "web", &outcomes, &err), &err);
	if (outcomes.count == 0)
		return;
	f->outcome = outcomes.items[outcomes.count - 1];
	outcomes.items[outcomes.count - 1] = (struct outcome){0};
}

static void assert_pointer(struct fixture *f, const char *location, const char *name,
			   const char *id)
{
	const char *found = fake_cloud_pointer(&f->cloud, location, name);

	assert_int_equal(!found, !id);
	if (id)
		assert_string_equal(found, id);
}

static void assert_published(struct fixture *f, const char *name, const char *id)
{
	assert_pointer(f, EU, name, id);
	assert_pointer(f, US, name, id);
}

static void assert_incomplete(struct fixture *f, size_t which, const char *location,
			      const char *part)
{
	assert_true(which < f->outcome.incomplete_count);
	assert_string_equal(f->outcome.incomplete[which].step, "publish");
	if (location)
		assert_string_equal(f->outcome.incomplete[which].location, location);
	if (!strstr(f->outcome.incomplete[which].error, part))
		fail_msg("%s", f->outcome.incomplete[which].error);
}

static void assert_intent(struct fixture *f, const char *version, bool expected)
{
	_cleanup_(release_done) struct release found = {0};

	assert_true(world_read(&f->world, version, &found));
	assert_int_equal(found.intent != NULL, expected);
}

static size_t writes(const struct fixture *f)
{
	return fake_cloud_count(&f->cloud, "write pointers");
}

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
	f->cloud.before = overtake;
	release(f, OUTCOME_RELEASED);
	assert_published(f, LATEST, SECOND);
	world_assert_channel(&f->world, "latest", "0.1.1");
	assert_int_equal(f->outcome.published_count, 2);
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
	assert_int_equal(f->outcome.warnings.count, 1);
	assert_non_null(strstr(f->outcome.warnings.items[0], "web 0.1.0 is still unfinished"));
	assert_intent(f, "0.1.0", true);
	f->cloud.unpublishable = NULL;
	resume(f);
	assert_published(f, "/golden/0.1.0", FIRST);
	assert_intent(f, "0.1.0", false);
}

/* ---- the file ---- */

static void assert_file(const struct fixture *f, const char *part)
{
	_cleanup_(gk_buf_done) struct gk_buf text = {0};
	struct gk_error err = {0};

	assert_success(gk_file_read(f->file, 0, &text, &err), &err);
	if (!strstr(gk_buf_text(&text), part))
		fail_msg("%s", gk_buf_text(&text));
}

static void test_a_file_is_written_and_keeps_its_permissions(void **state)
{
	struct fixture *f = *state;
	struct stat info;

	build(f, "run-1", FIRST);
	f->build.order.tfvars = f->file;
	release(f, OUTCOME_RELEASED);
	assert_file(f, "\"0.1.0\"");
	assert_file(f, FIRST);
	assert_int_equal(chmod(f->file, 0640), 0);
	build_again(f, "run-1", FIRST);
	f->build.order.tfvars = f->file;
	release(f, OUTCOME_UNCHANGED);
	assert_int_equal(f->outcome.published_count, 3);
	assert_string_equal(f->outcome.published[2].kind, "tfvars");
	assert_string_equal(f->outcome.published[2].name, f->file);
	assert_string_equal(f->outcome.published[2].value, "0.1.0");
	build(f, "run-2", SECOND);
	f->build.order.tfvars = f->file;
	release(f, OUTCOME_RELEASED);
	assert_file(f, "\"0.1.1\"");
	assert_int_equal(stat(f->file, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0640);

	/* What was built earlier does not overwrite it, whenever it comes. */
	build_again(f, "run-1", FIRST);
	f->build.order.tfvars = f->file;
	release(f, OUTCOME_UNCHANGED);
	assert_non_null(strstr(f->outcome.warnings.items[0], "web 0.1.1 was built later"));
	assert_file(f, "\"0.1.1\"");
}

/* A folder stands in the way; it is gone when the work is taken up again. */
static void leave_unwritten(struct fixture *f)
{
	assert_int_equal(mkdir(f->file, 0700), 0);
	build(f, "run-1", FIRST);
	build_add_pointer(&f->build, "/golden/{version}");
	f->build.order.tfvars = f->file;
	release(f, OUTCOME_INCOMPLETE);
	assert_incomplete(f, f->outcome.incomplete_count - 1, NULL, f->file);
	assert_int_equal(rmdir(f->file), 0);
	assert_pointer(f, US, LATEST, FIRST);
}

static void test_resume_writes_the_file(void **state)
{
	struct fixture *f = *state;

	leave_unwritten(f);
	assert_intent(f, "0.1.0", true);
	resume(f);
	assert_int_equal(f->outcome.incomplete_count, 0);
	assert_file(f, "\"0.1.0\"");
	assert_intent(f, "0.1.0", false);
}

/* The later run could not finish it, but was there first. */
static void test_resume_leaves_what_is_newer(void **state)
{
	struct fixture *f = *state;

	f->cloud.unpublishable = EU;
	leave_unwritten(f);
	fake_cloud_add(&f->cloud, US, SECOND);
	build_init(&f->build, "run-2", US ":" SECOND);
	f->build.order.tfvars = f->file;
	release(f, OUTCOME_RELEASED);
	assert_intent(f, "0.1.0", true);
	f->cloud.unpublishable = NULL;
	resume(f);
	assert_int_equal(f->outcome.incomplete_count, 0);
	assert_int_equal(f->outcome.warnings.count, 1);
	assert_non_null(strstr(f->outcome.warnings.items[0], "web 0.1.1 was built later"));
	assert_file(f, "\"0.1.1\"");
	assert_intent(f, "0.1.0", false);
}

/* A run that is rerun finds what a later one left; the file is for that one's machine. */
static void test_a_file_that_is_still_the_newest_stays_wanted(void **state)
{
	struct fixture *f = *state;

	released(f, "run-2", SECOND);
	leave_unwritten(f);
	build_again(f, "run-2", SECOND);
	release(f, OUTCOME_UNCHANGED);
	assert_intent(f, "0.1.1", true);
	assert_int_equal(access(f->file, F_OK), -1);
	resume(f);
	assert_file(f, "\"0.1.1\"");
}

static void test_a_dry_run_publishes_nothing(void **state)
{
	struct fixture *f = *state;
	struct inventory *base = NULL;

	released(f, "run-1", FIRST);
	base = world_open(&f->world, SQLITE_READ_ONLY);
	assert_int_equal(rehearsal_inventory_open(base, &f->world.lifecycle.inventory, NULL), 0);
	assert_int_equal(
		rehearsal_cloud_open(&f->cloud.base, &f->world.lifecycle.cloud, NULL), 0);
	f->world.lifecycle.dry_run = true;
	build(f, "run-2", SECOND);
	f->build.order.tfvars = f->file;
	release(f, OUTCOME_RELEASED);
	assert_int_equal(f->outcome.published_count, 3);
	assert_string_equal(f->outcome.published[0].value, SECOND);
	inventory_closep(&f->world.lifecycle.inventory);
	cloud_closep(&f->world.lifecycle.cloud);
	assert_int_equal(writes(f), 1);
	assert_published(f, LATEST, FIRST);
	assert_int_equal(access(f->file, F_OK), -1);
	assert_int_equal(f->world.clock.slept, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

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
		TEST(test_a_backport_does_not_move_latest),
		TEST(test_a_slow_publisher_is_repaired),
		TEST(test_what_is_overwritten_meanwhile_is_not_waited_for),
		TEST(test_a_later_run_publishes_what_was_left),
		TEST(test_what_is_still_unpublished_stays_unfinished),
		TEST(test_a_file_is_written_and_keeps_its_permissions),
		TEST(test_resume_writes_the_file),
		TEST(test_resume_leaves_what_is_newer),
		TEST(test_a_file_that_is_still_the_newest_stays_wanted),
		TEST(test_a_dry_run_publishes_nothing),
	};

	return cmocka_run_group_tests_name("publication", tests, NULL, NULL);
}
