/* Requests and answers of EC2, as texts. */
#include "aws/ec2.h"

#include <string.h>

#include "aws/answer.h"
#include "base/mem.h"
#include "base/tests/unit.h"

static struct gk_xml *parse(const char *text)
{
	struct gk_xml *root = NULL;
	struct gk_error err = {0};

	assert_success(gk_xml_parse(text, strlen(text), &root, &err), &err);
	return root;
}

static void assert_params(const struct aws_call *call, const char *text)
{
	assert_string_equal(gk_buf_text(&call->params), text);
}

/* ---- requests ---- */

static void test_filters_take_values_literally(void **state)
{
	static const char *const values[] = {"web*?\\x", "db/arm64 1+1"};
	const struct ec2_filter filters[] = {{"tag:goldkeep:family", values, 2},
					     {"tag-key", values + 1, 1}};
	struct aws_listing listing = {0};

	(void)state;
	ec2_describe_images(&listing, "eu-west-1", filters, 2);
	assert_int_equal(listing.call.service, AWS_EC2);
	assert_string_equal(listing.call.region, "eu-west-1");
	assert_string_equal(listing.call.action, "DescribeImages");
	assert_params(&listing.call,
		      "&MaxResults=500&Owner.1=self&IncludeDeprecated=true&IncludeDisabled=true"
		      "&Filter.1.Name=tag%3Agoldkeep%3Afamily"
		      "&Filter.1.Value.1=web%5C%2A%5C%3F%5C%5Cx"
		      "&Filter.1.Value.2=db%2Farm64%201%2B1"
		      "&Filter.2.Name=tag-key&Filter.2.Value.1=db%2Farm64%201%2B1");
	aws_listing_done(&listing);
}

static void test_launch_permission_request(void **state)
{
	struct aws_listing listing = {0};

	(void)state;
	ec2_describe_launch_permission(&listing, "r", "ami-a");
	assert_params(&listing.call, "&ImageId=ami-a&Attribute=launchPermission");
	aws_listing_done(&listing);
}

static void test_writing_requests(void **state)
{
	char a[] = "ami-a";
	char b[] = "snap-b";
	char *ids[] = {a, b};
	char name[] = "Name";
	char text[] = "a b&c";
	char empty[] = "empty";
	const struct ec2_tag tags[] = {{name, text}, {empty, text + 5}};
	struct aws_call call = {0};

	(void)state;
	ec2_create_tags(&call, "r", ids, 2, tags, 2);
	assert_string_equal(call.action, "CreateTags");
	assert_params(&call, "&ResourceId.1=ami-a&ResourceId.2=snap-b&Tag.1.Key=Name"
			     "&Tag.1.Value=a%20b%26c&Tag.2.Key=empty&Tag.2.Value=");
	aws_call_done(&call);
	call = (struct aws_call){0};
	ec2_deregister_image(&call, "r", "ami-a");
	assert_params(&call, "&ImageId=ami-a&DeleteAssociatedSnapshots=true");
	aws_call_done(&call);
	call = (struct aws_call){0};
	ec2_delete_snapshot(&call, "r", "snap-b");
	assert_params(&call, "&SnapshotId=snap-b");
	aws_call_done(&call);
	call = (struct aws_call){0};
	ec2_enable_image_deprecation(&call, "r", "ami-a", 1795178160);
	assert_string_equal(call.action, "EnableImageDeprecation");
	assert_params(&call, "&ImageId=ami-a&DeprecateAt=2026-11-20T12%3A36%3A00Z");
	aws_call_done(&call);
}

/* ---- images ---- */

static const char whole_image[] =
	"<DescribeImagesResponse xmlns='http://ec2.amazonaws.com/doc/2016-11-15/'>"
	"<requestId>1</requestId><somethingNew><item>x</item></somethingNew><imagesSet><item>"
	"<imageId>ami-1</imageId><imageState>failed</imageState><imageOwnerId>"
	"123456789012</imageOwnerId>"
	"<name>web &amp; &#x4e;o</name><architecture>arm64</architecture><isPublic>true</isPublic>"
	"<creationDate>2021-09-29T11:04:43.305Z</creationDate>"
	"<lastLaunchedTime>2021-09-30T00:00:00Z</lastLaunchedTime>"
	"<deprecationTime>2023-09-30T00:00:00.000Z</deprecationTime>"
	"<deregistrationProtection>enabled-with-cooldown</deregistrationProtection>"
	"<rootDeviceType>ebs</rootDeviceType><imageLocation>1/web</imageLocation>"
	"<stateReason><code>C</code><message>it broke</message></stateReason>"
	"<blockDeviceMapping><item><deviceName>a</deviceName><ebs><snapshotId>snap-2</snapshotId>"
	"</ebs></item>"
	"<item><virtualName>ephemeral0</virtualName></item>"
	"<item><ebs><snapshotId>snap-1</snapshotId></ebs></item>"
	"<item><ebs><snapshotId>snap-2</snapshotId></ebs></item></blockDeviceMapping>"
	"<tagSet><item><key>Name</key><value>w</value></item><item><key>empty</key><value/>"
	"</item></tagSet>"
	"</item></imagesSet></DescribeImagesResponse>";

