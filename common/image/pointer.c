#include "image/pointer.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "image/text.h"

/* Systems Manager User Guide, "Requirements and constraints for parameter names". */
enum { NAME_MAX_LENGTH = 1011, LEVELS_MAX = 15 };

#define CHANNEL "{channel}"
#define VERSION "{version}"
#define FAMILY "{family}"
#define ARCHITECTURE "{architecture}"
#define LATEST "latest"

/* What a template is filled with, in the order of `values`. */
struct names {
	const char *family, *version, *channel, *architecture;
};

enum { NAME_PLACEHOLDERS = 4, PATH_PLACEHOLDERS = 2 };

static void name_values(const struct names *names, struct text_value values[NAME_PLACEHOLDERS])
{
	values[0] = (struct text_value){FAMILY, names->family};
	values[1] = (struct text_value){VERSION, names->version};
	values[2] = (struct text_value){CHANNEL, names->channel};
	values[3] = (struct text_value){ARCHITECTURE, names->architecture};
}

static bool mentions(const char *template, const char *placeholder)
{
	return strstr(template, placeholder) != NULL;
}

/* Build metadata has no place in a name. */
static const char *plain_version(const struct release *release, char *text)
{
	struct semver version = release->version;

	version.build[0] = '\0';
	return semver_format(&version, text);
}

void pointer_list_done(struct pointer_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].location);
		free(list->items[i].name);
		free(list->items[i].id);
	}
	free(list->items);
	*list = (struct pointer_list){0};
}

/* ---- names ---- */

static int check_characters(const char *name, struct gk_error *err)
{
	char shown[TEXT_QUOTE_SIZE], bad[TEXT_QUOTE_SIZE];

	text_quote(name, shown);
	if (!*name)
		return gk_error_set(err, GK_USAGE, "a parameter name is empty");
	for (const char *c = name; *c; c++)
		if (!text_is_alphanumeric(*c) && !strchr("_.-/", *c))
			return gk_error_set(err, GK_USAGE, "parameter name %s: %s in it; letters, "
					    "digits and _ . - / may be",
					    shown, text_quote_character(c, bad));
	if (strlen(name) > NAME_MAX_LENGTH)
		return gk_error_set(err, GK_USAGE, "parameter name %s: it has at most %d characters",
				    shown, NAME_MAX_LENGTH);
	return 0;
}

static int check_levels(const char *name, struct gk_error *err)
{
	const char *first = name[0] == '/' ? name + 1 : name;
	char shown[TEXT_QUOTE_SIZE];
	int levels = 1;

	text_quote(name, shown);
	if (name[0] != '/' && strchr(name, '/'))
		return gk_error_set(err, GK_USAGE, "parameter name %s: one with slashes begins with "
				    "a slash", shown);
	for (const char *part = first;; part++) {
		size_t length = strcspn(part, "/");

		if (length == 0)
			return gk_error_set(err, GK_USAGE, "parameter name %s: nothing is between "
					    "two slashes, or behind the last one", shown);
		part += length;
		if (!*part)
			break;
		levels++;
	}
	if (levels > LEVELS_MAX)
		return gk_error_set(err, GK_USAGE, "parameter name %s: it has at most %d levels",
				    shown, LEVELS_MAX);
	if (strncasecmp(first, "aws", 3) == 0 || strncasecmp(first, "ssm", 3) == 0)
		return gk_error_set(err, GK_USAGE, "parameter name %s: names that begin with aws or "
				    "ssm belong to AWS", shown);
	return 0;
}

static int check_name(const char *name, struct gk_error *err)
{
	return check_characters(name, err) < 0 ? -1 : check_levels(name, err);
}

/* The name that the template comes to; owned, checked. */
static char *fill_name(const char *template, const struct names *names, struct gk_error *err)
{
	struct text_value values[NAME_PLACEHOLDERS];
	_cleanup_free_ char *name = NULL;

	name_values(names, values);
	name = text_fill(template, values, NAME_PLACEHOLDERS, err);
	return name && check_name(name, err) == 0 ? TAKE_PTR(name) : NULL;
}

int pointer_template_check(const char *template, struct gk_error *err)
{
	static const struct names sample = {"f", "1.0.0", "c", "a"};
	struct text_value values[NAME_PLACEHOLDERS];
	_cleanup_free_ char *name = NULL;
	const char *unknown = NULL;
	char shown[TEXT_QUOTE_SIZE];

	name_values(&sample, values);
	unknown = text_unknown_placeholder(template, values, NAME_PLACEHOLDERS);
	if (unknown)
		return gk_error_set(err, GK_USAGE, "%s in a parameter name: the placeholders are "
				    FAMILY ", " VERSION ", " CHANNEL " and " ARCHITECTURE,
				    text_quote(unknown, shown));
	name = fill_name(template, &sample, err);
	return name ? 0 : -1;
}

