/* Manifests: which is written, which goldkeep reads, and who else writes it. */
#include <string.h>

#include "base/mem.h"
#include "image/template_private.h"

#define DEFAULT_MANIFEST "packer-manifest.json"
/* Packer lost entries in 1 of 10 runs of so many builds at once, and in none of fewer. */
enum { CROWD = 4 };

/* A manifest post-processor as one job runs it. */
struct manifest_step {
	const struct template_job *job;
	const struct template_step *step;
	size_t sequence, position;
	struct template_text output;
	struct template_text family; /* goldkeep_family of custom_data; text NULL: none */
};

struct manifest_steps {
	struct manifest_step *items;
	size_t count;
};

static void manifest_steps_done(struct manifest_steps *steps)
{
	for (size_t i = 0; i < steps->count; i++) {
		template_text_done(&steps->items[i].output);
		template_text_done(&steps->items[i].family);
	}
	free(steps->items);
	*steps = (struct manifest_steps){0};
}

/* ./x is x. */
static const char *plain_path(const char *path)
{
	while (strncmp(path, "./", 2) == 0)
		path += 2;
	return path;
}

static int read_manifest_step(const struct template *template, struct manifest_step *manifest,
			      struct gk_error *err)
{
	const struct gk_hcl *output = gk_hcl_find(manifest->step->node, "output");
	const struct gk_hcl *custom = gk_hcl_find(manifest->step->node, "custom_data");
	const struct gk_hcl *family = gk_hcl_find(custom, "goldkeep_family");

	if (family &&
	    template_text_of(template, manifest->job, family, &manifest->family, err) < 0)
		return -1;
	if (output)
		return template_text_of(template, manifest->job, output, &manifest->output, err);
	manifest->output.known = true;
	return gk_str_set(&manifest->output.text, DEFAULT_MANIFEST, err);
}

static int add_manifests(const struct template *template, const struct template_build *build,
			 const struct template_job *job, struct manifest_steps *ret,
			 struct gk_error *err)
{
	for (size_t i = 0; i < build->sequence_count; i++) {
		for (size_t j = 0; j < build->sequences[i].count; j++) {
			const struct template_step *step = &build->sequences[i].steps[j];
			struct manifest_step *added = NULL;

			if (strcmp(step->type, "manifest") != 0 ||
			    !template_runs(template, job, step))
				continue;
			added = gk_array_add(&ret->items, &ret->count, sizeof(*added), err);
			if (!added)
				return -1;
			*added = (struct manifest_step){
				.job = job, .step = step, .sequence = i, .position = j};
			if (read_manifest_step(template, added, err) < 0)
				return -1;
		}
	}
	return 0;
}

/* ---- what a call reads ---- */

static bool is_before(const struct manifest_step *manifest, const struct template_call *call)
{
	return manifest->sequence < call->sequence ||
	       (manifest->sequence == call->sequence && manifest->position < call->position);
}

/* The manifest that the call reads, or else the last one before it. NULL: none is before it. */
static const struct manifest_step *find_manifest(const struct manifest_steps *manifests,
						 const struct template_call *call, const char *name)
{
	const struct manifest_step *found = NULL;

	for (size_t i = 0; i < manifests->count; i++) {
		const struct manifest_step *manifest = &manifests->items[i];
		bool same = strcmp(plain_path(manifest->output.text), plain_path(name)) == 0;

		if (is_before(manifest, call) && same)
			return manifest;
		if (is_before(manifest, call))
			found = manifest;
	}
	return found;
}

static int look_at_order(const struct manifest_steps *manifests,
			 const struct template_about *about, bool legacy,
			 struct template_report *report, struct gk_error *err)
{
	const char *advice = legacy ? "put {\"type\": \"manifest\"} before it, in the same list"
				    : "put post-processor \"manifest\" before it, in the same "
				      "post-processors block";

	return template_find(report, about, TEMPLATE_PROBLEM, advice, err,
			     manifests->count ? "goldkeep runs before the manifest is written"
					      : "goldkeep runs, but no manifest is written");
}

static int look_at_manifest(const struct manifest_steps *manifests,
			    const struct template_job *job, const struct template_call *call,
			    struct template_report *report, struct gk_error *err)
{
	const struct template_about about = {job, "manifest", call->step->file,
					     call->step->node->line};
	const char *name = call->manifest.text ? call->manifest.text : DEFAULT_MANIFEST;
	bool known = call->manifest.known || !call->manifest.text;
	const struct manifest_step *written = find_manifest(manifests, call, name);

