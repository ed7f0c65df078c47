#include "render.h"

#include "base/clock.h"
#include "base/mem.h"
#include "lifecycle/lifecycle.h"
#include "output.h"

/* ---- JSON ---- */

static void render_version(struct gk_json_builder *json, cJSON *object,
			   const struct semver *version)
{
	char text[SEMVER_TEXT_SIZE];

	gk_json_add_string(json, object, "version", semver_format(version, text));
}

static void render_image(struct gk_json_builder *json, cJSON *array, const struct image *image)
{
	cJSON *object = gk_json_add_object(json, array, NULL);
	cJSON *snapshots = NULL;

	gk_json_add_string(json, object, "provider", image->provider);
	gk_json_add_string(json, object, "location", image->location);
	gk_json_add_string(json, object, "id", image->id);
	gk_json_add_string(json, object, "name", image->name);
	gk_json_add_string(json, object, "architecture", image->architecture);
	gk_json_add_string(json, object, "state", release_state_name(image->state));
	snapshots = gk_json_add_array(json, object, "snapshots");
	for (size_t i = 0; i < image->snapshot_count; i++)
		gk_json_add_string(json, snapshots, NULL, image->snapshots[i].id);
}

static void render_images(struct gk_json_builder *json, cJSON *object,
			  const struct release *release)
{
	cJSON *array = gk_json_add_array(json, object, "images");

	for (size_t i = 0; release && i < release->image_count; i++)
		if (!release_discards(release, &release->images[i]))
			render_image(json, array, &release->images[i]);
}

static void render_retained(struct gk_json_builder *json, cJSON *array,
			    const struct outcome_retained *retained)
{
	cJSON *object = gk_json_add_object(json, array, NULL);

	render_version(json, object, &retained->version);
	if (retained->action == PLAN_REMOVE) {
		gk_json_add_string(json, object, "state", release_state_name(retained->state));
		gk_json_add_strings(json, object, "images", &retained->images);
	} else {
		gk_json_add_strings(json, object, "reasons", &retained->reasons);
	}
}

static void render_retention(struct gk_json_builder *json, cJSON *object,
			     const struct outcome *outcome)
{
	cJSON *retention = gk_json_add_object(json, object, "retention");
	cJSON *lists[] = {
		[PLAN_KEEP] = gk_json_add_array(json, retention, "keep"),
		[PLAN_REMOVE] = gk_json_add_array(json, retention, "remove"),
		[PLAN_BLOCKED] = gk_json_add_array(json, retention, "blocked"),
	};

	for (size_t i = 0; outcome && i < outcome->retention_count; i++)
		render_retained(json, lists[outcome->retention[i].action], &outcome->retention[i]);
}

static void render_incomplete(struct gk_json_builder *json, cJSON *object,
			      const struct outcome *outcome)
{
	cJSON *array = gk_json_add_array(json, object, "incomplete");

	for (size_t i = 0; outcome && i < outcome->incomplete_count; i++) {
		cJSON *item = gk_json_add_object(json, array, NULL);

		gk_json_add_string(json, item, "step", outcome->incomplete[i].step);
		gk_json_add_string(json, item, "location", outcome->incomplete[i].location);
		gk_json_add_string(json, item, "error", outcome->incomplete[i].error);
	}
}

static void render_published(struct gk_json_builder *json, cJSON *object,
			     const struct outcome *outcome)
{
	cJSON *array = gk_json_add_array(json, object, "published");

	for (size_t i = 0; i < outcome->published_count; i++) {
		const struct outcome_published *published = &outcome->published[i];
		cJSON *item = gk_json_add_object(json, array, NULL);

		gk_json_add_string(json, item, "kind", published->kind);
		gk_json_add_string(json, item, "location", published->location);
		gk_json_add_string(json, item, "name", published->name);
		gk_json_add_string(json, item, "value", published->value);
	}
}

static const char *result_name(const struct outcome *outcome, bool dry_run)
{
	if (dry_run && outcome->result != OUTCOME_FAILED)
		return "dry-run";
	/* The document's results are a closed set: a retirement counts as released. */
	if (outcome->result == OUTCOME_DONE)
		return outcome_result_name(OUTCOME_RELEASED);
	return outcome_result_name(outcome->result);
}

static void render_identity(struct gk_json_builder *json, cJSON *object,
			    const struct outcome *outcome)
{
	const struct release *release = outcome->has_release ? &outcome->release : NULL;

	gk_json_add_string(json, object, "family", release ? release->family : outcome->family);
	if (release)
		render_version(json, object, &release->version);
	else
		gk_json_add_string(json, object, "version", NULL);
	gk_json_add_string(json, object, "run", release ? release->run : NULL);
	gk_json_add_string(json, object, "state",
			   release ? release_state_name(release->state) : NULL);
	gk_json_add_strings(json, object, "channels", &outcome->channels);
	render_images(json, object, release);
	render_published(json, object, outcome);
}

