#include "aws/canonical.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* A header or a query parameter. */
struct pair {
	char *name, *value;
	size_t order;
};

struct pairs {
	struct pair *items;
	size_t count;
};

static void pairs_done(struct pairs *pairs)
{
	for (size_t i = 0; i < pairs->count; i++) {
		free(pairs->items[i].name);
		gk_wipep(&pairs->items[i].value);
	}
	free(pairs->items);
}

/* Takes both texts, which failed if their buffers did. */
static int add_pair(struct pairs *pairs, struct gk_buf *name, struct gk_buf *value,
		    struct gk_error *err)
{
	size_t order = pairs->count;
	struct pair *pair = gk_array_add(&pairs->items, &pairs->count, sizeof(*pair), err);

	if (!pair)
		return -1;
	pair->order = order;
	pair->name = gk_buf_detach(name, err);
	pair->value = gk_buf_detach(value, err);
	return pair->name && pair->value ? 0 : -1;
}

static bool is_unreserved(char c)
{
	return isalnum((unsigned char)c) || strchr("-._~", c);
}

void aws_percent_encode(struct gk_buf *to, const char *text, const char *also)
{
	for (; *text; text++) {
		if (is_unreserved(*text) || strchr(also, *text))
			gk_buf_addc(to, *text);
		else
			gk_buf_addf(to, "%%%02X", (unsigned char)*text);
	}
}

