/* Channels that are told where to go, and releases that are withdrawn: what is on disk at every
 * step, and what becomes of it if others move the same channels at the same time. */
#include "lifecycle/tests/publish_fixture.h"

static struct semver version_of(const char *text)
{
	struct semver version;
	struct gk_error err = {0};

	assert_success(semver_parse(text, &version, &err), &err);
	return version;
}

static void promote(struct fixture *f, const char *version, enum outcome_result expected)
{
	struct promotion promotion = {.family = "web", .channel = "stable", .rollback = !version};
	struct gk_error err = {0};

	if (version)
		promotion.version = version_of(version);
	outcome_done(&f->outcome);
	assert_success(lifecycle_promote(&f->world.lifecycle, &promotion, &f->outcome, &err), &err);
	assert_string_equal(outcome_result_name(f->outcome.result), outcome_result_name(expected));
}

static void withdraw(struct fixture *f, const char *version, enum outcome_result expected)
{
	struct semver wanted = version_of(version);
	struct gk_error err = {0};

	outcome_done(&f->outcome);
	assert_success(lifecycle_revoke(&f->world.lifecycle, "web", &wanted, "leaks keys",
					&f->outcome, &err),
		       &err);
	assert_string_equal(outcome_result_name(f->outcome.result), outcome_result_name(expected));
}

/* 0.1.0, 0.1.1 and 0.1.2; `stable` came along with all of them. */
static void release_three(struct fixture *f)
{
	static const char *const ids[] = {FIRST, SECOND, THIRD};
	static const char *const runs[] = {"run-1", "run-2", "run-3"};

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		build(f, runs[i], ids[i]);
		build_add_channel(&f->build, "stable");
		release(f, OUTCOME_RELEASED);
	}
}

/* What another process does: its own inventory, no cloud. */
static void move_stable(struct fixture *f, const char *version)
{
	_cleanup_(inventory_closep) struct inventory *inventory =
		world_open(&f->world, SQLITE_READ_WRITE);
	_cleanup_(channel_list_done) struct channel_list channels = {0};
	_cleanup_(channel_done) struct channel moved = {0};
	const struct event event = {.at = WORLD_NOW, .actor = "another", .action = "channel"};
	struct semver to = version_of(version);
	const struct channel *now = NULL;
	struct gk_error err = {0};

	assert_success(inventory->ops->channels(inventory, "web", &channels, &err), &err);
	now = channel_list_find(&channels, "stable");
	assert_success(channel_advance(now, "stable", &to, &moved, &err), &err);
	assert_success(inventory->ops->set_channel(inventory, "web", now ? &now->version : NULL,
						   &moved, &event, &err),
		       &err);
}

static void set_intent(struct fixture *f, const char *version, const char *intent)
{
	_cleanup_(release_done) struct release found = {0};
	const struct event event = {.at = WORLD_NOW, .actor = "another", .action = "wanted"};
	struct gk_error err = {0};

	assert_true(world_read(&f->world, version, &found));
	assert_success(gk_str_set(&found.intent, intent, &err), &err);
	assert_success(f->world.inventory->ops->save(f->world.inventory, &found, &event, &err),
		       &err);
}

static void assert_revoked(struct fixture *f, const char *version, bool expected)
{
	_cleanup_(release_done) struct release found = {0};

	assert_true(world_read(&f->world, version, &found));
	assert_int_equal(found.revoked != NULL, expected);
}

/* ---- what is on disk when ---- */

static void check_promotion(struct fake_cloud *cloud, const char *call)
{
	struct fixture *f = cloud->context;

	if (strcmp(call, "write pointers") == 0) {
		world_assert_channel(&f->world, "stable", "0.1.0");
		assert_intent(f, "0.1.0", true);
	}
}

static void test_wanted_until_it_is_published(void **state)
{
	struct fixture *f = *state;

	release_three(f);
	f->cloud.before = check_promotion;
	promote(f, "0.1.0", OUTCOME_DONE);
	assert_int_equal(writes(f), 4);
	assert_published(f, STABLE, FIRST);
	assert_published(f, LATEST, THIRD);
	assert_intent(f, "0.1.0", false);
	promote(f, "0.1.0", OUTCOME_UNCHANGED);
	assert_int_equal(writes(f), 4);
}

static void check_withdrawal(struct fake_cloud *cloud, const char *call)
{
	struct fixture *f = cloud->context;
	bool deprecating = strcmp(call, "deprecate") == 0;

	if (strcmp(call, "read pointers") != 0 && !deprecating)
		return;
	world_assert_channel(&f->world, "stable", "0.1.1");
	world_assert_channel(&f->world, "latest", "0.1.1");
	assert_intent(f, "0.1.2", true);
	assert_revoked(f, "0.1.2", deprecating);
	world_assert_state(&f->world, "0.1.2", RELEASE_LIVE);
	if (deprecating)
		assert_published(f, STABLE, SECOND);
}

static void test_withdrawn_step_by_step(void **state)
{
	struct fixture *f = *state;

	release_three(f);
	f->cloud.before = check_withdrawal;
	withdraw(f, "0.1.2", OUTCOME_DONE);
	f->cloud.before = NULL;
	assert_int_equal(fake_cloud_count(&f->cloud, "deprecate"), 1);
	world_assert_state(&f->world, "0.1.2", RELEASE_DEPRECATED);
	assert_published(f, LATEST, SECOND);
	assert_intent(f, "0.1.1", false);
	assert_intent(f, "0.1.2", false);
	withdraw(f, "0.1.2", OUTCOME_UNCHANGED);
	assert_int_equal(fake_cloud_count(&f->cloud, "deprecate"), 1);
}

