/*
 * Pointers: where consumers find the image of a release, one per region, under a name that its
 * templates spell out. Pure: what should be published is a value; the lifecycle compares it with
 * what is, and writes.
 *
 * A template is the name of an SSM parameter with placeholders: /golden/{family}/{channel}.
 *
 *   {channel}            one pointer per channel that names the release
 *   {version}            never overwritten: it names this release for as long as it exists
 *   neither of them      follows the channel `latest`
 *   {family}             the family; its slashes stay
 *   {architecture}       x86_64, arm64: for releases with several images in a region
 *
 * Build metadata has no place in a name: {version} of 1.4.2+b is 1.4.2.
 * Sources: Systems Manager User Guide, "Requirements and constraints for parameter names": letters,
 * digits, _.-/; 1011 characters; 15 levels; no beginning with aws or ssm in any case.
 */
#ifndef GK_IMAGE_POINTER_H
#define GK_IMAGE_POINTER_H

#include "image/plan.h"
#include "image/release.h"

struct pointer {
	char *location; /* region */
	char *name;     /* "/golden/web/stable" */
	char *id;       /* of the image that it should name */
	bool pinned;    /* never overwritten */
};

struct pointer_list {
	struct pointer *items;
	size_t count;
};

void pointer_list_done(struct pointer_list *list);

/* Checks a template without a release: its placeholders, its characters. GK_USAGE. */
int pointer_template_check(const char *template, struct gk_error *err);

/*
 * Appends the pointers of a release under these templates, for the channels that name it (of the
 * list, those whose version is the release's). Images that are retired or retiring have none.
 * GK_USAGE: a name that comes out wrong. GK_REFUSED: two images in a region under one name, which
 * is told with the advice to use {architecture}.
 */
int pointers_of_release(const struct release *release, const struct gk_strv *templates,
			const struct channel_list *channels, struct pointer_list *ret,
			struct gk_error *err);

/* Paths of files that a release is published in: {family} and {version} are filled in. GK_USAGE: any
 * other placeholder. */
int pointer_path_check(const char *path, struct gk_error *err);
/* Owned. */
char *pointer_path_fill(const char *path, const struct release *release, struct gk_error *err);
/* True if every version has a file of its own. */
bool pointer_path_is_pinned(const char *path);

#endif
