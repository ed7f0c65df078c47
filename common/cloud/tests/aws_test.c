/* Looking at images and snapshots, searching, tagging, and how many rounds all of it takes. */
#include "cloud/tests/aws_fixture.h"

/* ---- images, snapshots, searches ---- */

static void test_images(void **state)
{
	static const struct {
		const char *id;
		enum cloud_status status;
		const char *text;
	} rows[] = {
		{"ami-1", CLOUD_AVAILABLE, "available"},
		{"ami-2", CLOUD_ABSENT, "deregistered"},
		{"ami-3", CLOUD_DISABLED, "disabled"},
		{"ami-4", CLOUD_PENDING, "pending"},
		{"ami-5", CLOUD_BROKEN, "failed"},
		{"ami-6", CLOUD_ABSENT, NULL},
		{"ami-1", CLOUD_AVAILABLE, "available"},
	};
	struct fixture *f = *state;

	answer(f, EU, IMAGES,
	       IMAGES_ANSWER(IMAGE("ami-5", "failed") IMAGE("ami-4", "pending")
			     IMAGE("ami-3", "disabled") IMAGE("ami-2", "deregistered")
			     IMAGE("ami-1", "available")));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_non_null(cloud_look_add_image(&f->look, EU, rows[i].id, NULL));
	look(f);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(f->look.images[i].error.code, GK_OK);
		assert_int_equal(f->look.images[i].status, rows[i].status);
		assert_true(gk_str_equal(f->look.images[i].status_text, rows[i].text));
	}
	assert_string_equal(f->look.images[6].name, "n");
	assert_int_equal(f->script->sent_count, 1);
	assert_int_equal(http_script_count(f->script, "Value.6=ami-6"), 1);
	assert_int_equal(http_script_count(f->script, "Value.7"), 0);
}

static void test_unknown_things_are_errors(void **state)
{
	struct fixture *f = *state;

	answer(f, EU, IMAGES, IMAGES_ANSWER(IMAGE("ami-1", "melted") IMAGE("ami-2", "available")));
	assert_non_null(cloud_look_add_image(&f->look, EU, "ami-1", NULL));
	assert_non_null(cloud_look_add_image(&f->look, EU, "ami-2", NULL));
	assert_non_null(cloud_look_add_image(&f->look, EU, "vol-1", NULL));
	assert_non_null(cloud_look_add_snapshot(&f->look, EU, "ami-1", NULL));
	add_usage(f, EU, "i-1");
	look(f);
	assert_non_null(strstr(f->look.images[0].error.message, "unknown state \"melted\""));
	assert_int_equal(f->look.images[1].error.code, GK_OK);
	assert_non_null(strstr(f->look.images[2].error.message, "vol-1"));
	assert_non_null(strstr(f->look.snapshots[0].error.message, "ami-1"));
	assert_doubt(&f->look.usages[0], "\"i-1\" is no id");
	assert_int_equal(f->script->sent_count, 1);
}

static void test_an_empty_page_is_not_the_end(void **state)
{
	struct fixture *f = *state;

	answer(f, EU, IMAGES, "<DescribeImagesResponse><imagesSet/><nextToken>a b</nextToken>"
			      "</DescribeImagesResponse>");
	answer(f, EU, "NextToken=a%20b", IMAGES_ANSWER(IMAGE("ami-1", "available")));
	assert_non_null(cloud_look_add_image(&f->look, EU, "ami-1", NULL));
	look(f);
	assert_int_equal(f->look.images[0].status, CLOUD_AVAILABLE);
	assert_int_equal(f->script->sent_count, 2);
}

static void test_many_ids_are_asked_in_chunks(void **state)
{
	struct fixture *f = *state;
	char id[32];

	always(f, EU, IMAGES, IMAGES_ANSWER(""));
	for (int i = 0; i < 401; i++) {
		snprintf(id, sizeof(id), "ami-%d", i);
		assert_non_null(cloud_look_add_image(&f->look, EU, id, NULL));
	}
	look(f);
	assert_int_equal(f->script->sent_count, 3);
	assert_int_equal(f->script->rounds, 1);
	assert_int_equal(http_script_count(f->script, "Value.200="), 2);
	assert_int_equal(http_script_count(f->script, "Value.201="), 0);
}

