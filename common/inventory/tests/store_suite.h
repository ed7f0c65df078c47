/*
 * What every store must do, as one suite over the function table. A store's own unit test calls it
 * with fixtures that make and remove an empty store.
 */
#ifndef GK_INVENTORY_TESTS_STORE_SUITE_H
#define GK_INVENTORY_TESTS_STORE_SUITE_H

#include "inventory/inventory.h"

/* What set_up puts into *state, as the first member of whatever the store needs itself. */
struct store_under_test {
	/* A new connection to the same store. */
	int (*open)(struct store_under_test *store, struct inventory **ret, struct gk_error *err);
	bool across_processes; /* forked children may open it as well */
	int writes;            /* how many, while others read: a slow store needs fewer */
};

/* Number of tests that failed. */
int store_suite_run(int (*set_up)(void **state), int (*tear_down)(void **state));

/* Its parts. */
int store_releases_run(int (*set_up)(void **state), int (*tear_down)(void **state));
int store_channels_run(int (*set_up)(void **state), int (*tear_down)(void **state));
int store_allocation_run(int (*set_up)(void **state), int (*tear_down)(void **state));
int store_import_run(int (*set_up)(void **state), int (*tear_down)(void **state));

#endif
