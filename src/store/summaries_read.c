/* What there is of summaries: one, those of many papers, and how it goes. */
#include <stdlib.h>

#include "base/memory.h"
#include "store/query.h"
#include "store/summaries.h"

enum { DAY_SECONDS = 86400, AT_ONCE = 20 /* papers in one query */ };

#define ROW_COLUMNS \
    "state, coalesce(why, ''), prompt_tokens, completion_tokens, changed_utc, attempts, tldr, markdown"
enum { ROW_COLUMN_COUNT = 8 };

static enum summary_state state_of(struct view name)
{
    static const struct {
        const char *name;
        enum summary_state state;
    } names[] = {{"asking", SUMMARY_ASKING}, {"good", SUMMARY_GOOD}, {"refused", SUMMARY_REFUSED}};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (view_equal_string(name, names[i].name))
            return names[i].state;
    return SUMMARY_FAILED;
}

static struct summary_row read_row(const struct query *query, struct arena *arena)
{
    enum summary_state state = state_of(query_get_view(query, 0));
    bool has_failed = state == SUMMARY_REFUSED || state == SUMMARY_FAILED;

    return (struct summary_row){
        .state = state,
        .why = has_failed ? query_get_string(query, 1, arena) : NULL,
        .prompt_tokens = query_get_integer(query, 2),
        .completion_tokens = query_get_integer(query, 3),
        .changed_utc = query_get_integer(query, 4),
        .attempts = (long)query_get_integer(query, 5),
        .tldr = state == SUMMARY_GOOD ? query_get_string(query, 6, arena) : NULL,
        .markdown = state == SUMMARY_GOOD ? query_get_string(query, 7, arena) : NULL,
    };
}

int summaries_get(struct store *store, const struct summary_key *key, struct arena *arena,
                  struct summary_row *ret_row, bool *ret_found, struct error *error)
{
    struct query query;
    int row;

    query_start(&query, store,
                "SELECT " ROW_COLUMNS " FROM summaries WHERE paper = $1 AND version = $2"
                " AND model = $3 AND language = $4 AND prompt = $5", error);
    query_text(&query, key->paper_id);
    query_integer(&query, key->version);
    query_text(&query, key->model);
    query_text(&query, key->language);
    query_text(&query, key->prompt);
    row = query_next(&query);
    if (row > 0)
        *ret_row = read_row(&query, arena);
    query_end(&query);
    if (row < 0)
        return -1;
    *ret_found = row > 0;
    return 0;
}

/* ---- many ---- */

struct loading {
    struct store *store;
    const struct papers *papers;
    const char *texts[3]; /* model, language, prompt */
    size_t *found;        /* papers that have a good one */
    size_t count;
};

static void bind_texts(struct query *query, const struct loading *loading)
{
    for (size_t i = 0; i < 3; i++)
        query_text(query, loading->texts[i]);
}

/* The least and the greatest id. */
static void bind_range(struct query *query, const struct papers *papers)
{
    struct view least = papers->items[0].id, greatest = least;

    for (size_t i = 1; i < papers->count; i++) {
        struct view id = papers->items[i].id;

        if (view_compare(id, least) < 0)
            least = id;
        else if (view_compare(id, greatest) > 0)
            greatest = id;
    }
    query_view(query, least);
    query_view(query, greatest);
}

/* From the index alone. */
static int find_good(struct loading *loading, struct error *error)
{
    const struct papers *papers = loading->papers;
    struct query query;
    int row;

    query_start(&query, loading->store,
                "SELECT paper, version FROM summaries WHERE model = $1 AND language = $2"
                " AND prompt = $3 AND paper >= $4 AND paper <= $5 AND state = 'good'", error);
    bind_texts(&query, loading);
    bind_range(&query, papers);
    while ((row = query_next(&query)) > 0) {
        size_t paper = papers_find(papers, query_get_view(&query, 0));

        if (paper < papers->count && papers->items[paper].version == query_get_integer(&query, 1))
            loading->found[loading->count++] = paper;
    }
    query_end(&query);
    return row;
}

/* Of those found, from `from` on, as many as one query asks for. */
static int load_some(const struct loading *loading, size_t from, struct arena *arena,
                     struct summary_row **rows, struct error *error)
{
    const struct papers *papers = loading->papers;
    struct query query;
    int row;

