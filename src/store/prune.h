/* What was kept for long enough and goes: old editions with the papers that no
 * other edition lists and their summaries, and deliveries that have ended. Called
 * by run, once a day. Each step is one transaction of bounded size, so that a kill
 * leaves the store whole and nobody waits long for it. */
#ifndef STORE_PRUNE_H
#define STORE_PRUNE_H

#include <stdint.h>

#include "base/clock.h"
#include "base/error.h"
#include "store/store.h"

enum { PRUNE_ROWS = 500 /* in one transaction; an edition goes whole */ };

struct prune_limits {
    struct date editions_before;    /* these go */
    int64_t deliveries_before_utc;  /* by when they were added */
};

struct pruned {
    int64_t editions;
    int64_t papers;
    int64_t deliveries;
};

/* `ret_pruned` is filled also on failure. */
int store_prune(struct store *store, const struct prune_limits *limits,
                struct pruned *ret_pruned, struct error *error);

#endif
