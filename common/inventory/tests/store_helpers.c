#include "inventory/tests/store_helpers.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/tests/unit.h"

const struct event test_event = {.at = 1795178160, .actor = "me@here", .action = "tested"};

static int add_image(struct release *release, const char *location, const char *id,
		     struct gk_error *err)
{
	struct image *image = release_add_image(release, err);

	if (!image || gk_str_set(&image->provider, "aws", err) < 0 ||
	    gk_str_set(&image->location, location, err) < 0 ||
	    gk_str_set(&image->id, id, err) < 0 || gk_str_set(&image->name, "web-1", err) < 0)
		return -1;
	return gk_str_set(&image->architecture, "arm64", err);
}

int test_release_init(struct release *release, const char *family, const char *run,
		      struct gk_error *err)
{
	*release = (struct release){.created_at = 1795178160};
	if (gk_str_set(&release->family, family, err) < 0 ||
	    gk_str_set(&release->run, run, err) < 0 ||
	    add_image(release, "us-east-1", "ami-1", err) < 0 ||
	    add_image(release, "eu-west-1", "ami-2", err) < 0 ||
	    !image_add_snapshot(&release->images[0], "snap-1", err) ||
	    !image_add_snapshot(&release->images[0], "snap-2", err))
		return -1;
	return 0;
}

bool test_release_is_whole(const struct release *release)
{
	return release->image_count == TEST_IMAGES && release->images[0].snapshot_count == 2 &&
	       release->images[1].snapshot_count == 0;
}

int test_request(const char *text, struct version_request *ret, struct gk_error *err)
{
	*ret = (struct version_request){.kind = VERSION_BUMP, .bump = SEMVER_PATCH};
	if (text[0] >= '0' && text[0] <= '9')
		return version_request_parse(text, ret, err);
	return version_bump_parse(text, &ret->bump, err);
}

int test_allocate(struct inventory *inventory, const char *family, const char *request,
		  const char *run, struct release *ret, bool *ret_existing, struct gk_error *err)
{
	_cleanup_(release_done) struct release release = {0};
	struct version_request parsed;

	if (test_request(request, &parsed, err) < 0 ||
	    test_release_init(&release, family, run, err) < 0 ||
	    inventory_allocate(inventory, &parsed, &test_event, &release, ret_existing, err) < 0)
		return -1;
	release_done(ret);
	*ret = release;
	release = (struct release){0};
	return 0;
}

int test_set_state(struct inventory *inventory, struct release *release, enum release_state state,
		   struct gk_error *err)
{
	release->state = state;
	for (size_t i = 0; i < release->image_count; i++)
		release->images[i].state = state;
	return inventory->ops->save(inventory, release, &test_event, err);
}

/* The others may be waiting for what the one that failed should have done. */
static bool wait_for_all(pid_t *children, int count)
{
	bool good = true;

	for (int left = count; left > 0; left--) {
		int status = 0;
		pid_t ended = wait(&status);
		bool failed = ended < 0 || status != 0;

		for (int i = 0; i < count; i++)
			if (children[i] == ended)
				children[i] = 0;
			else if (good && failed && children[i] > 0)
				kill(children[i], SIGKILL);
		good = good && !failed;
	}
	return good;
}

bool test_in_processes(int count, int (*work)(int number, void *context), void *context)
{
	pid_t children[TEST_PROCESSES_MAX];
	int gate[2];
	bool good = pipe(gate) == 0 && count <= TEST_PROCESSES_MAX;

	for (int i = 0; good && i < count; i++) {
		char byte = 0;

		children[i] = test_fork();
		if (children[i] != 0)
			continue;
		close(gate[1]);
		while (read(gate[0], &byte, 1) > 0) /* until the parent closes it */
			;
		_exit(work(i, context) == 0 ? 0 : 1);
	}
	close(gate[0]);
	close(gate[1]);
	return good && wait_for_all(children, count);
}

struct inventory *test_open(void **state)
{
	struct store_under_test *store = *state;
	struct inventory *inventory = NULL;
	struct gk_error err = {0};

	assert_success(store->open(store, &inventory, &err), &err);
	return inventory;
}

struct semver test_version(const char *text)
{
	struct semver version = {0};

	assert_int_equal(semver_parse(text, &version, NULL), 0);
	return version;
}

void assert_version(const struct semver *version, const char *expected)
{
	char text[SEMVER_TEXT_SIZE];

	assert_string_equal(semver_format(version, text), expected);
}

/* Allocates and brings to a state; the release is not kept. */
void test_add(struct inventory *inventory, const char *family, const char *request,
		enum release_state state)
{
	_cleanup_(release_done) struct release release = {0};
	struct gk_error err = {0};
	bool existing = false;
	static int runs;
	char run[64];

	snprintf(run, sizeof(run), "run-of-add-%d", runs++);
	assert_success(test_allocate(inventory, family, request, run, &release, &existing, &err),
		       &err);
	assert_false(existing);
	if (state != RELEASE_PENDING)
		assert_success(test_set_state(inventory, &release, state, &err), &err);
}

void test_get(struct inventory *inventory, const char *family, const char *version,
		struct release *ret)
{
	struct semver parsed = test_version(version);
	struct gk_error err = {0};
	bool found = false;

	assert_success(inventory->ops->get(inventory, family, &parsed, &found, ret, &err), &err);
	assert_true(found);
}

static void assert_same_image(const struct image *a, const struct image *b)
{
	assert_true(gk_str_equal(a->provider, b->provider));
	assert_true(gk_str_equal(a->location, b->location));
	assert_true(gk_str_equal(a->id, b->id));
	assert_true(gk_str_equal(a->name, b->name));
	assert_true(gk_str_equal(a->architecture, b->architecture));
	assert_true(gk_str_equal(a->account, b->account));
	assert_true(gk_str_equal(a->bundle, b->bundle));
	assert_int_equal(a->state, b->state);
	assert_int_equal(a->snapshot_count, b->snapshot_count);
	for (size_t i = 0; i < a->snapshot_count; i++) {
		assert_true(gk_str_equal(a->snapshots[i].id, b->snapshots[i].id));
		assert_true(gk_str_equal(a->snapshots[i].reason, b->snapshots[i].reason));
		assert_int_equal(a->snapshots[i].state, b->snapshots[i].state);
	}
}

void assert_same(const struct release *a, const struct release *b)
{
	char text[SEMVER_TEXT_SIZE];

	assert_true(gk_str_equal(a->family, b->family));
	assert_version(&a->version, semver_format(&b->version, text));
	assert_int_equal(a->state, b->state);
	assert_true(gk_str_equal(a->held, b->held));
	assert_true(gk_str_equal(a->revoked, b->revoked));
	assert_true(gk_strv_equal(&a->published, &b->published));
	assert_true(a->created_at == b->created_at);
	assert_true(gk_str_equal(a->run, b->run));
	assert_true(gk_str_equal(a->build, b->build));
	assert_true(gk_str_equal(a->builder, b->builder));
	assert_true(gk_str_equal(a->fingerprint, b->fingerprint));
	assert_true(gk_str_equal(a->intent, b->intent));
	assert_true(a->revision == b->revision);
	assert_int_equal(a->image_count, b->image_count);
	for (size_t i = 0; i < a->image_count; i++)
		assert_same_image(&a->images[i], &b->images[i]);
}
