#include "aws/client.h"

#include <stdio.h>
#include <string.h>

#include "aws/tests/fixture.h"
#include "base/mem.h"
#include "base/tests/unit.h"

static struct aws_listing describe(const char *region)
{
	return (struct aws_listing){
		.call = {.service = AWS_EC2, .region = region, .action = "DescribeImages"},
		.token_param = "NextToken",
		.token_path = "nextToken",
	};
}

/* Expects a page to be asked for with `match`, which holds an item and leads on to `token`. */
static void add_page(struct aws_fixture *f, const char *match, const char *item, const char *token)
{
	_cleanup_free_ char *body = gk_str_format(
		NULL,
		"<DescribeImagesResponse><imagesSet>%s</imagesSet><nextToken>%s</nextToken>"
		"</DescribeImagesResponse>",
		item, token);

	aws_fixture_answer(f, match, 200, body);
}

static void run(struct aws_fixture *f, struct aws_listing *listing)
{
	struct gk_error err = {0};

	assert_success(aws_run_listings(f->client, &listing, 1, &err), &err);
}

static void test_pages(void **state)
{
	struct aws_fixture *f = *state;
	struct aws_listing listing = describe("us-east-1");

	aws_param(&listing.call, "self", "Owner.1");
	add_page(f, "Owner.1=self", "<item>1</item>", "a+/=");
	add_page(f, "Owner.1=self&NextToken=a%2B%2F%3D", "", "b"); /* an empty page with a token */
	add_page(f, "Owner.1=self&NextToken=b", "<item>2</item>", "");
	run(f, &listing);
	assert_int_equal(listing.call.error.code, GK_OK);
	assert_int_equal(listing.page_count, 3);
	assert_string_equal(gk_xml_text(listing.pages[2], "imagesSet/item"), "2");
	aws_listing_done(&listing);
}

/* A page of each at once: as many round trips as the longest of them takes. */
static void test_listings_go_together(void **state)
{
	struct aws_fixture *f = *state;
	struct aws_listing longer = describe("us-east-1");
	struct aws_listing shorter = describe("eu-west-1");
	struct aws_listing *listings[] = {&longer, &shorter};
	struct gk_error err = {0};

	add_page(f, "us-east-1", "", "a");
	add_page(f, "us-east-1", "", "b");
	add_page(f, "us-east-1", "", "");
	add_page(f, "eu-west-1", "", "a");
	add_page(f, "eu-west-1", "", "");
	assert_success(aws_run_listings(f->client, listings, 2, &err), &err);
	assert_int_equal(longer.page_count, 3);
	assert_int_equal(shorter.page_count, 2);
	assert_int_equal(f->script->rounds, 3);
	aws_listing_done(&longer);
	aws_listing_done(&shorter);
}

static void test_same_token_twice(void **state)
{
	struct aws_fixture *f = *state;
	struct aws_listing listing = describe("us-east-1");

	add_page(f, NULL, "", "a");
	add_page(f, NULL, "", "a");
	run(f, &listing);
	assert_int_equal(listing.call.error.code, GK_FAILED);
	assert_string_equal(listing.call.error.message,
			    "DescribeImages in us-east-1: the same page token came twice running");
	aws_listing_done(&listing);
}

static void test_endless(void **state)
{
	struct aws_fixture *f = *state;
	struct aws_listing listing = describe("us-east-1");

	for (int i = 0; i < 1000; i++) {
		char token[16];

		snprintf(token, sizeof(token), "%d", i);
		add_page(f, NULL, "", token);
	}
	run(f, &listing);
	assert_int_equal(listing.call.error.code, GK_FAILED);
	assert_non_null(strstr(listing.call.error.message, "more than 1,000 pages"));
	aws_listing_done(&listing);
}

static void test_expired_token(void **state)
{
	struct aws_fixture *f = *state;
	struct aws_listing listing = describe("us-east-1");

	add_page(f, NULL, "<item>old</item>", "a");
	aws_fixture_refuse(f, "NextToken=a", 400, "InvalidPaginationToken");
	add_page(f, NULL, "<item>new</item>", "");
	run(f, &listing);
	assert_int_equal(listing.call.error.code, GK_OK);
	assert_int_equal(listing.page_count, 1);
	assert_string_equal(gk_xml_text(listing.pages[0], "imagesSet/item"), "new");
	assert_int_equal(http_script_count(f->script, "NextToken"), 1);
	aws_listing_done(&listing);
}

static void test_token_expires_again(void **state)
{
	struct aws_fixture *f = *state;
	struct aws_listing listing = describe("us-east-1");

	for (int i = 0; i < 2; i++) {
		add_page(f, NULL, "", "a");
		aws_fixture_refuse(f, "NextToken=a", 400, "InvalidNextToken");
	}
	run(f, &listing);
	assert_int_equal(listing.call.error.code, GK_FAILED);
	assert_string_equal(listing.call.code, "InvalidNextToken");
	aws_listing_done(&listing);
}

