#include "store/pace.h"

#include <stdio.h>
#include <string.h>

#include "store/query.h"

/* ---- turns ---- */

static void copy_text(char *room, size_t room_bytes, struct view text)
{
    snprintf(room, room_bytes, "%.*s", VIEW_ARGUMENTS(text));
}

/* `wait_ms` when it can be what a clock like ours wrote, else 0. */
static int64_t believed(int64_t wait_ms, int64_t longest_ms)
{
    return wait_ms > 0 && wait_ms <= longest_ms + PACE_CLOCK_SKEW_MS ? wait_ms : 0;
}

int pace_find_backoff(struct store *store, const struct pace_request *request,
                      struct pace_turn *ret_turn, struct error *error)
{
    struct pace_turn turn = {.state = PACE_CLAIMED};
    struct query query;
    int row;

    query_start(&query, store,
                "SELECT not_before_ms, failures, reason, changed_ms FROM pace_backoffs"
                " WHERE service = $1 AND endpoint = $2",
                error);
    query_text(&query, request->service);
    query_text(&query, request->endpoint);
    row = query_next(&query);
    if (row > 0) {
        turn.wait_ms = believed(query_get_integer(&query, 0) - request->now_ms,
                                PACE_RETRY_AFTER_MAX_MS);
        turn.failures = (int)query_get_integer(&query, 1);
        copy_text(turn.reason, sizeof turn.reason, query_get_view(&query, 2));
        turn.failed_ms = query_get_integer(&query, 3);
        if (turn.wait_ms)
            turn.state = PACE_BACKOFF;
    }
    query_end(&query);
    if (row < 0)
        return -1;
    *ret_turn = turn;
    return 0;
}

static int make_row(struct store *store, const struct pace_request *request, struct error *error)
{
    struct query query;

    query_start(&query, store,
                "INSERT INTO pace_turns (service, lease_until_ms, started_ms)"
                " VALUES ($1, 0, 0) ON CONFLICT (service) DO NOTHING",
                error);
    query_text(&query, request->service);
    return query_run(&query, NULL);
}

/* The conditions stand in the statement, so that of two who try at once only
 * one changes the row. */
static int take(struct store *store, const struct pace_request *request, bool *ret_taken,
                struct error *error)
{
    struct query query;
    int64_t changes = 0;

    query_start(&query, store,
                "UPDATE pace_turns SET holder = $1, lease_until_ms = $2, started_ms = $3"
                " WHERE service = $4"
                " AND (holder IS NULL OR lease_until_ms <= $3 OR lease_until_ms > $2 + $5)"
                " AND (started_ms + $6 <= $3 OR started_ms > $3 + $5)",
                error);
    query_text(&query, request->holder);
    query_integer(&query, request->now_ms + request->lease_ms);
    query_integer(&query, request->now_ms);
    query_text(&query, request->service);
    query_integer(&query, PACE_CLOCK_SKEW_MS);
    query_integer(&query, request->interval_ms);
    if (query_run(&query, &changes) < 0)
        return -1;
    *ret_taken = changes == 1;
    return 0;
}

/* Why the turn was not taken. */
static int explain(struct store *store, const struct pace_request *request,
                   struct pace_turn *turn, struct error *error)
{
    int64_t lease_ms = 0, interval_ms = 0;
    struct query query;
    int row;

    query_start(&query, store,
                "SELECT holder, lease_until_ms, started_ms FROM pace_turns WHERE service = $1",
                error);
    query_text(&query, request->service);
    row = query_next(&query);
    if (row > 0) {
        copy_text(turn->holder, sizeof turn->holder, query_get_view(&query, 0));
        if (!query_is_null(&query, 0))
            lease_ms = believed(query_get_integer(&query, 1) - request->now_ms,
                                request->lease_ms);
        interval_ms = query_get_integer(&query, 2) + request->interval_ms - request->now_ms;
    }
    query_end(&query);
    if (row < 0)
        return -1;
    turn->state = lease_ms ? PACE_HELD : PACE_INTERVAL;
    turn->wait_ms = lease_ms ? lease_ms : interval_ms;
    if (!lease_ms && turn->wait_ms > request->interval_ms)
        turn->wait_ms = request->interval_ms; /* a clock that is a little ahead */
    if (turn->wait_ms < 1)
        turn->wait_ms = 1; /* freed since it was tried */
    return 0;
}

