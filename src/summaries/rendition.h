/* Markdown of a language model as HTML for mail and pages, and as plain text. The Markdown
 * is untrusted: whatever it holds, the HTML is well-formed, of the elements named here, and
 * leads nowhere but to http and https. Parsed by md4c (CommonMark with tables, struck text
 * and bare addresses as links); raw HTML is text, but <br> breaks the line. Pure.
 *
 * Formulas ($…$, $$…$$, \(…\), \[…\]) become readable by papers/tex.h; prices stay. Bold text
 * that ends in Chinese punctuation right before a character is bold, as models mean it and
 * CommonMark does not. A link whose text is the address of another host is none.
 *
 * Bounds: RENDITION_BYTES of Markdown are read, cut at a line; quotes and lists nest
 * RENDITION_DEPTH deep and are flat below; a table has RENDITION_COLUMNS columns, the others
 * are left out; what would grow out of proportion is cut. An ellipsis says that it was. */
#ifndef SUMMARIES_RENDITION_H
#define SUMMARIES_RENDITION_H

#include "base/bytes.h"

enum {
    RENDITION_BYTES = 32 * 1024,
    RENDITION_DEPTH = 8,
    RENDITION_COLUMNS = 16,
    RENDITION_OUT_BYTES = 384 * 1024, /* more than any of these functions adds */
    RENDITION_LEAST_WIDTH = 30
};

/* Appends complete blocks: p, h4 to h6 (the highest heading there is becomes h4), ul, ol
 * (with start), li, blockquote, pre, table, thead, tbody, tr, th, td, hr; and within them
 * strong, em, del, code, br, a (with href). Images become their alternative text. `style`
 * stands only where mail programs need it: borders of tables, wrapping of code, sizes of
 * headings. Nothing is appended when nothing is there to be shown. */
void rendition_add_html(struct buffer *out, struct view markdown);

/* The same without any `style`, for pages whose policy forbids it. */
void rendition_add_page_html(struct buffer *out, struct view markdown);

/* Appends lines of at most `width` columns (utf8_width; at least RENDITION_LEAST_WIDTH)
 * unless a single word is wider. Headings have a line of their own, items "- " or "1. " and
 * a hanging indent, quotes "> ", code stands four columns in, links are "text <address>".
 * A table is aligned columns, or where that is too wide an item per row: "a: b" of two
 * columns, "heading: cell" for each cell of more. Ends in a line feed, or is nothing. */
void rendition_add_text(struct buffer *out, struct view markdown, size_t width);

/* Appends all words on one line without markup and addresses: for a single sentence. */
void rendition_add_line(struct buffer *out, struct view markdown);

#endif
