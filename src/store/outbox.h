/* The outbox: one row per delivery, unique by (kind, subscriber, slot), and the
 * only way to change its state. Workers claim batches under a lease; several
 * may work on one outbox, in threads, processes or machines. Every change is
 * committed before the call returns (unless inside store_begin).
 *
 * A worker's call on a delivery that another has taken over meanwhile, because
 * its lease ran out, is kind conflict and changes nothing. */
#ifndef STORE_OUTBOX_H
#define STORE_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "store/delivery_state.h"
#include "store/store.h"

enum { OUTBOX_LEASE_SECONDS = 300, OUTBOX_CLAIM_MAX = 1000, OUTBOX_EDITIONS_MAX = 64 };

struct delivery_request {
    enum delivery_kind kind;
    const char *subscriber; /* the address it goes to */
    const char *slot;       /* what makes it one: the due time, an edition's date, an answer's token */
    int64_t created_utc;
    int64_t not_before_utc;
    int64_t expires_utc;
    /* A message made in advance is kept and sent as it is; empty: it is composed
     * when its turn comes. */
    struct view message;
    const char *envelope_sender; /* with a message only; "" is the null sender */
};

/* An edition that a digest has dealt with, and how many of its papers there
 * were: what stands behind them came later. */
struct edition_shown {
    struct date date;
    size_t papers; /* SIZE_MAX: all there will ever be, for a row that does not say */
};

/* Strings and arrays live in the batch's arena. */
struct delivery {
    int64_t id;
    enum delivery_kind kind;
    enum delivery_state state;
    const char *subscriber;
    const char *slot;
    int64_t not_before_utc;
    int64_t expires_utc;
    int attempts;   /* begun so far */
    bool has_message;
    const char *envelope_sender;
    /* Empty until it was composed once; then a retry shows the same. */
    const struct edition_shown *editions;
    size_t edition_count;
    struct view shown; /* see shown.h */
    const char *worker;
    bool may_have_begun; /* whether a begin was committed is not known: it may be done again */
};

struct delivery_batch {
    struct arena *arena; /* owned */
    struct delivery *items;
    size_t count;
    size_t skipped; /* found suppressed while claiming */
};

/* What came of an attempt. */
struct delivery_outcome {
    enum delivery_state state; /* sent, deferred, failed, skipped or uncertain */
    int64_t now_utc;
    int64_t not_before_utc;    /* deferred, uncertain: when it is tried again */
    const char *stage;         /* "rcpt"; NULL for none */
    const char *enhanced;      /* "4.7.1"; NULL for none */
    const char *reply;         /* the reply or the reason in words; NULL for none */
    const char *reason;        /* in one word (delivery/reason.h); NULL for none */
    bool untried;              /* put off without an attempt, which counts as none */
};

enum uncertain_policy { UNCERTAIN_RESEND, UNCERTAIN_HOLD };

/* `*ret_is_new` is false when there is such a delivery already. A digest that was
 * skipped and has dealt with no edition (its address was suppressed, its profile
 * away) is queued again as if it were new; a failed or expired one is not. */
int outbox_add(struct store *store, const struct delivery_request *request, bool *ret_is_new,
               struct error *error);
/* Many that keep no message and no two of which are the same, inside store_begin: with
 * PostgreSQL they cost hardly more than one. */
int outbox_add_many(struct store *store, const struct delivery_request requests[], size_t count,
                    bool ret_are_new[], struct error *error);

/* Takes up to `max` deliveries that are due, oldest first, for `worker` (a name
 * no other worker has) until now + lease_seconds. Those of suppressed addresses
 * are skipped instead. A digest waits while another of its subscriber is held:
 * which editions are left for it is known after that one. Within a batch the
 * order sees to that. Free with delivery_batch_free; a zeroed batch is fine. */
int outbox_claim(struct store *store, const char *worker, int64_t now_utc, int lease_seconds,
                 size_t max, struct delivery_batch *ret_batch, struct error *error);
/* The same for the deliveries of one subscriber; NULL: everybody's. */
int outbox_claim_only(struct store *store, const char *subscriber, const char *worker,
                      int64_t now_utc, int lease_seconds, size_t max,
                      struct delivery_batch *ret_batch, struct error *error);
void delivery_batch_free(struct delivery_batch *batch);
/* Appends the message that outbox_add was given. */
int outbox_load_message(struct store *store, const struct delivery *delivery,
                        struct buffer *ret_message, struct error *error);

/* Each writes the delivery's new state to the store and then to `delivery`.
 * begin and finish also keep `delivery->editions` and `->shown` as they are now. One that
 * `may_have_begun` is begun again without counting as another attempt. */
