/* Which mails of the inbox were dealt with: written with what they did, before they are
 * moved to a folder, so that a mail that is found again acts no second time. And what a
 * mail is about to write into a file, which no transaction holds. */
#ifndef STORE_MAIL_LOG_H
#define STORE_MAIL_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "store/store.h"

enum { MAIL_HASH_TEXT_BYTES = 65, MAIL_LOG_DAYS = 60 };

/* Where a mail stands. `hash` in hexadecimal, of all that was fetched of it. */
struct mail_place {
    const char *mailbox;
    uint32_t validity;
    uint32_t uid;
    const char *hash;
};

/* The folder that it belongs to, when it was dealt with: these bytes under its UID, or, when
 * the UIDVALIDITY is another since, under any. NULL: it was not. A server that was restored
 * or wiped may give a UID again. In the arena. */
int mail_log_find(struct store *store, const struct mail_place *place, struct arena *arena,
                  const char **ret_folder, struct error *error);
/* First in the transaction of what it does; replaces what another mail left under the UID.
 * `*ret_is_new` is false when another process has dealt with it meanwhile. */
int mail_log_add(struct store *store, const struct mail_place *place, const char *folder,
                 int64_t now_utc, bool *ret_is_new, struct error *error);
int mail_log_prune(struct store *store, int64_t before_utc, struct error *error);

/* A profile's document that is going to be replaced. */
struct mail_intent {
    const char *address;
    struct view before; /* hashes (subscribers/folder.h); empty: there was none */
    struct view after;
    struct view document; /* the one before */
};
/* Replaces what there was of this mail. In a transaction of its own. */
int mail_intent_put(struct store *store, const char *hash, const struct mail_intent *intent,
                    int64_t now_utc, struct error *error);
int mail_intent_find(struct store *store, const char *hash, struct arena *arena,
                     struct mail_intent *ret_intent, bool *ret_found, struct error *error);
int mail_intent_drop(struct store *store, const char *hash, struct error *error);

/* What the owner is to know; told once a day. */
int inbox_event_add(struct store *store, const char *text, int64_t now_utc, struct error *error);
/* Appends a line each, oldest first, and forgets them. */
int inbox_event_take(struct store *store, struct buffer *ret_lines, size_t *ret_count,
                     struct error *error);
/* Those with this address anywhere are not told. */
int inbox_event_forget(struct store *store, const char *address, struct error *error);

#endif