static int claim(struct store *store, const struct pace_request *request, struct pace_turn *turn,
                 struct error *error)
{
    bool taken = false;

    if (pace_find_backoff(store, request, turn, error) < 0)
        return -1;
    if (turn->state == PACE_BACKOFF)
        return 0;
    if (make_row(store, request, error) < 0 || take(store, request, &taken, error) < 0)
        return -1;
    return taken ? 0 : explain(store, request, turn, error);
}

int pace_claim(struct store *store, const struct pace_request *request,
               struct pace_turn *ret_turn, struct error *error)
{
    struct pace_turn turn = {0};
    bool mine;
    int result;

    if (transaction_open_locked(store, STORE_LOCK_PACE, &mine, error) < 0)
        return -1;
    result = claim(store, request, &turn, error);
    if (transaction_close(store, mine, result, error) < 0)
        return -1;
    *ret_turn = turn;
    return 0;
}

int pace_free_holder(struct store *store, const char *service, const char *holder,
                     struct error *error)
{
    struct query query;

    query_start(&query, store,
                "UPDATE pace_turns SET holder = NULL WHERE service = $1 AND holder = $2", error);
    query_text(&query, service);
    query_text(&query, holder);
    return query_run(&query, NULL);
}

/* ---- what was learnt ---- */

int64_t pace_backoff_ms(int failures, uint32_t random)
{
    int64_t wait = PACE_BACKOFF_FIRST_MS;

    for (int i = 1; i < failures && wait < PACE_BACKOFF_MAX_MS; i++)
        wait *= 2;
    if (wait > PACE_BACKOFF_MAX_MS)
        wait = PACE_BACKOFF_MAX_MS;
    return wait / 2 + (int64_t)(random % (uint64_t)(wait / 2 + 1));
}

/* Retry-After is obeyed; without one, or with one that keeps on failing, the
 * waits grow. */
static int64_t not_before(const struct pace_outcome *outcome, int failures)
{
    int64_t wait = pace_backoff_ms(failures, outcome->random);
    int64_t told = 0;

    if (outcome->retry_after_seconds > PACE_RETRY_AFTER_MAX_MS / 1000)
        told = PACE_RETRY_AFTER_MAX_MS;
    else if (outcome->retry_after_seconds >= 0)
        told = (int64_t)outcome->retry_after_seconds * 1000;
    return outcome->now_ms + (told > wait ? told : wait);
}

static int forget_failures(struct store *store, const struct pace_request *request,
                           struct error *error)
{
    struct query query;

    query_start(&query, store, "DELETE FROM pace_backoffs WHERE service = $1 AND endpoint = $2",
                error);
    query_text(&query, request->service);
    query_text(&query, request->endpoint);
    return query_run(&query, NULL);
}

static int note_failure(struct store *store, const struct pace_request *request,
                        const struct pace_outcome *outcome, struct error *error)
{
    struct pace_turn before;
    struct query query;
    int failures;

    if (pace_find_backoff(store, request, &before, error) < 0)
        return -1;
    failures = before.failures < 1000000 ? before.failures + 1 : before.failures;
    query_start(&query, store,
                "INSERT INTO pace_backoffs"
                " (service, endpoint, not_before_ms, failures, changed_ms, reason)"
                " VALUES ($1, $2, $3, $4, $5, $6)"
                " ON CONFLICT (service, endpoint) DO UPDATE SET"
                " not_before_ms = excluded.not_before_ms, failures = excluded.failures,"
                " changed_ms = excluded.changed_ms, reason = excluded.reason",
                error);
    query_text(&query, request->service);
    query_text(&query, request->endpoint);
    query_integer(&query, not_before(outcome, failures));
    query_integer(&query, failures);
    query_integer(&query, outcome->now_ms);
    query_text(&query, outcome->why);
    return query_run(&query, NULL);
}

int pace_release(struct store *store, const struct pace_request *request,
                 const struct pace_outcome *outcome, struct error *error)
{
    bool mine;
    int result = 0;

    if (transaction_open_locked(store, STORE_LOCK_PACE, &mine, error) < 0)
        return -1;
    if (outcome->result == PACE_GOOD)
        result = forget_failures(store, request, error);
    else if (outcome->result == PACE_FAILED)
        result = note_failure(store, request, outcome, error);
    if (result == 0)
        result = pace_free_holder(store, request->service, request->holder, error);
    return transaction_close(store, mine, result, error);
}
