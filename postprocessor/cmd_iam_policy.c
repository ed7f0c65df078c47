/* goldkeep iam-policy: what the account has to allow, for what is configured. */
#include <ctype.h>
#include <string.h>

#include "aws/endpoint.h"
#include "aws/iam_policy.h"
#include "aws/identity.h"
#include "aws/settings.h"
#include "base/mem.h"
#include "commands.h"
#include "feature_options.h"
#include "output.h"

static const struct option_def policy_defs[] = {
	{"role", 0, "NAME",
	 "publisher (release, promote, revoke), reaper (retain) or setup (init); default: publisher, and "
	 "reaper too if retention is configured", 0},
	{"account", 0, "ID", "AWS account (default: that of the credentials)", 0},
	{"adopt", 0, NULL, "also let AMIs without ManagedBy be tagged; never for a reaper", 0},
	{"family", 0, "NAME",
	 "only its parameters and its rows of the table: no `list` of all families then; repeatable",
	 OPTION_LIST},
	{"tag", 0, "KEY=VALUE", "as of `release`: a tag that is added; repeatable", OPTION_LIST},
	{"publish-ssm", 0, "NAME", "as of `release`: a parameter that is written; repeatable",
	 OPTION_LIST},
	{"on-duplicate", 0, "WHAT", "as of `release`: discard needs what a reaper does", 0},
};

static const struct option_group group_iam_policy = {
	"IAM policy (a --region that is given here, repeatable, confines it to that region)",
	policy_defs, ARRAY_SIZE(policy_defs)};

#define PUBLISHER                                                                                  \
	(AWS_FEATURE_RELEASE | AWS_FEATURE_PUBLISH | AWS_FEATURE_REVOKE | AWS_FEATURE_INVENTORY)

static const struct {
	const char *name;
	unsigned features;
} roles[] = {
	{"publisher", PUBLISHER},
	{"reaper", AWS_FEATURE_RETAIN | AWS_FEATURE_INVENTORY},
	{"setup", AWS_FEATURE_INIT},
};

/* What is found out, and what owns the policy's texts. */
struct search {
	struct context *context;
	struct iam_policy policy;
	struct gk_strv names; /* of tables, and their regions */
	struct aws_caller caller;
	bool retains, discards;
	bool has_families;
	const char *profile;  /* of the family before; NULL: none */
};

static void search_done(struct search *search)
{
	struct iam_policy *policy = &search->policy;

	gk_strv_done(&policy->regions);
	gk_strv_done(&policy->parameters);
	gk_strv_done(&policy->tag_keys);
	gk_strv_done(&policy->families);
	free(policy->tables);
	gk_strv_done(&search->names);
	aws_caller_done(&search->caller);
}

/* ---- where ---- */

/* Elsewhere --region is where to go; as a flag of this command it is where to stay. */
static int read_regions(struct search *search, struct gk_error *err)
{
	const struct options *options = &search->context->options;
	const struct option_value *value = options_find(options, NULL, "region");
	_cleanup_(gk_strv_done) struct gk_strv regions = {0};

	if (!value || value->source != OPTION_FROM_FLAG)
		return 0;
	if (options_list(options, NULL, "region", &regions, err) < 0)
		return -1;
	for (size_t i = 0; i < regions.count; i++) {
		if (!aws_region_is_valid(regions.items[i]))
			return gk_error_set(err, GK_USAGE, "--region: this is no AWS region: %.80s",
					    regions.items[i]);
		if (gk_strv_add_unique(&search->policy.regions, regions.items[i], err) < 0)
			return -1;
	}
	return 0;
}

/* The region that a family's calls go to when nothing else is said; NULL if none is configured. */
static int default_region(struct search *search, const char *family, const char **ret,
			  struct gk_error *err)
{
	aws_client_freep(&search->context->aws); /* the one of another family */
	if (context_make_client(search->context, family, err) < 0)
		return -1;
	*ret = search->policy.regions.count > 1 ? NULL : aws_client_region(search->context->aws);
	return 0;
}

/* ---- which features ---- */

static int add_table(struct search *search, const char *name, const char *region,
		     struct gk_error *err)
{
	struct iam_policy *policy = &search->policy;
	struct iam_table *table = NULL;

	for (size_t i = 0; i < policy->table_count; i++)
		if (strcmp(policy->tables[i].name, name) == 0 &&
		    strcmp(policy->tables[i].region, region) == 0)
			return 0;
	if (gk_strv_add(&search->names, name, err) < 0 ||
	    gk_strv_add(&search->names, region, err) < 0)
		return -1;
	table = gk_array_add(&policy->tables, &policy->table_count, sizeof(*table), err);
	if (!table)
		return -1;
	table->name = search->names.items[search->names.count - 2];
	table->region = search->names.items[search->names.count - 1];
	return 0;
}

static int find_table(struct search *search, const char *family, const struct store_address *store,
		      struct gk_error *err)
{
	const char *region = store->region;

