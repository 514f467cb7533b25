/* Dead addresses, and domains that are held because too many of their recipients were
 * refused in one run: then it is likelier that something is wrong with the domain, or
 * with us, than that all of them have died. Domains are lower-case, without a dot at
 * their end. */
#ifndef STORE_HOLDS_H
#define STORE_HOLDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "store/store.h"

enum {
    HOLD_SECONDS = 6 * 3600,
    HOLD_RECIPIENTS_MIN = 20,
    /* A domain's run goes from so long before its first refusal to so long after its last. */
    HOLD_RUN_GAP_SECONDS = 3600
};

/* What deliveries that wait for a hold's end keep as their reply begins so. */
#define HOLD_REPLY_PREFIX "held: "

struct hold_policy {
    int hard;       /* refusals in a row that make an address dead */
    double percent; /* 0: no domain is held */
};

/* A digest that was refused for good; its delivery has its final state by now. */
struct refusal {
    int64_t delivery; /* when it is gone, its subscriber was erased and nothing is noted; 0: none */
    const char *address;
    const char *domain;
    bool is_dead;  /* for a reason that means a dead address */
    bool at_once;  /* and once is enough */
    const char *evidence;
    int64_t now_utc;
};

struct refusal_effect {
    bool is_suppressed; /* now, by this */
    bool is_held;       /* now, by this */
    int64_t recipients; /* with is_held: the domain's in this run, with those that still wait */
    int64_t failed;     /* of them, so far */
    int64_t lifted;     /* suppressions of this run that the hold took back */
    int64_t held_until_utc; /* 0: it is not held, neither now nor before */
};

/* One transaction (or the caller's): counts, suppresses, holds. While a domain is held
 * nobody of it is suppressed. */
int hold_note_refusal(struct store *store, const struct refusal *refusal,
                      const struct hold_policy *policy, struct refusal_effect *ret_effect,
                      struct error *error);

struct hold {
    const char *domain;
    int64_t since_utc;
    int64_t until_utc;
    int64_t failed;
    const char *evidence;
};
struct hold_list {
    struct arena *arena; /* owned */
    struct hold *items;
    size_t count;
};
/* Those that are held at `now_utc`, by domain. Free with hold_list_free; zeroed is fine. */
int hold_list(struct store *store, int64_t now_utc, struct hold_list *ret_list,
              struct error *error);
void hold_list_free(struct hold_list *list);

/* Ends it; what waits for it is due now, and how it fares is counted anew. */
int hold_release(struct store *store, const char *domain, int64_t now_utc, bool *ret_was_held,
                 struct error *error);

/* Addresses with refusals that are not suppressed yet: strings in `arena`, the array for
 * free(3). */
int dead_list_suspects(struct store *store, struct arena *arena, const char ***ret_addresses,
                       size_t *ret_count, struct error *error);
/* It takes mail. */
int dead_forget(struct store *store, const char *address, struct error *error);

/* What is older than `before_utc`. */
int hold_prune(struct store *store, int64_t before_utc, struct error *error);

#endif
