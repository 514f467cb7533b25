/* Who holds what: claiming under a lease, and taking back what the dead held. */
#include <stdlib.h>

#include "base/memory.h"
#include "store/outbox.h"
#include "store/outbox_change.h"
#include "store/query.h"
#include "store/shown.h"

static void read_editions(struct view text, struct arena *arena, struct delivery *delivery)
{
    struct edition_shown *editions = arena_alloc(arena, OUTBOX_EDITIONS_MAX, sizeof(*editions));

    delivery->edition_count = editions_shown_read(text, editions);
    delivery->editions = editions;
}

/* Column for column what CLAIM_SQL returns. */
static int read_claimed(const struct query *query, const char *worker, struct arena *arena,
                        struct delivery *ret_delivery, struct error *error)
{
    struct delivery delivery = {
        .id = query_get_integer(query, 0),
        .state = DELIVERY_CLAIMED,
        .subscriber = query_get_string(query, 2, arena),
        .slot = query_get_string(query, 3, arena),
        .not_before_utc = query_get_integer(query, 4),
        .expires_utc = query_get_integer(query, 5),
        .attempts = (int)query_get_integer(query, 6),
        .shown = arena_copy(arena, query_get_view(query, 8)),
        .envelope_sender = query_get_string(query, 9, arena),
        .worker = worker,
    };

    if (!delivery_kind_parse(query_get_view(query, 1), &delivery.kind))
        return error_set(error, ERROR_CONFIGURATION, "outbox: delivery %lld is of no known kind",
                         (long long)delivery.id);
    delivery.has_message = delivery.envelope_sender != NULL;
    if (!query_is_null(query, 7))
        read_editions(query_get_view(query, 7), arena, &delivery);
    *ret_delivery = delivery;
    return 0;
}

/* `ONLY` narrows it to one subscriber, and is a text of its own so that the
 * usual claim walks its index and nothing else. */
#define CLAIM_SQL(ONLY) \
    "UPDATE deliveries SET state = 'claimed', worker = $1, lease_until_utc = $2" \
    " WHERE id IN (SELECT id FROM deliveries" \
    " WHERE phase IN ('queued', 'deferred') AND not_before_utc <= $3 AND expires_utc > $3" \
    " AND " NOT_BEHIND_ANOTHER_SQL ONLY " ORDER BY not_before_utc, id LIMIT $4 " SKIP_LOCKED ")" \
    " RETURNING id, kind, subscriber, slot, not_before_utc, expires_utc, attempts, editions," \
    " shown," \
    " (SELECT m.envelope_sender FROM delivery_messages m WHERE m.delivery = deliveries.id)," \
    " " SUPPRESSED_SQL

struct claim {
    const char *worker;
    const char *only; /* NULL: everybody's */
    int64_t now_utc;
    int64_t until_utc;
    size_t max;
};

/* `suppressed` gets one byte per delivery. Returns how many rows were taken. */
static int take_rows(struct store *store, const struct claim *claim, struct delivery_batch *batch,
                     unsigned char *suppressed, struct error *error)
{
    const char *worker = arena_string(batch->arena, view_of(claim->worker));
    struct query query;
    int result;

    query_start(&query, store, claim->only ? CLAIM_SQL(" AND subscriber = $5") : CLAIM_SQL(""),
                error);
    query_text(&query, worker);
    query_integer(&query, claim->until_utc);
    query_integer(&query, claim->now_utc);
    query_integer(&query, (int64_t)claim->max);
    if (claim->only)
        query_text(&query, claim->only);
    while ((result = query_next(&query)) > 0) {
        if (read_claimed(&query, worker, batch->arena, &batch->items[batch->count], error) < 0) {
            result = -1;
            break;
        }
        suppressed[batch->count++] = query_get_integer(&query, 10) != 0;
    }
    query_end(&query);
    return result;
}

static int skip_suppressed(struct store *store, int64_t now_utc, struct delivery_batch *batch,
                           const unsigned char *suppressed, struct error *error)
{
    const struct delivery_outcome outcome = {
        .state = DELIVERY_SKIPPED, .now_utc = now_utc, .reply = "suppressed"};
    size_t kept = 0;

    for (size_t i = 0; i < batch->count; i++) {
        if (!suppressed[i]) {
            batch->items[kept++] = batch->items[i];
            continue;
        }
        if (outbox_finish(store, &batch->items[i], &outcome, error) < 0)
            return -1;
        batch->skipped++;
    }
    batch->count = kept;
    return 0;
}

/* RETURNING promises no order. */
static int compare_due(const void *a, const void *b)
{
    const struct delivery *first = a, *second = b;

    if (first->not_before_utc != second->not_before_utc)
        return first->not_before_utc < second->not_before_utc ? -1 : 1;
    return (first->id > second->id) - (first->id < second->id);
}

