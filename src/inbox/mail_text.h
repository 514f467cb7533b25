/* What the writer of a mail wrote in it now: the plain text of its first text part,
 * or of its HTML when there is no plain one, less signature and quotations. Pure. */
#ifndef INBOX_MAIL_TEXT_H
#define INBOX_MAIL_TEXT_H

#include "inbox/mail.h"

/* All that the mail itself says to a person, quotations included: parts that are shown
 * in place, of the outermost mail, in their order. In the arena. */
struct view mail_text_whole(const struct mail *mail, struct arena *arena);
/* Of a text, what comes before a signature, quoted lines and what introduces them.
 * Borrowed, or in the arena. */
struct view mail_text_own(struct view text, struct arena *arena);
/* HTML as plain text: blocks as lines, links as their text, quotations as "> " lines, a
 * line "--" before what is marked as a signature. */
struct view mail_text_of_html(struct view html, struct arena *arena);

#endif
