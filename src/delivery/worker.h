/* Works the outbox: claims deliveries, has each composed when a connection is free
 * to take it, and writes down what became of it. That a message begins, and how it
 * ended, is committed before anything more is done with it, but for all
 * connections together: several messages share a transaction. Memory grows with
 * the connections and not with the outbox. Called by send and run; knows no paper. */
#ifndef DELIVERY_WORKER_H
#define DELIVERY_WORKER_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/error.h"
#include "delivery/engine.h"
#include "delivery/gate.h"
#include "store/outbox.h"

enum compose_verdict {
    COMPOSE_MESSAGE,
    COMPOSE_SKIP, /* nothing to send: reason; `editions` given were looked through */
    COMPOSE_DEFER, /* not now: reason */
    COMPOSE_FAIL   /* never: reason */
};

/* What composing gives. All of it stays the composer's and must last until its
 * next call. */
struct composed {
    enum compose_verdict verdict;
    struct message message;
    const struct edition_shown *editions;
    size_t edition_count;
    struct view shown; /* kept with the delivery, unread (store/shown.h) */
    char reason[256];
};

struct worker_summary {
    int64_t sent;
    int64_t deferred;
    int64_t failed;
    int64_t skipped;
    int64_t uncertain;
    int64_t expired;
    int64_t left; /* to be tried later (outbox_count_left): of `only`, where it is given */
    /* Not 0: a limit lets nothing begin before, and so the work has ended. */
    int64_t wait_until_utc;
};

struct worker_options {
    const char *name; /* no other worker's: host, process id, start time */
    const char *only; /* this subscriber's deliveries and no others, also when recovering; NULL: all */
    enum uncertain_policy uncertain;
    size_t batch; /* claimed at a time; 0: 100 */
    struct gate_options limits; /* `holder` is the worker's name */

    /* `composed` comes zeroed. A delivery that has `editions` was composed before
     * and must show the same `shown`. -1 stops the work: the fault is not this
     * recipient's. Not called for deliveries that keep their message. */
    int (*compose)(void *user, const struct delivery *delivery, struct composed *ret_composed,
                   struct error *error);
    int64_t (*now)(void *user);
    int64_t (*now_ms)(void *user); /* the same clock, finer; NULL: `now` */
    uint32_t (*random)(void *user);
    /* After each delivery; `result` is NULL for one that was not tried. May be NULL. */
    void (*progress)(void *user, const struct worker_summary *summary,
                     const struct delivery *delivery, const struct delivery_result *result);
    /* What befell a relay, once; what the work waits for, as long as it does. In words;
     * either may be NULL. */
    void (*news)(void *user, const char *text);
    void (*waits)(void *user, const char *text);
    /* What was found of dead workers and expired mail, when there was any. May be NULL. */
    void (*recovered)(void *user, const struct outbox_recovered *recovered);
    /* Called before and after what began and how it ended is written down, so that workers
     * of one process can take turns where a store would make them sleep. May be NULL. */
    void (*writing)(void *user, bool begins);
    /* Waits so long before a store that is locked or full is asked again; NULL: sleeps. */
    void (*pause)(void *user, int seconds);
    void *user;
    /* Once set nothing more is begun; what is under way ends. NULL: never. */
    const volatile sig_atomic_t *stop;
};

/* Until nothing more is due, or stopped. -1 when no relay, the store or the
 * composer cannot go on: what is under way ends, what was claimed is released, and
 * `error` says why once. What became of a message is written down even when the store is out of
 * reach for a while, up to the end of the lease. `ret_summary` is filled either way. */
int worker_run(struct store *store, struct engine *engine,
               const struct worker_options *options, struct worker_summary *ret_summary,
               struct error *error);

#endif
