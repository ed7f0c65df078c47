#include "aws/errors.h"

#include <stddef.h>
#include <string.h>

#include "base/mem.h"

static const char expired[] =
	"the credentials have expired: get new ones and run the same command again";
static const char unknown_key[] =
	"AWS does not know this access key id: it is mistyped, deleted, switched off or of another "
	"partition";
static const char wrong_secret[] = "the secret access key does not belong to the access key id";
static const char ec2_refuses[] =
	"the access key id or its secret is wrong, or the region is not enabled in this account";
static const char unsigned_request[] =
	"something on the way to AWS took the signature away: look at proxies and the endpoint URL";
static const char wrong_clock[] = "this machine's clock is wrong";
static const char labelled_version[] =
	"100 versions are kept, and the oldest of them has a label: move the label to a newer version "
	"with aws ssm label-parameter-version";
static const char many_parameters[] =
	"this account has as many parameters in the region as it may: delete some there";
static const char pattern[] =
	"the name is not valid, or the parameter's AllowedPattern does not admit the id of an AMI";
static const char account_state[] = "the account cannot use this service or region yet";

/* A name with * behind it stands for everything that begins so. */
static const struct {
	const char *name;
	struct aws_error_meaning meaning;
} table[] = {
	/* Throttling. */
	{"Throttling", {GK_FAILED, RETRY_THROTTLING, NULL}},
	{"ThrottlingException", {GK_FAILED, RETRY_THROTTLING, NULL}},
	{"ThrottledException", {GK_FAILED, RETRY_THROTTLING, NULL}},
	{"RequestThrottled", {GK_FAILED, RETRY_THROTTLING, NULL}},
	{"RequestThrottledException", {GK_FAILED, RETRY_THROTTLING, NULL}},
	{"TooManyRequestsException", {GK_FAILED, RETRY_THROTTLING, NULL}},
	{"RequestLimitExceeded", {GK_FAILED, RETRY_THROTTLING, NULL}},
	{"BandwidthLimitExceeded", {GK_FAILED, RETRY_THROTTLING, NULL}},
	{"LimitExceededException", {GK_FAILED, RETRY_THROTTLING, NULL}},
	{"ProvisionedThroughputExceededException", {GK_FAILED, RETRY_THROTTLING, NULL}},
	{"TransactionInProgressException", {GK_FAILED, RETRY_THROTTLING, NULL}},
	{"PriorRequestNotComplete", {GK_FAILED, RETRY_THROTTLING, NULL}},
	{"SlowDown", {GK_FAILED, RETRY_THROTTLING, NULL}},
	{"EC2ThrottledException", {GK_FAILED, RETRY_THROTTLING, NULL}},
	{"TooManyUpdates", {GK_FAILED, RETRY_THROTTLING, NULL}},

	/* Passing. */
	{"RequestTimeout", {GK_FAILED, RETRY_TRANSIENT, NULL}},
	{"RequestTimeoutException", {GK_FAILED, RETRY_TRANSIENT, NULL}},
	{"InternalError", {GK_FAILED, RETRY_TRANSIENT, NULL}},
	{"InternalServerError", {GK_FAILED, RETRY_TRANSIENT, NULL}},
	{"IDPCommunicationError", {GK_FAILED, RETRY_TRANSIENT, NULL}},
	{"ConcurrentTagAccess", {GK_FAILED, RETRY_TRANSIENT, NULL}},
	{"TransactionConflictException", {GK_CONFLICT, RETRY_TRANSIENT, NULL}},
	{"ReplicatedWriteConflictException", {GK_CONFLICT, RETRY_TRANSIENT, NULL}},

	/* Not there. */
	{"InvalidAMIID.NotFound", {GK_NOT_FOUND, RETRY_FINAL, NULL}},
	{"InvalidAMIID.Unavailable", {GK_NOT_FOUND, RETRY_FINAL, NULL}},
	{"InvalidSnapshot.NotFound", {GK_NOT_FOUND, RETRY_FINAL, NULL}},
	{"InvalidLaunchTemplateId.NotFound", {GK_NOT_FOUND, RETRY_FINAL, NULL}},
	{"InvalidLaunchTemplateName.NotFoundException", {GK_NOT_FOUND, RETRY_FINAL, NULL}},
	{"ParameterNotFound", {GK_NOT_FOUND, RETRY_FINAL, NULL}},
	{"ParameterVersionNotFound", {GK_NOT_FOUND, RETRY_FINAL, NULL}},
	{"ResourceNotFoundException", {GK_NOT_FOUND, RETRY_FINAL, NULL}},

	/* Somebody else was there first. */
	{"ConditionalCheckFailedException", {GK_CONFLICT, RETRY_FINAL, NULL}},
	{"TransactionCanceledException", {GK_CONFLICT, RETRY_FINAL, NULL}},
	{"ResourceInUseException", {GK_CONFLICT, RETRY_FINAL, NULL}},
	{"ParameterAlreadyExists", {GK_CONFLICT, RETRY_FINAL, NULL}},

	/* Parameters that cannot be written. */
	{"HierarchyTypeMismatchException", {GK_REFUSED, RETRY_FINAL, NULL}},
	{"UnsupportedParameterType", {GK_REFUSED, RETRY_FINAL, NULL}},
	{"ParameterMaxVersionLimitExceeded", {GK_FAILED, RETRY_FINAL, labelled_version}},
	{"ParameterLimitExceeded", {GK_FAILED, RETRY_FINAL, many_parameters}},
	{"ParameterPatternMismatchException", {GK_FAILED, RETRY_FINAL, pattern}},

	/* Not allowed, or not recognised. */
	{"UnauthorizedOperation", {GK_DENIED, RETRY_FINAL, NULL}},
	{"AccessDenied*", {GK_DENIED, RETRY_FINAL, NULL}},
	{"OperationNotPermitted", {GK_DENIED, RETRY_FINAL, NULL}},
	{"AuthFailure", {GK_DENIED, RETRY_FINAL, ec2_refuses}},
	{"InvalidClientTokenId", {GK_DENIED, RETRY_FINAL, unknown_key}},
	{"UnrecognizedClientException", {GK_DENIED, RETRY_FINAL, unknown_key}},
	{"InvalidAccessKeyId", {GK_DENIED, RETRY_FINAL, unknown_key}},
	{"SignatureDoesNotMatch", {GK_DENIED, RETRY_FINAL, wrong_secret}},
	{"InvalidSignatureException", {GK_DENIED, RETRY_FINAL, wrong_secret}},
	{"IncompleteSignature*", {GK_DENIED, RETRY_FINAL, unsigned_request}},
	{"MissingAuthenticationToken*", {GK_DENIED, RETRY_FINAL, unsigned_request}},
	{"ExpiredToken", {GK_DENIED, RETRY_FINAL, expired}},
	{"ExpiredTokenException", {GK_DENIED, RETRY_FINAL, expired}},
	{"RequestExpired", {GK_DENIED, RETRY_FINAL, expired}},
	{"RequestTimeTooSkewed", {GK_DENIED, RETRY_FINAL, wrong_clock}},
	{"RequestInTheFuture", {GK_DENIED, RETRY_FINAL, wrong_clock}},
	{"OptInRequired", {GK_DENIED, RETRY_FINAL, account_state}},
	{"Blocked", {GK_DENIED, RETRY_FINAL, account_state}},
	{"PendingVerification", {GK_DENIED, RETRY_FINAL, account_state}},

	/* Not known to the other side. */
	{"InvalidAction", {GK_UNSUPPORTED, RETRY_FINAL, NULL}},
	{"UnknownParameter", {GK_UNSUPPORTED, RETRY_FINAL, NULL}},
	{"UnsupportedOperation", {GK_UNSUPPORTED, RETRY_FINAL, NULL}},
	{"UnknownOperationException", {GK_UNSUPPORTED, RETRY_FINAL, NULL}},
};

