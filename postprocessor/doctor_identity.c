/* Who signs, whose credentials they are, and what the servers' clock says. */
#include <stdlib.h>
#include <string.h>

#include "aws/credentials.h"
#include "aws/identity.h"
#include "base/mem.h"
#include "doctor.h"

#define SECTION "identity"

enum { SKEW_SECONDS = 60, SOON_SECONDS = 15 * 60 };

static int add(struct doctor *doctor, enum finding_level level, const char *subject,
	       const char *value, const char *advice, struct gk_error *err)
{
	return doctor_add(doctor,
			  &(struct finding){level, SECTION, subject, value, .advice = advice}, err);
}

/* ---- credentials ---- */

static int add_chain(const struct aws_client *client, struct doctor *doctor, struct gk_error *err)
{
	static const char *const answers[] = {
		[AWS_NOT_ASKED] = "not asked",
		[AWS_NOT_CONFIGURED] = "not configured",
		[AWS_CHOSEN] = "chosen",
		[AWS_FAILED] = "failed",
	};
	const struct aws_chain *chain = aws_client_chain(client);

	for (size_t i = 0; i < AWS_PROVIDERS; i++) {
		_cleanup_free_ char *subject = NULL;

		if (!chain->steps[i].name)
			continue;
		subject = gk_str_format(err, "provider: %s", chain->steps[i].name);
		if (!subject || add(doctor, FINDING_OK, subject, answers[chain->steps[i].answer],
				    NULL, err) < 0)
			return -1;
	}
	return 0;
}

static int add_expiry(const struct aws_client *client, struct doctor *doctor, struct gk_error *err)
{
	const struct aws_credentials *credentials = aws_client_credentials(client);
	time_t left = credentials->expires - aws_client_now(client);
	bool soon = credentials->fixed && left < SOON_SECONDS;
	char when[GK_TIME_TEXT] = "";

	if (credentials->expires == 0)
		return add(doctor, FINDING_OK, "expiry", "not known", NULL, err);
	return add(doctor, soon ? FINDING_WARNING : FINDING_OK, "expiry",
		   gk_time_format(credentials->expires, when),
		   soon ? "get new ones: these cannot be renewed here, and a release takes a while"
			: NULL,
		   err);
}

static int add_credentials(const struct aws_client *client, struct doctor *doctor,
			   struct gk_error *err)
{
	const struct aws_credentials *credentials = aws_client_credentials(client);

	doctor->has_credentials = true;
	if (gk_str_set(&doctor->provider, credentials->source, err) < 0 ||
	    add(doctor, FINDING_OK, "credentials", aws_client_identity(client), NULL, err) < 0)
		return -1;
	return add_expiry(client, doctor, err);
}

/* ---- the caller ---- */

static int add_caller(const struct aws_caller *caller, struct doctor *doctor, struct gk_error *err)
{
	if (gk_str_set(&doctor->account, caller->account, err) < 0 ||
	    gk_str_set(&doctor->arn, caller->arn, err) < 0 ||
	    gk_str_set(&doctor->partition, caller->partition, err) < 0 ||
	    add(doctor, FINDING_OK, "account", caller->account, NULL, err) < 0 ||
	    add(doctor, FINDING_OK, "ARN", caller->arn, NULL, err) < 0)
		return -1;
	return add(doctor, FINDING_OK, "partition", caller->partition, NULL, err);
}

/* Who is refused here is so everywhere: no permission is needed for this, and only an endpoint's
 * policy can deny it. Who does not get here, or asked in a partition that was only guessed, may get to
 * the services that a release needs: the permissions tell. */
static int add_refusal(const struct gk_error *failure, bool guessed, struct doctor *doctor,
		       struct gk_error *err)
{
	bool refused = failure->code == GK_DENIED && !guessed &&
		       !strstr(failure->message, "AccessDenied");

	doctor->has_credentials = !refused;
	if (add(doctor, FINDING_PROBLEM, "caller", failure->message,
		refused ? "give credentials that AWS takes, or set the clock"
			: "see to the network, the proxy, the CA bundle and the endpoint",
		err) < 0)
		return -1;
	doctor->unreached = refused ? 0 : doctor->count;
	return 0;
}

static int ask_caller(struct context *context, struct doctor *doctor, struct gk_error *err)
{
	_cleanup_(aws_caller_done) struct aws_caller caller = {0};
	struct gk_error failure = {0};
	const char *region = aws_client_region(context->aws) ? NULL : DOCTOR_ANY_REGION;

	if (aws_caller_find(context->aws, region, &caller, &failure) < 0)
		return add_refusal(&failure, region != NULL, doctor, err);
	return add_caller(&caller, doctor, err);
}

/* ---- the clock ---- */

static int add_clock(const struct aws_client *client, struct doctor *doctor, struct gk_error *err)
{
	_cleanup_free_ char *text = NULL;
	long long seconds = 0;
	bool far = false;

	doctor->has_skew = aws_client_skew(client, &doctor->skew);
	if (!doctor->has_skew)
		return add(doctor, FINDING_UNKNOWN, "clock", "no server has told the time", NULL,
			   err);
	seconds = llabs((long long)doctor->skew);
	far = seconds > SKEW_SECONDS;
	text = seconds == 0 ? gk_str_format(err, "as the servers'")
			    : gk_str_format(err, "%lld s %s", seconds,
					    doctor->skew > 0 ? "slow" : "fast");
	if (!text)
		return -1;
	return add(doctor, far ? FINDING_WARNING : FINDING_OK, "clock", text,
		   far ? "set this machine's clock: goldkeep corrects it where AWS refuses it, and "
			 "other tools may not"
		       : NULL,
		   err);
}

int doctor_identity(struct context *context, struct doctor *doctor, struct gk_error *err)
{
	struct gk_error failure = {0};

	if (!context->aws)
		return 0;
	if (aws_client_check(context->aws, &failure) < 0) {
		if (add(doctor, FINDING_PROBLEM, "credentials", failure.message, NULL, err) < 0)
			return -1;
		return add_chain(context->aws, doctor, err);
	}
	if (add_credentials(context->aws, doctor, err) < 0 ||
	    add_chain(context->aws, doctor, err) < 0 || ask_caller(context, doctor, err) < 0)
		return -1;
	return add_clock(context->aws, doctor, err);
}
