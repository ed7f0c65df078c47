/* Expressions of HCL: literals become values, everything else is checked and kept as text. */
#include <string.h>

#include "base/hcl_private.h"
#include "base/mem.h"

/* What cannot be told from its beginning alone comes last. */
static const char *const operators[] = {"||", "&&", "==", "!=", "<=", ">=", "<",
					">",  "+",  "-",  "*",  "/",  "%"};

/* Forgets the value and keeps its text. */
static int become_expression(struct gk_hcl *node, const char *start, const char *end,
			     struct gk_error *err)
{
	for (size_t i = 0; i < node->count; i++)
		gk_hcl_done(&node->items[i]);
	free(node->items);
	node->items = NULL;
	node->count = 0;
	node->kind = GK_HCL_EXPRESSION;
	return hcl_set_text(node, start, end, err);
}

/* An expression that only has to be one. */
static int pass_expression(struct hcl_reader *reader, struct gk_error *err)
{
	_cleanup_(gk_hcl_done) struct gk_hcl passed = {0};

	if (hcl_skip_space(reader, err) < 0 || hcl_read_expression(reader, &passed, err) < 0)
		return -1;
	return hcl_skip_space(reader, err);
}

/* The word or sign that has to come next, and the space behind it. */
static int pass(struct hcl_reader *reader, const char *token, struct gk_error *err)
{
	bool is_word = token[0] >= 'a' && token[0] <= 'z';
	char what[32] = "";

	if (is_word ? hcl_at_word(reader, token) : hcl_at(reader, token)) {
		hcl_skip(reader, strlen(token));
		return hcl_skip_space(reader, err);
	}
	strncat(what, token, 8);
	strncat(what, " expected", 16);
	return hcl_expected(reader, what, err);
}

static int pass_identifier(struct hcl_reader *reader, struct gk_error *err)
{
	size_t length = hcl_identifier(reader);

	if (length == 0)
		return hcl_expected(reader, "a name expected", err);
	hcl_skip(reader, length);
	return hcl_skip_space(reader, err);
}

/* Behind [ or {, up to the bracket that closes it: for k, v in x : k => v... if c */
static int read_for(struct hcl_reader *reader, const char *close, struct gk_error *err)
{
	if (pass(reader, "for", err) < 0 || pass_identifier(reader, err) < 0)
		return -1;
	if (hcl_at(reader, ",") && (pass(reader, ",", err) < 0 || pass_identifier(reader, err) < 0))
		return -1;
	if (pass(reader, "in", err) < 0 || pass_expression(reader, err) < 0 ||
	    pass(reader, ":", err) < 0 || pass_expression(reader, err) < 0)
		return -1;
	if (*close == '}' && (pass(reader, "=>", err) < 0 || pass_expression(reader, err) < 0))
		return -1;
	if (hcl_at(reader, "...") && pass(reader, "...", err) < 0)
		return -1;
	if (hcl_at_word(reader, "if") &&
	    (pass(reader, "if", err) < 0 || pass_expression(reader, err) < 0))
		return -1;
	return hcl_take(reader, close) ? 0 : hcl_expected(reader, "] or } expected", err);
}

static int read_elements(struct hcl_reader *reader, struct gk_hcl *ret, struct gk_error *err)
{
	ret->kind = GK_HCL_LIST;
	while (!hcl_take(reader, "]")) {
		struct gk_hcl *element = hcl_add(reader, ret, err);

		if (!element || hcl_read_expression(reader, element, err) < 0 ||
		    hcl_skip_space(reader, err) < 0)
			return -1;
		if (!hcl_at(reader, "]") && !hcl_take(reader, ","))
			return hcl_expected(reader, ", or ] expected", err);
		if (hcl_skip_space(reader, err) < 0)
			return -1;
	}
	return 0;
}

static int read_list(struct hcl_reader *reader, struct gk_hcl *ret, bool *ret_plain,
		     struct gk_error *err)
{
	bool lines = reader->lines;
	int r = 0;

	hcl_skip(reader, 1);
	reader->lines = false;
	if (hcl_skip_space(reader, err) < 0)
		return -1;
	*ret_plain = !hcl_at_word(reader, "for");
	r = *ret_plain ? read_elements(reader, ret, err) : read_for(reader, "]", err);
	reader->lines = lines;
	return r;
}

static int read_key(struct hcl_reader *reader, struct gk_hcl *member, struct gk_error *err)
{
	_cleanup_(gk_hcl_done) struct gk_hcl key = {0};
	const char *start = reader->at;

	if (hcl_read_expression(reader, &key, err) < 0)
		return -1;
	if (!key.text && hcl_set_text(&key, start, reader->at, err) < 0)
		return -1;
	member->key = TAKE_PTR(key.text);
	if (hcl_skip_space(reader, err) < 0)
		return -1;
	if (!hcl_take(reader, ":") && !hcl_take(reader, "="))
		return hcl_expected(reader, "= expected", err);
	return hcl_skip_space(reader, err);
}

