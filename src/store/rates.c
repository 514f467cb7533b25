#include "store/rates.h"

#include "store/query.h"

enum {
    MINUTE_MS = 60 * 1000,
    /* An hour, a portion's age, and a part of a minute at either end. */
    WINDOW_MINUTES = 62,
    /* So far ahead another machine's clock may be. */
    SKEW_MINUTES = 1,
    SKEW_MS = SKEW_MINUTES * MINUTE_MS
};

/* A change of the scope's row, first of all: from here on others wait. */
static int enter_scope(struct store *store, const char *scope, int64_t now_ms, int64_t *ret_next_us,
                       struct error *error)
{
    struct query query;

    query_start(&query, store,
                "INSERT INTO rate_scopes (scope, next_us, touched_ms) VALUES ($1, 0, $2)"
                " ON CONFLICT (scope) DO UPDATE SET touched_ms = excluded.touched_ms"
                " RETURNING next_us", error);
    query_text(&query, scope);
    query_integer(&query, now_ms);
    return query_run_integer(&query, ret_next_us) < 0 ? -1 : 0;
}

/* ---- per hour ---- */

struct window {
    int64_t taken;
    int64_t oldest; /* minute; of those with something taken */
    int64_t newest;
};

/* Everything from `from` on, also what stands in the future. */
static int read_window(struct store *store, const char *scope, int64_t from,
                       struct window *ret_window, struct error *error)
{
    struct query query;
    int row;

    query_start(&query, store,
                "SELECT CAST(coalesce(sum(taken), 0) AS BIGINT), min(minute), max(minute)"
                " FROM rate_minutes WHERE scope = $1 AND minute >= $2 AND taken > 0", error);
    query_text(&query, scope);
    query_integer(&query, from);
    row = query_next(&query);
    if (row > 0)
        *ret_window = (struct window){query_get_integer(&query, 0), query_get_integer(&query, 1),
                                      query_get_integer(&query, 2)};
    query_end(&query);
    return row < 0 ? -1 : 0;
}

static int add_taken(struct store *store, const char *scope, int64_t minute, int64_t count,
                     struct error *error)
{
    struct query query;

    query_start(&query, store,
                "INSERT INTO rate_minutes (scope, minute, taken) VALUES ($1, $2, $3)"
                " ON CONFLICT (scope, minute) DO UPDATE SET"
                " taken = rate_minutes.taken + excluded.taken", error);
    query_text(&query, scope);
    query_integer(&query, minute);
    query_integer(&query, count);
    return query_run(&query, NULL);
}

static int drop_minutes(struct store *store, const char *scope, int64_t from, int64_t to,
                        struct error *error)
{
    struct query query;

    query_start(&query, store,
                "DELETE FROM rate_minutes WHERE scope = $1 AND minute >= $2 AND minute < $3",
                error);
    query_text(&query, scope);
    query_integer(&query, from);
    query_integer(&query, to);
    return query_run(&query, NULL);
}

/* A clock that was ahead wrote it; when, as ours goes, is not known: now at the latest. */
static int take_back_from_future(struct store *store, const char *scope, int64_t minute,
                                 struct window *window, struct error *error)
{
    struct window ahead;

    if (read_window(store, scope, minute + 1, &ahead, error) < 0 ||
        drop_minutes(store, scope, minute + 1, INT64_MAX, error) < 0 ||
        add_taken(store, scope, minute, ahead.taken, error) < 0)
        return -1;
    window->newest = minute;
    if (window->oldest > minute)
        window->oldest = minute;
    return 0;
}

static int64_t at_least_one(int64_t ms)
{
    return ms > 0 ? ms : 1;
}

