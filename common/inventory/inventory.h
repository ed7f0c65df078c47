/*
 * Where releases are recorded. A store fills the function table below; everything that stores have
 * in common (choosing and allocating a version, moving `latest`) is written once, in inventory.c.
 *
 * What every store guarantees:
 *  - a write is whole or not at all, and is on disk when the call returns;
 *  - save is refused (GK_CONFLICT) if the release was saved by somebody else since it was read;
 *  - a family has one release per version, retired ones included, and one per run;
 *  - no channel ever names a release that is not live, deprecated or disabled, or that is revoked:
 *    set_channel checks the release, and save to retiring, retired or revoked checks the channels,
 *    in the same transaction;
 *  - reads see what was written before, and never half a release.
 *
 * What the lists of texts consist of (release.published, channel.trail) is neither empty nor has a
 * line feed in it.
 *
 * Codes: GK_CONFLICT read again and decide anew, GK_LOCKED others kept the inventory locked for as
 * long as we wait, GK_REFUSED an invariant above, GK_NOT_FOUND save of a release that was never
 * inserted, GK_USAGE the store's address is wrong, GK_FAILED the rest.
 */
#ifndef GK_INVENTORY_INVENTORY_H
#define GK_INVENTORY_INVENTORY_H

#include "image/plan.h"
#include "image/release.h"
#include "image/version.h"

/* What happened: who, when, what. Borrowed strings. */
struct event {
	time_t at;
	const char *actor;  /* "user@host" */
	const char *action; /* one word: "allocated", "live", "retired" */
	const char *detail; /* one line; may be NULL */
};

/* One row of the history, owned. */
struct event_row {
	time_t at;
	char *actor, *action, *version, *detail;
};

struct event_list {
	struct event_row *items;
	size_t count;
};

void event_list_done(struct event_list *list);

/* A whole family, as it moves between inventories. */
struct family_dump_release {
	struct release release;
	struct event_list events; /* of this release, oldest first */
};

struct family_dump {
	char *family;
	struct family_dump_release *releases; /* by version, oldest first */
	size_t release_count;
	struct channel_list channels;
};

void family_dump_done(struct family_dump *dump);

enum inventory_filter {
	INVENTORY_ALIVE,      /* all but the retired ones */
	INVENTORY_UNFINISHED, /* release_is_unfinished, retired ones with leftovers included */
	INVENTORY_ALL,
};

struct inventory;

struct inventory_ops {
	void (*close)(struct inventory *inventory);

	/* *ret_found tells whether the release exists; *ret is set only then. */
	int (*get)(struct inventory *inventory, const char *family, const struct semver *version,
		   bool *ret_found, struct release *ret, struct gk_error *err);
	int (*find_run)(struct inventory *inventory, const char *family, const char *run,
			bool *ret_found, struct release *ret, struct gk_error *err);

	/* Highest version ever allocated whose sort key lies in the range. */
	int (*top)(struct inventory *inventory, const char *family,
		   const struct version_range *range, bool *ret_found, struct semver *ret,
		   struct gk_error *err);

	/* Up to `limit` releases below `before` (NULL: from the top), newest version first. The
	 * cost does not grow with what the filter leaves out. */
	int (*page)(struct inventory *inventory, const char *family, enum inventory_filter filter,
		    const struct semver *before, size_t limit, struct release_list *ret,
		    struct gk_error *err);

	/* New release; revision becomes 1. GK_CONFLICT if its version or its run is there already.
	 * */
	int (*insert)(struct inventory *inventory, struct release *release,
		      const struct event *event, struct gk_error *err);

	/* Replaces what is stored by `release`, whose revision goes up by one. */
	int (*save)(struct inventory *inventory, struct release *release,
		    const struct event *event, struct gk_error *err);

	/* Families, sorted; only those with something unfinished if asked for. */
	int (*families)(struct inventory *inventory, bool unfinished_only, struct gk_strv *ret,
			struct gk_error *err);

	int (*channels)(struct inventory *inventory, const char *family, struct channel_list *ret,
			struct gk_error *err);

	/* Moves a channel to where `to` says, with its trail. GK_CONFLICT unless it names `from`
	 * now (NULL: does not exist); GK_REFUSED if the release is not there, or one that a channel
	 * may not name. */
	int (*set_channel)(struct inventory *inventory, const char *family,
			   const struct semver *from, const struct channel *to,
			   const struct event *event, struct gk_error *err);

	/* History, newest first, at most `limit`; of one release, or of the family (version NULL).
	 * */
	int (*events)(struct inventory *inventory, const char *family,
		      const struct semver *version, size_t limit, struct event_list *ret,
		      struct gk_error *err);

	/* Takes in a whole family or nothing of it: until all of it is there, nobody sees any of it.
	 * Revisions and events are taken over as they are. The same family once more changes
	 * nothing, and so does the rest of an import that was interrupted; one that was given up
	 * is replaced by another. GK_CONFLICT: the inventory has it already and it is different; the
	 * message names a difference. */
	int (*import_family)(struct inventory *inventory, const struct family_dump *dump,
			     struct gk_error *err);
};

/* Every store embeds this as its first member. */
struct inventory {
	const struct inventory_ops *ops;
};

void inventory_close(struct inventory *inventory);
void inventory_closep(struct inventory **inventory);

/* The version that the request would get now; nothing is written. */
int inventory_next_version(struct inventory *inventory, const char *family,
			   const struct version_request *request, struct semver *ret,
			   struct gk_error *err);

/*
 * Gives `release` (whose family, run, images and intent are filled in) its version and inserts it.
 * If the run has a release in this family already, that one is read into *release instead and
 * *ret_existing is true. Two processes at once never get the same version. GK_CONFLICT: an exact
 * version that another run holds or ever held; the message says which.
 */
int inventory_allocate(struct inventory *inventory, const struct version_request *request,
		       const struct event *event, struct release *release, bool *ret_existing,
		       struct gk_error *err);

/* All pages of one filter; for families' live or unfinished releases, which are few. */
int inventory_collect(struct inventory *inventory, const char *family,
		      enum inventory_filter filter, struct release_list *ret,
		      struct gk_error *err);

/* True of what a channel may name: what is found through one can be used. */
bool inventory_may_be_named(enum release_state state, bool revoked);

/* For stores. GK_REFUSED, with the reason, if the channel may not name the release that stands at
 * its version (NULL: none). */
int inventory_check_target(const char *family, const struct channel *channel,
			   const struct release *release, struct gk_error *err);
/* GK_REFUSED: the release cannot become what it is to be while that channel names it. Returns -1.
 * */
int inventory_refuse_named(const struct release *release, const char *channel,
			   struct gk_error *err);

/* True if the inventory has ever had a release of the family. */
int inventory_knows_family(struct inventory *inventory, const char *family, bool *ret,
			   struct gk_error *err);

#endif
