#include "doctor.h"

int doctor_template(struct context *context, const char *path, struct doctor *doctor,
		    struct gk_error *err)
{
	(void)context;
	return doctor_add(doctor, &(struct finding){FINDING_UNKNOWN, "template", path, .value = "stub"}, err);
}
