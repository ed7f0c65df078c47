/* What the features need to be allowed, tried without doing harm. */
#include <stdlib.h>
#include <string.h>

#include "aws/probe.h"
#include "base/mem.h"
#include "doctor.h"

#define SECTION "permissions"

/* What is to be tried, and what the probes borrow. */
struct trial {
	struct gk_strv tag_keys; /* what --tag adds, in any family */
	struct aws_probe *probes;
	size_t count;
};

static void trial_done(struct trial *trial)
{
	gk_strv_done(&trial->tag_keys);
	free(trial->probes);
}

/* ---- trying ---- */

static int add_tag_keys(struct trial *trial, const struct tag_list *tags, struct gk_error *err)
{
	for (size_t i = 0; i < tags->count; i++)
		if (gk_strv_add_unique(&trial->tag_keys, tags->items[i].key, err) < 0)
			return -1;
	return 0;
}

static struct aws_probe *add_probe(struct trial *trial, const struct aws_permission *permission,
				   const char *region, struct gk_error *err)
{
	struct aws_probe *probe =
		gk_array_add(&trial->probes, &trial->count, sizeof(*probe), err);

	if (probe)
		*probe = (struct aws_probe){.permission = permission, .region = region};
	return probe;
}

/* In every table. */
static int add_table_probes(struct context *context, const struct doctor *doctor,
			    struct trial *trial, const struct aws_permission *permission,
			    struct gk_error *err)
{
	for (size_t i = 0; i < doctor->family_count; i++) {
		const struct store_address *store = &doctor->families[i].store;
		const char *region = store->region ? store->region
						   : aws_client_region(context->aws);
		struct aws_probe *probe = NULL;
		size_t first = 0;

		while (!store_address_equal(&doctor->families[first].store, store))
			first++;
		if (!store->dynamodb || !region || first < i)
			continue;
		probe = add_probe(trial, permission, region, err);
		if (!probe)
			return -1;
		probe->name = store->name;
		probe->endpoint = store->endpoint;
	}
	return 0;
}

/* In a region, on every parameter that would be written; without one it is told that there is none. */
static int add_place_probes(const struct doctor *doctor, struct trial *trial,
			    const struct aws_permission *permission,
			    const struct doctor_place *place, struct gk_error *err)
{
	const struct gk_strv *names = &doctor->parameters;
	bool each = permission->resource == AWS_RESOURCE_PUBLISHED && names->count > 0;

	for (size_t i = 0; i < (each ? names->count : 1); i++) {
		struct aws_probe *probe = add_probe(trial, permission, place->region, err);

		if (!probe)
			return -1;
		probe->image = place->image;
		probe->snapshot = place->snapshot;
		probe->name = each ? names->items[i] : NULL;
		probe->tag_keys = &trial->tag_keys;
	}
	return 0;
}

