/* Limits that hold over all workers of a store and over restarts. Three kinds, each
 * under a scope of the caller's naming: so many in any hour, so many a second, so
 * many at a time. What is taken counts as used unless it is given back, so that a
 * worker that dies never lets a limit be exceeded.
 *
 * Instants are wall clocks', which may jump; nothing here waits longer for it than
 * the limit's own span. What a clock that was ahead has written is taken as written
 * just now. Clocks of several machines that differ let a limit be off by as much. */
#ifndef STORE_RATES_H
#define STORE_RATES_H

#include <stdint.h>

#include "base/error.h"
#include "store/store.h"

enum {
    RATE_PORTION_MS = 60 * 1000, /* what was taken of an hour's limit is to be used within it */
    RATE_WAIT_MAX_MS = 62 * 60 * 1000,
    RATE_SLOTS_LEASE_MS = 90 * 1000,
    RATE_KEEP_MINUTES = 24 * 60
};

/* What was got, or when it is worth asking again. */
struct rate_grant {
    int64_t count;   /* 0: nothing */
    int64_t minute;  /* per hour: for giving back */
    int64_t start_us; /* per second: the i-th may begin at start_us + i * interval_us */
    int64_t wait_ms; /* with count 0: at least 1 */
};

/* Up to `want` of `per_hour`, of which no more than that many are used in any 3600
 * seconds: by minutes, of which the 62 that such an hour and a portion's age can
 * touch are counted. */
int rate_take(struct store *store, const char *scope, int64_t per_hour, int64_t want,
              int64_t now_ms, struct rate_grant *ret_grant, struct error *error);
/* What was not used. Nothing happens when its minute is gone. */
int rate_give_back(struct store *store, const char *scope, int64_t minute, int64_t count,
                   struct error *error);

/* The next `count` instants, `interval_us` apart, beginning now; or nothing, while the
 * instants that others have reserved are not over. */
int rate_reserve(struct store *store, const char *scope, int64_t interval_us, int64_t count,
                 int64_t now_ms, struct rate_grant *ret_grant, struct error *error);

/* Sets how many of `limit` the holder has: `want`, or as many as others leave, under a lease.
 * Want 0 gives them back. */
int rate_take_slots(struct store *store, const char *scope, const char *holder, int64_t limit,
                    int64_t want, int64_t now_ms, int64_t *ret_slots, struct error *error);
/* All leases of the holder, whatever their scope: until now + RATE_SLOTS_LEASE_MS, or
 * given back. */
int rate_renew_slots(struct store *store, const char *holder, int64_t now_ms, struct error *error);
int rate_drop_slots(struct store *store, const char *holder, struct error *error);

/* Drops what counts no more. */
int rate_prune(struct store *store, int64_t now_ms, struct error *error);

#endif
