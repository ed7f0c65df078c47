#include "aws/ssm.h"

#include <string.h>

#include "base/json.h"
#include "base/mem.h"

/* Begins a call; its body is what the builder holds in the end. */
static void begin(struct aws_call *call, const char *region, const char *action,
		  struct gk_json_builder *body)
{
	call->service = AWS_SSM;
	call->region = region;
	call->action = action;
	gk_json_builder_init(body, NULL);
}

static void finish(struct aws_call *call, struct gk_json_builder *body)
{
	_cleanup_free_ char *text = gk_json_builder_print(body, false, NULL);

	gk_json_builder_done(body);
	if (text)
		gk_buf_adds(&call->params, text);
	else
		call->params.state = GK_BUF_NO_MEMORY;
}

void ssm_get_parameters(struct aws_call *call, const char *region, char *const *names, size_t count)
{
	struct gk_json_builder body = {0};
	cJSON *list = NULL;

	begin(call, region, "GetParameters", &body);
	list = gk_json_add_array(&body, body.root, "Names");
	for (size_t i = 0; i < count; i++)
		gk_json_add_string(&body, list, NULL, names[i]);
	finish(call, &body);
}

void ssm_put_image(struct aws_call *call, const char *region, const char *name, const char *id,
		   bool overwrite)
{
	struct gk_json_builder body = {0};

	begin(call, region, "PutParameter", &body);
	gk_json_add_string(&body, body.root, "Name", name);
	gk_json_add_string(&body, body.root, "Value", id);
	gk_json_add_string(&body, body.root, "Type", SSM_TEXT_TYPE);
	gk_json_add_string(&body, body.root, "DataType", SSM_IMAGE);
	gk_json_add_string(&body, body.root, "Tier", "Standard");
	gk_json_add_bool(&body, body.root, "Overwrite", overwrite);
	finish(call, &body);
}

int ssm_read_put(const cJSON *answer, struct gk_error *err)
{
	int64_t version = 0;

	if (!cJSON_IsObject(answer))
		return gk_error_set(err, GK_FAILED, "the answer is no object");
	if (gk_json_integer(answer, "Version", 0, &version, err) < 0)
		return -1;
	if (version < 1)
		return gk_error_set(err, GK_FAILED, "the answer names no version");
	return 0;
}

void ssm_describe_image_parameters(struct aws_listing *listing, const char *region, bool filtered)
{
	listing->call.service = AWS_SSM;
	listing->call.region = region;
	listing->call.action = "DescribeParameters";
	listing->token_param = "NextToken";
	listing->token_path = "NextToken";
	gk_buf_adds(&listing->call.params,
		    filtered ? "{\"ParameterFilters\":[{\"Key\":\"DataType\",\"Values\":[\"" SSM_IMAGE
			       "\"]}],\"MaxResults\":50}"
			     : "{\"MaxResults\":50}");
}

static int read_image_parameter(const cJSON *element, struct gk_strv *names, struct gk_error *err)
{
	const char *name = NULL;
	const char *type = NULL;

	if (!cJSON_IsObject(element))
		return gk_error_set(err, GK_FAILED, "a parameter is no object");
	if (gk_json_string(element, "Name", &name, err) < 0 ||
	    gk_json_string(element, "DataType", &type, err) < 0)
		return -1;
	if (!name || !name[0])
		return gk_error_set(err, GK_FAILED, "a parameter without a name");
	if (type && strcmp(type, SSM_IMAGE) != 0)
		return 0;
	return gk_strv_add(names, name, err);
}

int ssm_read_image_parameters(const cJSON *answer, struct gk_strv *names, struct gk_error *err)
{
	const cJSON *parameters = NULL;
	const cJSON *element = NULL;

	if (!cJSON_IsObject(answer))
		return gk_error_set(err, GK_FAILED, "the answer is no object");
	if (gk_json_array(answer, "Parameters", &parameters, err) < 0)
		return -1;
	if (!parameters)
		return gk_error_set(err, GK_FAILED, "the answer has no Parameters");
	cJSON_ArrayForEach(element, parameters)
		if (read_image_parameter(element, names, err) < 0)
			return -1;
	return 0;
}

void ssm_parameter_list_done(struct ssm_parameter_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].asked);
		free(list->items[i].value);
		free(list->items[i].type);
		free(list->items[i].data_type);
	}
	free(list->items);
	*list = (struct ssm_parameter_list){0};
}

/* Length of a name without its selector. An ARN has five colons of its own, a name has none. */
static size_t base_length(const char *name)
{
	const char *at = name;

	for (int colons = strncmp(name, "arn:", 4) == 0 ? 5 : 0; colons > 0; colons--) {
		at = strchr(at, ':');
		if (!at)
			return strlen(name);
		at++;
	}
	return (size_t)(at - name) + strcspn(at, ":");
}