/* Those of tables in their regions, all others in every one. */
static int add_probes(struct context *context, const struct doctor *doctor, struct trial *trial,
		      struct gk_error *err)
{
	for (const struct aws_permission *p = aws_permissions; p->action; p++) {
		bool table = p->resource == AWS_RESOURCE_TABLE;

		if (!(p->features & doctor->features))
			continue;
		if (table && add_table_probes(context, doctor, trial, p, err) < 0)
			return -1;
		for (size_t i = 0; !table && i < doctor->place_count; i++)
			if (add_place_probes(doctor, trial, p, &doctor->places[i], err) < 0)
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

/* A release works without what only a revocation needs, what only serves a better message, and the
 * call for which retention has others. */
static bool can_be_missed(const struct aws_permission *permission, unsigned needs)
{
	static const char *const actions[] = {"ec2:DescribeImageReferences",
					      "dynamodb:DescribeTable"};

	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		if (strcmp(permission->action, actions[i]) == 0)
			return true;
	return needs == AWS_FEATURE_REVOKE || permission->condition == AWS_CONDITION_VIA_EC2;
}

static int add_finding(struct doctor *doctor, const struct aws_probe *probe, struct gk_error *err)
{
	const struct aws_permission *permission = probe->permission;
	bool via = permission->condition == AWS_CONDITION_VIA_EC2;
	unsigned needs = permission->features & doctor->features;
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
		finding.level = can_be_missed(permission, needs) ? FINDING_WARNING
								 : FINDING_PROBLEM;
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

/* Of the same action in the same region, on several parameters or tables. */
static bool is_twin(const struct aws_probe *a, const struct aws_probe *b)
{
	return a->permission == b->permission && strcmp(a->region, b->region) == 0;
}

/* The one that counts: what is denied for one is denied. NULL if an earlier one stands for it. */
static const struct aws_probe *worst_of(const struct trial *trial, size_t index)
{
	static const int badness[] = {[AWS_ALLOWED] = 0, [AWS_UNTRIED] = 1, [AWS_DENIED] = 2};
	const struct aws_probe *worst = &trial->probes[index];

	for (size_t i = 0; i < trial->count; i++) {
		const struct aws_probe *probe = &trial->probes[i];

		if (!is_twin(probe, worst))
			continue;
		if (i < index)
			return NULL;
		if (badness[probe->verdict] > badness[worst->verdict])
			worst = probe;
	}
	return worst;
}

/* The letters of the service in an action: "ssm". What EC2 asks of others is asked of EC2. */
static int service_length(const struct aws_probe *probe)
{
	return probe->permission->condition == AWS_CONDITION_VIA_EC2
		       ? 0
		       : (int)strcspn(probe->permission->action, ":");
}

static bool is_same_service(const struct aws_probe *a, const struct aws_probe *b)
{
	int length = service_length(a);

	return length == service_length(b) &&
	       strncmp(a->permission->action, b->permission->action, (size_t)length) == 0;
}

/* Did anything answer, anywhere or in the region or of the service there of a probe? */
static bool has_answer(const struct trial *trial, const struct aws_probe *of, bool service)
{
	for (size_t i = 0; i < trial->count; i++) {
		const struct aws_probe *probe = &trial->probes[i];

		if (probe->verdict != AWS_UNTRIED &&
		    (!of || strcmp(probe->region, of->region) == 0) &&
		    (!service || is_same_service(probe, of)))
			return true;
	}
	return false;
}

/* A region in which nothing could be tried is none that a release could be made in; nor is one where
 * a service that it needs does not answer. */
static int add_silence(struct doctor *doctor, const struct trial *trial, size_t first,
		       struct gk_error *err)
{
	const struct aws_probe *probe = &trial->probes[first];
	bool whole = !has_answer(trial, probe, false);
	_cleanup_free_ char *subject =
		whole ? gk_str_format(err, "every action")
		      : gk_str_format(err, "every %.*s action", service_length(probe),
				      probe->permission->action);

	if (!subject)
		return -1;
	if (!probe->asked || service_length(probe) == 0 ||
	    (!whole && has_answer(trial, probe, true)))
		return 0;
	for (size_t i = 0; i < first; i++)
		if (trial->probes[i].asked && strcmp(trial->probes[i].region, probe->region) == 0 &&
		    (whole || is_same_service(&trial->probes[i], probe)))
			return 0;
	return doctor_add(doctor,
			  &(struct finding){FINDING_PROBLEM, SECTION, subject,
					    probe->error.message, .location = probe->region,
					    .advice = "see to the network, the endpoint, and whether "
						      "the region is enabled"},
			  err);
}

static int tell(struct doctor *doctor, const struct trial *trial, struct gk_error *err)
{
	for (size_t i = 0; i < trial->count; i++) {
		const struct aws_probe *worst = worst_of(trial, i);

		if (worst && add_finding(doctor, worst, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < trial->count; i++)
		if (add_silence(doctor, trial, i, err) < 0)
			return -1;
	if (doctor->unreached && has_answer(trial, NULL, false))
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
	if (add_probes(context, doctor, trial, err) < 0)
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
	_cleanup_(trial_done) struct trial trial = {0};

	for (size_t i = 0; i < doctor->family_count; i++)
		if (add_tag_keys(&trial, &doctor->families[i].order.tags, err) < 0)
			return -1;
	return try_all(context, doctor, &trial, err);
}
