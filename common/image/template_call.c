/* Finds `goldkeep release` in the commands of shell-local post-processors: as much of a shell as
 * that takes. */
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"
#include "image/template_private.h"
#include "image/text.h"

/* What a step has told so far, for the calls in it. */
struct reading {
	const struct template *template;
	const struct template_job *job;
	struct template_calls *calls;
	struct template_call so_far; /* manifest, family, …: of variables, options */
	bool moved;                  /* cd: paths mean something else */
	const char *at;
};

/* The words of one command. */
struct words {
	struct template_text *items;
	size_t count;
};

static void words_done(struct words *words)
{
	template_texts_free(words->items, words->count);
	*words = (struct words){0};
}

static void call_done(struct template_call *call)
{
	template_text_done(&call->manifest);
	template_text_done(&call->family);
}

static void reading_done(struct reading *reading)
{
	call_done(&reading->so_far);
}

void template_calls_done(struct template_calls *calls)
{
	for (size_t i = 0; i < calls->count; i++)
		call_done(&calls->items[i]);
	free(calls->items);
	*calls = (struct template_calls){0};
}

static int copy_text(struct template_text *to, const struct template_text *from,
		     struct gk_error *err)
{
	to->known = from->known;
	to->varies = from->varies;
	return gk_str_set(&to->text, from->text, err);
}

/* ---- words ---- */

/* $NAME, ${…} and what else the shell would fill in. */
static void read_dollar(struct reading *r, struct gk_buf *text, struct template_text *word)
{
	static const char name_of[] = "PACKER_BUILD_NAME", type_of[] = "PACKER_BUILDER_TYPE";
	bool braces = r->at[1] == '{';
	const char *name = r->at + (braces ? 2 : 1);
	size_t length = 0;
	size_t whole = 0;

	while (text_is_alphanumeric(name[length]) || name[length] == '_')
		length++;
	whole = (size_t)(name - r->at) + length;
	if (braces && name[length] == '}')
		whole++;
	else if (braces)
		whole += strcspn(name + length, "}\n") + (strchr(name + length, '}') != NULL);
	if (length == strlen(name_of) && strncmp(name, name_of, length) == 0) {
		gk_buf_adds(text, r->job->label);
	} else if (length == strlen(type_of) && strncmp(name, type_of, length) == 0) {
		gk_buf_adds(text, r->job->type);
	} else {
		gk_buf_add(text, r->at, whole);
		word->known = false;
	}
	r->at += whole;
}

/* Up to the quote that ends it, or the end of the text. */
static void read_quoted_part(struct reading *r, struct gk_buf *text, struct template_text *word)
{
	char quote = *r->at++;

	while (*r->at && *r->at != quote) {
		if (quote == '"' && *r->at == '$') {
			read_dollar(r, text, word);
			continue;
		}
		if (quote == '"' && *r->at == '\\' && r->at[1])
			r->at++;
		word->known = word->known && *r->at != '`';
		gk_buf_addc(text, *r->at++);
	}
	r->at += *r->at == quote;
}

static bool ends_word(char c)
{
	return !c || strchr(" \t\r\n;&|()<>", c);
}

/* {{…}} that was left: with the blanks in it. */
static void read_braces(struct reading *r, struct gk_buf *text, struct template_text *word)
{
	const char *end = strstr(r->at, "}}");
	size_t length = end ? (size_t)(end + 2 - r->at) : 2;

	gk_buf_add(text, r->at, length);
	r->at += length;
	word->known = false;
}

static int read_word(struct reading *r, struct words *words, struct gk_error *err)
{
	_cleanup_(gk_buf_wipe) struct gk_buf text = {0};
	struct template_text *word =
		gk_array_add(&words->items, &words->count, sizeof(*word), err);

	if (!word)
		return -1;
	word->known = true;
	while (!ends_word(*r->at)) {
		if (*r->at == '\'' || *r->at == '"') {
			read_quoted_part(r, &text, word);
		} else if (*r->at == '$') {
			read_dollar(r, &text, word);
		} else if (strncmp(r->at, "{{", 2) == 0) {
			read_braces(r, &text, word);
		} else {
			r->at += *r->at == '\\' && r->at[1];
			word->known = word->known && !strchr("`*?", *r->at);
			gk_buf_addc(&text, *r->at++);
		}
	}
	word->text = gk_buf_detach(&text, err);
	return word->text ? 0 : -1;
}

