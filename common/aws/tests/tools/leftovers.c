/*
 * Looks for secrets in memory that is given back, for postprocessor/tests/test_secrets.py:
 *
 *	leftovers MARK
 *
 * finds credentials as the environment says, signs one call with them, lets go of everything, and
 * prints how many blocks of memory had the mark in them when they were freed, whoever freed them:
 * goldkeep or a library. Ends with 2 where it cannot look.
 */
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "aws/client.h"
#include "base/mem.h"
#include "net/transport.h"

static const char *mark;
static size_t found;

#ifndef __SANITIZE_ADDRESS__
#if !defined(__has_feature)
#define __has_feature(feature) 0
#endif
#if !__has_feature(address_sanitizer)

/* These take the place of the C library's, for the libraries too. */
void __libc_free(void *memory);

static void look(const void *memory)
{
	if (mark && memory && memmem(memory, malloc_usable_size((void *)memory), mark, strlen(mark)))
		found++;
}

void free(void *memory)
{
	look(memory);
	__libc_free(memory);
}

void *realloc(void *memory, size_t size)
{
	size_t room = memory ? malloc_usable_size(memory) : 0;
	void *moved = malloc(size ? size : 1);

	if (moved && memory) {
		memcpy(moved, memory, room < size ? room : size);
		free(memory);
	}
	return moved;
}

#endif
#endif

/* Does it find what is left behind on purpose? */
static bool can_look(void)
{
	char *left = strdup(mark);

	free(left);
	return found == 1;
}

static int work(struct gk_error *err)
{
	struct http_curl_options curl = {.user_agent = "goldkeep/test"};
	struct aws_options options = {0};
	_cleanup_(http_transport_freep) struct http_transport *transport = NULL;
	_cleanup_(aws_client_freep) struct aws_client *client = NULL;
	_cleanup_(aws_call_done) struct aws_call call = {.service = AWS_EC2,
							 .action = "DescribeImages"};
	struct aws_call *calls = &call;

	if (http_curl_new(&curl, &transport, err) < 0 ||
	    aws_client_new(&options, transport, &gk_system_clock, NULL, &client, err) < 0 ||
	    aws_run(client, &calls, 1, err) < 0)
		return -1;
	if (call.error.code == GK_OK)
		return 0;
	*err = call.error;
	return -1;
}

int main(int count, char **arguments)
{
	struct gk_error err = {0};

	if (count != 2)
		return 1;
	mark = arguments[1];
	if (!can_look())
		return 2;
	found = 0;
	if (work(&err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		return 1;
	}
	printf("%zu\n", found);
	return 0;
}
