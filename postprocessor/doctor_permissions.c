/* What the features need to be allowed, tried without doing harm. */
#include <stdlib.h>
#include <string.h>

#include "aws/probe.h"
#include "base/mem.h"
#include "doctor.h"
#include "image/pointer.h"
#include "pointer_options.h"
#include "policy_options.h"

#define SECTION "permissions"

/* What is to be tried, and what the probes borrow. */
struct trial {
	unsigned features;       /* of any family */
	struct gk_strv tag_keys; /* what --tag adds */
	char *parameter;         /* what --publish-ssm would write; NULL: nothing */
	struct store_address store;
	struct aws_probe *probes;
	size_t count;
};

static void trial_done(struct trial *trial)
{
	gk_strv_done(&trial->tag_keys);
	free(trial->parameter);
	store_address_done(&trial->store);
	free(trial->probes);
}

/* ---- what the options ask for ---- */

static int find_features(const struct context *context, const char *family, unsigned *ret,
			 struct gk_error *err)
{
	const struct options *options = &context->options;
	_cleanup_(gk_strv_done) struct gk_strv pointers = {0};
	struct policy policy = {0};

	if (pointers_from_options(options, family, &pointers, err) < 0 ||
	    policy_from_options(options, family, &policy, err) < 0)
		return -1;
	*ret |= AWS_FEATURE_RELEASE | AWS_FEATURE_REVOKE;
	if (pointers.count > 0)
		*ret |= AWS_FEATURE_PUBLISH;
	if (policy.given || gk_str_equal(options_text(options, family, "on-duplicate"), "discard"))
		*ret |= AWS_FEATURE_RETAIN;
	return 0;
}

/* The name of a pointer to a release that there could be. */
static int name_parameter(struct trial *trial, const struct options *options, const char *family,
			  struct gk_error *err)
{
	_cleanup_(gk_strv_done) struct gk_strv templates = {0};
	_cleanup_(pointer_list_done) struct pointer_list pointers = {0};
	_cleanup_(release_done) struct release release = {.state = RELEASE_LIVE};
	struct channel channel = {.name = (char *)"latest"};
	const struct channel_list channels = {.items = &channel, .count = 1};
	struct image *image = NULL;

	if (trial->parameter || options_list(options, family, "publish-ssm", &templates, err) < 0)
		return trial->parameter ? 0 : -1;
	image = templates.count ? release_add_image(&release, err) : NULL;
	if (!image)
		return templates.count ? -1 : 0;
	image->state = RELEASE_LIVE;
	if (gk_str_set(&release.family, family ? family : "doctor", err) < 0 ||
	    gk_str_set(&image->location, "us-east-1", err) < 0 ||
	    gk_str_set(&image->id, "ami-0", err) < 0 ||
	    gk_str_set(&image->architecture, "x86_64", err) < 0 ||
	    pointers_of_release(&release, &templates, &channels, &pointers, err) < 0)
		return -1;
	return pointers.count ? gk_str_set(&trial->parameter, pointers.items[0].name, err) : 0;
}

static int add_tag_keys(struct trial *trial, const struct options *options, const char *family,
			struct gk_error *err)
{
	_cleanup_(gk_strv_done) struct gk_strv tags = {0};

	if (options_list(options, family, "tag", &tags, err) < 0)
		return -1;
	for (size_t i = 0; i < tags.count; i++) {
		tags.items[i][strcspn(tags.items[i], "=")] = '\0';
		if (gk_strv_add_unique(&trial->tag_keys, tags.items[i], err) < 0)
			return -1;
	}
	return 0;
}

static int add_family(struct context *context, const char *family, struct trial *trial,
		      struct gk_error *err)
{
	_cleanup_(store_address_done) struct store_address store = {0};

	if (find_features(context, family, &trial->features, err) < 0 ||
	    context_store_address(context, family, &store, err) < 0 ||
	    name_parameter(trial, &context->options, family, err) < 0 ||
	    add_tag_keys(trial, &context->options, family, err) < 0)
		return -1;
	if (store.dynamodb && !trial->store.dynamodb) {
		trial->features |= AWS_FEATURE_INVENTORY;
		trial->store = store;
		store = (struct store_address){0};
	}
	return 0;
}

/* ---- where ---- */