static int take(struct store *store, const char *scope, int64_t per_hour, int64_t want,
                int64_t now_ms, struct rate_grant *grant, struct error *error)
{
    int64_t minute = now_ms / MINUTE_MS, next_us;
    struct window window = {0};

    if (enter_scope(store, scope, now_ms, &next_us, error) < 0 ||
        read_window(store, scope, minute - WINDOW_MINUTES + 1, &window, error) < 0)
        return -1;
    if (window.taken && window.newest > minute + SKEW_MINUTES &&
        take_back_from_future(store, scope, minute, &window, error) < 0)
        return -1;
    grant->minute = minute;
    grant->count = per_hour - window.taken;
    if (grant->count > want)
        grant->count = want;
    if (grant->count <= 0) {
        grant->count = 0;
        grant->wait_ms = at_least_one((window.oldest + WINDOW_MINUTES) * MINUTE_MS - now_ms);
        if (grant->wait_ms > RATE_WAIT_MAX_MS)
            grant->wait_ms = RATE_WAIT_MAX_MS; /* another machine's clock is a little ahead */
        return 0;
    }
    /* A clock that jumps ahead for a while does not make it forgotten. */
    if (drop_minutes(store, scope, 0, minute - RATE_KEEP_MINUTES, error) < 0)
        return -1;
    return add_taken(store, scope, minute, grant->count, error);
}

int rate_take(struct store *store, const char *scope, int64_t per_hour, int64_t want,
              int64_t now_ms, struct rate_grant *ret_grant, struct error *error)
{
    struct rate_grant grant = {0};
    bool mine;
    int result;

    if (transaction_open(store, &mine, error) < 0)
        return -1;
    result = take(store, scope, per_hour, want, now_ms, &grant, error);
    if (transaction_close(store, mine, result, error) < 0)
        return -1;
    *ret_grant = grant;
    return 0;
}

int rate_give_back(struct store *store, const char *scope, int64_t minute, int64_t count,
                   struct error *error)
{
    struct query query;

    query_start(&query, store,
                "UPDATE rate_minutes SET taken = taken - $3"
                " WHERE scope = $1 AND minute = $2 AND taken >= $3", error);
    query_text(&query, scope);
    query_integer(&query, minute);
    query_integer(&query, count);
    return query_run(&query, NULL);
}

/* ---- per second ---- */

static int set_next(struct store *store, const char *scope, int64_t next_us, struct error *error)
{
    struct query query;

    query_start(&query, store, "UPDATE rate_scopes SET next_us = $2 WHERE scope = $1", error);
    query_text(&query, scope);
    query_integer(&query, next_us);
    return query_run(&query, NULL);
}

static int reserve(struct store *store, const char *scope, int64_t interval_us, int64_t count,
                   int64_t now_ms, struct rate_grant *grant, struct error *error)
{
    int64_t now_us = now_ms * 1000, span_us = interval_us * count, next_us;
    bool moved;

    if (enter_scope(store, scope, now_ms, &next_us, error) < 0)
        return -1;
    /* Nobody reserves further than that: a clock was ahead. What it reserved may not be over. */
    moved = next_us > now_us + span_us + (int64_t)SKEW_MS * 1000;
    if (moved)
        next_us = now_us + span_us;
    if (next_us > now_us) {
        grant->wait_ms = at_least_one((next_us - now_us + 999) / 1000);
        return moved ? set_next(store, scope, next_us, error) : 0;
    }
    grant->count = count;
    grant->start_us = now_us;
    return set_next(store, scope, now_us + span_us, error);
}

int rate_reserve(struct store *store, const char *scope, int64_t interval_us, int64_t count,
                 int64_t now_ms, struct rate_grant *ret_grant, struct error *error)
{
    struct rate_grant grant = {0};
    bool mine;
    int result;

    if (transaction_open(store, &mine, error) < 0)
        return -1;
    result = reserve(store, scope, interval_us, count, now_ms, &grant, error);
    if (transaction_close(store, mine, result, error) < 0)
        return -1;
    *ret_grant = grant;
    return 0;
}

/* ---- at a time ---- */

