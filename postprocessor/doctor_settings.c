/* What is configured, and who said so: AWS settings, goldkeep's options. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aws/endpoint.h"
#include "aws/permission.h"
#include "base/file.h"
#include "base/mem.h"
#include "doctor.h"
#include "image/pointer.h"
#include "net/proxy.h"

#define SECTION "settings"

/* The value without what may be a password or a token: what stands between :// and @, and behind the
 * ? or # of a URL; owned. */
static char *without_password(const char *value, struct gk_error *err)
{
	const char *scheme = strstr(value, "://");
	const char *user = scheme ? scheme + strlen("://") : value;
	size_t authority = strcspn(user, "/?#");
	const char *at = memrchr(user, '@', authority);
	const char *host = at ? at + 1 : user;
	size_t length = scheme ? strcspn(host, "?#") : strlen(host);

	return gk_str_format(err, "%.*s%.*s%s", (int)(user - value), value, (int)length, host,
			     host[length] ? "…" : "");
}

/* Flags of AWS's own: who says so is the option. */
static char *origin_text(const struct context *context, const struct aws_origin *origin,
			 const char *option, struct gk_error *err)
{
	const char *family = context_family(context, 0);
	const struct option_value *value =
		option ? options_find(&context->options, family, option) : NULL;

	if (origin->kind == AWS_ORIGIN_OPTION && value)
		return gk_str_format(err, "%s", value->origin);
	return aws_origin_text(origin, err);
}

static int add_setting(struct context *context, struct doctor *doctor,
		       const struct finding *finding, const struct aws_origin *origin,
		       const char *option, struct gk_error *err)
{
	_cleanup_free_ char *value = without_password(finding->value, err);
	_cleanup_free_ char *from = origin_text(context, origin, option, err);
	struct finding whole = *finding;

	if (!value || !from)
		return -1;
	whole.section = SECTION;
	whole.value = value;
	whole.origin = from;
	return doctor_add(doctor, &whole, err);
}

/* ---- AWS ---- */

static int add_region(struct context *context, const struct aws_settings *settings,
		      struct doctor *doctor, struct gk_error *err)
{
	struct finding finding = {.subject = "region", .value = settings->region};

	if (!settings->region)
		finding = (struct finding){
			.level = FINDING_WARNING,
			.subject = "region",
			.value = "none",
			.advice = "name one with --region, AWS_REGION or the profile's region; images "
				  "name theirs, and nothing else is found without it",
		};
	return add_setting(context, doctor, &finding, &settings->from.region, "region", err);
}

static int add_bundle(struct context *context, const struct aws_settings *settings,
		      struct doctor *doctor, struct gk_error *err)
{
	const char *path = settings->ca_bundle;
	struct finding finding = {.subject = "CA bundle", .value = path ? path : "the system's"};

	if (path && access(path, R_OK) < 0) {
		finding.level = FINDING_PROBLEM;
		finding.advice = "the file cannot be read: name one that can, or none";
	}
	return add_setting(context, doctor, &finding, &settings->from.ca_bundle, NULL, err);
}

static int add_others(struct context *context, const struct aws_settings *settings,
		      struct doctor *doctor, struct gk_error *err)
{
	_cleanup_free_ char *attempts = gk_str_format(err, "%d", settings->max_attempts);
	const struct {
		const char *name, *value;
		const struct aws_origin *from;
	} rows[] = {
		{"max attempts", settings->max_attempts ? attempts : "each service's own",
		 &settings->from.max_attempts},
		{"FIPS endpoints", settings->fips ? "yes" : "no", &settings->from.fips},
		{"dual-stack endpoints", settings->dual_stack ? "yes" : "no",
		 &settings->from.dual_stack},
		{"ignore configured endpoints", settings->ignore_endpoints ? "yes" : "no",
		 &settings->from.ignore_endpoints},
	};

	if (!attempts)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (add_setting(context, doctor,
				&(struct finding){.subject = rows[i].name, .value = rows[i].value},
				rows[i].from, NULL, err) < 0)
			return -1;
	return 0;
}

/* What is wrong with a service that nothing here needs is no obstacle. */
static enum finding_level fault_level(const struct doctor *doctor,
				      const struct aws_service_info *info)
{
	size_t length = strlen(info->name);

	for (const struct aws_permission *p = aws_permissions; p->action; p++)
		if (p->features & doctor->features && strncmp(p->action, info->name, length) == 0 &&
		    p->action[length] == ':')
			return FINDING_PROBLEM;
	return FINDING_WARNING;
}

