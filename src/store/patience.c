#include "store/patience.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "store/query.h"

enum { KEPT_MS = 3 * 24 * 60 * 60 * 1000 };

int64_t patience_rest_ms(int64_t times)
{
    int64_t rest = PATIENCE_FIRST_MS;

    for (int64_t i = 1; i < times && rest < PATIENCE_MAX_MS; i++)
        rest *= 2;
    return rest < PATIENCE_MAX_MS ? rest : PATIENCE_MAX_MS;
}

/* Column for column what PATIENCE_SQL names. */
#define PATIENCE_SQL "relay, domain, not_before_ms, connections, changed_ms, times, reply"

static struct patience read_row(const struct query *query, struct arena *arena)
{
    return (struct patience){
        .relay = query_get_string(query, 0, arena),
        .domain = query_get_string(query, 1, arena),
        .not_before_ms = query_get_integer(query, 2),
        .connections = query_get_integer(query, 3),
        .changed_ms = query_get_integer(query, 4),
        .times = query_get_integer(query, 5),
        .reply = query_get_string(query, 6, arena),
    };
}

/* 1 when there is one. */
static int find(struct store *store, const char *relay, const char *domain, struct arena *arena,
                struct patience *ret_patience, struct error *error)
{
    struct query query;
    int row;

    query_start(&query, store,
                "SELECT " PATIENCE_SQL " FROM patience WHERE relay = $1 AND domain = $2", error);
    query_text(&query, relay);
    query_text(&query, domain);
    row = query_next(&query);
    if (row > 0)
        *ret_patience = read_row(&query, arena);
    query_end(&query);
    return row;
}

/* A time that a clock which was ahead has written does not hold for ever. */
static bool is_left_alone(const struct patience *patience, int64_t now_ms)
{
    return patience->not_before_ms > now_ms &&
           patience->not_before_ms <= now_ms + PATIENCE_MAX_MS;
}

static int put(struct store *store, const struct patience *patience, struct error *error)
{
    struct query query;

    query_start(&query, store,
                "INSERT INTO patience (" PATIENCE_SQL ") VALUES ($1, $2, $3, $4, $5, $6, $7)"
                " ON CONFLICT (relay, domain) DO UPDATE SET"
                " not_before_ms = excluded.not_before_ms, connections = excluded.connections,"
                " changed_ms = excluded.changed_ms, times = excluded.times,"
                " reply = excluded.reply", error);
    query_text(&query, patience->relay);
    query_text(&query, patience->domain);
    query_integer(&query, patience->not_before_ms);
    query_integer(&query, patience->connections);
    query_integer(&query, patience->changed_ms);
    query_integer(&query, patience->times);
    query_text(&query, patience->reply);
    return query_run(&query, NULL);
}

static int note(struct store *store, const char *relay, const char *domain, const char *reply,
                int64_t now_ms, struct arena *arena, struct patience *patience,
                struct error *error)
{
    struct patience before = {0};
    int row = find(store, relay, domain, arena, &before, error);

    if (row < 0)
        return -1;
    if (row > 0 && is_left_alone(&before, now_ms)) {
        *patience = before;
        return 0;
    }
    *patience = (struct patience){
        .relay = arena_string(arena, view_of(relay)),
        .domain = arena_string(arena, view_of(domain)),
        .not_before_ms = now_ms + patience_rest_ms(before.times + 1),
        .connections = 1,
        .changed_ms = now_ms,
        .times = before.times + 1,
        .reply = arena_string(arena, utf8_prefix(view_of(reply), PATIENCE_REPLY_BYTES)),
    };
    return put(store, patience, error);
}

int patience_note(struct store *store, const char *relay, const char *domain, const char *reply,
                  int64_t now_ms, struct arena *arena, struct patience *ret_patience,
                  struct error *error)
{
    struct patience patience = {0};
    bool mine;
    int result;

    if (transaction_open(store, &mine, error) < 0)
        return -1;
    result = note(store, relay, domain, reply, now_ms, arena, &patience, error);
    if (transaction_close(store, mine, result, error) < 0)
        return -1;
    *ret_patience = patience;
    return 0;
}

int patience_grow(struct store *store, const struct patience *patience, int64_t enough,
                  int64_t now_ms, struct error *error)
{
    bool is_enough = patience->connections + 1 >= enough;
    struct query query;

    /* The text tells whether it is still the row that was read. */
    query_start(&query, store,
                is_enough ? "DELETE FROM patience WHERE relay = $1 AND domain = $2"
                            " AND connections = $3 AND changed_ms = $4"
                          : "UPDATE patience SET connections = connections + 1, changed_ms = $5"
                            " WHERE relay = $1 AND domain = $2 AND connections = $3"
                            " AND changed_ms = $4", error);
    query_text(&query, patience->relay);
    query_text(&query, patience->domain);
    query_integer(&query, patience->connections);
    query_integer(&query, patience->changed_ms);
    if (!is_enough)
        query_integer(&query, now_ms);
    return query_run(&query, NULL);
}

int patience_list(struct store *store, struct patience_list *ret_list, struct error *error)
{
    struct patience_list list = {.arena = arena_new()};
    struct query query;
    size_t capacity = 0;
    int row;

    query_start(&query, store, "SELECT " PATIENCE_SQL " FROM patience ORDER BY relay, domain",
                error);
    while ((row = query_next(&query)) > 0) {
        list.items = memory_grow(list.items, &capacity, list.count + 1, sizeof(*list.items));
        list.items[list.count++] = read_row(&query, list.arena);
    }
    query_end(&query);
    if (row < 0)
        patience_list_free(&list);
    else
        *ret_list = list;
    return row;
}

void patience_list_free(struct patience_list *list)
{
    arena_free(&list->arena);
    free(list->items);
    *list = (struct patience_list){0};
}

int patience_prune(struct store *store, int64_t now_ms, struct error *error)
{
    return query_run_before(store, "DELETE FROM patience WHERE changed_ms < $1", now_ms - KEPT_MS,
                            error);
}
