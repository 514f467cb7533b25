/* All that one store knows put into another, empty one, of whatever kind: so a site goes
 * from a file to a database, or back. Called by subscriber import. */
#ifndef STORE_TAKEOVER_H
#define STORE_TAKEOVER_H

#include <stdint.h>

#include "base/error.h"
#include "store/store.h"

struct taken_over {
    int64_t editions;
    int64_t papers;
    int64_t profiles;
    int64_t suppressions;
    int64_t deliveries;
};

/* As of one moment, and whole or not at all. Left out is only what can be worked out
 * again (derived.h). Kind conflict when `to` has anything already; temporary when a
 * worker holds deliveries of `from`, which would send them once more. Neither inside a
 * transaction. `from` stays as it is, and nobody writes to a file of SQLite's meanwhile. */
int store_take_over(struct store *to, struct store *from, int64_t now_utc,
                    struct taken_over *ret_taken, struct error *error);

#endif
