/* What doctor has found out: tables, then warnings and problems; or the document. */
#include <string.h>

#include "base/mem.h"
#include "commands.h"
#include "doctor.h"
#include "output.h"

static const char *const level_names[] = {
	[FINDING_OK] = "ok",
	[FINDING_WARNING] = "warning",
	[FINDING_PROBLEM] = "problem",
	[FINDING_UNKNOWN] = "unknown",
};

enum { COLUMNS_MAX = 5, CELL_MAX = 60 };

enum column { COLUMN_SUBJECT, COLUMN_LOCATION, COLUMN_VALUE, COLUMN_ORIGIN, COLUMN_LEVEL };

/* In the order in which they are shown. */
static const struct section {
	const char *name;
	const char *heads[COLUMNS_MAX + 1];
	enum column columns[COLUMNS_MAX];
} sections[] = {
	{"settings",
	 {"SETTING", "VALUE", "FROM", "STATE", NULL},
	 {COLUMN_SUBJECT, COLUMN_VALUE, COLUMN_ORIGIN, COLUMN_LEVEL}},
	{"identity",
	 {"IDENTITY", "VALUE", "STATE", NULL},
	 {COLUMN_SUBJECT, COLUMN_VALUE, COLUMN_LEVEL}},
	{"inventory",
	 {"INVENTORY", "VALUE", "STATE", NULL},
	 {COLUMN_SUBJECT, COLUMN_VALUE, COLUMN_LEVEL}},
	{"permissions",
	 {"PERMISSION", "REGION", "FOR", "STATE", "ANSWER", NULL},
	 {COLUMN_SUBJECT, COLUMN_LOCATION, COLUMN_ORIGIN, COLUMN_LEVEL, COLUMN_VALUE}},
	{"template",
	 {"TEMPLATE", "SOURCE", "STATE", "FINDING", NULL},
	 {COLUMN_SUBJECT, COLUMN_ORIGIN, COLUMN_LEVEL, COLUMN_VALUE}},
};

static size_t count_level(const struct doctor *doctor, enum finding_level level)
{
	size_t count = 0;

	for (size_t i = 0; i < doctor->count; i++)
		count += doctor->findings[i].level == level;
	return count;
}

/* ---- text ---- */

static const char *shown(const char *text)
{
	return text ? text : "";
}

static const char *cell(const struct finding *finding, enum column column)
{
	switch (column) {
	case COLUMN_SUBJECT:
		return finding->subject;
	case COLUMN_LOCATION:
		return finding->location;
	case COLUMN_VALUE:
		return finding->value;
	case COLUMN_ORIGIN:
		return finding->origin;
	case COLUMN_LEVEL:
		break;
	}
	return level_names[finding->level];
}

/* A long value that is told below the tables once more makes no table wider than a screen. */
static int add_cell(struct output_table *table, const struct finding *finding, enum column column,
		    struct gk_error *err)
{
	const char *text = shown(cell(finding, column));
	bool told = finding->level == FINDING_WARNING || finding->level == FINDING_PROBLEM;
	size_t length = CELL_MAX;

	if (!told || column != COLUMN_VALUE || strlen(text) <= CELL_MAX)
		return gk_strv_add(&table->cells, text, err);
	while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
		length--; /* within a character of UTF-8 */
	return gk_strv_addf(&table->cells, err, "%.*s…", (int)length, text);
}

static int add_row(struct output_table *table, const struct section *section,
		   const struct finding *finding, struct gk_error *err)
{
	for (size_t i = 0; section->heads[i]; i++)
		if (add_cell(table, finding, section->columns[i], err) < 0)
			return -1;
	return 0;
}

static int print_section(const struct doctor *doctor, const struct section *section, bool first,
			 struct gk_error *err)
{
	struct output_table table = {.columns = section->heads};
	int result = 0;

	for (size_t i = 0; result == 0 && i < doctor->count; i++)
		if (strcmp(doctor->findings[i].section, section->name) == 0)
			result = add_row(&table, section, &doctor->findings[i], err);
	if (result == 0 && table.cells.count > 0) {
		if (!first)
			puts("");
		result = output_table_print(&table, err);
	}
	gk_strv_done(&table.cells);
	return result;
}

/* "permissions: ec2:CreateTags in us-east-1: denied: goldkeep iam-policy prints …", owned. */
static char *sentence(const struct finding *finding, struct gk_error *err)
{
	return gk_str_format(err, "%s: %s%s%s: %s%s%s", finding->section, finding->subject,
			     finding->location ? " in " : "", shown(finding->location),
			     shown(finding->value), finding->advice ? ": " : "",
			     shown(finding->advice));
}

