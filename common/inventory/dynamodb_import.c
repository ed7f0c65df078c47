/*
 * A whole family. Its head says `importing`, with a digest of what is to come, until all the rest is
 * there: nobody sees the family until then. Every batch is a transaction that checks the head, so
 * that a slow importer cannot write over what happened after a faster one was done. Items have
 * names that depend on their content alone: the same import once more writes the same.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "inventory/dump.h"
#include "inventory/dynamodb_private.h"

enum {
	DIGEST_SIZE = 2 * 32 + 1,
	BATCH_ITEMS = DYNAMODB_ACTIONS_MAX - 1, /* one is the check of the head */
	BATCH_BYTES = 3 << 20,                  /* of the 4 MB of a transaction */
};

/* 9999-12-31T23:59:59Z: later times do not sort as text, and events stand in their names' order. */
static const time_t latest_time = 253402300799;

/* Where the items go: into the digest, or, in transactions, into the table. */
struct import {
	struct dynamodb_inventory *store;
	const struct family_dump *dump;
	char pk[DYNAMODB_PK_SIZE];
	char digest[DIGEST_SIZE];
	EVP_MD_CTX *hash;                /* while the digest is made, else NULL */
	struct dynamodb_request request; /* batch under way */
	size_t bytes;
	bool overtaken;                  /* the head is not as this import left it */
};

static void import_done(struct import *import)
{
	EVP_MD_CTX_free(import->hash);
	dynamodb_request_done(&import->request);
}

/* --- batches -------------------------------------------------------------------------------- */

static int flush(struct import *import, struct gk_error *err)
{
	if (!import->request.actions || import->hash || import->overtaken)
		return 0;
	dynamodb_add_check(&import->request, import->pk, "H");
	dynamodb_express(&import->request, "ConditionExpression", "#importing = :digest");
	dynamodb_put_text(&import->request, dynamodb_values(&import->request), ":digest",
			  import->digest);
	if (dynamodb_send(import->store, &import->request, err) < 0)
		return -1;
	import->overtaken = import->request.refused;
	dynamodb_request_done(&import->request);
	import->bytes = 0;
	return 0;
}

/* A new item of the batch. */
static cJSON *add(struct import *import, const char *pk, const char *sk, struct gk_error *err)
{
	char token[DYNAMODB_TOKEN_SIZE];
	cJSON *item = NULL;

	if ((import->request.action_count >= BATCH_ITEMS || import->bytes >= BATCH_BYTES) &&
	    flush(import, err) < 0)
		return NULL;
	if (!import->request.actions) {
		if (dynamodb_token(token, err) < 0)
			return NULL;
		dynamodb_transaction(&import->request, token);
	}
	item = dynamodb_add_put(&import->request, pk, sk);
	if (!item)
		gk_error_memory(err);
	else
		dynamodb_put_number(&import->request, item, "format", DYNAMODB_FORMAT);
	return item;
}

/* The item is complete. */
static int close_item(struct import *import, const cJSON *item, struct gk_error *err)
{
	_cleanup_free_ char *text = NULL;

	import->bytes += dynamodb_item_size(item);
	if (!import->hash)
		return 0;
	text = import->request.body.failed ? NULL : cJSON_PrintUnformatted(item);
	if (!text || EVP_DigestUpdate(import->hash, text, strlen(text)) != 1)
		return gk_error_memory(err);
	dynamodb_request_done(&import->request);
	return 0;
}

/* --- what a family consists of -------------------------------------------------------------- */

static int add_release(struct import *import, const struct release *release, const char *key,
		       struct gk_error *err)
{
	char sk[DYNAMODB_SK_SIZE];
	cJSON *item = add(import, import->pk,
			  dynamodb_sk(dynamodb_place_of(release->state), key, sk), err);

	if (!item)
		return -1;
	cJSON_DeleteItemFromObjectCaseSensitive(item, "format"); /* the row brings its own */
	if (dynamodb_check_names(release, err) < 0 ||
	    dynamodb_row_write(&import->request, item, release, NULL, err) < 0)
		return -1;
	return close_item(import, item, err);
}

static int add_run(struct import *import, const struct release *release, const char *key,
		   struct gk_error *err)
{
	char sk[DYNAMODB_SK_SIZE];
	char version[SEMVER_TEXT_SIZE];
	cJSON *item = add(import, import->pk, dynamodb_sk('R', release->run, sk), err);

	dynamodb_put_text(&import->request, item, "version",
			  semver_format(&release->version, version));
	dynamodb_put_text(&import->request, item, "key", key);
	return item ? close_item(import, item, err) : -1;
}

