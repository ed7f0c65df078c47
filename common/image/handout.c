#include "image/handout.h"

#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "image/text.h"

/* One image in a map of maps. */
struct entry {
	const char *outer;
	const char *inner;
	const char *id;
};

struct entries {
	struct entry *items; /* owned; the strings are the release's */
	size_t count;
};

/* What all forms are written from. */
struct facts {
	const char *family;
	char version[SEMVER_TEXT_SIZE];
	struct entries by_region;       /* region, then architecture */
	struct entries by_architecture; /* architecture, then region */
	bool has_ids;                   /* no region has two images */
};

static void facts_done(struct facts *facts)
{
	free(facts->by_region.items);
	free(facts->by_architecture.items);
	*facts = (struct facts){0};
}

bool handout_has(const struct image *image)
{
	return image->state < RELEASE_DISABLED;
}

static int check_plain(const struct release *release, const char *what, const char *text,
		       struct gk_error *err)
{
	char label[RELEASE_LABEL_SIZE], shown[TEXT_QUOTE_SIZE];

	if (!text || !*text)
		return gk_error_set(err, GK_REFUSED, "%s has an image without %s: not handed out",
				    release_label(release, label), what);
	for (const char *at = text; *at; at++)
		if (!text_is_alphanumeric(*at) && !strchr("-_./:+", *at))
			return gk_error_set(err, GK_REFUSED,
					    "%s: %s %s has signs that none has: not handed out",
					    release_label(release, label), what,
					    text_quote(text, shown));
	return 0;
}

static int add_entry(struct entries *entries, const char *outer, const char *inner, const char *id,
	       struct gk_error *err)
{
	struct entry *entry =
		gk_array_add(&entries->items, &entries->count, sizeof(*entries->items), err);

	if (!entry)
		return -1;
	*entry = (struct entry){outer, inner, id};
	return 0;
}

static int compare_places(const void *a, const void *b)
{
	const struct entry *left = a, *right = b;
	int order = strcmp(left->outer, right->outer);

	if (order == 0)
		order = strcmp(left->inner, right->inner);
	return order ? order : strcmp(left->id, right->id);
}

static void sort_entries(struct entries *entries)
{
	if (entries->count > 1)
		qsort(entries->items, entries->count, sizeof(*entries->items), compare_places);
}

static bool begins_group(const struct entries *entries, size_t i)
{
	return i == 0 || strcmp(entries->items[i].outer, entries->items[i - 1].outer) != 0;
}

static bool ends_group(const struct entries *entries, size_t i)
{
	return i + 1 == entries->count || begins_group(entries, i + 1);
}

static int add_facts(struct facts *facts, const struct release *release,
		     const struct image *image, struct gk_error *err)
{
	const char *architecture = image->architecture ? image->architecture : "unknown";

	if (check_plain(release, "id", image->id, err) < 0 ||
	    check_plain(release, "region", image->location, err) < 0 ||
	    check_plain(release, "architecture", architecture, err) < 0)
		return -1;
	if (add_entry(&facts->by_region, image->location, architecture, image->id, err) < 0)
		return -1;
	return add_entry(&facts->by_architecture, architecture, image->location, image->id, err);
}

static int read_facts(const struct release *release, struct facts *facts, struct gk_error *err)
{
	if (check_plain(release, "family", release->family, err) < 0)
		return -1;
	facts->family = release->family;
	semver_format(&release->version, facts->version);
	for (size_t i = 0; i < release->image_count; i++)
		if (handout_has(&release->images[i]) &&
		    add_facts(facts, release, &release->images[i], err) < 0)
			return -1;
	sort_entries(&facts->by_region);
	sort_entries(&facts->by_architecture);
	facts->has_ids = true;
	for (size_t i = 0; i < facts->by_region.count; i++)
		if (!begins_group(&facts->by_region, i))
			facts->has_ids = false;
	return 0;
}

/* A map has one place for an architecture of a region. */
static int check_unique(const struct release *release, const struct entries *by_region,
			struct gk_error *err)
{
	char label[RELEASE_LABEL_SIZE];

	for (size_t i = 1; i < by_region->count; i++) {
		const struct entry *a = &by_region->items[i - 1], *b = &by_region->items[i];

		if (strcmp(a->outer, b->outer) == 0 && strcmp(a->inner, b->inner) == 0)
			return gk_error_set(err, GK_REFUSED,
					    "%s has two images of %s in %s, %s and %s: there is one"
					    " place for them; give each build a family of its own",
					    release_label(release, label), a->inner, a->outer,
					    a->id, b->id);
	}
	return 0;
}

