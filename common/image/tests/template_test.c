#include "image/template.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/tests/unit.h"
#include "image/tests/testdata.h"

/* testdata/doctor-templates/NAME beside NAME.txt, which tells what is found. */
static const char *const names[] = {
	"credentials.pkr.hcl", "crowd.pkr.hcl",       "handed-on.pkr.hcl", "hcl.pkr.json",
	"import.json",         "lone.pkr.hcl",        "no-guard.pkr.hcl",  "old.json",
	"order.pkr.hcl",       "settings.pkr.hcl",    "twins.pkr.hcl",     "twins-apart.pkr.hcl",
	"untold.pkr.hcl",
};

/* What must never be seen in a finding. */
static const char *const secrets[] = {"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI", "s3cret"};

static void show_finding(const struct template_finding *finding, struct gk_buf *text)
{
	static const char *const levels[] = {"ok", "warning", "problem", "unknown"};

	gk_buf_addf(text, "%s %s %s\n    %s\n", levels[finding->level], finding->place,
		    finding->subject, finding->text);
	if (finding->advice)
		gk_buf_addf(text, "    > %s\n", finding->advice);
}

static void show_source(const struct template_source *source, struct gk_buf *text)
{
	const struct {
		const char *name, *value;
	} texts[] = {
		{"region", source->region},       {"profile", source->profile},
		{"file", source->credentials_file}, {"endpoint", source->endpoint},
		{"role", source->role_arn},       {"account", source->role_account},
	};
	const struct {
		const char *name;
		bool value;
	} flags[] = {
		{"keys", source->has_keys},
		{"vault", source->has_vault},
		{"passes-keys", source->passes_keys},
		{"passes-profile", source->passes_profile},
		{"no-ami", !source->amazon},
	};

	gk_buf_addf(text, "source %s %s", source->place, source->name);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (texts[i].value)
			gk_buf_addf(text, " %s=%s", texts[i].name, texts[i].value);
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (flags[i].value)
			gk_buf_addf(text, " %s", flags[i].name);
	for (size_t i = 0; i < source->regions.count; i++)
		gk_buf_addf(text, "%s%s", i ? "," : " regions=", source->regions.items[i]);
	gk_buf_addc(text, '\n');
}

static const char *no_environment(const char *name)
{
	(void)name;
	return NULL;
}

static int examine(const char *name, const struct gk_buf *text,
		   const char *(*env)(const char *name), struct template_report *ret,
		   struct gk_error *err)
{
	_cleanup_(template_freep) struct template *template = template_new(env, err);

	if (!template || template_add(template, name, gk_buf_text(text), text->length, err) < 0)
		return -1;
	return template_examine(template, ret, err);
}

static void check_file(const char *name)
{
	_cleanup_(gk_buf_done) struct gk_buf text = {0}, shown = {0}, expected = {0};
	_cleanup_(template_report_done) struct template_report report = {0};
	struct gk_error err = {0};
	char path[96];

	snprintf(path, sizeof(path), "doctor-templates/%s", name);
	testdata_read(path, &text);
	assert_success(examine(name, &text, no_environment, &report, &err), &err);
	for (size_t i = 0; i < report.finding_count; i++)
		show_finding(&report.findings[i], &shown);
	for (size_t i = 0; i < report.source_count; i++)
		show_source(&report.sources[i], &shown);
	snprintf(path, sizeof(path), "doctor-templates/%s.txt", name);
	testdata_read(path, &expected);
	assert_string_equal(gk_buf_text(&shown), gk_buf_text(&expected));
	for (size_t i = 0; i < ARRAY_SIZE(secrets); i++)
		assert_null(strstr(gk_buf_text(&shown), secrets[i]));
}

static void test_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		check_file(names[i]);
}

static int examine_text(const char *name, const char *text, const char *(*env)(const char *name),
			struct template_report *ret, struct gk_error *err)
{
	_cleanup_(gk_buf_done) struct gk_buf copy = {0};

	gk_buf_adds(&copy, text);
	return examine(name, &copy, env, ret, err);
}

/* ---- commands ---- */

