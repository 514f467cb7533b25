/* Which mails are answered, and which were written by a machine (RFC 3834, RFC 2369,
 * RFC 5230). Pure. */
#ifndef INBOX_MANNERS_H
#define INBOX_MANNERS_H

#include <stdbool.h>

#include "inbox/mail.h"

enum manners_kind {
    MANNERS_PERSON,     /* commands are read, answers are given */
    MANNERS_AUTO_REPLY, /* an out-of-office note and its like */
    MANNERS_LIST,       /* came over a mailing list */
    MANNERS_BULK,       /* Precedence: bulk, junk */
    MANNERS_OWN,        /* we wrote it */
    MANNERS_DAEMON,     /* of a mailer-daemon or with the null return path */
    MANNERS_NOBODY      /* no usable, or more than one, From */
};

/* `own`: addresses that are ours. `ret_why` in words, when not NULL. */
enum manners_kind manners_of(const struct mail *mail, const struct view own[], size_t own_count,
                             struct arena *arena, struct view *ret_why);

#endif