static int write_text(const struct facts *facts, struct gk_buf *buf, struct gk_error *err)
{
	(void)err;
	for (size_t i = 0; i < facts->by_region.count; i++) {
		const struct entry *entry = &facts->by_region.items[i];

		gk_buf_addf(buf, "%s\t%s\t%s\n", entry->outer, entry->id, entry->inner);
	}
	return 0;
}

/* "us-east-1" as a part of a variable's name. */
static void add_variable_part(struct gk_buf *buf, const char *text)
{
	for (gk_buf_addc(buf, '_'); *text; text++)
		if (*text >= 'a' && *text <= 'z')
			gk_buf_addc(buf, (char)(*text - 'a' + 'A'));
		else
			gk_buf_addc(buf, text_is_alphanumeric(*text) ? *text : '_');
}

static void add_variable(struct gk_buf *buf, const struct entry *entry, bool architecture)
{
	gk_buf_adds(buf, "AMI_ID");
	add_variable_part(buf, entry->outer);
	if (architecture)
		add_variable_part(buf, entry->inner);
	gk_buf_addf(buf, "=%s\n", entry->id);
}

static int write_env(const struct facts *facts, struct gk_buf *buf, struct gk_error *err)
{
	const struct entries *images = &facts->by_region;

	(void)err;
	gk_buf_addf(buf, "AMI_FAMILY=%s\nAMI_VERSION=%s\n", facts->family, facts->version);
	if (images->count == 1)
		gk_buf_addf(buf, "AMI_ID=%s\n", images->items[0].id);
	for (size_t i = 0; i < images->count; i++) {
		if (facts->has_ids)
			add_variable(buf, &images->items[i], false);
		add_variable(buf, &images->items[i], true);
	}
	return 0;
}

/* How HCL and YAML write an assignment and a map. */
struct dialect {
	const char *is, *open, *close;
};

static const struct dialect hcl = {.is = " = ", .open = " = {\n", .close = "}\n"};
static const struct dialect yaml = {.is = ": ", .open = ":\n", .close = NULL};

static void close_map(const struct dialect *dialect, struct gk_buf *buf, const char *indent)
{
	if (dialect->close)
		gk_buf_addf(buf, "%s%s", indent, dialect->close);
}

static void write_ids(const struct dialect *dialect, const struct entries *by_region,
		      struct gk_buf *buf)
{
	for (size_t i = 0; i < by_region->count; i++)
		gk_buf_addf(buf, "  \"%s\"%s\"%s\"\n", by_region->items[i].outer, dialect->is,
			    by_region->items[i].id);
}

static void write_groups(const struct dialect *dialect, const struct entries *entries,
			 struct gk_buf *buf)
{
	for (size_t i = 0; i < entries->count; i++) {
		const struct entry *entry = &entries->items[i];

		if (begins_group(entries, i))
			gk_buf_addf(buf, "  \"%s\"%s", entry->outer, dialect->open);
		gk_buf_addf(buf, "    \"%s\"%s\"%s\"\n", entry->inner, dialect->is, entry->id);
		if (ends_group(entries, i))
			close_map(dialect, buf, "  ");
	}
}

static void write_map(const struct dialect *dialect, const char *name,
		      const struct entries *entries,
		      void (*write)(const struct dialect *, const struct entries *,
				    struct gk_buf *),
		      struct gk_buf *buf)
{
	gk_buf_adds(buf, name);
	if (entries->count == 0) {
		gk_buf_addf(buf, "%s{}\n", dialect->is);
		return;
	}
	gk_buf_adds(buf, dialect->open);
	write(dialect, entries, buf);
	close_map(dialect, buf, "");
}

static void write_dialect(const struct dialect *dialect, const struct facts *facts,
			  struct gk_buf *buf)
{
	gk_buf_addf(buf, "ami_family%s\"%s\"\n", dialect->is, facts->family);
	gk_buf_addf(buf, "ami_version%s\"%s\"\n", dialect->is, facts->version);
	if (facts->has_ids)
		write_map(dialect, "ami_ids", &facts->by_region, write_ids, buf);
	write_map(dialect, "ami_ids_by_architecture", &facts->by_architecture, write_groups, buf);
}

static int write_pkrvars(const struct facts *facts, struct gk_buf *buf, struct gk_error *err)
{
	(void)err;
	write_dialect(&hcl, facts, buf);
	return 0;
}

static int write_ansible(const struct facts *facts, struct gk_buf *buf, struct gk_error *err)
{
	(void)err;
	gk_buf_adds(buf, "---\n");
	write_dialect(&yaml, facts, buf);
	return 0;
}

static int print_json(struct gk_json_builder *json, struct gk_buf *buf, struct gk_error *err)
{
	_cleanup_free_ char *text = gk_json_builder_print(json, true, err);

	if (!text)
		return -1;
	gk_buf_addf(buf, "%s\n", text);
	return 0;
}

