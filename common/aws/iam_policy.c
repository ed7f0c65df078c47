#include "aws/iam_policy.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

/* One statement for everything that is done to the same things under the same condition. */
static const struct statement {
	const char *sid;
	enum aws_resource resource;
	enum aws_condition condition;
} statements[] = {
	{"Read", AWS_RESOURCE_ANY, AWS_CONDITION_NONE},
	{"ReadImages", AWS_RESOURCE_IMAGE, AWS_CONDITION_NONE},
	{"Tag", AWS_RESOURCE_TAGGED, AWS_CONDITION_TAGGING},
	{"Publish", AWS_RESOURCE_PUBLISHED, AWS_CONDITION_NONE},
	{"Inventory", AWS_RESOURCE_TABLE, AWS_CONDITION_NONE},
	{"RetireImages", AWS_RESOURCE_IMAGE, AWS_CONDITION_MANAGED},
	{"RetireSnapshots", AWS_RESOURCE_SNAPSHOT, AWS_CONDITION_MANAGED},
	{"ReadParameters", AWS_RESOURCE_PARAMETER, AWS_CONDITION_NONE},
	{"ReadParametersViaEC2", AWS_RESOURCE_ANY, AWS_CONDITION_VIA_EC2},
};

static const struct statement adopt = {"Adopt", AWS_RESOURCE_TAGGED, AWS_CONDITION_NONE};

static bool is_wanted(const struct iam_policy *policy, const struct aws_permission *permission)
{
	return (permission->features & policy->features) != 0;
}

bool iam_policy_needs_account(const struct iam_policy *policy)
{
	for (const struct aws_permission *p = aws_permissions; p->action; p++)
		if (is_wanted(policy, p) && (p->resource == AWS_RESOURCE_PUBLISHED ||
					     p->resource == AWS_RESOURCE_PARAMETER ||
					     p->resource == AWS_RESOURCE_TABLE))
			return true;
	return false;
}

bool iam_policy_is_unsafe(const struct iam_policy *policy)
{
	return policy->adopt && policy->features & AWS_FEATURE_RETAIN;
}

/* ---- names ---- */

static const struct {
	const char *placeholder, *pattern;
} placeholders[] = {
	{"{family}", NULL},
	{"{version}", "*.*.*"},
	{"{channel}", "*"},
	{"{architecture}", "*"},
};

char *iam_parameter_pattern(const char *template, const char *family, struct gk_error *err)
{
	_cleanup_(gk_buf_done) struct gk_buf pattern = {0};

	while (*template) {
		size_t i = 0;
		size_t length = 0;

		for (; i < ARRAY_SIZE(placeholders); i++) {
			length = strlen(placeholders[i].placeholder);
			if (strncmp(template, placeholders[i].placeholder, length) == 0)
				break;
		}
		if (i == ARRAY_SIZE(placeholders))
			gk_buf_addc(&pattern, *template);
		else if (placeholders[i].pattern)
			gk_buf_adds(&pattern, placeholders[i].pattern);
		else
			gk_buf_adds(&pattern, family ? family : "*");
		template += i == ARRAY_SIZE(placeholders) ? 1 : length;
	}
	gk_buf_adds(&pattern, "");
	return gk_buf_detach(&pattern, err);
}

/* A tag key may hold what stands for anything in a policy. */
static int add_tag_key(struct gk_strv *keys, const char *key, struct gk_error *err)
{
	_cleanup_(gk_buf_done) struct gk_buf text = {0};

	for (; *key; key++)
		if (strchr("*?$", *key))
			gk_buf_addf(&text, "${%c}", *key);
		else
			gk_buf_addc(&text, *key);
	if (gk_buf_check(&text, err) < 0)
		return -1;
	return gk_strv_add_unique(keys, gk_buf_text(&text), err);
}

/* ---- statements ---- */

static int add_image_arns(const struct iam_policy *policy, enum aws_resource resource,
			  struct gk_strv *arns, struct gk_error *err)
{
	if (resource != AWS_RESOURCE_SNAPSHOT &&
	    gk_strv_addf(arns, err, "arn:%s:ec2:*::image/*", policy->partition) < 0)
		return -1;
	if (resource == AWS_RESOURCE_IMAGE)
		return 0;
	return gk_strv_addf(arns, err, "arn:%s:ec2:*::snapshot/*", policy->partition);
}

