#include "base/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/wire.h"
#include "base/mem.h"

static uint32_t crc32_of(const char *data, size_t length)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < length; i++) {
		crc ^= (unsigned char)data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
	}
	return ~crc;
}

/* DynamoDB says what its bodies add up to. */
static int check_sum(const struct http_response *response, struct gk_error *err)
{
	const char *header = http_response_header(response, "x-amz-crc32");

	if (header && strtoull(header, NULL, 10) !=
			      crc32_of(gk_buf_text(&response->body), response->body.length))
		return gk_error_set(err, GK_FAILED, "the answer was changed on its way");
	return 0;
}

int aws_json_answer(const struct http_response *response, cJSON **ret, struct gk_error *err)
{
	_cleanup_(gk_json_freep) cJSON *root = NULL;
	const char *text = gk_buf_text(&response->body);
	size_t length = response->body.length;

	if (length == 0)
		return gk_error_set(err, GK_FAILED, "the answer is empty");
	if (check_sum(response, err) < 0)
		return -1;
	if (memchr(text, '\0', length))
		return gk_error_set(err, GK_FAILED, "the answer cannot be read: a NUL byte");
	if (gk_json_parse(text, length, &root, err) < 0)
		return gk_error_wrap(err, "the answer cannot be read");
	if (!cJSON_IsObject(root))
		return gk_error_set(err, GK_FAILED, "the answer is no JSON object");
	*ret = TAKE_PTR(root);
	return 0;
}

/* "com.amazonaws.dynamodb.v20120810#Name:http://…" is Name. */
static void copy_code(const char *type, struct aws_failure *ret)
{
	int length = (int)strcspn(type, ":");
	const char *hash = memrchr(type, '#', (size_t)length);
	int skip = hash ? (int)(hash - type) + 1 : 0;

	snprintf(ret->code, sizeof(ret->code), "%.*s", length - skip, type + skip);
}

static const char *text_of(const cJSON *object, const char *key)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

void aws_json_failure(const struct http_response *response, struct aws_failure *ret,
		      cJSON **ret_json)
{
	_cleanup_(gk_json_freep) cJSON *root = NULL;
	struct gk_error ignored = {0};
	const char *type = NULL;
	const char *message = NULL;

	*ret = (struct aws_failure){0};
	*ret_json = NULL;
	if (aws_json_answer(response, &root, &ignored) == 0) {
		type = text_of(root, "__type");
		message = text_of(root, "message");
		message = message ? message : text_of(root, "Message");
	}
	type = type ? type : http_response_header(response, "x-amzn-errortype");
	if (type)
		copy_code(type, ret);
	snprintf(ret->message, sizeof(ret->message), "%s", message ? message : "");
	*ret_json = TAKE_PTR(root);
}
