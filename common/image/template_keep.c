/*
 * Whether Packer keeps what a source built when a post-processor fails.
 *
 * Packer destroys it at the end (an AMI is deregistered in every region, its snapshots are deleted)
 * unless the first post-processor of some sequence succeeded and keeps its input; a failure of a
 * sequence only ends that sequence. Source: Run in packer/build.go, and what the post-processors'
 * PostProcess returns, of Packer 1.6.6 and 1.16.0.
 */
#include <string.h>

#include "base/mem.h"
#include "image/template_private.h"

enum keeping {
	NEVER,      /* destroys its input when it succeeds */
	PLUGINS,    /* nobody but the plugin knows */
	IF_SUCCEEDS,
	ALWAYS,     /* and it cannot fail */
};

static const struct kind {
	const char *type;
	enum keeping keeping;
	bool forced; /* whatever keep_input_artifact says */
	bool passes; /* hands its input on as what it made */
} kinds[] = {
	{"manifest", IF_SUCCEEDS, true, true},
	{"shell-local", IF_SUCCEEDS, true, true},
	{"checksum", IF_SUCCEEDS, true, false},
	{"artifice", IF_SUCCEEDS, false, false},
	{"amazon-ami-management", IF_SUCCEEDS, false, true},
	{"compress", NEVER, false, false},
	{"amazon-import", NEVER, false, false},
};

/* What the first steps of a job's sequences come to. */
struct keepers {
	const struct template_step *guard;    /* ALWAYS */
	const struct template_step *first;    /* IF_SUCCEEDS */
	const struct template_step *plugin;   /* PLUGINS */
	const struct template_step *never;
	size_t count;      /* of IF_SUCCEEDS */
	size_t sequences;
	bool others;       /* some of them no shell-local */
};

static const struct kind *find_kind(const char *type)
{
	static const struct kind plugin = {"", PLUGINS, false, false};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].type, type) == 0)
			return &kinds[i];
	return &plugin;
}

static int keeping_of(const struct template *template, const struct template_job *job,
		      const struct template_step *step, enum keeping *ret, struct gk_error *err)
{
	const struct kind *kind = find_kind(step->type);
	const struct gk_hcl *told = gk_hcl_find(step->node, "keep_input_artifact");
	bool sure = false;

	*ret = kind->keeping;
	if (told && !kind->forced)
		*ret = template_is_true(template, told) ? IF_SUCCEEDS : NEVER;
	if (strcmp(step->type, "shell-local") == 0 &&
	    template_step_is_sure(template, job, step, &sure, err) < 0)
		return -1;
	if (sure)
		*ret = ALWAYS;
	return 0;
}

static void count_keeper(struct keepers *keepers, const struct template_step *step,
			 enum keeping keeping)
{
	const struct template_step **of[] = {&keepers->never, &keepers->plugin, &keepers->first,
					     &keepers->guard};

	if (!*of[keeping])
		*of[keeping] = step;
	keepers->sequences++;
	keepers->count += keeping == IF_SUCCEEDS;
	keepers->others = keepers->others || (keeping == IF_SUCCEEDS &&
					      strcmp(step->type, "shell-local") != 0);
}

static const char *built(const struct template_job *job)
{
	return template_makes_images(job) ? "the AMI" : "what was built";
}

static const char *guard_advice(const struct template_step *step)
{
	return step->file->legacy ? TEMPLATE_GUARD_JSON : TEMPLATE_GUARD_HCL;
}

/* What becomes of the image at the end of the sequence's later steps. */
static int look_at_later_step(const struct template *template, const struct template_job *job,
			      const struct template_step *step, struct template_report *report,
			      struct gk_error *err)
{
	const struct template_about about = {job, "image", step->file, step->node->line};
	enum keeping keeping = ALWAYS;

	if (keeping_of(template, job, step, &keeping, err) < 0)
		return -1;
	if (keeping == NEVER)
		return template_find(report, &about, TEMPLATE_PROBLEM,
				     "set keep_input_artifact = true there", err,
				     "%s has Packer destroy %s when it succeeds", step->type,
				     built(job));
	if (keeping == PLUGINS)
		return template_find(report, &about, TEMPLATE_UNKNOWN,
				     "set keep_input_artifact = true there", err,
				     "whether Packer destroys %s when %s succeeds is that plugin's "
				     "decision", built(job), step->type);
	return 0;
}

/* The first step that runs for the job is the first of its sequence. */
static int look_at_sequence(const struct template *template, const struct template_job *job,
			    const struct template_sequence *sequence, struct keepers *keepers,
			    struct template_report *report, struct gk_error *err)
{
	bool passed = true; /* what was built is what the next step gets */
	bool first = true;

