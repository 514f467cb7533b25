#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "delivery/worker_type.h"

static struct work_change *add_change(struct work *work, struct work_item *item)
{
    struct work_change *change;

    work->changes = memory_grow(work->changes, &work->change_capacity, work->change_count + 1,
                                sizeof(work->changes[0]));
    change = &work->changes[work->change_count++];
    memset(change, 0, sizeof(*change));
    change->item = item;
    return change;
}

void work_note_begin(struct work *work, struct work_item *item, struct engine_lane *lane)
{
    add_change(work, item)->lane = lane;
}

void work_note_end(struct work *work, struct work_item *item, enum delivery_state state,
                   const struct delivery_result *result, const char *reason)
{
    struct work_change *change = add_change(work, item);

    change->state = state;
    change->has_result = result != NULL;
    if (result)
        change->result = *result;
    if (reason)
        snprintf(change->reason, sizeof(change->reason), "%s", reason);
}

void work_note_put_off(struct work *work, struct work_item *item, int64_t until_ms,
                       const char *reason)
{
    struct work_change *change = add_change(work, item);

    change->state = DELIVERY_DEFERRED;
    change->untried = true;
    change->not_before_utc = (until_ms + 999) / 1000;
    snprintf(change->reason, sizeof(change->reason), "%s", reason);
}

/* Also what is told of a composer's refusal to send now is tried again as if the relay
 * had put it off. */
static void ask_for_advice(struct work *work, struct work_change *change)
{
    static const struct delivery_result put_off = {.kind = RESULT_DEFERRED};
    const struct delivery *delivery = change->item->delivery;
    int attempt = delivery->attempts + (delivery->state == DELIVERY_CLAIMED);

    change->advice = (struct gate_advice){0};
    if (!change->has_result && change->state != DELIVERY_DEFERRED)
        return;
    gate_judge(work->gate, delivery, change->item->relay ? change->item->relay : "",
               change->has_result ? &change->result : &put_off, attempt,
               work->options->random(work->options->user), work_now_ms(work), &change->advice);
    if (!change->has_result)
        change->advice.reason = NULL;
}

/* The views in it are the change's. */
static struct delivery_outcome outcome_of(struct work *work, struct work_change *change)
{
    const struct delivery_result *result = change->has_result ? &change->result : NULL;

    if (!change->untried)
        ask_for_advice(work, change);
    return (struct delivery_outcome){
        .state = change->state,
        .now_utc = work_now(work),
        .not_before_utc =
            change->not_before_utc ? change->not_before_utc : change->advice.not_before_utc,
        .stage = result ? result->stage : NULL,
        .enhanced = result && result->enhanced[0] ? result->enhanced : NULL,
        .reply = result ? result->reply : change->reason,
        .reason = change->advice.reason,
        .untried = change->untried,
    };
}

/* All that begin, or all that ended, in one conversation with the store. Another worker
 * that has taken a delivery over meanwhile knows no better: that is no error of this
 * run. */
static int apply(struct work *work, bool begins, struct error *error)
{
    size_t count = 0, done = 0;
    struct delivery **deliveries = memory_new(work->change_count, sizeof(deliveries[0]));
    struct delivery_outcome *outcomes = memory_new(work->change_count, sizeof(outcomes[0]));
    bool *lost = memory_new(work->change_count, sizeof(lost[0]));
    int result = 0;

    for (size_t i = 0; i < work->change_count; i++) {
        struct work_change *change = &work->changes[i];

        if ((change->lane != NULL) != begins)
            continue;
        if (!begins)
            outcomes[count] = outcome_of(work, change);
        deliveries[count++] = change->item->delivery;
    }
    if (count)
        result = begins ? outbox_begin_many(work->store, deliveries, count, lost, error)
                        : outbox_finish_many(work->store, deliveries, outcomes, count, lost, error);
    for (size_t i = 0; i < work->change_count && result == 0; i++)
        if ((work->changes[i].lane != NULL) == begins)
            work->changes[i].is_lost = lost[done++];
    free(deliveries);
    free(outcomes);
    free(lost);
    return result;
}

/* The deliveries are here as they were before. Of a commit that has failed it may not be
 * known whether the store has them so, too. */
static int undo(struct work *work, bool may_be_written)
{
    for (size_t i = work->change_count; i-- > 0;) {
        struct work_change *change = &work->changes[i];

        *change->item->delivery = change->before;
        if (!may_be_written)
            continue;
        change->may_be_written = true;
        change->item->delivery->may_have_begun = change->lane != NULL;
    }
    return -1;
}

