#include "lifecycle/private.h"

#include <string.h>

#include "base/json.h"

void intent_done(struct intent *intent)
{
	gk_strv_done(&intent->channels);
	tag_list_done(&intent->tags);
	tag_list_done(&intent->moves);
	free(intent->tfvars);
	free(intent->revoke);
	*intent = (struct intent){0};
}

static int add_policy(struct gk_json_builder *json, const struct policy *policy,
		      struct gk_error *err)
{
	_cleanup_free_ char *text = policy_to_json(policy, err);
	cJSON *value = text ? cJSON_Parse(text) : NULL;

	if (!value)
		return gk_error_memory(err);
	if (!cJSON_AddItemToObject(json->root, "policy", value)) {
		cJSON_Delete(value);
		return gk_error_memory(err);
	}
	return 0;
}

static void add_tags(struct gk_json_builder *json, const char *name, const struct tag_list *tags)
{
	cJSON *object = gk_json_add_object(json, json->root, name);

	for (size_t i = 0; i < tags->count; i++)
		gk_json_add_string(json, object, tags->items[i].key, tags->items[i].value);
}

char *intent_to_json(const struct intent *intent, struct gk_error *err)
{
	_cleanup_(gk_json_builder_done) struct gk_json_builder json = {0};

	if (gk_json_builder_init(&json, err) < 0)
		return NULL;
	gk_json_add_strings(&json, json.root, "channels", &intent->channels);
	add_tags(&json, "tags", &intent->tags);
	if (intent->moves.count > 0)
		add_tags(&json, "moves", &intent->moves);
	if (intent->no_run)
		gk_json_add_bool(&json, json.root, "no_run", true);
	if (intent->policy.given && add_policy(&json, &intent->policy, err) < 0)
		return NULL;
	if (intent->publish)
		gk_json_add_bool(&json, json.root, "publish", true);
	if (intent->tfvars)
		gk_json_add_string(&json, json.root, "tfvars", intent->tfvars);
	if (intent->revoke)
		gk_json_add_string(&json, json.root, "revoke", intent->revoke);
	return gk_json_builder_print(&json, false, err);
}

static int read_tags(const cJSON *object, struct tag_list *ret, struct gk_error *err)
{
	const cJSON *tag = NULL;

	cJSON_ArrayForEach(tag, object)
	{
		if (!cJSON_IsString(tag))
			return gk_error_set(err, GK_FAILED, "tag %s is no text", tag->string);
		if (tag_list_set(ret, tag->string, tag->valuestring, err) < 0)
			return -1;
	}
	return 0;
}

static int read_policy(const cJSON *object, struct policy *ret, struct gk_error *err)
{
	_cleanup_free_ char *text = cJSON_PrintUnformatted(object);

	if (!text)
		return gk_error_memory(err);
	return policy_from_json(text, ret, err);
}

static int read_intent(const char *text, struct intent *intent, struct gk_error *err)
{
	_cleanup_(gk_json_freep) cJSON *json = NULL;
	const cJSON *tags = NULL;
	const cJSON *moves = NULL;
	const cJSON *policy = NULL;
	const char *tfvars = NULL;
	const char *revoke = NULL;

	if (gk_json_parse(text, strlen(text), &json, err) < 0 ||
	    gk_json_strings(json, "channels", &intent->channels, err) < 0 ||
	    gk_json_object(json, "tags", &tags, err) < 0 ||
	    gk_json_object(json, "moves", &moves, err) < 0 ||
	    gk_json_object(json, "policy", &policy, err) < 0 ||
	    read_tags(tags, &intent->tags, err) < 0 ||
	    read_tags(moves, &intent->moves, err) < 0 ||
	    (policy && read_policy(policy, &intent->policy, err) < 0) ||
	    gk_json_bool(json, "no_run", false, &intent->no_run, err) < 0 ||
	    gk_json_bool(json, "publish", false, &intent->publish, err) < 0 ||
	    gk_json_string(json, "tfvars", &tfvars, err) < 0 ||
	    gk_json_string(json, "revoke", &revoke, err) < 0 ||
	    gk_str_set(&intent->tfvars, tfvars, err) < 0 ||
	    gk_str_set(&intent->revoke, revoke, err) < 0)
		return gk_error_wrap(err, "unfinished work as the inventory has it");
	return 0;
}

int intent_from_json(const char *text, struct intent *ret, struct gk_error *err)
{
	_cleanup_(intent_done) struct intent intent = {0};

	policy_init(&intent.policy);
	if (text && read_intent(text, &intent, err) < 0)
		return -1;
	*ret = intent;
	intent = (struct intent){0};
	return 0;
}

