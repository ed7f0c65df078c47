#include "image/artifact.h"

#include <string.h>

#include "base/mem.h"
#include "image/text.h"

enum { LABEL_MAX = 63, OLD_ID_DIGITS = 8, ID_DIGITS = 17 };

#define AMI_PREFIX "ami-"

enum part_kind {
	PART_OTHER,       /* names no image */
	PART_IMAGE,
	PART_BAD_ID,      /* begins as an AMI id, and is none */
	PART_BAD_LOCATION /* an AMI in what is no region */
};

/* One part of an artifact_id, borrowed from it: text, and the length of its parts. */
struct part {
	const char *text;
	size_t length;
	size_t location; /* bytes before the colon; the length if there is none */
};

/* The part at `text`; false behind the last one. An artifact_id has at least one part. */
static bool part_next(const char **text, struct part *part)
{
	const char *colon = NULL;

	if (!*text)
		return false;
	*part = (struct part){.text = *text, .length = strcspn(*text, ",")};
	colon = memchr(part->text, ':', part->length);
	part->location = colon ? (size_t)(colon - part->text) : part->length;
	*text = part->text[part->length] ? part->text + part->length + 1 : NULL;
	return true;
}

/* RFC 1123, 2.1: letters, digits and dashes, no dash at the ends; not all digits. */
static bool is_host_label(const char *text, size_t length)
{
	bool all_digits = true;

	if (length == 0 || length > LABEL_MAX || text[0] == '-' || text[length - 1] == '-')
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!text_is_alphanumeric(text[i]) && text[i] != '-')
			return false;
		all_digits = all_digits && text_is_digit(text[i]);
	}
	return !all_digits;
}

static bool is_hex(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!text_is_digit(text[i]) && (text[i] < 'a' || text[i] > 'f'))
			return false;
	return length == OLD_ID_DIGITS || length == ID_DIGITS;
}

static enum part_kind part_kind(const struct part *part)
{
	size_t prefix = strlen(AMI_PREFIX);
	const char *id = part->text + part->location + 1;
	size_t length = 0;

	if (part->location == part->length)
		return PART_OTHER;
	length = part->length - part->location - 1;
	if (length < prefix || memcmp(id, AMI_PREFIX, prefix) != 0)
		return PART_OTHER;
	if (!is_hex(id + prefix, length - prefix))
		return PART_BAD_ID;
	return is_host_label(part->text, part->location) ? PART_IMAGE : PART_BAD_LOCATION;
}

int artifact_check(const char *artifact_id, struct gk_error *err)
{
	char shown[TEXT_QUOTE_SIZE];
	struct part part;
	bool images = false, others = false;

	text_quote(artifact_id, shown);
	for (const char *at = artifact_id; part_next(&at, &part);) {
		switch (part_kind(&part)) {
		case PART_BAD_ID:
			return gk_error_set(err, GK_FAILED, "artifact_id %s: an AMI id is ami- and "
					    "8 or 17 hexadecimal digits in lower case", shown);
		case PART_BAD_LOCATION:
			return gk_error_set(err, GK_FAILED, "artifact_id %s: what stands before "
					    "an AMI id is no region", shown);
		case PART_IMAGE:
			images = true;
			break;
		case PART_OTHER:
			others = true;
			break;
		}
	}
	if (images && others)
		return gk_error_set(err, GK_FAILED, "artifact_id %s: images and other things "
				    "together", shown);
	return 0;
}

bool artifact_has_image(const struct manifest_entry *entry, const struct manifest_image *image)
{
	for (size_t i = 0; i < entry->image_count; i++)
		if (strcmp(entry->images[i].location, image->location) == 0 &&
		    strcmp(entry->images[i].id, image->id) == 0)
			return true;
	return false;
}

static void image_free_texts(struct manifest_image *image)
{
	free(image->location);
	free(image->id);
}

static int add_image(struct manifest_entry *entry, const struct part *part, struct gk_error *err)
{
	_cleanup_(image_free_texts) struct manifest_image image = {
		.location = strndup(part->text, part->location),
		.id = strndup(part->text + part->location + 1, part->length - part->location - 1),
	};
	struct manifest_image *added = NULL;

	if (!image.location || !image.id)
		return gk_error_memory(err);
	if (artifact_has_image(entry, &image))
		return 0;
	added = gk_array_add(&entry->images, &entry->image_count, sizeof(*added), err);
	if (!added)
		return -1;
	*added = image;
	image = (struct manifest_image){0};
	return 0;
}

int artifact_read(struct manifest_entry *entry, struct gk_error *err)
{
	struct part part;

	if (artifact_check(entry->artifact_id, NULL) < 0)
		return 0;
	for (const char *at = entry->artifact_id; part_next(&at, &part);)
		if (part_kind(&part) == PART_IMAGE && add_image(entry, &part, err) < 0)
			return -1;
	return 0;
}