static void test_snapshots(void **state)
{
	struct fixture *f = *state;

	answer(f, EU, SNAPSHOTS,
	       SNAPSHOTS_ANSWER("<item><snapshotId>snap-1</snapshotId><tagSet><item><key>k</key>"
				"<value>v</value></item></tagSet></item>"));
	refuse(f, US, SNAPSHOTS, EC2_ERROR("UnauthorizedOperation", "no"));
	assert_non_null(cloud_look_add_snapshot(&f->look, EU, "snap-1", NULL));
	assert_non_null(cloud_look_add_snapshot(&f->look, EU, "snap-2", NULL));
	assert_non_null(cloud_look_add_snapshot(&f->look, US, "snap-1", NULL));
	look(f);
	assert_true(f->look.snapshots[0].present);
	assert_string_equal(tag_list_get(&f->look.snapshots[0].tags, "k"), "v");
	assert_false(f->look.snapshots[1].present);
	assert_int_equal(f->look.snapshots[1].error.code, GK_OK);
	assert_int_equal(f->look.snapshots[2].error.code, GK_DENIED);
}

static void test_search(void **state)
{
	struct fixture *f = *state;

	answer(f, EU, IMAGES, IMAGES_ANSWER(IMAGE("ami-1", "available")));
	answer(f, US, IMAGES, IMAGES_ANSWER(""));
	assert_non_null(cloud_look_add_search(&f->look, EU, "web*", NULL));
	assert_non_null(cloud_look_add_search(&f->look, US, NULL, NULL));
	look(f);
	assert_int_equal(f->look.searches[0].error.code, GK_OK);
	assert_int_equal(f->look.searches[0].image_count, 1);
	assert_string_equal(f->look.searches[0].images[0].id, "ami-1");
	assert_string_equal(f->look.searches[0].images[0].location, EU);
	assert_int_equal(f->look.searches[1].image_count, 0);
	assert_int_equal(http_script_count(f->script, "Filter.1.Name=tag%3AManagedBy"
						      "&Filter.1.Value.1=goldkeep"),
			 2);
	assert_int_equal(http_script_count(f->script, "Filter.2.Name=tag-key"
						      "&Filter.2.Value.1=goldkeep%3Aversion"),
			 2);
	assert_int_equal(http_script_count(f->script, "Filter.3.Name=tag%3Agoldkeep%3Afamily"
						      "&Filter.3.Value.1=web%5C%2A"),
			 1);
}

static void test_a_failure_stays_in_its_region(void **state)
{
	struct fixture *f = *state;

	answer(f, EU, IMAGES, IMAGES_ANSWER(IMAGE("ami-1", "available")));
	refuse(f, US, IMAGES, EC2_ERROR("AuthFailure", "no"));
	always(f, "ap-south-1", IMAGES, "<html/>");
	for (size_t i = 0; i < 3; i++)
		assert_non_null(cloud_look_add_image(&f->look, regions[i], "ami-1", NULL));
	look(f);
	assert_int_equal(f->look.images[0].error.code, GK_OK);
	assert_int_equal(f->look.images[0].status, CLOUD_AVAILABLE);
	assert_int_equal(f->look.images[1].error.code, GK_DENIED);
	assert_int_equal(f->look.images[2].error.code, GK_FAILED);
}

/* ---- rounds ---- */

static int rounds_of_look(void **state, size_t count)
{
	struct fixture *f = *state;
	int before = f->script->rounds;

	cloud_look_done(&f->look);
	for (size_t i = 0; i < count; i++) {
		assert_non_null(cloud_look_add_image(&f->look, regions[i], "ami-1", NULL));
		assert_non_null(cloud_look_add_snapshot(&f->look, regions[i], "snap-1", NULL));
		assert_non_null(cloud_look_add_search(&f->look, regions[i], "web", NULL));
		add_usage(f, regions[i], "ami-1");
	}
	look(f);
	return f->script->rounds - before;
}

