/* Exit statuses: a promise to Packer templates and pipelines. */
#ifndef GK_POSTPROCESSOR_EXIT_H
#define GK_POSTPROCESSOR_EXIT_H

#include "base/error.h"

enum exit_status {
	EXIT_DONE = 0,       /* also: nothing to do */
	EXIT_FAILED = 1,     /* before anything was recorded */
	EXIT_USAGE = 2,      /* options or configuration */
	EXIT_INCOMPLETE = 3, /* recorded; something after it is not finished */
	EXIT_REFUSED = 4,    /* a safety rule */
	EXIT_CONFLICT = 5,   /* the version belongs to another run, or the inventory is locked */
	EXIT_NOT_FOUND = 6,  /* no such build in the manifest, no such release */
};

/* The status of a command that failed with this error before it changed anything. */
static inline enum exit_status exit_of(const struct gk_error *err)
{
	switch (err->code) {
	case GK_USAGE:
		return EXIT_USAGE;
	case GK_REFUSED:
		return EXIT_REFUSED;
	case GK_CONFLICT:
	case GK_LOCKED:
		return EXIT_CONFLICT;
	case GK_NOT_FOUND:
		return EXIT_NOT_FOUND;
	case GK_OK:
	case GK_FAILED:
	case GK_UNFINISHED:
	case GK_DENIED:
	case GK_UNSUPPORTED:
		break;
	}
	return EXIT_FAILED;
}

#endif
