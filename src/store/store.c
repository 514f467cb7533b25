#include "store/store.h"

#include <stdlib.h>

#include "base/memory.h"
#include "store/query.h"
#include "store/store_backend.h"

#ifdef PAPERBOY_POSTGRES
#define POSTGRES &store_postgres
#else
#define POSTGRES NULL
#endif

/* No backend: it was not built in. */
static const struct {
    const char *scheme;
    const struct store_backend *backend;
} schemes[] = {
    {"sqlite:", &store_sqlite},
    {"postgresql://", POSTGRES},
    {"postgres://", POSTGRES},
};

int store_open(const char *url, const struct store_options *options, struct store **ret_store,
               struct error *error)
{
    static const struct store_options defaults = {0};
    struct view whole = view_of(url);

    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        struct view scheme = view_of(schemes[i].scheme);
        struct store *store;

        if (!view_starts_with(whole, scheme))
            continue;
        if (!schemes[i].backend)
            return error_set(error, ERROR_CONFIGURATION,
                             "store %s…: this paperboy was built without PostgreSQL; install "
                             "libpq-dev and build it again, or name sqlite:FILE",
                             schemes[i].scheme);
        store = memory_new(1, sizeof(*store));
        store->backend = schemes[i].backend;
        if (store->backend->open(url + scheme.size, options ? options : &defaults,
                                 &store->connection, error) < 0) {
            free(store);
            return -1;
        }
        *ret_store = store;
        return 0;
    }
    return error_set(error, ERROR_CONFIGURATION,
                     "store \"%s\": must be sqlite:PATH or postgresql://HOST/DATABASE", url);
}

void store_close(struct store **store)
{
    if (!*store)
        return;
    store_rollback(*store);
    (*store)->backend->close((*store)->connection);
    free(*store);
    *store = NULL;
}

int store_copy(struct store *store, const char *path, struct error *error)
{
    if (store->in_transaction)
        return error_set(error, ERROR_BUG, "store: cannot be copied inside a transaction");
    return store->backend->copy(store->connection, path, error);
}

int store_scrub(struct store *store, struct error *error)
{
    if (store->in_transaction)
        return error_set(error, ERROR_BUG, "store: cannot be scrubbed inside a transaction");
    return store->backend->scrub ? store->backend->scrub(store->connection, error) : 0;
}

const char *store_copy_name(const struct store *store)
{
    return store->backend->copy_name;
}

int store_begin(struct store *store, struct error *error)
{
    bool mine;

    if (store->in_transaction)
        return error_set(error, ERROR_BUG, "store: a transaction is open already");
    return transaction_open(store, &mine, error);
}

int store_commit(struct store *store, struct error *error)
{
    if (!store->in_transaction)
        return error_set(error, ERROR_BUG, "store: no transaction is open");
    if (store->backend->commit(store->connection, error) < 0) {
        store_rollback(store);
        return -1;
    }
    store->in_transaction = false;
    return 0;
}

void store_rollback(struct store *store)
{
    if (!store->in_transaction)
        return;
    store->backend->rollback(store->connection);
    store->in_transaction = false;
}

int store_lock(struct store *store, enum store_lock lock, struct error *error)
{
    if (!store->in_transaction)
        return error_set(error, ERROR_BUG, "store: a lock needs a transaction");
    return store->backend->lock ? store->backend->lock(store->connection, lock, error) : 0;
}

static int put_fact(struct store *store, const char *sql, const char *name, struct view value,
                    struct error *error)
{
    struct query query;

    query_start(&query, store, sql, error);
    query_text(&query, name);
    query_blob(&query, value);
    return query_run(&query, NULL);
}

int fact_put(struct store *store, const char *name, struct view value, struct error *error)
{
    return put_fact(store,
                    "INSERT INTO facts (name, value) VALUES ($1, $2)"
                    " ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value, error);
}

int fact_add(struct store *store, const char *name, struct view value, struct error *error)
{
    return put_fact(store,
                    "INSERT INTO facts (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
                    name, value, error);
}

int fact_get(struct store *store, const char *name, struct buffer *ret_value, bool *ret_found,
             struct error *error)
{
    struct query query;
    int result;

    query_start(&query, store, "SELECT value FROM facts WHERE name = $1", error);
    query_text(&query, name);
    result = query_next(&query);
    if (result > 0)
        buffer_add_view(ret_value, query_get_view(&query, 0));
    query_end(&query);
    if (result < 0)
        return -1;
    *ret_found = result > 0;
    return 0;
}
