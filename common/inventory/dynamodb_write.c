#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "inventory/dynamodb_private.h"

static struct dynamodb_inventory *self(struct inventory *inventory)
{
	return (struct dynamodb_inventory *)inventory;
}

static void must_be_absent(struct dynamodb_write *write)
{
	dynamodb_express(&write->request, "ConditionExpression", "attribute_not_exists(#pk)");
}

/* The number of the action that was added last. */
static int last_action(const struct dynamodb_write *write)
{
	return write->request.action_count - 1;
}

/* --- markers of what is unfinished ---------------------------------------------------------- */

static void put_marker(struct dynamodb_write *write, const struct release *release)
{
	char sk[DYNAMODB_SK_SIZE];
	char place[] = {dynamodb_place_of(release->state), '\0'};
	cJSON *item = NULL;

	snprintf(sk, sizeof(sk), "%s#%s", release->family, write->key);
	item = dynamodb_add_put(&write->request, "U", sk);
	dynamodb_put_number(&write->request, item, "format", DYNAMODB_FORMAT);
	dynamodb_put_text(&write->request, item, "place", place);
	dynamodb_put_number(&write->request, item, "rev", release->revision);
}

/* Has the marker say what the new state is. */
static void update_marker(struct dynamodb_write *write, const struct release *old,
			  const struct release *new)
{
	char sk[DYNAMODB_SK_SIZE];
	bool was = release_is_unfinished(old);
	bool is = release_is_unfinished(new);

	if (is)
		put_marker(write, new);
	if (is || !was)
		return;
	snprintf(sk, sizeof(sk), "%s#%s", new->family, write->key);
	dynamodb_add_delete(&write->request, "U", sk);
}

/* --- insert --------------------------------------------------------------------------------- */

/* How the head takes a new version. */
enum head_change { HEAD_NEW, HEAD_NEW_TOP, HEAD_BELOW_TOP };

static void add_head(struct dynamodb_write *write, enum head_change change)
{
	static const char *const updates[] = {
		[HEAD_NEW] = ("SET #format = :format, #top_key = :key, #top_version = :version, "
			      "#channels = :none, #channels_rev = :zero, #rev = :one"),
		[HEAD_NEW_TOP] = "SET #top_key = :key, #top_version = :version ADD #rev :one",
		[HEAD_BELOW_TOP] = "ADD #rev :one",
	};
	static const char *const conditions[] = {
		[HEAD_NEW] = "attribute_not_exists(#pk)",
		[HEAD_NEW_TOP] = "attribute_not_exists(#importing) AND #top_key < :key",
		[HEAD_BELOW_TOP] = "attribute_not_exists(#importing) AND #top_key >= :key",
	};
	struct dynamodb_request *request = &write->request;
	cJSON *values = NULL;

	dynamodb_add_update(request, write->pk, "H");
	dynamodb_express(request, "UpdateExpression", updates[change]);
	dynamodb_express(request, "ConditionExpression", conditions[change]);
	values = dynamodb_values(request);
	dynamodb_put_text(request, values, ":key", write->key);
	dynamodb_put_number(request, values, ":one", 1);
	if (change != HEAD_BELOW_TOP)
		dynamodb_put_text(request, values, ":version", write->version);
	if (change != HEAD_NEW)
		return;
	dynamodb_put_number(request, values, ":format", DYNAMODB_FORMAT);
	dynamodb_put_number(request, values, ":zero", 0);
	dynamodb_put_map(request, values, ":none");
}

static void add_run(struct dynamodb_write *write, const struct release *release)
{
	char sk[DYNAMODB_SK_SIZE];
	cJSON *item = dynamodb_add_put(&write->request, write->pk,
				       dynamodb_sk('R', release->run, sk));

	dynamodb_put_number(&write->request, item, "format", DYNAMODB_FORMAT);
	dynamodb_put_text(&write->request, item, "version", write->version);
	dynamodb_put_text(&write->request, item, "key", write->key);
	must_be_absent(write);
}

static void add_directory(struct dynamodb_write *write)
{
	cJSON *item = dynamodb_add_put(&write->request, "D", write->pk);

	dynamodb_put_number(&write->request, item, "format", DYNAMODB_FORMAT);
}

enum { INSERT_HEAD = DYNAMODB_ACTION_FIRST, INSERT_ROW, INSERT_OTHER_PLACE, INSERT_RUN };

static int insert_build(struct dynamodb_write *write, const struct release *release,
			enum head_change change, struct gk_error *err)
{
	char sk[DYNAMODB_SK_SIZE];
	char place = dynamodb_place_of(release->state);
	cJSON *item = NULL;