static int add_marker(struct import *import, const struct release *release, const char *key,
		      struct gk_error *err)
{
	char sk[DYNAMODB_SK_SIZE];
	char place[] = {dynamodb_place_of(release->state), '\0'};
	cJSON *item = NULL;

	if (!release_is_unfinished(release))
		return 0;
	snprintf(sk, sizeof(sk), "%s#%s", release->family, key);
	item = add(import, "U", sk, err);
	dynamodb_put_text(&import->request, item, "place", place);
	return item ? close_item(import, item, err) : -1;
}

static int add_event_item(struct import *import, const char *sk, const struct event_row *row,
			  struct gk_error *err)
{
	struct event event = {row->at, row->actor, row->action, row->detail};
	cJSON *item = add(import, import->pk, sk, err);
	size_t size = 0;

	if (!item)
		return -1;
	cJSON_DeleteItemFromObjectCaseSensitive(item, "format");
	dynamodb_event_write(&import->request, item, row->version, &event);
	size = dynamodb_item_size(item);
	if (size > DYNAMODB_ITEM_MAX)
		return gk_error_set(err, GK_FAILED, "an event of %s %s takes %zu bytes, and "
				    "DynamoDB holds %d in one item: nothing was written",
				    import->dump->family, row->version, size, DYNAMODB_ITEM_MAX);
	return close_item(import, item, err);
}

/* In the order in which they stand there, whatever their times say. */
static int add_events(struct import *import, size_t number, const char *key, struct gk_error *err)
{
	const struct event_list *events = &import->dump->releases[number].events;
	time_t latest = 0;

	for (size_t i = 0; i < events->count; i++) {
		char sk[DYNAMODB_SK_SIZE];
		char when[DYNAMODB_TIME_SIZE];

		if (events->items[i].at > latest)
			latest = events->items[i].at;
		if (latest > latest_time)
			latest = latest_time;
		dynamodb_event_time((int64_t)latest * 1000000, when);
		snprintf(sk, sizeof(sk), "E#%s#%08zu.%08zu", when, number, i);
		if (add_event_item(import, sk, &events->items[i], err) < 0)
			return -1;
		snprintf(sk, sizeof(sk), "T#%s#%s#%08zu", key, when, i);
		if (add_event_item(import, sk, &events->items[i], err) < 0)
			return -1;
	}
	return 0;
}

static int add_all(struct import *import, struct gk_error *err)
{
	for (size_t i = 0; i < import->dump->release_count && !import->overtaken; i++) {
		const struct release *release = &import->dump->releases[i].release;
		char key[SEMVER_KEY_SIZE];

		semver_key(&release->version, key);
		if (add_release(import, release, key, err) < 0 ||
		    add_run(import, release, key, err) < 0 ||
		    add_marker(import, release, key, err) < 0 ||
		    add_events(import, i, key, err) < 0)
			return -1;
	}
	return flush(import, err);
}

/* The head of a family that is there. */
static void fill_head(struct dynamodb_request *request, cJSON *item,
		      const struct family_dump *dump)
{
	const struct semver *top = &dump->releases[dump->release_count - 1].release.version;
	char text[SEMVER_TEXT_SIZE];
	char key[SEMVER_KEY_SIZE];
	cJSON *map = NULL;

	dynamodb_put_number(request, item, "format", DYNAMODB_FORMAT);
	dynamodb_put_text(request, item, "top_key", semver_key(top, key));
	dynamodb_put_text(request, item, "top_version", semver_format(top, text));
	dynamodb_put_number(request, item, "channels_rev", 0);
	dynamodb_put_number(request, item, "rev", 1);
	map = dynamodb_put_map(request, item, "channels");
	for (size_t i = 0; i < dump->channels.count; i++)
		dynamodb_put_channel(request, map, dump->channels.items[i].name,
				     &dump->channels.items[i]);
}

static int digest_head(struct import *import, struct gk_error *err)
{
	_cleanup_(dynamodb_request_done) struct dynamodb_request request = {0};
	_cleanup_free_ char *text = NULL;
	cJSON *item = dynamodb_put_item(&request, import->pk, "H");

	fill_head(&request, item, import->dump);
	if (dynamodb_item_size(item) > DYNAMODB_ITEM_MAX)
		return gk_error_set(err, GK_FAILED, "family %s has %zu channels, and their names "
				    "and trails are more than DynamoDB holds in one item: nothing "
				    "was written", import->dump->family,
				    import->dump->channels.count);
	text = request.body.failed ? NULL : cJSON_PrintUnformatted(item);
	if (!text || EVP_DigestUpdate(import->hash, text, strlen(text)) != 1)
		return gk_error_memory(err);
	return 0;
}