/* The words up to what ends a command. */
static int read_command(struct reading *r, struct words *words, struct gk_error *err)
{
	for (;;) {
		r->at += strspn(r->at, " \t\r");
		if (strncmp(r->at, "\\\n", 2) == 0)
			r->at += 2;
		else if (*r->at == '#')
			r->at += strcspn(r->at, "\n");
		else if (*r->at == '<' || *r->at == '>')
			r->at++;
		else if (ends_word(*r->at))
			return 0;
		else if (read_word(r, words, err) < 0)
			return -1;
	}
}

/* ---- calls ---- */

/* NAME=VALUE, or --name=VALUE: the value, else NULL. */
static const char *value_of(const char *word, const char *name)
{
	size_t length = strlen(name);

	return strncmp(word, name, length) == 0 && word[length] == '=' ? word + length + 1 : NULL;
}

static int set_text(struct template_text *to, const char *value, bool known, struct gk_error *err)
{
	to->known = known;
	return gk_str_set(&to->text, value, err);
}

/* What a variable tells goldkeep. */
static int read_variable(struct template_call *call, const struct template_text *word,
			 struct gk_error *err)
{
	const char *manifest = value_of(word->text, "GOLDKEEP_MANIFEST");
	const char *family = value_of(word->text, "GOLDKEEP_FAMILY");

	call->profile = call->profile || value_of(word->text, "AWS_PROFILE") ||
			value_of(word->text, "GOLDKEEP_PROFILE");
	call->keys = call->keys || value_of(word->text, "AWS_ACCESS_KEY_ID");
	if (manifest && *manifest && set_text(&call->manifest, manifest, word->known, err) < 0)
		return -1;
	if (family && *family)
		return set_text(&call->family, family, word->known, err);
	return 0;
}

/* The value of the option, if the word is it: behind = or in the next word. */
static const struct template_text *option_value(const struct words *words, size_t i,
						const char *name, const char **ret)
{
	const struct template_text *word = &words->items[i];

	*ret = value_of(word->text, name);
	if (*ret)
		return word;
	if (strcmp(word->text, name) != 0 || i + 1 == words->count)
		return NULL;
	*ret = words->items[i + 1].text;
	return &words->items[i + 1];
}

static int read_option(struct template_call *call, const struct words *words, size_t i,
		       struct gk_error *err)
{
	const char *value = NULL;
	const struct template_text *word = option_value(words, i, "--manifest", &value);

	if (word)
		return set_text(&call->manifest, value, word->known, err);
	word = option_value(words, i, "--family", &value);
	if (word)
		return set_text(&call->family, value, word->known, err);
	call->profile = call->profile || option_value(words, i, "--profile", &value);
	return 0;
}

/* The index of the word that is goldkeep, if `release` comes behind it. */
static bool is_call(const struct words *words, size_t *ret_at)
{
	bool found = false;

	for (size_t i = 0; i < words->count; i++) {
		const char *word = words->items[i].text;

		if (found && strcmp(word, "release") == 0)
			return true;
		if (!found && *word != '-' && !strchr(word, '=') && strcasestr(word, "goldkeep")) {
			found = true;
			*ret_at = i;
		}
	}
	return false;
}

/* Whether the failure of the command before makes no difference. */
static bool is_ignored(const char *at)
{
	static const char *const idle[] = {"true", ":", "/bin/true", "exit 0", "echo"};

	if (strncmp(at, "||", 2) != 0)
		return false;
	at += 2 + strspn(at + 2, " \t");
	for (size_t i = 0; i < ARRAY_SIZE(idle); i++) {
		size_t length = strlen(idle[i]);

		if (strncmp(at, idle[i], length) == 0 && ends_word(at[length]))
			return true;
	}
	return false;
}

static int add_call(struct reading *r, const struct words *words, size_t at, struct gk_error *err)
{
	struct template_call *call =
		gk_array_add(&r->calls->items, &r->calls->count, sizeof(*call), err);

	if (!call)
		return -1;
	*call = r->so_far;
	call->manifest = (struct template_text){0};
	call->family = (struct template_text){0};
	call->ignored = is_ignored(r->at);
	if (copy_text(&call->manifest, &r->so_far.manifest, err) < 0 ||
	    copy_text(&call->family, &r->so_far.family, err) < 0)
		return -1;
	for (size_t i = at + 1; i < words->count; i++)
		if (read_option(call, words, i, err) < 0)
			return -1;
	if (r->moved)
		call->manifest.known = false;
	return 0;
}

