#include "doctor.h"

#include <stdlib.h>

#include "base/mem.h"

void doctor_done(struct doctor *doctor)
{
	free(doctor->findings);
	free(doctor->places);
	free(doctor->profile);
	free(doctor->region);
	free(doctor->provider);
	free(doctor->account);
	free(doctor->arn);
	free(doctor->partition);
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

int doctor_families(const struct context *context, struct gk_strv *ret, struct gk_error *err)
{
	const char *family = context_family(context, 0);

	if (family)
		return family_check(family, err) < 0 ? -1 : gk_strv_add(ret, family, err);
	if (gk_strv_add(ret, "", err) < 0)
		return -1;
	for (size_t i = 0; i < context->options.count; i++)
		if (context->options.values[i].family &&
		    gk_strv_add_unique(ret, context->options.values[i].family, err) < 0)
			return -1;
	return 0;
}
