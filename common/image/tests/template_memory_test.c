/* Every allocation of the examination fails once. */
#include "base/tests/failing_memory.h"

#include "base/buf.c"
#include "base/mem.c"
#include "base/strv.c"
#include "image/template.c"
#include "image/template_call.c"
#include "image/template_json.c"
#include "image/template_keep.c"
#include "image/template_manifest.c"
#include "image/template_source.c"

static const char hcl[] =
	"source \"amazon-ebs\" \"a\" {\nregion = \"r\"\nami_regions = [\"r\", \"s\"]\n"
	"access_key = \"x\"\nprofile = var.x\n"
	"assume_role {\nrole_arn = \"arn:aws:iam::123456789012:role/x\"\n}\n}\n"
	"build {\nsources = [\"source.amazon-ebs.a\"]\n"
	"source \"source.amazon-ebs.a\" {\nname = \"b\"\n}\n"
	"post-processors {\npost-processor \"manifest\" {\n"
	"custom_data = { goldkeep_family = \"x\" }\n}\n"
	"post-processor \"shell-local\" {\nenv = { GOLDKEEP_FAMILY = \"x\" }\n"
	"inline = [\"goldkeep release --manifest \\\"y\\\"\"]\nvalid_exit_codes = [1]\n}\n}\n}\n";

static const char json[] =
	"{\"build\": {\"post-processor\": [{\"manifest\": {\"output\": \"${x}\"}}]}}";

static int examine(void)
{
	_cleanup_(template_freep) struct template *template = template_new(NULL, NULL);
	_cleanup_(template_report_done) struct template_report report = {0};

	if (!template || template_add(template, "a.pkr.hcl", hcl, strlen(hcl), NULL) < 0 ||
	    template_add(template, "a.pkr.json", json, strlen(json), NULL) < 0)
		return -1;
	return template_examine(template, &report, NULL);
}

static void test_examination(void **state)
{
	(void)state;
	for_each_failing_allocation(examine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examination),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
