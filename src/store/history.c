#include "store/history.h"

#include "store/query.h"

static int insert(struct store *store, const char *address, int64_t number, struct view document,
                  struct view after, int64_t now_utc, struct error *error)
{
    struct query query;

    query_start(&query, store,
                "INSERT INTO profile_history (address, number, document, after, changed_utc)"
                " VALUES ($1, $2, $3, $4, $5)", error);
    query_text(&query, address);
    query_integer(&query, number);
    query_view(&query, document);
    query_blob(&query, after);
    query_integer(&query, now_utc);
    if (query_run(&query, NULL) < 0)
        return -1;
    query_start(&query, store, "DELETE FROM profile_history WHERE address = $1 AND number <= $2",
                error);
    query_text(&query, address);
    query_integer(&query, number - HISTORY_KEPT);
    return query_run(&query, NULL);
}

static int add(struct store *store, const char *address, struct view document, struct view after,
               int64_t now_utc, struct error *error)
{
    struct query query;
    int64_t last = 0;
    int row;

    query_start(&query, store, "SELECT max(number) FROM profile_history WHERE address = $1", error);
    query_text(&query, address);
    row = query_next(&query);
    if (row > 0 && !query_is_null(&query, 0))
        last = query_get_integer(&query, 0);
    query_end(&query);
    return row < 0 ? -1 : insert(store, address, last + 1, document, after, now_utc, error);
}

int history_add(struct store *store, const char *address, struct view document, struct view after,
                int64_t now_utc, struct error *error)
{
    bool mine;

    if (transaction_open(store, &mine, error) < 0)
        return -1;
    return transaction_close(store, mine, add(store, address, document, after, now_utc, error),
                             error);
}

int history_last(struct store *store, const char *address, struct arena *arena,
                 struct history_entry *ret_entry, bool *ret_found, struct error *error)
{
    struct query query;
    int row;

    query_start(&query, store,
                "SELECT number, document, after, changed_utc FROM profile_history"
                " WHERE address = $1 ORDER BY number DESC LIMIT 1", error);
    query_text(&query, address);
    row = query_next(&query);
    if (row > 0)
        *ret_entry = (struct history_entry){
            .number = query_get_integer(&query, 0),
            .document = arena_copy(arena, query_get_view(&query, 1)),
            .after = arena_copy(arena, query_get_view(&query, 2)),
            .changed_utc = query_get_integer(&query, 3),
        };
    query_end(&query);
    *ret_found = row > 0;
    return row < 0 ? -1 : 0;
}

int history_drop(struct store *store, const char *address, int64_t number, struct error *error)
{
    struct query query;

    query_start(&query, store, "DELETE FROM profile_history WHERE address = $1 AND number = $2",
                error);
    query_text(&query, address);
    query_integer(&query, number);
    return query_run(&query, NULL);
}
