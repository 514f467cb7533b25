#include "delivery/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/wire.h"
#include "delivery/worker_type.h"

enum {
    WAITING_MAX = 1000,    /* deliveries that the gate lets wait, before no more are claimed */
    CHANGES_MAX = 64,      /* composed away, before they are written down */
    RENEW_SECONDS = OUTBOX_LEASE_SECONDS / 3,
    REFUSALS_MAX = 5,      /* of one delivery, taken for a relay's fault */
    TURN_MS = 250,
    LONG_WAIT_MS = 60 * 1000 /* for a limit; then another run goes on */
};

int64_t work_now(const struct work *work)
{
    return work->options->now(work->options->user);
}

int64_t work_now_ms(const struct work *work)
{
    if (!work->options->now_ms)
        return work_now(work) * 1000;
    return work->options->now_ms(work->options->user);
}

void work_fail(struct work *work, const struct error *failure)
{
    if (!work->has_failed)
        work->failure = *failure;
    work->has_failed = true;
}

static bool may_begin(const struct work *work)
{
    return !work->has_failed && !(work->options->stop && *work->options->stop);
}

static void say(const struct work *work, const char *text)
{
    if (work->options->news)
        work->options->news(work->options->user, text);
}

/* A store that is locked just now is asked again at the next turn. When the lease
 * runs out meanwhile, outbox_begin tells before anything is sent. */
int work_renew_if_due(struct work *work, struct error *error)
{
    int64_t now_utc = work_now(work);
    struct error problem = {0};

    if (now_utc - work->renewed_utc < RENEW_SECONDS)
        return 0;
    if (outbox_renew(work->store, work->options->name, now_utc + OUTBOX_LEASE_SECONDS, &problem) <
        0) {
        if (problem.kind == ERROR_TEMPORARY)
            return 0;
        *error = problem;
        return -1;
    }
    work->renewed_utc = now_utc;
    return 0;
}

/* ---- composing ---- */

static int compose_kept(struct work *work, const struct delivery *delivery,
                        struct composed *composed, struct error *error)
{
    buffer_clear(&work->message);
    if (outbox_load_message(work->store, delivery, &work->message, error) < 0)
        return -1;
    composed->message = (struct message){
        .envelope_sender = delivery->envelope_sender,
        .recipient = delivery->subscriber,
        .bytes = buffer_view(&work->message),
    };
    return 0;
}

/* The list is written by outbox_begin and outbox_finish, when the composer may long be
 * at another one. */
static void keep_shown(struct work_item *item, const struct composed *composed)
{
    struct arena *arena = item->batch->claimed.arena;
    struct view editions = {(const char *)composed->editions,
                            composed->edition_count * sizeof(composed->editions[0])};
    struct delivery *delivery = item->delivery;

    if (delivery->has_message)
        return;
    delivery->editions = NULL;
    if (composed->edition_count) {
        struct edition_shown *copy =
            arena_alloc(arena, composed->edition_count, sizeof(copy[0]));

        memcpy(copy, editions.data, editions.size);
        delivery->editions = copy;
    }
    delivery->edition_count = composed->edition_count;
    delivery->shown = arena_copy(arena, composed->shown);
}

static int hand_over(struct work *work, struct work_item *item, const struct composed *composed,
                     struct engine_lane *lane, struct error *error)
{
    switch (composed->verdict) {
    case COMPOSE_MESSAGE:
        keep_shown(item, composed);
        return engine_give(work->engine, lane, &composed->message, item, error);
    case COMPOSE_SKIP:
        /* Editions that held nothing for this subscriber are dealt with. */
        if (composed->edition_count && !item->delivery->shown.size)
            keep_shown(item, composed);
        work_note_end(work, item, DELIVERY_SKIPPED, NULL, composed->reason);
        return 0;
    case COMPOSE_DEFER:
        work_note_end(work, item, DELIVERY_DEFERRED, NULL, composed->reason);
        return 0;
    case COMPOSE_FAIL:
        work_note_end(work, item, DELIVERY_FAILED, NULL, composed->reason);
        return 0;
    }
    return error_set(error, ERROR_BUG, "worker: composing gave no known verdict");
}

