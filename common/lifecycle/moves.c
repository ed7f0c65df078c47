/* Channels that are told to name a release: written down with it, carried out, forgotten. */
#include "lifecycle/private.h"

#include <string.h>

#include "image/pointer.h"

int move_check(const struct release *release, const char *channel, struct gk_error *err)
{
	_cleanup_(intent_done) struct intent intent = {0};
	char label[RELEASE_LABEL_SIZE];
	const char *reason = release->revoked;

	release_label(release, label);
	if (!inventory_may_be_named(release->state, false))
		return gk_error_set(err, GK_REFUSED, "channel %s cannot name %s: it is %s", channel,
				    label, release_state_name(release->state));
	if (!reason && intent_from_json(release->intent, &intent, err) < 0)
		return -1;
	if (reason || intent.revoke)
		return gk_error_set(err, GK_REFUSED, "channel %s cannot name %s: it is %srevoked (%s)",
				    channel, label, reason ? "" : "being ",
				    reason ? reason : intent.revoke);
	return 0;
}

/* ---- written down ---- */

bool move_find(const struct intent *intent, const char *channel, struct move *ret)
{
	static const char *const names[] = {MOVE_PROMOTE, MOVE_ROLLBACK, MOVE_REVOKE};
	const char *text = tag_list_get(&intent->moves, channel);
	const char *from = text ? strchr(text, ' ') : NULL;
	size_t length = from ? (size_t)(from - text) : text ? strlen(text) : 0;
	struct move move = {.channel = channel};

	for (size_t i = 0; text && i < ARRAY_SIZE(names); i++)
		if (strlen(names[i]) == length && strncmp(names[i], text, length) == 0)
			move.how = names[i];
	move.existed = from != NULL;
	if (!move.how || (from && semver_parse(from + 1, &move.from, NULL) < 0))
		return false;
	*ret = move;
	return true;
}

int moves_by(const struct release *release, const char *how, struct gk_strv *ret,
	     struct gk_error *err)
{
	_cleanup_(intent_done) struct intent intent = {0};

	if (intent_from_json(release->intent, &intent, err) < 0)
		return -1;
	for (size_t i = 0; i < intent.moves.count; i++) {
		const char *channel = intent.moves.items[i].key;
		struct move move;

		if (move_find(&intent, channel, &move) && strcmp(move.how, how) == 0 &&
		    gk_strv_add(ret, channel, err) < 0)
			return -1;
	}
	return 0;
}

static int add_move(struct intent *intent, const struct move *move, struct gk_error *err)
{
	char from[SEMVER_TEXT_SIZE];
	_cleanup_free_ char *text = gk_str_format(err, "%s%s%s", move->how,
						  move->existed ? " " : "",
						  move->existed ? semver_format(&move->from, from)
								: "");

	return text ? tag_list_set(&intent->moves, move->channel, text, err) : -1;
}

/* Adds the move and the templates. Returns whether that changed the release. */
static int want(struct release *release, const struct move *move, const struct gk_strv *templates,
		struct gk_error *err)
{
	_cleanup_(intent_done) struct intent intent = {0};
	size_t before = release->published.count;
	int changed = 0;

	if (intent_from_json(release->intent, &intent, err) < 0)
		return -1;
	intent.no_run = intent.no_run || !release->intent;
	if (add_move(&intent, move, err) < 0)
		return -1;
	for (size_t i = 0; i < templates->count; i++)
		if (gk_strv_add_unique(&release->published, templates->items[i], err) < 0)
			return -1;
	changed = intent_keep(&intent, release, err);
	return changed < 0 ? -1 : changed || release->published.count > before;
}

/* The intent without the channel. Returns whether that changed the release. */
static int unwant(struct release *release, const char *channel, struct gk_error *err)
{
	_cleanup_(intent_done) struct intent intent = {0};

	if (!release->intent)
		return 0;
	if (intent_from_json(release->intent, &intent, err) < 0)
		return -1;
	gk_strv_remove(&intent.channels, channel);
	tag_list_remove(&intent.moves, channel);
	return intent_keep(&intent, release, err);
}