/* The parameter /golden/web is …:parameter/golden/web. */
static int add_parameter_arns(const struct iam_policy *policy, struct gk_strv *arns,
			      struct gk_error *err)
{
	for (size_t i = 0; i < policy->parameters.count; i++) {
		const char *name = policy->parameters.items[i];

		if (gk_strv_addf(arns, err, "arn:%s:ssm:*:%s:parameter/%s", policy->partition,
				 policy->account, name + (*name == '/')) < 0)
			return -1;
	}
	return 0;
}

static int add_table_arns(const struct iam_policy *policy, struct gk_strv *arns,
			  struct gk_error *err)
{
	for (size_t i = 0; i < policy->table_count; i++)
		if (gk_strv_addf(arns, err, "arn:%s:dynamodb:%s:%s:table/%s", policy->partition,
				 policy->tables[i].region, policy->account,
				 policy->tables[i].name) < 0)
			return -1;
	return 0;
}

static int add_arns(const struct iam_policy *policy, enum aws_resource resource,
		    struct gk_strv *arns, struct gk_error *err)
{
	switch (resource) {
	case AWS_RESOURCE_IMAGE:
	case AWS_RESOURCE_SNAPSHOT:
	case AWS_RESOURCE_TAGGED:
		return add_image_arns(policy, resource, arns, err);
	case AWS_RESOURCE_PUBLISHED:
		return add_parameter_arns(policy, arns, err);
	case AWS_RESOURCE_PARAMETER:
		if (gk_strv_addf(arns, err, "arn:%s:ssm:*:%s:parameter/*", policy->partition,
				 policy->account) < 0)
			return -1;
		return gk_strv_addf(arns, err, "arn:%s:ssm:*::parameter/aws/service/*",
				    policy->partition);
	case AWS_RESOURCE_TABLE:
		return add_table_arns(policy, arns, err);
	case AWS_RESOURCE_ANY:
		break;
	}
	return gk_strv_add(arns, "*", err);
}

/* One value stands alone. */
static void add_values(struct gk_json_builder *json, cJSON *to, const char *key,
		       const struct gk_strv *values)
{
	if (values->count == 1)
		gk_json_add_string(json, to, key, values->items[0]);
	else
		gk_json_add_strings(json, to, key, values);
}

static cJSON *need_object(struct gk_json_builder *json, cJSON *parent, const char *key)
{
	cJSON *object = cJSON_GetObjectItemCaseSensitive(parent, key);

	return object ? object : gk_json_add_object(json, parent, key);
}

/* "Condition": {OPERATOR: {KEY: VALUES}}, beside those that are there. */
static void add_condition(struct gk_json_builder *json, cJSON *statement, const char *operator,
			  const char *key, const struct gk_strv *values)
{
	cJSON *condition = need_object(json, statement, "Condition");

	add_values(json, need_object(json, condition, operator), key, values);
}

static int add_one_condition(struct gk_json_builder *json, cJSON *statement, const char *operator,
			     const char *key, const char *value, struct gk_error *err)
{
	_cleanup_(gk_strv_done) struct gk_strv values = {0};

	if (gk_strv_add(&values, value, err) < 0)
		return -1;
	add_condition(json, statement, operator, key, &values);
	return 0;
}

static int add_tag_keys(const struct iam_policy *policy, struct gk_json_builder *json,
			cJSON *statement, struct gk_error *err)
{
	_cleanup_(gk_strv_done) struct gk_strv keys = {0};

	if (gk_strv_add(&keys, "ManagedBy", err) < 0 || gk_strv_add(&keys, "goldkeep:*", err) < 0)
		return -1;
	for (size_t i = 0; i < policy->tag_keys.count; i++)
		if (add_tag_key(&keys, policy->tag_keys.items[i], err) < 0)
			return -1;
	add_condition(json, statement, "ForAllValues:StringLike", "aws:TagKeys", &keys);
	return 0;
}

/* Beside the families' own rows every write touches those that list families (D) and unfinished
 * releases (U). */
