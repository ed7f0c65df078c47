#include "image/handout.h"

#include <string.h>

#include "base/mem.h"
#include "base/tests/unit.h"

struct place {
	const char *location, *architecture, *id;
	enum release_state state;
};

static struct release make(const char *version, const struct place *places, size_t count)
{
	struct release release = {0};

	assert_int_equal(gk_str_set(&release.family, "db/arm64", NULL), 0);
	assert_int_equal(semver_parse(version, &release.version, NULL), 0);
	for (size_t i = 0; i < count; i++) {
		struct image *image = release_add_image(&release, NULL);

		assert_non_null(image);
		assert_int_equal(gk_str_set(&image->location, places[i].location, NULL), 0);
		assert_int_equal(gk_str_set(&image->architecture, places[i].architecture, NULL), 0);
		assert_int_equal(gk_str_set(&image->id, places[i].id, NULL), 0);
		image->state = places[i].state;
	}
	return release;
}

/* In no order, with images that nobody can use. */
static const struct place one_each[] = {
	{"us-east-1", "x86_64", "ami-2", RELEASE_LIVE},
	{"eu-west-1", "x86_64", "ami-1", RELEASE_DEPRECATED},
	{"ap-south-1", "x86_64", "ami-9", RELEASE_RETIRED},
	{"us-east-1", "x86_64", "ami-8", RELEASE_RETIRING},
	{"us-east-1", "arm64", "ami-7", RELEASE_DISABLED},
};

static const struct place two_architectures[] = {
	{"us-east-1", "x86_64", "ami-2", RELEASE_LIVE},
	{"us-east-1", "arm64", "ami-3", RELEASE_LIVE},
	{"eu-west-1", "arm64", "ami-1", RELEASE_PENDING},
};

static const struct place alone[] = {{"us-east-1", NULL, "ami-1", RELEASE_LIVE}};

static void check(const char *format, const char *version, const struct place *places,
		  size_t count, const char *expected)
{
	_cleanup_(release_done) struct release release = make(version, places, count);
	enum handout_format parsed = HANDOUT_TEXT;
	struct gk_error err = {0};
	char *text = NULL;

	assert_success(handout_format_parse(format, &parsed, &err), &err);
	text = handout_text(parsed, &release, &err);
	if (!text)
		fail_msg("%s: %s", format, err.message);
	assert_string_equal(text, expected);
	free(text);
}

