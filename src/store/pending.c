#include "store/pending.h"

#include <string.h>

#include "base/memory.h"
#include "store/changes.h"
#include "store/query.h"

static const char *const KINDS[] = {"subscribe", "change", "address", "forget"};

int pending_add(struct store *store, const struct pending *pending, struct error *error)
{
    struct query query;

    query_start(&query, store,
                "INSERT INTO pending (id, kind, address, other, commands, vouched, created_utc,"
                " expires_utc) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING", error);
    query_text(&query, pending->id);
    query_text(&query, KINDS[pending->kind]);
    query_text(&query, pending->address);
    query_text(&query, pending->other);
    query_text(&query, pending->commands);
    query_integer(&query, pending->is_vouched);
    query_integer(&query, pending->created_utc);
    query_integer(&query, pending->expires_utc);
    return query_run(&query, NULL) < 0 ? -1 : store_change_note(store, CHANGE_PENDING, error);
}

static enum pending_kind kind_of(struct view name)
{
    for (size_t i = 0; i < sizeof(KINDS) / sizeof(*KINDS); i++)
        if (view_equal_string(name, KINDS[i]))
            return (enum pending_kind)i;
    return PENDING_CHANGE;
}

static struct pending read_row(const struct query *query, struct arena *arena)
{
    return (struct pending){
        .id = query_get_string(query, 0, arena),
        .kind = kind_of(query_get_view(query, 1)),
        .address = query_get_string(query, 2, arena),
        .other = query_get_string(query, 3, arena),
        .commands = query_get_string(query, 4, arena),
        .created_utc = query_get_integer(query, 5),
        .expires_utc = query_get_integer(query, 6),
        .is_confirmed = !query_is_null(query, 7),
        .is_other_confirmed = !query_is_null(query, 8),
        .is_done = !query_is_null(query, 9),
        .is_vouched = query_get_integer(query, 10) != 0,
    };
}

enum { LIST_MAX = 100 };

int pending_list(struct store *store, const char *address, int64_t now_utc, struct arena *arena,
                 struct pending **ret_items, size_t *ret_count, struct error *error)
{
    struct pending *items = arena_alloc(arena, LIST_MAX, sizeof(*items));
    struct query query;
    size_t count = 0;
    int row;

    query_start(&query, store,
                "SELECT id, kind, address, other, commands, created_utc, expires_utc, confirmed_utc,"
                " other_confirmed_utc, done_utc, vouched FROM pending"
                " WHERE (address = $1 OR other = $1) AND expires_utc > $2"
                " ORDER BY created_utc DESC, id LIMIT $3", error);
    query_text(&query, address);
    query_integer(&query, now_utc);
    query_integer(&query, LIST_MAX);
    while ((row = query_next(&query)) > 0 && count < LIST_MAX)
        items[count++] = read_row(&query, arena);
    query_end(&query);
    if (row < 0)
        return -1;
    *ret_items = items;
    *ret_count = count;
    return 0;
}

int pending_was_asked(struct store *store, const char *address, bool is_vouched, int64_t now_utc,
                      bool *ret_asked, struct error *error)
{
    struct query query;
    int row;

    query_start(&query, store,
                "SELECT 1 FROM pending WHERE (address = $1 OR other = $1) AND created_utc > $2"
                " AND vouched = $3 AND done_utc IS NULL LIMIT 1", error);
    query_text(&query, address);
    query_integer(&query, now_utc - PENDING_AGAIN_SECONDS);
    query_integer(&query, is_vouched);
    row = query_next(&query);
    query_end(&query);
    *ret_asked = row > 0;
    return row < 0 ? -1 : 0;
}

int pending_confirm(struct store *store, const char *id, bool by_other, int64_t now_utc,
                    struct error *error)
{
    struct query query;

    if (by_other)
        query_start(&query, store, "UPDATE pending SET other_confirmed_utc = $2 WHERE id = $1",
                    error);
    else
        query_start(&query, store, "UPDATE pending SET confirmed_utc = $2 WHERE id = $1", error);
    query_text(&query, id);
    query_integer(&query, now_utc);
    return query_run(&query, NULL);
}

int pending_finish(struct store *store, const char *id, int64_t now_utc, bool *ret_is_first,
                   struct error *error)
{
    struct query query;
    int64_t changes = 0;

    query_start(&query, store,
                "UPDATE pending SET done_utc = $2 WHERE id = $1 AND done_utc IS NULL", error);
    query_text(&query, id);
    query_integer(&query, now_utc);
    if (query_run(&query, &changes) < 0)
        return -1;
    *ret_is_first = changes > 0;
    return 0;
}

int pending_each_address(struct store *store, int64_t now_utc, pending_visit *visit, void *user,
                         struct error *error)
{
    struct arena *arena = arena_new();
    struct query query;
    int row, result = 0;

    query_start(&query, store,
                "SELECT address FROM pending WHERE expires_utc > $1"
                " UNION SELECT other FROM pending WHERE expires_utc > $1 AND other IS NOT NULL",
                error);
    query_integer(&query, now_utc);
    while (result == 0 && (row = query_next(&query)) > 0) {
        result = visit(user, query_get_string(&query, 0, arena));
        arena_reset(arena);
    }
    query_end(&query);
    arena_free(&arena);
    return query.failed ? -1 : result;
}

int pending_prune(struct store *store, int64_t now_utc, struct error *error)
{
    struct query query;

    query_start(&query, store, "DELETE FROM pending WHERE expires_utc <= $1", error);
    query_integer(&query, now_utc);
    return query_run(&query, NULL);
}
