#include "store/profiles.h"

#include "store/changes.h"
#include "store/query.h"

int stored_profile_find(struct store *store, const char *address, struct buffer *ret_document,
                        bool *ret_found, struct error *error)
{
    struct query query;
    int row;

    query_start(&query, store, "SELECT document FROM profiles WHERE address = $1", error);
    query_text(&query, address);
    row = query_next(&query);
    if (row > 0 && ret_document)
        buffer_add_view(ret_document, query_get_view(&query, 0));
    query_end(&query);
    if (row < 0)
        return -1;
    *ret_found = row > 0;
    return 0;
}

int stored_profile_list(struct store *store, const char *after, size_t max, size_t max_bytes,
                        struct arena *arena, struct stored_profile *ret_profiles,
                        size_t *ret_count, struct error *error)
{
    size_t count = 0, bytes = 0;
    struct query query;
    int row;

    query_start(&query, store,
                "SELECT address, document, version, changed_utc FROM profiles WHERE address > $1"
                " ORDER BY address LIMIT $2", error);
    query_text(&query, after);
    query_integer(&query, (int64_t)max);
    while (bytes < max_bytes && count < max && (row = query_next(&query)) > 0) {
        struct stored_profile *profile = &ret_profiles[count++];

        *profile = (struct stored_profile){
            .address = query_get_string(&query, 0, arena),
            .document = arena_copy(arena, query_get_view(&query, 1)),
            .version = arena_copy(arena, query_get_view(&query, 2)),
            .changed_utc = query_get_integer(&query, 3),
        };
        bytes += profile->document.size;
    }
    query_end(&query);
    if (query.failed)
        return -1;
    *ret_count = count;
    return 0;
}

int stored_profile_count(struct store *store, int64_t *ret_count, struct error *error)
{
    struct query query;

    query_start(&query, store, "SELECT count(*) FROM profiles", error);
    return query_run_integer(&query, ret_count) < 0 ? -1 : 0;
}

/* What became of a change that should have met one row. */
static int check_changed(struct store *store, const char *address, int64_t changes,
                         struct error *error)
{
    bool found;

    if (changes)
        return store_change_note(store, CHANGE_PROFILES, error);
    if (stored_profile_find(store, address, NULL, &found, error) < 0)
        return -1;
    return found ? error_set(error, ERROR_CONFLICT,
                             "the profile of %s in the store was changed in the meantime; read it "
                             "again",
                             address)
                 : error_set(error, ERROR_MISSING, "there is no profile of %s in the store",
                             address);
}

static int insert(struct store *store, const struct stored_profile *profile, struct error *error)
{
    struct query query;
    int64_t changes = 0;

    query_start(&query, store,
                "INSERT INTO profiles (address, document, version, changed_utc)"
                " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING", error);
    query_text(&query, profile->address);
    query_view(&query, profile->document);
    query_blob(&query, profile->version);
    query_integer(&query, profile->changed_utc);
    if (query_run(&query, &changes) < 0)
        return -1;
    if (!changes)
        return error_set(error, ERROR_CONFLICT, "there is a profile of %s in the store already",
                         profile->address);
    return store_change_note(store, CHANGE_PROFILES, error);
}

int stored_profile_create(struct store *store, const struct stored_profile *profile,
                          struct error *error)
{
    bool mine;

    if (transaction_open(store, &mine, error) < 0)
        return -1;
    return transaction_close(store, mine, insert(store, profile, error), error);
}

static int replace(struct store *store, const struct stored_profile *profile, struct view read,
                   struct error *error)
{
    struct query query;
    int64_t changes = 0;

    query_start(&query, store,
                "UPDATE profiles SET document = $2, version = $3, changed_utc = $4"
                " WHERE address = $1 AND version = $5", error);
    query_text(&query, profile->address);
    query_view(&query, profile->document);
    query_blob(&query, profile->version);
    query_integer(&query, profile->changed_utc);
    query_blob(&query, read);
    if (query_run(&query, &changes) < 0)
        return -1;
    if (check_changed(store, profile->address, changes, error) == 0)
        return 0;
    /* For who has read it, gone is changed. */
    if (error && error->kind == ERROR_MISSING)
        error_set(error, ERROR_CONFLICT, "the profile of %s in the store was removed in the meantime",
                  profile->address);
    return -1;
}

int stored_profile_replace(struct store *store, const struct stored_profile *profile,
                           struct view read, struct error *error)
{
    bool mine;

    if (transaction_open(store, &mine, error) < 0)
        return -1;
    return transaction_close(store, mine, replace(store, profile, read, error), error);
}

static int delete_row(struct store *store, const char *address, struct view read,
                      struct error *error)
{
    struct query query;
    int64_t changes = 0;

    query_start(&query, store,
                read.size ? "DELETE FROM profiles WHERE address = $1 AND version = $2"
                          : "DELETE FROM profiles WHERE address = $1",
                error);
    query_text(&query, address);
    if (read.size)
        query_blob(&query, read);
    if (query_run(&query, &changes) < 0)
        return -1;
    return check_changed(store, address, changes, error);
}

int stored_profile_remove(struct store *store, const char *address, struct view read,
                          struct error *error)
{
    bool mine;

    if (transaction_open(store, &mine, error) < 0)
        return -1;
    return transaction_close(store, mine, delete_row(store, address, read, error), error);
}
