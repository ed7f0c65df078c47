/*
 * The inventory of a team: a DynamoDB table, which any number of machines use at once. One table, no
 * secondary index, consistent reads; every write is one transaction. goldkeep init makes the table.
 *
 *   pk           sk                    what
 *   F#<family>   H                     head: highest version ever allocated, channels
 *   F#<family>   V#<key>               release that is not retired; key as semver_key
 *   F#<family>   X#<key>               retired release
 *   F#<family>   R#<run>               which release a run has
 *   F#<family>   E#<time>#<random>     history of the family
 *   F#<family>   T#<key>#<time>#…      history of one release
 *   U            <family>#<key>        release that is unfinished
 *   D            F#<family>            directory of families
 *
 * What is read for one release does not grow with how many there were: retired ones stand apart,
 * and whatever grows is read from its newest end with a limit, or by exact key.
 *
 * A write whose answer was lost is sent again; its history item has a random name, so that what was
 * carried out the first time is recognised by it.
 *
 * Nothing expires. The table has expiry by `expires_at` turned on, and goldkeep sets that attribute
 * on no row: what a run has, and which versions were ever given, is promised for ever, and history is
 * small. Who wants old history (E# and T#) to go may set it there.
 *
 * A release is one item, and an item holds 400 KB: some 2,000 images. One that could grow beyond
 * that by the time it is retired is refused when it is inserted, before anything is written or
 * tagged. A save that adds more than fits (an image that joins, a long reason of a hold) is refused
 * with the bytes and the limit, and the release stays as it was. Reasons of snapshots are cut to
 * 100 bytes where they do not fit, so that every removal can be recorded.
 *
 * Codes besides those of inventory.h: GK_USAGE the table does not exist (with the command that makes
 * it) or is another program's, GK_DENIED naming the permission, GK_LOCKED the family is being
 * imported, GK_FAILED a row that a newer goldkeep wrote or that makes no sense.
 */
#ifndef GK_INVENTORY_DYNAMODB_H
#define GK_INVENTORY_DYNAMODB_H

#include "aws/client.h"
#include "base/clock.h"
#include "base/log.h"
#include "inventory/inventory.h"

/* Where the table is. Borrowed; region and endpoint NULL: as the client is configured. */
struct dynamodb_place {
	const char *table, *region, *endpoint;
};

/* GK_USAGE unless it has 3 to 255 of A-Za-z0-9_.- */
int dynamodb_table_check(const char *table, struct gk_error *err);

/* Sends nothing. Client and log are borrowed, the place is copied. What the commands consumed is
 * told to the log, for debugging, when it is closed. */
int dynamodb_inventory_open(struct aws_client *client, const struct gk_log *log,
			    const struct dynamodb_place *place, struct inventory **ret,
			    struct gk_error *err);

/*
 * Makes the table, or checks the one that is there and adds what is missing (recovery, expiry; where
 * the other side does not know one of them, that is a warning); waits until it can be used. *ret_changed tells whether anything was done. GK_REFUSED: a table of
 * other keys, saying which; nothing was changed then.
 */
int dynamodb_inventory_init(struct aws_client *client, const struct gk_clock *clock,
			    const struct gk_log *log, const struct dynamodb_place *place,
			    bool *ret_changed, struct gk_error *err);

/* What a table is like. */
struct dynamodb_report {
	struct gk_error unknown; /* the caller may not look: all but `expiry` and `recovery` is unknown */
	char billing[32];        /* "PAY_PER_REQUEST" */
	bool deletion_protection;
	bool expiry, recovery;
	struct gk_error expiry_error, recovery_error; /* could not be told */
};

/* Looks, and changes nothing. -1 says why no release could use the table: it is not there (with the
 * command that makes it), of another shape, not ready, not reached. */
int dynamodb_inventory_examine(struct aws_client *client, const struct dynamodb_place *place,
			       struct dynamodb_report *ret, struct gk_error *err);

#endif
