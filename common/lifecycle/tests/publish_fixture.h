/* A world, a small cloud in memory, and builds that are published under /golden/{family}/{channel}. */
#ifndef GK_LIFECYCLE_TESTS_PUBLISH_FIXTURE_H
#define GK_LIFECYCLE_TESTS_PUBLISH_FIXTURE_H

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

static inline int set_up(void **state)
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

static inline int tear_down(void **state)
{
	struct fixture *f = *state;

	outcome_done(&f->outcome);
	fake_cloud_done(&f->cloud);
	world_done(&f->world);
	free(f);
	return 0;
}

/* Builds an image in both regions; the order, to be published under the channels, is f->build. */
static inline void build(struct fixture *f, const char *run, const char *id)
{
	_cleanup_free_ char *artifact = gk_str_format(NULL, EU ":%s," US ":%s", id, id);

	assert_non_null(artifact);
	fake_cloud_add(&f->cloud, EU, id);
	fake_cloud_add(&f->cloud, US, id);
	build_init(&f->build, run, artifact);
	build_add_pointer(&f->build, "/golden/{family}/{channel}");
}

/* The same order once more, as a rerun of the same command would have it. */
static inline void build_again(struct fixture *f, const char *run, const char *id)
{
	_cleanup_free_ char *artifact = gk_str_format(NULL, EU ":%s," US ":%s", id, id);

	assert_non_null(artifact);
	build_init(&f->build, run, artifact);
	build_add_pointer(&f->build, "/golden/{family}/{channel}");
}

static inline void release(struct fixture *f, enum outcome_result expected)
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

static inline void released(struct fixture *f, const char *run, const char *id)
{
	build(f, run, id);
	release(f, OUTCOME_RELEASED);
}

/* The outcome of the last release that had something to finish. */
static inline void resume(struct fixture *f)
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

static inline void assert_pointer(struct fixture *f, const char *location, const char *name,
			   const char *id)
{
	const char *found = fake_cloud_pointer(&f->cloud, location, name);

	assert_int_equal(!found, !id);
	if (id)
		assert_string_equal(found, id);
}

static inline void assert_published(struct fixture *f, const char *name, const char *id)
{
	assert_pointer(f, EU, name, id);
	assert_pointer(f, US, name, id);
}

static inline void assert_incomplete(struct fixture *f, size_t which, const char *location,
			      const char *part)
{
	assert_true(which < f->outcome.incomplete_count);
	assert_string_equal(f->outcome.incomplete[which].step, "publish");
	if (location)
		assert_string_equal(f->outcome.incomplete[which].location, location);
	if (!strstr(f->outcome.incomplete[which].error, part))
		fail_msg("%s", f->outcome.incomplete[which].error);
}

static inline void assert_intent(struct fixture *f, const char *version, bool expected)
{
	_cleanup_(release_done) struct release found = {0};

	assert_true(world_read(&f->world, version, &found));
	assert_int_equal(found.intent != NULL, expected);
}

static inline size_t writes(const struct fixture *f)
{
	return fake_cloud_count(&f->cloud, "write pointers");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
