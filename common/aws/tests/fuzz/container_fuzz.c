/* Amazon ECS and what is like it: where it is, what is sent there, what it answers. */
#include "aws/tests/fuzz/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct fuzz_question question = {
		.first = "200",
		.rest = "== AWS_CONTAINER_CREDENTIALS_FULL_URI\nhttp://localhost/x\n",
		.find = aws_provider_container.find,
	};

	fuzz_ask(data, size, &question);
	return 0;
}