/* Those whose lease has run out have none, nor those whose lease no clock like ours wrote. */
static int count_others(struct store *store, const char *scope, const char *holder, int64_t now_ms,
                        int64_t *ret_slots, struct error *error)
{
    struct query query;

    query_start(&query, store,
                "SELECT CAST(coalesce(sum(slots), 0) AS BIGINT) FROM rate_slots"
                " WHERE scope = $1 AND holder <> $2 AND lease_until_ms > $3"
                " AND lease_until_ms <= $4", error);
    query_text(&query, scope);
    query_text(&query, holder);
    query_integer(&query, now_ms);
    query_integer(&query, now_ms + RATE_SLOTS_LEASE_MS + SKEW_MS);
    return query_run_integer(&query, ret_slots) < 0 ? -1 : 0;
}

static int set_slots(struct store *store, const char *scope, const char *holder, int64_t slots,
                     int64_t now_ms, struct error *error)
{
    struct query query;

    if (slots == 0)
        query_start(&query, store, "DELETE FROM rate_slots WHERE scope = $1 AND holder = $2",
                    error);
    else
        query_start(&query, store,
                    "INSERT INTO rate_slots (scope, holder, slots, lease_until_ms)"
                    " VALUES ($1, $2, $3, $4) ON CONFLICT (scope, holder) DO UPDATE SET"
                    " slots = excluded.slots, lease_until_ms = excluded.lease_until_ms", error);
    query_text(&query, scope);
    query_text(&query, holder);
    if (slots) {
        query_integer(&query, slots);
        query_integer(&query, now_ms + RATE_SLOTS_LEASE_MS);
    }
    return query_run(&query, NULL);
}

static int take_slots(struct store *store, const char *scope, const char *holder, int64_t limit,
                      int64_t *slots, int64_t now_ms, struct error *error)
{
    int64_t next_us, others = 0;

    if (enter_scope(store, scope, now_ms, &next_us, error) < 0 ||
        count_others(store, scope, holder, now_ms, &others, error) < 0)
        return -1;
    if (*slots > limit - others)
        *slots = limit > others ? limit - others : 0;
    return set_slots(store, scope, holder, *slots, now_ms, error);
}

int rate_take_slots(struct store *store, const char *scope, const char *holder, int64_t limit,
                    int64_t want, int64_t now_ms, int64_t *ret_slots, struct error *error)
{
    int64_t slots = want;
    bool mine;
    int result;

    if (transaction_open(store, &mine, error) < 0)
        return -1;
    result = take_slots(store, scope, holder, limit, &slots, now_ms, error);
    if (transaction_close(store, mine, result, error) < 0)
        return -1;
    *ret_slots = slots;
    return 0;
}

int rate_renew_slots(struct store *store, const char *holder, int64_t now_ms, struct error *error)
{
    struct query query;

    query_start(&query, store, "UPDATE rate_slots SET lease_until_ms = $2 WHERE holder = $1",
                error);
    query_text(&query, holder);
    query_integer(&query, now_ms + RATE_SLOTS_LEASE_MS);
    return query_run(&query, NULL);
}

int rate_drop_slots(struct store *store, const char *holder, struct error *error)
{
    return query_run_of(store, "DELETE FROM rate_slots WHERE holder = $1", holder, NULL, error);
}

/* ---- */

int rate_prune(struct store *store, int64_t now_ms, struct error *error)
{
    int64_t kept_ms = now_ms - (int64_t)RATE_KEEP_MINUTES * MINUTE_MS;

    if (query_run_before(store, "DELETE FROM rate_minutes WHERE minute < $1", kept_ms / MINUTE_MS,
                         error) < 0 ||
        query_run_before(store, "DELETE FROM rate_slots WHERE lease_until_ms < $1", kept_ms,
                         error) < 0)
        return -1;
    return query_run_before(store, "DELETE FROM rate_scopes WHERE touched_ms < $1", kept_ms,
                            error);
}