/* Takes "", "." and ".." out of a path. */
static int normalize_path(const char *path, struct gk_buf *to, struct gk_error *err)
{
	_cleanup_(gk_strv_done) struct gk_strv parts = {0};
	_cleanup_(gk_strv_done) struct gk_strv kept = {0};

	if (gk_strv_split(&parts, path, '/', err) < 0)
		return -1;
	for (size_t i = 0; i < parts.count; i++) {
		const char *part = parts.items[i];

		if (strcmp(part, "..") == 0 && kept.count > 0)
			free(kept.items[--kept.count]);
		else if (strcmp(part, "..") != 0 && strcmp(part, ".") != 0 &&
			 gk_strv_add(&kept, part, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < kept.count; i++)
		gk_buf_addf(to, "/%s", kept.items[i]);
	if (kept.count == 0 || path[strlen(path) - 1] == '/')
		gk_buf_addc(to, '/');
	return 0;
}

static int add_path(struct gk_buf *to, const struct aws_signing *what, struct gk_error *err)
{
	_cleanup_(gk_buf_done) struct gk_buf normalized = {0};
	const char *path = what->path[0] ? what->path : "/";

	if (!what->keep_path) {
		if (normalize_path(path, &normalized, err) < 0 ||
		    gk_buf_check(&normalized, err) < 0)
			return -1;
		path = gk_buf_text(&normalized);
	}
	aws_percent_encode(to, path, "/");
	return 0;
}

static int by_name_and_value(const void *a, const void *b)
{
	const struct pair *x = a;
	const struct pair *y = b;
	int names = strcmp(x->name, y->name);

	return names ? names : strcmp(x->value, y->value);
}

static int by_name_and_order(const void *a, const void *b)
{
	const struct pair *x = a;
	const struct pair *y = b;
	int names = strcmp(x->name, y->name);

	return names ? names : (x->order > y->order) - (x->order < y->order);
}

/* Encodes the half of a parameter; what is encoded already stays. */
static void encode_part(struct gk_buf *to, const char *part)
{
	aws_percent_encode(to, part, "%");
}

static int add_query(struct gk_buf *to, const char *query, struct gk_error *err)
{
	_cleanup_(pairs_done) struct pairs pairs = {0};
	_cleanup_(gk_strv_done) struct gk_strv parts = {0};

	if (gk_strv_split(&parts, query, '&', err) < 0)
		return -1;
	for (size_t i = 0; i < parts.count; i++) {
		_cleanup_(gk_buf_done) struct gk_buf name = {0};
		_cleanup_(gk_buf_done) struct gk_buf value = {0};
		char *equals = strchr(parts.items[i], '=');

		if (equals) {
			*equals = '\0';
			encode_part(&value, equals + 1);
		}
		encode_part(&name, parts.items[i]);
		if (add_pair(&pairs, &name, &value, err) < 0)
			return -1;
	}
	if (pairs.count > 1)
		qsort(pairs.items, pairs.count, sizeof(*pairs.items), by_name_and_value);
	for (size_t i = 0; i < pairs.count; i++)
		gk_buf_addf(to, "%s%s=%s", i ? "&" : "", pairs.items[i].name, pairs.items[i].value);
	return 0;
}

/* Headers that somebody on the way may add, change or take away (botocore's list). */
static bool is_unsigned(const char *name)
{
	static const char *const names[] = {
		"authorization", "baggage", "connection", "expect", "keep-alive",
		"proxy-authenticate", "proxy-authorization", "te", "traceparent", "tracestate",
		"trailer", "transfer-encoding", "upgrade", "user-agent", "x-amzn-trace-id",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* Without white space at both ends, and with one space for each run of it inside. */
static void add_trimmed(struct gk_buf *to, const char *value)
{
	bool gap = false;

	for (; *value; value++) {
		bool blank = *value == ' ' || *value == '\t';

		if (!blank && gap && to->length > 0)
			gk_buf_addc(to, ' ');
		if (!blank)
			gk_buf_addc(to, *value);
		gap = blank;
	}
}

static int check_header(const char *header, const char *colon, struct gk_error *err)
{
	if (!colon || colon == header)
		return gk_error_set(err, GK_FAILED, "a header without a name cannot be signed");
	for (const char *c = header; *c; c++)
		if ((*c < ' ' && *c != '\t') || *c > '~')
			return gk_error_set(err, GK_FAILED,
					    "the header %.*s has a byte that cannot be signed",
					    (int)(colon - header), header);
	return 0;
}

static int read_header(struct pairs *pairs, const char *header, struct gk_error *err)
{
	_cleanup_(gk_buf_done) struct gk_buf name = {0};
	_cleanup_(gk_buf_done) struct gk_buf value = {0};
	const char *colon = strchr(header, ':');

	if (check_header(header, colon, err) < 0)
		return -1;
	for (const char *c = header; c < colon; c++)
		gk_buf_addc(&name, (char)tolower((unsigned char)*c));
	if (is_unsigned(gk_buf_text(&name)))
		return 0;
	add_trimmed(&value, colon + 1);
	return add_pair(pairs, &name, &value, err);
}

static int add_headers(struct gk_buf *to, struct gk_buf *names, const struct gk_strv *headers,
		       struct gk_error *err)
{
	_cleanup_(pairs_done) struct pairs pairs = {0};

	for (size_t i = 0; i < headers->count; i++)
		if (read_header(&pairs, headers->items[i], err) < 0)
			return -1;
	if (pairs.count > 1)
		qsort(pairs.items, pairs.count, sizeof(*pairs.items), by_name_and_order);
	for (size_t i = 0; i < pairs.count; i++) {
		const struct pair *pair = &pairs.items[i];

		if (i > 0 && strcmp(pair->name, pairs.items[i - 1].name) == 0) {
			gk_buf_addf(to, ",%s", pair->value);
			continue;
		}
		gk_buf_addf(to, "%s%s:%s", i ? "\n" : "", pair->name, pair->value);
		gk_buf_addf(names, "%s%s", i ? ";" : "", pair->name);
	}
	return 0;
}

int aws_canonical_request(const struct aws_signing *what, const struct gk_strv *headers,
			  const char *body_hash, struct gk_buf *ret_text,
			  struct gk_buf *ret_signed_names, struct gk_error *err)
{
	gk_buf_addf(ret_text, "%s\n", what->method);
	if (add_path(ret_text, what, err) < 0)
		return -1;
	gk_buf_addc(ret_text, '\n');
	if (what->query && add_query(ret_text, what->query, err) < 0)
		return -1;
	gk_buf_addc(ret_text, '\n');
	if (add_headers(ret_text, ret_signed_names, headers, err) < 0)
		return -1;
	gk_buf_addf(ret_text, "\n\n%s\n%s", gk_buf_text(ret_signed_names), body_hash);
	return gk_buf_check(ret_text, err) < 0 || gk_buf_check(ret_signed_names, err) < 0 ? -1 : 0;
}
