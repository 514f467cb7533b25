/* TeX as arXiv's titles, abstracts and author names contain it, made readable
 * Unicode: accents, letters, quotes and dashes of text; symbols, alphabets,
 * fractions, super- and subscripts of math. papers_add calls it for every text
 * that is shown or matched. It is no TeX: nothing is expanded or executed, and
 * a command it does not know stays as it was written, with its braces. */
#ifndef PAPERS_TEX_H
#define PAPERS_TEX_H

#include "base/bytes.h"

/* Adds `text` to `out` as Unicode in NFC where an accent was composed; other
 * Unicode stays as it is. Total on any bytes: valid UTF-8 in gives valid UTF-8
 * out, time is linear in text.size, recursion is bounded (braces nested deeper
 * than that stay as written), and it adds at most TEX_GROWTH bytes per byte of
 * text. It fails only through out->max.
 *
 * `$…$`, `$$…$$`, `\(…\)` and `\[…\]` are removed in pairs. A lone `$` stays, and
 * so does a pair that reads as prices: see tex_math.c for the rules. */
void tex_to_unicode(struct view text, struct buffer *out);

enum { TEX_GROWTH = 8 };

#endif