static void test_one_image_a_region(void **state)
{
	(void)state;
	check("text", "1.4.2", one_each, ARRAY_SIZE(one_each),
	      "eu-west-1\tami-1\tx86_64\nus-east-1\tami-2\tx86_64\n");
	check("tfvars", "1.4.2+b.1", one_each, ARRAY_SIZE(one_each),
	      "{\n\t\"ami_family\":\t\"db/arm64\",\n\t\"ami_version\":\t\"1.4.2+b.1\",\n"
	      "\t\"ami_ids\":\t{\n\t\t\"eu-west-1\":\t\"ami-1\",\n\t\t\"us-east-1\":\t\"ami-2\"\n"
	      "\t},\n\t\"ami_ids_by_architecture\":\t{\n\t\t\"x86_64\":\t{\n"
	      "\t\t\t\"eu-west-1\":\t\"ami-1\",\n\t\t\t\"us-east-1\":\t\"ami-2\"\n\t\t}\n\t}\n}\n");
	check("pkrvars", "1.4.2", one_each, ARRAY_SIZE(one_each),
	      "ami_family = \"db/arm64\"\nami_version = \"1.4.2\"\nami_ids = {\n"
	      "  \"eu-west-1\" = \"ami-1\"\n  \"us-east-1\" = \"ami-2\"\n}\n"
	      "ami_ids_by_architecture = {\n  \"x86_64\" = {\n    \"eu-west-1\" = \"ami-1\"\n"
	      "    \"us-east-1\" = \"ami-2\"\n  }\n}\n");
	check("env", "1.4.2-rc.1+b", one_each, ARRAY_SIZE(one_each),
	      "AMI_FAMILY=db/arm64\nAMI_VERSION=1.4.2-rc.1+b\nAMI_ID_EU_WEST_1=ami-1\n"
	      "AMI_ID_EU_WEST_1_X86_64=ami-1\nAMI_ID_US_EAST_1=ami-2\n"
	      "AMI_ID_US_EAST_1_X86_64=ami-2\n");
	check("ansible", "1.4.2", one_each, ARRAY_SIZE(one_each),
	      "---\nami_family: \"db/arm64\"\nami_version: \"1.4.2\"\nami_ids:\n"
	      "  \"eu-west-1\": \"ami-1\"\n  \"us-east-1\": \"ami-2\"\nami_ids_by_architecture:\n"
	      "  \"x86_64\":\n    \"eu-west-1\": \"ami-1\"\n    \"us-east-1\": \"ami-2\"\n");
	check("cloudformation", "1.4.2", one_each, ARRAY_SIZE(one_each),
	      "{\n\t\"Mappings\":\t{\n\t\t\"AmiRelease\":\t{\n\t\t\t\"Release\":\t{\n"
	      "\t\t\t\t\"Family\":\t\"db/arm64\",\n\t\t\t\t\"Version\":\t\"1.4.2\"\n\t\t\t}\n\t\t},\n"
	      "\t\t\"Ami\":\t{\n\t\t\t\"eu-west-1\":\t{\n\t\t\t\t\"x8664\":\t\"ami-1\"\n\t\t\t},\n"
	      "\t\t\t\"us-east-1\":\t{\n\t\t\t\t\"x8664\":\t\"ami-2\"\n\t\t\t}\n\t\t}\n\t}\n}\n");
}

static void test_architectures(void **state)
{
	(void)state;
	check("text", "1.4.2", two_architectures, ARRAY_SIZE(two_architectures),
	      "eu-west-1\tami-1\tarm64\nus-east-1\tami-3\tarm64\nus-east-1\tami-2\tx86_64\n");
	check("env", "1.4.2", two_architectures, ARRAY_SIZE(two_architectures),
	      "AMI_FAMILY=db/arm64\nAMI_VERSION=1.4.2\nAMI_ID_EU_WEST_1_ARM64=ami-1\n"
	      "AMI_ID_US_EAST_1_ARM64=ami-3\nAMI_ID_US_EAST_1_X86_64=ami-2\n");
	check("ansible", "1.4.2", two_architectures, ARRAY_SIZE(two_architectures),
	      "---\nami_family: \"db/arm64\"\nami_version: \"1.4.2\"\nami_ids_by_architecture:\n"
	      "  \"arm64\":\n    \"eu-west-1\": \"ami-1\"\n    \"us-east-1\": \"ami-3\"\n"
	      "  \"x86_64\":\n    \"us-east-1\": \"ami-2\"\n");
	check("pkrvars", "1.4.2", two_architectures, ARRAY_SIZE(two_architectures),
	      "ami_family = \"db/arm64\"\nami_version = \"1.4.2\"\nami_ids_by_architecture = {\n"
	      "  \"arm64\" = {\n    \"eu-west-1\" = \"ami-1\"\n    \"us-east-1\" = \"ami-3\"\n  }\n"
	      "  \"x86_64\" = {\n    \"us-east-1\" = \"ami-2\"\n  }\n}\n");
}

static void test_one_image(void **state)
{
	(void)state;
	check("env", "0.1.0", alone, 1,
	      "AMI_FAMILY=db/arm64\nAMI_VERSION=0.1.0\nAMI_ID=ami-1\nAMI_ID_US_EAST_1=ami-1\n"
	      "AMI_ID_US_EAST_1_UNKNOWN=ami-1\n");
}

