/* What somebody has asked for by mail or on a page and has still to confirm: sign-ups, and
 * changes that nobody vouches for. Each once, within seven days, by a token whose scope is
 * its id (mail/token.h). */
#ifndef STORE_PENDING_H
#define STORE_PENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "store/store.h"

enum pending_kind { PENDING_SUBSCRIBE, PENDING_CHANGE, PENDING_ADDRESS, PENDING_FORGET };

enum { PENDING_SECONDS = 7 * 86400, PENDING_AGAIN_SECONDS = 86400, PENDING_ID_BYTES = 27 };

struct pending {
    const char *id;
    enum pending_kind kind;
    const char *address;
    const char *other;    /* of PENDING_ADDRESS: the new address; else NULL */
    const char *commands; /* lines as they were written */
    bool is_vouched;      /* whoever asked was who they said */
    int64_t created_utc;
    int64_t expires_utc;
    bool is_confirmed;       /* by `address` */
    bool is_other_confirmed; /* by `other` */
    bool is_done;
};

/* One with this id stays as it is. Inside the caller's transaction, if others are to know of
 * it at once (CHANGE_PENDING). */
int pending_add(struct store *store, const struct pending *pending, struct error *error);
/* Those of an address, or with it as `other`, that have not expired, newest first. In the
 * arena. */
int pending_list(struct store *store, const char *address, int64_t now_utc, struct arena *arena,
                 struct pending **ret_items, size_t *ret_count, struct error *error);
/* Whether somebody was asked at this address within PENDING_AGAIN_SECONDS and has not yet
 * confirmed. What anybody may ask for in another's name keeps the other from nothing: the
 * two are counted apart. */
int pending_was_asked(struct store *store, const char *address, bool is_vouched, int64_t now_utc,
                      bool *ret_asked, struct error *error);
/* Notes a confirmation: by `address`, or by `other`. */
int pending_confirm(struct store *store, const char *id, bool by_other, int64_t now_utc,
                    struct error *error);
/* `*ret_is_first` is false when it was done before. */
int pending_finish(struct store *store, const char *id, int64_t now_utc, bool *ret_is_first,
                   struct error *error);
/* Whose tokens may name one: each address once. */
typedef int pending_visit(void *user, const char *address);
int pending_each_address(struct store *store, int64_t now_utc, pending_visit *visit, void *user,
                         struct error *error);
int pending_prune(struct store *store, int64_t now_utc, struct error *error);

#endif
