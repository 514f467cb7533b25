/* Text of a language model without what acts on the text around it. Pure. */
#ifndef SUMMARIES_CLEAN_H
#define SUMMARIES_CLEAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

/* Not to be shown as it is: controls but LF and TAB, what turns the direction of text
 * (UAX 9), characters without any width but joiners and variation selectors, tags,
 * annotations, line and paragraph separators, and what is no character. */
bool clean_drops(int32_t codepoint);

/* Adds `text` as valid UTF-8 without those characters; ill-formed bytes become U+FFFD, CRLF
 * and CR become LF, as U+2028 and U+2029 do, and of more than CLEAN_MARKS combining marks
 * in a row the rest goes. Returns how many bytes were ill-formed, about. */
size_t clean_add(struct buffer *out, struct view text);

enum { CLEAN_MARKS = 8 };

#endif