	add_head(write, change);
	item = dynamodb_add_put(&write->request, write->pk, dynamodb_sk(place, write->key, sk));
	if (dynamodb_row_write(&write->request, item, release, NULL, err) < 0)
		return -1;
	must_be_absent(write);
	place = place == DYNAMODB_LIVE ? DYNAMODB_RETIRED : DYNAMODB_LIVE;
	dynamodb_add_check(&write->request, write->pk, dynamodb_sk(place, write->key, sk));
	must_be_absent(write);
	add_run(write, release);
	if (release_is_unfinished(release))
		put_marker(write, release);
	if (change == HEAD_NEW)
		add_directory(write);
	return 0;
}

static enum head_change change_of(const struct dynamodb_head *head, const char *key)
{
	if (!head->exists)
		return HEAD_NEW;
	return strcmp(head->top_key, key) >= 0 ? HEAD_BELOW_TOP : HEAD_NEW_TOP;
}

/* By the head as it was seen last, or as it is. */
static int choose_change(struct dynamodb_inventory *store, const struct release *release,
			 const char *key, bool look, enum head_change *ret, struct gk_error *err)
{
	_cleanup_(dynamodb_head_done) struct dynamodb_head head = {0};
	const struct dynamodb_head *seen = dynamodb_seen_head(store, release->family);

	if (!look && seen && !seen->importing) {
		*ret = change_of(seen, key);
		return 0;
	}
	if (dynamodb_head_get(store, release->family, &head, err) < 0)
		return -1;
	if (head.importing)
		return gk_error_set(err, GK_LOCKED,
				    "family %s is being imported: finish that with the same "
				    "goldkeep import", release->family);
	*ret = change_of(&head, key);
	return 0;
}

/* 1 if the head was not as it was thought to be: look at it, and try again. */
static int insert_try(struct dynamodb_inventory *store, const struct release *release, bool look,
		      const struct event *event, struct gk_error *err)
{
	_cleanup_(dynamodb_write_done) struct dynamodb_write write = {0};
	enum head_change change = HEAD_NEW;
	char label[RELEASE_LABEL_SIZE];
	char key[SEMVER_KEY_SIZE];
	bool refused = false;

	if (choose_change(store, release, semver_key(&release->version, key), look, &change,
			  err) < 0 ||
	    dynamodb_write_init(&write, store, release->family, &release->version, event, err) < 0 ||
	    insert_build(&write, release, change, err) < 0 ||
	    dynamodb_write_run(&write, &refused, err) < 0)
		return -1;
	if (!refused)
		return dynamodb_set_ready(store, release->family, err);
	for (int action = INSERT_ROW; action <= INSERT_RUN; action++)
		if (dynamodb_was_refused(&write.request, action))
			return gk_error_set(err, GK_CONFLICT,
					    "the inventory has %s or a release of run %s already",
					    release_label(release, label), release->run);
	return 1;
}

int dynamodb_check_names(const struct release *release, struct gk_error *err)
{
	enum { RUN_MAX = 1000 };

	if (family_check(release->family, err) < 0)
		return -1;
	if (strlen(release->run) > RUN_MAX)
		return gk_error_set(err, GK_USAGE, "run %.40s…: it has more than %d bytes",
				    release->run, RUN_MAX);
	return 0;
}

int dynamodb_insert(struct inventory *inventory, struct release *release,
		    const struct event *event, struct gk_error *err)
{
	int64_t revision = release->revision;
	int result = dynamodb_check_names(release, err) < 0 ? -1 : 1;

	release->revision = 1;
	for (int i = 0; result > 0 && i < DYNAMODB_TRIES_MAX; i++) {
		dynamodb_pause(&self(inventory)->db, i);
		result = insert_try(self(inventory), release, i > 0, event, err);
	}
	dynamodb_forget_head(self(inventory));
	if (result != 0)
		release->revision = revision;
	else
		dynamodb_see_release(self(inventory), release);
	return result > 0 ? dynamodb_overtaken(release->family, err) : result;
}

/* --- save ----------------------------------------------------------------------------------- */

static void must_have_revision(struct dynamodb_write *write, int64_t revision)
{
	dynamodb_express(&write->request, "ConditionExpression", "#rev = :seen");
	dynamodb_put_number(&write->request, dynamodb_values(&write->request), ":seen", revision);
}

/* The first channel that names the release, or NULL. */
static const struct channel *channel_naming(const struct dynamodb_head *head,
					    const struct release *release)
{
	for (size_t i = 0; i < head->channels.count; i++)
		if (semver_compare(&head->channels.items[i].version, &release->version) == 0)
			return &head->channels.items[i];
	return NULL;
}

