/*
 * Tries permissions where that does no harm: by DryRun, by a read of one thing or a small page, or
 * by a write that cannot succeed (a condition that is never true, a pattern that its value does not
 * match). Nothing is ever changed, whatever the answer.
 */
#ifndef GK_AWS_PROBE_H
#define GK_AWS_PROBE_H

#include "aws/client.h"
#include "aws/permission.h"
#include "base/strv.h"

enum aws_verdict { AWS_ALLOWED, AWS_DENIED, AWS_UNTRIED };

/* Zero-initialised; all texts are borrowed. */
struct aws_probe {
	const struct aws_permission *permission; /* in */
	const char *region;                      /* in: where; NULL: the client's */
	/* In: an image of ours there, and a snapshot of ours, for DryRun; NULL: none is known. */
	const char *image, *snapshot;
	/* In: the table, or the SSM parameter, placeholders filled in; NULL: none is known. The
	 * parameter need not exist. For AWS_RESOURCE_PARAMETER any will do: NULL takes one. */
	const char *name;
	const char *endpoint;                    /* in: of the table; NULL: as configured */
	const struct gk_strv *tag_keys;          /* in: what --tag adds; NULL: nothing */

	enum aws_verdict verdict;                /* out */
	bool asked;                              /* out: a request was sent, or tried to be */
	/* Out. DENIED: what AWS said; UNTRIED: why it is not known. ALLOWED: GK_OK. */
	struct gk_error error;
};

/* Tries them all at once. -1 only if nothing could be sent (no credentials, no memory). */
int aws_probe_run(struct aws_client *client, struct aws_probe *probes, size_t count,
		  struct gk_error *err);

#endif
