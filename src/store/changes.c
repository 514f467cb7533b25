#include "store/changes.h"

#include "store/query.h"

static const char *const names[STORE_CHANGES] = {
    [CHANGE_EDITIONS] = "editions",
    [CHANGE_PROFILES] = "profiles",
    [CHANGE_ALLOWED] = "allowed",
    [CHANGE_FORGOTTEN] = "forgotten",
    [CHANGE_PENDING] = "pending",
};

int store_change_find(struct store *store, enum store_change change, int64_t *ret_number,
                      struct error *error)
{
    struct query query;
    int row;

    query_start(&query, store, "SELECT number FROM changes WHERE name = $1", error);
    query_text(&query, names[change]);
    row = query_next(&query);
    if (row >= 0)
        *ret_number = row ? query_get_integer(&query, 0) : 0;
    query_end(&query);
    return row < 0 ? -1 : 0;
}

int store_change_note(struct store *store, enum store_change change, struct error *error)
{
    struct query query;

    query_start(&query, store,
                "INSERT INTO changes (name, number) VALUES ($1, 1)"
                " ON CONFLICT (name) DO UPDATE SET number = changes.number + 1", error);
    query_text(&query, names[change]);
    return query_run(&query, NULL);
}
