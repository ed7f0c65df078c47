/* Every allocation fails once: each failure is reported, nothing is lost (the sanitizer looks). */
#include "base/tests/failing_memory.h"

#include "base/buf.c"
#include "base/mem.c"
#include "base/strv.c"
#include "image/artifact.c"
#include "image/channel.c"
#include "image/handout.c"
#include "image/manifest.c"
#include "image/manifest_select.c"
#include "image/plan.c"
#include "image/pointer.c"
#include "image/policy.c"
#include "image/release.c"
#include "image/selector.c"
#include "image/tags.c"
#include "image/text.c"

static const char document[] =
	"{\"builds\": [{\"name\": \"web\", \"builder_type\": \"amazon-ebs\", \"packer_run_uuid\": "
	"\"r\", \"artifact_id\": \"a1:ami-0123abcd,a2:ami-0123abcd,a1:ami-0123abcd\", "
	"\"custom_data\": {\"a\": \"b\", \"c\": null}}, {\"packer_run_uuid\": \"r\"}]}";

static int read_manifest(void)
{
	_cleanup_(manifest_done) struct manifest manifest = {0};
	_cleanup_(manifest_selection_done) struct manifest_selection selection = {0};
	const struct manifest_query query = {.run = "r"};

	if (manifest_parse(document, strlen(document), &manifest, NULL) < 0)
		return -1;
	return manifest_select(&manifest, &query, &selection, NULL);
}

static int make_release(struct release *release)
{
	struct image *image = release_add_image(release, NULL);

	if (!image || gk_str_set(&image->id, "ami-1", NULL) < 0 ||
	    !image_add_snapshot(image, "snap-1", NULL) ||
	    !image_add_snapshot(image, "snap-2", NULL) ||
	    gk_str_set(&image->snapshots[0].reason, "why", NULL) < 0)
		return -1;
	return gk_str_set(&release->family, "web", NULL) < 0 ||
			       gk_str_set(&release->held, "audit", NULL) < 0
		       ? -1
		       : 0;
}

static int copy_release(void)
{
	_cleanup_(release_done) struct release release = {0}, copy = {0};

	if (make_release(&release) < 0)
		return -1;
	return release_copy(&release, &copy, NULL);
}

static int make_tags(void)
{
	_cleanup_(tag_list_done) struct tag_list extra = {0}, tags = {0};
	const struct release release = {.version = {.core = {1, 2, 3}}};

	if (tag_list_parse(&extra, "Version={version}", NULL) < 0 ||
	    tag_list_parse(&extra, "Version=", NULL) < 0)
		return -1;
	return release_tags(&release, &extra, &tags, NULL);
}

static int make_plan(void)
{
	_cleanup_(channel_list_done) struct channel_list channels = {0};
	_cleanup_(plan_done) struct plan plan = {0};
	const struct release releases[] = {
		{.version = {.core = {1, 2, 3}}, .state = RELEASE_LIVE},
		{.version = {.core = {1, 2, 2}}, .state = RELEASE_LIVE},
		{.version = {.core = {1, 2, 1}}, .state = RELEASE_RETIRING},
	};
	char reason[] = "in use";
	struct plan_facts facts = {.version = releases[1].version,
				   .blocks = {(char *[]){reason}, 1}};
	struct policy policy;
	struct channel channel = {.name = (char *)"latest"};
	const struct plan_input input = {.releases = releases, .release_count = 3,
					 .channels = &channels, .policy = &policy,
					 .facts = &facts, .facts_count = 1};

	policy_init(&policy);
	policy.given = true;
	policy.keep_last = 1;
	channel.version = releases[0].version;
	if (channel_list_set(&channels, &channel, NULL) < 0)
		return -1;
	return plan_make(&input, &plan, NULL);
}

static int hand_out(void)
{
	_cleanup_(release_done) struct release release = {0};

	if (make_release(&release) < 0 ||
	    gk_str_set(&release.images[0].location, "us-east-1", NULL) < 0)
		return -1;
	for (int form = HANDOUT_TEXT; form <= HANDOUT_CLOUDFORMATION; form++) {
		_cleanup_free_ char *text = handout_text((enum handout_format)form, &release, NULL);

		if (!text)
			return -1;
	}
	return 0;
}

static int make_pointers(void)
{
	_cleanup_(channel_list_done) struct channel_list channels = {0};
	_cleanup_(pointer_list_done) struct pointer_list pointers = {0};
	_cleanup_(release_done) struct release release = {0};
	_cleanup_free_ char *path = NULL;
	char names[] = "/g/{channel}", versions[] = "/g/{version}";
	const struct gk_strv templates = {(char *[]){names, versions}, 2};
	struct channel channel = {.name = (char *)"latest"};

	if (make_release(&release) < 0 ||
	    gk_str_set(&release.images[0].location, "us-east-1", NULL) < 0 ||
	    channel_list_set(&channels, &channel, NULL) < 0)
		return -1;
	path = pointer_path_fill("{family}.json", &release, NULL);
	return path ? pointers_of_release(&release, &templates, &channels, &pointers, NULL) : -1;
}

static int select_releases(void)
{
	_cleanup_(selector_done) struct selector latest = {0}, range = {0};

	return selector_parse("web", &latest, NULL) < 0 ||
			       selector_parse("web@^1.4", &range, NULL) < 0
		       ? -1
		       : 0;
}

static int read_policy(void)
{
	_cleanup_free_ char *text = NULL;
	struct policy policy;

	policy_init(&policy);
	text = policy_to_json(&policy, NULL);
	return text ? policy_from_json(text, &policy, NULL) : -1;
}

static void test_manifest(void **state)
{
	(void)state;
	for_each_failing_allocation(read_manifest);
}

static void test_release(void **state)
{
	(void)state;
	for_each_failing_allocation(copy_release);
}

static void test_tags(void **state)
{
	(void)state;
	for_each_failing_allocation(make_tags);
}

static void test_pointers(void **state)
{
	(void)state;
	for_each_failing_allocation(make_pointers);
}

static void test_plan(void **state)
{
	(void)state;
	for_each_failing_allocation(make_plan);
}

static void test_policy(void **state)
{
	(void)state;
	for_each_failing_allocation(read_policy);
}

static void test_handout(void **state)
{
	(void)state;
	for_each_failing_allocation(hand_out);
}

static void test_selector(void **state)
{
	(void)state;
	for_each_failing_allocation(select_releases);
}

static void *malloc_hook(size_t size)
{
	return failing_malloc(size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_manifest), cmocka_unit_test(test_release),
		cmocka_unit_test(test_tags),     cmocka_unit_test(test_plan),
		cmocka_unit_test(test_pointers),
		cmocka_unit_test(test_policy),   cmocka_unit_test(test_handout),
		cmocka_unit_test(test_selector),
	};
	cJSON_Hooks hooks = {.malloc_fn = malloc_hook, .free_fn = free};

	cJSON_InitHooks(&hooks);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
