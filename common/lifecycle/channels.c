#include "lifecycle/private.h"

#include <string.h>

enum { EVENTS_SEARCHED = 1000 };

/* True if the channel has to move to get where the release wants it. */
static bool must_move(const struct channel *channel, const char *name, const struct semver *to)
{
	int order = channel ? semver_compare(&channel->version, to) : -1;

	return strcmp(name, CHANNEL_LATEST) == 0 ? order < 0 : order != 0;
}

int channels_read(struct lifecycle *lifecycle, const char *family, struct channel_list *ret,
		  struct gk_error *err)
{
	struct channel_list fresh = {0};

	if (lifecycle->inventory->ops->channels(lifecycle->inventory, family, &fresh, err) < 0)
		return -1;
	channel_list_done(ret);
	*ret = fresh;
	return 0;
}

/* Withdrawn since it was read: then nothing is to name it any more. */
static bool is_revoked(struct lifecycle *lifecycle, const struct release *release)
{
	_cleanup_(release_done) struct release now = {0};
	struct gk_error ignored = {0};
	bool found = false;

	return lifecycle->inventory->ops->get(lifecycle->inventory, release->family,
					      &release->version, &found, &now, &ignored) == 0 &&
	       found && now.revoked;
}

/* One channel, against others that move it at the same time. Returns whether it was moved. */
static int move_one(struct lifecycle *lifecycle, const struct release *release, const char *name,
		    struct channel_list *channels, struct gk_error *err)
{
	struct gk_error problem = {0};
	char label[RELEASE_LABEL_SIZE];

	for (int round = 0; round < SAVE_ROUNDS; round++) {
		const struct channel *channel = channel_list_find(channels, name);
		_cleanup_(channel_done) struct channel moved = {0};

		if (!must_move(channel, name, &release->version))
			return 0;
		if (channel_advance(channel, name, &release->version, &moved, err) < 0)
			return -1;
		if (journal_set_channel(lifecycle, release->family, channel, &moved, NULL,
					&problem) == 0) {
			gk_log(lifecycle->log, GK_LOG_STEP, "%s: channel %s",
			       release_label(release, label), name);
			return channel_list_set(channels, &moved, err) < 0 ? -1 : 1;
		}
		if (problem.code == GK_REFUSED && is_revoked(lifecycle, release))
			return 0;
		if (problem.code != GK_CONFLICT)
			break;
		if (channels_read(lifecycle, release->family, channels, err) < 0)
			return -1;
	}
	*err = problem;
	return gk_error_wrap(err, "moving channel %s", name);
}

int channels_move(struct lifecycle *lifecycle, const struct release *release,
		  const struct gk_strv *names, struct channel_list *ret_channels,
		  struct gk_error *err)
{
	int moved = 0;

	if (channels_read(lifecycle, release->family, ret_channels, err) < 0)
		return -1;
	if (release->state != RELEASE_LIVE || release->revoked)
		return 0;
	if (!semver_is_prerelease(&release->version))
		moved = move_one(lifecycle, release, CHANNEL_LATEST, ret_channels, err);
	for (size_t i = 0; moved >= 0 && i < names->count; i++) {
		int one = strcmp(names->items[i], CHANNEL_LATEST) == 0
				  ? 0
				  : move_one(lifecycle, release, names->items[i], ret_channels, err);

		moved = one < 0 ? -1 : moved + one;
	}
	return moved;
}

/* True if the channel names a release that was built after this one: that run's word came later. */
static int is_later(struct lifecycle *lifecycle, const struct release *release,
		    const struct channel *channel, bool *ret, struct gk_error *err)
{
	_cleanup_(release_done) struct release named = {0};
	bool found = false;

	*ret = false;
	if (!channel)
		return 0;
	if (lifecycle->inventory->ops->get(lifecycle->inventory, release->family,
					   &channel->version, &found, &named, err) < 0)
		return -1;
	*ret = found && release_is_newer(&named, release);
	return 0;
}

int channels_drop_taken(struct lifecycle *lifecycle, const struct release *release,
			struct gk_strv *names, struct gk_error *err)
{
	_cleanup_(channel_list_done) struct channel_list channels = {0};

	if (names->count == 0)
		return 0;
	if (channels_read(lifecycle, release->family, &channels, err) < 0)
		return -1;
	for (size_t i = names->count; i-- > 0;) {
		bool later = false;

		if (is_later(lifecycle, release, channel_list_find(&channels, names->items[i]), &later,
			     err) < 0)
			return -1;
		if (later)
			gk_strv_remove(names, names->items[i]);
	}
	return 0;
}

/* As the history tells it: journal_set_channel writes the channel's name in front. */
static bool had_channel(const struct event_list *events, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < events->count; i++) {
		const struct event_row *event = &events->items[i];

		if (gk_str_equal(event->action, "channel") && event->detail &&
		    strncmp(event->detail, name, length) == 0 && event->detail[length] == ' ')
			return true;
	}
	return false;
}

int channels_drop_had(struct lifecycle *lifecycle, const struct release *release,
		      struct gk_strv *names, struct gk_error *err)
{
	_cleanup_(event_list_done) struct event_list events = {0};

	if (names->count == 0)
		return 0;
	if (lifecycle->inventory->ops->events(lifecycle->inventory, release->family,
					      &release->version, EVENTS_SEARCHED, &events, err) < 0)
		return -1;
	for (size_t i = names->count; i-- > 0;)
		if (had_channel(&events, names->items[i]))
			gk_strv_remove(names, names->items[i]);
	return 0;
}

int channels_naming(const struct channel_list *channels, const struct semver *version,
		    struct gk_strv *ret, struct gk_error *err)
{
	for (size_t i = 0; i < channels->count; i++)
		if (semver_compare(&channels->items[i].version, version) == 0 &&
		    gk_strv_add(ret, channels->items[i].name, err) < 0)
			return -1;
	gk_strv_sort(ret);
	return 0;
}
