#include "pointer_options.h"

#include "base/mem.h"
#include "image/pointer.h"

int pointers_from_options(const struct options *options, const char *family, struct gk_strv *ret,
			  struct gk_error *err)
{
	_cleanup_(gk_strv_done) struct gk_strv values = {0};

	if (options_list(options, family, "publish-ssm", &values, err) < 0)
		return -1;
	for (size_t i = 0; i < values.count; i++) {
		if (pointer_template_check(values.items[i], err) < 0)
			return gk_error_wrap(err, "%s",
					     options_origin(options, family, "publish-ssm",
							    values.items[i]));
		if (gk_strv_add_unique(ret, values.items[i], err) < 0)
			return -1;
	}
	return 0;
}
