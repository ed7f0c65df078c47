/* What is read and written down again is read the same; members are what they were asked for. */
#include "base/json.h"

#include "base/mem.h"
#include "base/tests/fuzz/fuzz.h"

/* One line of what cJSON prints; owned. */
static char *print(const cJSON *value)
{
	char *text = cJSON_PrintUnformatted(value);

	fuzz_check(text && !strchr(text, '\n'));
	return text;
}

static void ask(const cJSON *object, const char *key)
{
	_cleanup_(gk_strv_done) struct gk_strv strings = {0};
	const cJSON *value = NULL;
	const char *text = NULL;
	int64_t number = 0;
	bool yes = false;
	struct gk_error errors[6] = {0};
	const int results[] = {
		gk_json_string(object, key, &text, &errors[0]),
		gk_json_integer(object, key, 7, &number, &errors[1]),
		gk_json_bool(object, key, true, &yes, &errors[2]),
		gk_json_array(object, key, &value, &errors[3]),
		gk_json_object(object, key, &value, &errors[4]),
		gk_json_strings(object, key, &strings, &errors[5]),
	};
	int good = 0;

	for (size_t i = 0; i < ARRAY_SIZE(results); i++) {
		good += results[i] == 0;
		if (results[i] < 0)
			fuzz_check_error(&errors[i]);
	}
	/* A list of strings is a list; what is null is as good as absent. */
	fuzz_check(good <= 2 || good == (int)ARRAY_SIZE(results));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(gk_json_freep) cJSON *value = NULL, *again = NULL;
	_cleanup_free_ char *text = NULL, *same = NULL;
	const cJSON *member = NULL;
	struct gk_error err = {0};

	if (gk_json_parse((const char *)data, size, &value, &err) < 0) {
		fuzz_check(err.code == GK_UNFINISHED || err.code == GK_FAILED);
		fuzz_check_error(&err);
		return 0;
	}
	text = print(value);
	fuzz_check(gk_json_parse(text, strlen(text), &again, &err) == 0);
	same = print(again);
	fuzz_check(strcmp(text, same) == 0);
	cJSON_ArrayForEach(member, value)
		if (cJSON_IsObject(value))
			ask(value, member->string);
	return 0;
}
