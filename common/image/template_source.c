/* What a source says of the account: credentials that goldkeep does not get, settings that get in
 * its way. */
#include <string.h>

#include "base/mem.h"
#include "image/template_private.h"

/* Settings that are told of where they are true. */
static const struct told {
	const char *block, *name; /* block NULL: the argument stands in the source itself */
	enum template_level level;
	const char *text, *advice;
} tolds[] = {
	{NULL, "skip_create_ami", TEMPLATE_WARNING,
	 "skip_create_ami: there is no AMI, so Packer runs no post-processor, and nothing is "
	 "released", NULL},
	{NULL, "force_delete_snapshot", TEMPLATE_OK,
	 "force_delete_snapshot: with force_deregister, snapshots of an AMI of the same name go "
	 "too",
	 NULL},
	{"deregistration_protection", "enabled", TEMPLATE_WARNING,
	 "deregistration_protection: goldkeep never retires these images", NULL},
};

static int setting_text(const struct template *template, const struct template_job *job,
			const char *name, char **ret, struct gk_error *err)
{
	return template_known_text(template, job, template_setting(job, name), ret, err);
}

/* ---- credentials ---- */

/* The fifth field of an ARN. */
static int account_of(const char *arn, char **ret, struct gk_error *err)
{
	const char *at = arn;

	for (int i = 0; at && i < 4; i++)
		at = (at = strchr(at, ':')) ? at + 1 : NULL;
	if (!at || strspn(at, "0123456789") != 12)
		return 0;
	*ret = strndup(at, 12);
	return *ret ? 0 : gk_error_memory(err);
}

/* Whether the key is in the template, or handed to it; where it comes from the environment,
 * goldkeep has it too. */
static int is_given(const struct template *template, const struct template_job *job,
		    const char *name, const char *variable, bool *ret, struct gk_error *err)
{
	const struct template alone = {.files = template->files,
				       .file_count = template->file_count};
	const struct gk_hcl *node = template_setting(job, name);
	_cleanup_(template_text_done) struct template_text text = {0};

	if (!node)
		return 0;
	if (template_text_of(&alone, job, node, &text, err) < 0)
		return -1;
	*ret = *ret || (text.text[0] && (text.known || !strstr(text.text, variable)));
	return 0;
}

static int read_regions(const struct template *template, const struct template_job *job,
			struct template_source *source, struct gk_error *err)
{
	struct template_text *texts = NULL;
	size_t count = 0;
	bool hidden = false;
	int r = 0;

	if (source->region && gk_strv_add(&source->regions, source->region, err) < 0)
		return -1;
	r = template_texts_of(template, job, template_setting(job, "ami_regions"), &texts, &count,
			      &hidden, err);
	for (size_t i = 0; r == 0 && i < count; i++) {
		_cleanup_(gk_strv_done) struct gk_strv names = {0};

		/* Old templates have them with commas between. */
		if (texts[i].known)
			r = gk_strv_split(&names, texts[i].text, ',', err);
		for (size_t j = 0; r == 0 && j < names.count; j++)
			r = gk_strv_add_unique(&source->regions, names.items[j], err);
	}
	template_texts_free(texts, count);
	return r;
}

static int read_credentials(const struct template *template, const struct template_job *job,
			    struct template_source *source, struct gk_error *err)
{
	const struct gk_hcl *role = template_setting(job, "assume_role");

	if (setting_text(template, job, "region", &source->region, err) < 0 ||
	    setting_text(template, job, "profile", &source->profile, err) < 0 ||
	    setting_text(template, job, "custom_endpoint_ec2", &source->endpoint, err) < 0 ||
	    setting_text(template, job, "shared_credentials_file", &source->credentials_file,
			 err) < 0 ||
	    template_known_text(template, job, gk_hcl_find(role, "role_arn"), &source->role_arn,
				err) < 0)
		return -1;
	if (source->role_arn && account_of(source->role_arn, &source->role_account, err) < 0)
		return -1;
	source->has_vault = template_setting(job, "vault_aws_engine") != NULL;
	if (is_given(template, job, "access_key", "AWS_ACCESS_KEY_ID", &source->has_keys,
		     err) < 0 ||
	    is_given(template, job, "secret_key", "AWS_SECRET_ACCESS_KEY", &source->has_keys,
		     err) < 0)
		return -1;
	return read_regions(template, job, source, err);
}

static void read_passed(const struct template_calls *calls, struct template_source *source)
{
	source->passes_keys = calls->count > 0;
	source->passes_profile = calls->count > 0;
	for (size_t i = 0; i < calls->count; i++) {
		source->passes_keys = source->passes_keys && calls->items[i].keys;
		source->passes_profile = source->passes_profile && calls->items[i].profile;
	}
}

/* A profile or role that only a run is told of. */
static int tell_untold(const struct template *template, const struct template_about *about,
		       const char *name, const struct gk_hcl *node,
		       struct template_report *report, struct gk_error *err)
{
	_cleanup_(template_text_done) struct template_text text = {0};

	if (!node)
		return 0;
	if (template_text_of(template, about->job, node, &text, err) < 0)
		return -1;
	if (text.known)
		return 0;
	return template_find(report, about, TEMPLATE_UNKNOWN, "see that goldkeep gets the same",
			     err, "the template does not tell its %s", name);
}

