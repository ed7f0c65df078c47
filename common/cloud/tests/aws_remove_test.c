/* Taking away images and their snapshots. */
#include "cloud/tests/aws_fixture.h"

/* Takes away ami-1 and its snapshot snap-1; `id` NULL: only that. */
static struct cloud_removal remove_image(struct fixture *f, const char *id)
{
	struct cloud_removal removal = {.location = EU, .id = id};
	struct gk_error err = {0};

	assert_non_null(cloud_removal_add_snapshot(&removal, "snap-1", &err));
	removal.snapshots[0].outcome = CLOUD_DELETED;
	assert_success(f->cloud->ops->remove(f->cloud, &removal, 1, &err), &err);
	assert_int_equal(f->script->unexpected, 0);
	return removal;
}

static void assert_outcome(const struct cloud_removal *removal, size_t index,
			   enum cloud_deletion outcome, const char *reason)
{
	const struct cloud_snapshot_removal *snapshot = &removal->snapshots[index];

	assert_string_equal(removal->error.message, "");
	assert_int_equal(snapshot->outcome, outcome);
	assert_int_equal(!reason, !snapshot->reason);
	if (reason && !strstr(snapshot->reason, reason))
		fail_msg("\"%s\" is not in: %s", reason, snapshot->reason);
}

#define RESULT(id, code)                                                                           \
	"<item><snapshotId>" id "</snapshotId><returnCode>" code "</returnCode></item>"

static void test_every_return_code(void **state)
{
	static const struct {
		const char *id;
		enum cloud_deletion outcome;
		const char *reason;
	} rows[] = {
		{"snap-1", CLOUD_DELETED, NULL},
		{"snap-2", CLOUD_SHARED, "another image"},
		{"snap-3", CLOUD_LEFTOVER, "missing-permissions (allow ec2:DeleteSnapshot on it)"},
		{"snap-4", CLOUD_LEFTOVER, "internal-error"},
		{"snap-5", CLOUD_LEFTOVER, "client-error"},
		{"snap-6", CLOUD_LEFTOVER, "brand-new"},
		{"snap-7", CLOUD_LEFTOVER, "did not say"},
	};
	struct fixture *f = *state;
	struct cloud_removal removal = {0};

	answer(f, EU, DEREGISTER,
	       DEREGISTERED("<deleteSnapshotResultSet>" RESULT("snap-1", "success")
			    RESULT("snap-2", "skipped") RESULT("snap-3", "missing-permissions")
			    RESULT("snap-4", "internal-error") RESULT("snap-5", "client-error")
			    RESULT("snap-6", "brand-new") RESULT("snap-7", "")
			    "</deleteSnapshotResultSet>"));
	removal = remove_image(f, "ami-1");
	assert_int_equal(removal.snapshot_count, ARRAY_SIZE(rows));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_string_equal(removal.snapshots[i].id, rows[i].id);
		assert_outcome(&removal, i, rows[i].outcome, rows[i].reason);
	}
	assert_int_equal(f->script->sent_count, 1);
	cloud_removal_done(&removal);
}

static void test_no_result_set(void **state)
{
	struct fixture *f = *state;
	struct cloud_removal removal = {0};

	answer(f, EU, DEREGISTER, DEREGISTERED(""));
	answer(f, EU, "SnapshotId=snap-1", DELETED);
	removal = remove_image(f, "ami-1");
	assert_outcome(&removal, 0, CLOUD_DELETED, NULL);
	assert_int_equal(f->script->rounds, 2);
	cloud_removal_done(&removal);
}

static void test_in_use_by_the_image_that_is_gone(void **state)
{
	struct fixture *f = *state;
	struct cloud_removal removal = {0};

	answer(f, EU, DEREGISTER, DEREGISTERED(""));
	for (int i = 0; i < 12; i++)
		refuse_once(f, DELETE, EC2_ERROR("InvalidSnapshot.InUse",
						 "snap-1 is currently in use by ami-1"));
	answer(f, EU, DELETE, DELETED);
	removal = remove_image(f, "ami-1");
	assert_outcome(&removal, 0, CLOUD_DELETED, NULL);
	assert_in_range(f->clock.slept, 60 * 1000, 150 * 1000);
	cloud_removal_done(&removal);
}

static void test_in_use_for_ever(void **state)
{
	struct fixture *f = *state;
	struct cloud_removal removal = {0};

	answer(f, EU, DEREGISTER, DEREGISTERED(""));
	refuse(f, EU, DELETE, EC2_ERROR("InvalidSnapshot.InUse", "it is in use"));
	removal = remove_image(f, "ami-1");
	assert_outcome(&removal, 0, CLOUD_LEFTOVER, "it is in use");
	assert_in_range(f->clock.slept, 240 * 1000, 420 * 1000);
	cloud_removal_done(&removal);
}

