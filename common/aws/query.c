#include <stdio.h>
#include <string.h>

#include "aws/sigv4.h"
#include "aws/wire.h"
#include "base/mem.h"

void aws_param(struct aws_call *call, const char *value, const char *name_format, ...)
{
	_cleanup_free_ char *name = NULL;
	va_list args;

	va_start(args, name_format);
	if (vasprintf(&name, name_format, args) < 0) {
		name = NULL;
		call->params.state = GK_BUF_NO_MEMORY;
	}
	va_end(args);
	if (!name)
		return;
	gk_buf_addc(&call->params, '&');
	aws_percent_encode(&call->params, name, "");
	gk_buf_addc(&call->params, '=');
	aws_percent_encode(&call->params, value, "");
}

void aws_query_body(const struct aws_call *call, const struct aws_service_info *service,
		    struct gk_buf *ret)
{
	gk_buf_addf(ret, "Action=%s&Version=%s", call->action, service->version);
	gk_buf_add(ret, call->params.data, call->params.length);
	if (call->params.state != GK_BUF_GOOD)
		ret->state = call->params.state;
}

int aws_query_answer(const struct http_response *response, const char *action,
		     struct gk_xml **ret, struct gk_error *err)
{
	_cleanup_(gk_xml_freep) struct gk_xml *root = NULL;
	size_t length = strlen(action);

	if (response->body.length == 0)
		return gk_error_set(err, GK_FAILED, "the answer is empty");
	if (gk_xml_parse(response->body.data, response->body.length, &root, err) < 0)
		return gk_error_wrap(err, "the answer cannot be read");
	if (strncmp(root->name, action, length) != 0 ||
	    strcmp(root->name + length, "Response") != 0)
		return gk_error_set(err, GK_FAILED, "the answer is a <%s>, not a <%sResponse>",
				    root->name, action);
	*ret = TAKE_PTR(root);
	return 0;
}

void aws_query_failure(const struct http_response *response, struct aws_failure *ret)
{
	_cleanup_(gk_xml_freep) struct gk_xml *root = NULL;
	struct gk_error ignored = {0};
	const struct gk_xml *error = NULL;
	const char *code = NULL;
	const char *message = NULL;

	*ret = (struct aws_failure){0};
	if (response->body.length == 0 ||
	    gk_xml_parse(response->body.data, response->body.length, &root, &ignored) < 0)
		return;
	error = gk_xml_path(root, "Errors/Error");
	if (!error)
		error = gk_xml_child(root, "Error");
	code = gk_xml_text(error, "Code");
	message = gk_xml_text(error, "Message");
	snprintf(ret->code, sizeof(ret->code), "%s", code ? code : "");
	snprintf(ret->message, sizeof(ret->message), "%s", message ? message : "");
}
