/* The shared files: what is in them is there once, and what the second says wins. */
#include "aws/profile.h"

#include "aws/tests/fuzz/world.h"
#include "base/mem.h"

static bool is_same_key(const struct aws_profile_entry *a, const struct aws_profile_entry *b)
{
	return a->section == b->section && strcmp(a->name, b->name) == 0 &&
	       gk_str_equal(a->key, b->key) && gk_str_equal(a->subkey, b->subkey);
}

static int look(const struct aws_provider_world *world, bool *ret_configured,
		struct aws_credentials *ret, struct gk_error *err)
{
	const struct aws_profiles *profiles = &world->settings->profiles;

	(void)ret;
	(void)err;
	*ret_configured = false;
	for (size_t i = 0; i < profiles->count; i++) {
		const struct aws_profile_entry *entry = &profiles->items[i];
		const char *value = aws_profiles_get(profiles, entry->section, entry->name,
						     entry->key, entry->subkey);

		fuzz_check(aws_profiles_has(profiles, entry->section, entry->name));
		fuzz_check(entry->name[0] && !entry->key == !entry->value);
		fuzz_check(!value || (value[0] && strcmp(value, entry->value) == 0));
		for (size_t j = 0; j < i; j++)
			fuzz_check(!is_same_key(entry, &profiles->items[j]));
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct fuzz_question question = {"config", "", NULL, look};

	fuzz_ask(data, size, &question);
	return 0;
}