/* One round; a batch in which all were suppressed comes back empty, with
 * `skipped` set. */
static int claim_round(struct store *store, const struct claim *claim,
                       struct delivery_batch *batch, struct error *error)
{
    unsigned char suppressed[OUTBOX_CLAIM_MAX];
    size_t skipped = batch->skipped;
    bool mine;
    int result;

    /* A claim that is lost leaves its rows queued: nothing is sent before they are begun, and
     * a begin finds only what is claimed. All workers wait for this commit in turn. */
    if (transaction_open_relaxed(store, STORE_LOCK_CLAIM, &mine, error) < 0)
        return -1;
    result = take_rows(store, claim, batch, suppressed, error);
    if (result == 0)
        result = skip_suppressed(store, claim->now_utc, batch, suppressed, error);
    if (transaction_close(store, mine, result, error) < 0)
        return -1;
    return batch->count == 0 && batch->skipped > skipped ? 1 : 0;
}

static int claim_batch(struct store *store, const struct claim *claim,
                       struct delivery_batch *ret_batch, struct error *error)
{
    struct delivery_batch batch = {.arena = arena_new()};
    int again;

    if (outbox_check_change(DELIVERY_QUEUED, DELIVERY_CLAIMED, error) < 0 ||
        outbox_check_change(DELIVERY_DEFERRED, DELIVERY_CLAIMED, error) < 0) {
        delivery_batch_free(&batch);
        return -1;
    }
    batch.items = memory_new(claim->max, sizeof(*batch.items));
    do
        again = claim_round(store, claim, &batch, error);
    while (again > 0);
    if (again < 0) {
        delivery_batch_free(&batch);
        return -1;
    }
    if (batch.count)
        qsort(batch.items, batch.count, sizeof(*batch.items), compare_due);
    *ret_batch = batch;
    return 0;
}

int outbox_claim(struct store *store, const char *worker, int64_t now_utc, int lease_seconds,
                 size_t max, struct delivery_batch *ret_batch, struct error *error)
{
    return outbox_claim_only(store, NULL, worker, now_utc, lease_seconds, max, ret_batch, error);
}

int outbox_claim_only(struct store *store, const char *subscriber, const char *worker,
                      int64_t now_utc, int lease_seconds, size_t max,
                      struct delivery_batch *ret_batch, struct error *error)
{
    return claim_batch(store,
                       &(struct claim){worker, subscriber, now_utc, now_utc + lease_seconds,
                                       max > OUTBOX_CLAIM_MAX ? OUTBOX_CLAIM_MAX : max},
                       ret_batch, error);
}

void delivery_batch_free(struct delivery_batch *batch)
{
    arena_free(&batch->arena);
    free(batch->items);
    *batch = (struct delivery_batch){0};
}

int outbox_renew(struct store *store, const char *worker, int64_t lease_until_utc,
                 struct error *error)
{
    struct query query;

    query_start(&query, store,
                "UPDATE deliveries SET lease_until_utc = $2"
                " WHERE worker = $1 AND phase = 'held'", error);
    query_text(&query, worker);
    query_integer(&query, lease_until_utc);
    return query_run(&query, NULL);
}

/* What a recovery is about: $1 and $2 of each of its statements. */
struct recovery {
    struct store *store;
    int64_t now_utc;
    const char *only; /* NULL: everybody's */
};

#define ONLY_SQL " AND (subscriber = $2 OR $2 IS NULL)"

static int recover_rows(const struct recovery *recovery, const char *sql, int64_t *ret_changes,
                        struct error *error)
{
    struct query query;

    query_start(&query, recovery->store, sql, error);
    query_integer(&query, recovery->now_utc);
    query_text(&query, recovery->only);
    return query_run(&query, ret_changes);
}

static int recover_leases(const struct recovery *recovery, struct outbox_recovered *recovered,
                          struct error *error)
{
    if (outbox_check_change(DELIVERY_CLAIMED, DELIVERY_QUEUED, error) < 0 ||
        outbox_check_change(DELIVERY_SENDING, DELIVERY_UNCERTAIN, error) < 0)
        return -1;
    if (recover_rows(recovery,
                     "UPDATE deliveries SET state = 'queued', worker = NULL, lease_until_utc = NULL"
                     " WHERE phase = 'held' AND state = 'claimed'"
                     " AND lease_until_utc <= $1" ONLY_SQL,
                     &recovered->queued, error) < 0)
        return -1;
    return recover_rows(recovery,
                        "UPDATE deliveries SET state = 'uncertain', worker = NULL,"
                        " lease_until_utc = NULL, changed_utc = $1,"
                        " stage = 'end-of-data', enhanced = NULL, reason = NULL,"
                        " reply = 'the worker ended before the relay had answered'"
                        " WHERE phase = 'held' AND state = 'sending'"
                        " AND lease_until_utc <= $1" ONLY_SQL,
                        &recovered->uncertain, error);
}

