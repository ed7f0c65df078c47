#include "options.h"

#include <ctype.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/ini.h"
#include "base/mem.h"
#include "image/text.h"
#include "image/release.h"

enum { FIRST_LONG = 1000, CONFIG_MAX = 1 << 20 };

void options_done(struct options *options)
{
	for (size_t i = 0; i < options->count; i++) {
		free(options->values[i].family);
		free(options->values[i].text);
		free(options->values[i].origin);
	}
	free(options->values);
	gk_strv_done(&options->arguments);
	*options = (struct options){.groups = options->groups};
}

static const struct option_def *find_def(const struct option_group *const *groups,
					 const char *name)
{
	for (; *groups; groups++)
		for (size_t i = 0; i < (*groups)->count; i++)
			if (strcmp((*groups)->defs[i].name, name) == 0)
				return &(*groups)->defs[i];
	return NULL;
}

static int add_value(struct options *options, const struct option_def *def,
		     enum option_source source, const char *family, const char *text,
		     const char *origin, struct gk_error *err)
{
	struct option_value *value =
		gk_array_add(&options->values, &options->count, sizeof(*value), err);

	if (!value)
		return -1;
	value->def = def;
	value->source = source;
	if (gk_str_set(&value->family, family, err) < 0 ||
	    gk_str_set(&value->text, text, err) < 0 || gk_str_set(&value->origin, origin, err) < 0)
		return -1;
	return 0;
}

/* A repeatable option has one value a line. */
static int add_lines(struct options *options, const struct option_def *def,
		     enum option_source source, const char *family, const char *text,
		     const char *origin, struct gk_error *err)
{
	_cleanup_(gk_strv_done) struct gk_strv lines = {0};

	if (!(def->flags & OPTION_LIST))
		return add_value(options, def, source, family, text, origin, err);
	if (gk_strv_split(&lines, text, '\n', err) < 0)
		return -1;
	for (size_t i = 0; i < lines.count; i++)
		if (add_value(options, def, source, family, lines.items[i], origin, err) < 0)
			return -1;
	return 0;
}

/* ---- flags ---- */

/* getopt's own tables, made of ours. */
struct parser {
	struct option *options;
	const struct option_def **defs;
	size_t count;
	char letters[64];
};

static void parser_done(struct parser *parser)
{
	free(parser->options);
	free(parser->defs);
}

static int parser_init(struct parser *parser, const struct option_group *const *groups,
		       bool stop_at_argument, struct gk_error *err)
{
	size_t total = 0;
	size_t letters = 0;

	for (const struct option_group *const *g = groups; *g; g++)
		total += (*g)->count;
	parser->options = calloc(total + 1, sizeof(*parser->options));
	parser->defs = calloc(total + 1, sizeof(*parser->defs));
	if (!parser->options || !parser->defs)
		return gk_error_memory(err);
	parser->letters[letters++] = stop_at_argument ? '+' : '-';
	parser->letters[letters++] = ':';
	for (; *groups; groups++)
		for (size_t i = 0; i < (*groups)->count; i++) {
			const struct option_def *def = &(*groups)->defs[i];

			parser->options[parser->count] = (struct option){
				.name = def->name,
				.has_arg = def->argument ? required_argument : no_argument,
				.val = FIRST_LONG + (int)parser->count,
			};
			parser->defs[parser->count++] = def;
			if (def->letter && letters + 2 < sizeof(parser->letters))
				parser->letters[letters++] = def->letter;
		}
	return 0;
}

static const struct option_def *parser_find(const struct parser *parser, int result)
{
	if (result >= FIRST_LONG)
		return parser->defs[result - FIRST_LONG];
	for (size_t i = 0; i < parser->count; i++)
		if (parser->defs[i]->letter == result)
			return parser->defs[i];
	return NULL;
}

static int bad_option(const struct parser *parser, int result, char **argv, struct gk_error *err)
{
	const struct option_def *def = parser_find(parser, optopt);

	if (result == ':')
		return gk_error_set(err, GK_USAGE, "option --%s needs %s", def ? def->name : "?",
				    def ? def->argument : "a value");
	if (optopt >= FIRST_LONG && def)
		return gk_error_set(err, GK_USAGE, "option --%s takes no value", def->name);
	if (optopt)
		return gk_error_set(err, GK_USAGE, "unknown option -%c", optopt);
	return gk_error_set(err, GK_USAGE, "unknown option %s", argv[optind - 1]);
}

