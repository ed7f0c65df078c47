#include "image/release.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/tests/unit.h"
#include "image/tests/testdata.h"

/* "name | ok" or "name | message" */
static void check_names(const char *file, int (*check)(const char *, struct gk_error *))
{
	_cleanup_(gk_strv_done) struct gk_strv lines = {0};

	testdata_lines(file, &lines);
	for (size_t i = 0; i < lines.count; i++) {
		struct gk_error err = {.message = "ok"};
		char *fields[2];

		testdata_fields(lines.items[i], fields, 2);
		assert_int_equal(check(fields[0], &err), strcmp(fields[1], "ok") == 0 ? 0 : -1);
		assert_string_equal(err.message, fields[1]);
		assert_int_equal(err.code, strcmp(fields[1], "ok") == 0 ? GK_OK : GK_USAGE);
	}
}

static void test_families(void **state)
{
	char family[202] = "";
	struct gk_error err = {0};

	(void)state;
	check_names("names/families.txt", family_check);
	memset(family, 'a', 200);
	assert_success(family_check(family, &err), &err);
	family[200] = 'a';
	assert_failure(family_check(family, &err), &err, GK_USAGE, "at most 200 characters");
}

static void test_channels(void **state)
{
	char channel[66] = "";
	struct gk_error err = {0};

	(void)state;
	check_names("names/channels.txt", channel_check);
	memset(channel, 'a', 64);
	assert_success(channel_check(channel, &err), &err);
	channel[64] = 'a';
	assert_failure(channel_check(channel, &err), &err, GK_USAGE, "at most 64 characters");
}

static void test_states(void **state)
{
	struct gk_error err = {0};

	(void)state;
	for (enum release_state s = RELEASE_PENDING; s <= RELEASE_RETIRED; s++) {
		enum release_state read = RELEASE_PENDING;

		assert_success(release_state_parse(release_state_name(s), &read, &err), &err);
		assert_int_equal(read, s);
	}
	for (enum snapshot_state s = SNAPSHOT_LIVE; s <= SNAPSHOT_LEFTOVER; s++) {
		enum snapshot_state read = SNAPSHOT_LIVE;

		assert_success(snapshot_state_parse(snapshot_state_name(s), &read, &err), &err);
		assert_int_equal(read, s);
	}
	assert_failure(release_state_parse("alive", &(enum release_state){0}, &err), &err,
		       GK_FAILED, "'alive' is no state of a release");
	assert_failure(snapshot_state_parse("", &(enum snapshot_state){0}, &err), &err, GK_FAILED,
		       "'' is no state of a snapshot");
}

/* A release in which every member is set. */
static void fill(struct release *release)
{
	struct image *image = release_add_image(release, NULL);
	struct snapshot *snapshot = image_add_snapshot(image, "snap-1", NULL);

	assert_int_equal(semver_parse("1.4.2-rc.1+b", &release->version, NULL), 0);
	release->family = strdup("web");
	release->state = RELEASE_LIVE;
	release->held = strdup("audit");
	release->created_at = 1795186694;
	release->run = strdup("r1");
	release->build = strdup("base");
	release->builder = strdup("amazon-ebs");
	release->fingerprint = strdup("f00");
	release->intent = strdup("{}");
	release->revision = 7;
	image->provider = strdup("aws");
	image->location = strdup("eu-west-1");
	image->id = strdup("ami-1");
	image->name = strdup("web-1");
	image->architecture = strdup("arm64");
	image->account = strdup("123456789012");
	image->bundle = strdup("s3");
	image->state = RELEASE_DISABLED;
	snapshot->state = SNAPSHOT_SHARED;
	snapshot->reason = strdup("used by ami-2");
	assert_non_null(image_add_snapshot(image, "snap-2", NULL));
}

static void check_image(const struct image *image)
{
	assert_string_equal(image->provider, "aws");
	assert_string_equal(image->location, "eu-west-1");
	assert_string_equal(image->id, "ami-1");
	assert_string_equal(image->name, "web-1");
	assert_string_equal(image->architecture, "arm64");
	assert_string_equal(image->account, "123456789012");
	assert_string_equal(image->bundle, "s3");
	assert_int_equal(image->state, RELEASE_DISABLED);
	assert_int_equal(image->snapshot_count, 2);
	assert_string_equal(image->snapshots[0].id, "snap-1");
	assert_int_equal(image->snapshots[0].state, SNAPSHOT_SHARED);
	assert_string_equal(image->snapshots[0].reason, "used by ami-2");
	assert_null(image->snapshots[1].reason);
}

