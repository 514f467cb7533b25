/* Text into Markdown (CommonMark and GitHub's extensions) so that it stays text, and
 * Markdown of others so that it brings neither HTML nor links that act. Pure. */
#ifndef WEB_MARKDOWN_H
#define WEB_MARKDOWN_H

#include "base/bytes.h"

/* Appends the text on one line: line breaks become spaces, control characters go, and
 * nothing of it is markup, HTML, a reference to a character, a formula or a link, at the
 * beginning of a line as within one. */
void markdown_add_text(struct buffer *out, struct view text);

/* Appends Markdown that a model wrote: headings, lists, tables, code and formulas stay;
 * HTML is shown as it is written; links that are not to http(s) are none, and images are
 * links; blocks of code stand beside lists and quotes, and one that is open at the end is
 * closed, so that what follows stays outside. Ends in a line feed. */
void markdown_add_foreign(struct buffer *out, struct view markdown);

#endif
