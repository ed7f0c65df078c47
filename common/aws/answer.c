#include "aws/answer.h"

#include <string.h>

#include "base/mem.h"

int aws_answer_check(const struct gk_xml *answer, const char *action, struct gk_error *err)
{
	size_t length = strlen(action);

	if (!answer)
		return gk_error_set(err, GK_FAILED, "there is no answer");
	if (strncmp(answer->name, action, length) != 0 ||
	    strcmp(answer->name + length, "Response") != 0)
		return gk_error_set(err, GK_FAILED, "the answer is <%s>, not <%sResponse>",
				    answer->name, action);
	/* What leaves an empty list out has something else to say: its request id at least. */
	if (!answer->first)
		return gk_error_set(err, GK_FAILED, "<%s> is empty", answer->name);
	return 0;
}

int aws_answer_list(const struct gk_xml *node, const char *name, const char *element,
		    const struct gk_xml **ret, struct gk_error *err)
{
	const struct gk_xml *list = gk_xml_child(node, name);

	if (!list) {
		*ret = NULL;
		return 0;
	}
	if (gk_xml_next(list, name))
		return gk_error_set(err, GK_FAILED, "<%s> stands there twice", name);
	if (list->text[0])
		return gk_error_set(err, GK_FAILED, "<%s> holds text: %.60s", name, list->text);
	for (const struct gk_xml *item = list->first; item; item = item->next)
		if (strcmp(item->name, element) != 0)
			return gk_error_set(err, GK_FAILED, "<%s> holds <%s>, not <%s>", name,
					    item->name, element);
	*ret = list->first;
	return 0;
}

int aws_answer_text(const struct gk_xml *node, const char *path, const char **ret,
		    struct gk_error *err)
{
	const char *text = gk_xml_text(node, path);

	if (!text || !text[0])
		return gk_error_set(err, GK_FAILED, "<%s> without %s", node->name, path);
	*ret = text;
	return 0;
}

int aws_answer_copy(const struct gk_xml *node, const char *path, char **ret, struct gk_error *err)
{
	const char *text = gk_xml_text(node, path);

	return gk_str_set(ret, text && text[0] ? text : NULL, err);
}

int aws_answer_bool(const struct gk_xml *node, const char *path, bool *ret, struct gk_error *err)
{
	const char *text = gk_xml_text(node, path);
	bool yes = text && strcmp(text, "true") == 0;

	if (text && !yes && strcmp(text, "false") != 0)
		return gk_error_set(err, GK_FAILED, "%s is \"%.60s\"", path, text);
	*ret = yes;
	return 0;
}
