#include "resolve.h"

#include <string.h>

#include "base/mem.h"
#include "image/handout.h"

/* ---- what was asked for ---- */

/* NULL matches everything. An architecture that is not known is one too. */
static bool matches(const struct image *image, const char *region, const char *architecture)
{
	const char *own = image->architecture ? image->architecture : "unknown";

	return (!region || strcmp(image->location, region) == 0) &&
	       (!architecture || strcmp(own, architecture) == 0);
}

static size_t count(const struct release *release, const char *region, const char *architecture)
{
	size_t found = 0;

	for (size_t i = 0; i < release->image_count; i++)
		found += matches(&release->images[i], region, architecture);
	return found;
}

/* Keeps the images for which `keep` says so. */
static void keep_images(struct release *release,
			bool (*keep)(const struct image *image, const void *what), const void *what)
{
	size_t kept = 0;

	for (size_t i = 0; i < release->image_count; i++) {
		struct image image = release->images[i];

		if (keep(&image, what))
			release->images[kept++] = image;
		else
			image_done(&image);
	}
	release->image_count = kept;
}

static bool keep_usable(const struct image *image, const void *what)
{
	(void)what;
	return handout_has(image);
}

static bool keep_region(const struct image *image, const void *regions)
{
	return gk_strv_has(regions, image->location);
}

static bool keep_architecture(const struct image *image, const void *architecture)
{
	return matches(image, NULL, architecture);
}

/* Regions that have images, or architectures of a region; owned, "a, b". */
static char *name_choices(const struct release *release, bool architectures, const char *region,
			  struct gk_error *err)
{
	_cleanup_(gk_strv_done) struct gk_strv names = {0};

	for (size_t i = 0; i < release->image_count; i++) {
		const struct image *image = &release->images[i];
		const char *architecture = image->architecture ? image->architecture : "unknown";

		if (matches(image, region, NULL) &&
		    gk_strv_add_unique(&names, architectures ? architecture : image->location,
				       err) < 0)
			return NULL;
	}
	gk_strv_sort(&names);
	return gk_strv_join(&names, ", ", err);
}

static int check_region(const struct release *release, const char *region, struct gk_error *err)
{
	_cleanup_free_ char *choices = NULL;
	char label[RELEASE_LABEL_SIZE];

	if (count(release, region, NULL) > 0)
		return 0;
	choices = name_choices(release, false, NULL, err);
	if (!choices)
		return -1;
	return gk_error_set(err, GK_NOT_FOUND, "%s has no image in %s; it has them in %s",
			    release_label(release, label), region, choices);
}

static int check_architecture(const struct release *release, const char *region,
			      const char *architecture, struct gk_error *err)
{
	_cleanup_free_ char *choices = NULL;
	char label[RELEASE_LABEL_SIZE];

	if (!architecture || count(release, region, architecture) > 0)
		return 0;
	choices = name_choices(release, true, region, err);
	if (!choices)
		return -1;
	return gk_error_set(err, GK_NOT_FOUND, "%s has no image of %s%s%s; there is %s",
			    release_label(release, label), architecture, region ? " in " : "",
			    region ? region : "", choices);
}

int resolve_filter(struct release *release, const struct gk_strv *regions,
		   const char *architecture, struct gk_error *err)
{
	char label[RELEASE_LABEL_SIZE];

	keep_images(release, keep_usable, NULL);
	if (release->image_count == 0)
		return gk_error_set(err, GK_NOT_FOUND, "%s has no image to use",
				    release_label(release, label));
	for (size_t i = 0; i < regions->count; i++)
		if (check_region(release, regions->items[i], err) < 0 ||
		    check_architecture(release, regions->items[i], architecture, err) < 0)
			return -1;
	if (check_architecture(release, NULL, architecture, err) < 0)
		return -1;
	if (regions->count > 0)
		keep_images(release, keep_region, regions);
	if (architecture)
		keep_images(release, keep_architecture, architecture);
	return 0;
}

/* ---- what the cloud says ---- */

static int judge(const struct release *release, const struct cloud_image *image,
		 struct gk_error *err)
{
	static const char *const why[] = {
		[CLOUD_ABSENT] = "is not there, or not in this account",
		[CLOUD_PENDING] = "is still being made",
		[CLOUD_DISABLED] = "is disabled",
		[CLOUD_BROKEN] = "is of no use",
	};
	char label[RELEASE_LABEL_SIZE];

	release_label(release, label);
	if (image->error.code != GK_OK)
		return gk_error_set(err, GK_FAILED,
				    "%s: %s in %s could not be looked up: %s; --offline goes by the"
				    " inventory alone",
				    label, image->id, image->location, image->error.message);
	if (image->status == CLOUD_AVAILABLE)
		return 0;
	return gk_error_set(err, GK_NOT_FOUND,
			    "%s: %s in %s %s%s%s%s: `goldkeep show %s` tells what happened to it,"
			    " or choose another release",
			    label, image->id, image->location, why[image->status],
			    image->status_text ? " (" : "",
			    image->status_text ? image->status_text : "",
			    image->status_text ? ")" : "", label);
}

int resolve_check(struct cloud *cloud, const struct release *release, struct gk_error *err)
{
	_cleanup_(cloud_look_done) struct cloud_look look = {0};

	for (size_t i = 0; i < release->image_count; i++)
		if (!cloud_look_add_image(&look, release->images[i].location,
					  release->images[i].id, err))
			return -1;
	if (cloud->ops->look(cloud, &look, err) < 0)
		return -1;
	for (size_t i = 0; i < look.image_count; i++)
		if (judge(release, &look.images[i], err) < 0)
			return -1;
	return 0;
}
