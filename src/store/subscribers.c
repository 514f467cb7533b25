#include "store/subscribers.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "store/changes.h"
#include "store/holds.h"
#include "store/outbox_change.h"
#include "store/suppression_row.h"

static const char *const reason_names[SUPPRESSION_REASONS] = {
    [SUPPRESSION_UNSUBSCRIBED] = "unsubscribed",
    [SUPPRESSION_BOUNCED] = "bounced",
    [SUPPRESSION_OWNER] = "owner",
    [SUPPRESSION_COMPLAINED] = "complained",
};

const char *suppression_reason_name(enum suppression_reason reason)
{
    return reason_names[reason];
}

static enum suppression_reason parse_reason(struct view name)
{
    for (int i = 0; i < SUPPRESSION_REASONS; i++)
        if (view_equal_string(name, reason_names[i]))
            return (enum suppression_reason)i;
    return SUPPRESSION_OWNER; /* the schema allows no other name */
}

#define SEE_SQL \
    "INSERT INTO subscribers (address, first_seen_utc, first_edition)" \
    " VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING address"
#define SEE_KINDS "tit"

struct sight {
    const char *const *addresses;
    int64_t now_utc;
    char edition[DATE_TEXT_BYTES]; /* empty: there is none */
};

static struct sight sight_of(const char *const *addresses, int64_t now_utc,
                             struct date latest_edition)
{
    struct sight sight = {addresses, now_utc, ""};

    if (date_is_set(latest_edition))
        date_format(latest_edition, sight.edition);
    return sight;
}

static void bind_sight(struct query *query, size_t index, void *user)
{
    const struct sight *sight = user;

    query_text(query, sight->addresses[index]);
    query_integer(query, sight->now_utc);
    query_text(query, sight->edition[0] ? sight->edition : NULL);
}

static int insert_subscriber(struct store *store, const char *address, int64_t now_utc,
                             struct date latest_edition, struct error *error)
{
    struct sight sight = sight_of(&address, now_utc, latest_edition);
    struct query query;

    query_start(&query, store, SEE_SQL, error);
    bind_sight(&query, 0, &sight);
    return query_run(&query, NULL);
}

int subscriber_see_many(struct store *store, const char *const addresses[], size_t count,
                        int64_t now_utc, struct date latest_edition, struct error *error)
{
    struct sight sight = sight_of(addresses, now_utc, latest_edition);
    int64_t *changes = memory_new(count, sizeof(*changes));
    int result = query_run_many(store, SEE_SQL, SEE_KINDS, count, bind_sight, &sight, changes, error);

    free(changes);
    return result;
}

static int find_subscriber(struct store *store, const char *address,
                           struct subscriber_seen *ret_seen, struct error *error)
{
    struct query query;
    int result;

    query_start(&query, store,
                "SELECT first_seen_utc, first_edition FROM subscribers WHERE address = $1", error);
    query_text(&query, address);
    result = query_next(&query);
    if (result > 0)
        *ret_seen = (struct subscriber_seen){query_get_integer(&query, 0),
                                             query_get_date(&query, 1)};
    query_end(&query);
    return result;
}

int subscriber_see(struct store *store, const char *address, int64_t now_utc,
                   struct date latest_edition, struct subscriber_seen *ret_seen,
                   struct error *error)
{
    int result = find_subscriber(store, address, ret_seen, error);

    if (result != 0)
        return result < 0 ? -1 : 0;
    /* Another process may have come first: what is there then counts. */
    if (insert_subscriber(store, address, now_utc, latest_edition, error) < 0)
        return -1;
    return find_subscriber(store, address, ret_seen, error) < 0 ? -1 : 0;
}

static int insert_suppression(struct store *store, const struct suppression *suppression,
                              struct error *error)
{
    struct query query;

    query_start(&query, store,
                "INSERT INTO suppressions (address, reason, since_utc, evidence)"
                " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING", error);
    query_text(&query, suppression->address);
    query_text(&query, reason_names[suppression->reason]);
    query_integer(&query, suppression->since_utc);
    query_text(&query, suppression->evidence);
    return query_run(&query, NULL);
}