static int write_all(struct work *work, struct error *error)
{
    int result = store_begin(work->store, error);

    if (result < 0)
        return -1;
    for (size_t i = 0; i < work->change_count; i++)
        work->changes[i].before = *work->changes[i].item->delivery;
    result = apply(work, true, error);
    if (result == 0)
        result = apply(work, false, error);
    if (result < 0)
        store_rollback(work->store);
    else if (store_commit(work->store, error) < 0)
        return undo(work, true);
    return result < 0 ? undo(work, false) : 0;
}

static int write_once(struct work *work, struct error *error)
{
    const struct worker_options *options = work->options;
    int result;

    if (options->writing)
        options->writing(options->user, true);
    result = write_all(work, error);
    if (options->writing)
        options->writing(options->user, false);
    return result;
}

static void pause_work(const struct work *work)
{
    const struct timespec second = {.tv_sec = 1};

    if (work->options->pause)
        work->options->pause(work->options->user, 1);
    else
        nanosleep(&second, NULL);
}

static void tell_trouble(const struct work *work, const struct error *error)
{
    struct error told = *error;

    if (!work->options->news)
        return;
    error_set(&told, error->kind, "%s; what is under way waits for it", error->text);
    work->options->news(work->options->user, told.text);
}

/* What the relay has said is known to nobody else: a store that is locked or full
 * is asked until the lease has run out, after which another may take over. */
static int insist(struct work *work, struct error *error)
{
    int64_t until_utc = work->renewed_utc + OUTBOX_LEASE_SECONDS;
    bool is_told = false;

    while (write_once(work, error) < 0) {
        if (error->kind != ERROR_TEMPORARY || work_now(work) >= until_utc)
            return -1;
        if (!is_told)
            tell_trouble(work, error);
        is_told = true;
        pause_work(work);
    }
    return 0;
}

static void count(struct worker_summary *summary, enum delivery_state state)
{
    switch (state) {
    case DELIVERY_SENT:
        summary->sent++;
        break;
    case DELIVERY_DEFERRED:
        summary->deferred++;
        break;
    case DELIVERY_FAILED:
        summary->failed++;
        break;
    case DELIVERY_SKIPPED:
        summary->skipped++;
        break;
    case DELIVERY_UNCERTAIN:
        summary->uncertain++;
        break;
    default:
        break;
    }
}

static void tell(struct work *work, const struct work_change *change)
{
    count(&work->summary, change->state);
    if (work->options->progress)
        work->options->progress(work->options->user, &work->summary, change->item->delivery,
                                change->has_result ? &change->result : NULL);
}

/* An end that is lost after a commit of unknown fate is mostly this worker's own: then the
 * relay's answer counts as any other. */
static bool is_taken_over(const struct work_change *change)
{
    return change->is_lost && !change->may_be_written;
}

/* The gate goes on without what it could not write; who reads the store next finds
 * it as it was. */
static void tell_gate(struct work *work, const struct work_change *change)
{
    struct work_item *item = change->item;
    struct error error;

    if (!item->relay)
        return;
    if (!change->has_result || is_taken_over(change))
        gate_cancel(work->gate, item->delivery, item->relay, work_now_ms(work));
    else if (gate_note(work->gate, item->delivery, item->relay, &change->result,
                       work_now_ms(work), &error) < 0 &&
             work->options->news)
        work->options->news(work->options->user, error.text);
    item->relay = NULL;
    work->some_ended = true;
}

/* The lease has run out while the store was asked: another may have taken it over and have
 * sent it. Nothing of it goes out; what is still held here is put off, to be sent anew. */
static void begin_later(struct work *work, const struct work_change *change)
{
    engine_drop(work->engine, change->lane);
    work_note_put_off(work, change->item, work_now_ms(work),
                      "the store was away for longer than the lease");
}

static void follow_up(struct work *work, const struct work_change *change, bool is_late)
{
    if (change->lane && !change->is_lost && is_late) {
        begin_later(work, change);
        return;
    }
    if (change->lane && !change->is_lost) {
        engine_go(work->engine, change->lane);
        return;
    }
    if (change->lane)
        engine_drop(work->engine, change->lane);
    tell_gate(work, change);
    if (!change->lane)
        tell(work, change);
    work_item_over(work, change->item);
}

int work_write_down(struct work *work, struct error *error)
{
    size_t changes = work->change_count;
    bool is_late;

    if (!changes)
        return 0;
    if (insist(work, error) < 0)
        return -1;
    is_late = work_now(work) >= work->renewed_utc + OUTBOX_LEASE_SECONDS;
    /* What is put off is noted where those stood that have been dealt with. */
    work->change_count = 0;
    for (size_t i = 0; i < changes; i++) {
        const struct work_change change = work->changes[i];

        follow_up(work, &change, is_late);
    }
    return 0;
}