	for (size_t i = 0; i < sequence->count && passed; i++) {
		const struct template_step *step = &sequence->steps[i];
		enum keeping keeping = ALWAYS;

		if (!template_runs(template, job, step))
			continue;
		if (first && keeping_of(template, job, step, &keeping, err) < 0)
			return -1;
		if (first)
			count_keeper(keepers, step, keeping);
		else if (look_at_later_step(template, job, step, report, err) < 0)
			return -1;
		first = false;
		passed = find_kind(step->type)->passes;
	}
	return 0;
}

/* Whether none of goldkeep's exit statuses but death fails the step. */
static int takes_all_statuses(const struct template *template, const struct template_step *step,
			      bool *ret, struct gk_error *err)
{
	struct template_text *texts = NULL;
	size_t count = 0;
	bool hidden = false;
	unsigned taken = 0;
	int r = template_texts_of(template, NULL, gk_hcl_find(step->node, "valid_exit_codes"),
				  &texts, &count, &hidden, err);

	for (size_t i = 0; r == 0 && i < count; i++)
		if (texts[i].text[0] >= '0' && texts[i].text[0] <= '6' && !texts[i].text[1])
			taken |= 1U << (texts[i].text[0] - '0');
	template_texts_free(texts, count);
	*ret = taken == 0x7f;
	return r;
}

static int judge_one(const struct template *template, const struct keepers *keepers,
		     const struct template_about *about, struct template_report *report,
		     struct gk_error *err)
{
	const struct template_step *step = keepers->first;
	const char *others = keepers->count > 1 ? " and every other first post-processor" : "";
	const char *how = strcmp(step->type, "manifest") == 0
				  ? ": a file that cannot be written, or is damaged"
				  : "";
	bool taken = false;

	if (keepers->others || keepers->count > 1)
		return template_find(report, about, TEMPLATE_WARNING, guard_advice(step), err,
				     "Packer destroys %s if this %s%s fails%s", built(about->job),
				     step->type, others, how);
	if (takes_all_statuses(template, step, &taken, err) < 0)
		return -1;
	return template_find(report, about, taken ? TEMPLATE_WARNING : TEMPLATE_PROBLEM,
			     guard_advice(step), err,
			     "Packer destroys %s if this shell-local %s", built(about->job),
			     taken ? "cannot be started, or is killed" : "fails");
}

static int judge(const struct template *template, const struct keepers *keepers,
		 struct template_about *about, struct template_report *report,
		 struct gk_error *err)
{
	const struct template_step *step = keepers->guard     ? keepers->guard
					   : keepers->first   ? keepers->first
					   : keepers->plugin  ? keepers->plugin
							      : keepers->never;

	if (step) {
		about->file = step->file;
		about->line = step->node->line;
	}
	if (!step)
		return template_find(report, about, TEMPLATE_OK, NULL, err,
				     "kept: there is no post-processor");
	if (step == keepers->guard)
		return template_find(report, about, TEMPLATE_OK, NULL, err,
				     "kept, whatever fails: this post-processor cannot");
	if (step == keepers->first)
		return judge_one(template, keepers, about, report, err);
	if (step == keepers->plugin)
		return template_find(report, about, TEMPLATE_UNKNOWN, guard_advice(step), err,
				     "whether Packer keeps %s behind %s is that plugin's decision",
				     built(about->job), step->type);
	return template_find(report, about, TEMPLATE_PROBLEM, guard_advice(step), err,
			     "Packer destroys %s even if all succeeds: %s does not keep its input",
			     built(about->job), step->type);
}

/* The AMI is made by a post-processor, and Packer does not take it back. */
static bool is_imported(const struct template *template, const struct template_build *build,
			const struct template_job *job)
{
	for (size_t i = 0; i < build->sequence_count; i++)
		for (size_t j = 0; j < build->sequences[i].count; j++) {
			const struct template_step *step = &build->sequences[i].steps[j];

			if (strcmp(step->type, "amazon-import") == 0 &&
			    template_runs(template, job, step))
				return true;
		}
	return false;
}

int template_look_at_keeping(const struct template *template, const struct template_build *build,
			     const struct template_job *job, struct template_report *report,
			     struct gk_error *err)
{
	struct template_about about = {job, "image", job->file, job->line};
	struct keepers keepers = {0};

	if (is_imported(template, build, job))
		return template_find(report, &about, TEMPLATE_OK, NULL, err,
				     "kept: what amazon-import made, Packer leaves alone");
	for (size_t i = 0; i < build->sequence_count; i++)
		if (look_at_sequence(template, job, &build->sequences[i], &keepers, report,
				     err) < 0)
			return -1;
	return judge(template, &keepers, &about, report, err);
}
