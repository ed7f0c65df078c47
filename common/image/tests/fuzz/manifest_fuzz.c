/* packer-manifest.json: an image is an AMI in a region, and what is meant is there. */
#include "image/manifest.h"

#include "base/mem.h"
#include "base/tests/fuzz/fuzz.h"

static void check_image(const struct manifest_image *image)
{
	const char *digits = image->id + strlen("ami-");

	fuzz_check(image->location[0] && !strpbrk(image->location, "/.:@ ,\t\r\n"));
	fuzz_check(strncmp(image->id, "ami-", 4) == 0);
	fuzz_check(strspn(digits, "0123456789abcdef") == strlen(digits));
}

static void select_like(const struct manifest *manifest, const struct manifest_entry *entry)
{
	const struct manifest_query query = {
		.run = entry->run,
		.build = entry->name,
		.builder_type = entry->builder_type,
	};
	_cleanup_(manifest_selection_done) struct manifest_selection selection = {0};
	struct gk_error err = {0};

	if (manifest_select(manifest, &query, &selection, &err) < 0) {
		fuzz_check_error(&err);
		return;
	}
	fuzz_check(selection.count > 0);
	for (size_t i = 0; i < selection.count; i++)
		fuzz_check(strcmp(selection.entries[i]->run, entry->run) == 0 &&
			   strcmp(selection.entries[i]->name, entry->name) == 0);
}

static void check_entry(const struct manifest *manifest, const struct manifest_entry *entry)
{
	struct gk_error err = {0};

	fuzz_check(entry->name && entry->builder_type && entry->artifact_id && entry->run);
	for (size_t i = 0; i < entry->image_count; i++)
		check_image(&entry->images[i]);
	if (manifest_entry_check(entry, &err) < 0) {
		fuzz_check_error(&err);
		fuzz_check(entry->image_count == 0);
	}
	select_like(manifest, entry);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(manifest_done) struct manifest manifest = {0};
	struct gk_error err = {0};

	if (manifest_parse((const char *)data, size, &manifest, &err) < 0) {
		fuzz_check(err.code == GK_UNFINISHED || err.code == GK_FAILED);
		fuzz_check_error(&err);
		return 0;
	}
	for (size_t i = 0; i < manifest.entry_count; i++)
		check_entry(&manifest, &manifest.entries[i]);
	return 0;
}