bool ssm_is_same_parameter(const char *a, const char *b)
{
	size_t length = base_length(a);

	return length == base_length(b) && strncmp(a, b, length) == 0;
}

static bool says(const char *text, const char *base, size_t length)
{
	return text && strncmp(text, base, length) == 0 && !text[length];
}

/* ":3" is told as ":3" or "3"; where it is not told, the name has to do. */
static bool selector_matches(const char *selector, const char *asked)
{
	if (!selector || !selector[0])
		return true;
	return strcmp(selector, asked) == 0 || (asked[0] && strcmp(selector, asked + 1) == 0);
}

/* Is this element of the answer what was asked for? */
static int element_matches(const cJSON *element, const char *asked, bool *ret,
			   struct gk_error *err)
{
	size_t length = base_length(asked);
	const char *name = NULL;
	const char *arn = NULL;
	const char *selector = NULL;

	if (gk_json_string(element, "Name", &name, err) < 0 ||
	    gk_json_string(element, "ARN", &arn, err) < 0 ||
	    gk_json_string(element, "Selector", &selector, err) < 0)
		return -1;
	*ret = says(name, asked, strlen(asked)) || says(name, asked, length) ||
	       says(arn, asked, strlen(asked)) || says(arn, asked, length);
	*ret = *ret && selector_matches(selector, asked + length);
	return 0;
}

static int add_value(const cJSON *element, const char *asked, struct ssm_parameter_list *list,
		     struct gk_error *err)
{
	struct ssm_parameter *parameter = NULL;
	const char *value = NULL;
	const char *type = NULL;
	const char *data_type = NULL;

	if (gk_json_string(element, "Value", &value, err) < 0 ||
	    gk_json_string(element, "Type", &type, err) < 0 ||
	    gk_json_string(element, "DataType", &data_type, err) < 0)
		return -1;
	if (!value)
		return gk_error_set(err, GK_FAILED, "parameter %s without a value", asked);
	parameter = gk_array_add(&list->items, &list->count, sizeof(*parameter), err);
	if (!parameter || gk_str_set(&parameter->asked, asked, err) < 0 ||
	    gk_str_set(&parameter->value, value, err) < 0 ||
	    gk_str_set(&parameter->type, type, err) < 0)
		return -1;
	return gk_str_set(&parameter->data_type, data_type, err);
}

static int read_one(const cJSON *parameters, const char *asked, struct ssm_parameter_list *list,
		    struct gk_error *err)
{
	const cJSON *element = NULL;
	size_t found = 0;

	cJSON_ArrayForEach(element, parameters)
	{
		bool matches = false;

		if (element_matches(element, asked, &matches, err) < 0)
			return -1;
		if (!matches)
			continue;
		if (add_value(element, asked, list, err) < 0)
			return -1;
		found++;
	}
	if (!found)
		return gk_error_set(err, GK_FAILED, "parameter %s is not in the answer", asked);
	return 0;
}

/* What the answer says, without those whose names it calls invalid: these are appended. */
static int read_answer(const cJSON *answer, char *const *names, size_t count,
		       struct ssm_parameter_list *list, struct gk_strv *invalid,
		       struct gk_error *err)
{
	const cJSON *parameters = NULL;
	int found = 0;

	if (!cJSON_IsObject(answer))
		return gk_error_set(err, GK_FAILED, "the answer is no object");
	if (gk_json_strings(answer, "InvalidParameters", invalid, err) < 0 ||
	    gk_json_array(answer, "Parameters", &parameters, err) < 0)
		return -1;
	found = cJSON_GetArraySize(parameters);
	/* Without this, the value of NAME could stand in for a NAME:LABEL that was left out. */
	if ((size_t)found + invalid->count != count)
		return gk_error_set(err, GK_FAILED, "asked for %zu parameters, got %d",
				    count, found);
	for (size_t i = 0; i < count; i++)
		if (!gk_strv_has(invalid, names[i]) && read_one(parameters, names[i], list, err) < 0)
			return -1;
	return 0;
}

int ssm_read_parameters(const cJSON *answer, char *const *names, size_t count,
			struct ssm_parameter_list *list, struct gk_error *err)
{
	_cleanup_(gk_strv_done) struct gk_strv invalid = {0};

	if (read_answer(answer, names, count, list, &invalid, err) < 0)
		return -1;
	if (invalid.count)
		return gk_error_set(err, GK_FAILED, "parameter %s is not known", invalid.items[0]);
	return 0;
}

int ssm_read_existing(const cJSON *answer, char *const *names, size_t count,
		      struct ssm_parameter_list *list, struct gk_error *err)
{
	_cleanup_(gk_strv_done) struct gk_strv invalid = {0};

	return read_answer(answer, names, count, list, &invalid, err);
}
