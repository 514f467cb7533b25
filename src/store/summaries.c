#include "store/summaries.h"

#include "base/process.h"
#include "store/changes.h"
#include "store/query.h"

enum {
    DAY_SECONDS = 86400,
    TOKENS_MAX = 1000 * 1000 * 1000  /* more are not believed */
};

static const char *const states[] = {
    [SUMMARY_ASKING] = "asking",
    [SUMMARY_GOOD] = "good",
    [SUMMARY_REFUSED] = "refused",
    [SUMMARY_FAILED] = "failed",
};

#define IS_KEY_SQL "paper = $1 AND version = $2 AND model = $3 AND language = $4 AND prompt = $5"

static void bind_key(struct query *query, const struct summary_key *key)
{
    query_text(query, key->paper_id);
    query_integer(query, key->version);
    query_text(query, key->model);
    query_text(query, key->language);
    query_text(query, key->prompt);
}

/* ---- what was spent ---- */

/* Of '': by hand. */
static void bind_edition(struct query *query, struct date edition, char room[DATE_TEXT_BYTES])
{
    room[0] = '\0';
    if (date_is_set(edition))
        date_format(edition, room);
    query_text(query, room);
}

static int64_t believed(int64_t tokens)
{
    return tokens < 0 ? 0 : tokens > TOKENS_MAX ? TOKENS_MAX : tokens;
}

static int spend(struct store *store, struct date edition, int64_t prompt_tokens,
                 int64_t completion_tokens, int64_t now_utc, struct error *error)
{
    char text[DATE_TEXT_BYTES];
    struct query query;

    query_start(&query, store,
                "INSERT INTO summary_spending"
                " (edition, day, first_utc, prompt_tokens, completion_tokens)"
                " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (edition, day) DO UPDATE SET"
                " prompt_tokens = summary_spending.prompt_tokens + excluded.prompt_tokens,"
                " completion_tokens = summary_spending.completion_tokens"
                " + excluded.completion_tokens", error);
    bind_edition(&query, edition, text);
    query_integer(&query, now_utc / DAY_SECONDS);
    query_integer(&query, now_utc);
    query_integer(&query, believed(prompt_tokens));
    query_integer(&query, believed(completion_tokens));
    return query_run(&query, NULL);
}

int summaries_spent(struct store *store, struct date edition, int64_t *ret_tokens,
                    int64_t *ret_first_utc, struct error *error)
{
    char text[DATE_TEXT_BYTES];
    struct query query;
    int row;

    query_start(&query, store,
                "SELECT coalesce(CAST(sum(prompt_tokens + completion_tokens) AS BIGINT), 0),"
                " coalesce(min(first_utc), 0) FROM summary_spending WHERE edition = $1", error);
    bind_edition(&query, edition, text);
    row = query_next(&query);
    if (row > 0) {
        *ret_tokens = query_get_integer(&query, 0);
        *ret_first_utc = query_get_integer(&query, 1);
    }
    query_end(&query);
    return row < 0 ? -1 : 0;
}

/* ---- whose it is to ask ---- */

struct claim {
    const struct summary_key *key;
    const char *edition; /* NULL: by hand */
    const char *holder;
    int64_t now_utc;
    int64_t lease_until_utc;
};

/* $1 to $9. */
static void bind_claim(struct query *query, const struct claim *claim)
{
    bind_key(query, claim->key);
    query_text(query, claim->edition);
    query_text(query, claim->holder);
    query_integer(query, claim->lease_until_utc);
    query_integer(query, claim->now_utc);
}

static int run_claim(struct query *query, bool *ret_is_ours)
{
    int64_t changes = 0;

    if (query_run(query, &changes) < 0)
        return -1;
    *ret_is_ours = changes > 0;
    return 0;
}

static int claim_new(struct store *store, const struct claim *claim, bool *ret_is_ours,
                     struct error *error)
{
    struct query query;

    query_start(&query, store,
                "INSERT INTO summaries (paper, version, model, language, prompt, state, edition,"
                " holder, lease_until_utc, changed_utc, attempts, prompt_tokens, completion_tokens)"
                " VALUES ($1, $2, $3, $4, $5, 'asking', $6, $7, $8, $9, 1, 0, 0)"
                " ON CONFLICT (paper, version, model, language, prompt) DO NOTHING", error);
    bind_claim(&query, claim);
    return run_claim(&query, ret_is_ours);
}