static int write_tfvars(const struct facts *facts, struct gk_buf *buf, struct gk_error *err)
{
	_cleanup_(gk_json_builder_done) struct gk_json_builder json = {0};
	const struct entries *images = &facts->by_architecture;
	cJSON *map = NULL, *group = NULL;

	if (gk_json_builder_init(&json, err) < 0)
		return -1;
	gk_json_add_string(&json, json.root, "ami_family", facts->family);
	gk_json_add_string(&json, json.root, "ami_version", facts->version);
	if (facts->has_ids)
		map = gk_json_add_object(&json, json.root, "ami_ids");
	for (size_t i = 0; facts->has_ids && i < facts->by_region.count; i++)
		gk_json_add_string(&json, map, facts->by_region.items[i].outer,
				   facts->by_region.items[i].id);
	map = gk_json_add_object(&json, json.root, "ami_ids_by_architecture");
	for (size_t i = 0; i < images->count; i++) {
		if (begins_group(images, i))
			group = gk_json_add_object(&json, map, images->items[i].outer);
		gk_json_add_string(&json, group, images->items[i].inner, images->items[i].id);
	}
	return print_json(&json, buf, err);
}

/* The text without all that is neither alphanumeric nor one of `more`; owned. CloudFormation's
 * template validation takes "-" and "." in the keys of a mapping, and neither in the names of their
 * values. */
static char *mapping_name(const char *text, const char *more, struct gk_error *err)
{
	_cleanup_(gk_buf_done) struct gk_buf name = {0};

	for (; *text; text++)
		if (text_is_alphanumeric(*text) || strchr(more, *text))
			gk_buf_addc(&name, *text);
	return gk_buf_detach(&name, err);
}

static int add_mapping(struct gk_json_builder *json, cJSON *map, const struct entries *images,
		       struct gk_error *err)
{
	cJSON *group = NULL;

	for (size_t i = 0; i < images->count; i++) {
		_cleanup_free_ char *outer = mapping_name(images->items[i].outer, "-.", err);
		_cleanup_free_ char *inner = mapping_name(images->items[i].inner, "", err);

		if (!outer || !inner)
			return -1;
		if (begins_group(images, i))
			group = gk_json_add_object(json, map, outer);
		gk_json_add_string(json, group, inner, images->items[i].id);
	}
	return 0;
}

static int write_cloudformation(const struct facts *facts, struct gk_buf *buf, struct gk_error *err)
{
	_cleanup_(gk_json_builder_done) struct gk_json_builder json = {0};
	cJSON *mappings = NULL, *map = NULL;

	if (gk_json_builder_init(&json, err) < 0)
		return -1;
	mappings = gk_json_add_object(&json, json.root, "Mappings");
	map = gk_json_add_object(&json, mappings, "AmiRelease");
	map = gk_json_add_object(&json, map, "Release");
	gk_json_add_string(&json, map, "Family", facts->family);
	gk_json_add_string(&json, map, "Version", facts->version);
	map = gk_json_add_object(&json, mappings, "Ami");
	if (add_mapping(&json, map, &facts->by_region, err) < 0)
		return -1;
	return print_json(&json, buf, err);
}

/* By enum handout_format. */
static const struct form {
	const char *name;
	int (*write)(const struct facts *facts, struct gk_buf *buf, struct gk_error *err);
} forms[] = {
	[HANDOUT_TEXT] = {"text", write_text},
	[HANDOUT_TFVARS] = {"tfvars", write_tfvars},
	[HANDOUT_PKRVARS] = {"pkrvars", write_pkrvars},
	[HANDOUT_ENV] = {"env", write_env},
	[HANDOUT_ANSIBLE] = {"ansible", write_ansible},
	[HANDOUT_CLOUDFORMATION] = {"cloudformation", write_cloudformation},
};

int handout_format_parse(const char *name, enum handout_format *ret, struct gk_error *err)
{
	char shown[TEXT_QUOTE_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		if (strcmp(forms[i].name, name) == 0) {
			*ret = (enum handout_format)i;
			return 0;
		}
	return gk_error_set(err, GK_USAGE,
			    "there is no form %s: text, tfvars, pkrvars, env, ansible and"
			    " cloudformation are",
			    text_quote(name, shown));
}

char *handout_text(enum handout_format format, const struct release *release,
		   struct gk_error *err)
{
	_cleanup_(facts_done) struct facts facts = {0};
	_cleanup_(gk_buf_done) struct gk_buf buf = {0};

	if (read_facts(release, &facts, err) < 0)
		return NULL;
	if (format != HANDOUT_TEXT && check_unique(release, &facts.by_region, err) < 0)
		return NULL;
	if (forms[format].write(&facts, &buf, err) < 0)
		return NULL;
	return gk_buf_detach(&buf, err);
}