static const struct {
	int status;
	struct aws_error_meaning meaning;
} statuses[] = {
	{401, {GK_DENIED, RETRY_FINAL, NULL}},
	{403, {GK_DENIED, RETRY_FINAL, NULL}},
	{429, {GK_FAILED, RETRY_THROTTLING, NULL}},
	{500, {GK_FAILED, RETRY_TRANSIENT, NULL}},
	{501, {GK_UNSUPPORTED, RETRY_FINAL, NULL}},
	{502, {GK_FAILED, RETRY_TRANSIENT, NULL}},
	{503, {GK_FAILED, RETRY_TRANSIENT, NULL}},
	{504, {GK_FAILED, RETRY_TRANSIENT, NULL}},
};

static bool matches(const char *name, const char *code)
{
	size_t length = strlen(name);

	if (name[length - 1] == '*')
		return strncmp(code, name, length - 1) == 0;
	return strcmp(code, name) == 0;
}

static bool is_one_of(const char *code, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(code, names[i]) == 0)
			return true;
	return false;
}

struct aws_error_meaning aws_error_meaning(const char *code, int status)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (matches(table[i].name, code))
			return table[i].meaning;
	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++)
		if (statuses[i].status == status)
			return statuses[i].meaning;
	return (struct aws_error_meaning){GK_FAILED, RETRY_FINAL, NULL};
}

bool aws_error_may_be_skew(const char *code)
{
	static const char *const names[] = {
		"RequestTimeTooSkewed", "InvalidSignatureException", "SignatureDoesNotMatch",
		"AuthFailure",          "AccessDeniedException",     "RequestExpired",
	};

	return is_one_of(code, names, ARRAY_SIZE(names));
}

bool aws_error_is_expired(const char *code)
{
	static const char *const names[] = {"ExpiredToken", "ExpiredTokenException",
					    "RequestExpired"};

	return is_one_of(code, names, ARRAY_SIZE(names));
}

bool aws_error_is_stale_token(const char *code)
{
	static const char *const names[] = {"InvalidPaginationToken", "InvalidNextToken"};

	return is_one_of(code, names, ARRAY_SIZE(names));
}