static void test_whole_image(void **state)
{
	_cleanup_(gk_xml_freep) struct gk_xml *answer = parse(whole_image);
	struct ec2_image_list list = {0};
	struct gk_error err = {0};
	const struct ec2_image *image = NULL;

	(void)state;
	assert_success(ec2_read_images(answer, &list, &err), &err);
	assert_int_equal(list.count, 1);
	image = &list.items[0];
	assert_string_equal(image->id, "ami-1");
	assert_string_equal(image->state, "failed");
	assert_string_equal(image->state_reason, "it broke");
	assert_string_equal(image->owner, "123456789012");
	assert_string_equal(image->name, "web & No");
	assert_string_equal(image->architecture, "arm64");
	assert_true(image->is_public);
	assert_int_equal(image->created_at, 1632913483);
	assert_int_equal(image->last_launched_at, 1632960000);
	assert_int_equal(image->deprecated_at, 1696032000);
	assert_string_equal(image->protection, "enabled-with-cooldown");
	assert_null(image->bundle);
	assert_int_equal(image->snapshots.count, 2);
	assert_string_equal(image->snapshots.items[0], "snap-2");
	assert_string_equal(image->snapshots.items[1], "snap-1");
	assert_int_equal(image->tags.count, 2);
	assert_string_equal(image->tags.items[0].key, "Name");
	assert_string_equal(image->tags.items[0].value, "w");
	assert_string_equal(image->tags.items[1].key, "empty");
	assert_string_equal(image->tags.items[1].value, "");
	ec2_image_list_done(&list);
}

#define IMAGE(fields)                                                                              \
	"<DescribeImagesResponse><imagesSet><item><imageId>ami-1</imageId>"                        \
	"<imageState>available</imageState><imageOwnerId>1</imageOwnerId>" fields                  \
	"</item></imagesSet></DescribeImagesResponse>"

