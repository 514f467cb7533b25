#include "store/outbox.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/outbox_change.h"
#include "store/query.h"
#include "store/shown.h"

enum { EDITIONS_TEXT_BYTES = OUTBOX_EDITIONS_MAX * EDITION_SHOWN_BYTES };

int outbox_check_change(enum delivery_state from, enum delivery_state to, struct error *error)
{
    return delivery_state_change(&from, to, error);
}

static int check_request(const struct delivery_request *request, struct error *error)
{
    if (!request->subscriber || !request->subscriber[0] || !request->slot || !request->slot[0])
        return error_set(error, ERROR_BUG, "outbox: a delivery needs a subscriber and a slot");
    if (request->message.size && !request->envelope_sender)
        return error_set(error, ERROR_BUG, "outbox: a kept message needs its envelope sender");
    return 0;
}

/* An addition that finds a row leaves it as it is, unless it is a skipped digest that has
 * dealt with nothing (DEALT_WITH_SQL). What that one was to show once may have been shown
 * by a later one: it is composed anew. */
#define ADD_SQL(RETURNING) \
    "INSERT INTO deliveries (kind, subscriber, slot, created_utc, not_before_utc, expires_utc," \
    " state) VALUES ($1, $2, $3, $4, $5, $6, 'queued')" \
    " ON CONFLICT (subscriber, kind, slot) DO UPDATE SET state = 'queued'," \
    " created_utc = excluded.created_utc, not_before_utc = excluded.not_before_utc," \
    " expires_utc = excluded.expires_utc, attempts = 0, changed_utc = NULL," \
    " stage = NULL, enhanced = NULL, reply = NULL, reason = NULL, editions = NULL, shown = NULL" \
    " WHERE deliveries.state = 'skipped' AND deliveries.kind = 'digest'" \
    " AND (deliveries.editions IS NULL OR length(deliveries.shown) > 0)" \
    " RETURNING " RETURNING
#define ADD_KINDS "tttiii"

static void bind_request(struct query *query, const struct delivery_request *request)
{
    query_text(query, delivery_kind_name(request->kind));
    query_text(query, request->subscriber);
    query_text(query, request->slot);
    query_integer(query, request->created_utc);
    query_integer(query, request->not_before_utc);
    query_integer(query, request->expires_utc);
}

/* 1 and the row's id, or 0 when there is one already that stays as it is. */
static int insert_delivery(struct store *store, const struct delivery_request *request,
                           int64_t *ret_id, struct error *error)
{
    struct query query;
    int result;

    query_start(&query, store, ADD_SQL("id"), error);
    bind_request(&query, request);
    result = query_next(&query);
    if (result > 0) {
        *ret_id = query_get_integer(&query, 0);
        if (query_next(&query) < 0)
            result = -1;
    }
    query_end(&query);
    return result;
}

static int insert_message(struct store *store, int64_t id, const struct delivery_request *request,
                          struct error *error)
{
    struct query query;

    query_start(&query, store,
                "INSERT INTO delivery_messages (delivery, envelope_sender, bytes)"
                " VALUES ($1, $2, $3)", error);
    query_integer(&query, id);
    query_text(&query, request->envelope_sender);
    query_blob(&query, request->message);
    return query_run(&query, NULL);
}

int outbox_add(struct store *store, const struct delivery_request *request, bool *ret_is_new,
               struct error *error)
{
    bool mine = false;
    int64_t id = 0;
    int added;

    if (check_request(request, error) < 0 ||
        outbox_check_change(DELIVERY_SKIPPED, DELIVERY_QUEUED, error) < 0)
        return -1;
    if (request->message.size && transaction_open(store, &mine, error) < 0)
        return -1;
    added = insert_delivery(store, request, &id, error);
    if (added > 0 && request->message.size && insert_message(store, id, request, error) < 0)
        added = -1;
    if (transaction_close(store, mine, added < 0 ? -1 : 0, error) < 0)
        return -1;
    if (added < 0)
        return -1;
    if (ret_is_new)
        *ret_is_new = added > 0;
    return 0;
}

static void bind_one_request(struct query *query, size_t index, void *user)
{
    const struct delivery_request *requests = user;

    bind_request(query, &requests[index]);
}

int outbox_add_many(struct store *store, const struct delivery_request requests[], size_t count,
                    bool ret_are_new[], struct error *error)
{
    int64_t *changes = memory_new(count, sizeof(*changes));
    int result = outbox_check_change(DELIVERY_SKIPPED, DELIVERY_QUEUED, error);

    for (size_t i = 0; i < count && result == 0; i++) {
        result = check_request(&requests[i], error);
        if (result == 0 && requests[i].message.size)
            result = error_set(error, ERROR_BUG, "outbox: kept messages are added one by one");
    }
    if (result == 0)
        result = query_run_many(store, ADD_SQL("kind, subscriber, slot"), ADD_KINDS, count,
                                bind_one_request, (void *)(uintptr_t)requests, changes, error);
    for (size_t i = 0; i < count && result == 0; i++)
        ret_are_new[i] = changes[i] > 0;
    free(changes);
    return result;
}