static int compose(struct work *work, struct work_item *item, struct engine_lane *lane,
                   struct error *error)
{
    const struct worker_options *options = work->options;
    struct delivery *delivery = item->delivery;
    struct composed composed = {0};
    int result;

    result = delivery->has_message
                 ? compose_kept(work, delivery, &composed, error)
                 : options->compose(options->user, delivery, &composed, error);
    if (result == 0)
        result = hand_over(work, item, &composed, lane, error);
    if (result < 0) {
        gate_cancel(work->gate, delivery, item->relay, work_now_ms(work));
        item->relay = NULL;
    }
    return result;
}

/* ---- starting ---- */

/* Whether this one may begin now. What it waits for otherwise is noted. */
static int ask_gate(struct work *work, struct work_item *item, const char *relay,
                    enum gate_verdict_kind *ret_kind, struct error *error)
{
    int64_t now_ms = work_now_ms(work);
    struct gate_verdict verdict;

    if (gate_ask(work->gate, item->delivery, relay, now_ms, &verdict, error) < 0)
        return -1;
    *ret_kind = verdict.kind;
    if (verdict.kind == GATE_ADMIT) {
        item->relay = relay;
        return 0;
    }
    if (verdict.kind == GATE_DEFER) {
        work_note_put_off(work, item, verdict.until_ms, verdict.reason);
        return 0;
    }
    item->ask_again_ms = verdict.until_ms;
    snprintf(work->wait_reason, sizeof(work->wait_reason), "%s", verdict.reason);
    if (!verdict.everything)
        return 0;
    work->all_wait_ms = verdict.until_ms;
    if (verdict.until_ms - now_ms > LONG_WAIT_MS) {
        work->summary.wait_until_utc = (verdict.until_ms + 999) / 1000;
        say(work, verdict.reason);
    }
    return 0;
}

/* No wait is longer, unless it ends the work: the clock has gone back since. */
static bool is_ahead(int64_t until_ms, int64_t now_ms)
{
    return until_ms > now_ms && until_ms - now_ms <= LONG_WAIT_MS;
}

/* The first that need not wait; waiting_count: none. */
static size_t find_startable(const struct work *work)
{
    int64_t now_ms = work_now_ms(work);

    for (size_t i = 0; i < work->waiting_count; i++)
        if (!is_ahead(work->waiting[i]->ask_again_ms, now_ms))
            return i;
    return work->waiting_count;
}

static int start(struct work *work, size_t index, struct engine_lane *lane, struct error *error)
{
    struct work_item *item = work->waiting[index];
    enum gate_verdict_kind kind;

    if (work_renew_if_due(work, error) < 0)
        return -1;
    /* Too late by now: the next round marks it expired. */
    if (work_now(work) >= item->delivery->expires_utc) {
        work_take_from_waiting(work, index);
        return work_release(work, item, error);
    }
    if (ask_gate(work, item, engine_lane_relay(lane), &kind, error) < 0)
        return -1;
    /* Also when its time has come while the gate was asked. */
    if (kind == GATE_WAIT)
        return 0;
    work_take_from_waiting(work, index);
    if (kind == GATE_DEFER)
        return 0;
    return compose(work, item, lane, error);
}

static bool all_must_wait(struct work *work)
{
    int64_t now_ms = work_now_ms(work);

    if (now_ms >= work->all_wait_ms ||
        (!work->summary.wait_until_utc && !is_ahead(work->all_wait_ms, now_ms)))
        work->all_wait_ms = 0;
    return work->all_wait_ms != 0;
}

/* Gives free lanes what waits, as long as both are there. */
static void start_some(struct work *work)
{
    struct engine_lane *lane;
    struct error error;
    size_t index;

    if (work->some_ended)
        for (size_t i = 0; i < work->waiting_count; i++)
            work->waiting[i]->ask_again_ms = 0;
    work->some_ended = false;
    while (may_begin(work) && !all_must_wait(work) && work->change_count < CHANGES_MAX &&
           (index = find_startable(work)) < work->waiting_count &&
           (lane = engine_free_lane(work->engine)) != NULL)
        if (start(work, index, lane, &error) < 0)
            work_fail(work, &error);
}

