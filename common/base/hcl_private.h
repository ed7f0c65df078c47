/*
 * What the files of the HCL reader share. A reader stands at a character; every read_… begins where
 * its construct begins and ends right behind it.
 */
#ifndef GK_BASE_HCL_PRIVATE_H
#define GK_BASE_HCL_PRIVATE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/hcl.h"

struct hcl_reader {
	const char *at, *end;
	const char *source;
	int line;
	int depth;    /* of blocks, brackets and templates */
	size_t nodes; /* made so far */
	bool lines;   /* a line end ends an expression; not so within ( ) and [ ] */
};

int hcl_wrong(const struct hcl_reader *reader, const char *what, struct gk_error *err);
/* "a line end expected, not ]" */
int hcl_expected(const struct hcl_reader *reader, const char *what, struct gk_error *err);

int hcl_check_text(const char *text, size_t length, struct hcl_reader *reader,
		   struct gk_error *err);

/* The next character; '\0' at the end, where nothing else is NUL. */
char hcl_peek(const struct hcl_reader *reader);
bool hcl_at(const struct hcl_reader *reader, const char *text);
void hcl_skip(struct hcl_reader *reader, size_t bytes); /* counts lines */
/* Goes on if the text stands there. */
bool hcl_take(struct hcl_reader *reader, const char *text);

/* Blanks and comments; line ends too, unless they mean something. */
int hcl_skip_space(struct hcl_reader *reader, struct gk_error *err);
/* The same, line ends always too. */
int hcl_skip_lines(struct hcl_reader *reader, struct gk_error *err);
/* Whether a line ends here: a newline, a comment up to it, the end of the text. */
bool hcl_at_line_end(const struct hcl_reader *reader);

/* Bytes of the identifier here; 0: there is none. */
size_t hcl_identifier(const struct hcl_reader *reader);
/* Whether the identifier here is this word. */
bool hcl_at_word(const struct hcl_reader *reader, const char *word);

/* A further item; NULL beyond the ceiling. */
struct gk_hcl *hcl_add(struct hcl_reader *reader, struct gk_hcl *parent, struct gk_error *err);
int hcl_enter(struct hcl_reader *reader, struct gk_error *err); /* one deeper */
int hcl_set_text(struct gk_hcl *node, const char *start, const char *end, struct gk_error *err);

int hcl_read_expression(struct hcl_reader *reader, struct gk_hcl *ret, struct gk_error *err);
int hcl_read_quoted(struct hcl_reader *reader, struct gk_hcl *ret, struct gk_error *err);
int hcl_read_heredoc(struct hcl_reader *reader, struct gk_hcl *ret, struct gk_error *err);
int hcl_read_whole(struct hcl_reader *reader, struct gk_hcl *ret, struct gk_error *err);

#endif
