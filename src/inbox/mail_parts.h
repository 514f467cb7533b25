/* What the files that take a mail apart share. Private to src/inbox. */
#ifndef INBOX_MAIL_PARTS_H
#define INBOX_MAIL_PARTS_H

#include "inbox/mail.h"

/* Bytes of a character set, as its name was written, as clean UTF-8 with LF line ends.
 * A name that is unknown, missing or untrue gives what the bytes look like: UTF-8, else
 * Windows-1252. In `arena`. */
struct view mail_to_utf8(struct arena *arena, struct view charset, struct view bytes);

/* RFC 2047: a field's value with its encoded words decoded; one line. */
struct view mail_decode_words(struct arena *arena, struct view value);

/* A parameter's value: as libetpan read it, which leaves encoded words and RFC 2231's
 * percent signs as they are. */
struct view mail_decode_parameter(struct arena *arena, struct view value);

#endif
