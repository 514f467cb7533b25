/* The pace of papers/polite.h kept in the store: waits for the turn, takes it
 * from the dead, and leaves an endpoint alone for as long as it asked for. Made by commands, one per
 * endpoint, on the store handle of the thread that fetches; no transaction may
 * be open on it meanwhile. */
#ifndef STORE_PACE_KEEPER_H
#define STORE_PACE_KEEPER_H

#include "base/timer.h"
#include "papers/polite.h"
#include "store/pace.h"

enum {
    PACE_KEEPER_PATIENCE_MS = 30 * 1000,      /* the longest back-off that a run waits for */
    PACE_KEEPER_QUEUE_MS = 10 * 60 * 1000,    /* likewise for others' requests */
    PACE_KEEPER_LOOK_MS = 250,                /* how often a held turn is looked at again */
    PACE_KEEPER_LEASE_MS = HTTP_DEADLINE_MS + 60 * 1000
};

struct pace_keeper {
    struct store *store;
    const char *service;  /* borrowed */
    const char *endpoint; /* borrowed */
    char holder[PACE_HOLDER_BYTES];
    int64_t interval_ms;
    int64_t lease_ms;
    struct timer clock; /* now_ms since 1970 in UTC: timer_wall(), or a test's */
    uint32_t (*random)(void *user);
    void *user;
    /* Set behind init by who cannot wait for ever: asked before a turn is taken, and while it
     * is waited for, with `over_user`; true: kind temporary. NULL: never over. */
    bool (*is_over)(void *over_user);
    void *over_user;
};

/* For "arxiv" and its endpoint ("rss", "oai", "pdf"), with a lease of
 * PACE_KEEPER_LEASE_MS. `clock` and `random` are as in the struct. */
void pace_keeper_init(struct pace_keeper *keeper, struct store *store, const char *endpoint,
                      int64_t interval_ms, struct timer clock, uint32_t (*random)(void *user),
                      void *user);
/* Borrows the keeper. */
struct polite_pace pace_keeper_pace(struct pace_keeper *keeper);

#endif
