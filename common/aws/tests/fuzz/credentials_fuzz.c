/* Everything that may say where credentials come from, and the answers on the way to them. */
#include "aws/credentials.h"

#include "aws/tests/fuzz/world.h"

static int find(const struct aws_provider_world *world, bool *ret_configured,
		struct aws_credentials *ret, struct gk_error *err)
{
	struct aws_chain chain;

	*ret_configured = true;
	if (aws_credentials_resolve(world, &chain, ret, err) < 0)
		return -1;
	fuzz_check(ret->source);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct fuzz_question question = {"config", "", NULL, find};

	fuzz_ask(data, size, &question);
	return 0;
}
