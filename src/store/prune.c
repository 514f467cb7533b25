#include "store/prune.h"

#include "store/changes.h"
#include "store/query.h"

/* Runs one step, a statement of its own, until it finds nothing more. */
struct step {
    const char *sql;
    int64_t integer; /* $1 */
    int64_t rows;    /* $2 */
};

static int repeat(struct store *store, const struct step *step, int64_t *done, struct error *error)
{
    int64_t changes;

    do {
        struct query query;

        query_start(&query, store, step->sql, error);
        query_integer(&query, step->integer);
        query_integer(&query, step->rows);
        if (query_run(&query, &changes) < 0)
            return -1;
        *done += changes;
    } while (changes > 0);
    return 0;
}

/* The oldest edition before `before`, into `date`. 1 when there is one. */
static int find_oldest(struct store *store, const char *before, char date[DATE_TEXT_BYTES],
                       struct error *error)
{
    struct query query;
    int row;

    query_start(&query, store, "SELECT min(date) FROM editions WHERE date < $1", error);
    query_text(&query, before);
    row = query_next(&query);
    if (row > 0 && query_is_null(&query, 0))
        row = 0;
    if (row > 0)
        date_format(query_get_date(&query, 0), date);
    query_end(&query);
    return row;
}

#define LISTED_ONLY_THERE_SQL \
    "(SELECT e.paper FROM edition_papers e WHERE e.edition = $1 AND NOT EXISTS" \
    " (SELECT 1 FROM edition_papers o WHERE o.paper = e.paper AND o.edition <> $1))"

/* An edition with its papers that no other one lists, and their summaries. Their places in
 * it go with them, by the schema. */
static int drop_edition(struct store *store, const char *date, int64_t *papers,
                        struct error *error)
{
    int64_t dropped = 0;

    if (query_run_of(store, "DELETE FROM summaries WHERE paper IN " LISTED_ONLY_THERE_SQL, date,
                     NULL, error) < 0 ||
        query_run_of(store, "DELETE FROM papers WHERE id IN " LISTED_ONLY_THERE_SQL, date,
                     &dropped, error) < 0 ||
        query_run_of(store, "DELETE FROM editions WHERE date = $1", date, NULL, error) < 0 ||
        store_change_note(store, CHANGE_EDITIONS, error) < 0)
        return -1;
    *papers += dropped;
    return 0;
}

static int prune_editions(struct store *store, const char *before, struct pruned *pruned,
                          struct error *error)
{
    char date[DATE_TEXT_BYTES];
    int row;

    while ((row = find_oldest(store, before, date, error)) > 0) {
        bool mine;
        int result;

        if (transaction_open_locked(store, STORE_LOCK_EDITIONS, &mine, error) < 0)
            return -1;
        result = drop_edition(store, date, &pruned->papers, error);
        if (transaction_close(store, mine, result, error) < 0)
            return -1;
        pruned->editions++;
    }
    return row;
}

/* Of papers that the store does not know (any longer), and what all of them cost. */
static int prune_summaries(struct store *store, struct date before, struct error *error)
{
    struct step orphans = {
        .sql = "DELETE FROM summaries WHERE paper IN (SELECT s.paper FROM summaries s"
               " WHERE s.changed_utc < $1 AND NOT EXISTS (SELECT 1 FROM papers p"
               " WHERE p.id = s.paper) LIMIT $2) AND changed_utc < $1",
        .integer = time_from_date(before, 0, 0, 0),
        .rows = PRUNE_ROWS,
    };
    int64_t done = 0;

    if (repeat(store, &orphans, &done, error) < 0)
        return -1;
    return query_run_before(store, "DELETE FROM summary_spending WHERE day < $1",
                            date_to_days(before), error);
}

int store_prune(struct store *store, const struct prune_limits *limits,
                struct pruned *ret_pruned, struct error *error)
{
    char date[DATE_TEXT_BYTES];
    /* Those that an earlier paperboy, killed between two steps, has left. */
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
    if (prune_editions(store, date, ret_pruned, error) < 0 ||
        (ret_pruned->editions && repeat(store, &papers, &ret_pruned->papers, error) < 0) ||
        prune_summaries(store, limits->editions_before, error) < 0 ||
        repeat(store, &deliveries, &ret_pruned->deliveries, error) < 0)
        return error_add(error, "pruning");
    return 0;
}