static int read_members(struct hcl_reader *reader, struct gk_hcl *ret, struct gk_error *err)
{
	ret->kind = GK_HCL_OBJECT;
	while (!hcl_take(reader, "}")) {
		struct gk_hcl *member = hcl_add(reader, ret, err);

		if (!member || read_key(reader, member, err) < 0 ||
		    hcl_read_expression(reader, member, err) < 0 ||
		    hcl_skip_space(reader, err) < 0)
			return -1;
		if (!hcl_take(reader, ",") && !hcl_at(reader, "}") &&
		    (!hcl_at_line_end(reader) || reader->at == reader->end))
			return hcl_expected(reader, "a line end, a comma or } expected", err);
		if (hcl_skip_lines(reader, err) < 0)
			return -1;
	}
	return 0;
}

/* Between members line ends mean something; in a for they do not. */
static int read_object(struct hcl_reader *reader, struct gk_hcl *ret, bool *ret_plain,
		       struct gk_error *err)
{
	bool lines = reader->lines;
	int r = 0;

	hcl_skip(reader, 1);
	if (hcl_skip_lines(reader, err) < 0)
		return -1;
	*ret_plain = !hcl_at_word(reader, "for");
	reader->lines = *ret_plain;
	r = *ret_plain ? read_members(reader, ret, err) : read_for(reader, "}", err);
	reader->lines = lines;
	return r;
}

static size_t digits(const struct hcl_reader *reader, size_t from)
{
	size_t left = (size_t)(reader->end - reader->at);
	size_t at = from;

	while (at < left && reader->at[at] >= '0' && reader->at[at] <= '9')
		at++;
	return at - from;
}

/* The sign of an exponent belongs to it only with a digit behind. */
static size_t number_length(const struct hcl_reader *reader)
{
	size_t left = (size_t)(reader->end - reader->at);
	size_t length = digits(reader, 0);
	size_t sign = 0;

	if (length < left && reader->at[length] == '.' && digits(reader, length + 1) > 0)
		length += 1 + digits(reader, length + 1);
	if (length >= left || (reader->at[length] != 'e' && reader->at[length] != 'E'))
		return length;
	if (length + 1 < left && (reader->at[length + 1] == '+' || reader->at[length + 1] == '-'))
		sign = 1;
	if (digits(reader, length + 1 + sign) > 0)
		length += 1 + sign + digits(reader, length + 1 + sign);
	return length;
}

static int read_number(struct hcl_reader *reader, struct gk_hcl *ret, struct gk_error *err)
{
	size_t length = number_length(reader);

	ret->kind = GK_HCL_NUMBER;
	if (hcl_set_text(ret, reader->at, reader->at + length, err) < 0)
		return -1;
	hcl_skip(reader, length);
	return 0;
}

/* Behind the ( of a call. */
static int read_arguments(struct hcl_reader *reader, struct gk_error *err)
{
	bool lines = reader->lines;

	reader->lines = false;
	if (hcl_skip_space(reader, err) < 0)
		return -1;
	while (!hcl_take(reader, ")")) {
		if (pass_expression(reader, err) < 0)
			return -1;
		if (hcl_at(reader, "...") && pass(reader, "...", err) < 0)
			return -1;
		if (!hcl_at(reader, ")") && !hcl_take(reader, ","))
			return hcl_expected(reader, ", or ) expected", err);
		if (hcl_skip_space(reader, err) < 0)
			return -1;
	}
	reader->lines = lines;
	return 0;
}

/* A call, if ( comes next. */
static int read_call(struct hcl_reader *reader, struct gk_error *err)
{
	struct hcl_reader ahead = *reader;

	if (hcl_skip_space(&ahead, err) < 0)
		return -1;
	if (!hcl_take(&ahead, "("))
		return 0;
	*reader = ahead;
	return read_arguments(reader, err);
}

static int read_word(struct hcl_reader *reader, struct gk_hcl *ret, bool *ret_plain,
		     struct gk_error *err)
{
	size_t length = hcl_identifier(reader);

	*ret_plain = true;
	ret->kind = hcl_at_word(reader, "null") ? GK_HCL_NULL : GK_HCL_BOOL;
	if (!hcl_at_word(reader, "true") && !hcl_at_word(reader, "false") &&
	    !hcl_at_word(reader, "null"))
		*ret_plain = false;
	if (hcl_set_text(ret, reader->at, reader->at + length, err) < 0)
		return -1;
	hcl_skip(reader, length);
	while (!*ret_plain && hcl_at(reader, "::"))
		if (pass(reader, "::", err) < 0 || pass_identifier(reader, err) < 0)
			return -1;
	return *ret_plain ? 0 : read_call(reader, err);
}

