#include "delivery/worker.h"

#include <string.h>
#include <time.h>

#include "delivery/retry.h"

enum {
    BATCH = 100,
    RENEW_SECONDS = OUTBOX_LEASE_SECONDS / 3,
    /* So many messages in a row that could be our relay's fault are taken for it. */
    SUSPECT_STREAK = 5,
    MESSAGE_BYTES_MAX = 64 * 1024 * 1024
};

struct work {
    struct store *store;
    struct transport *transport;
    const struct worker_options *options;
    struct worker_summary summary;
    struct buffer message; /* of a delivery that keeps one */
    int64_t renewed_utc;
    int suspects;
    /* The delivery that is under way, for the hooks. */
    struct delivery *current;
    struct error begin_error;
};

static int64_t now(const struct work *work)
{
    return work->options->now(work->options->user);
}

static bool should_stop(const struct work *work)
{
    return work->options->stop && *work->options->stop;
}

/* A store that is locked just now is asked again at the next tick. When the lease
 * runs out meanwhile, outbox_begin tells before anything is sent. */
static int renew_if_due(struct work *work, struct error *error)
{
    int64_t now_utc = now(work);
    struct error problem = {0};

    if (now_utc - work->renewed_utc < RENEW_SECONDS)
        return 0;
    if (outbox_renew(work->store, work->options->name, now_utc + OUTBOX_LEASE_SECONDS, &problem) <
        0) {
        if (problem.kind == ERROR_TEMPORARY)
            return 0;
        if (error)
            *error = problem;
        return -1;
    }
    work->renewed_utc = now_utc;
    return 0;
}

static int hook_begin(void *user)
{
    struct work *work = user;

    return outbox_begin(work->store, work->current, &work->begin_error);
}

static void hook_tick(void *user)
{
    renew_if_due(user, NULL);
}