int outbox_load_message(struct store *store, const struct delivery *delivery,
                        struct buffer *ret_message, struct error *error)
{
    struct query query;
    int result;

    query_start(&query, store, "SELECT bytes FROM delivery_messages WHERE delivery = $1", error);
    query_integer(&query, delivery->id);
    result = query_next(&query);
    if (result > 0)
        buffer_add_view(ret_message, query_get_view(&query, 0));
    query_end(&query);
    if (result == 0)
        return error_set(error, ERROR_MISSING, "outbox: delivery %lld keeps no message",
                         (long long)delivery->id);
    if (result > 0 && ret_message->failed)
        return error_set(error, ERROR_INPUT, "outbox: the message of delivery %lld is too large",
                         (long long)delivery->id);
    return result < 0 ? -1 : 0;
}

static void format_editions(const struct delivery *delivery, char text[EDITIONS_TEXT_BYTES])
{
    size_t used = 0;

    for (size_t i = 0; i < delivery->edition_count && i < OUTBOX_EDITIONS_MAX; i++) {
        if (i)
            text[used++] = ' ';
        edition_shown_format(&delivery->editions[i], text + used);
        used += strlen(text + used);
    }
    text[used] = '\0';
}

/* After a change that the table has allowed: no row means that it is another worker's by
 * now. */
static int check_held(struct delivery *delivery, enum delivery_state next, int64_t changes,
                      struct error *error)
{
    if (changes == 0)
        return error_set(error, ERROR_CONFLICT,
                         "outbox: delivery %lld to %s is no longer held by %s",
                         (long long)delivery->id, delivery->subscriber, delivery->worker);
    delivery->state = next;
    return 0;
}

/* $1 to $5 of each such statement: row, holder, state before, what is shown. */
static void bind_held(struct query *query, const struct delivery *delivery,
                      const char *editions_text)
{
    query_integer(query, delivery->id);
    query_text(query, delivery->worker);
    query_text(query, delivery_state_name(delivery->state));
    query_text(query, delivery->edition_count ? editions_text : NULL);
    if (delivery->shown.size)
        query_blob(query, delivery->shown);
    else
        query_null(query);
}

/* What many changes of one kind share. */
struct changing {
    struct delivery *const *deliveries;
    const struct delivery_outcome *outcomes; /* of finishing */
    char editions[EDITIONS_TEXT_BYTES];
};

#define HELD_KINDS "itttb"

static void bind_changed(struct query *query, size_t index, struct changing *changing)
{
    format_editions(changing->deliveries[index], changing->editions);
    bind_held(query, changing->deliveries[index], changing->editions);
}

/* A begin whose commit nobody heard of may stand there already: then it is the same one. */
static const char BEGIN_SQL[] =
    "UPDATE deliveries SET attempts = attempts + CASE WHEN state = 'sending' THEN 0 ELSE 1 END,"
    " state = 'sending', editions = $4, shown = $5"
    " WHERE id = $1 AND worker = $2 AND state IN ($3, $6)";
#define BEGIN_KINDS HELD_KINDS "t"

static void bind_begin(struct query *query, size_t index, void *user)
{
    struct changing *changing = user;
    const struct delivery *delivery = changing->deliveries[index];

    bind_changed(query, index, changing);
    query_text(query, delivery_state_name(delivery->may_have_begun ? DELIVERY_SENDING
                                                                   : delivery->state));
}

static const char FINISH_SQL[] =
    "UPDATE deliveries SET state = $6, editions = $4, shown = $5, worker = NULL,"
    " lease_until_utc = NULL, changed_utc = $7, not_before_utc = $8, stage = $9,"
    " enhanced = $10, reply = $11, attempts = attempts + $12, reason = $13"
    " WHERE id = $1 AND worker = $2 AND state = $3";
#define FINISH_KINDS HELD_KINDS "tiitttit"

/* An attempt that was refused before its bytes went out counts too. */
static bool counts_as_attempt(const struct delivery *delivery,
                              const struct delivery_outcome *outcome)
{
    return delivery->state == DELIVERY_CLAIMED && outcome->state != DELIVERY_SKIPPED &&
           !outcome->untried;
}

