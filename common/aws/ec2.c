#include <stdio.h>
#include <string.h>

#include "aws/answer.h"
#include "aws/ec2.h"
#include "base/mem.h"

/* EC2 User Guide, "Filter": * and ? are wildcards, \ takes their meaning away, and its own. */
static void add_escaped(struct gk_buf *buf, const char *text)
{
	for (; *text; text++) {
		if (strchr("*?\\", *text))
			gk_buf_addc(buf, '\\');
		gk_buf_addc(buf, *text);
	}
}

void ec2_add_filter(struct aws_call *call, int number, const struct ec2_filter *filter)
{
	struct gk_buf value = {0};

	aws_param(call, filter->name, "Filter.%d.Name", number);
	for (size_t i = 0; i < filter->count; i++) {
		gk_buf_clear(&value);
		add_escaped(&value, filter->values[i]);
		aws_param(call, gk_buf_text(&value), "Filter.%d.Value.%zu", number, i + 1);
		if (value.state != GK_BUF_GOOD)
			call->params.state = value.state;
	}
	gk_buf_done(&value);
}

void ec2_listing(struct aws_listing *listing, const char *region, const char *action,
		 int max_results)
{
	char text[16];

	listing->call.service = AWS_EC2;
	listing->call.region = region;
	listing->call.action = action;
	listing->token_param = "NextToken";
	listing->token_path = "nextToken";
	snprintf(text, sizeof(text), "%d", max_results);
	if (max_results > 0)
		aws_param(&listing->call, text, "MaxResults");
}

void ec2_tag_list_done(struct ec2_tag_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].key);
		free(list->items[i].value);
	}
	free(list->items);
	*list = (struct ec2_tag_list){0};
}

int ec2_read_tags(const struct gk_xml *node, struct ec2_tag_list *tags, struct gk_error *err)
{
	const struct gk_xml *item = NULL;

	if (aws_answer_list(node, "tagSet", "item", &item, err) < 0)
		return -1;
	for (; item; item = item->next) {
		const char *key = NULL;
		const char *value = gk_xml_text(item, "value");
		struct ec2_tag *tag = NULL;

		if (aws_answer_text(item, "key", &key, err) < 0)
			return -1;
		tag = gk_array_add(&tags->items, &tags->count, sizeof(*tag), err);
		if (!tag || gk_str_set(&tag->key, key, err) < 0 ||
		    gk_str_set(&tag->value, value ? value : "", err) < 0)
			return -1;
	}
	return 0;
}

int ec2_read_return(const struct gk_xml *answer, const char *action, struct gk_error *err)
{
	const char *text = NULL;

	if (aws_answer_check(answer, action, err) < 0 ||
	    aws_answer_text(answer, "return", &text, err) < 0)
		return -1;
	if (strcmp(text, "true") != 0)
		return gk_error_set(err, GK_FAILED, "the answer is return=%.60s", text);
	return 0;
}

int ec2_read_done(const struct gk_xml *answer, const char *action, struct gk_error *err)
{
	const char *text = gk_xml_text(answer, "return");

	if (text)
		return ec2_read_return(answer, action, err);
	return aws_answer_check(answer, action, err);
}