int outbox_begin(struct store *store, struct delivery *delivery, struct error *error);
int outbox_finish(struct store *store, struct delivery *delivery,
                  const struct delivery_outcome *outcome, struct error *error);
/* The same for many at once, inside store_begin: with PostgreSQL they cost hardly more
 * than one. A delivery that another has taken over meanwhile is `ret_lost` and no error;
 * it stays as it is. After -1 the transaction is to be rolled back. */
int outbox_begin_many(struct store *store, struct delivery *const deliveries[], size_t count,
                      bool ret_lost[], struct error *error);
int outbox_finish_many(struct store *store, struct delivery *const deliveries[],
                       const struct delivery_outcome outcomes[], size_t count, bool ret_lost[],
                       struct error *error);
int outbox_release(struct store *store, struct delivery *delivery, struct error *error);
/* All that `worker` holds. */
int outbox_renew(struct store *store, const char *worker, int64_t lease_until_utc,
                 struct error *error);

/* Frees what dead workers held: claimed ones are queued again, begun ones are
 * uncertain; with UNCERTAIN_RESEND uncertain ones are queued again at their
 * not_before. Then what has expired is marked, with UNCERTAIN_RESEND also the
 * uncertain: those that are held wait for a person. What was due when it was added and never
 * tried is due also when the clock has been set back since. */
struct outbox_recovered {
    int64_t queued;
    int64_t uncertain;
    int64_t resent;
    int64_t expired;
};
int outbox_recover(struct store *store, int64_t now_utc, enum uncertain_policy policy,
                   struct outbox_recovered *ret_recovered, struct error *error);
/* The same for the deliveries of one subscriber; NULL: everybody's. */
int outbox_recover_only(struct store *store, const char *subscriber, int64_t now_utc,
                        enum uncertain_policy policy, struct outbox_recovered *ret_recovered,
                        struct error *error);

int outbox_count(struct store *store, int64_t ret_counts[DELIVERY_STATES], struct error *error);
/* What is still to be done (for one subscriber; NULL: for all): queued, held by a
 * worker, deferred, and with UNCERTAIN_RESEND the uncertain that have not expired.
 * Cheap, whatever the outbox has behind it. */
int outbox_count_left(struct store *store, const char *subscriber, enum uncertain_policy policy,
                      int64_t now_utc, int64_t *ret_left, struct error *error);
/* What is still to be done, and what it waits for: a worker's lease, or its time. */
struct outbox_left {
    int64_t held;           /* claimed or being sent by a worker, which may be dead */
    int64_t held_until_utc; /* the last of these leases runs out; 0: none is held */
    int64_t waiting;        /* queued or deferred */
    int64_t next_utc;       /* the first of these may be sent; 0: none waits */
};
int outbox_find_left(struct store *store, struct outbox_left *ret_left, struct error *error);
/* When there is something to do next, at the earliest: for one that waits for its
 * time, one that expires, or another worker's lease that runs out. False: nothing
 * is open. An instant that has passed is one at which outbox_recover and
 * outbox_claim find something. */
int outbox_next_due(struct store *store, enum uncertain_policy policy, bool *ret_any,
                    int64_t *ret_utc, struct error *error);

struct outbox_problem {
    int64_t when_utc;
    const char *subscriber;
    enum delivery_kind kind;
    enum delivery_state state;
    const char *stage;
    const char *enhanced;
    const char *reply;
    const char *reason; /* in one word */
};
struct outbox_problems {
    struct arena *arena; /* owned */
    struct outbox_problem *items;
    size_t count;
};
/* The last failed, deferred and uncertain ones, newest first. */
int outbox_list_problems(struct store *store, size_t max, struct outbox_problems *ret_problems,
                         struct error *error);
void outbox_problems_free(struct outbox_problems *problems);

/* What digests have shown, or will once they are sent: those sent, uncertain or
 * still open; of editions also those that a digest was skipped for because none
 * of their papers fitted. Ascending, each once with the most papers, in `arena`. */
struct shown_paper {
    struct view id;
    int version;
};
/* `except`: a delivery's id, which does not count; 0: none. `from`: what is asked about is
 * no earlier edition than that, and the digests whose slot is earlier, which cannot have
 * dealt with it, are left alone; zero: all. */
int outbox_editions_shown(struct store *store, const char *subscriber, int64_t except,
                          struct date from, struct arena *arena, struct edition_shown **ret_editions,
                          size_t *ret_count, struct error *error);
int outbox_papers_shown(struct store *store, const char *subscriber, int64_t except,
                        int64_t since_utc, struct arena *arena, struct shown_paper **ret_papers,
                        size_t *ret_count, struct error *error);

#endif