int intent_keep(const struct intent *intent, struct release *release, struct gk_error *err)
{
	_cleanup_free_ char *text = NULL;

	if (!intent->no_run || intent->moves.count > 0 || intent->revoke) {
		text = intent_to_json(intent, err);
		if (!text)
			return -1;
	}
	if (gk_str_equal(text, release->intent))
		return 0;
	return gk_str_set(&release->intent, text, err) < 0 ? -1 : 1;
}

static struct event event_now(struct lifecycle *lifecycle, const char *action, const char *detail)
{
	return (struct event){
		.at = lifecycle->clock->now(lifecycle->clock),
		.actor = lifecycle->actor,
		.action = action,
		.detail = detail,
	};
}

int journal_save(struct lifecycle *lifecycle, struct release *release, const char *action,
		 const char *detail, struct gk_error *err)
{
	struct event event = event_now(lifecycle, action, detail);

	return lifecycle->inventory->ops->save(lifecycle->inventory, release, &event, err);
}

int journal_insert(struct lifecycle *lifecycle, struct release *release, const char *action,
		   const char *detail, struct gk_error *err)
{
	struct event event = event_now(lifecycle, action, detail);

	return lifecycle->inventory->ops->insert(lifecycle->inventory, release, &event, err);
}

int journal_get(struct lifecycle *lifecycle, const char *family, const struct semver *version,
		struct release *ret, struct gk_error *err)
{
	char text[SEMVER_TEXT_SIZE];
	bool found = false;

	if (lifecycle->inventory->ops->get(lifecycle->inventory, family, version, &found, ret,
					   err) < 0)
		return -1;
	if (!found)
		return gk_error_set(err, GK_NOT_FOUND, "the inventory has no release %s %s", family,
				    semver_format(version, text));
	return 0;
}

int journal_reload(struct lifecycle *lifecycle, struct release *release, struct gk_error *err)
{
	struct release fresh = {0};
	char label[RELEASE_LABEL_SIZE];
	bool found = false;

	if (lifecycle->inventory->ops->get(lifecycle->inventory, release->family,
					   &release->version, &found, &fresh, err) < 0)
		return -1;
	if (!found)
		return gk_error_set(err, GK_FAILED, "%s is no longer in the inventory",
				    release_label(release, label));
	release_done(release);
	*release = fresh;
	return 0;
}

int journal_retry(struct lifecycle *lifecycle, struct release *release,
		  const struct gk_error *problem, struct gk_error *err)
{
	if (problem->code == GK_CONFLICT)
		return journal_reload(lifecycle, release, err);
	*err = *problem;
	return -1;
}

int journal_gave_up(const struct release *release, struct gk_error *err)
{
	char label[RELEASE_LABEL_SIZE];

	return gk_error_set(err, GK_CONFLICT, "%s was changed by others again and again",
			    release_label(release, label));
}

int journal_remember(struct lifecycle *lifecycle, struct release *release,
		     const struct intent *intent, struct gk_error *err)
{
	_cleanup_free_ char *text = intent_to_json(intent, err);

	if (!text)
		return -1;
	for (int round = 0; round < SAVE_ROUNDS; round++) {
		struct gk_error problem = {0};

		if (release->intent || release->state != RELEASE_LIVE)
			return 0;
		if (gk_str_set(&release->intent, text, err) < 0)
			return -1;
		if (journal_save(lifecycle, release, "unfinished", NULL, &problem) == 0)
			return 0;
		if (journal_retry(lifecycle, release, &problem, err) < 0)
			return -1;
	}
	return journal_gave_up(release, err);
}

int journal_set_channel(struct lifecycle *lifecycle, const char *family,
			const struct channel *now, const struct channel *to, const char *how,
			struct gk_error *err)
{
	char before[SEMVER_TEXT_SIZE];
	char after[SEMVER_TEXT_SIZE];
	_cleanup_free_ char *detail =
		gk_str_format(err, "%s%s%s -> %s%s%s%s", to->name, now ? " " : "",
			      now ? semver_format(&now->version, before) : "",
			      semver_format(&to->version, after), how ? " (" : "",
			      how ? how : "", how ? ")" : "");
	struct event event = event_now(lifecycle, "channel", detail);

	if (!detail)
		return -1;
	return lifecycle->inventory->ops->set_channel(lifecycle->inventory, family,
						      now ? &now->version : NULL, to,
						      &event, err);
}

int journal_allocate(struct lifecycle *lifecycle, const struct version_request *request,
		     struct release *release, bool *ret_existing, struct gk_error *err)
{
	struct event event = event_now(lifecycle, "allocated", NULL);

	return inventory_allocate(lifecycle->inventory, request, &event, release, ret_existing,
				  err);
}
