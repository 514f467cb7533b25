/* A subscriber who gets their mail at another address from now on: what was sent and
 * shown, and how their profile was, go with them; suppressions do not. Links in digests
 * that they have keep acting for them. */
#ifndef STORE_MOVING_H
#define STORE_MOVING_H

#include <stdint.h>

#include "base/arena.h"
#include "store/store.h"

/* One transaction, or the caller's. What is under way to the old address is left there. */
int subscriber_move(struct store *store, const char *from, const char *to, int64_t now_utc,
                    struct error *error);
/* Where somebody with this old address is now, in the arena; `address` itself when they
 * have not moved. */
int subscriber_where(struct store *store, const char *address, struct arena *arena,
                     const char **ret_address, struct error *error);
/* Somebody else is at this address now, or the same person again: it is no old one any
 * more. Who came to it and went on is followed to where they went. */
int moved_forget(struct store *store, const char *address, struct error *error);
/* Each old address. */
typedef int moved_visit(void *user, const char *address);
int moved_each(struct store *store, moved_visit *visit, void *user, struct error *error);
/* Each from which `address` is reached. */
int moved_each_from(struct store *store, const char *address, moved_visit *visit, void *user,
                    struct error *error);

#endif