/* ---- what came back ---- */

/* Refused before it began, for what may be this relay's own fault: another may take it.
 * So often that the relay is stopped meanwhile, if it is. */
static bool may_go_elsewhere(const struct work *work, struct work_item *item,
                             const struct engine_event *event)
{
    return event->result.suspect_relay && item->delivery->state == DELIVERY_CLAIMED &&
           engine_has_other(work->engine, event->relay) && item->refusals++ < REFUSALS_MAX;
}

static void wait_again(struct work *work, struct work_item *item)
{
    gate_cancel(work->gate, item->delivery, item->relay, work_now_ms(work));
    item->relay = NULL;
    item->ask_again_ms = 0;
    work_wait_with(work, item);
}

static void on_answer(struct work *work, struct work_item *item, const struct engine_event *event)
{
    static const enum delivery_state states[] = {
        [RESULT_SENT] = DELIVERY_SENT,
        [RESULT_DEFERRED] = DELIVERY_DEFERRED,
        [RESULT_FAILED] = DELIVERY_FAILED,
        [RESULT_UNCERTAIN] = DELIVERY_UNCERTAIN,
    };

    if (may_go_elsewhere(work, item, event))
        wait_again(work, item);
    else
        work_note_end(work, item, states[event->result.kind], &event->result, NULL);
}

/* Another relay may take it; once begun it is a try that failed. */
static void on_unsent(struct work *work, struct work_item *item, const struct engine_event *event)
{
    if (item->delivery->state != DELIVERY_SENDING) {
        wait_again(work, item);
        return;
    }
    gate_cancel(work->gate, item->delivery, item->relay, work_now_ms(work));
    item->relay = NULL;
    work_note_end(work, item, DELIVERY_DEFERRED, &event->result, NULL);
}

static void take_events(struct work *work)
{
    struct engine_event event;

    while (engine_next(work->engine, &event)) {
        struct work_item *item = event.user;

        switch (event.kind) {
        case ENGINE_READY:
            work_note_begin(work, item, event.lane);
            break;
        case ENGINE_ANSWERED:
            on_answer(work, item, &event);
            break;
        case ENGINE_UNSENT:
            on_unsent(work, item, &event);
            break;
        }
    }
}

static void take_news(struct work *work)
{
    struct error news;

    while (engine_take_news(work->engine, &news))
        say(work, news.text);
}

/* ---- the loop ---- */

/* More is claimed as soon as nothing of what is held may begin. */
static int claim_if_short(struct work *work, struct error *error)
{
    if (work->is_drained || !may_begin(work) || all_must_wait(work) ||
        work->waiting_count >= WAITING_MAX || find_startable(work) < work->waiting_count)
        return 0;
    return work_claim(work, error);
}

/* Nothing is under way. What was drained may have been refilled: a digest that waited for
 * another of its subscriber, a retry that has become due. */
static bool is_finished(struct work *work, bool *did_something)
{
    if (!may_begin(work) || work->summary.wait_until_utc)
        return true;
    if (work->waiting_count || !work->is_drained)
        return false;
    if (!*did_something)
        return true;
    work->is_drained = *did_something = false;
    return false;
}

/* Until what waits for the gate may be asked again; no longer than a turn. */
static int find_wait_ms(const struct work *work)
{
    int64_t now_ms = work_now_ms(work), until_ms = now_ms + TURN_MS;

    if (work->change_count)
        return 0;
    if (work->all_wait_ms)
        return (int)(work->all_wait_ms < until_ms ? work->all_wait_ms - now_ms : TURN_MS);
    for (size_t i = 0; i < work->waiting_count; i++)
        if (work->waiting[i]->ask_again_ms > now_ms && work->waiting[i]->ask_again_ms < until_ms)
            until_ms = work->waiting[i]->ask_again_ms;
    return (int)(until_ms - now_ms);
}

