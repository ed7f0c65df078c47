/* Values of arguments as text, as far as the template alone tells them. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "image/template_private.h"

/* References lead to references, and every step may be many: somewhere it ends. */
enum { DEPTH_MAX = 16, STEPS_MAX = 500, TEXT_MAX_LENGTH = 64 << 10, NAME_SIZE = 256 };

struct evaluation {
	const struct template *template;
	const struct template_job *job;
	struct gk_buf text;
	bool known, varies;
	int depth, steps;
};

/* A piece of text, not terminated. */
struct span {
	const char *start;
	size_t length;
};

static void evaluate(struct evaluation *e, const struct gk_hcl *node);

void template_text_done(struct template_text *text)
{
	gk_wipep(&text->text);
	*text = (struct template_text){0};
}

void template_texts_free(struct template_text *texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		template_text_done(&texts[i]);
	free(texts);
}

static struct span trim(const char *start, const char *end)
{
	while (start < end && strchr(" \t~-", *start))
		start++;
	while (end > start && strchr(" \t~-", end[-1]))
		end--;
	return (struct span){start, (size_t)(end - start)};
}

static bool is(struct span span, const char *word)
{
	return span.length == strlen(word) && memcmp(span.start, word, span.length) == 0;
}

/* The argument of a call with one literal: what stands between the word, with its opening sign, and
 * a sign of these at the very end. */
static bool argument(struct span span, const char *word, const char *end, struct span *ret)
{
	size_t begin = strlen(word);
	size_t behind = strlen(end);

	if (span.length < begin + behind || memcmp(span.start, word, begin) != 0 ||
	    memcmp(span.start + span.length - behind, end, behind) != 0)
		return false;
	*ret = (struct span){span.start + begin, span.length - begin - behind};
	return true;
}

static bool is_sensitive(const struct template *template, const struct template_file *file,
			 const struct gk_hcl *variable, struct span name)
{
	const struct gk_hcl *list = gk_hcl_find(&file->root, "sensitive-variables");

	for (size_t i = 0; list && i < list->count; i++)
		if (gk_hcl_string(&list->items[i]) && is(name, list->items[i].text))
			return true;
	return template_is_true(template, gk_hcl_find(variable, "sensitive"));
}

static const struct gk_hcl *find_member(const struct gk_hcl *node, struct span name)
{
	for (size_t i = 0; i < node->count; i++)
		if (node->items[i].key && is(name, node->items[i].key))
			return &node->items[i];
	return NULL;
}

/* variable "name" { default = … }, variables { name = … }, local "name" { expression = … },
 * locals { name = … } */
static const struct gk_hcl *find_named(const struct template *template, const char *one,
				       const char *many, const char *value, struct span name)
{
	for (size_t i = 0; i < template->file_count; i++) {
		const struct template_file *file = &template->files[i];

		for (size_t j = 0; j < file->root.count; j++) {
			const struct gk_hcl *item = &file->root.items[j];
			bool labelled = gk_str_equal(item->key, one) && item->labels.count == 1 &&
					is(name, item->labels.items[0]);
			const struct gk_hcl *found = NULL;

			if (labelled)
				found = gk_hcl_find(item, value);
			else if (gk_str_equal(item->key, many))
				found = find_member(item, name);
			if (found)
				return is_sensitive(template, file, labelled ? item : NULL, name)
					       ? NULL
					       : found;
		}
	}
	return NULL;
}

static const struct gk_hcl *find_reference(const struct template *template, struct span text)
{
	struct span name = {0};

	if (argument(text, "local.", "", &name))
		return find_named(template, "local", "locals", "expression", name);
	if (argument(text, "var.", "", &name))
		return find_named(template, "variable", "variables", "default", name);
	return NULL;
}

/* The variable of the environment, NULL if it is not set. */
static const char *look_up(const struct template *template, const char *prefix, struct span name)
{
	char whole[NAME_SIZE];
	int length = snprintf(whole, sizeof(whole), "%s%.*s", prefix, (int)name.length, name.start);

	return template->env && length < NAME_SIZE ? template->env(whole) : NULL;
}

/* $PKR_VAR_name */
static const char *given_variable(const struct template *template, struct span text)
{
	struct span name = {0};

	return argument(text, "var.", "", &name) ? look_up(template, "PKR_VAR_", name) : NULL;
}

static bool has(struct span text, const char *word)
{
	return memmem(text.start, text.length, word, strlen(word)) != NULL;
}

/* Left as it is written. In the older templates .Name is what the builder tells. */
static void add_unknown(struct evaluation *e, const char *open, struct span text, const char *close)
{
	e->known = false;
	e->varies = e->varies || has(text, "source.") || has(text, "build") || has(text, "uuid") ||
		    (*open == '{' && has(text, "."));
	gk_buf_addf(&e->text, "%s%.*s%s", open, (int)text.length, text.start, close);
}

/* What the environment has under that name; an unset variable is empty, as for Packer. False if
 * there is no environment to look at. */
static bool add_environment(struct evaluation *e, struct span name)
{
	const char *value = look_up(e->template, "", name);

	gk_buf_adds(&e->text, value ? value : "");
	return e->template->env != NULL;
}

static void evaluate_expression(struct evaluation *e, const char *expression)
{
	struct span text = trim(expression, expression + strlen(expression));
	const char *given = given_variable(e->template, text);
	const struct gk_hcl *found = given ? NULL : find_reference(e->template, text);
	struct span name = {0};

	if (given)
		gk_buf_adds(&e->text, given);
	else if (found)
		evaluate(e, found);
	else if (e->job && is(text, "source.name"))
		gk_buf_adds(&e->text, e->job->name);
	else if (e->job && is(text, "source.type"))
		gk_buf_adds(&e->text, e->job->type);
	else if (!argument(text, "env(\"", "\")", &name) || !add_environment(e, name))
		add_unknown(e, "${", text, "}");
}

