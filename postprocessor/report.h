/* The end of every command that changes something: text or document, problems, exit status. */
#ifndef GK_POSTPROCESSOR_REPORT_H
#define GK_POSTPROCESSOR_REPORT_H

#include "base/json.h"
#include "context.h"

struct report_style {
	bool dry_run;
	/* A recorded release ends in 0 whatever is unfinished: Packer would destroy the image
	 *. */
	bool lenient;
	/* Nothing at all was there to do: said in this line. */
	const char *nothing;
	/* Builds that are no image, for the document; text has them as steps. NULL if there are none. */
	const struct gk_strv *passed_over;
	/* Several families were asked for: "releases", however many there are. */
	bool many;
};

/* Prints what came of it and returns the exit status. One outcome is one document, several stand in
 * "releases". */
int report_outcomes(struct context *context, const struct outcome_list *outcomes,
		    const struct report_style *style);

/* A document that `list`, `show` and `history` made; text was printed already. Returns the exit
 * status, or -1. */
int report_document(struct context *context, struct gk_json_builder *json, struct gk_error *err);

#endif
