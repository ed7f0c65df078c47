/* A fresh folder for one test, removed with what is in it. */
#ifndef GK_BASE_TESTS_FOLDER_H
#define GK_BASE_TESTS_FOLDER_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/tests/unit.h"

enum { TEST_PATH_SIZE = 400 };

struct test_folder {
	char path[64];
};

static inline void test_folder_init(struct test_folder *folder)
{
	strncpy(folder->path, "/tmp/goldkeep-unit-XXXXXX", sizeof(folder->path));
	assert_non_null(mkdtemp(folder->path));
}

static inline int test_folder_remove_one(const char *path, const struct stat *info, int type,
					 struct FTW *ftw)
{
	(void)info;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void test_folder_done(struct test_folder *folder)
{
	nftw(folder->path, test_folder_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* FOLDER/name into path[TEST_PATH_SIZE]; returns path. */
static inline const char *test_path(const struct test_folder *folder, const char *name, char *path)
{
	snprintf(path, TEST_PATH_SIZE, "%s/%s", folder->path, name);
	return path;
}

#endif
