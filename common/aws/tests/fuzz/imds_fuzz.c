/* The instance metadata service: its token, the role, the keys; or the region. */
#include "aws/imds.h"

#include "aws/tests/fuzz/world.h"
#include "base/mem.h"

static int find_region(const struct aws_provider_world *world, bool *ret_configured,
		       struct aws_credentials *ret, struct gk_error *err)
{
	_cleanup_free_ char *region = NULL;

	(void)ret;
	*ret_configured = false;
	if (aws_imds_region(world, &region, err) < 0)
		return -1;
	fuzz_check(!region || (region[0] && !strpbrk(region, "/.:@?# \t\r\n")));
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct fuzz_question credentials = {"200", "", NULL, aws_provider_imds.find};
	const struct fuzz_question region = {"200", "", NULL, find_region};

	fuzz_ask(data, size, &credentials);
	fuzz_ask(data, size, &region);
	return 0;
}