static void test_a_place_that_cannot_deprecate(void **state)
{
	struct fixture *f = *state;

	release_three(f);
	f->cloud.undeprecating = EU;
	withdraw(f, "0.1.2", OUTCOME_DONE);
	assert_int_equal(f->outcome.warnings.count, 1);
	assert_non_null(strstr(f->outcome.warnings.items[0], EU));
	world_assert_state(&f->world, "0.1.2", RELEASE_DEPRECATED);
}

/* ---- others at the same time ---- */

static void give_it_stable_again(struct fake_cloud *cloud, const char *call)
{
	if (strcmp(call, "read pointers") != 0)
		return;
	cloud->before = NULL;
	move_stable(cloud->context, "0.1.2");
}

static void test_a_channel_that_comes_back_is_moved_again(void **state)
{
	struct fixture *f = *state;

	release_three(f);
	f->cloud.before = give_it_stable_again;
	withdraw(f, "0.1.2", OUTCOME_DONE);
	assert_null(f->cloud.before);
	assert_revoked(f, "0.1.2", true);
	world_assert_channel(&f->world, "stable", "0.1.1");
	assert_published(f, STABLE, SECOND);
	assert_intent(f, "0.1.1", false);
}

static void move_on(struct fake_cloud *cloud, const char *call)
{
	if (strcmp(call, "write pointers") != 0)
		return;
	cloud->before = NULL;
	move_stable(cloud->context, "0.1.1");
}

static void test_what_the_channel_names_in_the_end_is_published(void **state)
{
	struct fixture *f = *state;

	release_three(f);
	f->cloud.before = move_on;
	promote(f, "0.1.0", OUTCOME_DONE);
	assert_null(f->cloud.before);
	assert_published(f, STABLE, SECOND);
	assert_int_equal(f->outcome.channels.count, 0);
}

/* ---- killed: what was written down ---- */

#define WANTED(how)                                                                                \
	"{\"channels\":[],\"tags\":{},\"moves\":{\"stable\":\"" how "\"},\"no_run\":true}"

static void test_a_killed_promotion_is_finished(void **state)
{
	struct fixture *f = *state;

	release_three(f);
	set_intent(f, "0.1.0", WANTED("promote 0.1.2"));
	resume(f);
	world_assert_channel(&f->world, "stable", "0.1.0");
	assert_published(f, STABLE, FIRST);
	assert_intent(f, "0.1.0", false);
}

static void test_a_killed_promotion_takes_nothing_back(void **state)
{
	struct fixture *f = *state;

	release_three(f);
	set_intent(f, "0.1.0", WANTED("promote 0.1.2"));
	move_stable(f, "0.1.1");
	resume(f);
	world_assert_channel(&f->world, "stable", "0.1.1");
	assert_intent(f, "0.1.0", false);
}

static void test_a_killed_rollback_is_the_one_that_is_meant(void **state)
{
	struct fixture *f = *state;

	release_three(f);
	set_intent(f, "0.1.1", WANTED("rollback 0.1.2"));
	promote(f, NULL, OUTCOME_DONE);
	world_assert_channel(&f->world, "stable", "0.1.1");
	promote(f, NULL, OUTCOME_DONE);
	world_assert_channel(&f->world, "stable", "0.1.0");
}

static void test_a_later_word_overtakes_an_earlier_one(void **state)
{
	struct fixture *f = *state;

	release_three(f);
	set_intent(f, "0.1.1", WANTED("promote 0.1.2"));
	promote(f, "0.1.0", OUTCOME_DONE);
	assert_intent(f, "0.1.1", false);
	promote(f, "0.1.2", OUTCOME_DONE);
	resume(f);
	world_assert_channel(&f->world, "stable", "0.1.2");
}

static void test_nobody_gets_what_is_being_withdrawn(void **state)
{
	struct fixture *f = *state;
	struct promotion promotion = {.family = "web", .channel = "beta"};
	_cleanup_(outcome_done) struct outcome outcome = {0};
	struct gk_error err = {0};

	release_three(f);
	promotion.version = version_of("0.1.2");
	set_intent(f, "0.1.2", "{\"revoke\":\"leaks keys\",\"no_run\":true}");
	assert_failure(lifecycle_promote(&f->world.lifecycle, &promotion, &outcome, &err), &err,
		       GK_REFUSED, "being revoked (leaks keys)");
	resume(f);
	assert_revoked(f, "0.1.2", true);
	world_assert_state(&f->world, "0.1.2", RELEASE_DEPRECATED);
	world_assert_channel(&f->world, "latest", "0.1.1");
	assert_published(f, LATEST, SECOND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_wanted_until_it_is_published),
		TEST(test_withdrawn_step_by_step),
		TEST(test_a_place_that_cannot_deprecate),
		TEST(test_a_channel_that_comes_back_is_moved_again),
		TEST(test_what_the_channel_names_in_the_end_is_published),
		TEST(test_a_killed_promotion_is_finished),
		TEST(test_a_killed_promotion_takes_nothing_back),
		TEST(test_a_killed_rollback_is_the_one_that_is_meant),
		TEST(test_a_later_word_overtakes_an_earlier_one),
		TEST(test_nobody_gets_what_is_being_withdrawn),
	};

	return cmocka_run_group_tests_name("channels that are moved", tests, NULL, NULL);
}
