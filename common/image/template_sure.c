/* What a shell-local post-processor runs that cannot fail, whatever happens. Lines of a few forms only:
 * what is more than that may be sure too, and is not taken for it. */
#include <string.h>

#include "base/mem.h"
#include "image/template_private.h"
#include "image/text.h"

/* Words that end the shell itself, or begin more than one command. The shell ends at the failure of
 * its special built-ins, too (POSIX, 2.8.1), whatever stands behind ||. */
static bool is_word_of_the_shell(const char *text, size_t length)
{
	static const char words[] =
		" . : alias break builtin case command continue coproc declare do done elif else "
		"enable esac eval exec exit export fi for function if in kill let local logout "
		"readonly return select set shift shopt source suspend then time times trap typeset "
		"ulimit unset until wait while ";
	const char *found = words;

	while ((found = memmem(found, strlen(found), text, length))) {
		if (found[-1] == ' ' && found[length] == ' ')
			return true;
		found++;
	}
	return false;
}

/* A command that the shell starts and outlives. */
static bool is_foreign(const char *text)
{
	size_t length = 0;

	while (text_is_alphanumeric(text[length]) || (text[length] && strchr("_./-", text[length])))
		length++;
	return length > 0 && strchr(" \t", text[length]) && !is_word_of_the_shell(text, length);
}

/* $NAME or ${NAME}: filled in without a chance to fail. */
static bool is_plain_variable(const char *dollar)
{
	bool braces = dollar[1] == '{';
	const char *name = dollar + (braces ? 2 : 1);
	size_t length = 0;

	while (text_is_alphanumeric(name[length]) || name[length] == '_')
		length++;
	return length > 0 && (!braces || name[length] == '}');
}

/* One command, or several with | between them: quotes are closed, and nothing else begins. With
 * `bare` there are neither variables nor files. */
static bool is_one_command(const char *text, size_t length, bool bare)
{
	char quote = '\0';

	for (size_t i = 0; i < length; i++) {
		char c = text[i];

		if (c == quote)
			quote = '\0';
		else if (quote == '\'')
			continue;
		else if (strchr("\\`\n", c) || (c == '$' && (bare || !is_plain_variable(text + i))))
			return false;
		else if (quote)
			continue;
		else if (c == '\'' || c == '"')
			quote = c;
		else if (strchr("();#", c) || (bare && strchr("|<>", c)) ||
			 (c == '&' && (i == 0 || text[i - 1] != '>')))
			return false;
	}
	return !quote;
}

static bool is_idle(const char *text, size_t length)
{
	static const char *const idle[] = {"true", ":", "/bin/true", "/usr/bin/true", "exit 0", "echo"};

	while (length > 0 && strchr(" \t", text[length - 1]))
		length--;
	for (size_t i = 0; i < ARRAY_SIZE(idle); i++)
		if (strlen(idle[i]) == length && memcmp(idle[i], text, length) == 0)
			return true;
	return length > 5 && memcmp(text, "echo ", 5) == 0 && is_one_command(text, length, true);
}

/* An idle command, or one that is followed by || and an idle one. */
static bool is_sure(const struct template_text *line)
{
	const char *text = line->text + strspn(line->text, " \t");
	const char *or = strstr(text, "||");

	if (!line->known || strstr(text, "{{"))
		return false;
	if (!or)
		return is_idle(text, strlen(text));
	if (!is_foreign(text) || !is_one_command(text, (size_t)(or - text), false))
		return false;
	or += 2 + strspn(or + 2, " \t");
	return is_idle(or, strlen(or));
}

static int are_sure(const struct template *template, const struct template_job *job,
		    const struct gk_hcl *node, bool *ret, struct gk_error *err)
{
	struct template_text *texts = NULL;
	size_t count = 0;
	bool hidden = false;
	bool sure = true;
	int r = template_texts_of(template, job, node, &texts, &count, &hidden, err);

	for (size_t i = 0; r == 0 && i < count; i++)
		sure = sure && is_sure(&texts[i]);
	template_texts_free(texts, count);
	*ret = sure && count > 0 && !hidden;
	return r;
}

int template_step_is_sure(const struct template *template, const struct template_job *job,
			  const struct template_step *step, bool *ret, struct gk_error *err)
{
	static const char *const otherwise[] = {"script",          "scripts",
						"execute_command", "inline_shebang",
						"valid_exit_codes", "tempfile_extension"};
	const struct gk_hcl *lines = gk_hcl_find(step->node, "inline");

	*ret = false;
	for (size_t i = 0; i < ARRAY_SIZE(otherwise); i++)
		if (gk_hcl_find(step->node, otherwise[i]))
			return 0;
	if (!lines)
		lines = gk_hcl_find(step->node, "command");
	return lines ? are_sure(template, job, lines, ret, err) : 0;
}