/* {{user `name`}}, with quotes of either kind. */
static bool has_go_argument(struct span span, const char *word, struct span *ret)
{
	struct span rest = {0};

	if (!argument(span, word, "", &rest))
		return false;
	rest = trim(rest.start, rest.start + rest.length);
	return argument(rest, "`", "`", ret) || argument(rest, "\"", "\"", ret);
}

static void evaluate_go(struct evaluation *e, const char *start, const char *end)
{
	struct span text = trim(start, end);
	struct span name = {0};

	if (has_go_argument(text, "user", &name)) {
		const struct gk_hcl *found = find_named(e->template, "", "variables", "", name);

		if (found && found->kind != GK_HCL_NULL)
			evaluate(e, found);
		else
			add_unknown(e, "{{", text, "}}");
	} else if (e->job && is(text, "build_name")) {
		gk_buf_adds(&e->text, e->job->label);
	} else if (e->job && is(text, "build_type")) {
		gk_buf_adds(&e->text, e->job->type);
	} else if (!has_go_argument(text, "env", &name) || !add_environment(e, name)) {
		add_unknown(e, "{{", text, "}}");
	}
}

/* Literal text may have templates of the older kind in it, in HCL too. */
static void evaluate_literal(struct evaluation *e, const char *text)
{
	const char *open = NULL;

	while ((open = strstr(text, "{{"))) {
		const char *close = strstr(open, "}}");

		if (!close)
			break;
		gk_buf_add(&e->text, text, (size_t)(open - text));
		evaluate_go(e, open + 2, close);
		text = close + 2;
	}
	gk_buf_adds(&e->text, text);
}

static void evaluate_kind(struct evaluation *e, const struct gk_hcl *node)
{
	switch (node->kind) {
	case GK_HCL_STRING:
		evaluate_literal(e, node->text);
		return;
	case GK_HCL_TEMPLATE:
		for (size_t i = 0; i < node->count; i++)
			evaluate(e, &node->items[i]);
		return;
	case GK_HCL_EXPRESSION:
		evaluate_expression(e, node->text);
		return;
	case GK_HCL_BOOL:
	case GK_HCL_NUMBER:
		gk_buf_adds(&e->text, node->text);
		return;
	default:
		e->known = false;
	}
}

static void evaluate(struct evaluation *e, const struct gk_hcl *node)
{
	if (e->depth == DEPTH_MAX || ++e->steps > STEPS_MAX) {
		e->known = false;
		e->varies = true;
		return;
	}
	e->depth++;
	evaluate_kind(e, node);
	e->depth--;
}

int template_text_of(const struct template *template, const struct template_job *job,
		     const struct gk_hcl *node, struct template_text *ret, struct gk_error *err)
{
	struct evaluation e = {.template = template, .job = job, .known = true,
			       .text = {.ceiling = TEXT_MAX_LENGTH}};

	evaluate(&e, node);
	if (e.text.state == GK_BUF_TOO_LONG) {
		gk_buf_clear(&e.text);
		e.known = false;
		e.varies = true;
	}
	*ret = (struct template_text){gk_buf_detach(&e.text, err), e.known, e.varies};
	gk_buf_wipe(&e.text);
	return ret->text ? 0 : -1;
}

const struct gk_hcl *template_follow(const struct template *template, const struct gk_hcl *node)
{
	for (int i = 0; i < DEPTH_MAX; i++) {
		/* "${…}" alone is what stands in it. */
		if (node && node->kind == GK_HCL_TEMPLATE && node->count == 1)
			node = &node->items[0];
		if (!node || node->kind != GK_HCL_EXPRESSION)
			return node;
		node = find_reference(template, trim(node->text, node->text + strlen(node->text)));
	}
	return NULL;
}

static int add_text(const struct template *template, const struct template_job *job,
		    const struct gk_hcl *node, struct template_text **texts, size_t *count,
		    struct gk_error *err)
{
	struct template_text *text = gk_array_add(texts, count, sizeof(**texts), err);

	return text ? template_text_of(template, job, node, text, err) : -1;
}

int template_texts_of(const struct template *template, const struct template_job *job,
		      const struct gk_hcl *node, struct template_text **ret, size_t *ret_count,
		      bool *ret_hidden, struct gk_error *err)
{
	const struct gk_hcl *list = template_follow(template, node);

	if (!node)
		return 0;
	if (!list || (list->kind != GK_HCL_LIST && list->kind != GK_HCL_STRING &&
		      list->kind != GK_HCL_TEMPLATE && list->kind != GK_HCL_NUMBER)) {
		*ret_hidden = true;
		return 0;
	}
	if (list->kind != GK_HCL_LIST)
		return add_text(template, job, list, ret, ret_count, err);
	for (size_t i = 0; i < list->count; i++)
		if (add_text(template, job, &list->items[i], ret, ret_count, err) < 0)
			return -1;
	return 0;
}

int template_known_text(const struct template *template, const struct template_job *job,
			const struct gk_hcl *node, char **ret, struct gk_error *err)
{
	_cleanup_(template_text_done) struct template_text text = {0};

	if (!node)
		return 0;
	if (template_text_of(template, job, node, &text, err) < 0)
		return -1;
	if (text.known && text.text[0])
		*ret = TAKE_PTR(text.text);
	return 0;
}

bool template_is_true(const struct template *template, const struct gk_hcl *node)
{
	const struct gk_hcl *value = template_follow(template, node);

	/* Old templates write true in quotes. */
	return value && (value->kind == GK_HCL_BOOL || value->kind == GK_HCL_STRING) &&
	       strcmp(value->text, "true") == 0;
}
