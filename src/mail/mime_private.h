/* What the mime_*.c files share: a header field while it is being written. */
#ifndef MAIL_MIME_PRIVATE_H
#define MAIL_MIME_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

/* RFC 5322 2.1.1 recommends 78 columns, RFC 2047 2 demands 76 of a line with
 * an encoded word: one limit for both. */
enum { MIME_LINE_BYTES = 76 };
/* The longest word that stands unbroken, so that with the longest field name
 * no line reaches RFC 5322's 998. */
enum { MIME_WORD_BYTES = 900 };

struct mime_field {
    struct buffer *out;
    size_t column;
    bool has_word;
};

void mime_field_begin(struct mime_field *field, struct buffer *out, const char *name);
/* A space and then `word`, which is never broken; the line is folded at the
 * space when the word does not fit. The first word stays behind the colon: a
 * line with nothing but a field name is legal, and lost by some readers. */
void mime_field_add_word(struct mime_field *field, struct view word);
void mime_field_end(struct mime_field *field);
/* Bytes that a word may have to still stand on this line. */
size_t mime_field_room(const struct mime_field *field);

/* `text`, which is clean UTF-8 and not empty, as RFC 2047 encoded words that
 * are good in a text and in a phrase. */
void mime_field_add_encoded(struct mime_field *field, struct view text);
/* `phrase` (clean) as atoms, a quoted string or encoded words (RFC 5322 3.2.5). */
void mime_field_add_phrase(struct mime_field *field, struct view phrase);

/* One line of clean UTF-8 without blanks at its ends: `text` itself, or a copy
 * that `scratch` holds. The caller frees `scratch` in any case. */
struct view mime_clean_text(struct view text, struct buffer *scratch);

bool mime_is_printable(struct view text);    /* ASCII, blanks included */
bool mime_is_atom(struct view text);         /* atext only, not empty */
bool mime_is_dot_atom(struct view text);     /* atoms between single dots */
bool mime_has_encoded_mark(struct view text); /* "=?", which a reader may take for a start */
/* `text` in double quotes, with backslashes where needed. */
void mime_add_quoted(struct buffer *out, struct view text);

#endif