static int tell_credentials(const struct template_source *source,
			    const struct template_about *about, struct template_report *report,
			    struct gk_error *err)
{
	if (source->has_keys && !source->passes_keys && !source->passes_profile &&
	    template_find(report, about, TEMPLATE_WARNING,
			  "use a profile, a role or the environment for both, or pass them on with "
			  "environment_vars", err,
			  "access_key and secret_key are the builder's alone: Packer does not hand "
			  "them to goldkeep") < 0)
		return -1;
	if (source->has_vault && !source->passes_keys &&
	    template_find(report, about, TEMPLATE_WARNING,
			  "give goldkeep credentials of the same account", err,
			  "credentials from vault_aws_engine are the builder's alone") < 0)
		return -1;
	return 0;
}

/* ---- settings ---- */

static int tell_settings(const struct template *template, const struct template_job *job,
			 const struct template_about *about, struct template_report *report,
			 struct gk_error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(tolds); i++) {
		const struct told *told = &tolds[i];
		const struct gk_hcl *found =
			template_setting(job, told->block ? told->block : told->name);
		struct template_about here = *about;

		if (told->block)
			found = gk_hcl_find(found, told->name);
		if (!template_is_true(template, found))
			continue;
		here.line = found->line;
		if (template_find(report, &here, told->level, told->advice, err, "%s",
				  told->text) < 0)
			return -1;
	}
	return 0;
}

/* An AMI of the same name is one that goldkeep has recorded, if the name is always the same. */
static int tell_force(const struct template *template, const struct template_job *job,
		      const struct template_about *about, struct template_report *report,
		      struct gk_error *err)
{
	const struct gk_hcl *force = template_setting(job, "force_deregister");
	_cleanup_free_ char *name = NULL;
	struct template_about here = *about;

	if (!template_is_true(template, force))
		return 0;
	if (setting_text(template, job, "ami_name", &name, err) < 0)
		return -1;
	here.line = force->line;
	if (name)
		return template_find(report, &here, TEMPLATE_WARNING,
				     "put the time or the version in ami_name", err,
				     "force_deregister, and ami_name is always the same: every "
				     "build removes the AMI that goldkeep recorded before");
	return template_find(report, &here, TEMPLATE_OK, NULL, err,
			     "force_deregister: a build with the name of a recorded AMI removes "
			     "it");
}

static int tell_tags(const struct template *template, const struct template_job *job,
		     const struct template_about *about, struct template_report *report,
		     struct gk_error *err)
{
	const struct gk_hcl *tags = template_follow(template, template_setting(job, "tags"));
	const struct gk_hcl *tag = gk_hcl_find(tags, "ManagedBy");
	_cleanup_free_ char *value = NULL;

	if (template_known_text(template, job, tag, &value, err) < 0)
		return -1;
	/* A tag that is there and not known, or tags that are computed, may well be right. */
	if (tag ? !value || strcmp(value, "goldkeep") == 0
		: template_setting(job, "tags") && (!tags || tags->kind != GK_HCL_OBJECT))
		return 0;
	return template_find(report, about, TEMPLATE_OK, NULL, err,
			     "no tag ManagedBy = goldkeep from Packer: goldkeep adds it, but not "
			     "under the policy that goldkeep iam-policy prints");
}

static int tell_regions(const struct template_source *source, const struct template_about *about,
			struct template_report *report, struct gk_error *err)
{
	_cleanup_free_ char *regions = NULL;
	struct template_about here = *about;

	if (source->regions.count == 0)
		return 0;
	regions = gk_strv_join(&source->regions, ", ", err);
	here.topic = "regions";
	if (!regions)
		return -1;
	return template_find(report, &here, TEMPLATE_OK, NULL, err, "%s", regions);
}

static int add_source(const struct template_job *job, struct template_report *report,
		      struct template_source **ret, struct gk_error *err)
{
	struct template_source *source = gk_array_add(&report->sources, &report->source_count,
						      sizeof(*source), err);

	if (!source || gk_str_set(&source->name, job->id, err) < 0)
		return -1;
	source->amazon = template_makes_images(job);
	source->place = gk_str_format(err, "%s:%d", job->file->name, job->line);
	*ret = source;
	return source->place ? 0 : -1;
}

int template_look_at_source(const struct template *template, const struct template_job *job,
			    const struct template_calls *calls, struct template_report *report,
			    struct gk_error *err)
{
	const struct template_about about = {job, "source", job->file, job->line};
	const struct template_about credentials = {job, "credentials", job->file, job->line};
	struct template_source *source = NULL;

	if (add_source(job, report, &source, err) < 0)
		return -1;
	if (!job->definition)
		return template_find(report, &about, TEMPLATE_UNKNOWN, NULL, err,
				     "the source is not in these files");
	if (!source->amazon)
		return calls->count == 0
			       ? 0
			       : template_find(report, &about, TEMPLATE_OK, NULL, err,
					       "%s makes no AMI: goldkeep passes it over unless "
					       "amazon-import makes one", job->type);
	if (read_credentials(template, job, source, err) < 0)
		return -1;
	read_passed(calls, source);
	if (tell_untold(template, &credentials, "profile", template_setting(job, "profile"), report,
			err) < 0 ||
	    tell_untold(template, &credentials, "role_arn",
			gk_hcl_find(template_setting(job, "assume_role"), "role_arn"), report,
			err) < 0)
		return -1;
	if (tell_credentials(source, &credentials, report, err) < 0 ||
	    tell_settings(template, job, &about, report, err) < 0 ||
	    tell_force(template, job, &about, report, err) < 0 ||
	    tell_tags(template, job, &about, report, err) < 0)
		return -1;
	return tell_regions(source, &about, report, err);
}
