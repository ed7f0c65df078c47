/* Amazon ECS and what is like it: where it is, what is sent there, what it answers. */
#include <strings.h>

#include "aws/tests/fuzz/world.h"

/* Nobody who is far away is asked over plain http. */
static bool is_near(const char *url)
{
	static const char *const hosts[] = {"localhost", "169.254.170.2", "169.254.170.23"};
	size_t length = 0;

	if (strncasecmp(url, "https://", 8) == 0)
		return true;
	url += strlen("http://");
	length = strcspn(url, ":/?");
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		if (strncasecmp(url, hosts[i], length) == 0 && strlen(hosts[i]) == length)
			return true;
	/* An address of the machine itself; those of IPv6 have too many forms to tell here. */
	return url[0] == '[' ||
	       (strncmp(url, "127.", 4) == 0 && strspn(url, "0123456789.") == length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct fuzz_question question = {
		.first = "200",
		.rest = "== AWS_CONTAINER_CREDENTIALS_FULL_URI\nhttp://localhost/x\n",
		.may_be_asked = is_near,
		.find = aws_provider_container.find,
	};

	fuzz_ask(data, size, &question);
	return 0;
}
