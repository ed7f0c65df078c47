/* What a rehearsal refuses, as the store below it would; and that the store stays as it was. */
#include "inventory/rehearsal.h"
#include "inventory/dump.h"
#include "inventory/tests/sqlite_fixture.h"

static struct inventory *rehearse(struct fixture *fixture)
{
	struct inventory *rehearsal = NULL;

	assert_int_equal(rehearsal_inventory_open(open_mode(fixture->path, SQLITE_READ_ONLY),
						  &rehearsal, NULL), 0);
	return rehearsal;
}

static int move(struct inventory *inventory, const char *from, const char *to,
		struct gk_error *err)
{
	_cleanup_(channel_done) struct channel channel = {.version = test_version(to)};
	struct semver from_version = test_version(from);

	if (gk_str_set(&channel.name, "stable", err) < 0 ||
	    gk_strv_add(&channel.trail, from, err) < 0)
		return -1;
	return inventory->ops->set_channel(inventory, "web", &from_version, &channel, &test_event,
					   err);
}

static void make_inventory(struct fixture *fixture, struct family_dump *ret)
{
	_cleanup_(inventory_closep) struct inventory *inventory =
		open_mode(fixture->path, SQLITE_READ_WRITE);
	struct channel stable = {.name = (char[]){"stable"}, .version = test_version("1.0.0")};
	struct gk_error err = {0};

	test_add(inventory, "web", "1.0.0", RELEASE_LIVE);
	test_add(inventory, "web", "1.1.0", RELEASE_LIVE);
	assert_success(inventory->ops->set_channel(inventory, "web", NULL, &stable, &test_event,
						   &err), &err);
	assert_success(family_dump_read(inventory, "web", ret, &err), &err);
}

static void test_a_withdrawal_is_rehearsed(void **state)
{
	struct fixture *fixture = *state;
	_cleanup_(family_dump_done) struct family_dump before = {0};
	_cleanup_(release_done) struct release release = {0};
	_cleanup_(release_done) struct release read = {0};
	_cleanup_(channel_list_done) struct channel_list channels = {0};
	struct inventory *inventory = NULL;
	struct gk_error err = {0};

	make_inventory(fixture, &before);
	inventory = rehearse(fixture);
	test_get(inventory, "web", "1.0.0", &release);
	assert_success(gk_str_set(&release.revoked, "bad kernel", &err), &err);
	assert_success(gk_strv_add(&release.published, "/golden", &err), &err);
	assert_failure(inventory->ops->save(inventory, &release, &test_event, &err), &err,
		       GK_REFUSED, "web 1.0.0 cannot become revoked: channel stable names it");
	assert_success(move(inventory, "1.0.0", "1.1.0", &err), &err);
	assert_success(inventory->ops->save(inventory, &release, &test_event, &err), &err);
	test_get(inventory, "web", "1.0.0", &read);
	assert_same(&read, &release);
	assert_failure(move(inventory, "1.1.0", "1.0.0", &err), &err, GK_REFUSED,
		       "which is revoked: bad kernel");
	assert_success(inventory->ops->channels(inventory, "web", &channels, &err), &err);
	assert_version(&channels.items[0].version, "1.1.0");
	assert_string_equal(channels.items[0].trail.items[0], "1.0.0");
	inventory_closep(&inventory);
	inventory = open_mode(fixture->path, SQLITE_READ_ONLY);
	assert_success(family_dump_check_same(inventory, &before, &err), &err);
	inventory_closep(&inventory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_withdrawal_is_rehearsed, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
