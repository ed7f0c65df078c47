#include "aws/fetch.h"
#include "aws/process.h"
#include "aws/role.h"
#include "base/json.h"
#include "base/mem.h"

/* How wrong a clock may be: what ended longer ago is over by any. */
enum { TIMEOUT_MS = 60000, CLOCK_MAY_ERR_SECONDS = 15 * 60 };

/* AWS CLI User Guide, sourcing credentials with an external process. */
static int read_keys(const cJSON *answer, time_t now, struct aws_credentials *ret,
		     struct gk_error *err)
{
	struct aws_written_keys keys = {0};
	const char *expires = NULL;
	int64_t version = 0;
	time_t end = 0;
	bool complete = false;

	if (gk_json_integer(answer, "Version", 0, &version, err) < 0 ||
	    gk_json_string(answer, "AccessKeyId", &keys.id, err) < 0 ||
	    gk_json_string(answer, "SecretAccessKey", &keys.secret, err) < 0 ||
	    gk_json_string(answer, "SessionToken", &keys.token, err) < 0 ||
	    gk_json_string(answer, "Expiration", &expires, err) < 0)
		return -1;
	if (version != 1)
		return gk_error_set(err, GK_FAILED, "its Version is not 1");
	if (expires && aws_credentials_time(expires, &end, err) < 0)
		return gk_error_wrap(err, "Expiration");
	if (expires && end + CLOCK_MAY_ERR_SECONDS <= now)
		return gk_error_set(err, GK_FAILED, "it gives credentials that expired at %s",
				    expires);
	if (aws_credentials_take(&keys, "process", &complete, ret, err) < 0)
		return -1;
	if (!complete)
		return gk_error_set(err, GK_FAILED, "it gives no AccessKeyId");
	ret->expires = end;
	ret->fixed = !expires;
	return 0;
}

static int fetch(const struct aws_provider_world *world, const char *command,
		 struct aws_credentials *ret, struct gk_error *err)
{
	_cleanup_(gk_strv_done) struct gk_strv words = {0};
	_cleanup_(gk_buf_wipe) struct gk_buf output = {0};
	_cleanup_(aws_secret_json_freep) cJSON *answer = NULL;

	if (aws_process_split(command, &words, err) < 0 ||
	    aws_process_run(&words, world->clock, TIMEOUT_MS, &output, err) < 0)
		return -1;
	if (gk_json_parse(gk_buf_text(&output), output.length, &answer, err) < 0)
		return gk_error_wrap(err, "what it prints is no JSON");
	if (!cJSON_IsObject(answer))
		return gk_error_set(err, GK_FAILED, "what it prints is no JSON object");
	return read_keys(answer, aws_provider_now(world), ret, err);
}

int aws_process_find(const struct aws_profile_step *step, bool *ret_configured,
		     struct aws_credentials *ret, struct gk_error *err)
{
	const char *command = aws_profile_key(step, "credential_process");

	*ret_configured = command != NULL;
	if (!command || fetch(step->world, command, ret, err) == 0)
		return 0;
	err->code = GK_FAILED;
	return gk_error_wrap(err, "credential_process of the AWS profile %s", step->profile);
}
