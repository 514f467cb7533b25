#include "store/query.h"

#include "base/arena.h"

void query_start(struct query *query, struct store *store, const char *sql, struct error *error)
{
    *query = (struct query){.store = store, .error = error};
    if (store->backend->prepare(store->connection, sql, &query->statement, error) < 0)
        query->failed = true;
}

static void bind_value(struct query *query, const struct value *value)
{
    query->bound++;
    if (!query->failed)
        query->store->backend->bind(query->statement, query->bound, value);
}

void query_integer(struct query *query, int64_t integer)
{
    bind_value(query, &(struct value){.kind = VALUE_INTEGER, .integer = integer});
}

void query_view(struct query *query, struct view text)
{
    bind_value(query, &(struct value){.kind = VALUE_TEXT, .bytes = text});
}

void query_text(struct query *query, const char *text)
{
    if (text)
        query_view(query, view_of(text));
    else
        query_null(query);
}

void query_blob(struct query *query, struct view bytes)
{
    bind_value(query, &(struct value){.kind = VALUE_BLOB, .bytes = bytes});
}

void query_null(struct query *query)
{
    bind_value(query, &(struct value){.kind = VALUE_NULL});
}

int query_next(struct query *query)
{
    int result;

    if (query->failed)
        return -1;
    result = query->store->backend->step(query->store->connection, query->statement, query->error);
    if (result < 0)
        query->failed = true;
    return result;
}

void query_end(struct query *query)
{
    if (query->statement)
        query->store->backend->finish(query->statement);
    query->statement = NULL;
}

bool query_is_null(const struct query *query, int column)
{
    return query->store->backend->is_null(query->statement, column);
}

int64_t query_get_integer(const struct query *query, int column)
{
    return query->store->backend->get_integer(query->statement, column);
}

struct view query_get_view(const struct query *query, int column)
{
    return query->store->backend->get_bytes(query->statement, column);
}

struct date query_get_date(const struct query *query, int column)
{
    struct date date = {0};

    date_parse(query_get_view(query, column), &date);
    return date;
}

const char *query_get_string(const struct query *query, int column, struct arena *arena)
{
    if (query_is_null(query, column))
        return NULL;
    return arena_string(arena, query_get_view(query, column));
}

int query_run(struct query *query, int64_t *ret_changes)
{
    int result;

    do
        result = query_next(query);
    while (result > 0);
    if (result == 0 && ret_changes)
        *ret_changes = query->store->backend->changes(query->store->connection, query->statement);
    query_end(query);
    return result;
}

int query_run_integer(struct query *query, int64_t *ret_integer)
{
    int64_t integer = 0;
    int found = query_next(query), rest = found;

    if (found > 0)
        integer = query_get_integer(query, 0);
    while (rest > 0)
        rest = query_next(query);
    query_end(query);
    if (rest < 0)
        return -1;
    if (found > 0)
        *ret_integer = integer;
    return found;
}

int query_run_of(struct store *store, const char *sql, const char *text, int64_t *ret_changes,
                 struct error *error)
{
    struct query query;

    query_start(&query, store, sql, error);
    query_text(&query, text);
    return query_run(&query, ret_changes);
}

int query_run_before(struct store *store, const char *sql, int64_t before, struct error *error)
{
    struct query query;

    query_start(&query, store, sql, error);
    query_integer(&query, before);
    return query_run(&query, NULL);
}

struct many {
    struct query *query;
    void (*bind)(struct query *query, size_t index, void *user);
    void *user;
};

static void bind_one(void *bound, size_t index)
{
    const struct many *many = bound;

    many->query->bound = 0;
    many->bind(many->query, index, many->user);
}

int query_run_many(struct store *store, const char *sql, const char *kinds, size_t count,
                   void (*bind)(struct query *query, size_t index, void *user), void *user,
                   int64_t *ret_changes, struct error *error)
{
    struct query query;
    struct many many = {&query, bind, user};
    int result = 0;

    if (!store->in_transaction)
        return error_set(error, ERROR_BUG, "store: many changes need a transaction");
    if (store->backend->run_many) {
        query_start(&query, store, sql, error);
        if (query.failed)
            return -1;
        result = store->backend->run_many(store->connection, query.statement, kinds, count,
                                          bind_one, &many, ret_changes, error);
        query_end(&query);
        return result;
    }
    for (size_t i = 0; i < count && result == 0; i++) {
        query_start(&query, store, sql, error);
        bind_one(&many, i);
        result = query_run(&query, &ret_changes[i]);
    }
    return result;
}

static int open_as(struct store *store, const struct store_beginning *how, bool *ret_mine,
                   struct error *error)
{
    *ret_mine = false;
    if (store->in_transaction)
        return how->is_locked ? store_lock(store, how->lock, error) : 0;
    if (store->backend->begin(store->connection, how, error) < 0)
        return -1;
    store->in_transaction = *ret_mine = true;
    return 0;
}

int transaction_open(struct store *store, bool *ret_mine, struct error *error)
{
    return open_as(store, &(struct store_beginning){0}, ret_mine, error);
}

int transaction_open_locked(struct store *store, enum store_lock lock, bool *ret_mine,
                            struct error *error)
{
    return open_as(store, &(struct store_beginning){.is_locked = true, .lock = lock}, ret_mine,
                   error);
}

int transaction_open_relaxed(struct store *store, enum store_lock lock, bool *ret_mine,
                             struct error *error)
{
    return open_as(store, &(struct store_beginning){true, lock, true}, ret_mine, error);
}

int transaction_close(struct store *store, bool mine, int result, struct error *error)
{
    if (!mine)
        return result;
    if (result == 0)
        return store_commit(store, error);
    store_rollback(store);
    return result;
}