static int read_group(struct hcl_reader *reader, struct gk_error *err)
{
	bool lines = reader->lines;

	hcl_skip(reader, 1);
	reader->lines = false;
	if (pass_expression(reader, err) < 0)
		return -1;
	reader->lines = lines;
	return hcl_take(reader, ")") ? 0 : hcl_expected(reader, ") expected", err);
}

static int read_primary(struct hcl_reader *reader, struct gk_hcl *ret, bool *ret_plain,
			struct gk_error *err)
{
	char c = hcl_peek(reader);

	*ret_plain = true;
	if (c == '"')
		return hcl_read_quoted(reader, ret, err);
	if (hcl_at(reader, "<<"))
		return hcl_read_heredoc(reader, ret, err);
	if (c == '[')
		return read_list(reader, ret, ret_plain, err);
	if (c == '{')
		return read_object(reader, ret, ret_plain, err);
	if (c >= '0' && c <= '9')
		return read_number(reader, ret, err);
	if (hcl_identifier(reader) > 0)
		return read_word(reader, ret, ret_plain, err);
	*ret_plain = false;
	return c == '(' ? read_group(reader, err) : hcl_expected(reader, "a value expected", err);
}

/* Behind [: an index or *. */
static int read_index(struct hcl_reader *reader, struct gk_error *err)
{
	bool lines = reader->lines;
	int r = 0;

	reader->lines = false;
	if (hcl_skip_space(reader, err) < 0)
		return -1;
	r = hcl_at(reader, "*") ? pass(reader, "*", err) : pass_expression(reader, err);
	if (r < 0)
		return -1;
	reader->lines = lines;
	return hcl_take(reader, "]") ? 0 : hcl_expected(reader, "] expected", err);
}

/* Behind a dot: a name, a number or *. */
static int read_member_of(struct hcl_reader *reader, struct gk_error *err)
{
	size_t length = 0;

	if (hcl_skip_space(reader, err) < 0)
		return -1;
	length = hcl_identifier(reader);
	if (length == 0)
		length = digits(reader, 0);
	if (length == 0 && hcl_at(reader, "*"))
		length = 1;
	if (length == 0)
		return hcl_expected(reader, "a name expected", err);
	hcl_skip(reader, length);
	return 0;
}

/* A value and what is looked up in it. *end is where it ends: space behind it is skipped. */
static int read_term(struct hcl_reader *reader, struct gk_hcl *ret, bool *ret_plain,
		     const char **ret_end, struct gk_error *err)
{
	if (read_primary(reader, ret, ret_plain, err) < 0)
		return -1;
	for (;;) {
		int r = 0;

		*ret_end = reader->at;
		if (hcl_skip_space(reader, err) < 0)
			return -1;
		if (!hcl_at(reader, "...") && hcl_take(reader, "."))
			r = read_member_of(reader, err);
		else if (hcl_take(reader, "["))
			r = read_index(reader, err);
		else
			return 0;
		if (r < 0)
			return -1;
		*ret_plain = false;
	}
}

static bool take_operator(struct hcl_reader *reader)
{
	if (hcl_at_line_end(reader))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(operators); i++)
		if (hcl_take(reader, operators[i]))
			return true;
	return false;
}

/* Terms with operators between and signs in front: which binds first does not matter here. */
static int read_operation(struct hcl_reader *reader, struct gk_hcl *ret, bool *ret_plain,
			  const char **ret_end, struct gk_error *err)
{
	bool alone = true;
	bool more = true;

	while (more) {
		_cleanup_(gk_hcl_done) struct gk_hcl other = {0};
		bool plain = true;

		if (hcl_skip_space(reader, err) < 0)
			return -1;
		while (hcl_take(reader, "-") || hcl_take(reader, "!")) {
			alone = false;
			if (hcl_skip_space(reader, err) < 0)
				return -1;
		}
		if (read_term(reader, alone ? ret : &other, &plain, ret_end, err) < 0)
			return -1;
		more = take_operator(reader);
		alone = alone && plain && !more;
	}
	*ret_plain = alone;
	return 0;
}

int hcl_read_expression(struct hcl_reader *reader, struct gk_hcl *ret, struct gk_error *err)
{
	const char *start = reader->at;
	const char *end = NULL;
	bool plain = true;

	if (hcl_enter(reader, err) < 0 || read_operation(reader, ret, &plain, &end, err) < 0)
		return -1;
	if (hcl_take(reader, "?")) {
		if (pass_expression(reader, err) < 0 || pass(reader, ":", err) < 0 ||
		    pass_expression(reader, err) < 0)
			return -1;
		plain = false;
		end = reader->at;
	}
	reader->depth--;
	return plain ? 0 : become_expression(ret, start, end, err);
}
