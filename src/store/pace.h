/* Whose turn it is to ask a service, over all processes and machines of one
 * store: one request at a time under a lease, starts at least an interval
 * apart, and nothing at all while an endpoint is to be left alone. In
 * milliseconds since 1970, by the callers' clocks; a row from a clock that was
 * minutes ahead is taken as never written. store/pace_keeper.h does the waiting. */
#ifndef STORE_PACE_H
#define STORE_PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "store/store.h"

enum {
    PACE_BACKOFF_FIRST_MS = 5 * 1000, /* doubled with every failure in a row, */
    PACE_BACKOFF_MAX_MS = 3600 * 1000, /* up to this */
    PACE_RETRY_AFTER_MAX_MS = 6 * 3600 * 1000, /* a longer Retry-After is not believed */
    PACE_CLOCK_SKEW_MS = 5 * 60 * 1000,
    PACE_REASON_BYTES = 256,
    PACE_HOLDER_BYTES = 160
};

struct pace_request {
    const char *service;  /* "arxiv": one lease and one interval for all its endpoints */
    const char *endpoint; /* "rss", "oai": each with a back-off of its own */
    const char *holder;   /* a name nobody else has */
    int64_t now_ms;
    int64_t interval_ms;
    int64_t lease_ms; /* longer than a request may last */
};

enum pace_state {
    PACE_CLAIMED,
    PACE_INTERVAL, /* the last request began too short a time ago */
    PACE_HELD,     /* another's request is under way */
    PACE_BACKOFF   /* Retry-After, or failures */
};

struct pace_turn {
    enum pace_state state;
    int64_t wait_ms; /* until it is worth asking again; 0 when claimed */
    int failures;    /* of the endpoint, in a row */
    int64_t failed_ms; /* when it failed last; 0: it did not */
    char holder[PACE_HOLDER_BYTES]; /* held: who */
    char reason[PACE_REASON_BYTES]; /* the last failure in words; "" for none */
};

int pace_claim(struct store *store, const struct pace_request *request,
               struct pace_turn *ret_turn, struct error *error);

enum pace_result { PACE_GOOD, PACE_FAILED, PACE_NOT_ASKED };

struct pace_outcome {
    enum pace_result result;
    int64_t now_ms;
    long retry_after_seconds; /* -1: not told */
    uint32_t random;          /* any 32 bits: the jitter */
    const char *why;          /* NULL for none */
};

/* Ends the lease of a holder that is known to be dead. */
int pace_free_holder(struct store *store, const char *service, const char *holder,
                     struct error *error);

/* Gives the lease back and keeps what was learnt of the endpoint, the latter
 * also when the lease ran out meanwhile. `request` is the one that claimed. */
int pace_release(struct store *store, const struct pace_request *request,
                 const struct pace_outcome *outcome, struct error *error);

/* How long to leave it alone after `failures` in a row (from 1): between half
 * and all of the capped doubling. Pure. */
int64_t pace_backoff_ms(int failures, uint32_t random);

/* What the endpoint's back-off is, without claiming: claimed when there is none. */
int pace_find_backoff(struct store *store, const struct pace_request *request,
                      struct pace_turn *ret_turn, struct error *error);

#endif