static int take_option(struct options *options, const struct option_def *def, struct gk_error *err)
{
	char origin[64];

	snprintf(origin, sizeof(origin), "--%s", def->name);
	return add_value(options, def, OPTION_FROM_FLAG, NULL, def->argument ? optarg : "true",
			 origin, err);
}

int options_parse(struct options *options, int argc, char **argv, bool stop_at_argument,
		  int *ret_next, struct gk_error *err)
{
	_cleanup_(parser_done) struct parser parser = {0};
	int result = 0;
	int bad = 0;

	if (parser_init(&parser, options->groups, stop_at_argument, err) < 0)
		return -1;
	optind = 0;
	opterr = 0;
	while ((result = getopt_long(argc, argv, parser.letters, parser.options, NULL)) != -1) {
		/* The first is told; reading goes on, for --output and --result count all the
		 * same. */
		if (result == '?' || result == ':') {
			bad = bad < 0 ? bad : bad_option(&parser, result, argv, err);
			continue;
		}
		if (result == 1) {
			if (gk_strv_add(&options->arguments, optarg, err) < 0)
				return -1;
			continue;
		}
		if (take_option(options, parser_find(&parser, result), err) < 0)
			return -1;
	}
	for (int i = optind; i < argc && !stop_at_argument; i++)
		if (gk_strv_add(&options->arguments, argv[i], err) < 0)
			return -1;
	*ret_next = optind;
	return bad;
}

/* ---- environment ---- */

static void variable_name(const struct option_def *def, char *name, size_t size)
{
	snprintf(name, size, "GOLDKEEP_%s", def->name);
	for (char *c = name; *c; c++)
		*c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
}

int options_read_environment(struct options *options, const char *(*get)(const char *name),
			     struct gk_error *err)
{
	for (const struct option_group *const *g = options->groups; *g; g++)
		for (size_t i = 0; i < (*g)->count; i++) {
			const struct option_def *def = &(*g)->defs[i];
			const char *text = NULL;
			char name[64];

			if (def->flags & OPTION_FLAG_ONLY)
				continue;
			variable_name(def, name, sizeof(name));
			text = get(name);
			if (text && *text &&
			    add_lines(options, def, OPTION_FROM_ENV, NULL, text, name, err) < 0)
				return -1;
		}
	return 0;
}

/* ---- goldkeep.ini ---- */

#define FAMILY_SECTION "family "

static int check_section(const struct gk_ini_property *property, const char *path,
			 struct gk_error *err)
{
	if (strcmp(property->section, "defaults") == 0)
		return 0;
	if (strncmp(property->section, FAMILY_SECTION, strlen(FAMILY_SECTION)) == 0) {
		if (family_check(property->section + strlen(FAMILY_SECTION), err) < 0)
			return gk_error_wrap(err, "%s:%d", path, property->line);
		return 0;
	}
	return gk_error_set(err, GK_USAGE,
			    "%s:%d: unknown section [%s]: there are [defaults] and [family NAME]",
			    path, property->line, property->section);
}

static int add_property(struct options *options, const struct gk_ini_property *property,
			const char *path, const struct option_group *const *known,
			struct gk_error *err)
{
	const struct option_def *def = NULL;
	const char *family = NULL;
	_cleanup_free_ char *origin = gk_str_format(err, "%s:%d", path, property->line);

	if (!origin || check_section(property, path, err) < 0)
		return -1;
	if (!property->key)
		return 0;
	def = find_def(known, property->key);
	if (!def || (def->flags & (OPTION_FLAG_ONLY | OPTION_NOT_IN_FILE)) || property->subkey)
		return gk_error_set(err, GK_USAGE, "%s: unknown key '%s'", origin, property->key);
	def = find_def(options->groups, property->key);
	if (!def || !*property->value)
		return 0;
	if (strcmp(property->section, "defaults") != 0)
		family = property->section + strlen(FAMILY_SECTION);
	return add_lines(options, def, family ? OPTION_FROM_FAMILY : OPTION_FROM_DEFAULTS, family,
			 property->value, origin, err);
}

int options_read_file(struct options *options, const char *path, bool required,
		      const struct option_group *const *known, struct gk_error *err)
{
	_cleanup_(gk_buf_done) struct gk_buf text = {0};
	_cleanup_(gk_ini_done) struct gk_ini ini = {0};
	struct gk_error problem = {0};

	if (gk_file_read(path, CONFIG_MAX, &text, &problem) < 0) {
		if (problem.code == GK_NOT_FOUND && !required)
			return 0;
		return gk_error_set(err, GK_USAGE, "configuration: %s", problem.message);
	}
	if (gk_ini_parse(gk_buf_text(&text), text.length, path, &ini, err) < 0)
		return -1;
	for (size_t i = 0; i < ini.count; i++)
		if (add_property(options, &ini.items[i], path, known, err) < 0)
			return -1;
	return 0;
}

