/* The cases of testdata/plans: see keep-rules.txt there for the format. */
#include "image/plan.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/tests/unit.h"
#include "image/tests/testdata.h"

static const char *const files[] = {
	"plans/keep-rules.txt", "plans/prereleases.txt", "plans/always-kept.txt",
	"plans/blocked.txt",    "plans/refused.txt",     "plans/states.txt",
	"plans/revoked.txt",
};

struct plan_case {
	const char *title; /* borrowed from the lines */
	const char *run;
	struct policy policy;
	struct channel_list channels;
	struct release_list releases;
	struct plan_facts *facts;
	size_t facts_count;
	time_t now;
	struct gk_buf expected;
};

static void case_done(struct plan_case *c)
{
	for (size_t i = 0; i < c->facts_count; i++)
		gk_strv_done(&c->facts[i].blocks);
	free(c->facts);
	channel_list_done(&c->channels);
	release_list_done(&c->releases);
	gk_buf_done(&c->expected);
	*c = (struct plan_case){0};
}

static void read_version(const char *text, struct semver *ret)
{
	struct gk_error err = {0};

	assert_success(semver_parse(text, ret, &err), &err);
}

static struct duration read_duration(const char *text)
{
	struct duration duration = {0};
	struct gk_error err = {0};

	assert_success(duration_parse(text, &duration, &err), &err);
	return duration;
}

/* "keep-last 3, keep-within 30d" or "none" */
static void read_policy(char *text, struct policy *policy)
{
	policy->given = strcmp(text, "none") != 0;
	for (char *rule = strsep(&text, ","); policy->given && rule; rule = strsep(&text, ",")) {
		char key[32], value[32];

		assert_int_equal(sscanf(rule, " %31s %31s", key, value), 2);
		if (strcmp(key, "keep-last") == 0)
			policy->keep_last = (int)strtoul(value, NULL, 10);
		else if (strcmp(key, "keep-prereleases") == 0)
			policy->keep_prereleases = (int)strtoul(value, NULL, 10);
		else if (strcmp(key, "max-remove") == 0)
			policy->max_remove = (int)strtoul(value, NULL, 10);
		else if (strcmp(key, "keep-within") == 0)
			policy->keep_within = read_duration(value);
		else if (strcmp(key, "min-age") == 0)
			policy->min_age = read_duration(value);
		else
			fail_msg("no rule: %s", rule);
	}
}

/* "1.2.3 live 5d [run R] [held REASON | revoked REASON]" */
static void read_release(char *line, struct plan_case *c)
{
	struct release *release = gk_array_add(&c->releases.items, &c->releases.count,
					       sizeof(*release), NULL);
	struct gk_error err = {0};
	const char *key = NULL;

	assert_non_null(release);
	read_version(strsep(&line, " "), &release->version);
	assert_success(release_state_parse(strsep(&line, " "), &release->state, &err), &err);
	release->created_at = duration_before(c->now, read_duration(strsep(&line, " ")));
	key = strsep(&line, " ");
	if (key && strcmp(key, "run") == 0) {
		release->run = strdup(strsep(&line, " "));
		key = strsep(&line, " ");
	}
	if (key && strcmp(key, "revoked") == 0) {
		release->revoked = strdup(line);
	} else if (key) {
		assert_string_equal(key, "held");
		release->held = strdup(line);
	}
}

/* "1.2.3 reason" */
static void read_block(char *line, struct plan_case *c)
{
	struct plan_facts *facts = gk_array_add(&c->facts, &c->facts_count, sizeof(*facts), NULL);

	assert_non_null(facts);
	read_version(strsep(&line, " "), &facts->version);
	if (line)
		assert_int_equal(gk_strv_add(&facts->blocks, line, NULL), 0);
}

static void read_channel(char *line, struct plan_case *c)
{
	struct channel channel = {.name = strsep(&line, " ")};

	read_version(line, &channel.version);
	assert_int_equal(channel_list_set(&c->channels, &channel, NULL), 0);
}

