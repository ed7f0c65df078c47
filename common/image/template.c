#include "image/template.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "image/template_private.h"

/* Every step is looked at for every source, and these in pairs: beyond this it would take long. */
enum { LOOKS_MAX = 10000 };

static void finding_done(struct template_finding *finding)
{
	free(finding->subject);
	free(finding->place);
	free(finding->text);
	free(finding->advice);
}

static void source_done(struct template_source *source)
{
	free(source->name);
	free(source->place);
	free(source->region);
	free(source->profile);
	free(source->credentials_file);
	free(source->endpoint);
	free(source->role_arn);
	free(source->role_account);
	gk_strv_done(&source->regions);
}

void template_report_done(struct template_report *report)
{
	for (size_t i = 0; i < report->finding_count; i++)
		finding_done(&report->findings[i]);
	for (size_t i = 0; i < report->source_count; i++)
		source_done(&report->sources[i]);
	free(report->findings);
	free(report->sources);
	*report = (struct template_report){0};
}

struct template *template_new(const char *(*env)(const char *name), struct gk_error *err)
{
	struct template *template = calloc(1, sizeof(*template));

	if (!template)
		gk_error_memory(err);
	else
		template->env = env;
	return template;
}

void template_free(struct template *template)
{
	if (!template)
		return;
	for (size_t i = 0; i < template->file_count; i++) {
		free(template->files[i].name);
		gk_hcl_done(&template->files[i].root);
	}
	free(template->files);
	free(template);
}

void template_freep(struct template **template)
{
	template_free(*template);
	*template = NULL;
}

static bool ends_with(const char *name, const char *end)
{
	size_t length = strlen(name);

	return length > strlen(end) && strcmp(name + length - strlen(end), end) == 0;
}

static int add_json(struct template_file *file, const char *text, size_t length,
		    struct gk_error *err)
{
	_cleanup_(gk_hcl_done) struct gk_hcl json = {0};

	if (gk_hcl_parse_json(text, length, file->name, &json, err) < 0)
		return -1;
	if (!file->legacy)
		return template_from_json(&json, file->name, &file->root, err);
	if (json.kind != GK_HCL_OBJECT)
		return gk_error_set(err, GK_USAGE, "%s:1: no JSON object", file->name);
	file->root = json;
	json = (struct gk_hcl){0};
	return 0;
}

int template_add(struct template *template, const char *name, const char *text, size_t length,
		 struct gk_error *err)
{
	struct template_file *file = gk_array_add(&template->files, &template->file_count,
						  sizeof(*file), err);

	if (!file || gk_str_set(&file->name, name, err) < 0)
		return -1;
	if (ends_with(name, ".pkr.hcl"))
		return gk_hcl_parse(text, length, name, &file->root, err);
	if (ends_with(name, ".hcl"))
		return gk_error_set(err, GK_USAGE, "%s: Packer takes a file for HCL2 only if its "
				    "name ends in .pkr.hcl", name);
	file->legacy = !ends_with(name, ".pkr.json");
	return add_json(file, text, length, err);
}

/* ---- findings ---- */

static bool is_same(const struct template_finding *finding, enum template_level level,
		    const char *place, const char *text, const char *topic)
{
	const char *colon = strrchr(finding->subject, ':');

	return finding->level == level && strcmp(finding->place, place) == 0 &&
	       strcmp(finding->text, text) == 0 &&
	       (!topic || (colon && strcmp(colon + 2, topic) == 0));
}

/* "amazon-ebs.web: image"; "amazon-ebs.web, amazon-ebs.db: image" */
static char *make_subject(const struct template_about *about, const char *before,
			  struct gk_error *err)
{
	const char *colon = before ? strrchr(before, ':') : NULL;
	char *subject = NULL;

	if (!about->job)
		subject = gk_str_format(err, "%s", about->topic);
	else if (colon)
		subject = gk_str_format(err, "%.*s, %s%s", (int)(colon - before), before,
					about->job->id, colon);
	else
		subject = gk_str_format(err, "%s: %s", about->job->id, about->topic);
	gk_str_make_line(subject);
	return subject;
}

static int share(struct template_finding *finding, const struct template_about *about,
		 struct gk_error *err)
{
	char *subject = make_subject(about, finding->subject, err);

