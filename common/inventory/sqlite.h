/*
 * The inventory of one machine: an SQLite file. WAL, a busy time-out of 10 s (then GK_LOCKED),
 * schema versions in PRAGMA user_version, migrated when opened for writing. The file is made for
 * its owner alone (mode 0600), missing folders above it too (0700).
 */
#ifndef GK_INVENTORY_SQLITE_H
#define GK_INVENTORY_SQLITE_H

#include "inventory/inventory.h"

enum sqlite_mode {
	SQLITE_READ_WRITE, /* file and folders are made when missing */
	SQLITE_READ_ONLY,  /* changes nothing; a missing or empty file is an empty inventory */
};

/* Opens a file by its path. GK_LOCKED as above; GK_USAGE for an empty path; GK_FAILED with what is
 * wrong: not a database, no inventory, made by a newer goldkeep, damaged, not writable, disk full.
 * The same codes come from every call on it. Not to be carried across fork(2). */
int sqlite_inventory_open(const char *path, enum sqlite_mode mode, struct inventory **ret,
			  struct gk_error *err);

/* What a file is like, or the place where it would be made. */
struct sqlite_report {
	bool exists;         /* with something in it; else the next command that writes makes it */
	bool older;          /* made by an older goldkeep: the next command that writes upgrades it */
	bool has_disk;       /* its file system tells its size: */
	uint64_t free_bytes;
};

/* Looks, and changes nothing. -1 says why nothing could be recorded there, with the codes of
 * sqlite_inventory_open; GK_LOCKED after one second. */
int sqlite_inventory_examine(const char *path, struct sqlite_report *ret, struct gk_error *err);

#endif
