/*
 * An inventory for dry runs: it reads from another one, keeps what is written in memory, and shows both as one. So
 * the same code decides and reports as in a real run, and nothing is changed anywhere.
 */
#ifndef GK_INVENTORY_REHEARSAL_H
#define GK_INVENTORY_REHEARSAL_H

#include "inventory/inventory.h"

/* Takes over `base`, which is closed with the rehearsal; on failure it stays the caller's. */
int rehearsal_inventory_open(struct inventory *base, struct inventory **ret, struct gk_error *err);

#endif