	if (!store->dynamodb)
		return 0;
	if (!region && default_region(search, family, &region, err) < 0)
		return -1;
	if (!region)
		return gk_error_set(err, GK_USAGE,
				    "the region of table %s is not known: name it with --store "
				    "'dynamodb:%s?region=REGION'", store->name, store->name);
	return add_table(search, store->name, region, err);
}

static int find_parameters(struct search *search, const struct release_order *order,
			   struct gk_error *err)
{
	for (size_t i = 0; i < order->pointers.count; i++) {
		_cleanup_free_ char *pattern =
			iam_parameter_pattern(order->pointers.items[i], order->family, err);

		if (!pattern || gk_strv_add_unique(&search->policy.parameters, pattern, err) < 0)
			return -1;
	}
	return 0;
}

static int find_tag_keys(struct search *search, const struct tag_list *tags, struct gk_error *err)
{
	for (size_t i = 0; i < tags->count; i++)
		if (gk_strv_add_unique(&search->policy.tag_keys, tags->items[i].key, err) < 0)
			return -1;
	return 0;
}

/* What one family (NULL: those without a section of their own) needs. */
static int look_at(struct search *search, const char *family, struct gk_error *err)
{
	const char *profile = options_text(&search->context->options, family, "profile");
	_cleanup_(feature_options_done) struct feature_options features = {0};

	if (search->has_families && !gk_str_equal(profile, search->profile))
		return gk_error_set(err, GK_USAGE,
				    "the families work with different profiles: make a policy for "
				    "each, with --family");
	search->has_families = true;
	search->profile = profile;
	if (feature_options_read(search->context, family, &features, err) < 0 ||
	    find_table(search, family, &features.store, err) < 0 ||
	    find_parameters(search, &features.order, err) < 0 ||
	    find_tag_keys(search, &features.order.tags, err) < 0)
		return -1;
	search->retains = search->retains || features.order.policy.given;
	search->discards = search->discards || features.order.discard_duplicate;
	return 0;
}

static int look_at_all(struct search *search, struct gk_error *err)
{
	_cleanup_(gk_strv_done) struct gk_strv sections = {0};

	if (look_at(search, NULL, err) < 0 ||
	    options_families(&search->context->options, &sections, err) < 0)
		return -1;
	for (size_t i = 0; i < sections.count; i++)
		if (look_at(search, sections.items[i], err) < 0)
			return -1;
	return 0;
}

static int look(struct search *search, struct gk_error *err)
{
	_cleanup_(gk_strv_done) struct gk_strv families = {0};

	if (options_list(&search->context->options, NULL, "family", &families, err) < 0)
		return -1;
	if (!families.count)
		return look_at_all(search, err);
	for (size_t i = 0; i < families.count; i++)
		if (family_check(families.items[i], err) < 0 ||
		    gk_strv_add_unique(&search->policy.families, families.items[i], err) < 0)
			return -1;
	for (size_t i = 0; i < search->policy.families.count; i++)
		if (look_at(search, search->policy.families.items[i], err) < 0)
			return -1;
	return 0;
}

/* ---- for whom ---- */

static int read_role(const struct search *search, unsigned *ret, struct gk_error *err)
{
	const struct option_value *role = options_find(&search->context->options, NULL, "role");
	size_t i = 0;

	while (role && i < ARRAY_SIZE(roles) && strcmp(role->text, roles[i].name) != 0)
		i++;
	if (i == ARRAY_SIZE(roles))
		return gk_error_set(err, GK_USAGE, "%s: '%.80s' is none of publisher, reaper, setup",
				    role->origin, role->text);
	*ret = roles[i].features;
	if (!role && search->retains)
		*ret |= AWS_FEATURE_RETAIN;
	if (*ret & AWS_FEATURE_RELEASE && search->discards)
		*ret |= AWS_FEATURE_RETAIN;
	return 0;
}

static int choose_features(struct search *search, struct gk_error *err)
{
	struct iam_policy *policy = &search->policy;

	if (read_role(search, &policy->features, err) < 0 ||
	    options_switch(&search->context->options, NULL, "adopt", &policy->adopt, err) < 0)
		return -1;
	if (!policy->parameters.count)
		policy->features &= ~(unsigned)AWS_FEATURE_PUBLISH;
	if (!policy->table_count)
		policy->features &= ~(unsigned)(AWS_FEATURE_INVENTORY | AWS_FEATURE_INIT);
	if (!policy->features)
		return gk_error_set(err, GK_USAGE,
				    "the inventory is a file, which needs no set-up on AWS: --store "
				    "dynamodb:TABLE names a table");
	if (iam_policy_is_unsafe(policy))
		return gk_error_set(err, GK_USAGE,
				    "with --adopt any AMI can be made goldkeep's, and with retention "
				    "or --on-duplicate discard be removed then: give that to two roles, "
				    "--role publisher --adopt and --role reaper");
	if (policy->adopt && !(policy->features & AWS_FEATURE_RELEASE))
		return gk_error_set(err, GK_USAGE, "--adopt is for a publisher");
	return 0;
}

