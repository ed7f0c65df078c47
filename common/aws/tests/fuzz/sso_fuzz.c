/* IAM Identity Center: the token that was left behind, its renewal, the keys of the role. */
#include "aws/tests/fuzz/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct fuzz_question question = {
		.first = "login",
		.rest = "== config\n"
			"[default]\n"
			"sso_session = corp\n"
			"sso_account_id = 123456789012\n"
			"sso_role_name = Image Builder\n"
			"[sso-session corp]\n"
			"sso_start_url = https://corp.awsapps.com/start\n"
			"sso_region = eu-west-1\n"
			"== 200\n"
			"{\"roleCredentials\":{\"accessKeyId\":\"A\",\"secretAccessKey\":\"s\","
			"\"sessionToken\":\"t\",\"expiration\":1795197600000}}",
		.find = aws_provider_profile.find,
	};

	fuzz_ask(data, size, &question);
	return 0;
}
