#include <stdlib.h>
#include <string.h>

#include "aws/client.h"
#include "aws/errors.h"
#include "base/mem.h"

enum { PAGES_MAX = 1000 };

/* A listing under way. */
struct reader {
	struct aws_listing *listing;
	struct aws_call page; /* the call for the next page */
	char *token;          /* of that page; NULL for the first */
	bool restarted, ended;
};

static void drop_pages(struct aws_listing *listing)
{
	for (size_t i = 0; i < listing->page_count; i++)
		gk_xml_free(listing->pages[i]);
	free(listing->pages);
	listing->pages = NULL;
	listing->page_count = 0;
}

void aws_listing_done(struct aws_listing *listing)
{
	drop_pages(listing);
	aws_call_done(&listing->call);
}

static void reader_done(struct reader *reader)
{
	aws_call_done(&reader->page);
	free(reader->token);
}

static int fail(struct reader *reader, const char *what)
{
	const struct aws_call *call = &reader->listing->call;

	reader->ended = true;
	return gk_error_set(&reader->listing->call.error, GK_FAILED, "%s in %s: %s", call->action,
			    call->region ? call->region : "the default region", what);
}

/* Puts the call for the next page together. */
static void prepare_page(struct reader *reader)
{
	const struct aws_call *call = &reader->listing->call;

	aws_call_done(&reader->page);
	reader->page = (struct aws_call){
		.service = call->service,
		.region = call->region,
		.action = call->action,
		.patient_codes = call->patient_codes,
		.patient_image = call->patient_image,
	};
	gk_buf_add(&reader->page.params, call->params.data, call->params.length);
	if (call->params.state != GK_BUF_GOOD)
		reader->page.params.state = call->params.state;
	if (reader->token)
		aws_param(&reader->page, reader->token, "%s", reader->listing->token_param);
}

/* A failed page ends the listing, but a worn-out token only starts it anew, once. */
static void take_failure(struct reader *reader)
{
	struct aws_call *call = &reader->listing->call;

	if (reader->token && !reader->restarted && aws_error_is_stale_token(reader->page.code)) {
		reader->restarted = true;
		drop_pages(reader->listing);
		gk_freep(&reader->token);
		return;
	}
	call->error = reader->page.error;
	memcpy(call->code, reader->page.code, sizeof(call->code));
	reader->ended = true;
}

static int keep_page(struct aws_listing *listing, struct aws_call *page)
{
	struct gk_xml **slot = gk_array_add(&listing->pages, &listing->page_count, sizeof(*slot),
					    &listing->call.error);

	if (!slot)
		return -1;
	*slot = TAKE_PTR(page->xml);
	return 0;
}

static void take_page(struct reader *reader)
{
	struct aws_listing *listing = reader->listing;
	const char *token = gk_xml_text(reader->page.xml, listing->token_path);
	_cleanup_free_ char *last = TAKE_PTR(reader->token);

	reader->ended = !token || !token[0];
	if (!reader->ended && gk_str_equal(token, last))
		fail(reader, "the same page token came twice running");
	else if (!reader->ended && listing->page_count + 1 >= PAGES_MAX)
		fail(reader, "the listing has more than 1,000 pages");
	else if ((!reader->ended && gk_str_set(&reader->token, token, &listing->call.error) < 0) ||
		 keep_page(listing, &reader->page) < 0)
		reader->ended = true;
}

/* Reads one page of every listing that has not ended. 0 when all have. */
static int read_round(struct aws_client *client, struct reader *readers, size_t count,
		      struct aws_call **calls, struct gk_error *err)
{
	size_t open = 0;

	for (size_t i = 0; i < count; i++) {
		if (readers[i].ended)
			continue;
		prepare_page(&readers[i]);
		calls[open++] = &readers[i].page;
	}
	if (aws_run(client, calls, open, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (readers[i].ended)
			continue;
		if (readers[i].page.error.code != GK_OK)
			take_failure(&readers[i]);
		else
			take_page(&readers[i]);
	}
	return (int)(open > 0);
}

int aws_run_listings(struct aws_client *client, struct aws_listing *const *listings, size_t count,
		     struct gk_error *err)
{
	size_t room = count ? count : 1;
	_cleanup_free_ struct reader *readers = calloc(room, sizeof(*readers));
	_cleanup_free_ struct aws_call **calls = calloc(room, sizeof(struct aws_call *));
	int result = 1;

	if (!readers || !calls)
		return gk_error_memory(err);
	for (size_t i = 0; i < count; i++) {
		drop_pages(listings[i]);
		listings[i]->call.error = (struct gk_error){0};
		listings[i]->call.code[0] = '\0';
		readers[i].listing = listings[i];
	}
	while (result > 0)
		result = read_round(client, readers, count, calls, err);
	for (size_t i = 0; i < count; i++)
		reader_done(&readers[i]);
	return result;
}
