/* Packer templates in their three forms: every finding can be shown, and is a line. */
#include "image/template.h"

#include "base/mem.h"
#include "base/tests/fuzz/fuzz.h"

static const char *get_variable(const char *name)
{
	return strcmp(name, "HOME") == 0 ? "/home/x" : NULL;
}

static void check_line(const char *text)
{
	fuzz_check(text && text[0] && fuzz_is_line(text));
}

static void check_report(const struct template_report *report)
{
	for (size_t i = 0; i < report->finding_count; i++) {
		const struct template_finding *finding = &report->findings[i];

		check_line(finding->subject);
		check_line(finding->place);
		check_line(finding->text);
		fuzz_check(!finding->advice || fuzz_is_line(finding->advice));
	}
	for (size_t i = 0; i < report->source_count; i++)
		fuzz_check(report->sources[i].name && report->sources[i].place);
}

static void examine(const char *name, const uint8_t *data, size_t size)
{
	_cleanup_(template_report_done) struct template_report report = {0};
	_cleanup_(template_freep) struct template *template = template_new(get_variable, NULL);
	struct gk_error err = {0};

	fuzz_check(template);
	if (template_add(template, name, (const char *)data, size, &err) == 0 &&
	    template_examine(template, &report, &err) == 0)
		check_report(&report);
	else
		fuzz_check_error(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	examine("a.pkr.hcl", data, size);
	examine("a.pkr.json", data, size);
	examine("a.json", data, size);
	return 0;
}