static void test_small_images(void **state)
{
	static const struct {
		const char *text, *protection, *bundle;
	} rows[] = {
		{IMAGE(""), NULL, NULL},
		{IMAGE("<deregistrationProtection>"
			"disabled</deregistrationProtection>"), NULL, NULL},
		{IMAGE("<deregistrationProtection/>"), "unknown", NULL},
		{IMAGE("<deregistrationProtection>Disabled?</deregistrationProtection>"),
		 "Disabled?", NULL},
		{IMAGE("<rootDeviceType>instance-store</rootDeviceType>"
		       "<imageLocation>bucket/x.manifest.xml</imageLocation><blockDeviceMapping/>"
		       "<tagSet/>"),
		 NULL, "bucket/x.manifest.xml"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(gk_xml_freep) struct gk_xml *answer = parse(rows[i].text);
		struct ec2_image_list list = {0};
		struct gk_error err = {0};

		assert_success(ec2_read_images(answer, &list, &err), &err);
		assert_int_equal(list.count, 1);
		assert_true(gk_str_equal(list.items[0].protection, rows[i].protection));
		assert_true(gk_str_equal(list.items[0].bundle, rows[i].bundle));
		assert_false(list.items[0].is_public);
		assert_int_equal(list.items[0].snapshots.count, 0);
		ec2_image_list_done(&list);
	}
}

static void test_no_images(void **state)
{
	static const char *const rows[] = {
		"<DescribeImagesResponse><requestId>1</requestId></DescribeImagesResponse>",
		"<DescribeImagesResponse><imagesSet/></DescribeImagesResponse>",
		"<DescribeImagesResponse><imagesSet>\n </imagesSet></DescribeImagesResponse>",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(gk_xml_freep) struct gk_xml *answer = parse(rows[i]);
		struct ec2_image_list list = {0};
		struct gk_error err = {0};

		assert_success(ec2_read_images(answer, &list, &err), &err);
		assert_int_equal(list.count, 0);
	}
}

/* ---- what is not understood ---- */

static int read_images(const struct gk_xml *answer, struct gk_error *err)
{
	struct ec2_image_list list = {0};
	int r = ec2_read_images(answer, &list, err);

	ec2_image_list_done(&list);
	return r;
}

static int read_snapshots(const struct gk_xml *answer, struct gk_error *err)
{
	struct ec2_snapshot_list list = {0};
	int r = ec2_read_snapshots(answer, &list, err);

	ec2_snapshot_list_done(&list);
	return r;
}

static int read_permission(const struct gk_xml *answer, struct gk_error *err)
{
	struct gk_strv list = {0};
	int r = ec2_read_launch_permission(answer, "ami-1", &list, err);

	gk_strv_done(&list);
	return r;
}

static int read_return(const struct gk_xml *answer, struct gk_error *err)
{
	return ec2_read_return(answer, "CreateTags", err);
}

static int read_done(const struct gk_xml *answer, struct gk_error *err)
{
	return ec2_read_done(answer, "DeleteSnapshot", err);
}

#define PERMISSION(items)                                                                          \
	"<DescribeImageAttributeResponse><imageId>ami-1</imageId><launchPermission>" items         \
	"</launchPermission></DescribeImageAttributeResponse>"

static const struct {
	int (*read)(const struct gk_xml *answer, struct gk_error *err);
	const char *text, *message;
} strange[] = {
	{read_images, "<DescribeImageResponse/>", "<DescribeImageResponse>"},
	{read_images, "<DescribeImagesResponse/>", "is empty"},
	{read_images, "<DescribeImagesResponseX/>", "not <DescribeImagesResponse>"},
	{read_images, "<html/>", "<html>"},
	{read_images,
	 "<DescribeImagesResponse><imagesSet>none</imagesSet></DescribeImagesResponse>",
	 "holds text: none"},
	{read_images, "<DescribeImagesResponse><imagesSet/><imagesSet/></DescribeImagesResponse>",
	 "twice"},
	{read_images,
	 "<DescribeImagesResponse><imagesSet><member/></imagesSet></DescribeImagesResponse>",
	 "<member>, not <item>"},
	{read_images, "<DescribeImagesResponse><imagesSet><item/></imagesSet>"
		"</DescribeImagesResponse>",
	 "without imageId"},
	{read_images,
	 "<DescribeImagesResponse><imagesSet><item><imageId>ami-1</imageId></item></imagesSet>"
	 "</DescribeImagesResponse>",
	 "ami-1: <item> without imageState"},
	{read_images, IMAGE("<isPublic>maybe</isPublic>"), "isPublic is \"maybe\""},
	{read_images, IMAGE("<creationDate>yesterday</creationDate>"), "creationDate"},
	{read_images, IMAGE("<lastLaunchedTime>2021</lastLaunchedTime>"), "lastLaunchedTime"},
	{read_images, IMAGE("<deprecationTime>soon</deprecationTime>"), "deprecationTime"},
	{read_images, IMAGE("<tagSet><item><value>x</value></item></tagSet>"), "without key"},
	{read_snapshots,
	 "<DescribeSnapshotsResponse><snapshotSet><item/></snapshotSet>"
	 "</DescribeSnapshotsResponse>",
	 "without snapshotId"},
	{read_permission, "<DescribeImageAttributeResponse/>", "is empty"},
	{read_permission,
	 "<DescribeImageAttributeResponse><imageId>ami-2</imageId>"
	 "</DescribeImageAttributeResponse>",
	 "answered about ami-2"},
	{read_permission, PERMISSION("<item><planet>Mars</planet></item>"), "unknown kind"},
	{read_return, "<CreateTagsResponse/>", "is empty"},
	{read_return, "<CreateTagsResponse><return>false</return></CreateTagsResponse>",
	 "return=false"},
	{read_return, "<DeleteTagsResponse><return>true</return></DeleteTagsResponse>",
	 "not <CreateTagsResponse>"},
	{read_done, "<DeleteSnapshotResponse><return>false</return></DeleteSnapshotResponse>",
	 "return=false"},
	{read_done, "<Response/>", "not <DeleteSnapshotResponse>"},
};

static void test_what_is_not_understood_is_an_error(void **state)
{
	struct gk_error err = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(strange); i++) {
		_cleanup_(gk_xml_freep) struct gk_xml *answer = parse(strange[i].text);

		assert_failure(strange[i].read(answer, &err), &err, GK_FAILED, strange[i].message);
	}
	assert_failure(read_images(NULL, &err), &err, GK_FAILED, "no answer");
}

