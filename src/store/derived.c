#include "store/derived.h"

#include <stdio.h>

#include "store/query.h"

static int run_put(struct store *store, const char *sql, const char *kind, const char *name,
                   struct view bytes, int64_t now_utc, struct error *error)
{
    struct query query;

    query_start(&query, store, sql, error);
    query_text(&query, kind);
    query_text(&query, name);
    query_blob(&query, bytes);
    query_integer(&query, now_utc);
    return query_run(&query, NULL);
}

int derived_put(struct store *store, const char *kind, const char *name, struct view bytes,
                int64_t now_utc, struct error *error)
{
    return run_put(store,
                   "INSERT INTO derived (kind, name, bytes, made_utc) VALUES ($1, $2, $3, $4)"
                   " ON CONFLICT (kind, name) DO UPDATE SET bytes = excluded.bytes,"
                   " made_utc = excluded.made_utc",
                   kind, name, bytes, now_utc, error);
}

int derived_put_of_subscriber(struct store *store, const char *address, struct view bytes,
                              int64_t now_utc, struct error *error)
{
    return run_put(store,
                   "INSERT INTO derived (kind, name, bytes, made_utc)"
                   " SELECT CAST($1 AS TEXT), address, CAST($3 AS BLOB), CAST($4 AS BIGINT)"
                   " FROM subscribers WHERE address = $2 " ROW_STAYS
                   " ON CONFLICT (kind, name) DO UPDATE SET bytes = excluded.bytes,"
                   " made_utc = excluded.made_utc",
                   DERIVED_OF_SUBSCRIBER, address, bytes, now_utc, error);
}

int derived_put_first(struct store *store, const char *kind, const char *name, struct view bytes,
                      int64_t now_utc, struct error *error)
{
    return run_put(store,
                   "INSERT INTO derived (kind, name, bytes, made_utc) VALUES ($1, $2, $3, $4)"
                   " ON CONFLICT (kind, name) DO NOTHING",
                   kind, name, bytes, now_utc, error);
}

int derived_get(struct store *store, const char *kind, const char *name, struct buffer *ret_bytes,
                bool *ret_found, struct error *error)
{
    struct query query;
    int row;

    query_start(&query, store, "SELECT bytes FROM derived WHERE kind = $1 AND name = $2", error);
    query_text(&query, kind);
    query_text(&query, name);
    row = query_next(&query);
    if (row > 0)
        buffer_add_view(ret_bytes, query_get_view(&query, 0));
    query_end(&query);
    if (row < 0)
        return -1;
    *ret_found = row > 0;
    return 0;
}

static int find_name(struct store *store, const char *sql, const char *kind, const char *name,
                     char ret_name[DERIVED_NAME_BYTES + 1], bool *ret_found, struct error *error)
{
    struct query query;
    int row;

    query_start(&query, store, sql, error);
    query_text(&query, kind);
    query_text(&query, name);
    row = query_next(&query);
    if (row > 0)
        snprintf(ret_name, DERIVED_NAME_BYTES + 1, "%.*s",
                 VIEW_ARGUMENTS(query_get_view(&query, 0)));
    query_end(&query);
    if (row < 0)
        return -1;
    *ret_found = row > 0;
    return 0;
}

int derived_find_last(struct store *store, const char *kind, const char *name,
                      char ret_name[DERIVED_NAME_BYTES + 1], bool *ret_found,
                      struct error *error)
{
    return find_name(store,
                     "SELECT name FROM derived WHERE kind = $1 AND name <= $2"
                     " ORDER BY name DESC LIMIT 1",
                     kind, name, ret_name, ret_found, error);
}

int derived_find_next(struct store *store, const char *kind, const char *name,
                      char ret_name[DERIVED_NAME_BYTES + 1], bool *ret_found,
                      struct error *error)
{
    return find_name(store,
                     "SELECT name FROM derived WHERE kind = $1 AND name > $2"
                     " ORDER BY name LIMIT 1",
                     kind, name, ret_name, ret_found, error);
}

static int drop(struct store *store, const char *sql, const char *kind, const char *name,
                struct error *error)
{
    struct query query;

    query_start(&query, store, sql, error);
    query_text(&query, kind);
    query_text(&query, name);
    return query_run(&query, NULL);
}

int derived_drop(struct store *store, const char *kind, const char *name, struct error *error)
{
    return drop(store, "DELETE FROM derived WHERE kind = $1 AND name = $2", kind, name, error);
}

int derived_drop_below(struct store *store, const char *kind, const char *name,
                       struct error *error)
{
    return drop(store, "DELETE FROM derived WHERE kind = $1 AND name < $2", kind, name, error);
}

int derived_keep_last(struct store *store, const char *kind, size_t count, struct error *error)
{
    struct query query;

    query_start(&query, store,
                "DELETE FROM derived WHERE kind = $1 AND name NOT IN (SELECT name FROM derived"
                " WHERE kind = $1 ORDER BY name DESC LIMIT $2)", error);
    query_text(&query, kind);
    query_integer(&query, (int64_t)count);
    return query_run(&query, NULL);
}

int derived_prune(struct store *store, const char *kind, int64_t before_utc,
                  struct error *error)
{
    struct query query;

    query_start(&query, store, "DELETE FROM derived WHERE kind = $1 AND made_utc < $2", error);
    query_text(&query, kind);
    query_integer(&query, before_utc);
    return query_run(&query, NULL);
}
