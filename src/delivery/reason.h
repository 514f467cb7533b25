/* Why a mail was not taken, in one word, from what a mail server said. The words
 * are those of the bounce analyser Sisimai. Used for the relay's replies and for
 * what bounces quote; pure, and safe with any bytes.
 *
 * Servers say the same thing in many ways, and what they put in numbers is often
 * wrong. Phrases come first, the most telling first (reason_table.c), then the
 * enhanced status code (RFC 3463), then the reply code. A reason that means a dead
 * address is given only for words or numbers that say so: policy, block lists,
 * spam and authentication win over them. */
#ifndef DELIVERY_REASON_H
#define DELIVERY_REASON_H

#include <stdbool.h>

#include "base/bytes.h"

enum bounce_reason {
    REASON_UNDEFINED, /* nothing to tell by */
    REASON_AUTHFAILURE, REASON_BADREPUTATION, REASON_BLOCKED, REASON_CONTENTERROR,
    REASON_EXCEEDLIMIT, REASON_EXPIRED, REASON_FAILEDSTARTTLS, REASON_FILTERED, REASON_HASMOVED,
    REASON_HOSTUNKNOWN, REASON_MAILBOXFULL, REASON_MAILERERROR, REASON_MESGTOOBIG,
    REASON_NETWORKERROR, REASON_NORELAYING, REASON_NOTACCEPT, REASON_NOTCOMPLIANTRFC,
    REASON_ONHOLD, REASON_POLICYVIOLATION, REASON_REJECTED, REASON_REQUIREPTR,
    REASON_SECURITYERROR, REASON_SPAMDETECTED, REASON_SPEEDING, REASON_SUPPRESSED, REASON_SUSPEND,
    REASON_SYNTAXERROR, REASON_SYSTEMERROR, REASON_SYSTEMFULL, REASON_TOOMANYCONN,
    REASON_USERUNKNOWN, REASON_VIRUSDETECTED,
    /* What a report says that is no refusal: no text gives these. */
    REASON_DELIVERED, REASON_FEEDBACK,
    REASON_COUNT
};

const char *reason_name(enum bounce_reason reason); /* "userunknown" */
bool reason_parse(struct view name, enum bounce_reason *ret_reason);

/* Only these say that the address is dead and count towards suppression:
 * userunknown, hostunknown, hasmoved. */
bool reason_means_dead(enum bounce_reason reason);

enum { REASON_TEXT_BYTES = 2048 }; /* what is looked at of a text */

/* What was said. Any part may be missing: empty, 0, NULL. */
struct reason_reply {
    const char *stage;    /* as in struct delivery_result; NULL or "": not known */
    int code;             /* 550 */
    struct view enhanced; /* "5.1.1" */
    struct view text;     /* with or without the codes in it */
};
enum bounce_reason reason_of_reply(const struct reason_reply *reply);
/* Only what the words say, the numbers being no more than a help to understand them;
 * REASON_UNDEFINED: nothing. */
enum bounce_reason reason_of_words(const struct reason_reply *reply);

/* Finds the numbers in a quoted text, as in "smtp; 550-5.1.1 …" or
 * "host x said: 550 … (#5.1.1)". Stage is left NULL; `text` is borrowed. */
struct reason_reply reason_read_text(struct view text);

/* Whether a temporary refusal asks for time and not for an end:
 * greylisting passes when the same mail comes again after some minutes; a rate
 * that was exceeded (Gmail 4.7.28, Outlook 4.7.65x, Yahoo TS, too many connections)
 * passes when less is sent. */
enum reason_patience { PATIENCE_NONE, PATIENCE_GREYLISTED, PATIENCE_RATE };
enum reason_patience reason_patience_of(const struct reason_reply *reply);

#endif