static int read_text(struct reading *r, const char *text, struct gk_error *err)
{
	r->at = text;
	while (*r->at) {
		_cleanup_(words_done) struct words words = {0};
		size_t at = 0;

		r->at += strspn(r->at, " \t\r\n;&|()");
		if (read_command(r, &words, err) < 0)
			return -1;
		if (words.count > 0 && strcmp(words.items[0].text, "cd") == 0)
			r->moved = true;
		for (size_t i = 0; i < words.count; i++)
			if (read_variable(&r->so_far, &words.items[i], err) < 0)
				return -1;
		if (is_call(&words, &at) && add_call(r, &words, at, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- steps ---- */

static int read_list(struct reading *r, const char *name, bool variables, struct gk_error *err)
{
	struct template_text *texts = NULL;
	size_t count = 0;
	int result = template_texts_of(r->template, r->job,
				       gk_hcl_find(r->so_far.step->node, name), &texts, &count,
				       &r->calls->hidden, err);

	for (size_t i = 0; result == 0 && i < count; i++)
		result = variables ? read_variable(&r->so_far, &texts[i], err)
				   : read_text(r, texts[i].text, err);
	template_texts_free(texts, count);
	return result;
}

/* env = { NAME = "value" } */
static int read_env(struct reading *r, struct gk_error *err)
{
	const struct gk_hcl *env = gk_hcl_find(r->so_far.step->node, "env");

	for (size_t i = 0; env && i < env->count; i++) {
		_cleanup_(template_text_done) struct template_text value = {0}, both = {0};

		if (template_text_of(r->template, r->job, &env->items[i], &value, err) < 0)
			return -1;
		both.known = value.known;
		both.text = gk_str_format(err, "%s=%s", env->items[i].key, value.text);
		if (!both.text || read_variable(&r->so_far, &both, err) < 0)
			return -1;
	}
	return 0;
}

/* What Packer's own environment, which is ours, hands on to everything. */
static int read_inherited(struct reading *r, struct gk_error *err)
{
	const char *manifest = NULL;
	const char *family = NULL;

	if (!r->template->env)
		return 0;
	manifest = r->template->env("GOLDKEEP_MANIFEST");
	family = r->template->env("GOLDKEEP_FAMILY");
	if (manifest && *manifest && set_text(&r->so_far.manifest, manifest, true, err) < 0)
		return -1;
	return family && *family ? set_text(&r->so_far.family, family, true, err) : 0;
}

static int read_step(struct reading *r, struct gk_error *err)
{
	const struct gk_hcl *node = r->so_far.step->node;

	if (gk_hcl_find(node, "script") || gk_hcl_find(node, "scripts"))
		r->calls->hidden = true;
	if (read_inherited(r, err) < 0 || read_list(r, "environment_vars", true, err) < 0 ||
	    read_env(r, err) < 0 || read_list(r, "inline", false, err) < 0 ||
	    read_list(r, "command", false, err) < 0)
		return -1;
	return read_list(r, "execute_command", false, err);
}

int template_calls_find(const struct template *template, const struct template_build *build,
			const struct template_job *job, struct template_calls *ret,
			struct gk_error *err)
{
	_cleanup_(template_calls_done) struct template_calls calls = {0};

	for (size_t i = 0; i < build->sequence_count; i++) {
		const struct template_sequence *sequence = &build->sequences[i];

		for (size_t j = 0; j < sequence->count; j++) {
			const struct template_step *step = &sequence->steps[j];
			_cleanup_(reading_done) struct reading reading = {
				.template = template, .job = job, .calls = &calls,
				.so_far = {.step = step, .sequence = i, .position = j}};

			if (strcmp(step->type, "shell-local") != 0 ||
			    !template_runs(template, job, step))
				continue;
			if (read_step(&reading, err) < 0)
				return -1;
		}
	}
	*ret = calls;
	calls = (struct template_calls){0};
	return 0;
}