/* The conditions stand in the statement, so that of two who try at once only one changes
 * the row. */
#define TAKE_SQL \
    "UPDATE summaries SET state = 'asking', edition = $6, holder = $7, lease_until_utc = $8," \
    " changed_utc = $9, attempts = attempts + 1 WHERE " IS_KEY_SQL " AND attempts < $10"

static int claim_again(struct store *store, const struct claim *claim, bool *ret_is_ours,
                       struct error *error)
{
    struct query query;

    query_start(&query, store,
                TAKE_SQL " AND (state = 'failed' OR (state = 'asking'"
                " AND (lease_until_utc <= $9 OR lease_until_utc > $11)))", error);
    bind_claim(&query, claim);
    query_integer(&query, SUMMARY_ATTEMPTS);
    query_integer(&query, claim->now_utc + SUMMARY_LEASE_MAX_SECONDS);
    return run_claim(&query, ret_is_ours);
}

static int find_holder(struct store *store, const struct claim *claim, struct arena *arena,
                       const char **ret_holder, struct error *error)
{
    struct query query;
    int row;

    *ret_holder = NULL;
    query_start(&query, store,
                "SELECT holder FROM summaries WHERE " IS_KEY_SQL " AND state = 'asking'", error);
    bind_key(&query, claim->key);
    row = query_next(&query);
    if (row > 0)
        *ret_holder = query_get_string(&query, 0, arena);
    query_end(&query);
    return row < 0 ? -1 : 0;
}

static int claim_of_dead(struct store *store, const struct claim *claim, bool *ret_is_ours,
                         struct error *error)
{
    struct arena *arena = arena_new();
    const char *holder;
    int result = find_holder(store, claim, arena, &holder, error);

    if (result == 0 && holder && process_is_gone(holder)) {
        struct query query;

        query_start(&query, store, TAKE_SQL " AND state = 'asking' AND holder = $11", error);
        bind_claim(&query, claim);
        query_integer(&query, SUMMARY_ATTEMPTS);
        query_text(&query, holder);
        result = run_claim(&query, ret_is_ours);
    }
    arena_free(&arena);
    return result;
}

static int claim_any(struct store *store, const struct claim *claim, struct date edition,
                     bool *ret_is_ours, struct error *error)
{
    *ret_is_ours = false;
    if (claim_new(store, claim, ret_is_ours, error) < 0 ||
        (!*ret_is_ours && claim_again(store, claim, ret_is_ours, error) < 0) ||
        (!*ret_is_ours && claim_of_dead(store, claim, ret_is_ours, error) < 0))
        return -1;
    return *ret_is_ours ? spend(store, edition, 0, 0, claim->now_utc, error) : 0;
}

int summaries_claim(struct store *store, const struct summary_key *key, struct date edition,
                    const char *holder, int64_t now_utc, long lease_seconds, bool *ret_is_ours,
                    struct error *error)
{
    char text[DATE_TEXT_BYTES];
    const struct claim claim = {
        .key = key,
        .edition = date_is_set(edition) ? text : NULL,
        .holder = holder,
        .now_utc = now_utc,
        .lease_until_utc = now_utc + lease_seconds,
    };
    bool mine, is_ours = false;
    int result;

    date_format(edition, text);
    if (transaction_open(store, &mine, error) < 0)
        return -1;
    result = claim_any(store, &claim, edition, &is_ours, error);
    if (transaction_close(store, mine, result, error) < 0)
        return error_add(error, "the summary of %s", key->paper_id);
    *ret_is_ours = is_ours;
    return 0;
}

/* ---- how it ended ---- */

static int find_edition(struct store *store, const struct summary_key *key,
                        struct date *ret_edition, struct error *error)
{
    struct query query;
    int row;

    *ret_edition = (struct date){0};
    query_start(&query, store, "SELECT edition FROM summaries WHERE " IS_KEY_SQL, error);
    bind_key(&query, key);
    row = query_next(&query);
    if (row > 0)
        *ret_edition = query_get_date(&query, 0);
    query_end(&query);
    return row < 0 ? -1 : 0;
}

static int end_claim(struct store *store, const struct summary_key *key, const char *holder,
                     const struct summary_row *row, int64_t now_utc, bool *ret_is_ours,
                     struct error *error)
{
    bool is_good = row->state == SUMMARY_GOOD;
    struct query query;
    int64_t changes = 0;