    query_start(&query, loading->store,
                "SELECT " ROW_COLUMNS ", paper, version FROM summaries WHERE model = $1"
                " AND language = $2 AND prompt = $3 AND state = 'good' AND paper IN ($4, $5, $6,"
                " $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,"
                " $23)", error);
    bind_texts(&query, loading);
    for (size_t i = from; i < from + AT_ONCE; i++) {
        if (i < loading->count)
            query_view(&query, papers->items[loading->found[i]].id);
        else
            query_null(&query);
    }
    while ((row = query_next(&query)) > 0) {
        size_t paper = papers_find(papers, query_get_view(&query, ROW_COLUMN_COUNT));

        if (paper == papers->count ||
            papers->items[paper].version != query_get_integer(&query, ROW_COLUMN_COUNT + 1))
            continue;
        rows[paper] = arena_alloc(arena, 1, sizeof(**rows));
        *rows[paper] = read_row(&query, arena);
    }
    query_end(&query);
    return row;
}

int summaries_load(struct store *store, const struct papers *papers, const char *model,
                   const char *language, const char *prompt, struct arena *arena,
                   struct summary_row ***ret_rows, struct error *error)
{
    struct summary_row **rows = arena_alloc(arena, papers->count, sizeof(*rows));
    struct loading loading = {store, papers, {model, language, prompt}, NULL, 0};
    int result = 0;

    if (papers->count) {
        loading.found = memory_new(papers->count, sizeof(*loading.found));
        result = find_good(&loading, error);
    }
    for (size_t from = 0; from < loading.count && result == 0; from += AT_ONCE)
        result = load_some(&loading, from, arena, rows, error);
    free(loading.found);
    if (result < 0)
        return error_add(error, "summaries");
    *ret_rows = rows;
    return 0;
}

/* ---- the report ---- */

static int count_states(struct store *store, int64_t since_utc, int64_t now_utc,
                        struct summaries_report *report, struct error *error)
{
    struct query query;
    int row;

    query_start(&query, store,
                "SELECT CASE WHEN state = 'asking' AND lease_until_utc <= $2 THEN 'failed'"
                " ELSE state END AS stands, count(*) FROM summaries WHERE changed_utc > $1"
                " GROUP BY stands", error);
    query_integer(&query, since_utc);
    query_integer(&query, now_utc);
    while ((row = query_next(&query)) > 0) {
        int64_t *const counts[] = {
            [SUMMARY_ASKING] = &report->asking,
            [SUMMARY_GOOD] = &report->good,
            [SUMMARY_REFUSED] = &report->refused,
            [SUMMARY_FAILED] = &report->failed,
        };

        *counts[state_of(query_get_view(&query, 0))] = query_get_integer(&query, 1);
    }
    query_end(&query);
    return row;
}

static int sum_tokens(struct store *store, int64_t since_utc, struct summaries_report *report,
                      struct error *error)
{
    struct query query;
    int row;

    query_start(&query, store,
                "SELECT coalesce(CAST(sum(prompt_tokens) AS BIGINT), 0),"
                " coalesce(CAST(sum(completion_tokens) AS BIGINT), 0) FROM summary_spending"
                " WHERE day > $1", error);
    query_integer(&query, since_utc / DAY_SECONDS);
    row = query_next(&query);
    if (row > 0) {
        report->prompt_tokens = query_get_integer(&query, 0);
        report->completion_tokens = query_get_integer(&query, 1);
    }
    query_end(&query);
    return row < 0 ? -1 : 0;
}

static int find_last_failure(struct store *store, int64_t since_utc, struct arena *arena,
                             struct summary_failure *failure, struct error *error)
{
    struct query query;
    int row;

    query_start(&query, store,
                "SELECT state, coalesce(why, ''), paper, version, model, language, changed_utc FROM summaries"
                " WHERE changed_utc > $1 AND state IN ('refused', 'failed')"
                " ORDER BY changed_utc DESC, paper DESC LIMIT 1", error);
    query_integer(&query, since_utc);
    row = query_next(&query);
    if (row > 0)
        *failure = (struct summary_failure){
            .state = state_of(query_get_view(&query, 0)),
            .why = query_get_string(&query, 1, arena),
            .paper_id = query_get_string(&query, 2, arena),
            .version = (int)query_get_integer(&query, 3),
            .model = query_get_string(&query, 4, arena),
            .language = query_get_string(&query, 5, arena),
            .utc = query_get_integer(&query, 6),
        };
    query_end(&query);
    return row < 0 ? -1 : 0;
}

int summaries_report(struct store *store, int64_t now_utc, struct arena *arena,
                     struct summaries_report *ret_report, struct error *error)
{
    int64_t since_utc = now_utc - (int64_t)SUMMARIES_REPORT_DAYS * DAY_SECONDS;
    struct summaries_report report = {0};

    if (count_states(store, since_utc, now_utc, &report, error) < 0 ||
        sum_tokens(store, since_utc, &report, error) < 0 ||
        find_last_failure(store, since_utc, arena, &report.last_failure, error) < 0)
        return error_add(error, "summaries");
    *ret_report = report;
    return 0;
}