static void test_four_regions_take_as_many_rounds_as_one(void **state)
{
	struct fixture *f = *state;
	struct cloud_tagging tagging[4] = {0};
	struct cloud_removal removal[4] = {0};
	struct gk_error err = {0};

	always(f, NULL, IMAGES, IMAGES_ANSWER(IMAGE("ami-1", "available")));
	always(f, NULL, SNAPSHOTS, SNAPSHOTS_ANSWER(""));
	always(f, NULL, TAG, TAGGED);
	always(f, NULL, DEREGISTER, DEREGISTERED(""));
	always(f, NULL, DELETE, DELETED);
	nothing_else_is_used(f);
	/* Six calls a region, four at a time. */
	assert_int_equal(rounds_of_look(state, 1), 2);
	assert_int_equal(rounds_of_look(state, 4), 2);

	for (size_t i = 0; i < 4; i++) {
		tagging[i].location = removal[i].location = regions[i];
		removal[i].id = "ami-1";
		assert_success(gk_strv_add(&tagging[i].ids, "ami-1", &err), &err);
		assert_success(tag_list_set(&tagging[i].tags, "k", "v", &err), &err);
		assert_non_null(cloud_removal_add_snapshot(&removal[i], "snap-1", &err));
	}
	f->script->rounds = 0;
	assert_success(f->cloud->ops->tag(f->cloud, tagging, 4, &err), &err);
	assert_int_equal(f->script->rounds, 1);
	f->script->rounds = 0;
	assert_success(f->cloud->ops->remove(f->cloud, removal, 4, &err), &err);
	assert_int_equal(f->script->rounds, 2);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(tagging[i].error.code, GK_OK);
		assert_int_equal(removal[i].error.code, GK_OK);
		assert_int_equal(removal[i].snapshots[0].outcome, CLOUD_DELETED);
		cloud_tagging_done(&tagging[i]);
		cloud_removal_done(&removal[i]);
	}
}

/* ---- tags ---- */

static void test_tag(void **state)
{
	struct fixture *f = *state;
	struct cloud_tagging work[2] = {{.location = EU}, {.location = US}};
	struct gk_error err = {0};

	refuse_once(f, "ResourceId.1=ami-1&ResourceId.2=snap-1",
		    EC2_ERROR("InvalidSnapshot.NotFound", "not yet"));
	refuse_once(f, "ResourceId.1=ami-1&ResourceId.2=snap-1",
		    EC2_ERROR("ConcurrentTagAccess", "not now"));
	answer(f, EU, TAG, TAGGED);
	refuse(f, US, TAG, EC2_ERROR("TagLimitExceeded", "too many"));
	assert_success(gk_strv_add(&work[0].ids, "ami-1", &err), &err);
	assert_success(gk_strv_add(&work[0].ids, "snap-1", &err), &err);
	assert_success(gk_strv_add(&work[1].ids, "ami-2", &err), &err);
	for (size_t i = 0; i < 2; i++)
		assert_success(tag_list_set(&work[i].tags, "ManagedBy", "goldkeep", &err), &err);
	assert_success(f->cloud->ops->tag(f->cloud, work, 2, &err), &err);
	assert_int_equal(work[0].error.code, GK_OK);
	assert_non_null(strstr(work[1].error.message, "TagLimitExceeded"));
	assert_int_equal(http_script_count(f->script, "ResourceId.1=ami-1"), 3);
	assert_int_equal(http_script_count(f->script, "ResourceId.1=ami-2"), 1);
	for (size_t i = 0; i < 2; i++)
		cloud_tagging_done(&work[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_images),
		TEST(test_unknown_things_are_errors),
		TEST(test_an_empty_page_is_not_the_end),
		TEST(test_many_ids_are_asked_in_chunks),
		TEST(test_snapshots),
		TEST(test_search),
		TEST(test_a_failure_stays_in_its_region),
		TEST(test_four_regions_take_as_many_rounds_as_one),
		TEST(test_tag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
