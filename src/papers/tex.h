/* TeX as arXiv's titles, abstracts and author names contain it, made readable
 * Unicode: accents, letters, quotes and dashes of text; symbols, alphabets,
 * fractions, super- and subscripts of math. papers_add calls it for every text
 * that is shown or matched. It is no TeX: nothing is expanded or executed, and
 * a command it does not know stays as it was written, with its braces. */
#ifndef PAPERS_TEX_H
#define PAPERS_TEX_H

#include <stdbool.h>

#include "base/bytes.h"

/* Adds `text` to `out` as Unicode in NFC where an accent was composed; other
 * Unicode stays as it is. Total on any bytes: valid UTF-8 in gives valid UTF-8
 * out, time is linear in text.size, recursion is bounded (braces nested deeper
 * than that stay as written), and it adds at most TEX_GROWTH bytes per byte of
 * text. A text of which nothing would be left but blanks stays as it is. It
 * fails only through out->max.
 *
 * `$…$`, `$$…$$`, `\(…\)` and `\[…\]` are removed in pairs; a lone one stays. So
 * does a pair of `$` that reads as prices or as prose: three words in a row
 * between them; a number behind the first and a digit behind the second ("$5
 * and $10"), or a word and a blank before it; a number, "/" or ")" and a word
 * such as "per" or "and".
 *
 * Where it might not be TeX: `--` before a word is an option, `~` before a number
 * says "about", addresses stay as they are, outside formulas `^` takes a number
 * or a group and `_` a group only, and braces go only around a word or where
 * something inside was TeX. */
void tex_to_unicode(struct view text, struct buffer *out);
/* The same for a caller who has the text already: adds nothing and gives false
 * when nothing in it could be TeX. Most titles and names are like that. */
bool tex_to_unicode_if_any(struct view text, struct buffer *out);

enum { TEX_GROWTH = 8 };

#endif