static int add_leading_keys(const struct iam_policy *policy, struct gk_json_builder *json,
			    cJSON *statement, struct gk_error *err)
{
	_cleanup_(gk_strv_done) struct gk_strv keys = {0};

	for (size_t i = 0; i < policy->families.count; i++)
		if (gk_strv_addf(&keys, err, "F#%s", policy->families.items[i]) < 0)
			return -1;
	if (gk_strv_add(&keys, "D", err) < 0 || gk_strv_add(&keys, "U", err) < 0)
		return -1;
	add_condition(json, statement, "ForAllValues:StringEquals", "dynamodb:LeadingKeys", &keys);
	return 0;
}

static int add_conditions(const struct iam_policy *policy, const struct statement *what,
			  struct gk_json_builder *json, cJSON *statement, struct gk_error *err)
{
	bool is_managed = what->condition == AWS_CONDITION_MANAGED ||
			  what->condition == AWS_CONDITION_TAGGING;

	if (is_managed && add_one_condition(json, statement, "StringEquals",
					    "aws:ResourceTag/ManagedBy", "goldkeep", err) < 0)
		return -1;
	if (what == &adopt &&
	    (add_one_condition(json, statement, "Null", "aws:ResourceTag/ManagedBy", "true", err) <
		     0 ||
	     add_one_condition(json, statement, "StringEquals", "aws:RequestTag/ManagedBy",
			       "goldkeep", err) < 0))
		return -1;
	if (what->resource == AWS_RESOURCE_TAGGED && add_tag_keys(policy, json, statement, err) < 0)
		return -1;
	if (what->condition == AWS_CONDITION_VIA_EC2 &&
	    add_one_condition(json, statement, "ForAnyValue:StringEquals", "aws:CalledVia",
			      "ec2-images.amazonaws.com", err) < 0)
		return -1;
	if (what->resource != AWS_RESOURCE_TABLE) {
		if (policy->regions.count)
			add_condition(json, statement, "StringEquals", "aws:RequestedRegion",
				      &policy->regions);
		return 0;
	}
	if (!policy->families.count || !(policy->features & AWS_FEATURE_INVENTORY))
		return 0;
	return add_leading_keys(policy, json, statement, err);
}

static int collect_actions(const struct iam_policy *policy, const struct statement *what,
			   struct gk_strv *actions, struct gk_error *err)
{
	if (what == &adopt)
		return gk_strv_add(actions, "ec2:CreateTags", err);
	for (const struct aws_permission *p = aws_permissions; p->action; p++)
		if (is_wanted(policy, p) && p->resource == what->resource &&
		    p->condition == what->condition && gk_strv_add(actions, p->action, err) < 0)
			return -1;
	return 0;
}

static int add_statement(const struct iam_policy *policy, const struct statement *what,
			 struct gk_json_builder *json, cJSON *list, struct gk_error *err)
{
	_cleanup_(gk_strv_done) struct gk_strv actions = {0};
	_cleanup_(gk_strv_done) struct gk_strv arns = {0};
	cJSON *statement = NULL;

	if (collect_actions(policy, what, &actions, err) < 0)
		return -1;
	if (!actions.count)
		return 0;
	if (add_arns(policy, what->resource, &arns, err) < 0)
		return -1;
	statement = gk_json_add_object(json, list, NULL);
	gk_json_add_string(json, statement, "Sid", what->sid);
	gk_json_add_string(json, statement, "Effect", "Allow");
	add_values(json, statement, "Action", &actions);
	add_values(json, statement, "Resource", &arns);
	return add_conditions(policy, what, json, statement, err);
}

int iam_policy_write(const struct iam_policy *policy, struct gk_json_builder *json,
		     struct gk_error *err)
{
	cJSON *list = NULL;

	gk_json_add_string(json, json->root, "Version", "2012-10-17");
	list = gk_json_add_array(json, json->root, "Statement");
	for (size_t i = 0; i < ARRAY_SIZE(statements); i++)
		if (add_statement(policy, &statements[i], json, list, err) < 0)
			return -1;
	return policy->adopt ? add_statement(policy, &adopt, json, list, err) : 0;
}