static void test_copy(void **state)
{
	_cleanup_(release_done) struct release copy = {0};
	struct release release = {0};
	struct gk_error err = {0};

	(void)state;
	fill(&release);
	assert_success(release_copy(&release, &copy, &err), &err);
	release_done(&release);
	assert_null(release.images);
	assert_string_equal(copy.family, "web");
	assert_string_equal(copy.version.prerelease, "rc.1");
	assert_int_equal(copy.state, RELEASE_LIVE);
	assert_string_equal(copy.held, "audit");
	assert_int_equal(copy.created_at, 1795186694);
	assert_string_equal(copy.run, "r1");
	assert_string_equal(copy.build, "base");
	assert_string_equal(copy.builder, "amazon-ebs");
	assert_string_equal(copy.fingerprint, "f00");
	assert_string_equal(copy.intent, "{}");
	assert_int_equal(copy.revision, 7);
	assert_int_equal(copy.image_count, 1);
	check_image(&copy.images[0]);
}

static void test_find(void **state)
{
	_cleanup_(release_done) struct release release = {0};
	struct image *image = NULL;

	(void)state;
	fill(&release);
	image = release_find_image(&release, "eu-west-1", "ami-1");
	assert_ptr_equal(image, &release.images[0]);
	assert_null(release_find_image(&release, "us-east-1", "ami-1"));
	assert_null(release_find_image(&release, "eu-west-1", "ami-2"));
	assert_ptr_equal(image_find_snapshot(image, "snap-2"), &image->snapshots[1]);
	assert_null(image_find_snapshot(image, "snap-3"));
}

static void test_label(void **state)
{
	_cleanup_(release_done) struct release release = {0};
	char label[RELEASE_LABEL_SIZE], longest[201] = "", version[SEMVER_TEXT_SIZE];

	(void)state;
	fill(&release);
	assert_string_equal(release_label(&release, label), "web 1.4.2-rc.1+b");
	memset(longest, 'a', sizeof(longest) - 1);
	assert_int_equal(gk_str_set(&release.family, longest, NULL), 0);
	memset(release.version.prerelease, 'b', SEMVER_TEXT_MAX - strlen("1.4.2-+b"));
	semver_format(&release.version, version);
	assert_int_equal(strlen(version), SEMVER_TEXT_MAX);
	release_label(&release, label);
	assert_int_equal(strlen(label), 200 + 1 + SEMVER_TEXT_MAX);
	assert_string_equal(label + 201, version);
}

static void test_unfinished(void **state)
{
	static const bool on_its_way[] = {true, false, false, false, true, false};
	_cleanup_(release_done) struct release release = {0};

	(void)state;
	fill(&release);
	assert_true(release_is_unfinished(&release));
	assert_int_equal(gk_str_set(&release.intent, NULL, NULL), 0);
	assert_false(release_is_unfinished(&release));
	for (int s = RELEASE_PENDING; s <= RELEASE_RETIRED; s++) {
		release.state = (enum release_state)s;
		assert_int_equal(release_is_unfinished(&release), on_its_way[s]);
	}
	release.state = RELEASE_LIVE;
	for (int s = RELEASE_PENDING; s <= RELEASE_RETIRED; s++) {
		release.images[0].state = (enum release_state)s;
		assert_int_equal(release_is_unfinished(&release), on_its_way[s]);
	}
	release.state = release.images[0].state = RELEASE_RETIRED;
	for (int s = SNAPSHOT_LIVE; s <= SNAPSHOT_LEFTOVER; s++) {
		release.images[0].snapshots[1].state = (enum snapshot_state)s;
		assert_int_equal(release_is_unfinished(&release), s == SNAPSHOT_LEFTOVER);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_families), cmocka_unit_test(test_channels),
		cmocka_unit_test(test_states),   cmocka_unit_test(test_copy),
		cmocka_unit_test(test_find),     cmocka_unit_test(test_label),
		cmocka_unit_test(test_unfinished),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