int suppression_add(struct store *store, const struct suppression *suppression,
                    struct error *error)
{
    bool mine;
    int result;

    if (transaction_open(store, &mine, error) < 0)
        return -1;
    result = insert_suppression(store, suppression, error);
    if (result == 0)
        result = outbox_skip_suppressed(store, suppression->address, suppression->since_utc, error);
    return transaction_close(store, mine, result, error);
}

int suppression_lift(struct store *store, const char *address, enum suppression_reason reason,
                     bool *ret_was_there, struct error *error)
{
    struct query query;
    int64_t changes = 0;
    bool mine;
    int result;

    if (transaction_open(store, &mine, error) < 0)
        return -1;
    /* It is believed to be alive again: refusals are counted from the first. */
    if (reason == SUPPRESSION_BOUNCED && dead_forget(store, address, error) < 0) {
        transaction_close(store, mine, -1, error);
        return -1;
    }
    query_start(&query, store, "DELETE FROM suppressions WHERE address = $1 AND reason = $2",
                error);
    query_text(&query, address);
    query_text(&query, reason_names[reason]);
    result = query_run(&query, &changes);
    if (result == 0 && changes)
        result = store_change_note(store, CHANGE_ALLOWED, error);
    if (transaction_close(store, mine, result, error) < 0)
        return -1;
    if (ret_was_there)
        *ret_was_there = changes > 0;
    return 0;
}

int suppression_find(struct store *store, const char *address,
                     struct suppression_found *ret_found, struct error *error)
{
    struct suppression_found found = {0};
    struct query query;
    int result;

    query_start(&query, store,
                "SELECT reason, since_utc, evidence FROM suppressions WHERE address = $1", error);
    query_text(&query, address);
    while ((result = query_next(&query)) > 0) {
        enum suppression_reason reason = parse_reason(query_get_view(&query, 0));

        if (found.found && reason < found.reason)
            continue;
        found.found = true;
        found.reason = reason;
        found.since_utc = query_get_integer(&query, 1);
        snprintf(found.evidence, sizeof(found.evidence), "%.*s",
                 VIEW_ARGUMENTS(utf8_prefix(query_get_view(&query, 2),
                                            sizeof(found.evidence) - 1)));
    }
    query_end(&query);
    if (result == 0)
        *ret_found = found;
    return result;
}

struct suppression suppression_read(const struct query *query, struct arena *arena)
{
    return (struct suppression){
        .address = query_get_string(query, 0, arena),
        .reason = parse_reason(query_get_view(query, 1)),
        .since_utc = query_get_integer(query, 2),
        .evidence = query_get_string(query, 3, arena),
    };
}

int suppression_list_all(struct store *store, struct suppression_list *ret_list,
                         struct error *error)
{
    struct suppression_list list = {.arena = arena_new()};
    struct query query;
    size_t capacity = 0;
    int result;

    query_start(&query, store,
                "SELECT address, reason, since_utc, evidence FROM suppressions"
                " ORDER BY address, reason", error);
    while ((result = query_next(&query)) > 0) {
        list.items = memory_grow(list.items, &capacity, list.count + 1, sizeof(*list.items));
        list.items[list.count++] = suppression_read(&query, list.arena);
    }
    query_end(&query);
    if (result < 0)
        suppression_list_free(&list);
    else
        *ret_list = list;
    return result;
}

void suppression_list_free(struct suppression_list *list)
{
    arena_free(&list->arena);
    free(list->items);
    *list = (struct suppression_list){0};
}

int suppression_count(struct store *store, int64_t *ret_addresses, struct error *error)
{
    struct query query;
    int result;

    query_start(&query, store, "SELECT count(DISTINCT address) FROM suppressions", error);
    result = query_next(&query);
    if (result > 0)
        *ret_addresses = query_get_integer(&query, 0);
    query_end(&query);
    return result < 0 ? -1 : 0;
}
