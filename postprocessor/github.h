/* GitHub Actions: outputs of the step and its summary, where $GITHUB_OUTPUT and
 * $GITHUB_STEP_SUMMARY name files (workflow commands, "Environment files"). */
#ifndef GK_POSTPROCESSOR_GITHUB_H
#define GK_POSTPROCESSOR_GITHUB_H

#include "context.h"

/* Appends family, version and ids of every release. What cannot be written is a warning. */
void github_report(struct context *context, const struct outcome_list *outcomes);

#endif
