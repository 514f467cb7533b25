/* Mails of ours that came back after a relay had taken them. Each digest's envelope says
 * by its token on which day it was sent; from these days and from those on which digests
 * were sent follows how an address fares. */
#ifndef STORE_BOUNCES_H
#define STORE_BOUNCES_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

enum bounce_kind {
    RETURNED_DEAD,  /* it said that the address is dead */
    RETURNED_SOFT,  /* the mailbox or its server could not take it */
    RETURNED_POLICY /* it was not wanted: such a day says nothing about the address */
};

enum { BOUNCE_DAYS = 60 /* older ones do not count */ };

struct returned_mail {
    const char *address;
    int64_t sent_day; /* days since 1970 */
    enum bounce_kind kind;
    const char *evidence;
    int64_t now_utc;
};

struct bounce_policy {
    int hard; /* so many days in a row that ended in RETURNED_DEAD */
    int soft; /* a score: + 1 for each day that ended in RETURNED_SOFT or DEAD, - 1 for each that
                 did not, never below 0 */
};

struct bounce_standing {
    int dead_in_a_row;
    int soft_score;
    bool is_over; /* either has reached its limit */
};

/* Notes one (a day's worst counts) and gives how the address stands. */
int bounce_note(struct store *store, const struct returned_mail *mail,
                const struct bounce_policy *policy, struct bounce_standing *ret_standing,
                struct error *error);
/* It is mailed again: what was is forgotten. */
int bounce_forget(struct store *store, const char *address, struct error *error);
int bounce_prune(struct store *store, int64_t before_utc, struct error *error);

#endif