/* What the finding on the manifest says of a line of shell; everything else is as it should be. */
static void check_command(const char *line, const char *expected)
{
	_cleanup_(gk_buf_done) struct gk_buf text = {0};
	_cleanup_(template_report_done) struct template_report report = {0};
	struct gk_error err = {0};
	const char *said = "none";

	gk_buf_addf(&text, "source \"amazon-ebs\" \"web\" {\n}\nbuild {\n"
		    "sources = [\"source.amazon-ebs.web\"]\npost-processor \"manifest\" {\n}\n"
		    "post-processor \"shell-local\" {\ninline = [<<EOT\n%s\nEOT\n]\n}\n}\n",
		    line);
	assert_success(examine("t.pkr.hcl", &text, no_environment, &report, &err), &err);
	for (size_t i = 0; i < report.finding_count; i++)
		if (strstr(report.findings[i].subject, ": manifest"))
			said = report.findings[i].text;
	if (strncmp(said, expected, strlen(expected)) != 0)
		fail_msg("%s: expected \"%s\", got \"%s\"", line, expected, said);
}

static void test_commands(void **state)
{
	static const char good[] = "goldkeep reads packer-manifest.json, which";
	static const struct {
		const char *line, *expected;
	} rows[] = {
		{"goldkeep release", good},
		{"  sudo -E /opt/goldkeep-1.0/bin/goldkeep release", good},
		{"$GOLDKEEP -v --store x release", good},
		{"goldkeep release --manifest packer-manifest.json", good},
		{"goldkeep release --manifest=./packer-manifest.json",
		 "goldkeep reads ./packer-manifest.json, which"},
		{"goldkeep release --manifest 'packer-manifest.json'", good},
		{"goldkeep release --manifest \"packer-manifest.json\"", good},
		{"goldkeep release --manifest packer\\-manifest.json", good},
		{"goldkeep release \\\n --manifest \\\n packer-manifest.json", good},
		{"goldkeep release > log --manifest packer-manifest.json; x", good},
		{"(goldkeep release)", good},
		{"if true; then goldkeep release; fi", good},
		{"cd x; cd y\ngoldkeep release # --manifest z", good},
		{"goldkeep release --manifest x.json", "goldkeep reads x.json, but"},
		{"goldkeep release --manifest x.json; y --manifest z",
		 "goldkeep reads x.json, but"},
		{"goldkeep --manifest x.json release", "goldkeep reads x.json, but"},
		{"goldkeep release --manifest $PACKER_BUILD_NAME", "goldkeep reads web, but"},
		{"goldkeep release --manifest x$${PACKER_BUILDER_TYPE}y",
		 "goldkeep reads xamazon-ebsy, but"},
		{"goldkeep release --manifest \"a b\"", "goldkeep reads a b, but"},
		{"export GOLDKEEP_MANIFEST=x.json\ngoldkeep release", "goldkeep reads x.json, but"},
		{"GOLDKEEP_MANIFEST=x.json goldkeep release --manifest packer-manifest.json", good},
		{"goldkeep release --manifest $X", "whether $X"},
		{"goldkeep release --manifest $${X:-y}", "whether ${X:-y}"},
		{"goldkeep release --manifest `date`", "whether"},
		{"goldkeep release --manifest *.json", "whether"},
		{"goldkeep release --manifest {{x y}}", "whether {{x y}}"},
		{"goldkeep release --manifest ${build.ID}.json", "whether ${build.ID}.json"},
		{"goldkeep release --manifest '$X'", "goldkeep reads $X, but"},
		{"cd x && goldkeep release --manifest y", "whether y"},
		{"goldkeep list", "none"},
		{"goldkeep; release", "none"},
		{"release goldkeep", "none"},
		{"# goldkeep release", "none"},
		{"x --config=goldkeep release", "none"},
		{"\"goldkeep release", "none"},
		{"goldkeep release --manifest", good},
		{"goldkeep release --manifest \"x", "goldkeep reads x"},
		{"goldkeep release --manifest $", "whether $"},
		{"goldkeep release --manifest $${", "whether ${"},
		{"goldkeep release --manifest {{", "whether {{"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_command(rows[i].line, rows[i].expected);
}

/* ---- references ---- */

static const char *some_environment(const char *name)
{
	return strcmp(name, "PKR_VAR_b") == 0   ? "given"
	       : strcmp(name, "PROFILE") == 0   ? "prod"
	       : strcmp(name, "GOLDKEEP_MANIFEST") == 0 ? "elsewhere.json"
							: NULL;
}

static void check_profile(const char *name, const char *text, const char *expected)
{
	_cleanup_(template_report_done) struct template_report report = {0};
	struct gk_error err = {0};

	assert_success(examine_text(name, text, some_environment, &report, &err), &err);
	assert_int_equal(report.source_count, 1);
	if (!gk_str_equal(report.sources[0].profile, expected))
		fail_msg("%s: %s", text, report.sources[0].profile);
}

static void test_references(void **state)
{
	static const char build[] =
		"\nbuild {\nsources = [source.amazon-ebs.web]\n}\nsource \"amazon-ebs\" \"web\" {\n"
		"profile = ";
	static const struct {
		const char *value, *before, *expected;
	} rows[] = {
		{"\"x\"", "", "x"},
		{"null", "", NULL},
		{"\"\"", "", NULL},
		{"var.a", "variable \"a\" {\ndefault = \"x\"\n}", "x"},
		{"\"y-${ var.a }\"", "variable \"a\" {\ndefault = \"x\"\n}", "y-x"},
		{"var.a", "variables {\na = \"x\"\n}", "x"},
		{"local.a", "locals {\na = local.b\nb = var.c\n}\nvariable \"c\" {\ndefault = 3\n}",
		 "3"},
		{"local.a", "local \"a\" {\nexpression = \"x\"\n}", "x"},
		{"var.a", "variable \"a\" {\ndefault = env(\"PROFILE\")\n}", "prod"},
		{"var.a", "variable \"a\" {\ndefault = env(\"NONE\")\n}", NULL},
		{"var.b", "variable \"b\" {\ndefault = \"x\"\n}", "given"},
		{"var.b", "variable \"b\" {\n}", "given"},
		{"var.a", "variable \"a\" {\n}", NULL},
		{"var.a", "variable \"a\" {\ndefault = null\n}", NULL},
		{"var.a", "variable \"a\" {\ndefault = \"x\"\nsensitive = true\n}", NULL},
		{"upper(var.a)", "variable \"a\" {\ndefault = \"x\"\n}", NULL},
		{"local.a", "locals {\na = local.b\nb = local.a\n}", NULL},
		{"local.a", "locals {\na = \"${local.a}${local.a}\"\n}", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *text = gk_str_format(NULL, "%s%s%s\n}\n", rows[i].before,
							  build, rows[i].value);

		check_profile("t.pkr.hcl", text, rows[i].expected);
	}
	check_profile("t.json", "{\"variables\": {\"a\": \"{{env `PROFILE`}}\"}, \"builders\": "
		      "[{\"type\": \"amazon-ebs\", \"profile\": \"{{ user \\\"a\\\" }}\"}]}",
		      "prod");
	check_profile("t.json", "{\"builders\": [{\"type\": \"amazon-ebs\", \"profile\": "
		      "\"{{user `a`}}\"}]}", NULL);
}

/* What Packer's environment tells goldkeep counts too. */
static void test_inherited(void **state)
{
	_cleanup_(template_report_done) struct template_report report = {0};
	_cleanup_(gk_buf_done) struct gk_buf text = {0};
	struct gk_error err = {0};

	(void)state;
	testdata_read("doctor-templates/no-guard.pkr.hcl", &text);
	assert_success(examine("t.pkr.hcl", &text, some_environment, &report, &err), &err);
	assert_string_equal(report.findings[1].text, "goldkeep reads elsewhere.json, but line 12 "
			    "writes packer-manifest.json");
}

/* ---- what is no template ---- */

static void test_refused(void **state)
{
	static const struct {
		const char *name, *text, *message;
	} rows[] = {
		{"t.pkr.hcl", "a = [", "t.pkr.hcl:1: a value expected, not the end of the text"},
		{"t.pkr.hcl", "{}", "t.pkr.hcl:1: an argument or a block expected, not {"},
		{"t.json", "source \"a\" {\n}", "t.json:1: no JSON, or cut short,"},
		{"t.json", "[]", "t.json:1: no JSON object"},
		{"t.pkr.json", "1", "t.pkr.json:1: no JSON object"},
		{"t.pkr.json", "{\"build\":\n\"x\"}", "t.pkr.json:2: build is no object"},
		{"t.pkr.json", "{\n\"a\": \"${\"}",
		 "t.pkr.json:2: a value expected, not the end of the text"},
		{"t.hcl", "",
		 "t.hcl: Packer takes a file for HCL2 only if its name ends in .pkr.hcl"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct template_report report = {0};
		struct gk_error err = {0};

		assert_int_equal(examine_text(rows[i].name, rows[i].text, NULL, &report, &err), -1);
		assert_int_equal(err.code, GK_USAGE);
		assert_string_equal(err.message, rows[i].message);
	}
}

static void test_too_many(void **state)
{
	_cleanup_(gk_buf_done) struct gk_buf text = {0};
	struct template_report report = {0};
	struct gk_error err = {0};

	(void)state;
	gk_buf_adds(&text, "{\"builders\": [");
	for (int i = 0; i < 101; i++)
		gk_buf_addf(&text, "%s{\"type\": \"null\"}", i ? "," : "");
	gk_buf_adds(&text, "], \"post-processors\": [");
	for (int i = 0; i < 99; i++)
		gk_buf_addf(&text, "%s\"manifest\"", i ? "," : "");
	gk_buf_adds(&text, "]}");
	assert_failure(examine("t.json", &text, NULL, &report, &err), &err, GK_USAGE,
		       "101 sources with 99 post-processors are more than can be examined");
}

/* Values of every kind in every place of a template: it is examined or refused. */
static void test_wrong_kinds(void **state)
{
	static const char *const values[] = {"null", "true", "1", "\"x\"", "[]", "{}", "[[]]",
					     "[{}]", "[null]", "{\"a\": []}"};
	static const char *const places[] = {
		"{\"builders\": %s}", "{\"builders\": [{\"type\": %s}]}",
		"{\"post-processors\": %s}",
		"{\"builders\": [{\"type\": \"amazon-ebs\", \"name\": %s}]}",
		"{\"builders\": [{\"type\": \"amazon-ebs\", \"assume_role\": %s}]}",
		"{\"builders\": [{\"type\": \"amazon-ebs\", \"ami_regions\": %s}]}",
		"{\"builders\": [{\"type\": \"amazon-ebs\", \"tags\": %s}]}",
		"{\"builders\": [{\"type\": \"amazon-ebs\"}], \"post-processors\": [%s]}",
		"{\"builders\": [{\"type\": \"amazon-ebs\"}], \"post-processors\": [[%s]]}",
		"{\"builders\": [{\"type\": \"amazon-ebs\"}], \"post-processors\": [{\"type\": "
		"\"shell-local\", \"inline\": %s}]}",
		"{\"builders\": [{\"type\": \"amazon-ebs\"}], \"post-processors\": [{\"type\": "
		"\"manifest\", \"output\": %s}]}",
		"{\"build\": %s}", "{\"build\": {\"sources\": %s}}", "{\"source\": %s}",
		"{\"build\": {\"source\": %s}}", "{\"build\": {\"post-processor\": %s}}",
		"{\"build\": {\"post-processors\": %s}}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(places) * ARRAY_SIZE(values) * 2; i++) {
		_cleanup_(template_report_done) struct template_report report = {0};
		const char *place = places[i / 2 / ARRAY_SIZE(values)];
		const char *hole = strstr(place, "%s");
		_cleanup_free_ char *text =
			gk_str_format(NULL, "%.*s%s%s", (int)(hole - place), place,
				      values[i / 2 % ARRAY_SIZE(values)], hole + 2);
		struct gk_error err = {0};

		if (examine_text(i % 2 ? "t.json" : "t.pkr.json", text, NULL, &report, &err) < 0)
			assert_int_equal(err.code, GK_USAGE);
	}
}

/* Damage of any kind is an error or another template, never a crash. */
static void test_noise(void **state)
{
	uint64_t seed = testdata_seed();

	(void)state;
	for (size_t n = 0; n < ARRAY_SIZE(names); n++) {
		_cleanup_(gk_buf_done) struct gk_buf text = {0}, path = {0};

		gk_buf_addf(&path, "doctor-templates/%s", names[n]);
		testdata_read(gk_buf_text(&path), &text);
		for (int i = 0; i < 200; i++) {
			_cleanup_(template_report_done) struct template_report report = {0};
			size_t at = testdata_random(&seed, text.length);
			char kept = text.data[at];
			struct gk_error err = {0};

			text.data[at] = "\"{}[]$%<\\\n=x.,"[testdata_random(&seed, 15)];
			if (examine(names[n], &text, NULL, &report, &err) < 0)
				assert_int_equal(err.code, GK_USAGE);
			text.data[at] = kept;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),       cmocka_unit_test(test_commands),
		cmocka_unit_test(test_references),  cmocka_unit_test(test_inherited),
		cmocka_unit_test(test_refused),     cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_wrong_kinds), cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
