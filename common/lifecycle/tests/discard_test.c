/* What others do while a duplicate is discarded: over a small cloud in memory. */
#include "lifecycle/private.h"
#include "lifecycle/tests/fake_cloud.h"
#include "lifecycle/tests/world.h"

#define EU "eu-west-1"
#define US "us-east-1"
#define INPUTS "ab12"

struct fixture {
	struct world world;
	struct fake_cloud cloud;
	struct build build;
	/* Done once, before the call of that name and number. */
	const char *call;
	size_t number;
	void (*meanwhile)(struct fixture *f);
};

static void interfere(struct fake_cloud *cloud, const char *call)
{
	struct fixture *f = cloud->context;

	if (!f->meanwhile || strcmp(call, f->call) != 0 ||
	    fake_cloud_count(cloud, call) != f->number)
		return;
	cloud->before = NULL;
	f->meanwhile(f);
}

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

static void plan(struct fixture *f, const char *call, size_t number,
		 void (*meanwhile)(struct fixture *f))
{
	f->call = call;
	f->number = fake_cloud_count(&f->cloud, call) + number;
	f->meanwhile = meanwhile;
	f->cloud.before = interfere;
}

/* A build in both regions, the images of which are there, is released. */
static void release_again(struct fixture *f, const char *run, const char *id, const char *inputs,
			  enum outcome_result expected)
{
	_cleanup_free_ char *artifact = gk_str_format(NULL, EU ":%s," US ":%s", id, id);
	struct build build;

	assert_non_null(artifact);
	build_init(&build, run, artifact);
	build.order.fingerprint = inputs;
	build.order.discard_duplicate = true;
	world_release(&f->world, &build, expected);
}

static void release(struct fixture *f, const char *run, const char *id, const char *inputs,
		    enum outcome_result expected)
{
	fake_cloud_add(&f->cloud, EU, id);
	fake_cloud_add(&f->cloud, US, id);
	release_again(f, run, id, inputs, expected);
}

static bool is_gone(const struct fixture *f, const char *id)
{
	size_t gone = 0;

	for (size_t i = 0; i < f->cloud.image_count; i++)
		gone += strcmp(f->cloud.images[i].id, id) == 0 && f->cloud.images[i].gone;
	assert_int_not_equal(gone, 1);
	return gone == 2;
}

static size_t image_count(const struct fixture *f, const char *version)
{
	_cleanup_(release_done) struct release found = {0};

	assert_true(world_read(&f->world, version, &found));
	return found.image_count;
}

static bool exists(const struct fixture *f, const char *version)
{
	_cleanup_(release_done) struct release found = {0};

	return world_read(&f->world, version, &found);
}

/* 0.1.0 of these inputs; 0.1.1 of others, so that no channel names the first. */
static void prepare(struct fixture *f)
{
	release(f, "run-1", "ami-00000001", INPUTS, OUTCOME_RELEASED);
	release(f, "run-2", "ami-00000002", "cd", OUTCOME_RELEASED);
}

static void withdraw(struct fixture *f)
{
	_cleanup_(release_done) struct release found = {0};
	_cleanup_(inventory_closep) struct inventory *inventory =
		world_open(&f->world, SQLITE_READ_WRITE);
	struct lifecycle other = f->world.lifecycle;
	struct gk_error err = {0};

	other.inventory = inventory;
	assert_true(world_read(&f->world, "0.1.0", &found));
	assert_success(gk_str_set(&found.revoked, "for the tests", &err), &err);
	assert_success(journal_save(&other, &found, "revoked", NULL, &err), &err);
}

static void test_withdrawn_before_it_is_written_down(void **state)
{
	struct fixture *f = *state;

	prepare(f);
	plan(f, "look", 2, withdraw); /* at the images that would be left */
	release(f, "run-3", "ami-00000003", INPUTS, OUTCOME_RELEASED);
	world_assert_state(&f->world, "0.1.2", RELEASE_LIVE);
	assert_int_equal(image_count(f, "0.1.0"), 2);
	assert_int_equal(fake_cloud_count(&f->cloud, "remove"), 0);
}

static void resume(struct fixture *f)
{
	_cleanup_(outcome_list_done) struct outcome_list outcomes = {0};
	struct gk_error err = {0};

	assert_success(lifecycle_resume(&f->world.lifecycle, "web", &outcomes, &err), &err);
	for (size_t i = 0; i < outcomes.count; i++)
		assert_int_equal(outcomes.items[i].incomplete_count, 0);
}

