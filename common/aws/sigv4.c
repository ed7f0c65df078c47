#include "aws/sigv4.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "aws/canonical.h"
#include "base/mem.h"

enum {
	HASH_SIZE = SHA256_DIGEST_LENGTH,
	HEX_SIZE = 2 * HASH_SIZE + 1,
	STAMP_SIZE = 17,
	DAY_LENGTH = 8,
};

void aws_signing_trace_done(struct aws_signing_trace *trace)
{
	gk_buf_wipe(&trace->canonical); /* it has the session token */
	gk_buf_done(&trace->string_to_sign);
}

static void to_hex(const unsigned char *bytes, char *text)
{
	for (size_t i = 0; i < HASH_SIZE; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

static int hash_hex(const void *data, size_t length, char *text, struct gk_error *err)
{
	unsigned char hash[HASH_SIZE];

	if (!EVP_Digest(data, length, hash, NULL, EVP_sha256(), NULL))
		return gk_error_set(err, GK_FAILED, "SHA-256 is not available");
	to_hex(hash, text);
	return 0;
}

static int hmac(const void *key, size_t key_length, const char *text, unsigned char *ret,
		struct gk_error *err)
{
	if (!EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, key_length,
		       (const unsigned char *)text, strlen(text), ret, HASH_SIZE, NULL))
		return gk_error_set(err, GK_FAILED, "HMAC-SHA-256 is not available");
	return 0;
}

/* The key of one day, region and service. */
static int derive_key(const struct aws_signing *what, const char *secret, const char *day,
		      unsigned char *key, struct gk_error *err)
{
	_cleanup_(gk_buf_wipe) struct gk_buf first = {0};
	/* Room for all of it at once: growing would leave a copy of the secret behind. */
	size_t length = strlen("AWS4") + strlen(secret);

	first.data = malloc(length + 1);
	if (!first.data)
		return gk_error_memory(err);
	first.room = length + 1;
	first.length = length;
	memcpy(first.data, "AWS4", 4);
	memcpy(first.data + 4, secret, length - 4 + 1);
	if (hmac(first.data, length, day, key, err) < 0 ||
	    hmac(key, HASH_SIZE, what->region, key, err) < 0 ||
	    hmac(key, HASH_SIZE, what->service, key, err) < 0 ||
	    hmac(key, HASH_SIZE, "aws4_request", key, err) < 0)
		return -1;
	return 0;
}

static int sign_text(const struct aws_signing *what, const char *secret, const char *day,
		     const char *text, char *ret_hex, struct gk_error *err)
{
	unsigned char key[HASH_SIZE] = {0};
	int result = derive_key(what, secret, day, key, err);

	if (result == 0)
		result = hmac(key, HASH_SIZE, text, key, err);
	if (result == 0)
		to_hex(key, ret_hex);
	OPENSSL_cleanse(key, sizeof(key));
	return result;
}

/* A header of an earlier attempt must not stand beside the new one. */
static void drop_header(struct gk_strv *headers, const char *name)
{
	size_t length = strlen(name);
	size_t kept = 0;

	for (size_t i = 0; i < headers->count; i++) {
		char *header = headers->items[i];

		if (strncasecmp(header, name, length) == 0 && header[length] == ':') {
			OPENSSL_cleanse(header, strlen(header));
			free(header);
		} else {
			headers->items[kept++] = header;
		}
	}
	headers->count = kept;
}

static int add_token(struct gk_strv *headers, const struct aws_credentials *credentials,
		     struct gk_error *err)
{
	if (!credentials->session_token)
		return 0;
	return gk_strv_addf(headers, err, "X-Amz-Security-Token: %s", credentials->session_token);
}

static int prepare_headers(const struct aws_signing *what,
			   const struct aws_credentials *credentials, const char *stamp,
			   const char *body_hash, struct gk_strv *headers, struct gk_error *err)
{
	drop_header(headers, "Authorization");
	drop_header(headers, "X-Amz-Date");
	drop_header(headers, "X-Amz-Security-Token");
	if (gk_strv_addf(headers, err, "X-Amz-Date: %s", stamp) < 0)
		return -1;
	if (!what->token_unsigned && add_token(headers, credentials, err) < 0)
		return -1;
	if (what->sign_body &&
	    gk_strv_addf(headers, err, "x-amz-content-sha256: %s", body_hash) < 0)
		return -1;
	return 0;
}

static int make_stamp(time_t time, char *stamp, struct gk_error *err)
{
	struct tm utc = {0};

	if (!gmtime_r(&time, &utc) || strftime(stamp, STAMP_SIZE, "%Y%m%dT%H%M%SZ", &utc) == 0)
		return gk_error_set(err, GK_FAILED, "the clock cannot be right");
	return 0;
}

int aws_sign(const struct aws_signing *what, const struct aws_credentials *credentials,
	     struct gk_strv *headers, struct aws_signing_trace *trace, struct gk_error *err)
{
	_cleanup_(aws_signing_trace_done) struct aws_signing_trace own = {0};
	_cleanup_(gk_buf_done) struct gk_buf names = {0};
	char body_hash[HEX_SIZE], hash[HEX_SIZE], signature[HEX_SIZE];
	char stamp[STAMP_SIZE], day[DAY_LENGTH + 1] = "";

	trace = trace ? trace : &own;
	if (make_stamp(what->time, stamp, err) < 0 ||
	    hash_hex(what->body, what->body_length, body_hash, err) < 0 ||
	    prepare_headers(what, credentials, stamp, body_hash, headers, err) < 0 ||
	    aws_canonical_request(what, headers, body_hash, &trace->canonical, &names, err) < 0 ||
	    hash_hex(trace->canonical.data, trace->canonical.length, hash, err) < 0)
		return -1;
	memcpy(day, stamp, DAY_LENGTH);
	gk_buf_addf(&trace->string_to_sign, "AWS4-HMAC-SHA256\n%s\n%s/%s/%s/aws4_request\n%s",
		    stamp, day, what->region, what->service, hash);
	if (gk_buf_check(&trace->string_to_sign, err) < 0 ||
	    sign_text(what, credentials->secret_access_key, day,
		      gk_buf_text(&trace->string_to_sign), signature, err) < 0)
		return -1;
	if (what->token_unsigned && add_token(headers, credentials, err) < 0)
		return -1;
	return gk_strv_addf(headers, err,
			    "Authorization: AWS4-HMAC-SHA256 Credential=%s/%s/%s/%s/aws4_request, "
			    "SignedHeaders=%s, Signature=%s",
			    credentials->access_key_id, day, what->region, what->service,
			    gk_buf_text(&names), signature);
}