/* Through which proxy it is reached, if through any. */
static int add_proxy(const struct aws_service_info *info, const char *url, struct doctor *doctor,
		     struct gk_error *err)
{
	_cleanup_(http_proxy_done) struct http_proxy proxy = {0};
	_cleanup_free_ char *subject = gk_str_format(err, "%s proxy", info->name);
	_cleanup_free_ char *origin = NULL;
	struct gk_error failure = {0};

	if (!subject)
		return -1;
	if (http_proxy_find(context_env, url, &proxy, &failure) < 0)
		return doctor_add(doctor,
				  &(struct finding){fault_level(doctor, info), SECTION, subject,
						    .value = failure.message},
				  err);
	if (!proxy.url)
		return 0;
	origin = gk_str_format(err, "$%s", proxy.variable);
	return origin ? doctor_add(doctor,
				   &(struct finding){FINDING_OK, SECTION, subject, proxy.shown,
						     .origin = origin},
				   err)
		      : -1;
}

/* Without a region only what is the same in all of them is shown. */
static int add_endpoint(struct context *context, const struct aws_settings *settings,
			enum aws_service service, struct doctor *doctor, struct gk_error *err)
{
	const struct aws_service_info *info = aws_service_info(service);
	_cleanup_(aws_endpoint_done) struct aws_endpoint endpoint = {0};
	_cleanup_free_ char *subject = gk_str_format(err, "%s endpoint", info->name);
	const char *region = settings->region ? settings->region : DOCTOR_ANY_REGION;
	struct gk_error failure = {0};

	if (!subject)
		return -1;
	if (aws_endpoint_find(settings, info, region, &endpoint, &failure) < 0)
		return doctor_add(doctor,
				  &(struct finding){fault_level(doctor, info), SECTION, subject,
						    failure.message,
						    .advice = "mend or remove that setting"},
				  err);
	if ((settings->region || endpoint.from.kind != AWS_ORIGIN_DEFAULT) &&
	    add_setting(context, doctor,
			&(struct finding){.subject = subject, .value = endpoint.url},
			&endpoint.from, "endpoint-url", err) < 0)
		return -1;
	return add_proxy(info, endpoint.url, doctor, err);
}

static int add_endpoints(struct context *context, const struct aws_settings *settings,
			 struct doctor *doctor, struct gk_error *err)
{
	static const enum aws_service services[] = {AWS_EC2, AWS_SSM, AWS_AUTOSCALING, AWS_STS,
						    AWS_DYNAMODB};

	for (size_t i = 0; i < ARRAY_SIZE(services); i++)
		if (add_endpoint(context, settings, services[i], doctor, err) < 0)
			return -1;
	return 0;
}

static int add_files(const struct aws_settings *settings, struct doctor *doctor,
		     struct gk_error *err)
{
	for (size_t i = 0; i < settings->profiles.files.count; i++)
		if (doctor_add(doctor,
			       &(struct finding){FINDING_OK, SECTION, "file that was read",
						 .value = settings->profiles.files.items[i]},
			       err) < 0)
			return -1;
	return 0;
}

static int add_aws(struct context *context, struct doctor *doctor, struct gk_error *err)
{
	const struct aws_settings *settings = aws_client_settings(context->aws);

	if (gk_str_set(&doctor->profile, settings->profile, err) < 0 ||
	    gk_str_set(&doctor->region, settings->region, err) < 0 ||
	    add_setting(context, doctor,
			&(struct finding){.subject = "profile", .value = settings->profile},
			&settings->from.profile, "profile", err) < 0 ||
	    add_region(context, settings, doctor, err) < 0 ||
	    add_endpoints(context, settings, doctor, err) < 0 ||
	    add_bundle(context, settings, doctor, err) < 0 ||
	    add_others(context, settings, doctor, err) < 0)
		return -1;
	return add_files(settings, doctor, err);
}

/* ---- goldkeep's own ---- */

/* Those that win, in whatever family. */
static int add_options(const struct context *context, struct doctor *doctor, struct gk_error *err)
{
	const struct options *options = &context->options;

	for (size_t i = 0; i < options->count; i++) {
		const struct option_value *option = &options->values[i];
		const struct option_value *wins =
			options_find(options, option->family, option->def->name);
		bool lists = option->def->flags & OPTION_LIST;
		bool variable = option->source == OPTION_FROM_ENV;
		_cleanup_free_ char *subject = NULL;
		_cleanup_free_ char *value = NULL;
		_cleanup_free_ char *origin = NULL;

		if (lists ? wins->source != option->source : wins != option)
			continue;
		subject = gk_str_format(err, "%s%s%s%s", option->def->name,
					option->family ? " (family " : "",
					option->family ? option->family : "",
					option->family ? ")" : "");
		value = without_password(option->text, err);
		origin = gk_str_format(err, "%s%s", variable ? "$" : "", option->origin);
		if (!subject || !value || !origin ||
		    doctor_add(doctor,
			       &(struct finding){FINDING_OK, SECTION, subject, value,
						 .origin = origin},
			       err) < 0)
			return -1;
	}
	return 0;
}

