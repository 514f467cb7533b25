/* Lines of plain text for mail: broken at blanks, and between wide East Asian
 * characters where a line may be broken. Pure. */
#ifndef DIGEST_WRAP_H
#define DIGEST_WRAP_H

#include "base/bytes.h"

/* Calls `see` for each line of `text`, at most `width` columns (utf8_width)
 * wide unless a single word, such as an address, is wider. White space and
 * line breaks in the text count as single blanks; nothing is called for an
 * empty text. A line is borrowed from `text` and may hold several blanks. */
void wrap_each_line(struct view text, size_t width, void (*see)(void *user, struct view line),
                    void *user);

/* The text up to the end of a word, at most `max_characters` long; the whole
 * text when it is short enough. The caller adds the ellipsis. */
struct view wrap_cut(struct view text, size_t max_characters);

#endif
