/* What the store has learned about addresses: when a subscriber was first
 * seen, and who is not to be mailed. Preferences are in the profile and only
 * there. Addresses are the ASCII-lowercased identity. */
#ifndef STORE_SUBSCRIBERS_H
#define STORE_SUBSCRIBERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "store/store.h"

struct subscriber_seen {
    int64_t first_seen_utc;
    struct date first_edition; /* the latest edition at first sight; zero: there was none */
};

/* Notes the subscriber when it is new; gives what was noted first. */
int subscriber_see(struct store *store, const char *address, int64_t now_utc,
                   struct date latest_edition, struct subscriber_seen *ret_seen,
                   struct error *error);
/* Notes those of many that are new, inside store_begin. */
int subscriber_see_many(struct store *store, const char *const addresses[], size_t count,
                        int64_t now_utc, struct date latest_edition, struct error *error);

/* Weakest first. An address may be suppressed for several reasons at once. A
 * digest is stopped by any of them; answers and confirmations, which somebody
 * has just asked for, only by the last two. */
enum suppression_reason {
    SUPPRESSION_UNSUBSCRIBED, SUPPRESSION_BOUNCED, SUPPRESSION_OWNER, SUPPRESSION_COMPLAINED,
    SUPPRESSION_REASONS
};

struct suppression {
    const char *address;
    enum suppression_reason reason;
    int64_t since_utc;
    const char *evidence; /* "550 5.1.1 …"; NULL for none */
};

struct suppression_list {
    struct arena *arena; /* owned */
    struct suppression *items;
    size_t count;
};

const char *suppression_reason_name(enum suppression_reason reason); /* "unsubscribed" */

/* Also skips what the outbox still holds for the address. The same reason again
 * keeps the first time and evidence. */
int suppression_add(struct store *store, const struct suppression *suppression,
                    struct error *error);
int suppression_lift(struct store *store, const char *address, enum suppression_reason reason,
                     bool *ret_was_there, struct error *error);
/* The strongest reason; evidence is cut to the array. */
struct suppression_found {
    bool found;
    enum suppression_reason reason;
    int64_t since_utc;
    char evidence[512];
};
int suppression_find(struct store *store, const char *address,
                     struct suppression_found *ret_found, struct error *error);
/* By address, each with all its reasons. */
int suppression_list_all(struct store *store, struct suppression_list *ret_list,
                         struct error *error);
void suppression_list_free(struct suppression_list *list); /* zeroed is fine */
int suppression_count(struct store *store, int64_t *ret_addresses, struct error *error);

#endif
