/* UTF-8, strictly (RFC 3629, 4). */
#ifndef GK_BASE_UTF8_H
#define GK_BASE_UTF8_H

#include <stddef.h>

/* Length of the character at `text`, where `left` bytes (at least one) are; 0 if none stands there:
 * an overlong form, a surrogate, a number beyond U+10FFFF, a character that is cut. */
size_t gk_utf8_length(const char *text, size_t left);

#endif