static int forget(struct lifecycle *lifecycle, struct release *release, const char *channel,
		  const char *action, struct gk_error *err)
{
	for (int round = 0; round < SAVE_ROUNDS; round++) {
		struct gk_error problem = {0};
		int changed = unwant(release, channel, err);

		if (changed <= 0)
			return changed;
		if (journal_save(lifecycle, release, action, channel, &problem) == 0)
			return 0;
		if (journal_retry(lifecycle, release, &problem, err) < 0)
			return -1;
	}
	return journal_gave_up(release, err);
}

int move_forget(struct lifecycle *lifecycle, struct release *release, const char *channel,
		struct gk_error *err)
{
	return forget(lifecycle, release, channel, "finished", err);
}

/* Whoever wanted the channel before this is not to get it when that is finished late. */
static int forget_others(struct lifecycle *lifecycle, const struct release *release,
			 const char *channel, struct gk_error *err)
{
	_cleanup_(release_list_done) struct release_list list = {0};

	if (inventory_collect(lifecycle->inventory, release->family, INVENTORY_UNFINISHED, &list,
			      err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++)
		if (semver_compare(&list.items[i].version, &release->version) != 0 &&
		    forget(lifecycle, &list.items[i], channel, "overtaken", err) < 0)
			return -1;
	return 0;
}

int move_write_down(struct lifecycle *lifecycle, struct release *release, const struct move *move,
		    const struct gk_strv *templates, struct gk_error *err)
{
	for (int round = 0; round < SAVE_ROUNDS; round++) {
		struct gk_error problem = {0};
		int changed = 0;

		if (move_check(release, move->channel, err) < 0)
			return -1;
		changed = want(release, move, templates, err);
		if (changed < 0)
			return -1;
		if (changed == 0 || journal_save(lifecycle, release, "wanted", move->channel,
						 &problem) == 0)
			return forget_others(lifecycle, release, move->channel, err);
		if (journal_retry(lifecycle, release, &problem, err) < 0)
			return -1;
	}
	return journal_gave_up(release, err);
}

/* ---- carried out ---- */

/* Where the channel is after the move: a rollback forgets what lies between. */
static int advance(const struct channel *now, const struct move *move,
		   const struct semver *version, struct channel *ret, struct gk_error *err)
{
	bool back = now && strcmp(move->how, MOVE_ROLLBACK) == 0;
	struct semver earlier;

	for (size_t i = 0; back && i < now->trail.count; i++)
		if (semver_parse(now->trail.items[i], &earlier, NULL) == 0 &&
		    semver_compare(&earlier, version) == 0)
			return channel_go_back(now, i, ret, err);
	return channel_advance(now, move->channel, version, ret, err);
}

int move_carry_out(struct lifecycle *lifecycle, const struct release *release,
		   const struct move *move, struct gk_error *err)
{
	_cleanup_(channel_list_done) struct channel_list channels = {0};
	_cleanup_(channel_done) struct channel moved = {0};
	const struct channel *now = NULL;
	char text[SEMVER_TEXT_SIZE];
	char label[RELEASE_LABEL_SIZE];

	if (channels_read(lifecycle, release->family, &channels, err) < 0)
		return -1;
	now = channel_list_find(&channels, move->channel);
	if (now && semver_compare(&now->version, &release->version) == 0)
		return 0;
	if ((now != NULL) != move->existed || (now && semver_compare(&now->version, &move->from)))
		return gk_error_set(err, GK_CONFLICT,
				    "channel %s of %s was moved meanwhile: it names %s now",
				    move->channel, release->family,
				    now ? semver_format(&now->version, text) : "nothing");
	if (advance(now, move, &release->version, &moved, err) < 0 ||
	    journal_set_channel(lifecycle, release->family, now, &moved, move->how, err) < 0)
		return -1;
	gk_log(lifecycle->log, GK_LOG_STEP, "%s: channel %s (%s)", release_label(release, label),
	       move->channel, move->how);
	return 1;
}

int moves_carry_out(struct lifecycle *lifecycle, const struct release *release,
		    const struct intent *intent, struct gk_error *err)
{
	int count = 0;

	for (size_t i = 0; i < intent->moves.count; i++) {
		struct gk_error problem = {0};
		struct move move;
		int moved = 0;

		if (!move_find(intent, intent->moves.items[i].key, &move))
			continue;
		/* Whoever wrote it down need not have come this far. */
		if (forget_others(lifecycle, release, move.channel, err) < 0)
			return -1;
		moved = move_carry_out(lifecycle, release, &move, &problem);
		if (moved < 0 && problem.code != GK_CONFLICT && problem.code != GK_REFUSED) {
			*err = problem;
			return -1;
		}
		count += moved > 0;
	}
	return count;
}

int moves_forget(struct lifecycle *lifecycle, struct release *release,
		 const struct intent *intent, struct gk_error *err)
{
	for (size_t i = 0; i < intent->moves.count; i++)
		if (move_forget(lifecycle, release, intent->moves.items[i].key, err) < 0)
			return -1;
	return 0;
}

/* ---- what does not follow ---- */

static bool has_pointer(const struct pointer_list *list, const struct pointer *wanted)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].name, wanted->name) == 0 &&
		    strcmp(list->items[i].location, wanted->location) == 0)
			return true;
	return false;
}