int render_outcome(struct gk_json_builder *json, cJSON *object, const struct outcome *outcome,
		   enum exit_status status, bool dry_run, struct gk_error *err)
{
	gk_json_add_string(json, object, "result", result_name(outcome, dry_run));
	gk_json_add_integer(json, object, "exit", status);
	render_identity(json, object, outcome);
	gk_json_add_strings(json, object, "discarded", &outcome->discarded);
	render_retention(json, object, outcome);
	render_incomplete(json, object, outcome);
	gk_json_add_strings(json, object, "warnings", &outcome->warnings);
	gk_json_add_string(json, object, "error",
			   outcome->error.code != GK_OK ? outcome->error.message : NULL);
	return json->failed ? gk_error_memory(err) : 0;
}

void render_failure(struct gk_json_builder *json, cJSON *object, enum exit_status status,
		    const char *message)
{
	struct outcome outcome = {.result = OUTCOME_FAILED};

	gk_error_set(&outcome.error, GK_FAILED, "%s", message);
	render_outcome(json, object, &outcome, status, false, NULL);
}

int render_release(struct gk_json_builder *json, cJSON *object, const struct release *release,
		   const struct channel_list *channels, struct gk_error *err)
{
	_cleanup_(gk_strv_done) struct gk_strv names = {0};
	char when[GK_TIME_TEXT];

	for (size_t i = 0; i < channels->count; i++)
		if (semver_compare(&channels->items[i].version, &release->version) == 0 &&
		    gk_strv_add(&names, channels->items[i].name, err) < 0)
			return -1;
	gk_strv_sort(&names);
	gk_json_add_string(json, object, "family", release->family);
	render_version(json, object, &release->version);
	gk_json_add_string(json, object, "state", release_state_name(release->state));
	gk_json_add_strings(json, object, "channels", &names);
	gk_json_add_string(json, object, "held", release->held);
	gk_json_add_string(json, object, "revoked", release->revoked);
	gk_json_add_strings(json, object, "published", &release->published);
	gk_json_add_string(json, object, "created_at", gk_time_format(release->created_at, when));
	gk_json_add_string(json, object, "run", release->run);
	gk_json_add_string(json, object, "build", release->build);
	gk_json_add_string(json, object, "builder", release->builder);
	gk_json_add_string(json, object, "fingerprint", release->fingerprint);
	render_images(json, object, release);
	return json->failed ? gk_error_memory(err) : 0;
}

void render_event(struct gk_json_builder *json, cJSON *array, const struct event_row *event)
{
	cJSON *object = gk_json_add_object(json, array, NULL);
	char when[GK_TIME_TEXT];

	gk_json_add_string(json, object, "at", gk_time_format(event->at, when));
	gk_json_add_string(json, object, "actor", event->actor);
	gk_json_add_string(json, object, "action", event->action);
	gk_json_add_string(json, object, "version", event->version);
	gk_json_add_string(json, object, "detail", event->detail);
}

/* ---- text ---- */

static const char *action_name(enum plan_action action)
{
	static const char *const names[] = {
		[PLAN_KEEP] = "keep",
		[PLAN_REMOVE] = "remove",
		[PLAN_BLOCKED] = "blocked",
	};

	return names[action];
}

static int add_plan_row(struct output_table *table, const struct outcome_retained *row,
			struct gk_error *err)
{
	_cleanup_free_ char *reasons = gk_strv_join(&row->reasons, ", ", err);
	char version[SEMVER_TEXT_SIZE];

	if (!reasons)
		return -1;
	if (gk_strv_add(&table->cells, semver_format(&row->version, version), err) < 0 ||
	    gk_strv_add(&table->cells, action_name(row->action), err) < 0 ||
	    gk_strv_add(&table->cells, release_state_name(row->state), err) < 0 ||
	    gk_strv_add(&table->cells, *reasons ? reasons : "no rule keeps it", err) < 0)
		return -1;
	return 0;
}

int render_plan_table(const struct outcome *outcome, struct gk_error *err)
{
	static const char *const columns[] = {"VERSION", "PLAN", "STATE", "REASON", NULL};
	struct output_table table = {.columns = columns};
	int done = 0;

	for (size_t i = 0; done == 0 && i < outcome->retention_count; i++)
		done = add_plan_row(&table, &outcome->retention[i], err);
	if (done == 0)
		done = output_table_print(&table, err);
	gk_strv_done(&table.cells);
	return done;
}
