/* A template as builds, sources and post-processors, whatever syntax it is written in. */
#include <string.h>

#include "base/mem.h"
#include "image/template_private.h"

static void job_done(struct template_job *job)
{
	free(job->type);
	free(job->label);
	free(job->name);
	free(job->id);
}

static void build_done(struct template_build *build)
{
	for (size_t i = 0; i < build->job_count; i++)
		job_done(&build->jobs[i]);
	for (size_t i = 0; i < build->sequence_count; i++)
		free(build->sequences[i].steps);
	free(build->jobs);
	free(build->sequences);
}

void template_model_done(struct template_model *model)
{
	for (size_t i = 0; i < model->count; i++)
		build_done(&model->builds[i]);
	free(model->builds);
	*model = (struct template_model){0};
}

static int add_step(struct template_sequence *sequence, const struct template_file *file,
		    const struct gk_hcl *node, const char *type, struct gk_error *err)
{
	struct template_step *step =
		gk_array_add(&sequence->steps, &sequence->count, sizeof(*step), err);

	if (!step)
		return -1;
	*step = (struct template_step){file, node, type ? type : ""};
	return 0;
}

static struct template_sequence *add_sequence(struct template_build *build, struct gk_error *err)
{
	return gk_array_add(&build->sequences, &build->sequence_count, sizeof(*build->sequences),
			    err);
}

/* ---- HCL2 ---- */

static const struct gk_hcl *find_source(const struct template *template, const char *type,
					const char *label, const struct template_file **ret_file)
{
	for (size_t i = 0; i < template->file_count; i++) {
		const struct gk_hcl *root = &template->files[i].root;

		for (size_t j = 0; j < root->count; j++) {
			const struct gk_hcl *item = &root->items[j];

			if (gk_str_equal(item->key, "source") && item->labels.count == 2 &&
			    strcmp(item->labels.items[0], type) == 0 &&
			    strcmp(item->labels.items[1], label) == 0) {
				*ret_file = &template->files[i];
				return item;
			}
		}
	}
	return NULL;
}

/* "source.amazon-ebs.web" or "amazon-ebs.web". False if it is neither. */
static int split_source(const char *text, struct template_job *job, bool *ret_good,
			struct gk_error *err)
{
	const char *dot = NULL;

	if (strncmp(text, "source.", 7) == 0)
		text += 7;
	dot = strchr(text, '.');
	*ret_good = dot && dot > text && dot[1] && !strpbrk(text, "${}[]() ");
	if (!*ret_good)
		return 0;
	job->type = strndup(text, (size_t)(dot - text));
	return job->type ? gk_str_set(&job->label, dot + 1, err) : gk_error_memory(err);
}

static int name_job(const struct template *template, struct template_job *job,
		    struct gk_error *err)
{
	if (template_known_text(template, NULL, gk_hcl_find(job->use, "name"), &job->name, err) < 0)
		return -1;
	if (!job->name && gk_str_set(&job->name, job->label, err) < 0)
		return -1;
	job->id = gk_str_format(err, "%s.%s", job->type, job->name);
	return job->id ? 0 : -1;
}

static int add_source(const struct template *template, struct template_build *build,
		      const char *reference, const struct gk_hcl *use, int line,
		      struct gk_error *err)
{
	struct template_job *job = NULL;
	bool good = false;

	job = gk_array_add(&build->jobs, &build->job_count, sizeof(*job), err);
	if (!job)
		return -1;
	*job = (struct template_job){.file = build->file, .line = line, .use = use};
	if (split_source(reference, job, &good, err) < 0)
		return -1;
	if (!good) {
		build->job_count--;
		build->hidden = true;
		return 0;
	}
	job->definition = find_source(template, job->type, job->label, &job->file);
	if (job->definition)
		job->line = job->definition->line;
	return name_job(template, job, err);
}

static int add_sources(const struct template *template, struct template_build *build,
		       const struct gk_hcl *list, struct gk_error *err)
{
	struct template_text *texts = NULL;
	size_t count = 0;
	int r = template_texts_of(template, NULL, list, &texts, &count, &build->hidden, err);

	for (size_t i = 0; r == 0 && i < count; i++) {
		char *text = texts[i].text;
		size_t length = strlen(text);

		/* A reference without quotes came out as ${source.type.name}. */
		if (strncmp(text, "${source.", 9) == 0 && text[length - 1] == '}') {
			text[length - 1] = '\0';
			text += 2;
		}
		r = add_source(template, build, text, NULL, list->line, err);
	}
	template_texts_free(texts, count);
	return r;
}

static int add_steps(struct template_build *build, const struct gk_hcl *block,
		     struct gk_error *err)
{
	struct template_sequence *sequence = add_sequence(build, err);

	if (!sequence)
		return -1;
	if (strcmp(block->key, "post-processor") == 0)
		return add_step(sequence, build->file, block,
				block->labels.count ? block->labels.items[0] : NULL, err);
	for (size_t i = 0; i < block->count; i++) {
		const struct gk_hcl *item = &block->items[i];

		if (strcmp(item->key, "post-processor") != 0)
			build->hidden = true;
		else if (add_step(sequence, build->file, item,
				  item->labels.count ? item->labels.items[0] : NULL, err) < 0)
			return -1;
	}
	return 0;
}

