/* The release as a file for Terraform. */
#include "lifecycle/private.h"

#include <string.h>

#include "base/file.h"
#include "image/handout.h"
#include "image/pointer.h"

static bool is_written(const char *path, const char *text)
{
	_cleanup_(gk_buf_done) struct gk_buf there = {0};
	struct gk_error ignored = {0};

	return gk_file_read(path, strlen(text), &there, &ignored) == 0 &&
	       strcmp(gk_buf_text(&there), text) == 0;
}

static int write_file(const char *path, const char *text, struct gk_error *err)
{
	_cleanup_(gk_file_draft_done) struct gk_file_draft draft = {.fd = -1};

	if (gk_file_draft_open(&draft, path, err) < 0 ||
	    gk_file_draft_commit(&draft, text, strlen(text), err) < 0)
		return -1;
	return 0;
}

/* Returns whether it was written, in a dry run whether it would be. */
static int bring_file(struct lifecycle *lifecycle, const struct release *release,
		      const char *path, struct gk_error *err)
{
	_cleanup_free_ char *text = handout_text(HANDOUT_TFVARS, release, err);
	char label[RELEASE_LABEL_SIZE];

	if (!text)
		return -1;
	if (is_written(path, text))
		return 0;
	if (!lifecycle->dry_run && write_file(path, text, err) < 0)
		return -1;
	gk_log(lifecycle->log, GK_LOG_STEP, "%s: published %s", release_label(release, label),
	       path);
	return 1;
}

int publish_tfvars(struct lifecycle *lifecycle, const struct release *release, const char *path,
		   struct outcome *outcome, struct gk_error *err)
{
	_cleanup_free_ char *name = pointer_path_fill(path, release, err);
	char version[SEMVER_TEXT_SIZE];
	struct gk_error problem = {0};
	int written = 0;

	if (!name)
		return -1;
	written = bring_file(lifecycle, release, name, &problem);
	if (written < 0) {
		gk_error_wrap(&problem, "--publish-tfvars");
		return outcome_add_incomplete(outcome, "publish", NULL, problem.message, err);
	}
	if (outcome_add_published(outcome, "tfvars", NULL, name,
				  semver_format(&release->version, version), err) < 0)
		return -1;
	return written;
}

int publish_find_newer(struct lifecycle *lifecycle, const struct release *release,
		       char **ret_label, struct gk_error *err)
{
	_cleanup_(release_list_done) struct release_list list = {0};
	char label[RELEASE_LABEL_SIZE];

	if (inventory_collect(lifecycle->inventory, release->family, INVENTORY_ALIVE, &list, err) <
	    0)
		return -1;
	for (size_t i = 0; i < list.count; i++)
		if (list.items[i].state == RELEASE_LIVE && !list.items[i].revoked &&
		    release_is_newer(&list.items[i], release))
			return gk_str_set(ret_label, release_label(&list.items[i], label), err);
	return 0;
}

static int publish_file(struct lifecycle *lifecycle, const struct release *release,
			const char *path, struct outcome *outcome, struct gk_error *err)
{
	_cleanup_free_ char *newer = NULL;
	char label[RELEASE_LABEL_SIZE];

	if (!pointer_path_is_pinned(path) &&
	    publish_find_newer(lifecycle, release, &newer, err) < 0)
		return -1;
	if (!newer)
		return publish_tfvars(lifecycle, release, path, outcome, err);
	return gk_strv_addf(&outcome->warnings, err,
			    "%s is not written for %s: %s was built later", path,
			    release_label(release, label), newer);
}

int publish_release(struct lifecycle *lifecycle, const struct release *release, const char *tfvars,
		    struct outcome *outcome, struct gk_error *err)
{
	int pointers = 0;
	int file = 0;

	if (!inventory_may_be_named(release->state, release->revoked != NULL))
		return 0;
	pointers = publish_pointers(lifecycle, release, outcome, err);
	if (pointers < 0)
		return -1;
	if (tfvars)
		file = publish_file(lifecycle, release, tfvars, outcome, err);
	return file < 0 ? -1 : pointers + file;
}
