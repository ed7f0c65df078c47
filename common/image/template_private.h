/*
 * What the parts of the examination share: the template as builds, each with the sources it uses
 * (jobs) and its post-processors (sequences of steps), whatever syntax it is written in.
 */
#ifndef GK_IMAGE_TEMPLATE_PRIVATE_H
#define GK_IMAGE_TEMPLATE_PRIVATE_H

#include "base/hcl.h"
#include "image/template.h"

#define TEMPLATE_GUARD_HCL                                                                         \
	"write before the others: post-processor \"shell-local\" { inline = [\"true\"] }"
#define TEMPLATE_GUARD_JSON                                                                        \
	"write before the others: {\"type\": \"shell-local\", \"inline\": [\"true\"]}"

struct template_file {
	char *name;
	bool legacy; /* JSON of the old kind */
	struct gk_hcl root;
};

struct template {
	const char *(*env)(const char *name);
	struct template_file *files;
	size_t file_count;
};

/* One source of one build. Nodes are borrowed from the files. */
struct template_job {
	const struct template_file *file; /* of the line below */
	int line;
	char *type, *label;               /* "amazon-ebs", "base"; JSON: type and name */
	char *name;                       /* under which the build uses it; mostly the label */
	char *id;                         /* "amazon-ebs.web"; JSON: the name */
	const struct gk_hcl *definition;  /* NULL: not in these files */
	const struct gk_hcl *use;         /* what the build sets itself; NULL: nothing */
};

struct template_step {
	const struct template_file *file;
	const struct gk_hcl *node;
	const char *type; /* "shell-local" */
};

struct template_sequence {
	struct template_step *steps;
	size_t count;
};

struct template_build {
	const struct template_file *file;
	int line;
	struct template_job *jobs;
	size_t job_count;
	struct template_sequence *sequences;
	size_t sequence_count;
	bool hidden; /* has sources or post-processors that the text does not tell */
};

struct template_model {
	struct template_build *builds;
	size_t count;
};

/* HCL2 in JSON, as gk_hcl_parse_json read it, as gk_hcl_parse would have read it. What is in `json`
 * is taken. */
int template_from_json(struct gk_hcl *json, const char *source, struct gk_hcl *ret,
		       struct gk_error *err);

int template_model_make(const struct template *template, struct template_model *ret,
			struct gk_error *err);
void template_model_done(struct template_model *model);

/* A value as text. What is not known stays in it as it is written. */
struct template_text {
	char *text;
	bool known;
	bool varies; /* what is not known may differ from source to source */
};

void template_text_done(struct template_text *text);

/* job: whose names fill in what the text says of its source; NULL: nobody's. */
int template_text_of(const struct template *template, const struct template_job *job,
		     const struct gk_hcl *node, struct template_text *ret, struct gk_error *err);

/* The same for an argument that is a list, or a single value in its place; *ret_hidden if it cannot
 * be told what is in it. */
int template_texts_of(const struct template *template, const struct template_job *job,
		      const struct gk_hcl *node, struct template_text **ret, size_t *ret_count,
		      bool *ret_hidden, struct gk_error *err);
void template_texts_free(struct template_text *texts, size_t count);

/* What a variable or local stands for, or the node itself; NULL: it is not known. */
const struct gk_hcl *template_follow(const struct template *template, const struct gk_hcl *node);

/* The argument of a source, as the build has it. NULL: not given, or null. */
const struct gk_hcl *template_setting(const struct template_job *job, const char *name);

/* Its text if it is known and not empty, else NULL in *ret; owned. */
int template_known_text(const struct template *template, const struct template_job *job,
			const struct gk_hcl *node, char **ret, struct gk_error *err);

/* Whether the argument is surely true. */
bool template_is_true(const struct template *template, const struct gk_hcl *node);

/* Whether Packer runs the step for the job: only, except. */
bool template_runs(const struct template *template, const struct template_job *job,
		   const struct template_step *step);

/* Whether the source makes AMIs. */
bool template_makes_images(const struct template_job *job);

/* A finding about one source; where another source has the very same one, they share it. topic may
 * be NULL. */
struct template_about {
	const struct template_job *job;
	const char *topic; /* "image" */
	const struct template_file *file;
	int line;
};

int template_find(struct template_report *report, const struct template_about *about,
		  enum template_level level, const char *advice, struct gk_error *err,
		  const char *format, ...) __attribute__((format(printf, 6, 7)));

/* `goldkeep release` in a shell-local post-processor. Texts as far as the shell's words are known.
 */
struct template_call {
	const struct template_step *step;
	size_t sequence, position;
	struct template_text manifest; /* text NULL: not given */
	struct template_text family;
	bool profile, keys;   /* told by an option, or by environment_vars or env */
	bool ignored;         /* … || true: it cannot fail the build */
};

struct template_calls {
	struct template_call *items;
	size_t count;
	bool hidden; /* some command or script cannot be read here */
};

void template_calls_done(struct template_calls *calls);
int template_calls_find(const struct template *template, const struct template_build *build,
			const struct template_job *job, struct template_calls *ret,
			struct gk_error *err);

/* Whether the shell-local step does nothing that could fail. */
int template_step_is_sure(const struct template *template, const struct template_job *job,
			  const struct template_step *step, bool *ret, struct gk_error *err);

/* The parts of the examination. */
int template_look_at_keeping(const struct template *template, const struct template_build *build,
			     const struct template_job *job, struct template_report *report,
			     struct gk_error *err);
int template_look_at_calls(const struct template *template, const struct template_build *build,
			   const struct template_job *job, const struct template_calls *calls,
			   struct template_report *report, struct gk_error *err);
int template_look_at_source(const struct template *template, const struct template_job *job,
			    const struct template_calls *calls, struct template_report *report,
			    struct gk_error *err);
/* What sources get in each other's way with: manifests, families. */
int template_look_at_sharing(const struct template *template, const struct template_model *model,
			     struct template_report *report, struct gk_error *err);

#endif