/* One that fails does not take the other along. */
static void test_failure_on_a_later_page(void **state)
{
	struct aws_fixture *f = *state;
	struct aws_listing broken = describe("us-east-1");
	struct aws_listing whole = describe("eu-west-1");
	struct aws_listing *listings[] = {&broken, &whole};
	struct gk_error err = {0};

	add_page(f, "us-east-1", "", "a");
	aws_fixture_refuse(f, "us-east-1", 403, "UnauthorizedOperation");
	add_page(f, "eu-west-1", "", "a");
	add_page(f, "eu-west-1", "", "");
	assert_success(aws_run_listings(f->client, listings, 2, &err), &err);
	assert_int_equal(broken.call.error.code, GK_DENIED);
	assert_int_equal(whole.call.error.code, GK_OK);
	assert_int_equal(whole.page_count, 2);
	aws_listing_done(&broken);
	aws_listing_done(&whole);
}

static struct aws_listing describe_json(void)
{
	struct aws_listing listing = {
		.call = {.service = AWS_SSM, .region = "us-east-1", .action = "DescribeParameters"},
		.token_param = "NextToken",
		.token_path = "NextToken",
	};

	gk_buf_adds(&listing.call.params, "{\"MaxResults\":5}");
	return listing;
}

static void test_json_pages(void **state)
{
	struct aws_fixture *f = *state;
	struct aws_listing listing = describe_json();

	aws_fixture_answer(f, "{\"MaxResults\":5}", 200, "{\"n\":1,\"NextToken\":\"a\\\"b\"}");
	aws_fixture_answer(f, "{\"MaxResults\":5,\"NextToken\":\"a\\\"b\"}", 200,
			   "{\"n\":2,\"NextToken\":\"c\"}");
	aws_fixture_answer(f, "\"NextToken\":\"c\"", 400,
			   "{\"__type\":\"InvalidNextToken\",\"message\":\"old\"}");
	aws_fixture_answer(f, "{\"MaxResults\":5}", 200, "{\"n\":3,\"NextToken\":\"d\"}");
	aws_fixture_answer(f, "{\"MaxResults\":5,\"NextToken\":\"d\"}", 200,
			   "{\"n\":4,\"NextToken\":\"\"}");
	run(f, &listing);
	assert_int_equal(listing.call.error.code, GK_OK);
	assert_int_equal(listing.page_count, 2);
	assert_null(listing.pages);
	assert_non_null(cJSON_GetObjectItemCaseSensitive(listing.json_pages[0], "n"));
	assert_int_equal(
		cJSON_GetObjectItemCaseSensitive(listing.json_pages[1], "n")->valueint, 4);
	aws_listing_done(&listing);
}

static void test_json_token_of_another_type(void **state)
{
	struct aws_fixture *f = *state;
	struct aws_listing listing = describe_json();

	aws_fixture_answer(f, NULL, 200, "{\"NextToken\":7}");
	run(f, &listing);
	assert_int_equal(listing.call.error.code, GK_FAILED);
	assert_non_null(strstr(listing.call.error.message, "NextToken"));
	aws_listing_done(&listing);
}

static void test_json_endless(void **state)
{
	struct aws_fixture *f = *state;
	struct aws_listing listing = describe_json();

	for (int i = 0; i < 1000; i++) {
		char body[48];

		snprintf(body, sizeof(body), "{\"NextToken\":\"%d\"}", i);
		aws_fixture_answer(f, NULL, 200, body);
	}
	run(f, &listing);
	assert_int_equal(listing.call.error.code, GK_FAILED);
	assert_non_null(strstr(listing.call.error.message, "more than 1,000 pages"));
	aws_listing_done(&listing);
}

static void test_no_credentials(void **state)
{
	struct aws_fixture *f = *state;
	struct aws_listing listing = describe("us-east-1");
	struct aws_listing *pointer = &listing;
	struct gk_error err = {0};

	aws_fixture_client(f, "AWS_SECRET_ACCESS_KEY=");
	assert_failure(aws_run_listings(f->client, &pointer, 1, &err), &err, GK_FAILED,
		       "the secret access key is missing");
	aws_listing_done(&listing);
}

#define WITH_FIXTURE(test)                                                                         \
	cmocka_unit_test_setup_teardown(test, aws_fixture_set_up, aws_fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FIXTURE(test_pages),
		WITH_FIXTURE(test_listings_go_together),
		WITH_FIXTURE(test_same_token_twice),
		WITH_FIXTURE(test_endless),
		WITH_FIXTURE(test_expired_token),
		WITH_FIXTURE(test_token_expires_again),
		WITH_FIXTURE(test_failure_on_a_later_page),
		WITH_FIXTURE(test_json_pages),
		WITH_FIXTURE(test_json_token_of_another_type),
		WITH_FIXTURE(test_json_endless),
		WITH_FIXTURE(test_no_credentials),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
