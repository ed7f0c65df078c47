/* The template: read, examined (image/template.h), and compared with what goldkeep works with. */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "aws/endpoint.h"
#include "base/file.h"
#include "base/mem.h"
#include "doctor.h"
#include "image/template.h"

#define SECTION "template"

static const enum finding_level levels[] = {
	[TEMPLATE_OK] = FINDING_OK,
	[TEMPLATE_WARNING] = FINDING_WARNING,
	[TEMPLATE_PROBLEM] = FINDING_PROBLEM,
	[TEMPLATE_UNKNOWN] = FINDING_UNKNOWN,
};

static void close_folderp(DIR **folder)
{
	if (*folder)
		closedir(*folder);
}

/* ---- reading ---- */

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

static int read_file(struct template *template, const char *path, struct gk_error *err)
{
	_cleanup_(gk_buf_wipe) struct gk_buf text = {0};

	if (gk_file_read(path, TEMPLATE_FILE_MAX, &text, err) < 0)
		return -1;
	return template_add(template, last_part(path), gk_buf_text(&text), text.length, err);
}

static bool is_template(const char *name)
{
	static const char *const ends[] = {".pkr.hcl", ".pkr.json"};
	size_t length = strlen(name);

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (length > strlen(ends[i]) &&
		    strcmp(name + length - strlen(ends[i]), ends[i]) == 0)
			return true;
	return false;
}

/* In the order of their names, as Packer does. */
static int list_folder(const char *path, struct gk_strv *ret, struct gk_error *err)
{
	_cleanup_(close_folderp) DIR *folder = opendir(path);
	const struct dirent *entry = NULL;

	if (!folder)
		return gk_error_errno(err, errno, "reading the folder %s", path);
	for (errno = 0; (entry = readdir(folder)); errno = 0)
		if (is_template(entry->d_name) &&
		    gk_strv_addf(ret, err, "%s/%s", path, entry->d_name) < 0)
			return -1;
	if (errno)
		return gk_error_errno(err, errno, "reading the folder %s", path);
	gk_strv_sort(ret);
	return ret->count ? 0
			  : gk_error_set(err, GK_NOT_FOUND, "no template in %s: Packer takes files "
					 "named *.pkr.hcl and *.pkr.json there", path);
}

static int read_template(struct template *template, const char *path, struct gk_error *err)
{
	_cleanup_(gk_strv_done) struct gk_strv paths = {0};
	struct stat info;

	if (stat(path, &info) < 0 || !S_ISDIR(info.st_mode))
		return read_file(template, path, err);
	if (list_folder(path, &paths, err) < 0)
		return -1;
	for (size_t i = 0; i < paths.count; i++)
		if (read_file(template, paths.items[i], err) < 0)
			return -1;
	return 0;
}

/* ---- comparing ---- */

/* A finding about a source. */
static int add(struct doctor *doctor, const struct template_source *source,
	       enum finding_level level, char *value, const char *advice, struct gk_error *err)
{
	_cleanup_free_ char *owned = value;
	_cleanup_free_ char *origin = gk_str_format(err, "%s: credentials", source->name);

	if (!owned || !origin)
		return -1;
	return doctor_add(doctor,
			  &(struct finding){level, SECTION, source->place, owned, origin,
					    .advice = advice},
			  err);
}

static int compare_profile(const struct template_source *source, struct doctor *doctor,
			   struct gk_error *err)
{
	if (!source->profile || source->passes_profile || source->passes_keys)
		return 0;
	if (gk_str_equal(source->profile, doctor->profile))
		return add(doctor, source, FINDING_OK,
			   gk_str_format(err, "the profile %s, as goldkeep", source->profile), NULL,
			   err);
	return add(doctor, source, FINDING_WARNING,
		   gk_str_format(err, "Packer builds with the profile %s, which it does not hand "
				 "to goldkeep; goldkeep uses %s", source->profile,
				 doctor->profile ? doctor->profile : "none"),
		   "set AWS_PROFILE for both, or in environment_vars of goldkeep's post-processor",
		   err);
}

