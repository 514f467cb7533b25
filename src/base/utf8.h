/* UTF-8 where it enters and where it is measured. Text inside the program is
 * always valid UTF-8 without control characters; these functions make it so.
 * Case folding and normalisation come from utf8proc. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

/* Decodes the character at `at` and returns its length in bytes (1-4); an
 * ill-formed byte gives U+FFFD and 1. `at` must be below text.size. */
size_t utf8_decode(struct view text, size_t at, int32_t *ret_codepoint);
/* Writes 1-4 bytes and returns how many; 0 for a surrogate or a value past U+10FFFF. */
size_t utf8_encode(int32_t codepoint, char bytes[4]);
void utf8_add(struct buffer *buffer, int32_t codepoint);

bool utf8_is_valid(struct view text);
/* Adds `text` with ill-formed bytes as U+FFFD (one per maximal subpart, Unicode
 * chapter 3.9) and without C0, DEL and C1 controls; LF and TAB stay, CRLF and
 * CR become LF. Returns how many replacements and removals it made. */
size_t utf8_add_clean(struct buffer *buffer, struct view text);
/* The longest prefix of at most `max_bytes` that ends between characters. */
struct view utf8_prefix(struct view text, size_t max_bytes);
/* Columns on a terminal: 2 for wide East Asian characters, 0 for combining ones. */
size_t utf8_width(struct view text);
size_t utf8_length(struct view text); /* characters */

/* Adds `text` casefolded (Unicode full case folding) in NFC. */
void utf8_add_folded(struct buffer *buffer, struct view text);
/* Adds `text` in lower case as Python's str.lower has it: Unicode's full mapping,
 * a sigma at a word's end included. */
void utf8_add_lower(struct buffer *buffer, struct view text);

#endif
