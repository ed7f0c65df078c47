#include "image/tags.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "image/text.h"

/* EC2 API Reference, CreateTags: the API model says 127, the user guide 128. */
enum { KEY_MAX = 127, VALUE_MAX = 256 };

#define AWS_PREFIX "aws:"
#define OUR_PREFIX "goldkeep:"

static void tag_done(struct tag *tag)
{
	free(tag->key);
	free(tag->value);
	*tag = (struct tag){0};
}

void tag_list_done(struct tag_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		tag_done(&list->items[i]);
	free(list->items);
	*list = (struct tag_list){0};
}

static struct tag *find_tag(const struct tag_list *list, const char *key)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].key, key) == 0)
			return &list->items[i];
	return NULL;
}

int tag_list_set(struct tag_list *list, const char *key, const char *value, struct gk_error *err)
{
	_cleanup_(tag_done) struct tag tag = {0};
	struct tag *there = find_tag(list, key);

	if (there)
		return gk_str_set(&there->value, value, err);
	if (gk_str_set(&tag.key, key, err) < 0 || gk_str_set(&tag.value, value, err) < 0)
		return -1;
	there = gk_array_add(&list->items, &list->count, sizeof(*there), err);
	if (!there)
		return -1;
	*there = tag;
	tag = (struct tag){0};
	return 0;
}

const char *tag_list_get(const struct tag_list *list, const char *key)
{
	const struct tag *tag = find_tag(list, key);

	return tag ? tag->value : NULL;
}

bool tag_list_remove(struct tag_list *list, const char *key)
{
	struct tag *tag = find_tag(list, key);

	if (!tag)
		return false;
	tag_done(tag);
	*tag = list->items[--list->count];
	return true;
}

static bool is_aws_key(const char *key)
{
	return strncasecmp(key, AWS_PREFIX, strlen(AWS_PREFIX)) == 0;
}

static bool is_our_key(const char *key)
{
	return strncmp(key, OUR_PREFIX, strlen(OUR_PREFIX)) == 0 ||
	       strcmp(key, TAG_MANAGED_BY) == 0;
}

/* `what` names the text in the message: "key", "value". */
static int check_length(const char *text, const char *what, size_t most, struct gk_error *err)
{
	char shown[TEXT_QUOTE_SIZE];
	size_t characters = 0;

	text_quote(text, shown);
	if (!text_count(text, &characters))
		return gk_error_set(err, GK_USAGE, "tag %s %s is no UTF-8", what, shown);
	if (characters > most)
		return gk_error_set(err, GK_USAGE, "tag %s %s has %zu characters: %zu at most",
				    what, shown, characters, most);
	return 0;
}

static int check_key(const char *key, struct gk_error *err)
{
	char shown[TEXT_QUOTE_SIZE];

	text_quote(key, shown);
	if (!*key)
		return gk_error_set(err, GK_USAGE, "a tag key is empty: write KEY=VALUE");
	if (is_aws_key(key))
		return gk_error_set(err, GK_USAGE, "tag key %s: %s belongs to AWS", shown,
				    AWS_PREFIX);
	if (is_our_key(key))
		return gk_error_set(err, GK_USAGE, "tag key %s is one that goldkeep sets itself",
				    shown);
	return check_length(key, "key", KEY_MAX, err);
}

enum { TAG_PLACEHOLDERS = 3 };

static void tag_values(const struct release *release, const char *version,
		       struct text_value values[TAG_PLACEHOLDERS])
{
	values[0] = (struct text_value){"{version}", version};
	values[1] = (struct text_value){"{family}", release->family};
	values[2] = (struct text_value){"{run}", release->run};
}

static int check_placeholders(const char *value, struct gk_error *err)
{
	static const struct release none = {0};
	struct text_value values[TAG_PLACEHOLDERS];
	const char *unknown = NULL;
	char shown[TEXT_QUOTE_SIZE];

	tag_values(&none, "", values);
	unknown = text_unknown_placeholder(value, values, TAG_PLACEHOLDERS);
	if (!unknown)
		return 0;
	return gk_error_set(err, GK_USAGE, "%s in a tag value: the placeholders are "
			    "{version}, {family} and {run}", text_quote(unknown, shown));
}

int tag_list_parse(struct tag_list *list, const char *text, struct gk_error *err)
{
	const char *equals = strchr(text, '=');
	_cleanup_free_ char *key = NULL;
	char shown[TEXT_QUOTE_SIZE];

	if (!equals)
		return gk_error_set(err, GK_USAGE, "%s is no tag: write KEY=VALUE",
				    text_quote(text, shown));
	key = strndup(text, (size_t)(equals - text));
	if (!key)
		return gk_error_memory(err);
	if (check_key(key, err) < 0 || check_length(equals + 1, "value", VALUE_MAX, err) < 0 ||
	    check_placeholders(equals + 1, err) < 0)
		return -1;
	return tag_list_set(list, key, equals + 1, err);
}

static int set_filled(struct tag_list *list, const struct tag *tag, const char *version,
		      const struct release *release, struct gk_error *err)
{
	struct text_value values[TAG_PLACEHOLDERS];
	_cleanup_free_ char *value = NULL;

	tag_values(release, version, values);
	value = text_fill(tag->value, values, TAG_PLACEHOLDERS, err);
	if (!value || check_key(tag->key, err) < 0)
		return -1;
	if (check_length(value, "value", VALUE_MAX, err) < 0)
		return gk_error_wrap(err, "tag %s", tag->key);
	return tag_list_set(list, tag->key, value, err);
}

static int set_ours(struct tag_list *list, const char *key, const char *value, struct gk_error *err)
{
	if (check_length(value ? value : "", "value", VALUE_MAX, err) < 0)
		return gk_error_wrap(err, "tag %s", key);
	return tag_list_set(list, key, value ? value : "", err);
}

int release_tags(const struct release *release, const struct tag_list *extra,
		 struct tag_list *ret, struct gk_error *err)
{
	_cleanup_(tag_list_done) struct tag_list list = {0};
	char version[SEMVER_TEXT_SIZE];

	semver_format(&release->version, version);
	if (set_ours(&list, TAG_MANAGED_BY, TAG_MANAGED_BY_VALUE, err) < 0 ||
	    set_ours(&list, TAG_FAMILY, release->family, err) < 0 ||
	    set_ours(&list, TAG_VERSION, version, err) < 0 ||
	    set_ours(&list, TAG_RUN, release->run, err) < 0)
		return -1;
	for (size_t i = 0; extra && i < extra->count; i++)
		if (set_filled(&list, &extra->items[i], version, release, err) < 0)
			return -1;
	*ret = list;
	list = (struct tag_list){0};
	return 0;
}

size_t tag_list_count_after(const struct tag_list *existing, const struct tag_list *added)
{
	size_t count = 0;

	for (size_t i = 0; i < existing->count; i++)
		count += is_aws_key(existing->items[i].key) ? 0 : 1;
	for (size_t i = 0; i < added->count; i++)
		if (!is_aws_key(added->items[i].key) && !find_tag(existing, added->items[i].key))
			count++;
	return count;
}

bool tag_list_contains(const struct tag_list *there, const struct tag_list *wanted)
{
	for (size_t i = 0; i < wanted->count; i++)
		if (!gk_str_equal(tag_list_get(there, wanted->items[i].key),
				  wanted->items[i].value))
			return false;
	return true;
}
