/* Where consumers find a release: pointers in the cloud, written and read back. */
#include "lifecycle/private.h"

#include <string.h>

#include "image/pointer.h"

/* Channels that move on while we publish what they named: bounded. */
enum { FOLLOW_ROUNDS = 20 };

enum target_state {
	TARGET_OPEN,    /* to be written, or to be read back */
	TARGET_RIGHT,   /* was read back */
	TARGET_FAILED,  /* `problem` says why */
	TARGET_DROPPED, /* what its channel names now has no image there */
};

/* One pointer, and the release that it should lead to. */
struct target {
	struct pointer pointer; /* texts owned */
	struct semver version;
	enum target_state state;
	bool written;           /* since it got this id */
	bool overtaken;         /* another id was written before: it may be stored late, and is to
				 * be written over, whatever is read */
	struct gk_error problem;
};

struct publication {
	struct lifecycle *lifecycle;
	const struct release *release;
	struct channel_list channels; /* as the targets have them */
	struct target *targets;
	size_t count;
	int waited;                   /* rounds of patience */
	int followed;
	int written;
};

static void publication_done(struct publication *work)
{
	for (size_t i = 0; i < work->count; i++) {
		free(work->targets[i].pointer.location);
		free(work->targets[i].pointer.name);
		free(work->targets[i].pointer.id);
	}
	free(work->targets);
	channel_list_done(&work->channels);
}

/* ---- what is to be published ---- */

static int add_targets(struct publication *work, const struct release *release,
		       struct pointer_list *list, struct gk_error *err)
{
	for (size_t i = 0; i < list->count; i++) {
		struct target *added = gk_array_add(&work->targets, &work->count,
						    sizeof(*added), err);

		if (!added)
			return -1;
		added->version = release->version;
		added->pointer = list->items[i];
		list->items[i] = (struct pointer){0};
	}
	return 0;
}

/* What a channel names that has left our release, under the names that both are published under. */
static int add_next(struct publication *work, struct channel *channel, struct gk_error *err)
{
	struct inventory *inventory = work->lifecycle->inventory;
	const struct channel_list only = {.items = channel, .count = 1};
	_cleanup_(release_done) struct release next = {0};
	_cleanup_(pointer_list_done) struct pointer_list list = {0};
	_cleanup_(gk_strv_done) struct gk_strv shared = {0};
	struct gk_error problem = {0};
	bool found = false;

	if (inventory->ops->get(inventory, work->release->family, &channel->version, &found, &next,
				err) < 0)
		return -1;
	for (size_t i = 0; i < next.published.count; i++)
		if (gk_strv_has(&work->release->published, next.published.items[i]) &&
		    gk_strv_add(&shared, next.published.items[i], err) < 0)
			return -1;
	if (pointers_of_release(&next, &shared, &only, &list, &problem) == 0)
		return add_targets(work, &next, &list, err);
	/* Names that are impossible are told by its own publication. */
	if (problem.code == GK_REFUSED || problem.code == GK_USAGE)
		return 0;
	*err = problem;
	return -1;
}

/* While it is not known what became of our writes, one may have come after those of the release
 * that a channel moved on to. */
