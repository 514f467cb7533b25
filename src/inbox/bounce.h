/* What became of a mail, by what another mail says of it: a delivery status
 * notification (RFC 3464, 6533), what mail servers write in its stead, Amazon SES'
 * notifications, or a feedback report (RFC 5965). Nothing in it is believed here: who acts
 * on it asks for a token. Pure, any bytes.
 *
 * What the report's fields say counts before its text, and what a server said before what
 * the report concludes. Where nothing shows that an address is meant and not the mail, the
 * reason is one that leaves the address alive. */
#ifndef INBOX_BOUNCE_H
#define INBOX_BOUNCE_H

#include <stdbool.h>

#include "delivery/reason.h"
#include "inbox/mail.h"

enum bounce_action {
    BOUNCE_FAILED, BOUNCE_DELAYED, BOUNCE_DELIVERED, BOUNCE_RELAYED, BOUNCE_EXPANDED
};

enum { BOUNCE_RECIPIENTS = 100, BOUNCE_TEXT_BYTES = 1000, BOUNCE_IDS = 20 };

struct bounce_recipient {
    struct view address; /* canonical, the final recipient; empty: the report does not say */
    enum bounce_action action; /* of a complaint delivered */
    /* "5.1.1"; made of class and reason where the mail has none (RFC 3463); empty only in a
     * complaint. */
    struct view status;
    /* Sisimai's hard bounce: the address itself is dead (reason_means_dead, or a domain that
     * takes no mail). Never of a delay. */
    bool permanent;
    enum bounce_reason reason;  /* REASON_DELIVERED, REASON_FEEDBACK where nothing was refused */
    struct view text;    /* what the server said, one line, at most BOUNCE_TEXT_BYTES */
};

struct bounce {
    struct bounce_recipient *recipients;
    size_t recipient_count;
    /* Of a complaint, in lower case: "abuse", "opt-out", …; empty: it is a bounce. "opt-out"
     * also for what a mail program sends by itself to a List-Unsubscribe address: a token
     * for that stays good. */
    struct view feedback_type;
    /* Message-IDs (left@right) of what it returns: in the head of the mail that is attached,
     * and when a mail server wrote the report quoted in its text. */
    struct view *returned_ids;
    size_t returned_id_count;
};

/* False: it is neither a bounce nor a complaint. Everything in the arena. */
bool bounce_read(const struct mail *mail, struct arena *arena, struct bounce *ret_bounce);

const char *bounce_action_name(enum bounce_action action); /* "failed" */

#endif