/* ---- values ---- */

static bool applies(const struct option_value *value, const char *family, const char *name)
{
	if (strcmp(value->def->name, name) != 0)
		return false;
	return value->source != OPTION_FROM_FAMILY ||
	       (family && strcmp(value->family, family) == 0);
}

const struct option_value *options_find(const struct options *options, const char *family,
					const char *name)
{
	const struct option_value *best = NULL;

	for (size_t i = 0; i < options->count; i++) {
		const struct option_value *value = &options->values[i];

		if (applies(value, family, name) && (!best || value->source >= best->source))
			best = value;
	}
	return best;
}

const char *options_text(const struct options *options, const char *family, const char *name)
{
	const struct option_value *value = options_find(options, family, name);

	return value && *value->text ? value->text : NULL;
}

const char *options_origin(const struct options *options, const char *family, const char *name,
			   const char *text)
{
	const struct option_value *best = options_find(options, family, name);

	for (size_t i = 0; best && i < options->count; i++) {
		const struct option_value *value = &options->values[i];

		if (applies(value, family, name) && value->source == best->source &&
		    strcmp(value->text, text) == 0)
			return value->origin;
	}
	return best ? best->origin : name;
}

int options_list(const struct options *options, const char *family, const char *name,
		 struct gk_strv *ret, struct gk_error *err)
{
	const struct option_value *best = options_find(options, family, name);

	for (size_t i = 0; best && i < options->count; i++) {
		const struct option_value *value = &options->values[i];

		if (applies(value, family, name) && value->source == best->source &&
		    gk_strv_add(ret, value->text, err) < 0)
			return -1;
	}
	return 0;
}

int options_families(const struct options *options, struct gk_strv *ret, struct gk_error *err)
{
	for (size_t i = 0; i < options->count; i++)
		if (options->values[i].family &&
		    gk_strv_add_unique(ret, options->values[i].family, err) < 0)
			return -1;
	return 0;
}

int options_switch(const struct options *options, const char *family, const char *name, bool *ret,
		   struct gk_error *err)
{
	const struct option_value *value = options_find(options, family, name);
	static const char *const yes[] = {"true", "yes", "1", "on"};
	static const char *const no[] = {"false", "no", "0", "off"};

	if (!value)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (strcasecmp(value->text, yes[i]) == 0) {
			*ret = true;
			return 0;
		}
		if (strcasecmp(value->text, no[i]) == 0) {
			*ret = false;
			return 0;
		}
	}
	return gk_error_set(err, GK_USAGE, "%s: '%s' is neither true nor false", value->origin,
			    value->text);
}

int options_count(const struct options *options, const char *family, const char *name, int *ret,
		  struct gk_error *err)
{
	const struct option_value *value = options_find(options, family, name);
	uint64_t number = 0;
	size_t length = 0;

	if (!value)
		return 0;
	length = text_number(value->text, &number);
	if (length == 0 || value->text[length] || number > INT_MAX)
		return gk_error_set(err, GK_USAGE, "%s: '%s' is no number from 0", value->origin,
				    value->text);
	*ret = (int)number;
	return 0;
}

int options_duration(const struct options *options, const char *family, const char *name,
		     struct duration *ret, struct gk_error *err)
{
	const struct option_value *value = options_find(options, family, name);

	if (value && duration_parse(value->text, ret, err) < 0)
		return gk_error_wrap(err, "%s", value->origin);
	return 0;
}

/* ---- help ---- */

void options_print_help(FILE *out, const struct option_group *const *groups)
{
	for (; *groups; groups++) {
		fprintf(out, "\n%s:\n", (*groups)->title);
		for (size_t i = 0; i < (*groups)->count; i++) {
			const struct option_def *def = &(*groups)->defs[i];
			char left[64];

			snprintf(left, sizeof(left), "%c%c%c --%s%s%s", def->letter ? '-' : ' ',
				 def->letter ? def->letter : ' ', def->letter ? ',' : ' ',
				 def->name, def->argument ? " " : "",
				 def->argument ? def->argument : "");
			fprintf(out, "  %-32s %s\n", left, def->help);
		}
	}
}
