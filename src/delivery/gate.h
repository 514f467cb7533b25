/* What may be sent now, and what a result means for what comes after it: rates,
 * domains that ask for patience, domains that are held, dead addresses. A worker
 * asks before it starts a delivery and tells of every result.
 *
 * All of it holds over the threads, processes and machines of one store and over
 * restarts, and yet costs no statement per message: from the store come small
 * portions under a lease. What a worker that ends has left of them it gives back;
 * those of a dead one run out. One gate belongs to one worker and its thread.
 *
 * Instants are the wall clock's in milliseconds since 1970, which may jump: that
 * never blocks longer than a clock that stands right would have (store/rates.h).
 * The machines' clocks are taken to agree within a second or so. */
#ifndef DELIVERY_GATE_H
#define DELIVERY_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "delivery/transport.h"
#include "store/outbox.h"
#include "store/store.h"

enum {
    GATE_REASON_BYTES = 512,
    /* A domain that has to wait longer than this has its deliveries put off (GATE_DEFER). */
    GATE_PATIENCE_MS = 20 * 1000
};

/* A domain that was just held, for the owner's notice. Texts are the gate's, until
 * the callback returns. */
struct gate_held {
    struct store *store; /* the gate's, in the transaction that holds the domain */
    const char *domain;
    int64_t recipients; /* of it in this run, with those that still wait */
    int64_t failed; /* of them */
    int64_t lifted; /* suppressions of this run that were taken back */
    int64_t until_utc;
    const char *evidence; /* the last refusal: "550 5.1.1 …" */
};

struct gate_options {
    const char *holder;       /* a name nobody else has; the worker's */
    double per_second;        /* messages begun, over everything; 0: no limit. So are the next */
    int64_t per_hour;         /* in any 3600 seconds, over everything */
    int64_t per_domain;       /* in any 3600 seconds, to one recipient domain */
    int64_t domain_connections; /* under way to one recipient domain over one relay */
    int hard;                 /* refusals in a row that make an address dead; 0: 2 */
    double hold_percent;      /* of a domain's recipients, more of which hold it; 0: never */
    /* Called inside the transaction that holds the domain, once for each hold. 0 or -1. */
    int (*held)(void *user, const struct gate_held *held, struct error *error);
    void *user;
};

struct gate;

/* Reads what is known of domains. */
int gate_open(struct store *store, const struct gate_options *options, int64_t now_ms,
              struct gate **ret_gate, struct error *error);
/* Gives back what is left of portions, as far as the store lets it; NULL is fine. */
void gate_close(struct gate **gate, int64_t now_ms);

enum gate_verdict_kind {
    GATE_ADMIT, /* begin it now; gate_note or gate_cancel follows, exactly once */
    GATE_WAIT,  /* ask again at until_ms, or when a delivery of this domain has ended */
    GATE_DEFER  /* put it off until until_ms (outbox_finish, deferred, untried), with the reason */
};

struct gate_verdict {
    enum gate_verdict_kind kind;
    /* With GATE_WAIT: nothing at all may begin before until_ms. When that is long
     * (the limit per hour), give back what is claimed and end, or sleep. */
    bool everything;
    int64_t until_ms; /* after now_ms, but for GATE_ADMIT */
    /* "the limit of 500 per hour is reached, until …"; "" when admitted */
    char reason[GATE_REASON_BYTES];
};

/* `relay`: a short name that is the same in every process, "smtp.example.org:465". */
int gate_ask(struct gate *gate, const struct delivery *delivery, const char *relay,
             int64_t now_ms, struct gate_verdict *ret_verdict, struct error *error);

/* Admitted, but nothing was given to the relay: what it was given is free again. */
void gate_cancel(struct gate *gate, const struct delivery *delivery, const char *relay,
                 int64_t now_ms);

/* What is to be written down of a result besides itself. */
struct gate_advice {
    const char *reason;     /* "userunknown" (delivery/reason.h), a literal; NULL: was sent */
    int64_t not_before_utc; /* deferred and uncertain: when to try again */
};

/* Changes nothing, so that it may be asked again when the outcome could not be
 * written. `attempt` counts from 1; `random`: any 32 bits. */
void gate_judge(struct gate *gate, const struct delivery *delivery, const char *relay,
                const struct delivery_result *result, int attempt, uint32_t random,
                int64_t now_ms, struct gate_advice *ret_advice);

/* What became of an admitted delivery: sent, deferred, failed or uncertain. Call it
 * when the outcome is committed. Writes to the store only when there is something to
 * learn (a dead address, a domain that asks for patience, a hold); after -1 the
 * gate goes on without it. */
int gate_note(struct gate *gate, const struct delivery *delivery, const char *relay,
              const struct delivery_result *result, int64_t now_ms, struct error *error);

/* About once a second, also while nothing is sent: renews leases, gives back what lies
 * idle, reads what others have learnt. Never inside a transaction. */
int gate_tick(struct gate *gate, int64_t now_ms, struct error *error);

#endif