static int read_build_item(const struct template *template, struct template_build *build,
			   const struct gk_hcl *item, struct gk_error *err)
{
	if (strcmp(item->key, "sources") == 0)
		return add_sources(template, build, item, err);
	if (strcmp(item->key, "source") == 0 && item->labels.count == 1)
		return add_source(template, build, item->labels.items[0], item, item->line, err);
	if (strcmp(item->key, "post-processor") == 0 || strcmp(item->key, "post-processors") == 0)
		return add_steps(build, item, err);
	build->hidden = build->hidden || strcmp(item->key, "dynamic") == 0;
	return 0;
}

static struct template_build *add_build(struct template_model *model,
					const struct template_file *file, int line,
					struct gk_error *err)
{
	struct template_build *build =
		gk_array_add(&model->builds, &model->count, sizeof(*build), err);

	if (build)
		*build = (struct template_build){.file = file, .line = line};
	return build;
}

static int read_hcl(const struct template *template, const struct template_file *file,
		    struct template_model *model, struct gk_error *err)
{
	for (size_t i = 0; i < file->root.count; i++) {
		const struct gk_hcl *block = &file->root.items[i];
		struct template_build *build = NULL;

		if (block->kind != GK_HCL_BLOCK || strcmp(block->key, "build") != 0)
			continue;
		build = add_build(model, file, block->line, err);
		for (size_t j = 0; build && j < block->count; j++)
			if (read_build_item(template, build, &block->items[j], err) < 0)
				return -1;
		if (!build)
			return -1;
	}
	return 0;
}

/* ---- JSON ---- */

static int add_builder(const struct template *template, struct template_build *build,
		       const struct gk_hcl *builder, struct gk_error *err)
{
	const char *type = gk_hcl_string(gk_hcl_find(builder, "type"));
	struct template_job *job = NULL;

	if (!type) {
		build->hidden = true;
		return 0;
	}
	job = gk_array_add(&build->jobs, &build->job_count, sizeof(*job), err);
	if (!job)
		return -1;
	*job = (struct template_job){
		.file = build->file, .line = builder->line, .definition = builder};
	if (gk_str_set(&job->type, type, err) < 0 ||
	    template_known_text(template, NULL, gk_hcl_find(builder, "name"), &job->name, err) < 0)
		return -1;
	if (!job->name && gk_str_set(&job->name, type, err) < 0)
		return -1;
	if (gk_str_set(&job->label, job->name, err) < 0)
		return -1;
	return gk_str_set(&job->id, job->name, err);
}

/* "manifest", {"type": "manifest", …} */
static int add_json_step(struct template_build *build, struct template_sequence *sequence,
			 const struct gk_hcl *node, struct gk_error *err)
{
	const char *type = gk_hcl_string(node);

	if (!type)
		type = gk_hcl_string(gk_hcl_find(node, "type"));
	build->hidden = build->hidden || !type;
	return add_step(sequence, build->file, node, type, err);
}

static int add_json_steps(struct template_build *build, const struct gk_hcl *node,
			  struct gk_error *err)
{
	struct template_sequence *sequence = add_sequence(build, err);

	if (!sequence)
		return -1;
	if (node->kind != GK_HCL_LIST)
		return add_json_step(build, sequence, node, err);
	for (size_t i = 0; i < node->count; i++)
		if (add_json_step(build, sequence, &node->items[i], err) < 0)
			return -1;
	return 0;
}

static int read_json(const struct template *template, const struct template_file *file,
		     struct template_model *model, struct gk_error *err)
{
	const struct gk_hcl *builders = gk_hcl_find(&file->root, "builders");
	const struct gk_hcl *steps = gk_hcl_find(&file->root, "post-processors");
	struct template_build *build = NULL;

	if (!builders)
		return 0;
	build = add_build(model, file, builders->line, err);
	if (!build)
		return -1;
	for (size_t i = 0; i < builders->count; i++)
		if (add_builder(template, build, &builders->items[i], err) < 0)
			return -1;
	for (size_t i = 0; steps && i < steps->count; i++)
		if (add_json_steps(build, &steps->items[i], err) < 0)
			return -1;
	return 0;
}

int template_model_make(const struct template *template, struct template_model *ret,
			struct gk_error *err)
{
	_cleanup_(template_model_done) struct template_model model = {0};

	for (size_t i = 0; i < template->file_count; i++) {
		const struct template_file *file = &template->files[i];

		if ((file->legacy ? read_json : read_hcl)(template, file, &model, err) < 0)
			return -1;
	}
	*ret = model;
	model = (struct template_model){0};
	return 0;
}

const struct gk_hcl *template_setting(const struct template_job *job, const char *name)
{
	const struct gk_hcl *found = gk_hcl_find(job->use, name);

	if (!found)
		found = gk_hcl_find(job->definition, name);
	return found && found->kind != GK_HCL_NULL ? found : NULL;
}

/* Whether the list names the job. */
static bool names(const struct template *template, const struct template_job *job,
		  const struct gk_hcl *node)
{
	const struct gk_hcl *list = template_follow(template, node);

	for (size_t i = 0; list && i < list->count; i++)
		if (gk_str_equal(gk_hcl_string(&list->items[i]), job->id))
			return true;
	return false;
}

bool template_runs(const struct template *template, const struct template_job *job,
		   const struct template_step *step)
{
	const struct gk_hcl *only = gk_hcl_find(step->node, "only");
	const struct gk_hcl *except = gk_hcl_find(step->node, "except");

	if (only && only->count > 0)
		return names(template, job, only);
	return !except || !names(template, job, except);
}

bool template_makes_images(const struct template_job *job)
{
	static const char *const types[] = {"amazon-ebs", "amazon-ebssurrogate", "amazon-chroot",
					    "amazon-instance"};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strcmp(job->type, types[i]) == 0)
			return true;
	return false;
}
