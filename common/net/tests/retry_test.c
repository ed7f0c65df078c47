#include "net/retry.h"

#include <stdio.h>
#include <string.h>

#include "base/strv.h"
#include "base/tests/unit.h"
#include "image/tests/testdata.h"

enum { FIELDS = 6 };

/* One line of the table under way. */
struct game {
	const char *name;
	struct retry_rules rules;
	struct retry_quota quota;
	struct retry_state state;
};

static enum retry_class classify(const char *answer)
{
	if (strcmp(answer, "throttled") == 0)
		return RETRY_THROTTLING;
	return answer[0] == '5' ? RETRY_TRANSIENT : RETRY_FINAL;
}

static void play_answer(struct game *game, const char *answer, const char *after, char *result,
			size_t size)
{
	int64_t delay = -1;

	switch (retry_decide(&game->rules, &game->quota, &game->state, classify(answer), 1.0,
			     retry_after_parse(after, 1), &delay)) {
	case RETRY_YES:
		snprintf(result, size, "%lld", (long long)delay);
		break;
	case RETRY_NO_ATTEMPT_LEFT:
		snprintf(result, size, "attempts");
		break;
	case RETRY_NO_QUOTA_LEFT:
		snprintf(result, size, "quota");
		break;
	case RETRY_NOT_RETRYABLE:
		snprintf(result, size, "final");
		break;
	}
}

static int64_t number(const char *text)
{
	int64_t value = retry_after_parse(text, 1);

	assert_true(value >= 0);
	return value;
}

static char *next_word(char **text)
{
	*text += strspn(*text, " ");
	return strsep(text, " ");
}

static void play_step(struct game *game, char *step)
{
	char result[32] = "ok";
	char *answer = next_word(&step);
	const char *expected = next_word(&step);
	const char *quota = next_word(&step);
	char *after = answer ? strchr(answer, '@') : NULL;

	assert_non_null(quota);
	if (after)
		*after++ = '\0';
	if (strcmp(answer, "200") == 0) {
		retry_succeeded(&game->quota, &game->state);
		game->state = (struct retry_state){0};
	} else {
		play_answer(game, answer, after, result, sizeof(result));
	}
	if (strcmp(result, expected) != 0 || game->quota.left != number(quota))
		fail_msg("%s: %s gave %s, quota %d; expected %s, %s", game->name, answer, result,
			 game->quota.left, expected, quota);
}

static void play_line(char *line)
{
	struct gk_strv steps = {0};
	struct game game = {0};
	char *fields[FIELDS];

	testdata_fields(line, fields, FIELDS);
	game.name = fields[0];
	game.rules = strcmp(fields[1], "dynamodb") == 0 ? retry_dynamodb : retry_standard;
	game.quota.left = (int)number(fields[3]);
	if (strcmp(fields[2], "0") != 0)
		game.rules.max_attempts = (int)number(fields[2]);
	if (strcmp(fields[4], "0") != 0)
		game.rules.ceiling_ms = number(fields[4]);
	assert_int_equal(gk_strv_split(&steps, fields[5], ';', NULL), 0);
	for (size_t i = 0; i < steps.count; i++)
		play_step(&game, steps.items[i]);
	gk_strv_done(&steps);
}

static void test_standard_table(void **state)
{
	struct gk_strv lines = {0};

	(void)state;
	testdata_lines("retry/standard.txt", &lines);
	for (size_t i = 0; i < lines.count; i++)
		play_line(lines.items[i]);
	gk_strv_done(&lines);
}

static void test_jitter_shortens(void **state)
{
	struct retry_quota quota = {RETRY_QUOTA_FULL};
	struct retry_state call = {0};
	int64_t delay = -1;

	(void)state;
	assert_int_equal(retry_decide(&retry_standard, &quota, &call, RETRY_THROTTLING, 0.25, -1,
				      &delay),
			 RETRY_YES);
	assert_int_equal(delay, 250);
	assert_int_equal(retry_decide(&retry_standard, &quota, &call, RETRY_THROTTLING, 0.0, -1,
				      &delay),
			 RETRY_YES);
	assert_int_equal(delay, 0);
}

static void test_seconds(void **state)
{
	(void)state;
	assert_int_equal(retry_after_parse("3", 1000), 3000);
	assert_int_equal(retry_after_parse(NULL, 1000), -1);
	assert_int_equal(retry_after_parse("", 1000), -1);
	assert_int_equal(retry_after_parse("3 s", 1000), -1);
	assert_int_equal(retry_after_parse("Wed, 21 Oct 2026 07:28:00 GMT", 1000), -1);
}

static void test_patience(void **state)
{
	static const int64_t expected[] = {200,  400,   800,   1600,  3200, 6400,
					   12800, 25600, 30000, 30000, -1};

	(void)state;
	for (int i = 0; i < (int)(sizeof(expected) / sizeof(expected[0])); i++)
		assert_int_equal(retry_patient_delay(i + 1), expected[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_standard_table),
		cmocka_unit_test(test_jitter_shortens),
		cmocka_unit_test(test_seconds),
		cmocka_unit_test(test_patience),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
