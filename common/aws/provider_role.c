#include <ctype.h>
#include <string.h>

#include "aws/environment.h"
#include "aws/role.h"
#include "aws/sts.h"
#include "base/mem.h"

enum { DURATION_LEAST = 900, DURATION_MOST = 43200, CHAIN_MAX = 16 };

typedef int find_function(const struct aws_provider_world *world, bool *ret_configured,
			  struct aws_credentials *ret, struct gk_error *err);

/* What STS takes (STS API Reference, AssumeRole). */
static const struct {
	const char *key;
	size_t least, most;
	const char *also; /* besides letters and digits; NULL: anything */
} rules[] = {
	{"role_arn", 20, 2048, NULL},
	{"role_session_name", 2, 64, "_+=,.@-"},
	{"external_id", 2, 1224, "_+=,.@:/-"},
};

static bool is_of(const char *text, const char *also)
{
	for (; also && *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr(also, *text))
			return false;
	return true;
}

static int check_duration(const char *text, struct gk_error *err)
{
	int seconds = 0;

	if (!text)
		return 0;
	if (aws_settings_count(text, "duration_seconds", DURATION_MOST + 1, 0, &seconds, err) < 0)
		return -1;
	if (seconds < DURATION_LEAST || seconds > DURATION_MOST)
		return gk_error_set(err, GK_FAILED, "duration_seconds is not from %d to %d: %s",
				    DURATION_LEAST, DURATION_MOST, text);
	return 0;
}

static int check(const struct aws_profile_step *step, struct gk_error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		const char *value = aws_profile_key(step, rules[i].key);
		size_t length = value ? strlen(value) : rules[i].least;

		if (length < rules[i].least || length > rules[i].most ||
		    (value && !is_of(value, rules[i].also)))
			return gk_error_set(err, GK_FAILED, "%s is not valid: %s", rules[i].key,
					    value);
	}
	if (aws_profile_key(step, "mfa_serial"))
		return gk_error_set(err, GK_FAILED,
				    "mfa_serial asks for a code that only a person has: assume the "
				    "role before and give its keys (aws configure "
				    "export-credentials --format env prints them)");
	return check_duration(aws_profile_key(step, "duration_seconds"), err);
}

static int find_environment(const struct aws_provider_world *world, bool *ret_configured,
			    struct aws_credentials *ret, struct gk_error *err)
{
	return aws_environment_find(world->settings, ret_configured, ret, err);
}

static find_function *find_place(const char *name)
{
	const struct {
		const char *name;
		find_function *find;
	} places[] = {
		{"Environment", find_environment},
		{"Ec2InstanceMetadata", aws_provider_imds.find},
		{"EcsContainer", aws_provider_container.find},
	};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (strcmp(name, places[i].name) == 0)
			return places[i].find;
	return NULL;
}

static int find_by_place(const struct aws_profile_step *step, const char *name,
			 struct aws_credentials *ret, struct gk_error *err)
{
	find_function *find = find_place(name);
	bool configured = false;

	if (!find)
		return gk_error_set(err, GK_FAILED,
				    "credential_source is none of Environment, "
				    "Ec2InstanceMetadata and EcsContainer: %s",
				    name);
	if (find(step->world, &configured, ret, err) < 0)
		return gk_error_wrap(err, "credential_source %s", name);
	if (!configured)
		return gk_error_set(err, GK_FAILED, "credential_source %s has no credentials",
				    name);
	return 0;
}

/* A profile may be its own source: then it is its keys that count. */
static int check_loop(const struct aws_profile_step *step, const char *source,
		      struct gk_error *err)
{
	_cleanup_free_ char *way = NULL;

	if (!gk_strv_has(step->visited, source) ||
	    (strcmp(source, step->profile) == 0 &&
	     aws_profile_key(step, "aws_access_key_id")))
		return 0;
	way = gk_strv_join(step->visited, " → ", err);
	if (!way)
		return -1;
	return gk_error_set(err, GK_FAILED, "source_profile goes round in a circle: %s → %s", way,
			    source);
}

static int find_by_profile(const struct aws_profile_step *step, const char *source,
			   struct aws_credentials *ret, struct gk_error *err)
{
	struct aws_profile_step next = *step;
	bool configured = false;

	next.profile = source;
	next.is_source = true;
	if (!aws_profiles_has(&step->world->settings->profiles, AWS_SECTION_PROFILE, source))
		return gk_error_set(err, GK_FAILED, "source_profile %s does not exist", source);
	if (check_loop(step, source, err) < 0 ||
	    aws_profile_find(&next, &configured, ret, err) < 0)
		return -1;
	if (!configured)
		return gk_error_set(err, GK_FAILED, "source_profile %s has no credentials", source);
	return 0;
}

static int find_source(const struct aws_profile_step *step, struct aws_credentials *ret,
		       struct gk_error *err)
{
	const char *profile = aws_profile_key(step, "source_profile");
	const char *place = aws_profile_key(step, "credential_source");

	if (!profile == !place)
		return gk_error_set(err, GK_FAILED,
				    "role_arn asks for a role and needs either source_profile or "
				    "credential_source: %s",
				    profile ? "both are given" : "neither is given");
	return profile ? find_by_profile(step, profile, ret, err)
		       : find_by_place(step, place, ret, err);
}

static int assume(const struct aws_profile_step *step, struct aws_credentials *ret,
		  struct gk_error *err)
{
	const struct aws_sts_role role = {
		.arn = aws_profile_key(step, "role_arn"),
		.session_name = aws_profile_key(step, "role_session_name"),
		.external_id = aws_profile_key(step, "external_id"),
		.duration = aws_profile_key(step, "duration_seconds"),
	};
	_cleanup_(aws_credentials_done) struct aws_credentials source = {0};

	if (step->visited->count == CHAIN_MAX)
		return gk_error_set(err, GK_FAILED,
				    "source_profile leads through more than %d profiles", CHAIN_MAX);
	if (gk_strv_add(step->visited, step->profile, err) < 0 || check(step, err) < 0 ||
	    find_source(step, &source, err) < 0)
		return -1;
	return aws_sts_assume(step->world, &role, &source, ret, err);
}

int aws_role_find(const struct aws_profile_step *step, bool *ret_configured,
		  struct aws_credentials *ret, struct gk_error *err)
{
	*ret_configured = aws_profile_key(step, "role_arn") &&
			  !aws_profile_key(step, "web_identity_token_file");
	if (!*ret_configured || assume(step, ret, err) == 0)
		return 0;
	err->code = GK_FAILED;
	return gk_error_wrap(err, "the AWS profile %s", step->profile);
}
