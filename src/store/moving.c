#include "store/moving.h"

#include "store/query.h"

enum { MOVES_FOLLOWED = 20 };

static int run_both(struct store *store, const char *sql, const char *from, const char *to,
                    struct error *error)
{
    struct query query;

    query_start(&query, store, sql, error);
    query_text(&query, from);
    query_text(&query, to);
    return query_run(&query, NULL);
}

static int remember(struct store *store, const char *from, const char *to, int64_t now_utc,
                    struct error *error)
{
    struct query query;

    /* Back to where they were: then that one is no old address any more. */
    query_start(&query, store, "DELETE FROM moved_addresses WHERE address = $1", error);
    query_text(&query, to);
    if (query_run(&query, NULL) < 0)
        return -1;
    query_start(&query, store,
                "INSERT INTO moved_addresses (address, other, since_utc) VALUES ($1, $2, $3)"
                " ON CONFLICT (address) DO UPDATE SET other = excluded.other,"
                " since_utc = excluded.since_utc", error);
    query_text(&query, from);
    query_text(&query, to);
    query_integer(&query, now_utc);
    return query_run(&query, NULL);
}

static int move(struct store *store, const char *from, const char *to, int64_t now_utc,
                struct error *error)
{
    if (run_both(store,
                 "UPDATE deliveries SET subscriber = $2 WHERE subscriber = $1 AND kind = 'digest'"
                 " AND state IN ('queued', 'deferred', 'sent', 'failed', 'expired', 'skipped', 'uncertain')"
                 " AND NOT EXISTS (SELECT 1 FROM deliveries AS other WHERE other.subscriber = $2"
                 " AND other.kind = deliveries.kind AND other.slot = deliveries.slot)",
                 from, to, error) < 0 ||
        run_both(store,
                 "INSERT INTO subscribers (address, first_seen_utc, first_edition)"
                 " SELECT $2, first_seen_utc, first_edition FROM subscribers WHERE address = $1"
                 " ON CONFLICT (address) DO UPDATE SET first_seen_utc = excluded.first_seen_utc,"
                 " first_edition = excluded.first_edition",
                 from, to, error) < 0 ||
        /* Of another profile, which is no more. */
        query_run_of(store, "DELETE FROM profile_history WHERE address = $1", to, NULL, error) < 0 ||
        run_both(store, "UPDATE profile_history SET address = $2 WHERE address = $1", from, to,
                 error) < 0)
        return -1;
    return remember(store, from, to, now_utc, error);
}

int subscriber_move(struct store *store, const char *from, const char *to, int64_t now_utc,
                    struct error *error)
{
    bool mine;

    if (transaction_open(store, &mine, error) < 0)
        return -1;
    return transaction_close(store, mine, move(store, from, to, now_utc, error), error);
}

int subscriber_where(struct store *store, const char *address, struct arena *arena,
                     const char **ret_address, struct error *error)
{
    *ret_address = arena_string(arena, view_of(address));
    for (int i = 0; i < MOVES_FOLLOWED; i++) {
        const char *next = NULL;
        struct query query;
        int row;

        query_start(&query, store, "SELECT other FROM moved_addresses WHERE address = $1", error);
        query_text(&query, *ret_address);
        row = query_next(&query);
        if (row > 0)
            next = query_get_string(&query, 0, arena);
        query_end(&query);
        if (row < 0)
            return -1;
        if (!next)
            return 0;
        *ret_address = next;
    }
    return 0;
}

static int forget(struct store *store, const char *address, struct error *error)
{
    if (query_run_of(store,
                     "UPDATE moved_addresses SET other ="
                     " (SELECT next.other FROM moved_addresses AS next WHERE next.address = $1)"
                     " WHERE other = $1 AND EXISTS"
                     " (SELECT 1 FROM moved_addresses AS next WHERE next.address = $1)",
                     address, NULL, error) < 0)
        return -1;
    return query_run_of(store, "DELETE FROM moved_addresses WHERE address = $1", address, NULL,
                        error);
}

int moved_forget(struct store *store, const char *address, struct error *error)
{
    bool mine;

    if (transaction_open(store, &mine, error) < 0)
        return -1;
    return transaction_close(store, mine, forget(store, address, error), error);
}

/* ---- walks ---- */

static int visit_all(struct query *query, moved_visit *visit, void *user)
{
    struct arena *arena = arena_new();
    int result = 0;

    while (result == 0 && query_next(query) > 0) {
        result = visit(user, query_get_string(query, 0, arena));
        arena_reset(arena);
    }
    query_end(query);
    arena_free(&arena);
    return query->failed ? -1 : result;
}

int moved_each(struct store *store, moved_visit *visit, void *user, struct error *error)
{
    struct query query;

    query_start(&query, store, "SELECT address FROM moved_addresses", error);
    return visit_all(&query, visit, user);
}

int moved_each_from(struct store *store, const char *address, moved_visit *visit, void *user,
                    struct error *error)
{
    struct query query;

    query_start(&query, store,
                "WITH RECURSIVE earlier (address) AS"
                " (SELECT address FROM moved_addresses WHERE other = $1"
                " UNION SELECT moved_addresses.address FROM moved_addresses, earlier"
                " WHERE moved_addresses.other = earlier.address)"
                " SELECT address FROM earlier WHERE address <> $1 ORDER BY address", error);
    query_text(&query, address);
    return visit_all(&query, visit, user);
}