    query_start(&query, store,
                "UPDATE summaries SET state = $7, why = $8, tldr = $9, markdown = $10,"
                " prompt_tokens = prompt_tokens + $11, completion_tokens = completion_tokens + $12,"
                " changed_utc = $13, holder = NULL, lease_until_utc = NULL"
                " WHERE " IS_KEY_SQL " AND state = 'asking' AND holder = $6", error);
    bind_key(&query, key);
    query_text(&query, holder);
    query_text(&query, states[row->state]);
    query_text(&query, is_good ? NULL : row->why ? row->why : "");
    query_text(&query, !is_good ? NULL : row->tldr ? row->tldr : "");
    query_text(&query, !is_good ? NULL : row->markdown ? row->markdown : "");
    query_integer(&query, believed(row->prompt_tokens));
    query_integer(&query, believed(row->completion_tokens));
    query_integer(&query, now_utc);
    if (query_run(&query, &changes) < 0)
        return -1;
    *ret_is_ours = changes > 0;
    return 0;
}

static int finish(struct store *store, const struct summary_key *key, const char *holder,
                  const struct summary_row *row, int64_t now_utc, bool *ret_is_ours,
                  struct error *error)
{
    struct date edition;

    if (find_edition(store, key, &edition, error) < 0 ||
        end_claim(store, key, holder, row, now_utc, ret_is_ours, error) < 0 ||
        spend(store, edition, row->prompt_tokens, row->completion_tokens, now_utc, error) < 0)
        return -1;
    return *ret_is_ours && row->state == SUMMARY_GOOD
               ? store_change_note(store, CHANGE_EDITIONS, error)
               : 0;
}

int summaries_finish(struct store *store, const struct summary_key *key, const char *holder,
                     const struct summary_row *row, int64_t now_utc, struct error *error)
{
    bool mine, is_ours = false;
    int result;

    if (row->state == SUMMARY_ASKING)
        return error_set(error, ERROR_BUG, "a summary is finished as one that is being asked");
    if (transaction_open(store, &mine, error) < 0)
        return -1;
    result = finish(store, key, holder, row, now_utc, &is_ours, error);
    if (transaction_close(store, mine, result, error) < 0)
        return error_add(error, "the summary of %s", key->paper_id);
    if (!is_ours)
        return error_set(error, ERROR_CONFLICT,
                         "the summary of %s took longer than its lease; another asks for it now",
                         key->paper_id);
    return 0;
}

static int run_of_claim(struct store *store, const char *sql, const struct summary_key *key,
                        const char *holder, struct error *error)
{
    struct query query;

    query_start(&query, store, sql, error);
    bind_key(&query, key);
    query_text(&query, holder);
    return query_run(&query, NULL);
}

int summaries_release(struct store *store, const struct summary_key *key, const char *holder,
                      struct error *error)
{
    bool mine;
    int result;

    if (transaction_open(store, &mine, error) < 0)
        return -1;
    result = run_of_claim(store,
                          "DELETE FROM summaries WHERE " IS_KEY_SQL
                          " AND state = 'asking' AND holder = $6 AND attempts <= 1",
                          key, holder, error);
    if (result == 0)
        result = run_of_claim(store,
                              "UPDATE summaries SET state = 'failed', attempts = attempts - 1,"
                              " holder = NULL, lease_until_utc = NULL WHERE " IS_KEY_SQL
                              " AND state = 'asking' AND holder = $6",
                              key, holder, error);
    return transaction_close(store, mine, result, error);
}

int summaries_forget(struct store *store, const struct summary_key *key, struct error *error)
{
    struct query query;
    bool mine;
    int result;

    if (transaction_open(store, &mine, error) < 0)
        return -1;
    query_start(&query, store,
                "DELETE FROM summaries WHERE " IS_KEY_SQL " AND state <> 'asking'", error);
    bind_key(&query, key);
    result = query_run(&query, NULL);
    if (result == 0) {
        query_start(&query, store, "UPDATE summaries SET attempts = 0 WHERE " IS_KEY_SQL, error);
        bind_key(&query, key);
        result = query_run(&query, NULL);
    }
    return transaction_close(store, mine, result, error);
}
