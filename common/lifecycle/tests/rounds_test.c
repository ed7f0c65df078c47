/*
 * How many rounds of requests a release takes, over the real AWS provider and a scripted
 * transport: as many in four regions as in one.
 */
#include "cloud/tests/aws_fixture.h"
#include "lifecycle/tests/world.h"

#define OLD_IMAGE "ami-00000001"
#define NEW_IMAGE "ami-00000002"

#define TAGS(version, run)                                                                         \
	"<tagSet><item><key>ManagedBy</key><value>goldkeep</value></item>"                         \
	"<item><key>goldkeep:family</key><value>web</value></item>"                                \
	"<item><key>goldkeep:version</key><value>" version "</value></item>"                       \
	"<item><key>goldkeep:run</key><value>" run "</value></item></tagSet>"
#define WHOLE_IMAGE(id, snapshot, tags)                                                            \
	"<item><imageId>" id "</imageId><imageState>available</imageState>"                        \
	"<imageOwnerId>1</imageOwnerId><name>n</name><blockDeviceMapping><item><ebs><snapshotId>"  \
	snapshot "</snapshotId></ebs></item></blockDeviceMapping>" tags "</item>"
#define WHOLE_SNAPSHOT(id, tags)                                                                   \
	"<item><snapshotId>" id "</snapshotId><ownerId>1</ownerId>" tags "</item>"

/* The account as it always looks; that the new image has its tags from the beginning harms nobody.
 * */
static void script_the_account(struct fixture *f)
{
	always(f, NULL, IMAGES,
	       IMAGES_ANSWER(WHOLE_IMAGE(OLD_IMAGE, "snap-1", TAGS("0.1.0", "run-1"))
			     WHOLE_IMAGE(NEW_IMAGE, "snap-2", TAGS("0.1.1", "run-2"))));
	always(f, NULL, SNAPSHOTS,
	       SNAPSHOTS_ANSWER(WHOLE_SNAPSHOT("snap-1", TAGS("0.1.0", "run-1"))
				WHOLE_SNAPSHOT("snap-2", TAGS("0.1.1", "run-2"))));
	always(f, NULL, TAG, TAGGED);
	always(f, NULL, DEREGISTER,
	       DEREGISTERED("<deleteSnapshotResultSet><item><snapshotId>snap-1</snapshotId>"
			    "<returnCode>success</returnCode></item></deleteSnapshotResultSet>"));
	always(f, NULL, "ImageId=" OLD_IMAGE "&Attribute", PERMISSION_ANSWER(OLD_IMAGE, ""));
	nothing_else_is_used(f);
}

static char *artifact(const char *id, size_t count)
{
	_cleanup_(gk_strv_done) struct gk_strv parts = {0};
	struct gk_error err = {0};

	for (size_t i = 0; i < count; i++)
		assert_success(gk_strv_addf(&parts, &err, "%s:%s", regions[i], id), &err);
	return gk_strv_join(&parts, ",", &err);
}

/* The second release of a family removes the first; the rounds of the second. */
static int rounds_of_release(struct fixture *f, size_t region_count)
{
	struct world world;
	struct build build;
	_cleanup_free_ char *old = artifact(OLD_IMAGE, region_count);
	_cleanup_free_ char *new = artifact(NEW_IMAGE, region_count);
	size_t deregistered = http_script_count(f->script, DEREGISTER);
	int before = 0;

	world_init(&world);
	world.lifecycle.cloud = f->cloud;
	build_init(&build, "run-1", old);
	build.order.new_family = true;
	world_release(&world, &build, OUTCOME_RELEASED);
	before = f->script->rounds;
	build_init(&build, "run-2", new);
	build_keep_last(&build, 1);
	world_release(&world, &build, OUTCOME_RELEASED);
	if (f->script->unexpected)
		fail_msg("unexpected: %s", f->script->sent[f->script->sent_count - 1].body);
	world_assert_state(&world, "0.1.0", RELEASE_RETIRED);
	world_assert_state(&world, "0.1.1", RELEASE_LIVE);
	assert_int_equal(http_script_count(f->script, DEREGISTER) - deregistered, region_count);
	assert_int_equal(world.clock.slept, 0);
	world_done(&world);
	return f->script->rounds - before;
}

static void test_four_regions_take_as_many_rounds_as_one(void **state)
{
	struct fixture *f = *state;
	int one = 0;
	int four = 0;

	script_the_account(f);
	one = rounds_of_release(f, 1);
	four = rounds_of_release(f, 4);
	print_message("rounds of a release that removes another: %d in one region, %d in four\n",
		      one, four);
	assert_int_equal(one, four);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_four_regions_take_as_many_rounds_as_one),
	};

	return cmocka_run_group_tests_name("rounds of a release", tests, NULL, NULL);
}
