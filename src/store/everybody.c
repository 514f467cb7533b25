#include "store/everybody.h"

#include "store/outbox_change.h"
#include "store/query.h"
#include "store/shown.h"

/* Of a query's texts, each literal for the statement that is kept of it. */
#define CHOOSE(only, SQL) ((only) ? SQL(" AND address = $1") : SQL(""))

#define SUPPRESSED_ROWS_SQL(ONLY) "SELECT address FROM suppressions WHERE 1 = 1" ONLY
#define SEEN_SQL(ONLY) \
    "SELECT address, first_seen_utc, first_edition FROM subscribers WHERE 1 = 1" ONLY

int everybody_each_suppressed(struct store *store, const char *only, everybody_suppressed *visit,
                              void *user, struct error *error)
{
    struct query query;
    int row;

    query_start(&query, store, CHOOSE(only, SUPPRESSED_ROWS_SQL), error);
    if (only)
        query_text(&query, only);
    while ((row = query_next(&query)) > 0)
        visit(user, query_get_view(&query, 0));
    query_end(&query);
    return row;
}

int everybody_each_seen(struct store *store, const char *only, everybody_seen *visit, void *user,
                        struct error *error)
{
    struct query query;
    int row;

    query_start(&query, store, CHOOSE(only, SEEN_SQL), error);
    if (only)
        query_text(&query, only);
    while ((row = query_next(&query)) > 0) {
        struct subscriber_seen seen = {query_get_integer(&query, 1), query_get_date(&query, 2)};

        visit(user, query_get_view(&query, 0), &seen);
    }
    query_end(&query);
    return row;
}

#define SHOWN_SQL(ONLY) \
    "SELECT subscriber, editions FROM deliveries WHERE kind = 'digest' AND slot >= $1" ONLY \
    " AND " DEALT_WITH_SQL

int everybody_each_shown(struct store *store, const char *only, struct date from,
                         everybody_shown *visit, void *user, struct error *error)
{
    struct edition_shown editions[OUTBOX_EDITIONS_MAX];
    char slot[DATE_TEXT_BYTES];
    struct query query;
    int row;

    date_format(from, slot);
    query_start(&query, store, only ? SHOWN_SQL(" AND subscriber = $2") : SHOWN_SQL(""), error);
    query_text(&query, slot);
    if (only)
        query_text(&query, only);
    while ((row = query_next(&query)) > 0) {
        size_t count = editions_shown_read(query_get_view(&query, 1), editions);

        visit(user, query_get_view(&query, 0), editions, count);
    }
    query_end(&query);
    return row;
}