static int compare_account(const struct template_source *source, struct doctor *doctor,
			   struct gk_error *err)
{
	if (!source->role_account || source->passes_profile || source->passes_keys)
		return 0;
	if (!doctor->account)
		return add(doctor, source, FINDING_UNKNOWN,
			   gk_str_format(err, "Packer builds in the account %s; whether goldkeep "
					 "works there is not known", source->role_account),
			   NULL, err);
	if (strcmp(source->role_account, doctor->account) == 0)
		return add(doctor, source, FINDING_OK,
			   gk_str_format(err, "the account %s, as goldkeep", doctor->account), NULL,
			   err);
	return add(doctor, source, FINDING_PROBLEM,
		   gk_str_format(err, "Packer builds in the account %s (assume_role), and goldkeep "
				 "looks for the AMI in %s", source->role_account, doctor->account),
		   "give goldkeep a profile with that role", err);
}

static int compare_file(const struct template_source *source, struct doctor *doctor,
			struct gk_error *err)
{
	if (!source->credentials_file || source->passes_keys ||
	    gk_str_equal(source->credentials_file, context_env("AWS_SHARED_CREDENTIALS_FILE")))
		return 0;
	return add(doctor, source, FINDING_WARNING,
		   gk_str_format(err, "Packer reads credentials from %s, and does not tell "
				 "goldkeep", source->credentials_file),
		   "set AWS_SHARED_CREDENTIALS_FILE for both", err);
}

/* With or without a slash at the end. */
static bool is_same_url(const char *a, const char *b)
{
	size_t length = strlen(a);

	if (length > 0 && a[length - 1] == '/')
		length--;
	return strncmp(a, b, length) == 0 && (!b[length] || strcmp(b + length, "/") == 0);
}

static int compare_endpoint(struct context *context, const struct template_source *source,
			    struct doctor *doctor, struct gk_error *err)
{
	const char *region = source->region ? source->region : doctor->region;
	_cleanup_(aws_endpoint_done) struct aws_endpoint endpoint = {0};

	if (!source->endpoint || !region || !context->aws ||
	    aws_endpoint_find(aws_client_settings(context->aws), aws_service_info(AWS_EC2), region,
			      &endpoint, NULL) < 0 ||
	    is_same_url(source->endpoint, endpoint.url))
		return 0;
	return add(doctor, source, FINDING_WARNING,
		   gk_str_format(err, "Packer builds at %s (custom_endpoint_ec2), and goldkeep "
				 "asks %s", source->endpoint, endpoint.url),
		   "set AWS_ENDPOINT_URL_EC2 to the same", err);
}

static int compare(struct context *context, const struct template_report *report,
		   struct doctor *doctor, struct gk_error *err)
{
	for (size_t i = 0; i < report->source_count; i++) {
		const struct template_source *source = &report->sources[i];

		if (compare_profile(source, doctor, err) < 0 ||
		    compare_account(source, doctor, err) < 0 ||
		    compare_file(source, doctor, err) < 0 ||
		    compare_endpoint(context, source, doctor, err) < 0)
			return -1;
	}
	return 0;
}

/* Where a build would make AMIs, whether there are any yet or not. */
static int add_places(const struct template_report *report, struct doctor *doctor,
		      struct gk_error *err)
{
	for (size_t i = 0; i < report->source_count; i++) {
		const struct gk_strv *regions = &report->sources[i].regions;

		for (size_t k = 0; report->sources[i].amazon && k < regions->count; k++)
			if (aws_region_is_valid(regions->items[k]) &&
			    !doctor_add_place(doctor, regions->items[k], err))
				return -1;
	}
	return 0;
}

/* ---- the section ---- */

static int add_findings(const struct template_report *report, struct doctor *doctor,
			struct gk_error *err)
{
	for (size_t i = 0; i < report->finding_count; i++) {
		const struct template_finding *finding = &report->findings[i];

		if (doctor_add(doctor,
			       &(struct finding){levels[finding->level], SECTION, finding->place,
						 finding->text, finding->subject,
						 .advice = finding->advice},
			       err) < 0)
			return -1;
	}
	return 0;
}

int doctor_template(struct context *context, const char *path, struct doctor *doctor,
		    struct gk_error *err)
{
	_cleanup_(template_freep) struct template *template = template_new(context_env, err);
	_cleanup_(template_report_done) struct template_report report = {0};
	struct gk_error failure = {0};

	if (!template)
		return -1;
	if (read_template(template, path, &failure) < 0 ||
	    template_examine(template, &report, &failure) < 0)
		return doctor_add(doctor,
				  &(struct finding){FINDING_PROBLEM, SECTION, path,
						    .value = failure.message},
				  err);
	if (add_findings(&report, doctor, err) < 0 || add_places(&report, doctor, err) < 0)
		return -1;
	return compare(context, &report, doctor, err);
}
