#include "aws/probe.h"

#include <string.h>

#include "aws/ec2.h"
#include "aws/ssm.h"
#include "base/mem.h"

/* What answers to a request that is allowed. */
enum manner {
	MANNER_READ,   /* success, or one of the method's codes */
	MANNER_DOOMED, /* one of the method's codes only: it cannot succeed */
	MANNER_NEVER,  /* is not sent */
};

enum need { NEEDS_NOTHING, NEEDS_IMAGE, NEEDS_SNAPSHOT, NEEDS_EITHER, NEEDS_NAME };

/* How an action is tried. */
struct method {
	const char *action;
	const char *operation; /* what is sent; NULL: the action itself */
	enum manner manner;
	enum need need;
	/* One of both: its parameters, a @ being the name as JSON text; or who adds them. */
	const char *text;
	void (*build)(const struct aws_probe *probe, time_t now, struct aws_call *call);
	/* The code of an answer that tells of the permission; behind a space what its message has to
	 * say, where the code alone does not tell. */
	const char *passes[3];
};

/* In the format of an id, and nobody's. */
#define NO_IMAGE "ami-00000000000000000"
#define DRY_RUN "DryRunOperation"
#define NO_TABLE "ResourceNotFoundException"

/* No item has this key, and no condition on the keys' first letters keeps anybody from it. */
#define NO_KEY "\"pk\":{\"S\":\"D\"},\"sk\":{\"S\":\"doctor\"}"
#define NEVER_TRUE "\"ConditionExpression\":\"attribute_exists(pk) AND attribute_not_exists(pk)\""

static const char *image_of(const struct aws_probe *probe)
{
	return probe->image ? probe->image : NO_IMAGE;
}

static void build_attribute(const struct aws_probe *probe, time_t now, struct aws_call *call)
{
	struct aws_listing listing = {0};

	(void)now;
	ec2_describe_launch_permission(&listing, probe->region, image_of(probe));
	*call = listing.call;
}

/* With DryRun it is about this action alone, and not about those that EC2 makes of it. */
static void build_references(const struct aws_probe *probe, time_t now, struct aws_call *call)
{
	char *image = (char *)image_of(probe);
	struct aws_listing listing = {0};

	(void)now;
	ec2_describe_image_references(&listing, probe->region, &image, 1);
	*call = listing.call;
	aws_param(call, "true", "DryRun");
}

static void build_via(const struct aws_probe *probe, time_t now, struct aws_call *call)
{
	(void)now;
	aws_param(call, probe->image, "ImageId.1");
	aws_param(call, "ssm:Parameter", "ResourceType.1.ResourceType");
	aws_param(call, "5", "MaxResults");
}

static void build_tags(const struct aws_probe *probe, time_t now, struct aws_call *call)
{
	static const char *const own[] = {"ManagedBy", "goldkeep:family", "goldkeep:version",
					  "goldkeep:run"};
	const char *const ids[] = {probe->image, probe->snapshot};
	size_t count = 0;

	(void)now;
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		if (ids[i])
			aws_param(call, ids[i], "ResourceId.%zu", ++count);
	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		aws_param(call, own[i], "Tag.%zu.Key", i + 1);
		aws_param(call, i == 0 ? "goldkeep" : "doctor", "Tag.%zu.Value", i + 1);
	}
	for (size_t i = 0; probe->tag_keys && i < probe->tag_keys->count; i++) {
		aws_param(call, probe->tag_keys->items[i], "Tag.%zu.Key", ARRAY_SIZE(own) + i + 1);
		aws_param(call, "", "Tag.%zu.Value", ARRAY_SIZE(own) + i + 1);
	}
	aws_param(call, "true", "DryRun");
}

static void build_deprecation(const struct aws_probe *probe, time_t now, struct aws_call *call)
{
	enum { DAY_SECONDS = 24 * 60 * 60 };

	ec2_enable_image_deprecation(call, probe->region, probe->image, now + DAY_SECONDS);
	aws_param(call, "true", "DryRun");
}

static void build_deregistration(const struct aws_probe *probe, time_t now, struct aws_call *call)
{
	(void)now;
	ec2_deregister_image(call, probe->region, probe->image);
	aws_param(call, "true", "DryRun");
}

