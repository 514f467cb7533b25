/* What the worker's sources share. For them only. */
#ifndef DELIVERY_WORKER_TYPE_H
#define DELIVERY_WORKER_TYPE_H

#include "delivery/worker.h"

/* A delivery that this worker holds. */
struct work_item {
    struct delivery *delivery;
    struct work_batch *batch;
    const char *relay;     /* that it was admitted for; NULL: was not */
    int64_t ask_again_ms;  /* the gate's */
    int refusals;          /* by relays that seemed to be at fault, while others work */
    bool is_over;
};

struct work_batch {
    struct delivery_batch claimed;
    struct work_item *items;
    size_t open; /* items that are not over */
    struct work_batch *next;
};

/* A change that is to be written down with others. */
struct work_change {
    struct work_item *item;
    struct engine_lane *lane; /* not NULL: the message begins; else how it ended: */
    enum delivery_state state;
    bool has_result;
    bool untried;
    int64_t not_before_utc;   /* 0: what the gate says of the result */
    struct delivery_result result;
    char reason[GATE_REASON_BYTES];
    struct gate_advice advice;
    struct delivery before;   /* the transaction may fail */
    bool is_lost;             /* another worker has it by now */
    bool may_be_written;      /* whether an earlier try was committed is not known */
};

struct work {
    struct store *store;
    struct engine *engine;
    struct gate *gate;
    const struct worker_options *options;
    struct worker_summary summary;
    struct buffer message; /* of a delivery that keeps one */
    int64_t renewed_utc;
    int64_t ticked_utc;

    struct work_batch *batches;
    struct work_item **waiting;
    size_t waiting_count, waiting_capacity;
    bool is_drained;      /* nothing more was due when last asked */
    bool is_claim_full;   /* when last asked there was as much as was asked for */
    size_t claimed_count; /* so far */
    int64_t all_wait_ms;  /* nothing may begin before; 0: no such thing */
    char wait_reason[GATE_REASON_BYTES]; /* the last that the gate gave */
    bool some_ended;      /* since the gate was asked last */

    struct work_change *changes;
    size_t change_count, change_capacity;
    bool has_failed;      /* with `failure`: nothing more is begun */
    struct error failure;
};

int64_t work_now(const struct work *work);
int64_t work_now_ms(const struct work *work);
/* Remembers the first failure. */
void work_fail(struct work *work, const struct error *failure);
int work_renew_if_due(struct work *work, struct error *error);
void work_item_over(struct work *work, struct work_item *item);

/* worker_held.c: what is claimed, waits and is given back. */
void work_wait_with(struct work *work, struct work_item *item);
void work_take_from_waiting(struct work *work, size_t index);
int work_recover(struct work *work, int64_t now_utc, struct error *error);
int work_claim(struct work *work, struct error *error);
int work_release(struct work *work, struct work_item *item, struct error *error);
void work_release_all(struct work *work);

/* worker_journal.c: what is to be written down, and doing it. */
void work_note_begin(struct work *work, struct work_item *item, struct engine_lane *lane);
void work_note_end(struct work *work, struct work_item *item, enum delivery_state state,
                   const struct delivery_result *result, const char *reason);
void work_note_put_off(struct work *work, struct work_item *item, int64_t until_ms,
                       const char *reason);
/* All of it in one transaction; then messages that begin go out and progress is told. A
 * store that is locked or full is asked again until the lease has run out. */
int work_write_down(struct work *work, struct error *error);

#endif
