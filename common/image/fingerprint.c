#include "image/fingerprint.h"

#include <openssl/evp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "image/text.h"

#define DOMAIN "goldkeep fingerprint 1\n"

enum { LENGTH_BYTES = 8 };

int fingerprint_check(const char *text, struct gk_error *err)
{
	char shown[TEXT_QUOTE_SIZE];

	if (!*text || text[strspn(text, "0123456789abcdefABCDEF")])
		return gk_error_set(err, GK_USAGE, "fingerprint %s is not hexadecimal",
				    text_quote(text, shown));
	return 0;
}

bool fingerprint_equal(const char *a, const char *b)
{
	return a && b && strcasecmp(a, b) == 0;
}

void fingerprint_done(struct fingerprint *fingerprint)
{
	for (size_t i = 0; i < fingerprint->count; i++)
		free(fingerprint->entries[i].name);
	free(fingerprint->entries);
	*fingerprint = (struct fingerprint){0};
}

int fingerprint_content_init(struct fingerprint_content *content, struct gk_error *err)
{
	content->hash = EVP_MD_CTX_new();
	if (!content->hash || EVP_DigestInit_ex(content->hash, EVP_sha256(), NULL) != 1)
		return gk_error_memory(err);
	return 0;
}

int fingerprint_content_add(struct fingerprint_content *content, const void *data, size_t length,
			    struct gk_error *err)
{
	return EVP_DigestUpdate(content->hash, data, length) == 1 ? 0 : gk_error_memory(err);
}

void fingerprint_content_done(struct fingerprint_content *content)
{
	EVP_MD_CTX_free(content->hash);
	content->hash = NULL;
}

int fingerprint_add(struct fingerprint *fingerprint, enum fingerprint_kind kind, const char *name,
		    struct fingerprint_content *content, struct gk_error *err)
{
	struct fingerprint_entry *entry = gk_array_add(&fingerprint->entries, &fingerprint->count,
						       sizeof(*entry), err);

	if (!entry || gk_str_set(&entry->name, name, err) < 0)
		return -1;
	entry->kind = kind;
	return EVP_DigestFinal_ex(content->hash, entry->digest, NULL) == 1 ? 0
									   : gk_error_memory(err);
}

int fingerprint_add_text(struct fingerprint *fingerprint, enum fingerprint_kind kind,
			 const char *name, const char *text, struct gk_error *err)
{
	_cleanup_(fingerprint_content_done) struct fingerprint_content content = {0};

	if (fingerprint_content_init(&content, err) < 0 ||
	    fingerprint_content_add(&content, text, strlen(text), err) < 0)
		return -1;
	return fingerprint_add(fingerprint, kind, name, &content, err);
}

static int compare_names(const struct fingerprint_entry *a, const struct fingerprint_entry *b)
{
	return a->kind != b->kind ? (int)a->kind - (int)b->kind : strcmp(a->name, b->name);
}

static int compare_entries(const void *a, const void *b)
{
	const struct fingerprint_entry *left = a;
	const struct fingerprint_entry *right = b;
	int order = compare_names(left, right);

	return order ? order : memcmp(left->digest, right->digest, FINGERPRINT_DIGEST);
}

const struct fingerprint_entry *fingerprint_contradiction(const struct fingerprint *fingerprint,
							  const struct fingerprint_entry *entry)
{
	for (size_t i = 0; i < fingerprint->count; i++) {
		const struct fingerprint_entry *other = &fingerprint->entries[i];

		if (compare_names(entry, other) == 0 && compare_entries(entry, other) != 0)
			return other;
	}
	return NULL;
}

static int add_entry(struct fingerprint_content *content, const struct fingerprint_entry *entry,
		     struct gk_error *err)
{
	uint64_t length = strlen(entry->name);
	unsigned char head[1 + LENGTH_BYTES] = {(unsigned char)entry->kind};

	for (int i = LENGTH_BYTES; i > 0; i--, length >>= 8)
		head[i] = (unsigned char)(length & 0xff);
	if (fingerprint_content_add(content, head, sizeof(head), err) < 0 ||
	    fingerprint_content_add(content, entry->name, strlen(entry->name), err) < 0)
		return -1;
	return fingerprint_content_add(content, entry->digest, sizeof(entry->digest), err);
}

static void write_hex(const unsigned char *digest, char *text)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < FINGERPRINT_DIGEST; i++) {
		*text++ = digits[digest[i] >> 4];
		*text++ = digits[digest[i] & 0xf];
	}
	*text = '\0';
}

static void sort_entries(struct fingerprint *fingerprint)
{
	struct fingerprint_entry *entries = fingerprint->entries;
	size_t kept = 0;

	if (fingerprint->count > 0)
		qsort(entries, fingerprint->count, sizeof(*entries), compare_entries);
	for (size_t i = 0; i < fingerprint->count; i++) {
		if (kept > 0 && compare_entries(&entries[kept - 1], &entries[i]) == 0)
			free(entries[i].name);
		else
			entries[kept++] = entries[i];
	}
	fingerprint->count = kept;
}

int fingerprint_text(struct fingerprint *fingerprint, char *text, struct gk_error *err)
{
	_cleanup_(fingerprint_content_done) struct fingerprint_content content = {0};
	unsigned char digest[FINGERPRINT_DIGEST];

	sort_entries(fingerprint);
	if (fingerprint_content_init(&content, err) < 0 ||
	    fingerprint_content_add(&content, DOMAIN, strlen(DOMAIN), err) < 0)
		return -1;
	for (size_t i = 0; i < fingerprint->count; i++)
		if (add_entry(&content, &fingerprint->entries[i], err) < 0)
			return -1;
	if (EVP_DigestFinal_ex(content.hash, digest, NULL) != 1)
		return gk_error_memory(err);
	write_hex(digest, text);
	return 0;
}
