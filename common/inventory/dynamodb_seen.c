#include <string.h>

#include "base/mem.h"
#include "inventory/dynamodb_private.h"

void dynamodb_seen_done(struct dynamodb_seen *seen)
{
	for (size_t i = 0; i < DYNAMODB_SEEN_MAX; i++)
		release_done(&seen->releases[i].release);
	free(seen->head_family);
	dynamodb_head_done(&seen->head);
	*seen = (struct dynamodb_seen){0};
}

/* --- releases ------------------------------------------------------------------------------- */

/* Its number, or DYNAMODB_SEEN_MAX. */
static size_t find(const struct dynamodb_seen *seen, const char *family, const char *key)
{
	size_t i = 0;

	while (i < DYNAMODB_SEEN_MAX && (strcmp(seen->releases[i].key, key) != 0 ||
					 !gk_str_equal(seen->releases[i].release.family, family)))
		i++;
	return i;
}

const struct release *dynamodb_seen_release(struct dynamodb_inventory *store, const char *family,
					    const char *key, int64_t revision)
{
	size_t number = find(&store->seen, family, key);

	if (number == DYNAMODB_SEEN_MAX ||
	    (revision && store->seen.releases[number].release.revision != revision))
		return NULL;
	return &store->seen.releases[number].release;
}

void dynamodb_forget_release(struct dynamodb_inventory *store, const char *family,
			     const char *key)
{
	size_t number = find(&store->seen, family, key);

	if (number < DYNAMODB_SEEN_MAX)
		release_done(&store->seen.releases[number].release);
}

void dynamodb_see_release(struct dynamodb_inventory *store, const struct release *release)
{
	struct dynamodb_seen *seen = &store->seen;
	struct release copy = {0};
	char key[SEMVER_KEY_SIZE];
	size_t number = find(seen, release->family, semver_key(&release->version, key));

	if (number == DYNAMODB_SEEN_MAX)
		number = seen->next++ % DYNAMODB_SEEN_MAX;
	release_done(&seen->releases[number].release);
	if (release->image_count > DYNAMODB_SEEN_IMAGES || release_copy(release, &copy, NULL) < 0)
		return;
	seen->releases[number].release = copy;
	memcpy(seen->releases[number].key, key, sizeof(key));
}

/* --- the head ------------------------------------------------------------------------------- */

void dynamodb_forget_head(struct dynamodb_inventory *store)
{
	dynamodb_head_done(&store->seen.head);
	free(gk_take(&store->seen.head_family));
}

const struct dynamodb_head *dynamodb_seen_head(const struct dynamodb_inventory *store,
					       const char *family)
{
	return gk_str_equal(store->seen.head_family, family) ? &store->seen.head : NULL;
}

void dynamodb_see_head(struct dynamodb_inventory *store, const char *family,
		       const struct dynamodb_head *head)
{
	struct dynamodb_head copy = {0};

	if (dynamodb_head_copy(head, &copy, NULL) < 0) {
		dynamodb_forget_head(store);
		return;
	}
	dynamodb_forget_head(store);
	store->seen.head = copy;
	gk_str_set(&store->seen.head_family, family, NULL);
}

void dynamodb_see_channel(struct dynamodb_inventory *store, const char *family,
			  const struct channel *channel)
{
	struct dynamodb_head *head = &store->seen.head;

	if (!dynamodb_seen_head(store, family))
		return;
	head->channels_revision++;
	if (channel_list_set(&head->channels, channel, NULL) < 0)
		dynamodb_forget_head(store);
}