static int add_overtaken(struct publication *work, struct gk_error *err)
{
	_cleanup_(intent_done) struct intent intent = {0};
	char version[SEMVER_TEXT_SIZE];

	if (intent_from_json(work->release->intent, &intent, err) < 0)
		return -1;
	if (!intent.publish)
		return 0;
	semver_format(&work->release->version, version);
	for (size_t i = 0; i < work->channels.count; i++) {
		struct channel *channel = &work->channels.items[i];

		if (semver_compare(&channel->version, &work->release->version) != 0 &&
		    gk_strv_has(&channel->trail, version) && add_next(work, channel, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- calls for some of the targets ---- */

/* A batch for the cloud: the targets that a call is about. */
struct batch {
	struct cloud_pointer *items;
	struct target **targets; /* the array is owned */
	size_t count;
};

static void batch_done(struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		cloud_pointer_done(&batch->items[i]);
	free(batch->items);
	free(batch->targets);
}

static int batch_add(struct batch *batch, struct target *target, struct gk_error *err)
{
	size_t count = batch->count;
	struct target **slot = gk_array_add(&batch->targets, &count, sizeof(struct target *), err);
	struct cloud_pointer *pointer =
		slot ? gk_array_add(&batch->items, &batch->count, sizeof(*pointer), err) : NULL;

	if (!pointer)
		return -1;
	*slot = target;
	pointer->location = target->pointer.location;
	pointer->name = target->pointer.name;
	pointer->id = target->pointer.id;
	pointer->pinned = target->pointer.pinned;
	return 0;
}

static int batch_open(struct publication *work, bool unwritten_only, struct batch *batch,
		      struct gk_error *err)
{
	for (size_t i = 0; i < work->count; i++) {
		struct target *target = &work->targets[i];

		if (target->state == TARGET_OPEN && !(unwritten_only && target->written) &&
		    batch_add(batch, target, err) < 0)
			return -1;
	}
	return 0;
}

static void fail(struct target *target, const struct gk_error *problem)
{
	target->state = TARGET_FAILED;
	target->problem = *problem;
}

static void judge(struct target *target, struct cloud_pointer *seen)
{
	if (seen->error.code == GK_OK && seen->present && !seen->kind && !target->overtaken &&
	    gk_str_equal(seen->value, seen->id))
		target->state = TARGET_RIGHT;
	else if (seen->error.code != GK_OK || !cloud_pointer_is_writable(seen))
		fail(target, &seen->error);
}

static int read_open(struct publication *work, struct gk_error *err)
{
	struct cloud *cloud = work->lifecycle->cloud;
	_cleanup_(batch_done) struct batch batch = {0};

	if (batch_open(work, false, &batch, err) < 0)
		return -1;
	if (batch.count == 0)
		return 0;
	if (cloud->ops->read_pointers(cloud, batch.items, batch.count, err) < 0)
		return -1;
	for (size_t i = 0; i < batch.count; i++)
		judge(batch.targets[i], &batch.items[i]);
	return 0;
}

/* Returns how many writes were accepted. */
static int write_open(struct publication *work, struct gk_error *err)
{
	struct cloud *cloud = work->lifecycle->cloud;
	_cleanup_(batch_done) struct batch batch = {0};
	int accepted = 0;

	if (batch_open(work, true, &batch, err) < 0)
		return -1;
	if (batch.count == 0)
		return 0;
	if (cloud->ops->write_pointers(cloud, batch.items, batch.count, err) < 0)
		return -1;
	for (size_t i = 0; i < batch.count; i++) {
		const struct gk_error *problem = &batch.items[i].error;

		/* A pinned one that came meanwhile may be ours: reading tells. */
		if (problem->code != GK_OK && problem->code != GK_CONFLICT) {
			fail(batch.targets[i], problem);
			continue;
		}
		batch.targets[i]->written = true;
		batch.targets[i]->overtaken = false;
		work->written += problem->code == GK_OK;
		accepted++;
	}
	return accepted;
}

/* ---- channels that move on meanwhile ---- */

/* What the channels name now, as far as our names are concerned. */
struct wanted {
	struct pointer_list list;
	struct semver *versions; /* of the pointers, in the same order */
	size_t count;
};

static void wanted_done(struct wanted *wanted)
{
	pointer_list_done(&wanted->list);
	free(wanted->versions);
}

static int wanted_add(struct wanted *wanted, const struct publication *work,
		      const struct release *release, const struct channel_list *channels,
		      struct gk_error *err)
{
	if (pointers_of_release(release, &work->release->published, channels, &wanted->list, err) <
	    0)
		return -1;
	while (wanted->count < wanted->list.count) {
		struct semver *version = gk_array_add(&wanted->versions, &wanted->count,
						      sizeof(*version), err);

		if (!version)
			return -1;
		*version = release->version;
	}
	return 0;
}

static bool has_moved(const struct channel_list *before, const struct channel *now)
{
	const struct channel *channel = channel_list_find(before, now->name);

	return !channel || semver_compare(&channel->version, &now->version) != 0;
}

static int build_wanted(struct publication *work, const struct channel_list *now,
			struct wanted *ret, struct gk_error *err)
{
	struct inventory *inventory = work->lifecycle->inventory;

	for (size_t i = 0; i < now->count; i++) {
		_cleanup_(release_done) struct release named = {0};
		bool found = false;

		if (inventory->ops->get(inventory, work->release->family, &now->items[i].version,
					&found, &named, err) < 0 ||
		    (found && wanted_add(ret, work, &named, now, err) < 0))
			return -1;
	}
	return 0;
}

static int follow_one(struct target *target, const struct wanted *wanted, struct gk_error *err)
{
	for (size_t i = 0; i < wanted->count; i++) {
		const struct pointer *now = &wanted->list.items[i];

		if (strcmp(now->location, target->pointer.location) != 0 ||
		    strcmp(now->name, target->pointer.name) != 0)
			continue;
		if (target->state != TARGET_DROPPED && strcmp(now->id, target->pointer.id) == 0)
			return 0;
		target->state = TARGET_OPEN;
		target->overtaken = target->overtaken || target->written;
		target->written = false;
		target->version = wanted->versions[i];
		return gk_str_set(&target->pointer.id, now->id, err);
	}
	target->state = TARGET_DROPPED;
	return 0;
}

/* Reads the channels again; if one has moved, what it names now is what is to be published.
 * *ret_moved tells. */
static int follow(struct publication *work, bool *ret_moved, struct gk_error *err)
{
	struct inventory *inventory = work->lifecycle->inventory;
	_cleanup_(channel_list_done) struct channel_list now = {0};
	_cleanup_(wanted_done) struct wanted wanted = {0};

	*ret_moved = false;
	if (inventory->ops->channels(inventory, work->release->family, &now, err) < 0)
		return -1;
	for (size_t i = 0; i < now.count; i++)
		*ret_moved = *ret_moved || has_moved(&work->channels, &now.items[i]);
	if (!*ret_moved)
		return 0;
	if (++work->followed > FOLLOW_ROUNDS)
		return gk_error_set(err, GK_CONFLICT, "the channels of %s were moved by others "
				    "again and again", work->release->family);
	if (build_wanted(work, &now, &wanted, err) < 0)
		return -1;
	for (size_t i = 0; i < work->count; i++)
		if (!work->targets[i].pointer.pinned &&
		    work->targets[i].state != TARGET_FAILED &&
		    follow_one(&work->targets[i], &wanted, err) < 0)
			return -1;
	channel_list_done(&work->channels);
	work->channels = now;
	now = (struct channel_list){0};
	work->waited = 0;
	return 0;
}

/* ---- patience, and its end ---- */

static const struct target *first_open(const struct publication *work)
{
	for (size_t i = 0; i < work->count; i++)
		if (work->targets[i].state == TARGET_OPEN)
			return &work->targets[i];
	return NULL;
}

static const char *image_words(const struct cloud_image *image)
{
	static const char *const words[] = {
		[CLOUD_ABSENT] = "not there",
		[CLOUD_PENDING] = "still pending",
		[CLOUD_AVAILABLE] = "available",
		[CLOUD_DISABLED] = "disabled",
		[CLOUD_BROKEN] = "of no use",
	};

	return !image || image->error.code != GK_OK ? "not to be seen" : words[image->status];
}

/* What was accepted and never came: the reason is told elsewhere, so say where. */
static int give_up(struct publication *work, struct gk_error *err)
{
	struct cloud *cloud = work->lifecycle->cloud;
	_cleanup_(cloud_look_done) struct cloud_look look = {0};

	for (size_t i = 0; i < work->count; i++) {
		const struct pointer *pointer = &work->targets[i].pointer;

		if (work->targets[i].state == TARGET_OPEN &&
		    !look_image(&look, pointer->location, pointer->id) &&
		    !cloud_look_add_image(&look, pointer->location, pointer->id, err))
			return -1;
	}
	if (cloud->ops->look(cloud, &look, err) < 0)
		return -1;
	for (size_t i = 0; i < work->count; i++) {
		struct target *target = &work->targets[i];
		const struct pointer *pointer = &target->pointer;

		if (target->state != TARGET_OPEN)
			continue;
		target->state = TARGET_FAILED;
		gk_error_set(&target->problem, GK_FAILED,
			     "%s does not name %s %d s after it was written: Systems Manager "
			     "stores it only if these credentials may ec2:DescribeImages and the "
			     "AMI is available (it is %s); the EventBridge event \"Parameter Store "
			     "Change\" has the reason",
			     pointer->name, pointer->id, PATIENCE_STORED_SECONDS,
			     image_words(look_image(&look, pointer->location, pointer->id)));
	}
	return 0;
}

/* Reads, writes what is not right, and reads until it is. The channels are read after the values:
 * whoever moved one on before its value was written finds ours to be repaired, or we find his. */
static int settle(struct publication *work, struct gk_error *err)
{
	for (;;) {
		const struct target *open = NULL;
		bool moved = false;
		int accepted = 0;

		if (read_open(work, err) < 0 || follow(work, &moved, err) < 0)
			return -1;
		if (moved)
			continue;
		if (!first_open(work))
			return 0;
		accepted = write_open(work, err);
		open = first_open(work);
		if (accepted < 0)
			return -1;
		if (accepted == 0 && open &&
		    !patience_wait(work->lifecycle, &work->waited, PATIENCE_STORED,
				   open->pointer.name))
			return give_up(work, err);
	}
}

/* ---- what came of it ---- */

static void log_published(const struct publication *work, const struct target *target)
{
	struct release named = {.family = work->release->family, .version = target->version};
	char label[RELEASE_LABEL_SIZE];

	gk_log(work->lifecycle->log, GK_LOG_STEP, "%s: published %s in %s",
	       release_label(&named, label), target->pointer.name, target->pointer.location);
}

static int report(const struct publication *work, struct outcome *outcome, struct gk_error *err)
{
	for (size_t i = 0; i < work->count; i++) {
		const struct target *target = &work->targets[i];
		const struct pointer *pointer = &target->pointer;
		int done = 0;

		if (target->state == TARGET_RIGHT && target->written)
			log_published(work, target);
		if (target->state == TARGET_RIGHT)
			done = outcome_add_published(outcome, "ssm", pointer->location,
						     pointer->name, pointer->id, err);
		else if (target->state == TARGET_FAILED)
			done = outcome_add_incomplete(outcome, "publish", pointer->location,
						      target->problem.message, err);
		if (done < 0)
			return -1;
	}
	return 0;
}

int publish_pointers(struct lifecycle *lifecycle, const struct release *release,
		     struct outcome *outcome, struct gk_error *err)
{
	_cleanup_(publication_done) struct publication work = {
		.lifecycle = lifecycle,
		.release = release,
	};
	_cleanup_(pointer_list_done) struct pointer_list list = {0};
	struct gk_error problem = {0};

	if (release->published.count == 0)
		return 0;
	if (lifecycle->inventory->ops->channels(lifecycle->inventory, release->family,
						&work.channels, err) < 0)
		return -1;
	if (pointers_of_release(release, &release->published, &work.channels, &list, &problem) < 0)
		return outcome_add_incomplete(outcome, "publish", NULL, problem.message, err);
	if (add_targets(&work, release, &list, err) < 0 || add_overtaken(&work, err) < 0 ||
	    settle(&work, err) < 0 ||
	    report(&work, outcome, err) < 0)
		return -1;
	return work.written;
}