static int add_region(struct doctor *doctor, const char *region, struct gk_error *err)
{
	struct doctor_place *added = NULL;

	for (size_t i = 0; i < doctor->place_count; i++)
		if (strcmp(doctor->places[i].region, region) == 0)
			return 0;
	added = gk_array_add(&doctor->places, &doctor->place_count, sizeof(*added), err);
	if (!added)
		return -1;
	added->region = doctor_keep(doctor, region, err);
	return added->region ? 0 : -1;
}

static int take_found(struct doctor *doctor, const struct cloud_look *look, struct gk_error *err)
{
	for (size_t i = 0; i < look->search_count; i++) {
		const struct cloud_search *search = &look->searches[i];
		const struct cloud_image *image = search->images;

		for (size_t p = 0; search->image_count && p < doctor->place_count; p++) {
			struct doctor_place *place = &doctor->places[p];

			if (strcmp(place->region, search->location) != 0)
				continue;
			place->image = doctor_keep(doctor, image->id, err);
			if (!place->image)
				return -1;
			if (image->snapshots.count)
				place->snapshot =
					doctor_keep(doctor, image->snapshots.items[0], err);
		}
	}
	return 0;
}

/* Images that carry the tags, where the inventory knows none. What fails is told by the probes. */
static int search_images(struct context *context, struct doctor *doctor, struct gk_error *err)
{
	_cleanup_(cloud_look_done) struct cloud_look look = {0};
	struct gk_error ignored = {0};

	for (size_t i = 0; i < doctor->place_count; i++)
		if (!doctor->places[i].image &&
		    !cloud_look_add_search(&look, doctor->places[i].region, NULL, err))
			return -1;
	if (look.search_count == 0 || context_open_cloud(context, NULL, &ignored) < 0 ||
	    context->cloud->ops->look(context->cloud, &look, &ignored) < 0)
		return 0;
	return take_found(doctor, &look, err);
}

/* ---- trying ---- */

static const char *name_of(const struct trial *trial, const struct aws_permission *permission)
{
	if (permission->resource == AWS_RESOURCE_TABLE)
		return trial->store.name;
	return permission->resource == AWS_RESOURCE_PUBLISHED ? trial->parameter : NULL;
}

static int add_probe(struct trial *trial, const struct aws_permission *permission,
		     const struct doctor_place *place, struct gk_error *err)
{
	struct aws_probe *probe =
		gk_array_add(&trial->probes, &trial->count, sizeof(*probe), err);

	if (!probe)
		return -1;
	*probe = (struct aws_probe){
		.permission = permission,
		.region = place->region,
		.image = place->image,
		.snapshot = place->snapshot,
		.name = name_of(trial, permission),
		.endpoint = permission->resource == AWS_RESOURCE_TABLE ? trial->store.endpoint
								       : NULL,
		.tag_keys = &trial->tag_keys,
	};
	return 0;
}

/* Those of the table in its region, all others in every one. */
static int add_probes(struct context *context, const struct doctor *doctor, struct trial *trial,
		      struct gk_error *err)
{
	const char *own = trial->store.region ? trial->store.region
					      : aws_client_region(context->aws);
	const struct doctor_place table = {.region = own};

	for (const struct aws_permission *p = aws_permissions; p->action; p++) {
		if (!(p->features & trial->features))
			continue;
		if (p->resource == AWS_RESOURCE_TABLE) {
			if (own && add_probe(trial, p, &table, err) < 0)
				return -1;
			continue;
		}
		for (size_t i = 0; i < doctor->place_count; i++)
			if (add_probe(trial, p, &doctor->places[i], err) < 0)
				return -1;
	}
	return 0;
}

/* ---- telling ---- */

/* "release, retention"; owned. */
static char *features_text(unsigned features, struct gk_error *err)
{
	static const struct {
		enum aws_feature feature;
		const char *name;
	} known[] = {
		{AWS_FEATURE_RELEASE, "release"},
		{AWS_FEATURE_PUBLISH, "publish"},
		{AWS_FEATURE_REVOKE, "revoke"},
		{AWS_FEATURE_RETAIN, "retention"},
		{AWS_FEATURE_INVENTORY, "inventory"},
	};
	_cleanup_(gk_strv_done) struct gk_strv names = {0};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if ((features & known[i].feature) && gk_strv_add(&names, known[i].name, err) < 0)
			return NULL;
	return gk_strv_join(&names, ", ", err);
}