static void test_no_image(void **state)
{
	(void)state;
	check("text", "1.4.2", NULL, 0, "");
	check("ansible", "1.4.2", NULL, 0,
	      "---\nami_family: \"db/arm64\"\nami_version: \"1.4.2\"\nami_ids: {}\n"
	      "ami_ids_by_architecture: {}\n");
	check("pkrvars", "1.4.2", NULL, 0,
	      "ami_family = \"db/arm64\"\nami_version = \"1.4.2\"\nami_ids = {}\n"
	      "ami_ids_by_architecture = {}\n");
}

static void check_refused(const struct place *places, size_t count, const char *message)
{
	_cleanup_(release_done) struct release release = make("1.4.2", places, count);

	for (int format = HANDOUT_TFVARS; format <= HANDOUT_CLOUDFORMATION; format++) {
		struct gk_error err = {0};

		assert_null(handout_text((enum handout_format)format, &release, &err));
		assert_int_equal(err.code, GK_REFUSED);
		assert_string_equal(err.message, message);
	}
}

static void test_one_place_for_two(void **state)
{
	static const struct place twice[] = {
		{"eu-west-1", "arm64", "ami-4", RELEASE_LIVE},
		{"us-east-1", "arm64", "ami-3", RELEASE_LIVE},
		{"us-east-1", "arm64", "ami-2", RELEASE_LIVE},
	};

	(void)state;
	check_refused(twice, ARRAY_SIZE(twice),
		      "db/arm64 1.4.2 has two images of arm64 in us-east-1, ami-2 and ami-3: there"
		      " is one place for them; give each build a family of its own");
	check("text", "1.4.2", twice, ARRAY_SIZE(twice),
	      "eu-west-1\tami-4\tarm64\nus-east-1\tami-2\tarm64\nus-east-1\tami-3\tarm64\n");
}

/* What would mean something to a shell, to HCL, to YAML, to Jinja. */
static void test_signs(void **state)
{
	static const char *const hostile[] = {"ami-1\nX=1", "ami-1;id", "$(id)", "${a}", "{{ a }}",
					      "a\"b", "a'b", "a\\b", "a b", "%{a", "ami-\xc3\xa4"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		const struct place bad[][1] = {
			{{"us-east-1", "arm64", hostile[i], RELEASE_LIVE}},
			{{hostile[i], "arm64", "ami-1", RELEASE_LIVE}},
			{{"us-east-1", hostile[i], "ami-1", RELEASE_LIVE}},
		};

		for (size_t b = 0; b < ARRAY_SIZE(bad); b++) {
			_cleanup_(release_done) struct release release = make("1.4.2", bad[b], 1);

			for (int f = HANDOUT_TEXT; f <= HANDOUT_CLOUDFORMATION; f++) {
				struct gk_error err = {0};

				assert_null(handout_text((enum handout_format)f, &release, &err));
				assert_int_equal(err.code, GK_REFUSED);
				assert_non_null(strstr(err.message, "has signs that none has"));
			}
		}
	}
}

static void test_no_id(void **state)
{
	static const struct place none[] = {{"us-east-1", "arm64", NULL, RELEASE_LIVE}};

	(void)state;
	check_refused(none, 1, "db/arm64 1.4.2 has an image without id: not handed out");
}

static void test_formats(void **state)
{
	enum handout_format format = HANDOUT_ENV;
	struct gk_error err = {0};

	(void)state;
	assert_failure(handout_format_parse("xml", &format, &err), &err, GK_USAGE,
		       "there is no form 'xml': text, tfvars");
	assert_failure(handout_format_parse("", &format, &err), &err, GK_USAGE, "''");
	assert_int_equal(format, HANDOUT_ENV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_image_a_region),
		cmocka_unit_test(test_architectures),
		cmocka_unit_test(test_one_image),
		cmocka_unit_test(test_no_image),
		cmocka_unit_test(test_one_place_for_two),
		cmocka_unit_test(test_signs),
		cmocka_unit_test(test_no_id),
		cmocka_unit_test(test_formats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