/* ---- the pointers of a release ---- */

static const struct pointer *find_pointer(const struct pointer_list *list,
					  const char *location, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].location, location) == 0 &&
		    strcmp(list->items[i].name, name) == 0)
			return &list->items[i];
	return NULL;
}

static int refuse_two(const struct release *release, const struct pointer *there,
		      const struct image *image, const char *template, struct gk_error *err)
{
	char label[RELEASE_LABEL_SIZE];

	return gk_error_set(err, GK_REFUSED,
			    "%s and %s of %s in %s would both be published as %s: %s",
			    there->id, image->id, release_label(release, label), there->location,
			    there->name,
			    mentions(template, ARCHITECTURE)
				    ? "two images of one architecture belong into two families"
				    : "tell them apart with " ARCHITECTURE " in the name");
}

static int add_pointer(struct pointer_list *list, const struct image *image, const char *name,
		       bool pinned, struct gk_error *err)
{
	struct pointer *added = gk_array_add(&list->items, &list->count, sizeof(*added), err);

	if (!added)
		return -1;
	added->pinned = pinned;
	if (gk_str_set(&added->location, image->location, err) < 0 ||
	    gk_str_set(&added->name, name, err) < 0 || gk_str_set(&added->id, image->id, err) < 0)
		return -1;
	return 0;
}

/* One template for one channel (NULL if it has none). */
static int add_pointers(const struct release *release, const char *template, const char *channel,
			struct pointer_list *list, struct gk_error *err)
{
	char version[SEMVER_TEXT_SIZE];
	struct names names = {release->family, plain_version(release, version), channel, NULL};

	for (size_t i = 0; i < release->image_count; i++) {
		const struct image *image = &release->images[i];
		_cleanup_free_ char *name = NULL;
		const struct pointer *there = NULL;

		if (image->state >= RELEASE_RETIRING)
			continue;
		names.architecture = image->architecture;
		if (!image->architecture && mentions(template, ARCHITECTURE))
			return gk_error_set(err, GK_USAGE, "parameter name %s: the architecture of "
					    "%s in %s is not known", template, image->id,
					    image->location);
		name = fill_name(template, &names, err);
		if (!name)
			return -1;
		there = find_pointer(list, image->location, name);
		if (there && strcmp(there->id, image->id) != 0)
			return refuse_two(release, there, image, template, err);
		if (!there &&
		    add_pointer(list, image, name, mentions(template, VERSION), err) < 0)
			return -1;
	}
	return 0;
}

static int add_template(const struct release *release, const char *template,
			const struct channel_list *channels, struct pointer_list *list,
			struct gk_error *err)
{
	bool every = mentions(template, CHANNEL);

	if (!every && mentions(template, VERSION))
		return add_pointers(release, template, NULL, list, err);
	for (size_t i = 0; i < channels->count; i++) {
		const struct channel *channel = &channels->items[i];

		if (semver_compare(&channel->version, &release->version) == 0 &&
		    (every || strcmp(channel->name, LATEST) == 0) &&
		    add_pointers(release, template, channel->name, list, err) < 0)
			return -1;
	}
	return 0;
}

int pointers_of_release(const struct release *release, const struct gk_strv *templates,
			const struct channel_list *channels, struct pointer_list *ret,
			struct gk_error *err)
{
	for (size_t i = 0; i < templates->count; i++)
		if (add_template(release, templates->items[i], channels, ret, err) < 0)
			return -1;
	return 0;
}

/* ---- paths of files ---- */

int pointer_path_check(const char *path, struct gk_error *err)
{
	static const struct text_value values[PATH_PLACEHOLDERS] = {{FAMILY, ""}, {VERSION, ""}};
	const char *unknown = text_unknown_placeholder(path, values, PATH_PLACEHOLDERS);
	char shown[TEXT_QUOTE_SIZE];

	if (!unknown)
		return 0;
	return gk_error_set(err, GK_USAGE, "%s in a path: the placeholders are " FAMILY " and "
			    VERSION, text_quote(unknown, shown));
}

bool pointer_path_is_pinned(const char *path)
{
	return mentions(path, VERSION);
}

char *pointer_path_fill(const char *path, const struct release *release, struct gk_error *err)
{
	char version[SEMVER_TEXT_SIZE];
	const struct text_value values[PATH_PLACEHOLDERS] = {
		{FAMILY, release->family},
		{VERSION, plain_version(release, version)},
	};

	return text_fill(path, values, PATH_PLACEHOLDERS, err);
}