static void say_wait(const struct work *work)
{
    struct error relay;

    if (!work->options->waits || engine_under_way(work->engine) || !work->waiting_count)
        return;
    if (engine_waits_for_relay(work->engine, &relay))
        work->options->waits(work->options->user, relay.text);
    else if (work->wait_reason[0] &&
             (work->all_wait_ms || find_startable(work) == work->waiting_count))
        work->options->waits(work->options->user, work->wait_reason);
}

/* What waits for a relay that does not come back must not wait for ever. */
static int expire_waiting(struct work *work, int64_t now_utc, struct error *error)
{
    bool any = false;

    for (size_t i = work->waiting_count; i-- > 0;) {
        struct work_item *item = work->waiting[i];

        if (now_utc < item->delivery->expires_utc)
            continue;
        work_take_from_waiting(work, i);
        if (work_release(work, item, error) < 0)
            return -1;
        any = true;
    }
    return any ? work_recover(work, now_utc, error) : 0;
}

static int turn(struct work *work, struct error *error)
{
    int64_t now_utc = work_now(work);
    int wait_ms = find_wait_ms(work);

    say_wait(work);
    if (engine_turn(work->engine, wait_ms > 0 ? wait_ms : 0, error) < 0)
        return -1;
    take_events(work);
    take_news(work);
    if (work_renew_if_due(work, error) < 0)
        return -1;
    if (now_utc == work->ticked_utc)
        return 0;
    work->ticked_utc = now_utc;
    if (expire_waiting(work, now_utc, error) < 0)
        return -1;
    return gate_tick(work->gate, work_now_ms(work), error);
}

/* For how many messages connections are wanted. As long as claims come back full as many
 * again are expected as there were so far: a long outbox earns all of them, and one claim
 * alone would not. */
static size_t find_wanted(struct work *work)
{
    if (!may_begin(work) || all_must_wait(work))
        return 0;
    return work->waiting_count + (work->is_claim_full ? work->claimed_count : 0);
}

/* 1: goes on, 0: done, -1: at once. */
static int step(struct work *work, bool *did_something, struct error *error)
{
    if (claim_if_short(work, error) < 0)
        work_fail(work, error);
    engine_want(work->engine, find_wanted(work));
    start_some(work);
    *did_something = *did_something || work->change_count || engine_under_way(work->engine);
    if (!work->change_count && !engine_under_way(work->engine)) {
        if (is_finished(work, did_something))
            return 0;
        if (!work->waiting_count)
            return 1; /* there is nothing to wait for: it is looked again at once */
    }
    if (turn(work, error) < 0)
        work_fail(work, error);
    *did_something = *did_something || work->change_count;
    return work_write_down(work, error) < 0 ? -1 : 1;
}

static int run(struct work *work, struct error *error)
{
    bool did_something = false;
    int result;

    do
        result = step(work, &did_something, error);
    while (result > 0);
    if (result < 0)
        engine_drop_all(work->engine);
    work_release_all(work);
    /* The relay that put off the last ones was stopped for it. */
    if (result == 0 && !work->has_failed && work->summary.deferred &&
        engine_is_stopped(work->engine, &work->failure))
        work->has_failed = true;
    if (result == 0 && work->has_failed) {
        *error = work->failure;
        result = -1;
    }
    return result;
}

int worker_run(struct store *store, struct engine *engine, const struct worker_options *options,
               struct worker_summary *ret_summary, struct error *error)
{
    struct work work = {.store = store, .engine = engine, .options = options};
    struct gate_options limits = options->limits;
    int result;

    buffer_init(&work.message, WIRE_MESSAGE_BYTES);
    limits.holder = options->name;
    result = gate_open(store, &limits, work_now_ms(&work), &work.gate, error);
    if (result == 0) {
        result = run(&work, error);
        gate_close(&work.gate, work_now_ms(&work));
    }
    buffer_free(&work.message);
    free(work.waiting);
    free(work.changes);
    if (outbox_count_left(store, options->only, options->uncertain, work_now(&work),
                          &work.summary.left, result < 0 ? NULL : error) < 0)
        result = -1;
    *ret_summary = work.summary;
    return result < 0 ? -1 : 0;
}
