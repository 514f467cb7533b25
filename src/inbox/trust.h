/* Who says that a mail is from whom it says: the Authentication-Results that our own
 * mail server wrote (RFC 8601). Pure. */
#ifndef INBOX_TRUST_H
#define INBOX_TRUST_H

#include <stdbool.h>

#include "inbox/mail.h"

/* Whether the mail's one From address is proven: the topmost Authentication-Results is of
 * `authserv_id`, and in it dmarc=pass for the From domain, or a DKIM signature or an SPF
 * sender that passed and is aligned with it: of the same organisational domain (RFC 7489
 * 3.1, relaxed). Without an id nothing is. `ret_why`, in words, when not NULL: "dmarc=pass",
 * "its first Authentication-Results is not of mx.example.org". */
bool trust_is_authentic(const struct mail *mail, struct view from, struct view authserv_id,
                        struct arena *arena, struct view *ret_why);

#endif