static void build_deletion(const struct aws_probe *probe, time_t now, struct aws_call *call)
{
	(void)now;
	ec2_delete_snapshot(call, probe->region, probe->snapshot);
	aws_param(call, "true", "DryRun");
}

/* There is no such data type; an endpoint that takes it for one has the pattern, and the other way
 * round. */
#define NO_TYPE "goldkeep:doctor"
#define NO_TYPE_ANSWER "ValidationException data type is not supported"

/* The value of PutParameter does not match the pattern that stands beside it; it has the format of an
 * AMI, so that nothing else is wrong with it first. A table that does not
 * exist is told to those only who may ask for it. */
static const struct method methods[] = {
	{"ec2:DescribeImages", NULL, MANNER_READ, NEEDS_NOTHING, "&Owner.1=self&MaxResults=5", NULL,
	 {NULL}},
	{"ec2:DescribeSnapshots", NULL, MANNER_READ, NEEDS_NOTHING, "&Owner.1=self&MaxResults=5", NULL,
	 {NULL}},
	{"ec2:DescribeInstances", NULL, MANNER_READ, NEEDS_NOTHING, "&MaxResults=5", NULL, {NULL}},
	{"ec2:DescribeLaunchTemplates", NULL, MANNER_READ, NEEDS_NOTHING, "&MaxResults=1", NULL, {NULL}},
	{"ec2:DescribeLaunchTemplateVersions", NULL, MANNER_READ, NEEDS_NOTHING,
	 "&LaunchTemplateVersion.1=%24Latest&MaxResults=1", NULL, {NULL}},
	{"ec2:DescribeImageAttribute", NULL, MANNER_READ, NEEDS_NOTHING, NULL, build_attribute,
	 {"InvalidAMIID.NotFound", "InvalidAMIID.Unavailable"}},
	{"ec2:DescribeImageReferences", NULL, MANNER_READ, NEEDS_NOTHING, NULL, build_references,
	 {DRY_RUN, "InvalidAMIID.NotFound"}},
	{"ec2:CreateTags", NULL, MANNER_DOOMED, NEEDS_EITHER, NULL, build_tags, {DRY_RUN}},
	{"ec2:EnableImageDeprecation", NULL, MANNER_DOOMED, NEEDS_IMAGE, NULL, build_deprecation,
	 {DRY_RUN}},
	{"ec2:DeregisterImage", NULL, MANNER_DOOMED, NEEDS_IMAGE, NULL, build_deregistration, {DRY_RUN}},
	{"ec2:DeleteSnapshot", NULL, MANNER_DOOMED, NEEDS_SNAPSHOT, NULL, build_deletion, {DRY_RUN}},
	{"autoscaling:DescribeLaunchConfigurations", NULL, MANNER_READ, NEEDS_NOTHING, "&MaxRecords=1",
	 NULL, {NULL}},
	{"ssm:DescribeParameters", NULL, MANNER_READ, NEEDS_NOTHING, "{\"MaxResults\":1}", NULL, {NULL}},
	{"ssm:GetParameters", NULL, MANNER_READ, NEEDS_NAME, "{\"Names\":[@]}", NULL, {NULL}},
	{"ssm:PutParameter", NULL, MANNER_DOOMED, NEEDS_NAME,
	 "{\"Name\":@,\"Value\":\"" NO_IMAGE "\",\"AllowedPattern\":\"^none$\",\"Type\":\"" SSM_TEXT_TYPE
	 "\",\"DataType\":\"" NO_TYPE "\",\"Tier\":\"Standard\",\"Overwrite\":false}", NULL,
	 {"ParameterPatternMismatchException", "ParameterAlreadyExists", NO_TYPE_ANSWER}},
	{"dynamodb:GetItem", NULL, MANNER_READ, NEEDS_NAME, "{\"TableName\":@,\"Key\":{" NO_KEY "}}", NULL,
	 {NO_TABLE}},
	{"dynamodb:Query", NULL, MANNER_READ, NEEDS_NAME,
	 "{\"TableName\":@,\"KeyConditionExpression\":\"pk = :pk\",\"ExpressionAttributeValues\":"
	 "{\":pk\":{\"S\":\"D\"}},\"Limit\":1}", NULL, {NO_TABLE}},
	{"dynamodb:PutItem", NULL, MANNER_DOOMED, NEEDS_NAME,
	 "{\"TableName\":@,\"Item\":{" NO_KEY "}," NEVER_TRUE "}", NULL,
	 {"ConditionalCheckFailedException", NO_TABLE}},
	{"dynamodb:UpdateItem", NULL, MANNER_DOOMED, NEEDS_NAME,
	 "{\"TableName\":@,\"Key\":{" NO_KEY "}," NEVER_TRUE "}", NULL,
	 {"ConditionalCheckFailedException", NO_TABLE}},
	{"dynamodb:DeleteItem", NULL, MANNER_DOOMED, NEEDS_NAME,
	 "{\"TableName\":@,\"Key\":{" NO_KEY "}," NEVER_TRUE "}", NULL,
	 {"ConditionalCheckFailedException", NO_TABLE}},
	{"dynamodb:ConditionCheckItem", "TransactWriteItems", MANNER_DOOMED, NEEDS_NAME,
	 "{\"TransactItems\":[{\"ConditionCheck\":{\"TableName\":@,\"Key\":{" NO_KEY
	 "}," NEVER_TRUE "}}]}", NULL, {"TransactionCanceledException", NO_TABLE}},
	{"dynamodb:DescribeTable", NULL, MANNER_READ, NEEDS_NAME, "{\"TableName\":@}", NULL, {NO_TABLE}},
	{"dynamodb:DescribeTimeToLive", NULL, MANNER_READ, NEEDS_NAME, "{\"TableName\":@}", NULL,
	 {NO_TABLE}},
	{"dynamodb:DescribeContinuousBackups", NULL, MANNER_READ, NEEDS_NAME, "{\"TableName\":@}", NULL,
	 {NO_TABLE, "TableNotFoundException"}},
};

