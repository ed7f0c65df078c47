/* What the suite of the stores and their own unit tests share. */
#ifndef GK_INVENTORY_TESTS_STORE_HELPERS_H
#define GK_INVENTORY_TESTS_STORE_HELPERS_H

#include "inventory/tests/store_suite.h"

enum { TEST_IMAGES = 2, TEST_PROCESSES_MAX = 40 };

extern const struct event test_event;

/* Fills in a release with two images, of which the first has two snapshots. */
int test_release_init(struct release *release, const char *family, const char *run,
		      struct gk_error *err);
/* A release of that run, with the version that "patch", "1.4.2" or "1.4.x" gives. */
int test_allocate(struct inventory *inventory, const char *family, const char *request,
		  const char *run, struct release *ret, bool *ret_existing, struct gk_error *err);
/* Sets the state of the release and of its images, and saves. */
int test_set_state(struct inventory *inventory, struct release *release, enum release_state state,
		   struct gk_error *err);
/* True if it has the images and the snapshots that test_release_init makes. */
bool test_release_is_whole(const struct release *release);

/* Runs `work` in that many processes at once, which start together; true if all returned 0. When
 * one does not, the others are killed. The parent must have no connection open. */
bool test_in_processes(int count, int (*work)(int number, void *context), void *context);

/* "patch", "1.4.2", "1.4.x". */
int test_request(const char *text, struct version_request *ret, struct gk_error *err);

/* A new connection to the store under test. */
struct inventory *test_open(void **state);
struct semver test_version(const char *text);
/* Allocates for a run of its own and brings the release to a state. */
void test_add(struct inventory *inventory, const char *family, const char *request,
	      enum release_state state);
void test_get(struct inventory *inventory, const char *family, const char *version,
	      struct release *ret);

void assert_version(const struct semver *version, const char *expected);
/* Equal in every field. */
void assert_same(const struct release *a, const struct release *b);

#endif