/* ---- snapshots, permissions, deregistration ---- */

static void test_snapshots(void **state)
{
	_cleanup_(gk_xml_freep) struct gk_xml *answer =
		parse("<DescribeSnapshotsResponse><snapshotSet><item><snapshotId>"
			"snap-1</snapshotId>"
		      "<status>completed</status><tagSet><item><key>k</key><value>v</value></item>"
		      "</tagSet></item><item><snapshotId>snap-2</snapshotId></item></snapshotSet>"
		      "</DescribeSnapshotsResponse>");
	struct ec2_snapshot_list list = {0};
	struct gk_error err = {0};

	(void)state;
	assert_success(ec2_read_snapshots(answer, &list, &err), &err);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[0].state, "completed");
	assert_string_equal(list.items[0].tags.items[0].value, "v");
	assert_string_equal(list.items[1].id, "snap-2");
	assert_null(list.items[1].state);
	ec2_snapshot_list_done(&list);
}

static void test_launch_permission(void **state)
{
	_cleanup_(gk_xml_freep) struct gk_xml *answer =
		parse(PERMISSION("<item><group>all</group></item><item><userId>1</userId></item>"
				 "<item><organizationArn>arn:o</organizationArn></item>"
				 "<item><organizationalUnitArn>arn:ou</organizationalUnitArn>"
				 "</item>"));
	_cleanup_(gk_strv_done) struct gk_strv list = {0};
	_cleanup_free_ char *text = NULL;
	struct gk_error err = {0};

	(void)state;
	assert_success(ec2_read_launch_permission(answer, "ami-1", &list, &err), &err);
	text = gk_strv_join(&list, " ", &err);
	assert_string_equal(text, "all 1 arn:o arn:ou");
}

static void test_deregistered(void **state)
{
	_cleanup_(gk_xml_freep) struct gk_xml *answer = parse(
		"<DeregisterImageResponse><return>true</return><deleteSnapshotResultSet>"
		"<item><snapshotId>snap-1</snapshotId><returnCode>success</returnCode></item>"
		"<item><snapshotId>snap-2</snapshotId></item><item><returnCode>"
		"success</returnCode></item>"
		"<other/></deleteSnapshotResultSet></DeregisterImageResponse>");
	_cleanup_(gk_xml_freep) struct gk_xml *old =
		parse("<DeregisterImageResponse><return>true</return></DeregisterImageResponse>");
	_cleanup_(gk_xml_freep) struct gk_xml *refused =
		parse("<DeregisterImageResponse><return>false</return></DeregisterImageResponse>");
	struct ec2_deletion_list list = {0};
	struct gk_error err = {0};

	(void)state;
	assert_success(ec2_read_deregistered(answer, &list, &err), &err);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[0].snapshot, "snap-1");
	assert_string_equal(list.items[0].code, "success");
	assert_string_equal(list.items[1].code, "");
	ec2_deletion_list_done(&list);
	assert_success(ec2_read_deregistered(old, &list, &err), &err);
	assert_int_equal(list.count, 0);
	assert_failure(ec2_read_deregistered(refused, &list, &err), &err, GK_FAILED,
		       "return=false");
}

static void test_the_image_in_a_message(void **state)
{
	static const struct {
		const char *message, *own, *other;
	} rows[] = {
		{"snap-1 is currently in use by ami-12", "ami-1", "ami-12"},
		{"snap-1 is currently in use by ami-1", "ami-12", "ami-1"},
		{"in use by ami-1, ami-2.", "ami-1", "ami-2"},
		{"in use by ami-1", NULL, "ami-1"},
		{"in use by ami-1.", "ami-1", NULL},
		{"in use by some ami- thing", "ami-1", NULL},
		{"", NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t length = 0;
		const char *other = ec2_other_image(rows[i].message, rows[i].own, &length);

		assert_int_equal(!other, !rows[i].other);
		if (other) {
			assert_int_equal(length, strlen(rows[i].other));
			assert_memory_equal(other, rows[i].other, length);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filters_take_values_literally),
		cmocka_unit_test(test_launch_permission_request),
		cmocka_unit_test(test_writing_requests),
		cmocka_unit_test(test_whole_image),
		cmocka_unit_test(test_small_images),
		cmocka_unit_test(test_no_images),
		cmocka_unit_test(test_what_is_not_understood_is_an_error),
		cmocka_unit_test(test_snapshots),
		cmocka_unit_test(test_launch_permission),
		cmocka_unit_test(test_deregistered),
		cmocka_unit_test(test_the_image_in_a_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
