/*
 * The steps of a release's life, journalled: the only code that changes the world. Each is safe to
 * repeat; killed at any point, the same step, `resume` or the next release of the family finishes
 * the work. What cannot be undone is written down before it is done.
 *
 * Functions return -1 only for what stopped the whole step, before anything was recorded. What goes
 * wrong later is told in the outcome, and the inventory knows it as unfinished work.
 */
#ifndef GK_LIFECYCLE_LIFECYCLE_H
#define GK_LIFECYCLE_LIFECYCLE_H

#include "base/clock.h"
#include "base/log.h"
#include "cloud/cloud.h"
#include "image/manifest.h"
#include "inventory/inventory.h"
#include "lifecycle/outcome.h"

/* The world that the steps work on; all borrowed. In a dry run inventory and cloud are rehearsals. */
struct lifecycle {
	struct inventory *inventory;
	struct cloud *cloud;
	const struct gk_clock *clock;
	const struct gk_log *log;
	const char *actor; /* "user@host", for the history */
	bool dry_run;      /* no file is written */
};

/* What `release` is asked to do for one family. Borrowed. */
struct release_order {
	const char *family;
	const char *run;
	const struct manifest_entry *const *entries; /* at least one, each with images */
	size_t entry_count;
	struct version_request version;
	struct gk_strv channels;  /* besides `latest`, which moves by itself */
	struct tag_list tags;     /* besides goldkeep's own */
	const char *fingerprint;  /* NULL if there is none */
	struct policy policy;
	bool new_family;          /* tags of an unknown family are no reason to stop */
	struct gk_strv pointers;  /* templates of pointers, checked: see image/pointer.h */
	const char *tfvars;       /* path of a file for Terraform, with {family} and {version}; NULL if
				     there is none */
	/* If a live release was made from the same inputs (its fingerprint), the new images are
	 * removed in favour of that one. */
	bool discard_duplicate;
};

/*
 * Manifest entries to a live release: describe, allocate, tag, channels, publish, retention.
 * Before anything is recorded it fails with: GK_CONFLICT (the version belongs to another run; the
 * account carries tags of a family that this inventory does not know), GK_FAILED (an image is not
 * there, not ours, not available; too many tags). `outcome` is an empty one with its family set.
 */
int lifecycle_release(struct lifecycle *lifecycle, const struct release_order *order,
		      struct outcome *outcome, struct gk_error *err);

/* The policy alone, on one family. GK_NOT_FOUND: the inventory has no such family. GK_REFUSED: the
 * policy or the plan is refused; nothing was removed. */
int lifecycle_retain(struct lifecycle *lifecycle, const char *family, const struct policy *policy,
		     struct outcome *outcome, struct gk_error *err);

/* Finishes whatever earlier runs left in a family: one outcome per unfinished release is added. */
int lifecycle_resume(struct lifecycle *lifecycle, const char *family, struct outcome_list *ret,
		     struct gk_error *err);

/* Holds a release, so that retention may not touch it, or lets it go (reason NULL). Nothing is saved if it is
 * so already. Uses the inventory only. *ret is the release as it is then. GK_NOT_FOUND; GK_REFUSED: it is on
 * its way out, or gone. */
int lifecycle_hold(struct lifecycle *lifecycle, const char *family, const struct semver *version,
		   const char *reason, struct release *ret, struct gk_error *err);

/* A channel to be moved. Borrowed. */
struct promotion {
	const char *family;
	const char *channel;
	bool rollback;            /* back to where it was before; else to `version` */
	struct semver version;
	struct gk_strv pointers;  /* templates, besides those that the releases have already */
};

/*
 * Moves a channel, forwards or back, and has what is published follow it. The outcome is that of
 * the release that it names then: OUTCOME_UNCHANGED if it was so already. GK_NOT_FOUND: no such
 * family, release, channel, or nothing before. GK_REFUSED: the release is in no state that a
 * channel may name, or is revoked; `latest`, which moves by itself; nothing that it named before
 * may be named any more. GK_CONFLICT: somebody moved it while it was to go back. A rollback that was
 * not finished is finished first, and is no second step back.
 */
int lifecycle_promote(struct lifecycle *lifecycle, const struct promotion *promotion,
		      struct outcome *outcome, struct gk_error *err);

/*
 * Withdraws a release: the channels that name it move to the newest one that is left (pre-releases
 * do not count, unless it is one itself and the channel is not `latest`), what is published
 * follows, no channel may name it any more, its images are deprecated in the cloud. GK_NOT_FOUND;
 * GK_REFUSED: a channel names it and nothing is left to move to; it is pending, or on its way out.
 */
int lifecycle_revoke(struct lifecycle *lifecycle, const char *family, const struct semver *version,
		     const char *reason, struct outcome *outcome, struct gk_error *err);

/* The newest live release that was made from these inputs. *ret is set only if there is one. */
int lifecycle_find_fingerprint(struct lifecycle *lifecycle, const char *family,
			       const char *fingerprint, bool *ret_found, struct release *ret,
			       struct gk_error *err);

/* Rebuilds releases from the tags that images carry, in these locations; family NULL: of every
 * family found. One outcome per release that was added or completed. Tags that make no sense are
 * warnings of the first outcome. GK_NOT_FOUND: no image carries such tags. GK_FAILED: a location
 * could not be read to the end; nothing was written then. */
int lifecycle_adopt_tags(struct lifecycle *lifecycle, const char *family,
			 const struct gk_strv *locations, struct outcome_list *ret,
			 struct gk_error *err);

#endif
