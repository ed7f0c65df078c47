/*
 * The AWS provider over a scripted transport: the fixture of its tests, the answers of the services
 * as texts, and short words for what a script says and what is asked of the provider.
 */
#ifndef GK_CLOUD_TESTS_AWS_FIXTURE_H
#define GK_CLOUD_TESTS_AWS_FIXTURE_H

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/tests/unit.h"
#include "cloud/aws.h"
#include "net/script.h"

#define EU "eu-west-1"
#define US "us-east-1"

static const char *const regions[] = {EU, US, "ap-south-1", "sa-east-1"};

struct fixture {
	struct script_clock clock;
	struct http_script *script;
	struct aws_client *client;
	struct cloud *cloud;
	struct cloud_look look;
};

static inline const char *test_getenv(const char *name)
{
	static const struct {
		const char *name, *value;
	} variables[] = {
		{"AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"},
		{"AWS_SECRET_ACCESS_KEY", "secret"},
		{"AWS_CONFIG_FILE", "/nonexistent/config"},
		{"AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
		if (strcmp(variables[i].name, name) == 0)
			return variables[i].value;
	return NULL;
}

static inline double no_jitter(void)
{
	return 0.5;
}

static inline int setup(void **state)
{
	const struct aws_options options = {.getenv = test_getenv, .random = no_jitter};
	struct fixture *f = calloc(1, sizeof(*f));
	struct gk_error err = {0};

	assert_non_null(f);
	script_clock_init(&f->clock, 1795178160);
	f->script = http_script_new(&f->clock);
	assert_non_null(f->script);
	assert_success(aws_client_new(&options, http_script_transport(f->script), &f->clock.clock,
				      NULL, &f->client, &err),
		       &err);
	assert_success(aws_cloud_open(f->client, &f->cloud, &err), &err);
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	cloud_look_done(&f->look);
	cloud_close(f->cloud);
	aws_client_free(f->client);
	http_script_free(f->script);
	free(f);
	return 0;
}

/* ---- what the script says ---- */

static inline void answer(struct fixture *f, const char *region, const char *match,
			  const char *body)
{
	assert_int_equal(http_script_add(f->script,
					 &(struct script_answer){.lane = region, .match = match,
								 .status = 200, .body = body}),
			 0);
}

static inline void always(struct fixture *f, const char *region, const char *match,
			  const char *body)
{
	assert_int_equal(http_script_add(f->script, &(struct script_answer){.lane = region,
									    .match = match,
									    .status = 200,
									    .body = body,
									    .always = true}),
			 0);
}

#define EC2_ERROR(code, message)                                                                   \
	"<Response><Errors><Error><Code>" code "</Code><Message>" message                          \
	"</Message></Error></Errors><RequestID>1</RequestID></Response>"

static inline void refuse(struct fixture *f, const char *region, const char *match,
			  const char *body)
{
	assert_int_equal(http_script_add(f->script, &(struct script_answer){.lane = region,
									    .match = match,
									    .status = 400,
									    .body = body,
									    .always = true}),
			 0);
}

static inline void refuse_once(struct fixture *f, const char *match, const char *body)
{
	assert_int_equal(http_script_add(f->script, &(struct script_answer){.match = match,
									    .status = 400,
									    .body = body}),
			 0);
}

#define IMAGES "Action=DescribeImages&"
#define SNAPSHOTS "Action=DescribeSnapshots&"
#define REFERENCES "Action=DescribeImageReferences&"
#define PERMISSION "Action=DescribeImageAttribute&"
#define CONFIGURATIONS "Action=DescribeLaunchConfigurations&"
#define INSTANCES "Action=DescribeInstances&"
#define TEMPLATES "Action=DescribeLaunchTemplates&"
#define VERSIONS "Action=DescribeLaunchTemplateVersions&"
#define PARAMETERS "AmazonSSM.GetParameters"
#define STORED "AmazonSSM.DescribeParameters"
#define TAG "Action=CreateTags&"
#define DEREGISTER "Action=DeregisterImage&"
#define DELETE "Action=DeleteSnapshot&"

#define IMAGE(id, state)                                                                           \
	"<item><imageId>" id "</imageId><imageState>" state                                        \
	"</imageState><imageOwnerId>1</imageOwnerId><name>n</name></item>"
#define IMAGES_ANSWER(items)                                                                       \
	"<DescribeImagesResponse><imagesSet>" items "</imagesSet></DescribeImagesResponse>"
#define SNAPSHOTS_ANSWER(items)                                                                    \
	"<DescribeSnapshotsResponse><snapshotSet>" items                                           \
	"</snapshotSet></DescribeSnapshotsResponse>"
#define REFERENCES_ANSWER(items)                                                                   \
	"<DescribeImageReferencesResponse><imageReferenceSet>" items                               \
	"</imageReferenceSet></DescribeImageReferencesResponse>"
#define REFERENCE(id, type, arn)                                                                   \
	"<item><imageId>" id "</imageId><resourceType>" type "</resourceType><arn>" arn            \
	"</arn></item>"
#define PERMISSION_ANSWER(id, items)                                                               \
	"<DescribeImageAttributeResponse><imageId>" id "</imageId><launchPermission>" items        \
	"</launchPermission></DescribeImageAttributeResponse>"
#define CONFIGURATIONS_ANSWER(members, token)                                                      \
	"<DescribeLaunchConfigurationsResponse><DescribeLaunchConfigurationsResult>"               \
	"<LaunchConfigurations>" members "</LaunchConfigurations>" token                           \
	"</DescribeLaunchConfigurationsResult></DescribeLaunchConfigurationsResponse>"
#define CONFIGURATION(name, image)                                                                 \
	"<member><LaunchConfigurationName>" name "</LaunchConfigurationName><ImageId>" image       \
	"</ImageId></member>"
#define INSTANCES_ANSWER(items)                                                                    \
	"<DescribeInstancesResponse><reservationSet>" items                                        \
	"</reservationSet></DescribeInstancesResponse>"
#define TEMPLATES_ANSWER(items)                                                                    \
	"<DescribeLaunchTemplatesResponse><launchTemplates>" items                                 \
	"</launchTemplates></DescribeLaunchTemplatesResponse>"
#define TEMPLATE(id) "<item><launchTemplateId>" id "</launchTemplateId></item>"
#define VERSIONS_ANSWER(items)                                                                     \
	"<DescribeLaunchTemplateVersionsResponse><launchTemplateVersionSet>" items                 \
	"</launchTemplateVersionSet></DescribeLaunchTemplateVersionsResponse>"
#define VERSION(id, number, image)                                                                 \
	"<item><launchTemplateId>" id "</launchTemplateId><launchTemplateName>web"                 \
	"</launchTemplateName><versionNumber>" number "</versionNumber><launchTemplateData>"       \
	"<imageId>" image "</imageId></launchTemplateData></item>"
#define STORED_ANSWER(names, rest) "{\"Parameters\":[" names "]" rest "}"
#define STORED_IMAGE(name) "{\"Name\":\"" name "\",\"DataType\":\"aws:ec2:image\"}"
#define VALUES_ANSWER(values) "{\"Parameters\":[" values "],\"InvalidParameters\":[]}"
#define VALUE(name, value) "{\"Name\":\"" name "\",\"Value\":\"" value "\"}"
#define TAGGED "<CreateTagsResponse><return>true</return></CreateTagsResponse>"
#define DEREGISTERED(rest)                                                                         \
	"<DeregisterImageResponse><return>true</return>" rest "</DeregisterImageResponse>"
#define DELETED "<DeleteSnapshotResponse><return>true</return></DeleteSnapshotResponse>"

/* Nothing uses anything, wherever nothing else was said. */
static inline void nothing_else_is_used(struct fixture *f)
{
	always(f, NULL, REFERENCES, REFERENCES_ANSWER(""));
	always(f, NULL, "ImageId=ami-1&Attribute", PERMISSION_ANSWER("ami-1", ""));
	always(f, NULL, "ImageId=ami-2&Attribute", PERMISSION_ANSWER("ami-2", ""));
	always(f, NULL, CONFIGURATIONS, CONFIGURATIONS_ANSWER("", ""));
	always(f, NULL, STORED, STORED_ANSWER("", ""));
}

/* ---- what is asked of it ---- */

static inline void look(struct fixture *f)
{
	struct gk_error err = {0};

	assert_success(f->cloud->ops->look(f->cloud, &f->look, &err), &err);
	if (f->script->unexpected)
		fail_msg("unexpected: %s", f->script->sent[f->script->sent_count - 1].body);
}

static inline void add_usage(struct fixture *f, const char *region, const char *id)
{
	assert_non_null(cloud_look_add_usage(&f->look, region, id, NULL));
}

static inline void assert_references(const struct cloud_usage *usage, const char *expected)
{
	_cleanup_free_ char *text = gk_strv_join(&usage->references, ", ", NULL);

	assert_string_equal(usage->error.message, "");
	assert_int_equal(usage->error.code, GK_OK);
	assert_string_equal(text, expected);
}

static inline void assert_doubt(const struct cloud_usage *usage, const char *expected)
{
	assert_int_not_equal(usage->error.code, GK_OK);
	if (!strstr(usage->error.message, expected))
		fail_msg("\"%s\" is not in: %s", expected, usage->error.message);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