	if (!written)
		return look_at_order(manifests, &about, call->step->file->legacy, report, err);
	if (strcmp(plain_path(written->output.text), plain_path(name)) == 0)
		return template_find(report, &about, TEMPLATE_OK, NULL, err,
				     "goldkeep reads %s, which line %d writes", name,
				     written->step->node->line);
	if (!known || !written->output.known)
		return template_find(report, &about, TEMPLATE_UNKNOWN, NULL, err,
				     "whether %s, which goldkeep reads, is %s, which line %d "
				     "writes, the template does not tell", name,
				     written->output.text, written->step->node->line);
	return template_find(report, &about,
			     call->manifest.text ? TEMPLATE_PROBLEM : TEMPLATE_WARNING,
			     "name with --manifest what output = … names", err,
			     "goldkeep reads %s%s, but line %d writes %s", name,
			     call->manifest.text ? "" : " unless goldkeep.ini names another",
			     written->step->node->line, written->output.text);
}

/* ---- calls ---- */

static int look_at_exit_codes(const struct template *template, const struct template_job *job,
			      const struct template_call *call, struct template_report *report,
			      struct gk_error *err)
{
	const struct template_about about = {job, "exit status", call->step->file,
					     call->step->node->line};
	struct template_text *texts = NULL;
	size_t count = 0;
	bool hidden = false;
	bool zero = false;
	int r = template_texts_of(template, job, gk_hcl_find(call->step->node, "valid_exit_codes"),
				  &texts, &count, &hidden, err);

	for (size_t i = 0; r == 0 && i < count; i++)
		zero = zero || !texts[i].known || strcmp(texts[i].text, "0") == 0;
	template_texts_free(texts, count);
	if (r < 0)
		return -1;
	if (count > 0 && !zero)
		return template_find(report, &about, TEMPLATE_PROBLEM, "add 0", err,
				     "valid_exit_codes has no 0, so that a good release fails the "
				     "build");
	if (call->ignored)
		return template_find(report, &about, TEMPLATE_WARNING,
				     "take || true away: the guard keeps the image", err,
				     "a release that fails does not fail the build");
	return 0;
}

static int tell_no_call(const struct template_build *build, const struct template_job *job,
			const struct template_calls *calls, struct template_report *report,
			struct gk_error *err)
{
	const struct template_about about = {job, "release", build->file, build->line};

	if (calls->hidden || build->hidden)
		return template_find(report, &about, TEMPLATE_WARNING, NULL, err,
				     "no command calls goldkeep release here; a script may");
	return template_find(report, &about, TEMPLATE_WARNING,
			     "call it in a shell-local post-processor behind a manifest", err,
			     "no post-processor calls goldkeep release");
}

int template_look_at_calls(const struct template *template, const struct template_build *build,
			   const struct template_job *job, const struct template_calls *calls,
			   struct template_report *report, struct gk_error *err)
{
	_cleanup_(manifest_steps_done) struct manifest_steps manifests = {0};

	if (add_manifests(template, build, job, &manifests, err) < 0)
		return -1;
	if (calls->count == 0 && template_makes_images(job))
		return tell_no_call(build, job, calls, report, err);
	for (size_t i = 0; i < calls->count; i++)
		if (look_at_manifest(&manifests, job, &calls->items[i], report, err) < 0 ||
		    look_at_exit_codes(template, job, &calls->items[i], report, err) < 0)
			return -1;
	return 0;
}

/* ---- sources in each other's way ---- */

static bool is_same_file(const struct manifest_step *a, const struct manifest_step *b)
{
	return !a->output.varies && !b->output.varies &&
	       strcmp(plain_path(a->output.text), plain_path(b->output.text)) == 0;
}

/* The sources that write the manifest; 0 if an earlier step was told of already. The steps of a
 * source stand together. */
static size_t count_writers(const struct manifest_steps *all, size_t index)
{
	const struct manifest_step *manifest = &all->items[index];
	const struct template_job *last = manifest->job;
	size_t count = 1;

	for (size_t i = 0; i < all->count; i++) {
		const struct manifest_step *other = &all->items[i];

		if (!is_same_file(other, manifest))
			continue;
		if (i < index)
			return 0;
		count += other->job != last;
		last = other->job;
	}
	return count;
}

static int look_at_crowd(const struct manifest_steps *all, size_t index,
			 struct template_report *report, struct gk_error *err)
{
	const struct manifest_step *manifest = &all->items[index];
	bool legacy = manifest->step->file->legacy;
	const struct template_about about = {NULL, "manifest", manifest->step->file,
					     manifest->step->node->line};
	size_t writers = count_writers(all, index);

	if (writers < 2)
		return 0;
	return template_find(report, &about, writers < CROWD ? TEMPLATE_WARNING : TEMPLATE_PROBLEM,
			     legacy ? "\"output\": \"manifest-{{build_name}}.json\""
				    : "output = \"manifest.${source.name}.json\"", err,
			     "%zu sources write %s at the same time, and Packer loses entries "
			     "when they meet", writers, manifest->output.text);
}

static bool is_same_source(const struct template_job *a, const struct template_job *b)
{
	return strcmp(a->type, b->type) == 0 && strcmp(a->label, b->label) == 0;
}