/* EC2 says in whose name it was refused. */
static const struct method via_ec2 = {
	"ssm:GetParameters", "DescribeImageReferences", MANNER_READ, NEEDS_IMAGE, NULL, build_via,
	{NULL}};

static const struct method never = {
	NULL, NULL, MANNER_NEVER, NEEDS_NOTHING, NULL, NULL, {NULL}};

static const struct method *find_method(const struct aws_permission *permission)
{
	if (permission->condition == AWS_CONDITION_VIA_EC2)
		return &via_ec2;
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
		if (strcmp(methods[i].action, permission->action) == 0)
			return &methods[i];
	return &never;
}

/* ---- asking ---- */

static const struct {
	const char *prefix;
	enum aws_service service;
} services[] = {
	{"ec2:", AWS_EC2},
	{"autoscaling:", AWS_AUTOSCALING},
	{"ssm:", AWS_SSM},
	{"dynamodb:", AWS_DYNAMODB},
};

static enum aws_service service_of(const struct method *method)
{
	if (method == &via_ec2)
		return AWS_EC2;
	for (size_t i = 0; i < ARRAY_SIZE(services); i++)
		if (strncmp(method->action, services[i].prefix, strlen(services[i].prefix)) == 0)
			return services[i].service;
	return AWS_EC2;
}

/* One try: its call, first, and what it is for. */
struct try {
	struct aws_call call;
	struct aws_probe *probe;
	const struct method *method;
};

struct try_list {
	struct try *items;
	size_t count;
};

static void try_list_done(struct try_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		aws_call_done(&list->items[i].call);
	free(list->items);
}

/* Any parameter will do where all may be read. */
static const char *name_of(const struct aws_probe *probe)
{
	if (!probe->name && probe->permission->resource == AWS_RESOURCE_PARAMETER)
		return "/goldkeep/doctor";
	return probe->name;
}

static void add_text(struct aws_call *call, const char *text, const char *name)
{
	cJSON *value = cJSON_CreateString(name ? name : "");
	_cleanup_free_ char *quoted = value ? cJSON_PrintUnformatted(value) : NULL;

	if (!quoted)
		call->params.state = GK_BUF_NO_MEMORY;
	for (; quoted && *text; text++)
		if (*text == '@')
			gk_buf_adds(&call->params, quoted);
		else
			gk_buf_addc(&call->params, *text);
	cJSON_Delete(value);
}