static void bind_finish(struct query *query, size_t index, void *user)
{
    struct changing *changing = user;
    const struct delivery *delivery = changing->deliveries[index];
    const struct delivery_outcome *outcome = &changing->outcomes[index];
    bool waits = outcome->state == DELIVERY_DEFERRED || outcome->state == DELIVERY_UNCERTAIN;

    bind_changed(query, index, changing);
    query_text(query, delivery_state_name(outcome->state));
    query_integer(query, outcome->now_utc);
    query_integer(query, waits ? outcome->not_before_utc : delivery->not_before_utc);
    query_text(query, outcome->stage);
    query_text(query, outcome->enhanced);
    query_text(query, outcome->reply);
    query_integer(query, counts_as_attempt(delivery, outcome));
    query_text(query, outcome->reason);
}

static int check_begin(const struct delivery *delivery, struct error *error)
{
    return outbox_check_change(delivery->state, DELIVERY_SENDING, error);
}

static int check_finish(const struct delivery *delivery, const struct delivery_outcome *outcome,
                        struct error *error)
{
    if (outcome->state == DELIVERY_QUEUED || outcome->state == DELIVERY_SENDING)
        return error_set(error, ERROR_BUG, "outbox: %s is no outcome",
                         delivery_state_name(outcome->state));
    return outbox_check_change(delivery->state, outcome->state, error);
}

static int begun(struct delivery *delivery, int64_t changes, struct error *error)
{
    if (check_held(delivery, DELIVERY_SENDING, changes, error) < 0)
        return -1;
    delivery->attempts++;
    delivery->may_have_begun = false;
    return 0;
}

static int finished(struct delivery *delivery, const struct delivery_outcome *outcome,
                    int64_t changes, struct error *error)
{
    bool counts = counts_as_attempt(delivery, outcome);

    if (check_held(delivery, outcome->state, changes, error) < 0)
        return -1;
    delivery->attempts += counts;
    return 0;
}

int outbox_begin(struct store *store, struct delivery *delivery, struct error *error)
{
    struct changing changing = {.deliveries = &delivery};
    struct query query;
    int64_t changes = 0;

    if (check_begin(delivery, error) < 0)
        return -1;
    query_start(&query, store, BEGIN_SQL, error);
    bind_begin(&query, 0, &changing);
    return query_run(&query, &changes) < 0 ? -1 : begun(delivery, changes, error);
}

int outbox_finish(struct store *store, struct delivery *delivery,
                  const struct delivery_outcome *outcome, struct error *error)
{
    struct changing changing = {.deliveries = &delivery, .outcomes = outcome};
    struct query query;
    int64_t changes = 0;

    if (check_finish(delivery, outcome, error) < 0)
        return -1;
    query_start(&query, store, FINISH_SQL, error);
    bind_finish(&query, 0, &changing);
    return query_run(&query, &changes) < 0 ? -1 : finished(delivery, outcome, changes, error);
}

int outbox_begin_many(struct store *store, struct delivery *const deliveries[], size_t count,
                      bool ret_lost[], struct error *error)
{
    struct changing changing = {.deliveries = deliveries};
    int64_t *changes = memory_new(count, sizeof(*changes));
    int result = 0;

    for (size_t i = 0; i < count && result == 0; i++)
        result = check_begin(deliveries[i], error);
    if (result == 0)
        result = query_run_many(store, BEGIN_SQL, BEGIN_KINDS, count, bind_begin, &changing, changes,
                                error);
    for (size_t i = 0; i < count && result == 0; i++)
        ret_lost[i] = begun(deliveries[i], changes[i], NULL) < 0;
    free(changes);
    return result;
}

int outbox_finish_many(struct store *store, struct delivery *const deliveries[],
                       const struct delivery_outcome outcomes[], size_t count, bool ret_lost[],
                       struct error *error)
{
    struct changing changing = {.deliveries = deliveries, .outcomes = outcomes};
    int64_t *changes = memory_new(count, sizeof(*changes));
    int result = 0;

    for (size_t i = 0; i < count && result == 0; i++)
        result = check_finish(deliveries[i], &outcomes[i], error);
    if (result == 0)
        result = query_run_many(store, FINISH_SQL, FINISH_KINDS, count, bind_finish, &changing, changes,
                                error);
    for (size_t i = 0; i < count && result == 0; i++)
        ret_lost[i] = finished(deliveries[i], &outcomes[i], changes[i], NULL) < 0;
    free(changes);
    return result;
}

int outbox_release(struct store *store, struct delivery *delivery, struct error *error)
{
    enum delivery_state next = delivery->state;
    struct query query;
    int64_t changes = 0;

    if (delivery_state_change(&next, DELIVERY_QUEUED, error) < 0)
        return -1;
    query_start(&query, store,
                "UPDATE deliveries SET state = 'queued', worker = NULL, lease_until_utc = NULL"
                " WHERE id = $1 AND worker = $2 AND state = $3", error);
    query_integer(&query, delivery->id);
    query_text(&query, delivery->worker);
    query_text(&query, delivery_state_name(delivery->state));
    return query_run(&query, &changes) < 0 ? -1 : check_held(delivery, next, changes, error);
}
