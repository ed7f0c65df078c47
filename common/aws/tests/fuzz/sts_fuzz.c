/* What STS answers. */
#include "aws/sts.h"

#include "aws/tests/fuzz/world.h"

static int assume(const struct aws_provider_world *world, bool *ret_configured,
		  struct aws_credentials *ret, struct gk_error *err)
{
	const struct aws_sts_role role = {
		.arn = "arn:aws:iam::123456789012:role/x",
		.token = "t",
	};

	*ret_configured = true;
	return aws_sts_assume(world, &role, NULL, ret, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct fuzz_question question = {"200", "== AWS_REGION\neu-west-1\n", NULL, assume};

	fuzz_ask(data, size, &question);
	return 0;
}