static void build(struct try *try, time_t now)
{
	const struct method *method = try->method;
	const struct aws_probe *probe = try->probe;
	struct aws_call *call = &try->call;

	if (method->text)
		add_text(call, method->text, name_of(probe));
	else
		method->build(probe, now, call);
	call->service = service_of(method);
	call->action = method->operation ? method->operation : strchr(method->action, ':') + 1;
	call->region = probe->region;
	if (call->service == AWS_DYNAMODB)
		call->endpoint = probe->endpoint;
}

/* Why it cannot be tried, or NULL. */
static const char *obstacle(const struct aws_probe *probe, const struct method *method)
{
	if (method->manner == MANNER_NEVER)
		return "it cannot be tried without doing it";
	if (method->need == NEEDS_IMAGE && !probe->image)
		return "there is no image of ours yet to try it on";
	if (method->need == NEEDS_SNAPSHOT && !probe->snapshot)
		return "there is no snapshot of ours yet to try it on";
	if (method->need == NEEDS_EITHER && !probe->image && !probe->snapshot)
		return "there is no image of ours yet to try it on";
	if (method->need == NEEDS_NAME && !name_of(probe))
		return probe->permission->resource == AWS_RESOURCE_TABLE
			       ? "no table is named to try it on"
			       : "no parameter is named to try it on";
	return NULL;
}

/* ---- the answer ---- */

static bool passes(const struct try *try)
{
	if (try->call.error.code == GK_OK)
		return try->method->manner == MANNER_READ;
	for (size_t i = 0; i < ARRAY_SIZE(try->method->passes); i++) {
		const char *wanted = try->method->passes[i];
		size_t code = wanted ? strcspn(wanted, " ") : 0;

		if (wanted && strncmp(try->call.code, wanted, code) == 0 &&
		    !try->call.code[code] &&
		    (!wanted[code] || strstr(try->call.error.message, wanted + code + 1)))
			return true;
	}
	return false;
}

/* Other refusals are about the credentials, not about what they may do. */
static bool is_denial(const struct try *try)
{
	return strcmp(try->call.code, "UnauthorizedOperation") == 0 ||
	       strncmp(try->call.code, "AccessDenied", strlen("AccessDenied")) == 0;
}

static void judge(struct try *try)
{
	struct aws_probe *probe = try->probe;

	probe->error = try->call.error;
	if (passes(try)) {
		probe->verdict = AWS_ALLOWED;
		probe->error = (struct gk_error){0};
	} else if (is_denial(try) && (try->method != &via_ec2 ||
				      strstr(try->call.error.message, try->method->action))) {
		probe->verdict = AWS_DENIED;
	} else if (probe->error.code == GK_OK) {
		gk_error_set(&probe->error, GK_FAILED,
			     "%s: the endpoint did what has to fail on AWS", try->call.action);
	}
}

int aws_probe_run(struct aws_client *client, struct aws_probe *probes, size_t count,
		  struct gk_error *err)
{
	_cleanup_(try_list_done) struct try_list list = {0};
	_cleanup_free_ struct aws_call **calls = calloc(count + 1, sizeof(*calls));

	if (!calls)
		return gk_error_memory(err);
	for (size_t i = 0; i < count; i++) {
		const struct method *method = find_method(probes[i].permission);
		const char *reason = obstacle(&probes[i], method);
		struct try *try = NULL;

		probes[i].verdict = AWS_UNTRIED;
		if (reason) {
			gk_error_set(&probes[i].error, GK_FAILED, "%s", reason);
			continue;
		}
		try = gk_array_add(&list.items, &list.count, sizeof(*try), err);
		if (!try)
			return -1;
		probes[i].asked = true;
		try->probe = &probes[i];
		try->method = method;
	}
	for (size_t i = 0; i < list.count; i++) {
		build(&list.items[i], aws_client_now(client));
		calls[i] = &list.items[i].call;
	}
	if (list.count && aws_run(client, calls, list.count, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++)
		judge(&list.items[i]);
	return 0;
}
