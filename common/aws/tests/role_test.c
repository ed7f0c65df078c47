/* Roles by way of other roles. */
#include "aws/tests/asking.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/tests/folder.h"
#include "base/tests/unit.h"

#define KEYS                                                                                       \
	"<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>A</AccessKeyId>"          \
	"<SecretAccessKey>s3cr3t</SecretAccessKey><SessionToken>t0k3n</SessionToken>"              \
	"<Expiration>2026-11-20T18:00:00Z</Expiration></Credentials></AssumeRoleResult>"           \
	"</AssumeRoleResponse>"

/* Asks for p1, whose source is p2, and so on; the last one has keys. */
static const char *ask_chain(struct asking *a, int roles)
{
	_cleanup_(test_folder_done) struct test_folder folder = {0};
	_cleanup_(gk_buf_done) struct gk_buf config = {0};
	_cleanup_free_ char *environment = NULL;
	char path[TEST_PATH_SIZE];

	test_folder_init(&folder);
	for (int i = 1; i <= roles; i++)
		gk_buf_addf(&config,
			    "[profile p%d]\nrole_arn = arn:aws:iam::123456789012:role/p%d\n"
			    "source_profile = p%d\nregion = eu-west-1\n",
			    i, i, i + 1);
	gk_buf_addf(&config, "[profile p%d]\naws_access_key_id = A\naws_secret_access_key = s\n",
		    roles + 1);
	asking_write(test_path(&folder, "config", path), gk_buf_text(&config));
	environment = gk_str_format(NULL, "AWS_CONFIG_FILE=%s", path);
	return asking_ask(a, "p1", environment, aws_provider_profile.find);
}

static void test_chain(void **state)
{
	for (int i = 16; i >= 1; i--) {
		_cleanup_free_ char *match = gk_str_format(NULL, "role%%2Fp%d&", i);

		asking_answer(*state, match, 200, KEYS);
	}
	assert_string_equal(ask_chain(*state, 16), "A t0k3n 2026-11-20T18:00:00Z");
}

static void test_chain_is_too_long(void **state)
{
	ask_chain(*state, 17);
	assert_said((struct asking *)*state,
		    "the AWS profile p17: source_profile leads through more than 16 profiles");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_chain, asking_set_up, asking_tear_down),
		cmocka_unit_test_setup_teardown(test_chain_is_too_long, asking_set_up,
						asking_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
