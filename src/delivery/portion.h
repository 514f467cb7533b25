/* A worker's share of the limits that the store keeps (store/rates.h): taken in portions, so
 * that the store is asked once for many messages. For the gate. */
#ifndef DELIVERY_PORTION_H
#define DELIVERY_PORTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "store/store.h"

/* Of a limit per hour. Zeroed is none. */
struct portion {
    int64_t count; /* left */
    int64_t minute;
    int64_t taken_ms;
    int64_t asked_ms; /* when there was nothing, */
    int64_t opens_ms; /* and when there will be again */
};

/* Makes sure that there is one to be used at `now_ms`, or gives when to ask again in
 * `*ret_opens_ms` (0: there is). What got too old is given back and taken anew. */
int portion_fill(struct portion *portion, struct store *store, const char *scope,
                 int64_t per_hour, int64_t now_ms, int64_t *ret_opens_ms, struct error *error);
/* Uses one up, after portion_fill. */
void portion_use(struct portion *portion);
/* Admitted and not sent. */
void portion_unuse(struct portion *portion);
int portion_give_back(struct portion *portion, struct store *store, const char *scope,
                      struct error *error);

/* Of a limit per second: instants, each of which may be used for a moment. Zeroed is none. */
struct pacer {
    int64_t start_us;
    int64_t interval_us;
    int64_t count;
    int64_t next; /* index of the first that was not used */
    int64_t asked_ms;
    int64_t opens_ms;
};

/* As portion_fill; but uses the instant up when there is one. So it comes last. */
int pacer_take(struct pacer *pacer, struct store *store, const char *scope, double per_second,
               int64_t now_ms, int64_t *ret_opens_ms, struct error *error);

#endif
