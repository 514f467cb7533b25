/* What planning wants to know of all subscribers, row by row in no order: a query
 * each instead of one per subscriber. `only` narrows each to one address; NULL: all.
 * Texts are the visitor's for the call, and it must not use the store. */
#ifndef STORE_EVERYBODY_H
#define STORE_EVERYBODY_H

#include "store/outbox.h"
#include "store/subscribers.h"

/* Perhaps more than once. */
typedef void everybody_suppressed(void *user, struct view address);
int everybody_each_suppressed(struct store *store, const char *only, everybody_suppressed *visit,
                              void *user, struct error *error);

typedef void everybody_seen(void *user, struct view address, const struct subscriber_seen *seen);
int everybody_each_seen(struct store *store, const char *only, everybody_seen *visit, void *user,
                        struct error *error);

/* The editions that digests with a slot of `from` or later have dealt with, as
 * outbox_editions_shown understands it. An earlier slot takes no edition of that day
 * or later. */
typedef void everybody_shown(void *user, struct view address, const struct edition_shown *editions,
                             size_t count);
int everybody_each_shown(struct store *store, const char *only, struct date from,
                         everybody_shown *visit, void *user, struct error *error);

#endif