/* A release that no channel may name must be named by none, now and when this is carried out. */
static int add_channels_check(struct dynamodb_write *write, const struct release *release,
			      bool look, struct gk_error *err)
{
	_cleanup_(dynamodb_head_done) struct dynamodb_head asked = {0};
	const struct dynamodb_head *head = dynamodb_seen_head(write->store, release->family);
	const struct channel *channel = NULL;

	if (look || !head || channel_naming(head, release)) {
		if (dynamodb_head_get(write->store, release->family, &asked, err) < 0)
			return -1;
		head = &asked;
	}
	channel = channel_naming(head, release);
	if (channel)
		return inventory_refuse_named(release, channel->name, err);
	dynamodb_add_check(&write->request, write->pk, "H");
	dynamodb_express(&write->request, "ConditionExpression", "#channels_rev = :seen");
	dynamodb_put_number(&write->request, dynamodb_values(&write->request), ":seen",
			    head->channels_revision);
	return 0;
}

/* Replaces the row, or moves it. *ret_row is the action whose condition is the revision. */
static int add_row(struct dynamodb_write *write, const struct release *old, const struct release *new,
		   int *ret_row, struct gk_error *err)
{
	char from = dynamodb_place_of(old->state);
	char to = dynamodb_place_of(new->state);
	char sk[DYNAMODB_SK_SIZE];
	cJSON *item = NULL;

	if (from != to) {
		dynamodb_add_delete(&write->request, write->pk, dynamodb_sk(from, write->key, sk));
		must_have_revision(write, old->revision);
		*ret_row = last_action(write);
	}
	item = dynamodb_add_put(&write->request, write->pk, dynamodb_sk(to, write->key, sk));
	if (dynamodb_row_write(&write->request, item, new, old, err) < 0)
		return -1;
	if (from != to) {
		must_be_absent(write);
		return 0;
	}
	must_have_revision(write, old->revision);
	*ret_row = last_action(write);
	return 0;
}

/* `new` has its new revision already. 1 if a channel moved meanwhile: try again. */
static int save_try(struct dynamodb_inventory *store, const struct release *old,
		    const struct release *new, bool look, const struct event *event,
		    struct gk_error *err)
{
	_cleanup_(dynamodb_write_done) struct dynamodb_write write = {0};
	char label[RELEASE_LABEL_SIZE];
	bool refused = false;
	int row = 0;

	if (dynamodb_write_init(&write, store, new->family, &new->version, event, err) < 0 ||
	    add_row(&write, old, new, &row, err) < 0)
		return -1;
	update_marker(&write, old, new);
	if (inventory_may_be_named(old->state, old->revoked != NULL) &&
	    !inventory_may_be_named(new->state, new->revoked != NULL) &&
	    add_channels_check(&write, new, look, err) < 0)
		return -1;
	if (dynamodb_write_run(&write, &refused, err) < 0)
		return -1;
	if (refused && dynamodb_was_refused(&write.request, row))
		return gk_error_set(err, GK_CONFLICT, "%s was changed by another process meanwhile",
				    release_label(new, label));
	return refused;
}

/* The release as it stands, which must be what the caller's was read from. */
static int find_unchanged(struct dynamodb_inventory *store, const struct release *release,
			  struct release *ret, struct gk_error *err)
{
	char label[RELEASE_LABEL_SIZE];
	char key[SEMVER_KEY_SIZE];
	const struct release *seen = NULL;
	bool found = false;

	semver_key(&release->version, key);
	seen = dynamodb_seen_release(store, release->family, key, release->revision);
	if (seen ? release_copy(seen, ret, err) < 0
		 : dynamodb_find(store, release->family, key, &found, ret, err) < 0)
		return -1;
	if (!seen && !found)
		return gk_error_set(err, GK_NOT_FOUND, "the inventory has no %s",
				    release_label(release, label));
	if (ret->revision != release->revision)
		return gk_error_set(err, GK_CONFLICT, "%s was changed by another process meanwhile",
				    release_label(release, label));
	if (!gk_str_equal(ret->run, release->run))
		return gk_error_set(err, GK_REFUSED, "%s belongs to run %s, and cannot be given "
				    "to %s", release_label(release, label), ret->run, release->run);
	return 0;
}

int dynamodb_save(struct inventory *inventory, struct release *release,
		  const struct event *event, struct gk_error *err)
{
	struct dynamodb_inventory *store = self(inventory);
	_cleanup_(release_done) struct release old = {0};
	char key[SEMVER_KEY_SIZE];
	int result = 1;

	if (find_unchanged(store, release, &old, err) < 0)
		return -1;
	release->revision++;
	for (int i = 0; result > 0 && i < DYNAMODB_TRIES_MAX; i++) {
		dynamodb_pause(&store->db, i);
		result = save_try(store, &old, release, i > 0, event, err);
	}
	dynamodb_forget_release(store, release->family, semver_key(&release->version, key));
	if (result != 0)
		release->revision--;
	else
		dynamodb_see_release(store, release);
	return result > 0 ? dynamodb_overtaken(release->family, err) : result;
}
