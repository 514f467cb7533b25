/* What became of a mail, by what another mail says of it: a delivery status
 * notification (RFC 3464), what mail servers write in its stead, or a feedback report
 * (RFC 5965). Nothing in it is believed here: who acts on it asks for a token. Pure,
 * any bytes. */
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
    struct view address; /* canonical; empty: the report does not say */
    enum bounce_action action;
    struct view status;  /* "5.1.1"; empty: it says none, and none follows from what it says */
    bool permanent;      /* Sisimai's hard bounce: the address itself is dead */
    enum bounce_reason reason;
    struct view text;    /* what the server said, one line, at most BOUNCE_TEXT_BYTES */
};

struct bounce {
    struct bounce_recipient *recipients;
    size_t recipient_count;
    struct view feedback_type; /* of a complaint: "abuse", "opt-out", …; empty: it is a bounce */
    /* Message-IDs (left@right) of what it returns: among its headers or quoted in its
     * text. */
    struct view *returned_ids;
    size_t returned_id_count;
};

/* False: it is neither a bounce nor a complaint. Everything in the arena. */
bool bounce_read(const struct mail *mail, struct arena *arena, struct bounce *ret_bounce);

const char *bounce_action_name(enum bounce_action action); /* "failed" */

#endif