/* One client is examined. */
static int add_other_families(const struct context *context, struct doctor *doctor,
			      struct gk_error *err)
{
	_cleanup_(gk_strv_done) struct gk_strv families = {0};

	if (options_families(&context->options, &families, err) < 0)
		return -1;
	for (size_t i = 0; i < families.count; i++) {
		const char *family = families.items[i];
		_cleanup_free_ char *subject = gk_str_format(err, "family %s", family);
		_cleanup_free_ char *advice = gk_str_format(err, "goldkeep doctor %s", family);

		if (!subject || !advice)
			return -1;
		if (doctor_is_apart(context, family) &&
		    doctor_add(doctor,
			       &(struct finding){FINDING_UNKNOWN, SECTION, subject,
						 "not examined: it has AWS settings of its own",
						 .advice = advice},
			       err) < 0)
			return -1;
	}
	return 0;
}

/* ---- what a release would be refused for ---- */

static int add_refused_option(struct doctor *doctor, const struct release_order *order,
			      enum finding_level level, const char *name, const char *why,
			      struct gk_error *err)
{
	_cleanup_free_ char *subject =
		order->family ? gk_str_format(err, "%s (family %s)", name, order->family)
			      : gk_str_format(err, "%s", name);

	return subject ? doctor_add(doctor,
				    &(struct finding){level, SECTION, subject,
						      .value = why},
				    err)
		       : -1;
}

/* The file itself need not be there. */
static int check_tfvars(struct doctor *doctor, const struct release_order *order,
			struct gk_error *err)
{
	const struct release release = {.family = (char *)order->family};
	_cleanup_free_ char *path = NULL;
	_cleanup_free_ char *folder = NULL;
	_cleanup_free_ char *why = NULL;
	struct stat info;

	if (!order->tfvars || (!order->family && strstr(order->tfvars, "{family}")))
		return 0;
	path = pointer_path_fill(order->tfvars, &release, err);
	folder = path ? gk_path_folder(path, err) : NULL;
	if (!folder)
		return -1;
	if (access(folder, W_OK | X_OK) < 0)
		why = gk_str_format(err, "the folder %s: %s", folder, strerror(errno));
	else if (stat(path, &info) == 0 && !S_ISREG(info.st_mode))
		why = gk_str_format(err, "%s is no regular file", path);
	else
		return 0;
	return why ? add_refused_option(doctor, order, FINDING_PROBLEM, "publish-tfvars",
					 why, err) : -1;
}

/* Beside those of the template, of which there may be none. */
static int check_tags(struct doctor *doctor, const struct release_order *order,
		      struct gk_error *err)
{
	const struct release release = {.family = (char *)"", .run = (char *)""};
	_cleanup_(tag_list_done) struct tag_list tags = {0};
	_cleanup_free_ char *why = NULL;

	if (release_tags(&release, &order->tags, &tags, NULL) < 0 || tags.count <= TAG_LIMIT)
		return 0;
	why = gk_str_format(err, "with goldkeep's own an AMI would carry %zu tags, EC2 allows %d",
			    tags.count, TAG_LIMIT);
	return why ? add_refused_option(doctor, order, FINDING_PROBLEM, "tag", why, err) : -1;
}

static int check_order(struct doctor *doctor, const struct release_order *order,
		       struct gk_error *err)
{
	struct gk_error failure = {0};

	if (policy_check(&order->policy, &failure) < 0 &&
	    add_refused_option(doctor, order, FINDING_PROBLEM, "retention", failure.message, err) <
		    0)
		return -1;
	if (order->discard_duplicate && !order->fingerprint &&
	    add_refused_option(doctor, order, FINDING_UNKNOWN, "on-duplicate",
			       "discard needs a fingerprint, and no option gives one: custom_data "
			       "goldkeep_fingerprint of the template has to", err) < 0)
		return -1;
	if (check_tags(doctor, order, err) < 0)
		return -1;
	return check_tfvars(doctor, order, err);
}

int doctor_settings(struct context *context, struct doctor *doctor, struct gk_error *err)
{
	if (context->aws && add_aws(context, doctor, err) < 0)
		return -1;
	if (add_options(context, doctor, err) < 0)
		return -1;
	for (size_t i = 0; i < doctor->family_count; i++)
		if (check_order(doctor, &doctor->families[i].order, err) < 0)
			return -1;
	return add_other_families(context, doctor, err);
}
