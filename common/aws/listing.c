#include <stdlib.h>
#include <string.h>

#include "aws/client.h"
#include "aws/errors.h"
#include "aws/service.h"
#include "base/json.h"
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
	for (size_t i = 0; listing->pages && i < listing->page_count; i++)
		gk_xml_free(listing->pages[i]);
	for (size_t i = 0; listing->json_pages && i < listing->page_count; i++)
		cJSON_Delete(listing->json_pages[i]);
	free(listing->pages);
	free(listing->json_pages);
	listing->pages = NULL;
	listing->json_pages = NULL;
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

static void add_json_token(struct aws_call *call, const char *name, const char *token)
{
	struct gk_json_builder builder = {0};
	_cleanup_free_ char *body = NULL;
	const char *text = gk_buf_text(&call->params);

	if (call->params.state != GK_BUF_GOOD)
		return;
	if (gk_json_parse(text, call->params.length, &builder.root, NULL) == 0) {
		gk_json_add_string(&builder, builder.root, name, token);
		body = gk_json_builder_print(&builder, false, NULL);
	}
	gk_json_builder_done(&builder);
	gk_buf_done(&call->params);
	if (body)
		gk_buf_adds(&call->params, body);
	else
		call->params.state = GK_BUF_NO_MEMORY;
}

static void add_token(struct aws_call *call, const char *name, const char *token)
{
	if (aws_service_info(call->service)->target)
		add_json_token(call, name, token);
	else
		aws_param(call, token, "%s", name);
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
		add_token(&reader->page, reader->listing->token_param, reader->token);
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

static int keep_json_page(struct aws_listing *listing, struct aws_call *page)
{
	cJSON **slot = gk_array_add(&listing->json_pages, &listing->page_count, sizeof(*slot),
				    &listing->call.error);

	if (!slot)
		return -1;
	*slot = TAKE_PTR(page->json);
	return 0;
}

static int keep_page(struct aws_listing *listing, struct aws_call *page)
{
	struct gk_xml **slot = NULL;

	if (page->json)
		return keep_json_page(listing, page);
	slot = gk_array_add(&listing->pages, &listing->page_count, sizeof(*slot),
			    &listing->call.error);
	if (!slot)
		return -1;
	*slot = TAKE_PTR(page->xml);
	return 0;
}

/* The token of the page after this one, borrowed from it; NULL or "" if there is none. */
static int read_token(const struct aws_call *page, const char *path, const char **ret,
		      struct gk_error *err)
{
	if (page->json)
		return gk_json_string(page->json, path, ret, err);
	*ret = gk_xml_text(page->xml, path);
	return 0;
}

static void take_page(struct reader *reader)
{
	struct aws_listing *listing = reader->listing;
	_cleanup_free_ char *last = TAKE_PTR(reader->token);
	const char *token = NULL;
	struct gk_error cause = {0};

	if (read_token(&reader->page, listing->token_path, &token, &cause) < 0) {
		fail(reader, cause.message);
		return;
	}
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