/* SHA-256 of all items and the head. Sizes are checked on the way, before anything is written.
 */
static int make_digest(struct import *import, struct gk_error *err)
{
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned int length = 0;

	import->hash = EVP_MD_CTX_new();
	if (!import->hash || EVP_DigestInit_ex(import->hash, EVP_sha256(), NULL) != 1)
		return gk_error_memory(err);
	if (add_all(import, err) < 0 || digest_head(import, err) < 0)
		return -1;
	if (EVP_DigestFinal_ex(import->hash, bytes, &length) != 1)
		return gk_error_memory(err);
	for (size_t i = 0; i < 32; i++)
		snprintf(import->digest + 2 * i, 3, "%02x", bytes[i]);
	EVP_MD_CTX_free(TAKE_PTR(import->hash));
	return 0;
}

/* --- the head ------------------------------------------------------------------------------- */

static int begin(struct import *import, struct gk_error *err)
{
	_cleanup_(dynamodb_request_done) struct dynamodb_request request = {0};
	cJSON *item = dynamodb_put_item(&request, import->pk, "H");

	dynamodb_put_number(&request, item, "format", DYNAMODB_FORMAT);
	dynamodb_put_text(&request, item, "importing", import->digest);
	dynamodb_express(&request, "ConditionExpression",
			 "attribute_not_exists(#pk) OR #importing = :digest");
	dynamodb_put_text(&request, dynamodb_values(&request), ":digest", import->digest);
	if (dynamodb_send(import->store, &request, err) < 0)
		return -1;
	import->overtaken = request.refused;
	return 0;
}

/* The head becomes that of a family that is there, and the directory names it. */
static int finish(struct import *import, struct gk_error *err)
{
	_cleanup_(dynamodb_request_done) struct dynamodb_request request = {0};
	char token[DYNAMODB_TOKEN_SIZE];
	cJSON *item = NULL;

	if (dynamodb_token(token, err) < 0)
		return -1;
	dynamodb_transaction(&request, token);
	fill_head(&request, dynamodb_add_put(&request, import->pk, "H"), import->dump);
	dynamodb_express(&request, "ConditionExpression", "#importing = :digest");
	dynamodb_put_text(&request, dynamodb_values(&request), ":digest", import->digest);
	item = dynamodb_add_put(&request, "D", import->pk);
	dynamodb_put_number(&request, item, "format", DYNAMODB_FORMAT);
	if (dynamodb_send(import->store, &request, err) < 0)
		return -1;
	import->overtaken = request.refused;
	return 0;
}

/* --- the whole ------------------------------------------------------------------------------ */

/* What is there must be what would be brought. */
static int compare(struct import *import, struct gk_error *err)
{
	_cleanup_(family_dump_done) struct family_dump there = {0};

	if (family_dump_read(&import->store->base, import->dump->family, &there, err) < 0)
		return -1;
	return family_dump_check_same(&there, import->dump, err);
}

static int write_all(struct import *import, struct gk_error *err)
{
	if (begin(import, err) < 0 || (!import->overtaken && add_all(import, err) < 0) ||
	    (!import->overtaken && finish(import, err) < 0))
		return -1;
	dynamodb_forget_head(import->store);
	return import->overtaken ? compare(import, err)
				 : dynamodb_set_ready(import->store, import->dump->family, err);
}

int dynamodb_import_family(struct inventory *inventory, const struct family_dump *dump,
			   struct gk_error *err)
{
	_cleanup_(dynamodb_head_done) struct dynamodb_head head = {0};
	_cleanup_(import_done) struct import import = {
		.store = (struct dynamodb_inventory *)inventory,
		.dump = dump,
	};

	dynamodb_pk(dump->family, import.pk);
	if (family_check(dump->family, err) < 0 ||
	    dynamodb_head_get(import.store, dump->family, &head, err) < 0)
		return -1;
	if (head.exists && !head.importing)
		return compare(&import, err);
	if (dump->release_count == 0)
		return gk_error_set(err, GK_USAGE, "family %s has no release", dump->family);
	if (family_dump_check(dump, err) < 0 || make_digest(&import, err) < 0)
		return -1;
	if (head.importing && strcmp(head.importing, import.digest) != 0)
		return gk_error_set(err, GK_CONFLICT,
				    "an import of family %s with other content was begun and not "
				    "finished: finish that one first", dump->family);
	return write_all(&import, err);
}
