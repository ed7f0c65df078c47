#include "lifecycle/outcome.h"

#include <stdlib.h>

#include "base/mem.h"

static void retained_done(struct outcome_retained *retained)
{
	gk_strv_done(&retained->reasons);
	gk_strv_done(&retained->images);
	gk_strv_done(&retained->locations);
}

static void incomplete_done(struct outcome_incomplete *incomplete)
{
	free(incomplete->step);
	free(incomplete->location);
	free(incomplete->error);
}

static void published_done(struct outcome_published *published)
{
	free(published->kind);
	free(published->location);
	free(published->name);
	free(published->value);
}

void outcome_done(struct outcome *outcome)
{
	if (outcome->has_release)
		release_done(&outcome->release);
	free(outcome->family);
	gk_strv_done(&outcome->channels);
	for (size_t i = 0; i < outcome->retention_count; i++)
		retained_done(&outcome->retention[i]);
	free(outcome->retention);
	for (size_t i = 0; i < outcome->incomplete_count; i++)
		incomplete_done(&outcome->incomplete[i]);
	free(outcome->incomplete);
	for (size_t i = 0; i < outcome->published_count; i++)
		published_done(&outcome->published[i]);
	free(outcome->published);
	gk_strv_done(&outcome->discarded);
	gk_strv_done(&outcome->warnings);
	*outcome = (struct outcome){0};
}

void outcome_list_done(struct outcome_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		outcome_done(&list->items[i]);
	free(list->items);
	*list = (struct outcome_list){0};
}

struct outcome *outcome_list_add(struct outcome_list *list, const char *family,
				 struct gk_error *err)
{
	struct outcome *outcome =
		gk_array_add(&list->items, &list->count, sizeof(*list->items), err);

	if (!outcome || gk_str_set(&outcome->family, family, err) < 0)
		return NULL;
	return outcome;
}

int outcome_add_incomplete(struct outcome *outcome, const char *step, const char *location,
			   const char *error, struct gk_error *err)
{
	struct outcome_incomplete *added =
		gk_array_add(&outcome->incomplete, &outcome->incomplete_count, sizeof(*added), err);

	if (!added || gk_str_set(&added->step, step, err) < 0 ||
	    gk_str_set(&added->location, location, err) < 0 ||
	    gk_str_set(&added->error, error, err) < 0)
		return -1;
	outcome->result = OUTCOME_INCOMPLETE;
	return 0;
}

int outcome_add_published(struct outcome *outcome, const char *kind, const char *location,
			  const char *name, const char *value, struct gk_error *err)
{
	struct outcome_published *added =
		gk_array_add(&outcome->published, &outcome->published_count, sizeof(*added), err);

	if (!added || gk_str_set(&added->kind, kind, err) < 0 ||
	    gk_str_set(&added->location, location, err) < 0 ||
	    gk_str_set(&added->name, name, err) < 0 || gk_str_set(&added->value, value, err) < 0)
		return -1;
	return 0;
}

int outcome_add_failure(struct outcome *outcome, const char *step, const struct gk_error *problem,
			struct gk_error *err)
{
	if (outcome_add_incomplete(outcome, step, NULL, problem->message, err) < 0)
		return -1;
	outcome->incomplete[outcome->incomplete_count - 1].refused = problem->code == GK_REFUSED;
	return 0;
}

const char *outcome_result_name(enum outcome_result result)
{
	static const char *const names[] = {
		[OUTCOME_NOTHING] = "nothing",       [OUTCOME_RELEASED] = "released",
		[OUTCOME_UNCHANGED] = "unchanged",   [OUTCOME_DONE] = "done",
		[OUTCOME_INCOMPLETE] = "incomplete", [OUTCOME_FAILED] = "failed",
	};

	return names[result];
}
