/*
 * The inventory of one machine: an SQLite file. WAL, a busy time-out of 10 s (then GK_CONFLICT, "locked"),
 * schema versions in PRAGMA user_version, migrated when opened for writing.
 */
#ifndef GK_INVENTORY_SQLITE_H
#define GK_INVENTORY_SQLITE_H

#include "inventory/inventory.h"

enum sqlite_mode {
	SQLITE_READ_WRITE, /* file and folders are made when missing */
	SQLITE_READ_ONLY,  /* changes nothing; a missing file is an empty inventory */
};

/* Opens a file by its path. GK_FAILED with what is wrong: not a database, made by a newer goldkeep, not
 * writable, no such folder. */
int sqlite_inventory_open(const char *path, enum sqlite_mode mode, struct inventory **ret,
			  struct gk_error *err);

#endif
