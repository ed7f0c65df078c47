#include "github.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "output.h"

/* "region:ami-0…,region:ami-0…", as Packer writes an artifact. */
static void add_ids(struct gk_buf *text, const struct release *release)
{
	const char *comma = "";

	for (size_t i = 0; i < release->image_count; i++) {
		const struct image *image = &release->images[i];

		if (release_discards(release, image))
			continue;
		gk_buf_addf(text, "%s%s:%s", comma, image->location, image->id);
		comma = ",";
	}
}

static void add_outputs(struct gk_buf *text, const struct outcome *outcome)
{
	char version[SEMVER_TEXT_SIZE];

	gk_buf_addf(text, "family=%s\nversion=%s\nids=", outcome->release.family,
		    semver_format(&outcome->release.version, version));
	add_ids(text, &outcome->release);
	gk_buf_addc(text, '\n');
}

static void add_plan(struct gk_buf *text, const struct outcome *outcome)
{
	static const char *const actions[] = {
		[PLAN_KEEP] = "keep", [PLAN_REMOVE] = "remove", [PLAN_BLOCKED] = "blocked"};
	char version[SEMVER_TEXT_SIZE];

	gk_buf_adds(text, "| version | plan | reason |\n|---|---|---|\n");
	for (size_t i = 0; i < outcome->retention_count; i++) {
		const struct outcome_retained *row = &outcome->retention[i];
		_cleanup_free_ char *reasons = gk_strv_join(&row->reasons, ", ", NULL);

		gk_buf_addf(text, "| %s | %s | %s |\n", semver_format(&row->version, version),
			    actions[row->action],
			    reasons && *reasons ? reasons : "no rule keeps it");
	}
}

static void add_summary(struct gk_buf *text, const struct outcome *outcome)
{
	char label[RELEASE_LABEL_SIZE];

	gk_buf_addf(text, "### %s: %s\n\n", release_label(&outcome->release, label),
		    outcome_result_name(outcome->result));
	for (size_t i = 0; i < outcome->release.image_count; i++)
		if (!release_discards(&outcome->release, &outcome->release.images[i]))
			gk_buf_addf(text, "- `%s` in %s\n", outcome->release.images[i].id,
				    outcome->release.images[i].location);
	gk_buf_addc(text, '\n');
	if (outcome->retention_count > 0)
		add_plan(text, outcome);
}

static void append(struct context *context, const char *variable, const struct gk_buf *text)
{
	const char *path = context_env(variable);
	FILE *file = NULL;
	bool good = false;

	if (!path || text->length == 0)
		return;
	file = fopen(path, "ae");
	if (file) {
		good = fwrite(text->data, 1, text->length, file) == text->length;
		good = fclose(file) == 0 && good;
	}
	if (!good)
		output_problem(context, "warning: $%s: %s: %s", variable, path, strerror(errno));
}

void github_report(struct context *context, const struct outcome_list *outcomes)
{
	_cleanup_(gk_buf_done) struct gk_buf outputs = {0};
	_cleanup_(gk_buf_done) struct gk_buf summary = {0};

	for (size_t i = 0; i < outcomes->count; i++)
		if (outcomes->items[i].has_release) {
			add_outputs(&outputs, &outcomes->items[i]);
			add_summary(&summary, &outcomes->items[i]);
		}
	append(context, "GITHUB_OUTPUT", &outputs);
	append(context, "GITHUB_STEP_SUMMARY", &summary);
}
