#include "doctor.h"

#include <stdlib.h>
#include <string.h>

#include "aws/permission.h"
#include "base/mem.h"

void doctor_done(struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->family_count; i++)
		feature_options_done(&doctor->families[i]);
	free(doctor->families);
	free(doctor->findings);
	free(doctor->places);
	free(doctor->profile);
	free(doctor->region);
	free(doctor->provider);
	free(doctor->account);
	free(doctor->arn);
	free(doctor->partition);
	gk_strv_done(&doctor->parameters);
	gk_strv_done(&doctor->texts);
	*doctor = (struct doctor){0};
}

const char *doctor_keep(struct doctor *doctor, const char *text, struct gk_error *err)
{
	if (gk_strv_add(&doctor->texts, text, err) < 0)
		return NULL;
	return doctor->texts.items[doctor->texts.count - 1];
}

int doctor_add(struct doctor *doctor, const struct finding *finding, struct gk_error *err)
{
	struct finding copy = *finding;
	const char **const texts[] = {&copy.section, &copy.subject, &copy.value,
				      &copy.origin,  &copy.advice,  &copy.location};
	struct finding *added = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (!*texts[i])
			continue;
		*texts[i] = doctor_keep(doctor, *texts[i], err);
		if (!*texts[i])
			return -1;
	}
	added = gk_array_add(&doctor->findings, &doctor->count, sizeof(*added), err);
	if (!added)
		return -1;
	*added = copy;
	return 0;
}

struct doctor_place *doctor_add_place(struct doctor *doctor, const char *region,
				      struct gk_error *err)
{
	struct doctor_place *added = NULL;

	for (size_t i = 0; i < doctor->place_count; i++)
		if (strcmp(doctor->places[i].region, region) == 0)
			return &doctor->places[i];
	region = doctor_keep(doctor, region, err);
	added = region ? gk_array_add(&doctor->places, &doctor->place_count, sizeof(*added), err)
		       : NULL;
	if (added)
		added->region = region;
	return added;
}

/* ---- what the options ask for ---- */

bool doctor_is_apart(const struct context *context, const char *family)
{
	static const char *const names[] = {"profile", "region", "endpoint-url"};

	if (context_family(context, 0))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!gk_str_equal(options_text(&context->options, family, names[i]),
				  options_text(&context->options, NULL, names[i])))
			return true;
	return false;
}

static unsigned features_of(const struct feature_options *family)
{
	const struct release_order *order = &family->order;
	unsigned features = AWS_FEATURE_RELEASE | AWS_FEATURE_REVOKE;

	if (order->pointers.count > 0)
		features |= AWS_FEATURE_PUBLISH;
	if (order->policy.given || order->discard_duplicate)
		features |= AWS_FEATURE_RETAIN;
	if (family->store.dynamodb)
		features |= AWS_FEATURE_INVENTORY;
	return features;
}

static int read_family(const struct context *context, const char *family, struct doctor *doctor,
		       struct gk_error *err)
{
	_cleanup_(feature_options_done) struct feature_options features = {0};
	struct feature_options *added = NULL;

	if (feature_options_read(context, family, &features, err) < 0)
		return -1;
	if (doctor_is_apart(context, family))
		return 0;
	added = gk_array_add(&doctor->families, &doctor->family_count, sizeof(*added), err);
	if (!added)
		return -1;
	doctor->features |= features_of(&features);
	*added = features;
	features = (struct feature_options){0};
	return 0;
}

int doctor_read_options(struct context *context, struct doctor *doctor, struct gk_error *err)
{
	const char *family = context_family(context, 0);
	_cleanup_(gk_strv_done) struct gk_strv sections = {0};

	if (family && family_check(family, err) < 0)
		return -1;
	if (read_family(context, family, doctor, err) < 0 ||
	    options_families(&context->options, &sections, err) < 0)
		return -1;
	for (size_t i = 0; !family && i < sections.count; i++) {
		const char *kept = doctor_keep(doctor, sections.items[i], err);

		if (!kept || read_family(context, kept, doctor, err) < 0)
			return -1;
	}
	return 0;
}
