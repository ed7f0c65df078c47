#include "inventory/dump_fields.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "image/text.h"

#define RELEASE(member) offsetof(struct release, member)
#define IMAGE(member) offsetof(struct image, member)
#define SNAPSHOT(member) offsetof(struct snapshot, member)
#define EVENT(member) offsetof(struct event_row, member)

const struct dump_field dump_release_fields[] = {
	{"family", DUMP_TEXT, RELEASE(family)},
	{"version", DUMP_VERSION, RELEASE(version)},
	{"state", DUMP_RELEASE_STATE, RELEASE(state)},
	{"held", DUMP_OPTIONAL, RELEASE(held)},
	{"revoked", DUMP_OPTIONAL, RELEASE(revoked)},
	{"created_at", DUMP_TIME, RELEASE(created_at)},
	{"run", DUMP_TEXT, RELEASE(run)},
	{"build", DUMP_OPTIONAL, RELEASE(build)},
	{"builder", DUMP_OPTIONAL, RELEASE(builder)},
	{"fingerprint", DUMP_OPTIONAL, RELEASE(fingerprint)},
	{"intent", DUMP_OPTIONAL, RELEASE(intent)},
	{"revision", DUMP_COUNT, RELEASE(revision)},
	{0},
};

const struct dump_field dump_image_fields[] = {
	{"provider", DUMP_TEXT, IMAGE(provider)},
	{"location", DUMP_TEXT, IMAGE(location)},
	{"id", DUMP_TEXT, IMAGE(id)},
	{"name", DUMP_OPTIONAL, IMAGE(name)},
	{"architecture", DUMP_OPTIONAL, IMAGE(architecture)},
	{"account", DUMP_OPTIONAL, IMAGE(account)},
	{"bundle", DUMP_OPTIONAL, IMAGE(bundle)},
	{"state", DUMP_RELEASE_STATE, IMAGE(state)},
	{0},
};

const struct dump_field dump_snapshot_fields[] = {
	{"id", DUMP_TEXT, SNAPSHOT(id)},
	{"state", DUMP_SNAPSHOT_STATE, SNAPSHOT(state)},
	{"reason", DUMP_OPTIONAL, SNAPSHOT(reason)},
	{0},
};

/* Without the version: events stand with their release. */
const struct dump_field dump_event_fields[] = {
	{"at", DUMP_TIME, EVENT(at)},
	{"actor", DUMP_OPTIONAL, EVENT(actor)},
	{"action", DUMP_TEXT, EVENT(action)},
	{"detail", DUMP_OPTIONAL, EVENT(detail)},
	{0},
};

/* RFC 3339; a time that it cannot say (beyond the year 9999) in seconds since 1970. */
static const char *time_text(time_t time, char *buffer)
{
	char text[GK_TIME_TEXT];
	time_t back = 0;
	bool exact = gk_time_parse(gk_time_format(time, text), &back, NULL) == 0 && back == time;

	if (exact)
		snprintf(buffer, DUMP_FIELD_SIZE, "%s", text);
	else
		snprintf(buffer, DUMP_FIELD_SIZE, "%lld", (long long)time);
	return buffer;
}

const char *dump_field_text(const struct dump_field *field, const void *record, char *buffer)
{
	const void *at = (const char *)record + field->offset;

	switch (field->kind) {
	case DUMP_TEXT:
	case DUMP_OPTIONAL:
		break;
	case DUMP_VERSION:
		return semver_format(at, buffer);
	case DUMP_TIME:
		return time_text(*(const time_t *)at, buffer);
	case DUMP_COUNT:
		snprintf(buffer, DUMP_FIELD_SIZE, "%lld", (long long)*(const int64_t *)at);
		return buffer;
	case DUMP_RELEASE_STATE:
		return release_state_name(*(const enum release_state *)at);
	case DUMP_SNAPSHOT_STATE:
		return snapshot_state_name(*(const enum snapshot_state *)at);
	}
	return *(char *const *)at;
}

static int read_number(const char *text, int64_t *ret)
{
	char *end = NULL;

	if (*text != '-' && !text_is_digit(*text))
		return -1;
	errno = 0;
	*ret = strtoll(text, &end, 10);
	return errno || end == text || *end ? -1 : 0;
}

static int set_time(time_t *time, const char *text, struct gk_error *err)
{
	int64_t seconds = 0;

	if (gk_time_parse(text, time, err) == 0)
		return 0;
	if (read_number(text, &seconds) < 0)
		return -1;
	*time = seconds;
	return 0;
}

static int set_count(int64_t *count, const char *text, struct gk_error *err)
{
	int64_t number = 0;

	if (read_number(text, &number) < 0 || number < 1)
		return gk_error_set(err, GK_USAGE, "'%.40s' is no number from 1", text);
	*count = number;
	return 0;
}

static int set_value(const struct dump_field *field, void *at, const char *text,
		     struct gk_error *err)
{
	switch (field->kind) {
	case DUMP_TEXT:
	case DUMP_OPTIONAL:
		break;
	case DUMP_VERSION:
		return semver_parse(text, at, err);
	case DUMP_TIME:
		return set_time(at, text, err);
	case DUMP_COUNT:
		return set_count(at, text, err);
	case DUMP_RELEASE_STATE:
		return release_state_parse(text, at, err);
	case DUMP_SNAPSHOT_STATE:
		return snapshot_state_parse(text, at, err);
	}
	return -1;
}

int dump_field_set(const struct dump_field *field, void *record, const char *text,
		   struct gk_error *err)
{
	void *at = (char *)record + field->offset;
	struct gk_error problem = {0};

	if (field->kind == DUMP_OPTIONAL || (field->kind == DUMP_TEXT && text && *text))
		return gk_str_set(at, text, err);
	if (!text || !*text)
		return gk_error_set(err, GK_USAGE, "\"%s\" is %s", field->key,
				    text ? "empty" : "null");
	/* Whatever the value's own reader calls it: the file is wrong. */
	if (set_value(field, at, text, &problem) < 0)
		return gk_error_set(err, GK_USAGE, "\"%s\": %s", field->key, problem.message);
	return 0;
}
