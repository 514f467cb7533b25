#include "store/person.h"

#include "base/memory.h"
#include "store/derived.h"
#include "store/suppression_row.h"

int person_find_seen(struct store *store, const char *address, struct subscriber_seen *ret_seen,
                     bool *ret_found, struct error *error)
{
    struct query query;
    int row;

    query_start(&query, store,
                "SELECT first_seen_utc, first_edition FROM subscribers WHERE address = $1", error);
    query_text(&query, address);
    row = query_next(&query);
    if (row > 0)
        *ret_seen = (struct subscriber_seen){query_get_integer(&query, 0),
                                             query_get_date(&query, 1)};
    query_end(&query);
    if (row < 0)
        return -1;
    *ret_found = row > 0;
    return 0;
}

int person_list_suppressions(struct store *store, const char *address,
                             struct suppression_list *ret_list, struct error *error)
{
    struct suppression_list list = {.arena = arena_new()};
    struct query query;
    size_t capacity = 0;
    int row;

    query_start(&query, store,
                "SELECT address, reason, since_utc, evidence FROM suppressions WHERE address = $1"
                " ORDER BY reason", error);
    query_text(&query, address);
    while ((row = query_next(&query)) > 0) {
        list.items = memory_grow(list.items, &capacity, list.count + 1, sizeof(list.items[0]));
        list.items[list.count++] = suppression_read(&query, list.arena);
    }
    query_end(&query);
    if (row < 0)
        suppression_list_free(&list);
    else
        *ret_list = list;
    return row;
}

int person_each_delivery(struct store *store, const char *address, person_delivery_visit *visit,
                         void *user, struct error *error)
{
    struct query query;
    int row;

    query_start(&query, store,
                "SELECT kind, slot, state, created_utc, not_before_utc, expires_utc, changed_utc,"
                " attempts, stage, enhanced, reply, editions, shown, reason, m.envelope_sender,"
                " m.bytes FROM deliveries LEFT JOIN delivery_messages m ON m.delivery = id"
                " WHERE subscriber = $1 ORDER BY id", error);
    query_text(&query, address);
    while ((row = query_next(&query)) > 0) {
        struct person_delivery delivery = {
            .kind = query_get_view(&query, 0),
            .slot = query_get_view(&query, 1),
            .state = query_get_view(&query, 2),
            .created_utc = query_get_integer(&query, 3),
            .not_before_utc = query_get_integer(&query, 4),
            .expires_utc = query_get_integer(&query, 5),
            .changed_utc = query_get_integer(&query, 6),
            .attempts = (int)query_get_integer(&query, 7),
            .stage = query_get_view(&query, 8),
            .enhanced = query_get_view(&query, 9),
            .reply = query_get_view(&query, 10),
            .editions = query_get_view(&query, 11),
            .shown = query_get_view(&query, 12),
            .reason = query_get_view(&query, 13),
            .envelope_sender = query_get_view(&query, 14),
            .message = query_get_view(&query, 15),
        };

        visit(user, &delivery);
    }
    query_end(&query);
    return row;
}

int person_find_refusals(struct store *store, const char *address,
                         struct person_refusals *ret_refusals, bool *ret_found,
                         struct error *error)
{
    struct query query;
    int row;

    query_start(&query, store,
                "SELECT refusals, last_utc, suppressed_utc FROM dead_addresses WHERE address = $1",
                error);
    query_text(&query, address);
    row = query_next(&query);
    if (row > 0)
        *ret_refusals = (struct person_refusals){query_get_integer(&query, 0),
                                                 query_get_integer(&query, 1),
                                                 query_get_integer(&query, 2)};
    query_end(&query);
    if (row < 0)
        return -1;
    *ret_found = row > 0;
    return 0;
}

int person_find_derived(struct store *store, const char *address, struct buffer *ret_bytes,
                        int64_t *ret_made_utc, bool *ret_found, struct error *error)
{
    struct query query;
    int row;

    query_start(&query, store,
                "SELECT bytes, made_utc FROM derived WHERE kind = '" DERIVED_OF_SUBSCRIBER "'"
                " AND name = $1", error);
    query_text(&query, address);
    row = query_next(&query);
    if (row > 0) {
        buffer_add_view(ret_bytes, query_get_view(&query, 0));
        *ret_made_utc = query_get_integer(&query, 1);
    }
    query_end(&query);
    if (row < 0)
        return -1;
    *ret_found = row > 0;
    return 0;
}
