#include "net/transport.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Headers of a request carry signatures and session tokens. */
static void wipe(struct gk_strv *list)
{
	for (size_t i = 0; i < list->count; i++)
		OPENSSL_cleanse(list->items[i], strlen(list->items[i]));
	gk_strv_done(list);
}

void http_exchange_clear_answer(struct http_exchange *exchange)
{
	gk_strv_done(&exchange->response.headers);
	gk_buf_wipe(&exchange->response.body);
	exchange->response = (struct http_response){0};
}

void http_exchange_done(struct http_exchange *exchange)
{
	http_exchange_clear_answer(exchange);
	gk_buf_wipe(&exchange->request.body);
	wipe(&exchange->request.headers);
	free(exchange->request.url);
	*exchange = (struct http_exchange){.owner = exchange->owner};
}

const char *http_response_header(const struct http_response *response, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < response->headers.count; i++) {
		const char *header = response->headers.items[i];

		if (strncmp(header, name, length) == 0 && header[length] == ':')
			return header + length + 1 + strspn(header + length + 1, " \t");
	}
	return NULL;
}

void http_transport_free(struct http_transport *transport)
{
	if (transport)
		transport->ops->free(transport);
}

void http_transport_freep(struct http_transport **transport)
{
	http_transport_free(TAKE_PTR(*transport));
}