static void read_input(char *line, struct plan_case *c)
{
	char *rest = strchr(line, ' ');
	size_t length = rest ? (size_t)(rest - line) : strlen(line);

	assert_non_null(rest);
	rest++;
	if (strncmp(line, "policy", length) == 0)
		read_policy(rest, &c->policy);
	else if (strncmp(line, "run", length) == 0)
		c->run = rest;
	else if (strncmp(line, "channel", length) == 0)
		read_channel(rest, c);
	else if (strncmp(line, "block", length) == 0)
		read_block(rest, c);
	else
		read_release(line, c);
}

/* Reads the case that begins at lines[*at]. */
static void read_case(struct gk_strv *lines, size_t *at, struct plan_case *c)
{
	bool expected = false;

	assert_int_equal(strncmp(lines->items[*at], "== ", 3), 0);
	c->title = lines->items[(*at)++] + 3;
	policy_init(&c->policy);
	assert_int_equal(gk_time_parse("2026-11-20T12:00:00Z", &c->now, NULL), 0);
	for (; *at < lines->count && strncmp(lines->items[*at], "==", 2) != 0; (*at)++) {
		if (strcmp(lines->items[*at], "->") == 0)
			expected = true;
		else if (expected)
			gk_buf_addf(&c->expected, "%s\n", lines->items[*at]);
		else
			read_input(lines->items[*at], c);
	}
	assert_true(expected);
}

static void show_plan(const struct plan *plan, struct gk_buf *text)
{
	static const char *const actions[] = {"keep", "remove", "blocked"};

	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_entry *entry = &plan->entries[i];
		char version[SEMVER_TEXT_SIZE];

		gk_buf_addf(text, "%s %s", actions[entry->action],
			    semver_format(&entry->release->version, version));
		for (size_t j = 0; j < entry->reasons.count; j++)
			gk_buf_addf(text, "%s %s", j > 0 ? ";" : ":", entry->reasons.items[j]);
		gk_buf_addc(text, '\n');
	}
}

static void check_case(const struct plan_case *c)
{
	_cleanup_(plan_done) struct plan plan = {0};
	_cleanup_(gk_buf_done) struct gk_buf shown = {0};
	struct gk_error err = {0};
	const struct plan_input input = {
		.releases = c->releases.items,
		.release_count = c->releases.count,
		.channels = &c->channels,
		.policy = &c->policy,
		.run = c->run,
		.facts = c->facts,
		.facts_count = c->facts_count,
		.now = c->now,
	};

	if (plan_make(&input, &plan, &err) < 0) {
		assert_int_equal(err.code, GK_REFUSED);
		assert_null(plan.entries);
		gk_buf_addf(&shown, "refused: %s\n", err.message);
	}
	show_plan(&plan, &shown);
	if (strcmp(gk_buf_text(&shown), gk_buf_text(&c->expected)) != 0)
		fail_msg("%s: got\n%swhere there should be\n%s", c->title, gk_buf_text(&shown),
			 gk_buf_text(&c->expected));
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_(gk_strv_done) struct gk_strv lines = {0};

		testdata_lines(files[i], &lines);
		for (size_t at = 0; at < lines.count;) {
			_cleanup_(case_done) struct plan_case c = {0};

			read_case(&lines, &at, &c);
			check_case(&c);
		}
	}
}

/* A plan needs neither channels nor releases. */
static void test_empty(void **state)
{
	_cleanup_(plan_done) struct plan plan = {0};
	struct policy policy;
	struct plan_input input = {.policy = &policy};
	struct gk_error err = {0};

	(void)state;
	policy_init(&policy);
	assert_success(plan_make(&input, &plan, &err), &err);
	assert_int_equal(plan.count, 0);
	policy.given = true;
	policy.keep_within = (struct duration){.years = 1};
	assert_success(plan_make(&input, &plan, &err), &err);
	assert_int_equal(plan.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
