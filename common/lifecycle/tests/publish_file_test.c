/* The file for Terraform, and what a dry run leaves alone of all that is published. */
#include <sys/stat.h>

#include "base/file.h"
#include "cloud/rehearsal.h"
#include "inventory/rehearsal.h"
#include "lifecycle/tests/publish_fixture.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_file_is_written_and_keeps_its_permissions),
		TEST(test_resume_writes_the_file),
		TEST(test_resume_leaves_what_is_newer),
		TEST(test_a_file_that_is_still_the_newest_stays_wanted),
		TEST(test_a_dry_run_publishes_nothing),
	};

	return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
