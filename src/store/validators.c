#include "store/validators.h"

#include <stdio.h>

#include "store/query.h"

int validators_find(struct store *store, const char *url, int64_t since_utc,
                    struct arxiv_validators *ret_validators, struct error *error)
{
    struct arxiv_validators found = {0};
    struct query query;
    int row;

    query_start(&query, store,
                "SELECT etag, last_modified FROM validators WHERE url = $1 AND kept_utc >= $2",
                error);
    query_text(&query, url);
    query_integer(&query, since_utc);
    row = query_next(&query);
    if (row > 0) {
        snprintf(found.etag, sizeof found.etag, "%.*s",
                 VIEW_ARGUMENTS(query_get_view(&query, 0)));
        snprintf(found.last_modified, sizeof found.last_modified, "%.*s",
                 VIEW_ARGUMENTS(query_get_view(&query, 1)));
    }
    query_end(&query);
    if (row < 0)
        return -1;
    *ret_validators = found;
    return 0;
}

static int forget(struct store *store, const char *url, struct error *error)
{
    return query_run_of(store, "DELETE FROM validators WHERE url = $1", url, NULL, error);
}

int validators_keep(struct store *store, const char *url,
                    const struct arxiv_validators *validators, int64_t now_utc,
                    struct error *error)
{
    struct query query;

    if (!validators->etag[0] && !validators->last_modified[0])
        return forget(store, url, error);
    query_start(&query, store,
                "INSERT INTO validators (url, etag, last_modified, kept_utc)"
                " VALUES ($1, $2, $3, $4) ON CONFLICT (url) DO UPDATE SET"
                " etag = excluded.etag, last_modified = excluded.last_modified,"
                " kept_utc = excluded.kept_utc",
                error);
    query_text(&query, url);
    query_text(&query, validators->etag);
    query_text(&query, validators->last_modified);
    query_integer(&query, now_utc);
    return query_run(&query, NULL);
}

int validators_prune(struct store *store, int64_t before_utc, struct error *error)
{
    return query_run_before(store, "DELETE FROM validators WHERE kept_utc < $1", before_utc, error);
}