/* What was decided is decided anew: nothing was removed yet. */
static void test_withdrawn_before_the_removal(void **state)
{
	struct fixture *f = *state;

	prepare(f);
	plan(f, "tag", 1, withdraw);
	release(f, "run-3", "ami-00000003", INPUTS, OUTCOME_INCOMPLETE);
	assert_int_equal(fake_cloud_count(&f->cloud, "remove"), 0);
	assert_int_equal(image_count(f, "0.1.0"), 4);
	resume(f);
	assert_int_equal(image_count(f, "0.1.0"), 2);
	release_again(f, "run-3", "ami-00000003", INPUTS, OUTCOME_RELEASED);
	world_assert_state(&f->world, "0.1.2", RELEASE_LIVE);
	assert_false(is_gone(f, "ami-00000003"));
}

static void test_withdrawn_and_the_same_run_again(void **state)
{
	struct fixture *f = *state;

	prepare(f);
	plan(f, "tag", 1, withdraw);
	release(f, "run-3", "ami-00000003", INPUTS, OUTCOME_INCOMPLETE);
	release_again(f, "run-3", "ami-00000003", INPUTS, OUTCOME_RELEASED);
	world_assert_state(&f->world, "0.1.2", RELEASE_LIVE);
	assert_int_equal(image_count(f, "0.1.0"), 2);
	assert_int_equal(fake_cloud_count(&f->cloud, "remove"), 0);
}

/* Killed while it was withdrawn: it is as good as withdrawn. */
static void test_a_release_that_is_being_withdrawn(void **state)
{
	struct fixture *f = *state;
	_cleanup_(release_done) struct release found = {0};
	struct gk_error err = {0};

	prepare(f);
	assert_true(world_read(&f->world, "0.1.0", &found));
	assert_success(gk_str_set(&found.intent, "{\"revoke\":\"leaks\",\"no_run\":true}",
				  &err),
		       &err);
	assert_success(journal_save(&f->world.lifecycle, &found, "revoking", NULL, &err), &err);
	release(f, "run-3", "ami-00000003", INPUTS, OUTCOME_RELEASED);
	world_assert_state(&f->world, "0.1.2", RELEASE_LIVE);
	assert_false(is_gone(f, "ami-00000003"));
}

/* By somebody who wants the run released; the tags do not tell yet. */
static void record_the_same_run(struct fixture *f)
{
	struct build build;

	f->cloud.untaggable = EU;
	build_init(&build, "run-3", EU ":ami-00000003," US ":ami-00000003");
	world_release(&f->world, &build, OUTCOME_INCOMPLETE);
	f->cloud.untaggable = NULL;
}

static void test_recorded_before_the_removal(void **state)
{
	struct fixture *f = *state;

	prepare(f);
	plan(f, "look", 4, record_the_same_run); /* at what uses the images */
	release(f, "run-3", "ami-00000003", INPUTS, OUTCOME_INCOMPLETE);
	assert_int_equal(fake_cloud_count(&f->cloud, "remove"), 0);
	resume(f);
	world_assert_state(&f->world, "0.1.2", RELEASE_LIVE);
	assert_int_equal(image_count(f, "0.1.0"), 2);
	assert_false(is_gone(f, "ami-00000003"));
}

/* Only recorded: whoever did it was killed right after, and nothing else tells. */
static void record_and_die(struct fixture *f)
{
	_cleanup_(release_done) struct release record = {0};
	struct gk_error err = {0};

	assert_true(world_read(&f->world, "0.1.0", &record));
	for (size_t i = record.image_count; i-- > 0;)
		if (record.images[i].state != RELEASE_RETIRING)
			release_drop_image(&record, &record.images[i]);
		else
			record.images[i].state = RELEASE_PENDING;
	assert_int_equal(record.image_count, 2);
	record.version.core[SEMVER_PATCH] = 2;
	record.state = RELEASE_PENDING;
	assert_success(gk_str_set(&record.run, "run-3", &err), &err);
	assert_success(journal_insert(&f->world.lifecycle, &record, "allocated", NULL, &err), &err);
}

static void test_recorded_by_a_run_that_was_killed(void **state)
{
	struct fixture *f = *state;

	prepare(f);
	plan(f, "look", 4, record_and_die);
	release(f, "run-3", "ami-00000003", INPUTS, OUTCOME_INCOMPLETE);
	assert_int_equal(fake_cloud_count(&f->cloud, "remove"), 0);
	assert_false(is_gone(f, "ami-00000003"));
}

static void lose_image(struct fixture *f, const char *location)
{
	_cleanup_(release_done) struct release found = {0};
	struct gk_error err = {0};

	assert_true(world_read(&f->world, "0.1.0", &found));
	release_find_image(&found, location, "ami-00000001")->state = RELEASE_RETIRED;
	assert_success(journal_save(&f->world.lifecycle, &found, "lost", NULL, &err), &err);
}

