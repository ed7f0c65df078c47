#include "aws/tests/fuzz/world.h"

#include <ctype.h>
#include <ftw.h>
#include <strings.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "net/script.h"

/* No program is run. */
#define aws_process_run aws_process_run_really
#include "../../process.c"
#undef aws_process_run

int aws_process_run(const struct gk_strv *words, const struct gk_clock *clock, int64_t timeout_ms,
		    struct gk_buf *ret_output, struct gk_error *err);

enum { NOW = 1795178160, NAME_MAX_LENGTH = 64, PARTS_MAX = 32, REQUESTS_MAX = 400 };

struct part {
	char name[NAME_MAX_LENGTH];
	const char *text; /* borrowed; ends where the next part begins */
	size_t length;
	char *variable;   /* the text as a value of the environment */
};

/* The one that is asked now: getenv has no other way to it. */
static struct {
	struct part parts[PARTS_MAX];
	size_t count;
} world;

static char home[] = "/tmp/goldkeep-fuzz-XXXXXX";

static const struct {
	const char *part, *path;
} files[] = {
	{"config", ".aws/config"},
	{"credentials", ".aws/credentials"},
	{"token", "token"},
	{"login", ".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json"},
};

/* ---- the home folder ---- */

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
	(void)info;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void remove_home(void)
{
	nftw(home, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static char *home_path(const char *path)
{
	char *whole = gk_str_format(NULL, "%s/%s", home, path);

	fuzz_check(whole);
	return whole;
}

static void make_home(void)
{
	static bool made;
	_cleanup_free_ char *cache = NULL;

	if (made)
		return;
	made = true;
	fuzz_check(mkdtemp(home) && atexit(remove_home) == 0);
	cache = home_path(".aws/sso/cache");
	fuzz_check(gk_path_make_folders(cache, NULL) == 0);
}

/* ---- parts ---- */

static const struct part *find_part(const char *name)
{
	for (size_t i = 0; i < world.count; i++)
		if (strcmp(world.parts[i].name, name) == 0)
			return &world.parts[i];
	return NULL;
}

/* Where the next line "== NAME" begins; NULL if there is none. */
static const char *find_head(const char *text, const char *end)
{
	for (; text && end - text > 3; text = memchr(text, '\n', (size_t)(end - text))) {
		text += *text == '\n';
		if (end - text > 3 && memcmp(text, "== ", 3) == 0)
			return text;
	}
	return NULL;
}

/* Values of the environment end at a line end or a NUL, and know the home folder. */
static char *as_variable(const struct part *part)
{
	_cleanup_free_ char *value = strndup(part->text, part->length);

	fuzz_check(value);
	value[strcspn(value, "\n")] = '\0';
	return value[0] == '~' && value[1] == '/' ? home_path(value + 2) : TAKE_PTR(value);
}

/* Up to the next head and without the line end in front of it, or to the end. */
static void add_part(const char *name, size_t name_length, const char *text, const char *next,
		     const char *end)
{
	struct part *part = &world.parts[world.count];

	if (world.count == PARTS_MAX || name_length >= NAME_MAX_LENGTH)
		return;
	if (next)
		end = next > text ? next - 1 : next;
	*part = (struct part){.text = text, .length = (size_t)(end - text)};
	memcpy(part->name, name, name_length);
	part->variable = as_variable(part);
	world.count++;
}

/* `first` names what stands in front of the first head; NULL: nothing. */
static void add_parts(const char *text, size_t length, const char *first)
{
	const char *end = text + length;
	const char *head = find_head(text, end);

	if (first && head != text)
		add_part(first, strlen(first), text, head, end);
	while (head) {
		const char *line = memchr(head, '\n', (size_t)(end - head));
		const char *next = find_head(line ? line : end, end);

		line = line ? line : end;
		add_part(head + 3, (size_t)(line - head - 3), line < end ? line + 1 : end, next,
			 end);
		head = next;
	}
}

static void clear_parts(void)
{
	for (size_t i = 0; i < world.count; i++)
		free(world.parts[i].variable);
	world.count = 0;
}

/* ---- what is there ---- */

static const char *get_variable(const char *name)
{
	const struct part *part = find_part(name);

	if (strcmp(name, "HOME") == 0)
		return home;
	return part ? part->variable : NULL;
}

static void write_files(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_free_ char *path = home_path(files[i].path);
		const struct part *part = find_part(files[i].part);
		FILE *file = NULL;

		unlink(path);
		if (!part)
			continue;
		file = fopen(path, "w");
		fuzz_check(file && fwrite(part->text, 1, part->length, file) == part->length);
		fuzz_check(fclose(file) == 0);
	}
}

static int status_of(const char *name)
{
	if (strlen(name) != 3 || name[0] < '1' || name[0] > '5' ||
	    !isdigit((unsigned char)name[1]) || !isdigit((unsigned char)name[2]))
		return 0;
	return (name[0] - '0') * 100 + (name[1] - '0') * 10 + name[2] - '0';
}

static void add_answers(struct http_script *script)
{
	for (size_t i = 0; i < world.count; i++) {
		const struct part *part = &world.parts[i];
		const struct script_answer answer = {
			.status = status_of(part->name),
			.body = part->length ? part->text : "",
			.body_length = part->length,
		};

		fuzz_check(!answer.status || http_script_add(script, &answer) == 0);
	}
}

int aws_process_run(const struct gk_strv *words, const struct gk_clock *clock, int64_t timeout_ms,
		    struct gk_buf *ret_output, struct gk_error *err)
{
	const struct part *printed = find_part("printed");

	(void)clock;
	(void)timeout_ms;
	fuzz_check(words->count > 0);
	if (!printed)
		return gk_error_set(err, GK_FAILED, "cannot run %s", words->items[0]);
	gk_buf_add(ret_output, printed->text, printed->length);
	return gk_buf_check(ret_output, err);
}

/* ---- what comes of it ---- */

/* Whatever the code under test calls a token. */
static bool is_word(const char *text)
{
	size_t length = 0;

	while (text && text[length] > ' ' && text[length] <= '~')
		length++;
	return length > 0 && text[length] == '\0';
}

static void check_sent(const struct http_script *script, const struct fuzz_question *question)
{
	fuzz_check(script->sent_count <= REQUESTS_MAX);
	for (size_t i = 0; i < script->sent_count; i++) {
		const struct script_sent *sent = &script->sent[i];

		fuzz_check(is_word(sent->method) && is_word(sent->url));
		fuzz_check(strncasecmp(sent->url, "http", 4) == 0);
		fuzz_check(!question->may_be_asked || question->may_be_asked(sent->url));
		for (size_t j = 0; j < sent->headers.count; j++)
			fuzz_check(strchr(sent->headers.items[j], ':') &&
				   !strpbrk(sent->headers.items[j], "\r\n"));
	}
}

static void check_found(bool configured, const struct aws_credentials *found)
{
	fuzz_check(configured == (found->access_key_id != NULL));
	fuzz_check(configured == (found->secret_access_key != NULL));
	if (!configured)
		return;
	fuzz_check(is_word(found->access_key_id) && is_word(found->secret_access_key));
	fuzz_check(!found->session_token || is_word(found->session_token));
}

static void ask(const struct aws_provider_world *asked, const struct fuzz_question *question)
{
	struct aws_credentials found = {0};
	struct gk_error err = {0};
	bool configured = false;

	if (question->find(asked, &configured, &found, &err) == 0)
		check_found(configured, &found);
	else
		fuzz_check_error(&err);
	fuzz_check(err.code == GK_OK || !found.secret_access_key);
	aws_credentials_done(&found);
}

static void ask_with_settings(const struct fuzz_question *question)
{
	struct aws_options options = {.getenv = get_variable};
	_cleanup_(aws_settings_done) struct aws_settings settings = {0};
	_cleanup_(http_script_freep) struct http_script *script = NULL;
	struct script_clock clock;
	struct aws_provider_world asked = {.settings = &settings, .clock = &clock.clock};
	struct gk_error err = {0};

	script_clock_init(&clock, NOW);
	script = http_script_new(&clock);
	fuzz_check(script);
	asked.transport = http_script_transport(script);
	add_answers(script);
	if (aws_settings_load(&options, &settings, &err) < 0) {
		fuzz_check_error(&err);
		return;
	}
	fuzz_check(!settings.region || !strpbrk(settings.region, "/.:@ \t\r\n"));
	ask(&asked, question);
	check_sent(script, question);
}

void fuzz_ask(const uint8_t *data, size_t size, const struct fuzz_question *question)
{
	make_home();
	add_parts((const char *)data, size, question->first);
	add_parts(question->rest, strlen(question->rest), NULL);
	write_files();
	ask_with_settings(question);
	clear_parts();
}