static void tell_progress(const struct work *work, const struct delivery *delivery,
                          const struct delivery_result *result)
{
    if (work->options->progress)
        work->options->progress(work->options->user, &work->summary, delivery, result);
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

static void pause_work(const struct work *work)
{
    const struct timespec second = {.tv_sec = 1};

    if (work->options->pause)
        work->options->pause(work->options->user, 1);
    else
        nanosleep(&second, NULL);
}

/* What the relay has said is known to nobody else: a store that is locked or full
 * is asked until the lease has run out, after which another may take over. */
static int insist(struct work *work, struct delivery *delivery,
                  const struct delivery_outcome *outcome, struct error *error)
{
    int64_t until_utc = work->renewed_utc + OUTBOX_LEASE_SECONDS;

    while (outbox_finish(work->store, delivery, outcome, error) < 0) {
        if (error->kind != ERROR_TEMPORARY || now(work) >= until_utc)
            return -1;
        pause_work(work);
    }
    return 0;
}

/* Writes down what became of a delivery. Another worker that has taken it over
 * meanwhile knows no better: that is not an error of this run. */
static int finish(struct work *work, struct delivery *delivery, enum delivery_state state,
                  const struct delivery_result *result, const char *reason, struct error *error)
{
    int attempt = delivery->attempts + (delivery->state == DELIVERY_CLAIMED);
    struct delivery_outcome outcome = {
        .state = state,
        .now_utc = now(work),
        .stage = result ? result->stage : NULL,
        .enhanced = result && result->enhanced[0] ? result->enhanced : NULL,
        .reply = result ? result->reply : reason,
    };
    struct error problem = {0};

    if (state == DELIVERY_DEFERRED || state == DELIVERY_UNCERTAIN)
        outcome.not_before_utc =
            retry_after(outcome.now_utc, attempt, work->options->random(work->options->user));
    if (insist(work, delivery, &outcome, &problem) < 0 && problem.kind != ERROR_CONFLICT) {
        if (error)
            *error = problem;
        return -1;
    }
    count(&work->summary, state);
    tell_progress(work, delivery, result);
    return 0;
}

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

/* The list is written by outbox_begin and outbox_finish. */
static void keep_shown(struct delivery *delivery, const struct composed *composed)
{
    if (delivery->has_message)
        return;
    delivery->editions = composed->editions;
    delivery->edition_count = composed->edition_count;
    delivery->shown = composed->shown;
}

/* A relay that refuses one after another is stopped, or everybody's mail would
 * be put off for a fault that is ours. */
static int watch_relay(struct work *work, const struct delivery_result *result,
                       struct error *error)
{
    work->suspects = result->suspect_relay ? work->suspects + 1 : 0;
    if (work->suspects < SUSPECT_STREAK)
        return 0;
    return error_set(error, result->code >= 500 ? ERROR_CONFIGURATION : ERROR_TEMPORARY,
                     "the relay refused %d messages in a row, at %s: %s", work->suspects,
                     result->stage, result->reply);
}

/* A delivery that another worker has taken over is no longer ours to give back. */
static int release(struct work *work, struct delivery *delivery, struct error *error)
{
    struct error problem = {0};

    if (outbox_release(work->store, delivery, &problem) == 0 || problem.kind == ERROR_CONFLICT)
        return 0;
    if (error)
        *error = problem;
    return -1;
}

/* After -1 of the transport: this message was not sent. */
static void give_back(struct work *work, struct delivery *delivery,
                     const struct delivery_result *result)
{
    if (delivery->state == DELIVERY_SENDING)
        finish(work, delivery, DELIVERY_DEFERRED, result, NULL, NULL);
    else
        release(work, delivery, NULL);
}

static int settle(struct work *work, struct delivery *delivery,
                  const struct delivery_result *result, struct error *error)
{
    static const enum delivery_state states[] = {
        [RESULT_SENT] = DELIVERY_SENT,
        [RESULT_DEFERRED] = DELIVERY_DEFERRED,
        [RESULT_FAILED] = DELIVERY_FAILED,
        [RESULT_UNCERTAIN] = DELIVERY_UNCERTAIN,
    };

    if (result->kind == RESULT_STOPPED) {
        if (work->begin_error.kind == ERROR_CONFLICT)
            return 0;
        if (error)
            *error = work->begin_error;
        return -1;
    }
    if (finish(work, delivery, states[result->kind], result, NULL, error) < 0)
        return -1;
    return watch_relay(work, result, error);
}

static int send_composed(struct work *work, struct delivery *delivery,
                         const struct composed *composed, struct error *error)
{
    const struct transport_hooks hooks = {hook_begin, hook_tick, work};
    struct delivery_result result = {0};

    keep_shown(delivery, composed);
    work->current = delivery;
    if (transport_send(work->transport, &composed->message, &hooks, &result, error) < 0) {
        give_back(work, delivery, &result);
        return -1;
    }
    return settle(work, delivery, &result, error);
}

static int handle(struct work *work, struct delivery *delivery, struct error *error)
{
    struct composed composed = {0};
    int result;

    /* Too late by now: the next round marks it expired. */
    if (now(work) >= delivery->expires_utc)
        return release(work, delivery, error);
    result = delivery->has_message
                 ? compose_kept(work, delivery, &composed, error)
                 : work->options->compose(work->options->user, delivery, &composed, error);
    if (result < 0)
        return -1;
    switch (composed.verdict) {
    case COMPOSE_MESSAGE:
        return send_composed(work, delivery, &composed, error);
    case COMPOSE_SKIP:
        /* Editions that held nothing for this subscriber are dealt with. */
        if (composed.edition_count && !delivery->shown.size)
            keep_shown(delivery, &composed);
        return finish(work, delivery, DELIVERY_SKIPPED, NULL, composed.reason, error);
    case COMPOSE_DEFER:
        return finish(work, delivery, DELIVERY_DEFERRED, NULL, composed.reason, error);
    case COMPOSE_FAIL:
        return finish(work, delivery, DELIVERY_FAILED, NULL, composed.reason, error);
    }
    return error_set(error, ERROR_BUG, "worker: composing gave no known verdict");
}

/* Whatever is still claimed goes back, so that another run need not wait for
 * the lease; a failure here leaves it to the lease. */
static void release_rest(struct work *work, const struct delivery_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        if (batch->items[i].state == DELIVERY_CLAIMED)
            release(work, &batch->items[i], NULL);
}

static int work_batch(struct work *work, const struct delivery_batch *batch, struct error *error)
{
    int result = 0;

    for (size_t i = 0; i < batch->count && result == 0 && !should_stop(work); i++) {
        result = renew_if_due(work, error);
        if (result == 0)
            result = handle(work, &batch->items[i], error);
    }
    release_rest(work, batch);
    return result;
}

static int recover(struct work *work, int64_t now_utc, struct error *error)
{
    const struct worker_options *options = work->options;
    struct outbox_recovered recovered = {0};

    if (outbox_recover_only(work->store, options->only, now_utc, options->uncertain, &recovered,
                            error) < 0)
        return -1;
    work->summary.expired += recovered.expired;
    if (options->recovered && (recovered.queued || recovered.uncertain || recovered.resent ||
                               recovered.expired))
        options->recovered(options->user, &recovered);
    return 0;
}

/* 1: there was something to do, 0: nothing is due, -1. */
static int work_round(struct work *work, struct error *error)
{
    const struct worker_options *options = work->options;
    struct delivery_batch batch = {0};
    int64_t now_utc = now(work);
    int result;

    if (recover(work, now_utc, error) < 0)
        return -1;
    if (outbox_claim_only(work->store, options->only, options->name, now_utc,
                          OUTBOX_LEASE_SECONDS, options->batch ? options->batch : BATCH, &batch,
                          error) < 0)
        return -1;
    work->renewed_utc = now_utc;
    work->summary.skipped += (int64_t)batch.skipped;
    result = batch.count > 0;
    if (result && work_batch(work, &batch, error) < 0)
        result = -1;
    delivery_batch_free(&batch);
    return result;
}

int worker_run(struct store *store, struct transport *transport,
               const struct worker_options *options, struct worker_summary *ret_summary,
               struct error *error)
{
    struct work work = {.store = store, .transport = transport, .options = options};
    int result = 1;

    buffer_init(&work.message, MESSAGE_BYTES_MAX);
    while (result > 0 && !should_stop(&work))
        result = work_round(&work, error);
    buffer_free(&work.message);
    if (outbox_count_left(store, options->only, options->uncertain, now(&work), &work.summary.left,
                          result < 0 ? NULL : error) < 0)
        result = -1;
    *ret_summary = work.summary;
    return result < 0 ? -1 : 0;
}