static int resend_uncertain(const struct recovery *recovery, struct outbox_recovered *recovered,
                            struct error *error)
{
    if (outbox_check_change(DELIVERY_UNCERTAIN, DELIVERY_QUEUED, error) < 0)
        return -1;
    return recover_rows(recovery,
                        "UPDATE deliveries SET state = 'queued'"
                        " WHERE phase = 'uncertain' AND not_before_utc <= $1 AND expires_utc > $1"
                        ONLY_SQL,
                        &recovered->resent, error);
}

static int expire(const struct recovery *recovery, enum uncertain_policy policy,
                  struct outbox_recovered *recovered, struct error *error)
{
    int64_t uncertain = 0;

    if (outbox_check_change(DELIVERY_QUEUED, DELIVERY_EXPIRED, error) < 0 ||
        outbox_check_change(DELIVERY_DEFERRED, DELIVERY_EXPIRED, error) < 0 ||
        outbox_check_change(DELIVERY_UNCERTAIN, DELIVERY_EXPIRED, error) < 0)
        return -1;
    if (recover_rows(recovery,
                     "UPDATE deliveries SET state = 'expired', changed_utc = $1"
                     " WHERE phase IN ('queued', 'deferred') AND expires_utc <= $1" ONLY_SQL,
                     &recovered->expired, error) < 0)
        return -1;
    if (policy == UNCERTAIN_RESEND &&
        recover_rows(recovery,
                     "UPDATE deliveries SET state = 'expired', changed_utc = $1"
                     " WHERE phase = 'uncertain' AND expires_utc <= $1" ONLY_SQL,
                     &uncertain, error) < 0)
        return -1;
    recovered->expired += uncertain;
    return 0;
}

/* What was due when it was added stays due when the clock is set back. The newest row tells
 * whether it was; without that nothing that is to come is looked through. */
static int follow_clock(const struct recovery *recovery, struct error *error)
{
    return recover_rows(recovery,
                        "UPDATE deliveries SET created_utc = $1, not_before_utc = $1"
                        " WHERE phase IN ('queued', 'deferred') AND state = 'queued'"
                        " AND not_before_utc > $1 AND not_before_utc <= created_utc"
                        " AND attempts = 0 AND (SELECT newest.created_utc FROM deliveries newest"
                        " WHERE newest.id = (SELECT max(id) FROM deliveries)) > $1" ONLY_SQL,
                        NULL, error);
}

int outbox_recover_only(struct store *store, const char *subscriber, int64_t now_utc,
                        enum uncertain_policy policy, struct outbox_recovered *ret_recovered,
                        struct error *error)
{
    const struct recovery recovery = {store, now_utc, subscriber};
    struct outbox_recovered recovered = {0};
    bool mine;
    int result;

    if (transaction_open_locked(store, STORE_LOCK_CLAIM, &mine, error) < 0)
        return -1;
    result = recover_leases(&recovery, &recovered, error);
    if (result == 0 && policy == UNCERTAIN_RESEND)
        result = resend_uncertain(&recovery, &recovered, error);
    if (result == 0)
        result = expire(&recovery, policy, &recovered, error);
    if (result == 0)
        result = follow_clock(&recovery, error);
    if (transaction_close(store, mine, result, error) < 0)
        return -1;
    *ret_recovered = recovered;
    return 0;
}

int outbox_recover(struct store *store, int64_t now_utc, enum uncertain_policy policy,
                   struct outbox_recovered *ret_recovered, struct error *error)
{
    return outbox_recover_only(store, NULL, now_utc, policy, ret_recovered, error);
}

int outbox_skip_suppressed(struct store *store, const char *address, int64_t now_utc,
                           struct error *error)
{
    struct query query;

    if (outbox_check_change(DELIVERY_QUEUED, DELIVERY_SKIPPED, error) < 0 ||
        outbox_check_change(DELIVERY_DEFERRED, DELIVERY_SKIPPED, error) < 0)
        return -1;
    query_start(&query, store,
                "UPDATE deliveries SET state = 'skipped', changed_utc = $2, reply = 'suppressed',"
                " reason = NULL"
                " WHERE subscriber = $1 AND phase IN ('queued', 'deferred') AND " SUPPRESSED_SQL,
                error);
    query_text(&query, address);
    query_integer(&query, now_utc);
    return query_run(&query, NULL);
}
