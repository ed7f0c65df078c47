/* What a credential_process prints. */
#include "aws/tests/fuzz/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct fuzz_question question = {
		.first = "printed",
		.rest = "== config\n[default]\ncredential_process = x\n",
		.find = aws_provider_profile.find,
	};

	fuzz_ask(data, size, &question);
	return 0;
}
