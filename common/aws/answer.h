/*
 * Reading the answers of the query services (EC2, Auto Scaling) so that nothing which was not
 * understood passes for an empty answer.
 *
 * The services leave fields and whole lists out (an empty list may be <x/> or absent),
 * and elements that nobody asked about are passed over. But an answer to another question, text
 * where a list should be, a list element of another name, a required field that is missing: each is
 * -1, GK_FAILED, and the message says what.
 */
#ifndef GK_AWS_ANSWER_H
#define GK_AWS_ANSWER_H

#include <stdbool.h>

#include "base/xml.h"

/* The root must be <ActionResponse>. answer may be NULL, which is an error. */
int aws_answer_check(const struct gk_xml *answer, const char *action, struct gk_error *err);

/* The first element of the list `name` in node, or NULL when the list is empty or absent. Every
 * element must be called `element` ("item" for EC2, "member" for Auto Scaling). The others follow
 * by ->next. node may be NULL. */
int aws_answer_list(const struct gk_xml *node, const char *name, const char *element,
		    const struct gk_xml **ret, struct gk_error *err);

/* Text at the path, borrowed; absent or empty is an error. */
int aws_answer_text(const struct gk_xml *node, const char *path, const char **ret,
		    struct gk_error *err);

/* Copy of the text at the path; NULL if it is absent or empty. */
int aws_answer_copy(const struct gk_xml *node, const char *path, char **ret, struct gk_error *err);

/* "true" or "false"; false if it is absent. */
int aws_answer_bool(const struct gk_xml *node, const char *path, bool *ret, struct gk_error *err);

#endif