/* Pointers of a release through one channel. */
static int pointers_through(const struct release *release, const struct gk_strv *templates,
			    const char *channel, struct pointer_list *ret, struct gk_error *err)
{
	_cleanup_(channel_list_done) struct channel_list one = {0};
	_cleanup_(channel_done) struct channel named = {.version = release->version};

	if (gk_str_set(&named.name, channel, err) < 0 || channel_list_set(&one, &named, err) < 0)
		return -1;
	return pointers_of_release(release, templates, &one, ret, err);
}

struct left {
	struct cloud_pointer *items;
	size_t count;
};

static void left_done(struct left *left)
{
	for (size_t i = 0; i < left->count; i++)
		cloud_pointer_done(&left->items[i]);
	free(left->items);
}

/* What `old` has and `new` has not; texts are those of `old`. */
static int collect_left(const struct pointer_list *old, const struct pointer_list *new,
			struct left *ret, struct gk_error *err)
{
	for (size_t i = 0; i < old->count; i++) {
		const struct pointer *pointer = &old->items[i];
		struct cloud_pointer *added = NULL;

		if (pointer->pinned || has_pointer(new, pointer))
			continue;
		added = gk_array_add(&ret->items, &ret->count, sizeof(*added), err);
		if (!added)
			return -1;
		added->location = pointer->location;
		added->name = pointer->name;
		added->id = pointer->id;
	}
	return 0;
}

int moves_warn_left(struct lifecycle *lifecycle, const struct release *before,
		    const struct release *now, const char *channel, struct outcome *outcome,
		    struct gk_error *err)
{
	_cleanup_(pointer_list_done) struct pointer_list old = {0};
	_cleanup_(pointer_list_done) struct pointer_list new = {0};
	_cleanup_(left_done) struct left left = {0};
	char label[RELEASE_LABEL_SIZE];

	if (pointers_through(before, &before->published, channel, &old, err) < 0 ||
	    pointers_through(now, &now->published, channel, &new, err) < 0 ||
	    collect_left(&old, &new, &left, err) < 0)
		return -1;
	if (left.count == 0)
		return 0;
	if (lifecycle->cloud->ops->read_pointers(lifecycle->cloud, left.items, left.count, err) < 0)
		return -1;
	release_label(now, label);
	for (size_t i = 0; i < left.count; i++) {
		const struct cloud_pointer *pointer = &left.items[i];

		if (pointer->error.code == GK_OK && !pointer->present)
			continue;
		if (gk_strv_addf(&outcome->warnings, err,
				 "%s in %s still names %s: %s is not published there",
				 pointer->name, pointer->location,
				 pointer->value ? pointer->value : pointer->id, label) < 0)
			return -1;
	}
	return 0;
}
