#include "aws/identity.h"

#include <string.h>

#include "aws/answer.h"
#include "base/mem.h"

void aws_caller_done(struct aws_caller *caller)
{
	free(caller->account);
	free(caller->arn);
	free(caller->partition);
	*caller = (struct aws_caller){0};
}

/* "arn:aws-cn:…" */
static int read_partition(struct aws_caller *caller, struct gk_error *err)
{
	const char *begin = strchr(caller->arn, ':');
	const char *end = begin ? strchr(begin + 1, ':') : NULL;

	if (!end || end == begin + 1)
		return gk_error_set(err, GK_FAILED, "\"%.200s\" is no ARN", caller->arn);
	caller->partition = gk_str_format(err, "%.*s", (int)(end - begin - 1), begin + 1);
	return caller->partition ? 0 : -1;
}

static int read_answer(const struct gk_xml *answer, struct aws_caller *caller,
		       struct gk_error *err)
{
	const struct gk_xml *result = gk_xml_child(answer, "GetCallerIdentityResult");
	const char *account = NULL;
	const char *arn = NULL;

	if (aws_answer_check(answer, "GetCallerIdentity", err) < 0 ||
	    aws_answer_text(result, "Account", &account, err) < 0 ||
	    aws_answer_text(result, "Arn", &arn, err) < 0 ||
	    gk_str_set(&caller->account, account, err) < 0 ||
	    gk_str_set(&caller->arn, arn, err) < 0)
		return -1;
	return read_partition(caller, err);
}

int aws_caller_find(struct aws_client *client, const char *region, struct aws_caller *ret,
		    struct gk_error *err)
{
	_cleanup_(aws_call_done) struct aws_call call = {
		.service = AWS_STS, .action = "GetCallerIdentity", .region = region};
	_cleanup_(aws_caller_done) struct aws_caller caller = {0};

	/* Known only now where an instance tells it. */
	if (aws_client_check(client, err) < 0)
		return -1;
	if (!call.region && !aws_client_region(client))
		call.region = "us-east-1";
	if (aws_run(client, (struct aws_call *[]){&call}, 1, err) < 0)
		return -1;
	if (call.error.code != GK_OK) {
		if (err)
			*err = call.error;
		return -1;
	}
	if (read_answer(call.xml, &caller, err) < 0)
		return gk_error_wrap(err, "GetCallerIdentity");
	*ret = caller;
	caller = (struct aws_caller){0};
	return 0;
}