static void test_in_use_by_another_image(void **state)
{
	struct fixture *f = *state;
	struct cloud_removal removal = {0};

	answer(f, EU, DEREGISTER, DEREGISTERED(""));
	refuse(f, EU, DELETE, EC2_ERROR("InvalidSnapshot.InUse",
					"snap-1 is currently in use by ami-12"));
	removal = remove_image(f, "ami-1");
	assert_outcome(&removal, 0, CLOUD_SHARED, "in use by ami-12");
	/* Nothing is waited for. */
	assert_int_equal(http_script_count(f->script, DELETE), 1);
	assert_int_equal(f->clock.slept, 0);
	cloud_removal_done(&removal);
}

static void test_already_gone(void **state)
{
	static const char *const codes[] = {
		EC2_ERROR("InvalidAMIID.NotFound", "no"),
		EC2_ERROR("InvalidAMIID.Unavailable", "no"),
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		struct cloud_removal removal = {0};

		refuse_once(f, DEREGISTER, codes[i]);
		refuse_once(f, DELETE, EC2_ERROR("InvalidSnapshot.NotFound", "no"));
		removal = remove_image(f, "ami-1");
		assert_outcome(&removal, 0, CLOUD_DELETED, NULL);
		cloud_removal_done(&removal);
	}
}

static void test_the_image_stays(void **state)
{
	static const struct {
		int status;
		const char *body, *message;
	} rows[] = {
		{400, EC2_ERROR("OperationNotPermitted", "protected"), "protected"},
		{400, EC2_ERROR("AuthFailure", "not yours"), "not yours"},
		{200, "<DeregisterImageResponse/>", "is empty"},
		{200, "<DeregisterImageResponse><return>false</return></DeregisterImageResponse>",
		 "return=false"},
		{200, "<html/>", "<html>"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cloud_removal removal = {0};

		teardown(state);
		setup(state);
		f = *state;
		assert_int_equal(http_script_add(f->script,
						 &(struct script_answer){.match = DEREGISTER,
									 .status = rows[i].status,
									 .body = rows[i].body,
									 .always = true}),
				 0);
		removal = remove_image(f, "ami-1");
		assert_non_null(strstr(removal.error.message, rows[i].message));
		assert_int_not_equal(removal.snapshots[0].outcome, CLOUD_DELETED);
		assert_int_equal(http_script_count(f->script, DELETE), 0);
		assert_in_range(f->clock.slept, 0, 10 * 1000);
		cloud_removal_done(&removal);
	}
}

static void test_a_denial_is_final_at_once(void **state)
{
	struct fixture *f = *state;
	struct cloud_removal removal = {0};

	refuse(f, EU, DEREGISTER, EC2_ERROR("UnauthorizedOperation", "never"));
	removal = remove_image(f, "ami-1");
	assert_int_equal(removal.error.code, GK_DENIED);
	assert_int_equal(f->clock.slept, 0);
	cloud_removal_done(&removal);
}

static void test_leftovers(void **state)
{
	static const struct {
		int status;
		const char *body, *images;
		enum cloud_deletion outcome;
		const char *reason;
	} rows[] = {
		{200, DELETED, NULL, CLOUD_DELETED, NULL},
		{400, EC2_ERROR("InvalidSnapshot.NotFound", "no"), NULL, CLOUD_DELETED, NULL},
		{400, EC2_ERROR("InvalidSnapshot.InUse", "in use by ami-2"),
		 IMAGES_ANSWER(IMAGE("ami-2", "available")), CLOUD_SHARED, "in use by ami-2"},
		{400, EC2_ERROR("InvalidSnapshot.InUse", "in use by ami-2"),
		 IMAGES_ANSWER(IMAGE("ami-2", "deregistered")), CLOUD_LEFTOVER, "in use by ami-2"},
		{400, EC2_ERROR("InvalidSnapshot.InUse", "in use by ami-2"), "<html/>",
		 CLOUD_LEFTOVER, "in use by ami-2"},
		{400, EC2_ERROR("InvalidSnapshot.InUse", "in use"), NULL, CLOUD_LEFTOVER, "in use"},
		{400, EC2_ERROR("SnapshotLocked", "locked"), NULL, CLOUD_LEFTOVER, "locked"},
		{200, "<Surprise/>", NULL, CLOUD_LEFTOVER, "<Surprise>"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cloud_removal removal = {0};

		teardown(state);
		setup(state);
		f = *state;
		assert_int_equal(http_script_add(f->script,
						 &(struct script_answer){.match = DELETE,
									 .status = rows[i].status,
									 .body = rows[i].body,
									 .always = true}),
				 0);
		if (rows[i].images)
			always(f, EU, IMAGES, rows[i].images);
		removal = remove_image(f, NULL);
		assert_outcome(&removal, 0, rows[i].outcome, rows[i].reason);
		assert_in_range(f->clock.slept, 0, 10 * 1000);
		cloud_removal_done(&removal);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_every_return_code),
		TEST(test_no_result_set),
		TEST(test_in_use_by_the_image_that_is_gone),
		TEST(test_in_use_for_ever),
		TEST(test_in_use_by_another_image),
		TEST(test_already_gone),
		TEST(test_the_image_stays),
		TEST(test_a_denial_is_final_at_once),
		TEST(test_leftovers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
