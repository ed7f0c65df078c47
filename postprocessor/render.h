/* Outcomes and releases as JSON and as text for people. */
#ifndef GK_POSTPROCESSOR_RENDER_H
#define GK_POSTPROCESSOR_RENDER_H

#include "base/json.h"
#include "exit.h"
#include "inventory/inventory.h"
#include "lifecycle/outcome.h"

/* The members of one outcome's document, into `object`. */
int render_outcome(struct gk_json_builder *json, cJSON *object, const struct outcome *outcome,
		   enum exit_status status, bool dry_run, struct gk_error *err);

/* A document for a command that failed before it had an outcome. */
void render_failure(struct gk_json_builder *json, cJSON *object, enum exit_status status,
		    const char *message);

/* A row of the inventory, with the channels that name it. */
int render_release(struct gk_json_builder *json, cJSON *object, const struct release *release,
		   const struct channel_list *channels, struct gk_error *err);

/* One element of "events". */
void render_event(struct gk_json_builder *json, cJSON *array, const struct event_row *event);

/* The retention plan as a table with a reason beside every release. */
int render_plan_table(const struct outcome *outcome, struct gk_error *err);

#endif