/* A release works without what only a revocation needs. */
static int add_finding(struct doctor *doctor, const struct trial *trial,
		       const struct aws_probe *probe, struct gk_error *err)
{
	const struct aws_permission *permission = probe->permission;
	bool via = permission->condition == AWS_CONDITION_VIA_EC2;
	unsigned needs = permission->features & trial->features;
	_cleanup_free_ char *subject =
		gk_str_format(err, "%s%s", permission->action, via ? " (by EC2)" : "");
	_cleanup_free_ char *features = features_text(needs, err);
	_cleanup_free_ char *value = NULL;
	_cleanup_free_ char *advice = NULL;
	struct finding finding = {FINDING_OK, SECTION, subject, "allowed", features, NULL,
				  probe->region};

	if (!subject || !features)
		return -1;
	if (probe->verdict == AWS_DENIED) {
		advice = gk_str_format(err, "goldkeep iam-policy prints what to allow; AWS says: %s",
				       probe->error.message);
		if (!advice)
			return -1;
		finding.level = needs == AWS_FEATURE_REVOKE ? FINDING_WARNING : FINDING_PROBLEM;
		finding.value = "denied";
		finding.advice = advice;
	} else if (probe->verdict == AWS_UNTRIED) {
		value = gk_str_format(err, "not tried: %s", probe->error.message);
		if (!value)
			return -1;
		finding.level = FINDING_UNKNOWN;
		finding.value = value;
	}
	return doctor_add(doctor, &finding, err);
}

static bool has_answer(const struct trial *trial, const char *region)
{
	for (size_t i = 0; i < trial->count; i++)
		if (trial->probes[i].verdict != AWS_UNTRIED &&
		    (!region || strcmp(trial->probes[i].region, region) == 0))
			return true;
	return false;
}

/* A region in which nothing could be tried is none that a release could be made in. */
static int add_silence(struct doctor *doctor, const struct trial *trial, size_t first,
		       struct gk_error *err)
{
	const struct aws_probe *probe = &trial->probes[first];

	for (size_t i = 0; i < first; i++)
		if (strcmp(trial->probes[i].region, probe->region) == 0)
			return 0;
	if (has_answer(trial, probe->region))
		return 0;
	return doctor_add(doctor,
			  &(struct finding){FINDING_PROBLEM, SECTION, "every action",
					    probe->error.message, .location = probe->region,
					    .advice = "see to the network, the endpoint, and whether "
						      "the region is enabled"},
			  err);
}

static int tell(struct doctor *doctor, const struct trial *trial, struct gk_error *err)
{
	for (size_t i = 0; i < trial->count; i++)
		if (add_finding(doctor, trial, &trial->probes[i], err) < 0)
			return -1;
	for (size_t i = 0; i < trial->count; i++)
		if (add_silence(doctor, trial, i, err) < 0)
			return -1;
	if (doctor->unreached && has_answer(trial, NULL))
		doctor->findings[doctor->unreached - 1].level = FINDING_UNKNOWN;
	return 0;
}

static int add_nothing(struct doctor *doctor, enum finding_level level, const char *why,
		       struct gk_error *err)
{
	return doctor_add(doctor, &(struct finding){level, SECTION, "every action", .value = why},
			  err);
}

static int try_all(struct context *context, struct doctor *doctor, struct trial *trial,
		   struct gk_error *err)
{
	struct gk_error failure = {0};

	if (!context->aws || !doctor->has_credentials)
		return add_nothing(doctor, FINDING_UNKNOWN,
				   "not tried: that needs settings and credentials that work", err);
	if (aws_client_region(context->aws) &&
	    add_region(doctor, aws_client_region(context->aws), err) < 0)
		return -1;
	if (search_images(context, doctor, err) < 0 ||
	    add_probes(context, doctor, trial, err) < 0)
		return -1;
	if (doctor->place_count == 0 &&
	    add_nothing(doctor, FINDING_UNKNOWN, "not tried: no region is known to try it in",
			err) < 0)
		return -1;
	if (aws_probe_run(context->aws, trial->probes, trial->count, &failure) < 0)
		return add_nothing(doctor, FINDING_PROBLEM, failure.message, err);
	return tell(doctor, trial, err);
}

int doctor_permissions(struct context *context, struct doctor *doctor, struct gk_error *err)
{
	_cleanup_(gk_strv_done) struct gk_strv families = {0};
	_cleanup_(trial_done) struct trial trial = {0};

	if (doctor_families(context, &families, err) < 0)
		return -1;
	for (size_t i = 0; i < families.count; i++)
		if (add_family(context, *families.items[i] ? families.items[i] : NULL, &trial,
			       err) < 0)
			return -1;
	return try_all(context, doctor, &trial, err);
}