	if (!subject)
		return -1;
	free(finding->subject);
	finding->subject = subject;
	return 0;
}

static int add_finding(struct template_report *report, const struct template_about *about,
		       enum template_level level, const char *advice, const char *text,
		       struct gk_error *err)
{
	_cleanup_free_ char *place =
		gk_str_format(err, "%s:%d", about->file->name, about->line);
	struct template_finding *added = NULL;

	if (!place)
		return -1;
	for (size_t i = 0; about->job && i < report->finding_count; i++)
		if (is_same(&report->findings[i], level, place, text, about->topic))
			return share(&report->findings[i], about, err);
	added = gk_array_add(&report->findings, &report->finding_count, sizeof(*added), err);
	if (!added)
		return -1;
	added->level = level;
	added->place = TAKE_PTR(place);
	added->subject = make_subject(about, NULL, err);
	return !added->subject || gk_str_set(&added->text, text, err) < 0 ||
			       gk_str_set(&added->advice, advice, err) < 0
		       ? -1
		       : 0;
}

int template_find(struct template_report *report, const struct template_about *about,
		  enum template_level level, const char *advice, struct gk_error *err,
		  const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list args;
	int length = 0;

	va_start(args, format);
	length = vasprintf(&text, format, args);
	va_end(args);
	if (length < 0) {
		text = NULL;
		return gk_error_memory(err);
	}
	gk_str_make_line(text);
	return add_finding(report, about, level, advice, text, err);
}

/* ---- the examination ---- */

static int check_size(const struct template_model *model, struct gk_error *err)
{
	size_t jobs = 0;
	size_t steps = 0;

	for (size_t i = 0; i < model->count; i++) {
		jobs += model->builds[i].job_count;
		for (size_t j = 0; j < model->builds[i].sequence_count; j++)
			steps += model->builds[i].sequences[j].count;
	}
	if (jobs > LOOKS_MAX / (steps + 1))
		return gk_error_set(err, GK_USAGE,
				    "%zu sources with %zu post-processors are more than can be "
				    "examined", jobs, steps);
	return 0;
}

static int look_at_job(const struct template *template, const struct template_build *build,
		       const struct template_job *job, struct template_report *report,
		       struct gk_error *err)
{
	_cleanup_(template_calls_done) struct template_calls calls = {0};

	if (template_calls_find(template, build, job, &calls, err) < 0 ||
	    template_look_at_keeping(template, build, job, report, err) < 0 ||
	    template_look_at_calls(template, build, job, &calls, report, err) < 0)
		return -1;
	return template_look_at_source(template, job, &calls, report, err);
}

static int look_at_build(const struct template *template, const struct template_build *build,
			 struct template_report *report, struct gk_error *err)
{
	const struct template_about about = {NULL, "build", build->file, build->line};

	for (size_t i = 0; i < build->job_count; i++)
		if (look_at_job(template, build, &build->jobs[i], report, err) < 0)
			return -1;
	if (build->hidden)
		return template_find(report, &about, TEMPLATE_UNKNOWN, NULL, err,
				     "some of its sources or post-processors cannot be told "
				     "without running Packer");
	if (build->job_count == 0)
		return template_find(report, &about, TEMPLATE_WARNING, NULL, err,
				     "it has no sources");
	return 0;
}

static int look(const struct template *template, const struct template_model *model,
		struct template_report *report, struct gk_error *err)
{
	const struct template_about about = {
		NULL, "build", template->file_count ? &template->files[0] : NULL, 1};

	if (check_size(model, err) < 0)
		return -1;
	for (size_t i = 0; i < model->count; i++)
		if (look_at_build(template, &model->builds[i], report, err) < 0)
			return -1;
	if (model->count == 0 && template->file_count > 0)
		return template_find(report, &about, TEMPLATE_WARNING, NULL, err,
				     "there is nothing to build: no build block, no builders");
	return template_look_at_sharing(template, model, report, err);
}

int template_examine(const struct template *template, struct template_report *ret,
		     struct gk_error *err)
{
	_cleanup_(template_model_done) struct template_model model = {0};
	_cleanup_(template_report_done) struct template_report report = {0};

	if (template_model_make(template, &model, err) < 0 ||
	    look(template, &model, &report, err) < 0)
		return -1;
	*ret = report;
	report = (struct template_report){0};
	return 0;
}