static int check_account(const struct option_value *account, struct gk_error *err)
{
	const char *text = account->text;

	if (strlen(text) == 12 && text[strspn(text, "0123456789")] == '\0')
		return 0;
	return gk_error_set(err, GK_USAGE, "%s: '%.80s' is no account: 12 digits", account->origin,
			    text);
}

static int ask_account(struct search *search, struct gk_error *err)
{
	struct context *context = search->context;
	const char *region = NULL;
	struct gk_error cause = {0};

	if (search->policy.regions.count)
		region = search->policy.regions.items[0];
	else if (search->policy.table_count)
		region = search->policy.tables[0].region;
	if (context_open_client(context, NULL, &cause) == 0 &&
	    aws_caller_find(context->aws, region, &search->caller, &cause) == 0)
		return 0;
	return gk_error_set(err, GK_USAGE,
			    "which account the policy is for could not be found out: name it with "
			    "--account ID (%s)", cause.message);
}

/* Named, or asked for if it has to stand in the policy; and the partition. */
static int find_account(struct search *search, struct gk_error *err)
{
	const struct option_value *account =
		options_find(&search->context->options, NULL, "account");
	struct iam_policy *policy = &search->policy;
	const char *region = NULL;

	if (account && check_account(account, err) < 0)
		return -1;
	if (!account && iam_policy_needs_account(policy) && ask_account(search, err) < 0)
		return -1;
	policy->account = account ? account->text : search->caller.account;
	policy->partition = search->caller.partition;
	if (policy->partition)
		return 0;
	if (policy->table_count)
		region = policy->tables[0].region;
	else if (policy->regions.count)
		region = policy->regions.items[0];
	else if (default_region(search, NULL, &region, err) < 0)
		return -1;
	policy->partition = aws_partition_of(region ? region : "");
	return 0;
}

static int check_partition(const struct search *search, const char *region, struct gk_error *err)
{
	const char *partition = search->policy.partition;

	if (strcmp(aws_partition_of(region), partition) == 0)
		return 0;
	return gk_error_set(err, GK_USAGE,
			    "%s is in the partition %s, and %s in %s: no policy holds in both", region,
			    aws_partition_of(region),
			    search->caller.account ? "the account" : "another region", partition);
}

static int check_partitions(const struct search *search, struct gk_error *err)
{
	const struct iam_policy *policy = &search->policy;

	for (size_t i = 0; i < policy->regions.count; i++)
		if (check_partition(search, policy->regions.items[i], err) < 0)
			return -1;
	for (size_t i = 0; i < policy->table_count; i++)
		if (check_partition(search, policy->tables[i].region, err) < 0)
			return -1;
	return 0;
}

/* ---- the command ---- */

/* White space is not counted, in texts either. */
static size_t count_characters(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += !isspace((unsigned char)*text);
	return count;
}

/* A name of placeholders alone stands for those of everybody. */
static void warn_of_names(const struct context *context, const struct iam_policy *policy)
{
	const struct gk_strv *names = &policy->parameters;

	for (size_t i = 0; policy->features & AWS_FEATURE_PUBLISH && i < names->count; i++)
		if (!names->items[i][strspn(names->items[i], "/*")])
			output_problem(context,
				       "warning: every SSM parameter %s of the account may be "
				       "overwritten: begin --publish-ssm with a name of your own, "
				       "/golden/{family}, or name the --family", names->items[i]);
}

static int print(struct context *context, struct gk_json_builder *json, struct gk_error *err)
{
	_cleanup_free_ char *text = gk_json_builder_print(json, true, err);
	size_t count = text ? count_characters(text) : 0;

	if (!text)
		return -1;
	if (count > IAM_POLICY_MAX)
		output_problem(context,
			       "warning: the policy has %zu characters, and a managed policy holds "
			       "%d: make one for each role, or for fewer families", count,
			       IAM_POLICY_MAX);
	if (!context->json)
		puts(text);
	return output_document(context, json, err) < 0 ? -1 : EXIT_DONE;
}

static int run_iam_policy(struct context *context, struct gk_error *err)
{
	_cleanup_(search_done) struct search search = {.context = context};
	_cleanup_(gk_json_builder_done) struct gk_json_builder json = {0};

	if (read_regions(&search, err) < 0 || look(&search, err) < 0 ||
	    choose_features(&search, err) < 0 || find_account(&search, err) < 0 ||
	    check_partitions(&search, err) < 0 ||
	    gk_json_builder_init(&json, err) < 0 ||
	    iam_policy_write(&search.policy, &json, err) < 0)
		return -1;
	warn_of_names(context, &search.policy);
	return print(context, &json, err);
}

static const struct option_group *const groups[] = {&group_iam_policy, &group_policy, &group_global,
						    NULL};

const struct command command_iam_policy = {
	.name = "iam-policy",
	.arguments = "",
	.summary = "Print the least IAM policy for what is configured, for `aws iam put-role-policy`.",
	.groups = groups,
	.run = run_iam_policy,
};
