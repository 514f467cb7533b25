#include "store/prune.h"

#include "store/query.h"

/* Runs one step, a statement of its own, until it finds nothing more. */
struct step {
    const char *sql;
    const char *text; /* $1 when not NULL, else `integer` is */
    int64_t integer;
    int64_t rows;     /* $2 */
};

static int repeat(struct store *store, const struct step *step, int64_t *done, struct error *error)
{
    int64_t changes;

    do {
        struct query query;

        query_start(&query, store, step->sql, error);
        if (step->text)
            query_text(&query, step->text);
        else
            query_integer(&query, step->integer);
        query_integer(&query, step->rows);
        if (query_run(&query, &changes) < 0)
            return -1;
        *done += changes;
    } while (changes > 0);
    return 0;
}

int store_prune(struct store *store, const struct prune_limits *limits,
                struct pruned *ret_pruned, struct error *error)
{
    char date[DATE_TEXT_BYTES];
    /* Its papers' places in it go with an edition, by the schema. */
    struct step editions = {
        .sql = "DELETE FROM editions WHERE date IN (SELECT date FROM editions WHERE date < $1"
               " ORDER BY date LIMIT $2)",
        .text = date,
        .rows = 1,
    };
    struct step papers = {
        .sql = "DELETE FROM papers WHERE id IN (SELECT p.id FROM papers p WHERE p.first_seen_utc < $1"
               " AND NOT EXISTS (SELECT 1 FROM edition_papers e WHERE e.paper = p.id) LIMIT $2)",
        .integer = time_from_date(limits->editions_before, 0, 0, 0),
        .rows = PRUNE_ROWS,
    };
    struct step deliveries = {
        .sql = "DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE created_utc < $1"
               " AND state IN ('sent', 'failed', 'expired', 'skipped') ORDER BY id LIMIT $2)",
        .integer = limits->deliveries_before_utc,
        .rows = PRUNE_ROWS,
    };

    *ret_pruned = (struct pruned){0};
    date_format(limits->editions_before, date);
    if (repeat(store, &editions, &ret_pruned->editions, error) < 0 ||
        (ret_pruned->editions && repeat(store, &papers, &ret_pruned->papers, error) < 0) ||
        repeat(store, &deliveries, &ret_pruned->deliveries, error) < 0)
        return error_add(error, "pruning");
    return 0;
}