/* An image that is itself on its way out is none that the others can count on. */
static void test_what_is_discarded_stands_for_nothing(void **state)
{
	struct fixture *f = *state;

	prepare(f);
	f->cloud.unreadable = US;
	release(f, "run-3", "ami-00000003", INPUTS, OUTCOME_INCOMPLETE);
	lose_image(f, US);
	release(f, "run-4", "ami-00000004", INPUTS, OUTCOME_RELEASED);
	world_assert_state(&f->world, "0.1.2", RELEASE_LIVE);
	assert_false(is_gone(f, "ami-00000004"));
}

static void discard_the_same_run(struct fixture *f)
{
	release_again(f, "run-3", "ami-00000003", INPUTS, OUTCOME_UNCHANGED);
}

static void test_the_same_run_twice_at_once(void **state)
{
	struct fixture *f = *state;

	prepare(f);
	plan(f, "look", 2, discard_the_same_run); /* at the images that would be left */
	release(f, "run-3", "ami-00000003", INPUTS, OUTCOME_UNCHANGED);
	assert_true(is_gone(f, "ami-00000003"));
	assert_false(exists(f, "0.1.2"));
	assert_int_equal(image_count(f, "0.1.0"), 2);
}

static void build_the_same(struct fixture *f)
{
	release(f, "run-9", "ami-00000009", INPUTS, OUTCOME_RELEASED);
}

/* Neither can count on the other: both stay. */
static void test_two_at_once(void **state)
{
	struct fixture *f = *state;

	plan(f, "tag", 1, build_the_same);
	release(f, "run-1", "ami-00000001", INPUTS, OUTCOME_RELEASED);
	world_assert_state(&f->world, "0.1.0", RELEASE_LIVE);
	world_assert_state(&f->world, "0.1.1", RELEASE_LIVE);
	assert_int_equal(fake_cloud_count(&f->cloud, "remove"), 0);
}

static void discard_another(struct fixture *f)
{
	release(f, "run-9", "ami-00000009", INPUTS, OUTCOME_UNCHANGED);
}

static void assert_both_discarded(struct fixture *f)
{
	assert_true(is_gone(f, "ami-00000003"));
	assert_true(is_gone(f, "ami-00000009"));
	assert_false(is_gone(f, "ami-00000001"));
	assert_int_equal(image_count(f, "0.1.0"), 2);
	assert_false(exists(f, "0.1.2"));
	resume(f);
}

static void test_two_are_discarded_at_once(void **state)
{
	struct fixture *f = *state;

	prepare(f);
	plan(f, "look", 2, discard_another);
	release(f, "run-3", "ami-00000003", INPUTS, OUTCOME_UNCHANGED);
	assert_both_discarded(f);
}

/* The other one's finishes this one on its way, and is told so. */
static void test_two_removals_at_once(void **state)
{
	struct fixture *f = *state;

	prepare(f);
	plan(f, "remove", 1, discard_another);
	release(f, "run-3", "ami-00000003", INPUTS, OUTCOME_UNCHANGED);
	assert_both_discarded(f);
}

static void test_a_lookup_that_fails(void **state)
{
	struct fixture *f = *state;

	prepare(f);
	f->cloud.unreadable = US;
	release(f, "run-3", "ami-00000003", INPUTS, OUTCOME_INCOMPLETE);
	assert_false(is_gone(f, "ami-00000003"));
	f->cloud.unreadable = NULL;
	resume(f);
	assert_true(is_gone(f, "ami-00000003"));
	release_again(f, "run-3", "ami-00000003", INPUTS, OUTCOME_UNCHANGED);
}

static void test_names_in_a_detail(void **state)
{
	static const char detail[] = "run a ami-7: ami-1 ami-22";

	(void)state;
	assert_true(discard_names(detail, "ami-1"));
	assert_true(discard_names(detail, "ami-22"));
	assert_false(discard_names(detail, "ami-2"));
	assert_false(discard_names(detail, "ami-7"));
	assert_false(discard_names(NULL, "ami-1"));
	assert_false(discard_names("ami-1", "ami-1"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_withdrawn_before_it_is_written_down),
		TEST(test_withdrawn_before_the_removal),
		TEST(test_withdrawn_and_the_same_run_again),
		TEST(test_a_release_that_is_being_withdrawn),
		TEST(test_recorded_before_the_removal),
		TEST(test_recorded_by_a_run_that_was_killed),
		TEST(test_what_is_discarded_stands_for_nothing),
		TEST(test_the_same_run_twice_at_once),
		TEST(test_two_at_once),
		TEST(test_two_are_discarded_at_once),
		TEST(test_two_removals_at_once),
		TEST(test_a_lookup_that_fails),
		cmocka_unit_test(test_names_in_a_detail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
