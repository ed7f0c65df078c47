/*
 * A whole family as a value, the way it moves between inventories: read through the function table
 * of any store, checked, compared. As text it is in dump_json.h.
 */
#ifndef GK_INVENTORY_DUMP_H
#define GK_INVENTORY_DUMP_H

#include "inventory/inventory.h"

/* Everything that the inventory has of a family, as of one moment: what others change meanwhile is
 * read again, and only that. No release at all: the inventory does not know the family. Channels are sorted by
 * name. GK_LOCKED: others go on changing it; GK_FAILED: a release with more events than we read. */
int family_dump_read(struct inventory *inventory, const char *family, struct family_dump *ret,
		     struct gk_error *err);

/* What a store may rely on: versions rise, no run is there twice, and every channel names a release
 * that is there and that a channel may name. GK_USAGE with what is wrong. */
int family_dump_check(const struct family_dump *dump, struct gk_error *err);
/* The first of these, for one release and the one before it. */
int family_dump_check_order(const struct family_dump *dump, size_t index, struct gk_error *err);

/* The release of that version, which may have other build metadata; NULL if there is none. */
struct family_dump_release *family_dump_find(const struct family_dump *dump,
					     const struct semver *version);

/* The events of its release, oldest first. */
int family_dump_read_events(struct inventory *inventory, struct family_dump_release *dumped,
			    struct gk_error *err);

/* GK_CONFLICT unless the inventory has the family just as it is given, naming the newest release
 * that is different: for import_family of a store that has the family already. It is read page by
 * page. */
int family_dump_check_same(struct inventory *inventory, const struct family_dump *given,
			   struct gk_error *err);

#endif