/* Whether the texts surely say the same. */
static bool is_same_text(const struct template_text *a, const struct template_text *b)
{
	return gk_str_equal(a->text, b->text) && !a->varies && !b->varies;
}

/* A source whose images goldkeep releases: by this call, which reads this manifest. */
struct released {
	struct template_calls calls;
	const struct manifest_step *manifest;
};

struct releases {
	struct released *items;
	size_t count;
};

static void releases_done(struct releases *releases)
{
	for (size_t i = 0; i < releases->count; i++)
		template_calls_done(&releases->items[i].calls);
	free(releases->items);
}

static const struct template_text *family_of(const struct released *released)
{
	const struct template_text *told = &released->calls.items[0].family;

	return told->text ? told : &released->manifest->family;
}

/* Two uses of one source have one PACKER_BUILD_NAME. *ret_found: it was told. */
static int look_at_twins(const struct released *one, const struct released *other,
			 struct template_report *report, bool *ret_found, struct gk_error *err)
{
	const struct manifest_step *a = one->manifest;
	const struct manifest_step *b = other->manifest;
	const struct template_about about = {b->job, "family", b->step->file, b->step->node->line};
	bool same_name = strcmp(a->job->name, b->job->name) == 0;
	const char *advice = same_name ? "give each a goldkeep_family of its own in custom_data"
				       : "custom_data = { goldkeep_family = \"${source.name}\" }";
	const char *twin = same_name ? "another build" : a->job->id;
	bool lost = is_same_file(a, b) && is_same_text(&a->family, &b->family);

	*ret_found = is_same_source(a->job, b->job) &&
		     (lost || is_same_text(family_of(one), family_of(other)));
	if (!*ret_found)
		return 0;
	if (lost)
		return template_find(report, &about, TEMPLATE_PROBLEM, advice, err,
				     "it has the source %s, as %s has: both are %s in the "
				     "manifest, and goldkeep cannot tell them apart",
				     a->job->label, twin, a->job->label);
	return template_find(report, &about, TEMPLATE_WARNING, advice, err,
			     "it has the source %s, as %s has: both become one release of one "
			     "family", a->job->label, twin);
}

/* The first one before it that it cannot be told from. */
static int look_for_twin(const struct releases *releases, size_t index,
			 struct template_report *report, struct gk_error *err)
{
	const struct released *released = &releases->items[index];
	bool found = false;

	for (size_t i = 0; released->manifest && i < index && !found; i++)
		if (releases->items[i].manifest &&
		    look_at_twins(&releases->items[i], released, report, &found, err) < 0)
			return -1;
	return 0;
}

static int add_release(const struct template *template, const struct template_build *build,
		       const struct template_job *job, const struct manifest_steps *all,
		       struct releases *releases, struct gk_error *err)
{
	struct released *added =
		gk_array_add(&releases->items, &releases->count, sizeof(*added), err);
	struct manifest_steps own = {0};
	const char *name = DEFAULT_MANIFEST;

	if (!added || template_calls_find(template, build, job, &added->calls, err) < 0)
		return -1;
	for (size_t i = 0; i < all->count; i++) {
		if (all->items[i].job != job)
			continue;
		own.items = own.items ? own.items : &all->items[i];
		own.count++;
	}
	if (added->calls.count > 0 && added->calls.items[0].manifest.text)
		name = added->calls.items[0].manifest.text;
	if (added->calls.count > 0)
		added->manifest = find_manifest(&own, &added->calls.items[0], name);
	return 0;
}

static int look_at_releases(const struct template *template, const struct template_model *model,
			    const struct manifest_steps *all, struct template_report *report,
			    struct gk_error *err)
{
	_cleanup_(releases_done) struct releases releases = {0};

	for (size_t i = 0; i < model->count; i++)
		for (size_t j = 0; j < model->builds[i].job_count; j++)
			if (add_release(template, &model->builds[i], &model->builds[i].jobs[j], all,
					&releases, err) < 0)
				return -1;
	for (size_t i = 0; i < releases.count; i++)
		if (look_for_twin(&releases, i, report, err) < 0)
			return -1;
	return 0;
}

int template_look_at_sharing(const struct template *template, const struct template_model *model,
			     struct template_report *report, struct gk_error *err)
{
	_cleanup_(manifest_steps_done) struct manifest_steps all = {0};

	for (size_t i = 0; i < model->count; i++)
		for (size_t j = 0; j < model->builds[i].job_count; j++)
			if (add_manifests(template, &model->builds[i], &model->builds[i].jobs[j],
					  &all, err) < 0)
				return -1;
	for (size_t i = 0; i < all.count; i++)
		if (look_at_crowd(&all, i, report, err) < 0)
			return -1;
	return look_at_releases(template, model, &all, report, err);
}
