#include "version_options.h"

/* --version and --bump exclude each other where they come from the same place; else the nearer
 * wins. */
static int read_version(const struct options *options, const char *family, const char *custom,
			struct version_request *request, struct gk_error *err)
{
	const struct option_value *version = options_find(options, family, "version");
	const struct option_value *bump = options_find(options, family, "bump");

	if (version && bump && version->source == bump->source)
		return gk_error_set(err, GK_USAGE, "%s and %s exclude each other", version->origin,
				    bump->origin);
	if (version && (!bump || version->source > bump->source)) {
		if (version_request_parse(version->text, request, err) < 0)
			return gk_error_wrap(err, "%s", version->origin);
		return 0;
	}
	if (custom && !(bump && bump->source == OPTION_FROM_FLAG)) {
		if (version_request_parse(custom, request, err) < 0)
			return gk_error_wrap(err, "custom_data goldkeep_version");
		return 0;
	}
	if (bump && version_bump_parse(bump->text, &request->bump, err) < 0)
		return gk_error_wrap(err, "%s", bump->origin);
	return 0;
}

int version_from_options(const struct options *options, const char *family, const char *custom,
			 struct version_request *ret, struct gk_error *err)
{
	struct version_request request = {.kind = VERSION_BUMP, .bump = SEMVER_PATCH};
	const struct option_value *prerelease = options_find(options, family, "prerelease");

	if (read_version(options, family, custom, &request, err) < 0)
		return -1;
	if (prerelease && version_request_set_prerelease(&request, prerelease->text, err) < 0)
		return gk_error_wrap(err, "%s", prerelease->origin);
	*ret = request;
	return 0;
}
