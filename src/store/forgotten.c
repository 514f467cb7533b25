#include "store/forgotten.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/changes.h"
#include "store/derived.h"
#include "store/mail_log.h"
#include "store/holds.h"
#include "store/query.h"

static int add(struct store *store, const char *hash, int64_t now_utc, struct error *error)
{
    struct query query;

    query_start(&query, store,
                "INSERT INTO forgotten (hash, since_utc) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                error);
    query_text(&query, hash);
    query_integer(&query, now_utc);
    if (query_run(&query, NULL) < 0)
        return -1;
    return store_change_note(store, CHANGE_FORGOTTEN, error);
}

/* What a server has answered may name the one it was about; kept of it is that it did. */
#define NAMES_SQL(COLUMN) "replace(lower(" COLUMN "), lower($1), '') <> lower(" COLUMN ")"
#define UNNAMED "the answer named somebody who has been erased"

static int unname(struct store *store, const char *address, struct error *error)
{
    if (query_run_of(store,
                     "UPDATE domain_runs SET evidence = '" UNNAMED "' WHERE " NAMES_SQL("evidence"),
                     address, NULL, error) < 0 ||
        query_run_of(store, "UPDATE patience SET reply = '" UNNAMED "' WHERE " NAMES_SQL("reply"),
                     address, NULL, error) < 0)
        return -1;
    return query_run_of(store,
                        "UPDATE deliveries SET reply = '" HOLD_REPLY_PREFIX UNNAMED "'"
                        " WHERE phase IN ('queued', 'deferred') AND state = 'deferred'"
                        " AND reply LIKE '" HOLD_REPLY_PREFIX "%' AND " NAMES_SQL("reply"),
                        address, NULL, error);
}

/* Each table that names a subscriber. First the rows that others look at, and keep, before they
 * write more about somebody: what they wrote is seen then. */
static int delete_all(struct store *store, const char *address, struct erased *erased,
                      struct error *error)
{
    if (query_run_of(store, "DELETE FROM deliveries WHERE subscriber = $1", address,
                     &erased->deliveries, error) < 0 ||
        query_run_of(store, "DELETE FROM subscribers WHERE address = $1", address,
                     &erased->sightings, error) < 0 ||
        query_run_of(store, "DELETE FROM suppressions WHERE address = $1", address,
                     &erased->suppressions, error) < 0 ||
        query_run_of(store, "DELETE FROM dead_addresses WHERE address = $1", address,
                     &erased->refusals, error) < 0 ||
        query_run_of(store, "DELETE FROM bounces WHERE address = $1", address, NULL, error) < 0 ||
        query_run_of(store, "DELETE FROM pending WHERE address = $1 OR other = $1", address, NULL,
                     error) < 0 ||
        query_run_of(store, "DELETE FROM profile_history WHERE address = $1", address, NULL,
                     error) < 0 ||
        query_run_of(store, "DELETE FROM mail_intents WHERE address = $1", address, NULL,
                     error) < 0 ||
        query_run_of(store, "DELETE FROM moved_addresses WHERE address = $1 OR other = $1",
                     address, NULL, error) < 0 ||
        inbox_event_forget(store, address, error) < 0 ||
        query_run_of(store, "DELETE FROM profiles WHERE address = $1", address,
                     &erased->profiles, error) < 0)
        return -1;
    if (unname(store, address, error) < 0 ||
        derived_drop(store, DERIVED_OF_SUBSCRIBER, address, error) < 0)
        return -1;
    return erased->profiles ? store_change_note(store, CHANGE_PROFILES, error) : 0;
}

int subscriber_erase(struct store *store, const char *address, const char *hash, int64_t now_utc,
                     struct erased *ret_erased, struct error *error)
{
    struct erased erased = {0};
    bool mine;
    int result;

    /* Who plans looks for the forgotten under it. */
    if (transaction_open_locked(store, STORE_LOCK_PLAN, &mine, error) < 0)
        return -1;
    result = delete_all(store, address, &erased, error);
    if (result == 0)
        result = add(store, hash, now_utc, error);
    if (transaction_close(store, mine, result, error) < 0)
        return -1;
    *ret_erased = erased;
    return 0;
}

int subscriber_is_stored(struct store *store, const char *address, bool *ret_is_stored,
                         struct error *error)
{
    struct query query;
    int row;

    query_start(&query, store,
                "SELECT 1 FROM deliveries WHERE subscriber = $1"
                " UNION ALL SELECT 1 FROM suppressions WHERE address = $1"
                " UNION ALL SELECT 1 FROM subscribers WHERE address = $1"
                " UNION ALL SELECT 1 FROM dead_addresses WHERE address = $1"
                " UNION ALL SELECT 1 FROM derived WHERE kind = '" DERIVED_OF_SUBSCRIBER "'"
                " AND name = $1"
                " UNION ALL SELECT 1 FROM bounces WHERE address = $1"
                " UNION ALL SELECT 1 FROM pending WHERE address = $1 OR other = $1"
                " UNION ALL SELECT 1 FROM profile_history WHERE address = $1"
                " UNION ALL SELECT 1 FROM mail_intents WHERE address = $1"
                " UNION ALL SELECT 1 FROM moved_addresses WHERE address = $1 OR other = $1"
                " UNION ALL SELECT 1 FROM profiles WHERE address = $1 LIMIT 1", error);
    query_text(&query, address);
    row = query_next(&query);
    query_end(&query);
    if (row < 0)
        return -1;
    *ret_is_stored = row > 0;
    return 0;
}

int forgotten_find(struct store *store, const char *hash, bool *ret_found, struct error *error)
{
    struct query query;
    int row;

    query_start(&query, store, "SELECT 1 FROM forgotten WHERE hash = $1", error);
    query_text(&query, hash);
    row = query_next(&query);
    query_end(&query);
    if (row < 0)
        return -1;
    *ret_found = row > 0;
    return 0;
}

int forgotten_lift(struct store *store, const char *hash, bool *ret_was_there,
                   struct error *error)
{
    int64_t rows = 0;
    bool mine;
    int result;

    if (transaction_open(store, &mine, error) < 0)
        return -1;
    result = query_run_of(store, "DELETE FROM forgotten WHERE hash = $1", hash, &rows, error);
    if (result == 0 && rows)
        result = store_change_note(store, CHANGE_ALLOWED, error);
    if (transaction_close(store, mine, result, error) < 0)
        return -1;
    if (ret_was_there)
        *ret_was_there = rows > 0;
    return 0;
}

int forgotten_list_all(struct store *store, struct forgotten_list *ret_list, struct error *error)
{
    struct forgotten_list list = {0};
    struct query query;
    size_t capacity = 0;
    int row;

    query_start(&query, store, "SELECT hash FROM forgotten ORDER BY hash", error);
    while ((row = query_next(&query)) > 0) {
        list.hashes = memory_grow(list.hashes, &capacity, list.count + 1, sizeof(list.hashes[0]));
        list.hashes[list.count++] = view_copy_string(query_get_view(&query, 0));
    }
    query_end(&query);
    if (row < 0)
        forgotten_list_free(&list);
    else
        *ret_list = list;
    return row;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

bool forgotten_list_has(const struct forgotten_list *list, const char *hash)
{
    return list->count && bsearch(&hash, list->hashes, list->count, sizeof(list->hashes[0]), compare);
}

void forgotten_list_free(struct forgotten_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->hashes[i]);
    free(list->hashes);
    *list = (struct forgotten_list){0};
}
