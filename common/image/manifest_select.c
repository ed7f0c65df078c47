#include "image/manifest.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/strv.h"
#include "image/artifact.h"
#include "image/text.h"

/* Names that a message lists. */
enum { LISTED_MAX = 8, LIST_CEILING = 512 };

#define FAMILY_KEY "goldkeep_family"
#define ADVICE "write one manifest per source (output = \"manifest.${source.name}.json\")"

void manifest_selection_done(struct manifest_selection *selection)
{
	free(selection->entries);
	*selection = (struct manifest_selection){0};
}

static bool matches(const struct manifest_entry *entry, const struct manifest_query *query)
{
	return strcmp(entry->run, query->run) == 0 &&
	       (!query->build || strcmp(entry->name, query->build) == 0) &&
	       (!query->builder_type || strcmp(entry->builder_type, query->builder_type) == 0);
}

static bool same_source(const struct manifest_entry *a, const struct manifest_entry *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->builder_type, b->builder_type) == 0;
}

static bool is_of_family(const struct manifest_entry *entry, const char *family)
{
	return gk_str_equal(manifest_entry_custom(entry, FAMILY_KEY), family);
}

/* Whether some other entry of its name tells the family, so that this one is not meant. */
static bool belongs_to_another(const struct manifest *manifest, const struct manifest_query *query,
			       const struct manifest_entry *entry)
{
	if (!query->family || is_of_family(entry, query->family))
		return false;
	for (size_t i = 0; i < manifest->entry_count; i++) {
		const struct manifest_entry *other = &manifest->entries[i];

		if (matches(other, query) && same_source(other, entry) &&
		    is_of_family(other, query->family))
			return true;
	}
	return false;
}

static bool same_custom(const struct manifest_entry *a, const struct manifest_entry *b)
{
	if (a->custom_count != b->custom_count)
		return false;
	for (size_t i = 0; i < a->custom_count; i++)
		if (strcmp(a->custom[i].key, b->custom[i].key) != 0 ||
		    strcmp(a->custom[i].value, b->custom[i].value) != 0)
			return false;
	return true;
}

static bool is_repeated(const struct manifest_selection *selection,
			const struct manifest_entry *entry)
{
	for (size_t i = 0; i < selection->count; i++) {
		const struct manifest_entry *there = selection->entries[i];

		if (same_source(there, entry) && there->build_time == entry->build_time &&
		    strcmp(there->artifact_id, entry->artifact_id) == 0 &&
		    same_custom(there, entry))
			return true;
	}
	return false;
}

/* An entry that is no image does not count: a file that was made an AMI later in the same run. */
static bool is_image(const struct manifest_entry *entry)
{
	return entry->image_count > 0 || artifact_check(entry->artifact_id, NULL) < 0;
}

static bool same_images(const struct manifest_entry *a, const struct manifest_entry *b)
{
	if (strcmp(a->artifact_id, b->artifact_id) == 0)
		return true;
	for (size_t i = 0; i < a->image_count; i++)
		if (!artifact_has_image(b, &a->images[i]))
			return false;
	return a->image_count == b->image_count && a->image_count > 0;
}

/* Two builds of one name that would go into one family as one source. */
static bool contradict(const struct manifest_entry *a, const struct manifest_entry *b,
		       const struct manifest_query *query)
{
	return same_source(a, b) && is_image(a) && is_image(b) && !same_images(a, b) &&
	       (query->family || gk_str_equal(manifest_entry_custom(a, FAMILY_KEY),
					      manifest_entry_custom(b, FAMILY_KEY)));
}

static int check_contradictions(const struct manifest_selection *selection,
				const struct manifest_query *query, struct gk_error *err)
{
	char name[TEXT_QUOTE_SIZE], run[TEXT_QUOTE_SIZE];

	for (size_t i = 0; i < selection->count; i++)
		for (size_t j = 0; j < i; j++)
			if (contradict(selection->entries[i], selection->entries[j], query))
				return gk_error_set(
					err, GK_NOT_FOUND,
					"several builds of run %s have the name %s and different "
					"images, and nobody can tell which is meant: " ADVICE
					", or set " FAMILY_KEY " in custom_data",
					text_quote(query->run, run),
					text_quote(selection->entries[i]->name, name));
	return 0;
}

/* Lists builds of the wanted run, or all runs, each once: "'web' (amazon-ebs), 'db' (null)". */
static void list_add(struct gk_buf *list, struct gk_strv *listed, const char *text)
{
	if (gk_strv_has(listed, text) || gk_strv_add(listed, text, NULL) < 0)
		return;
	if (listed->count > LISTED_MAX)
		return;
	gk_buf_adds(list, listed->count > 1 ? ", " : "");
	gk_buf_adds(list, text);
}

static void list_builds(const struct manifest *manifest, const char *run, struct gk_buf *list)
{
	_cleanup_(gk_strv_done) struct gk_strv listed = {0};
	char name[TEXT_QUOTE_SIZE], type[TEXT_QUOTE_SIZE];

	for (size_t i = 0; i < manifest->entry_count; i++) {
		const struct manifest_entry *entry = &manifest->entries[i];
		_cleanup_free_ char *text = NULL;

		if (run && strcmp(entry->run, run) != 0)
			continue;
		text_quote(run ? entry->name : entry->run, name);
		text = run ? gk_str_format(NULL, "%s (%s)", name,
					   text_quote(entry->builder_type, type))
			   : strdup(name);
		if (text)
			list_add(list, &listed, text);
	}
	if (listed.count > LISTED_MAX)
		gk_buf_addf(list, " and %zu more", listed.count - LISTED_MAX);
}

static int not_found(const struct manifest *manifest, const struct manifest_query *query,
		     struct gk_error *err)
{
	_cleanup_(gk_buf_done) struct gk_buf list = {.ceiling = LIST_CEILING};
	char build[TEXT_QUOTE_SIZE], run[TEXT_QUOTE_SIZE], type[TEXT_QUOTE_SIZE];
	bool of_run = true;

	list_builds(manifest, query->run, &list);
	if (list.length == 0) {
		list_builds(manifest, NULL, &list);
		of_run = false;
	}
	return gk_error_set(err, GK_NOT_FOUND,
			    "no build%s%s%s%s%s of run %s in the manifest, which has %zu builds%s%s; "
			    ADVICE, query->build ? " " : "",
			    query->build ? text_quote(query->build, build) : "",
			    query->builder_type ? " (" : "",
			    query->builder_type ? text_quote(query->builder_type, type) : "",
			    query->builder_type ? ")" : "", text_quote(query->run, run),
			    manifest->entry_count,
			    list.length == 0 ? "" : of_run ? ", of this run: " : ", all of other "
			    "runs: ", gk_buf_text(&list));
}

int manifest_select(const struct manifest *manifest, const struct manifest_query *query,
		    struct manifest_selection *ret, struct gk_error *err)
{
	_cleanup_(manifest_selection_done) struct manifest_selection selection = {0};

	for (size_t i = 0; i < manifest->entry_count; i++) {
		const struct manifest_entry *entry = &manifest->entries[i];
		const struct manifest_entry **slot = NULL;

		if (!matches(entry, query) || belongs_to_another(manifest, query, entry) ||
		    is_repeated(&selection, entry))
			continue;
		slot = gk_array_add(&selection.entries, &selection.count, sizeof(*slot), err);
		if (!slot)
			return -1;
		*slot = entry;
	}
	if (selection.count == 0)
		return not_found(manifest, query, err);
	if (check_contradictions(&selection, query, err) < 0)
		return -1;
	*ret = selection;
	selection = (struct manifest_selection){0};
	return 0;
}