static int tell(struct context *context, const struct doctor *doctor, enum finding_level level,
		struct gk_error *err)
{
	for (size_t i = 0; i < doctor->count; i++) {
		_cleanup_free_ char *line = NULL;

		if (doctor->findings[i].level != level)
			continue;
		line = sentence(&doctor->findings[i], err);
		if (!line)
			return -1;
		if (level == FINDING_WARNING)
			gk_log(&context->log, GK_LOG_WARNING, "%s", line);
		else
			output_problem(context, "%s", line);
	}
	return 0;
}

static void conclude(struct context *context, const struct doctor *doctor)
{
	size_t unknown = count_level(doctor, FINDING_UNKNOWN);

	if (count_level(doctor, FINDING_PROBLEM) > 0)
		return;
	gk_log(&context->log, GK_LOG_STEP, "nothing stands in the way of a release%s",
	       unknown ? ", as far as it could be found out" : "");
}

static int print_text(struct context *context, const struct doctor *doctor, struct gk_error *err)
{
	if (!context->json && !context->quiet)
		for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
			if (print_section(doctor, &sections[i], i == 0, err) < 0)
				return -1;
	fflush(stdout);
	if (tell(context, doctor, FINDING_WARNING, err) < 0 ||
	    tell(context, doctor, FINDING_PROBLEM, err) < 0)
		return -1;
	conclude(context, doctor);
	return 0;
}

/* ---- JSON ---- */

static void render_finding(struct gk_json_builder *json, cJSON *array,
			   const struct finding *finding)
{
	cJSON *object = gk_json_add_object(json, array, NULL);

	gk_json_add_string(json, object, "level", level_names[finding->level]);
	gk_json_add_string(json, object, "section", finding->section);
	gk_json_add_string(json, object, "subject", finding->subject);
	gk_json_add_string(json, object, "location", finding->location);
	gk_json_add_string(json, object, "value", finding->value);
	gk_json_add_string(json, object, "origin", finding->origin);
	gk_json_add_string(json, object, "advice", finding->advice);
}

static void render_sections(struct gk_json_builder *json, const struct doctor *doctor)
{
	cJSON *wrong = gk_json_add_array(json, json->root, "findings");

	for (size_t i = 0; i < doctor->count; i++)
		if (doctor->findings[i].level != FINDING_OK)
			render_finding(json, wrong, &doctor->findings[i]);
	for (size_t s = 0; s < ARRAY_SIZE(sections); s++) {
		cJSON *array = gk_json_add_array(json, json->root, sections[s].name);

		for (size_t i = 0; i < doctor->count; i++)
			if (strcmp(doctor->findings[i].section, sections[s].name) == 0)
				render_finding(json, array, &doctor->findings[i]);
	}
}

static int print_document(struct context *context, const struct doctor *doctor,
			  enum exit_status status, struct gk_error *err)
{
	_cleanup_(gk_json_builder_done) struct gk_json_builder json = {0};

	if (gk_json_builder_init(&json, err) < 0)
		return -1;
	gk_json_add_string(&json, json.root, "result", status == EXIT_DONE ? "ok" : "problems");
	gk_json_add_integer(&json, json.root, "exit", status);
	gk_json_add_string(&json, json.root, "account", doctor->account);
	gk_json_add_string(&json, json.root, "arn", doctor->arn);
	gk_json_add_string(&json, json.root, "partition", doctor->partition);
	gk_json_add_string(&json, json.root, "profile", doctor->profile);
	gk_json_add_string(&json, json.root, "region", doctor->region);
	gk_json_add_string(&json, json.root, "provider", doctor->provider);
	if (doctor->has_skew)
		gk_json_add_integer(&json, json.root, "clock_skew", doctor->skew);
	else
		gk_json_add_string(&json, json.root, "clock_skew", NULL);
	render_sections(&json, doctor);
	gk_json_add_string(&json, json.root, "error", NULL);
	return output_document(context, &json, err);
}

int doctor_report(struct context *context, const struct doctor *doctor, struct gk_error *err)
{
	enum exit_status status =
		count_level(doctor, FINDING_PROBLEM) > 0 ? EXIT_FAILED : EXIT_DONE;

	if (print_text(context, doctor, err) < 0 ||
	    print_document(context, doctor, status, err) < 0)
		return -1;
	return (int)status;
}
