#include "inventory/tests/store_suite.h"

int store_suite_run(int (*set_up)(void **state), int (*tear_down)(void **state))
{
	return store_releases_run(set_up, tear_down) + store_channels_run(set_up, tear_down) +
	       store_allocation_run(set_up, tear_down) + store_import_run(set_up, tear_down);
}
