#include "store/holds.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "store/query.h"
#include "store/subscribers.h"

/* The run of a domain, as its row says. */
struct domain_run {
    int64_t first_utc;
    int64_t failed;
    int64_t recipients; /* when they were counted last */
    int64_t held_until_utc; /* 0: not held */
};

/* ---- the run ---- */

/* A run is over some time after its last delivery, or with its hold; what a clock that was
 * ahead has written is over too. */
#define RUN_IS_OVER_SQL \
    "((domain_runs.held_until_utc IS NULL AND (domain_runs.last_utc < excluded.last_utc - $4" \
    " OR domain_runs.last_utc > excluded.last_utc + $4))" \
    " OR domain_runs.held_until_utc <= excluded.last_utc" \
    " OR domain_runs.held_until_utc > excluded.last_utc + $5)"
#define RUN_GOES_ON_SQL(COLUMN, GOES_ON, STARTS) \
    COLUMN " = CASE WHEN " RUN_IS_OVER_SQL " THEN " STARTS " ELSE " GOES_ON " END"

static int count_in_run(struct store *store, const char *domain, int64_t now_utc,
                        struct domain_run *ret_run, struct error *error)
{
    struct query query;
    int row;

    query_start(&query, store,
                "INSERT INTO domain_runs (domain, first_utc, last_utc, failed, recipients)"
                " VALUES ($1, $3, $2, 1, 0) ON CONFLICT (domain) DO UPDATE SET "
                RUN_GOES_ON_SQL("first_utc", "domain_runs.first_utc", "excluded.first_utc") ", "
                RUN_GOES_ON_SQL("failed", "domain_runs.failed + 1", "1") ", "
                RUN_GOES_ON_SQL("recipients", "domain_runs.recipients", "0") ", "
                RUN_GOES_ON_SQL("held_utc", "domain_runs.held_utc", "NULL") ", "
                RUN_GOES_ON_SQL("held_until_utc", "domain_runs.held_until_utc", "NULL") ", "
                RUN_GOES_ON_SQL("evidence", "domain_runs.evidence", "NULL")
                ", last_utc = excluded.last_utc"
                " RETURNING first_utc, failed, recipients, held_until_utc", error);
    query_text(&query, domain);
    query_integer(&query, now_utc);
    query_integer(&query, now_utc - HOLD_RUN_GAP_SECONDS);
    query_integer(&query, HOLD_RUN_GAP_SECONDS);
    query_integer(&query, HOLD_SECONDS);
    row = query_next(&query);
    if (row > 0) {
        *ret_run = (struct domain_run){query_get_integer(&query, 0), query_get_integer(&query, 1),
                                       query_get_integer(&query, 2),
                                       query_is_null(&query, 3) ? 0 : query_get_integer(&query, 3)};
        if (query_next(&query) < 0)
            row = -1;
    }
    query_end(&query);
    return row < 0 ? -1 : 0;
}

/* ---- dead addresses ---- */

static int count_refusal(struct store *store, const struct refusal *refusal, int64_t *ret_refusals,
                         struct error *error)
{
    struct query query;

    query_start(&query, store,
                "INSERT INTO dead_addresses (address, domain, refusals, last_utc)"
                " VALUES ($1, $2, 1, $3) ON CONFLICT (address) DO UPDATE SET"
                " refusals = dead_addresses.refusals + 1, last_utc = excluded.last_utc,"
                " suppressed_utc = NULL RETURNING refusals", error);
    query_text(&query, refusal->address);
    query_text(&query, refusal->domain);
    query_integer(&query, refusal->now_utc);
    return query_run_integer(&query, ret_refusals) < 0 ? -1 : 0;
}

static int mark_suppressed(struct store *store, const struct refusal *refusal,
                           struct error *error)
{
    const struct suppression suppression = {refusal->address, SUPPRESSION_BOUNCED,
                                            refusal->now_utc, refusal->evidence};
    struct query query;

    if (suppression_add(store, &suppression, error) < 0)
        return -1;
    query_start(&query, store, "UPDATE dead_addresses SET suppressed_utc = $2 WHERE address = $1",
                error);
    query_text(&query, refusal->address);
    query_integer(&query, refusal->now_utc);
    return query_run(&query, NULL);
}

static int judge_address(struct store *store, const struct refusal *refusal,
                         const struct hold_policy *policy, struct refusal_effect *effect,
                         struct error *error)
{
    int64_t refusals = 0;

    if (!refusal->is_dead)
        return 0;
    if (count_refusal(store, refusal, &refusals, error) < 0)
        return -1;
    if (!refusal->at_once && refusals < policy->hard)
        return 0;
    effect->is_suppressed = true;
    return mark_suppressed(store, refusal, error);
}

/* ---- holds ---- */

/* Whether the address ends with `$1`, an @ and a domain. Not LIKE, to which _ and % are no
 * characters and a capital is a small one. */
#define IS_OF_DOMAIN_SQL \
    "substr(subscriber, length(subscriber) - length(CAST($1 AS TEXT)) + 1) = $1"

static void make_ending(const char *domain, char ending[300])
{
    snprintf(ending, 300, "@%s", domain);
}

/* Those of the domain that were sent to in this run and those that are still to come. Looks
 * through all of these, whatever their domain, which is why it is asked only when there were
 * failures enough. */
static int count_not_failed(struct store *store, const char *domain, int64_t first_utc,
                            int64_t *ret_count, struct error *error)
{
    char ending[300];
    struct query query;

    make_ending(domain, ending);
    query_start(&query, store,
                "SELECT (SELECT count(*) FROM deliveries WHERE phase IN ('queued', 'deferred')"
                " AND kind = 'digest' AND " IS_OF_DOMAIN_SQL ")"
                " + (SELECT count(*) FROM deliveries WHERE phase = 'held'"
                " AND kind = 'digest' AND " IS_OF_DOMAIN_SQL ")"
                " + (SELECT count(*) FROM deliveries WHERE phase = 'sent' AND changed_utc >= $2"
                " AND kind = 'digest' AND " IS_OF_DOMAIN_SQL ")", error);
    query_text(&query, ending);
    query_integer(&query, first_utc);
    return query_run_integer(&query, ret_count) < 0 ? -1 : 0;
}

static bool is_too_much(int64_t failed, int64_t recipients, const struct hold_policy *policy)
{
    return recipients >= HOLD_RECIPIENTS_MIN &&
           (double)failed * 100 > policy->percent * (double)recipients;
}

/* Those of this run, which began at `first_utc`. Their addresses are as good as before. */
static int lift_suppressions(struct store *store, const char *domain, int64_t first_utc,
                             int64_t *ret_lifted, struct error *error)
{
    struct query query;
    int64_t lifted = 0;

    query_start(&query, store,
                "DELETE FROM suppressions WHERE reason = 'bounced' AND address IN"
                " (SELECT d.address FROM dead_addresses d WHERE d.domain = $1"
                " AND d.suppressed_utc >= $2 AND d.suppressed_utc = suppressions.since_utc)", error);
    query_text(&query, domain);
    query_integer(&query, first_utc);
    if (query_run(&query, &lifted) < 0)
        return -1;
    query_start(&query, store, "DELETE FROM dead_addresses WHERE domain = $1 AND last_utc >= $2",
                error);
    query_text(&query, domain);
    query_integer(&query, first_utc);
    *ret_lifted = lifted;
    return query_run(&query, NULL);
}

static int hold(struct store *store, const struct refusal *refusal, const struct domain_run *run,
                struct refusal_effect *effect, struct error *error)
{
    struct query query;

    query_start(&query, store,
                "UPDATE domain_runs SET held_utc = $2, held_until_utc = $3, evidence = $4"
                " WHERE domain = $1", error);
    query_text(&query, refusal->domain);
    query_integer(&query, refusal->now_utc);
    query_integer(&query, refusal->now_utc + HOLD_SECONDS);
    query_text(&query, refusal->evidence);
    if (query_run(&query, NULL) < 0)
        return -1;
    effect->is_held = true;
    effect->is_suppressed = false;
    effect->held_until_utc = refusal->now_utc + HOLD_SECONDS;
    return lift_suppressions(store, refusal->domain, run->first_utc, &effect->lifted, error);
}

static int keep_recipients(struct store *store, const char *domain, int64_t recipients,
                           struct error *error)
{
    struct query query;

    query_start(&query, store, "UPDATE domain_runs SET recipients = $2 WHERE domain = $1", error);
    query_text(&query, domain);
    query_integer(&query, recipients);
    return query_run(&query, NULL);
}

static int hold_if_too_much(struct store *store, const struct refusal *refusal,
                            const struct domain_run *run, const struct hold_policy *policy,
                            struct refusal_effect *effect, struct error *error)
{
    int64_t least = run->recipients > HOLD_RECIPIENTS_MIN ? run->recipients : HOLD_RECIPIENTS_MIN;
    int64_t recipients = 0;

    if (policy->percent <= 0 || !is_too_much(run->failed, least, policy))
        return 0;
    if (count_not_failed(store, refusal->domain, run->first_utc, &recipients, error) < 0)
        return -1;
    recipients += run->failed;
    if (!is_too_much(run->failed, recipients, policy))
        return keep_recipients(store, refusal->domain, recipients, error);
    effect->recipients = recipients;
    return hold(store, refusal, run, effect, error);
}

static int note_refusal(struct store *store, const struct refusal *refusal,
                        const struct hold_policy *policy, struct refusal_effect *effect,
                        struct error *error)
{
    struct domain_run run = {0};

    if (count_in_run(store, refusal->domain, refusal->now_utc, &run, error) < 0)
        return -1;
    effect->failed = run.failed;
    effect->held_until_utc = run.held_until_utc;
    if (run.held_until_utc)
        return 0;
    if (judge_address(store, refusal, policy, effect, error) < 0)
        return -1;
    return hold_if_too_much(store, refusal, &run, policy, effect, error);
}

/* Its row stays until the transaction's end. */
static int is_erased(struct store *store, const struct refusal *refusal, bool *ret_is_erased,
                     struct error *error)
{
    struct query query;
    int64_t id;
    int found;

    *ret_is_erased = false;
    if (!refusal->delivery)
        return 0;
    query_start(&query, store, "SELECT id FROM deliveries WHERE id = $1 " ROW_STAYS, error);
    query_integer(&query, refusal->delivery);
    found = query_run_integer(&query, &id);
    *ret_is_erased = found == 0;
    return found < 0 ? -1 : 0;
}

int hold_note_refusal(struct store *store, const struct refusal *refusal,
                      const struct hold_policy *policy, struct refusal_effect *ret_effect,
                      struct error *error)
{
    struct refusal_effect effect = {0};
    bool mine, erased;
    int result;

    if (transaction_open(store, &mine, error) < 0)
        return -1;
    result = is_erased(store, refusal, &erased, error);
    if (result == 0 && !erased)
        result = note_refusal(store, refusal, policy, &effect, error);
    if (transaction_close(store, mine, result, error) < 0)
        return -1;
    *ret_effect = effect;
    return 0;
}

int hold_list(struct store *store, int64_t now_utc, struct hold_list *ret_list,
              struct error *error)
{
    struct hold_list list = {.arena = arena_new()};
    struct query query;
    size_t capacity = 0;
    int row;

    query_start(&query, store,
                "SELECT domain, held_utc, held_until_utc, failed, evidence FROM domain_runs"
                " WHERE held_until_utc > $1 AND held_until_utc <= $2 ORDER BY domain", error);
    query_integer(&query, now_utc);
    query_integer(&query, now_utc + HOLD_SECONDS);
    while ((row = query_next(&query)) > 0) {
        list.items = memory_grow(list.items, &capacity, list.count + 1, sizeof(*list.items));
        list.items[list.count++] = (struct hold){
            .domain = query_get_string(&query, 0, list.arena),
            .since_utc = query_get_integer(&query, 1),
            .until_utc = query_get_integer(&query, 2),
            .failed = query_get_integer(&query, 3),
            .evidence = query_get_string(&query, 4, list.arena),
        };
    }
    query_end(&query);
    if (row < 0)
        hold_list_free(&list);
    else
        *ret_list = list;
    return row;
}

void hold_list_free(struct hold_list *list)
{
    arena_free(&list->arena);
    free(list->items);
    *list = (struct hold_list){0};
}

/* ---- its end ---- */

static int end_hold(struct store *store, const char *domain, int64_t now_utc, bool *ret_was_held,
                    struct error *error)
{
    struct query query;
    int64_t changes = 0;

    query_start(&query, store,
                "UPDATE domain_runs SET first_utc = $2, last_utc = $2, failed = 0, recipients = 0,"
                " held_utc = NULL, held_until_utc = NULL, evidence = NULL"
                " WHERE domain = $1 AND held_until_utc > $2", error);
    query_text(&query, domain);
    query_integer(&query, now_utc);
    if (query_run(&query, &changes) < 0)
        return -1;
    *ret_was_held = changes > 0;
    return 0;
}

static int make_due(struct store *store, const char *domain, int64_t now_utc,
                    struct error *error)
{
    char ending[300];
    struct query query;

    make_ending(domain, ending);
    query_start(&query, store,
                "UPDATE deliveries SET not_before_utc = $2 WHERE phase IN ('queued', 'deferred')"
                " AND state = 'deferred' AND not_before_utc > $2 AND " IS_OF_DOMAIN_SQL
                " AND reply LIKE '" HOLD_REPLY_PREFIX "%'", error);
    query_text(&query, ending);
    query_integer(&query, now_utc);
    return query_run(&query, NULL);
}

int hold_release(struct store *store, const char *domain, int64_t now_utc, bool *ret_was_held,
                 struct error *error)
{
    bool mine, was_held = false;
    int result;

    if (transaction_open(store, &mine, error) < 0)
        return -1;
    result = end_hold(store, domain, now_utc, &was_held, error);
    if (result == 0)
        result = make_due(store, domain, now_utc, error);
    if (transaction_close(store, mine, result, error) < 0)
        return -1;
    if (ret_was_held)
        *ret_was_held = was_held;
    return 0;
}

/* ---- suspects ---- */

int dead_list_suspects(struct store *store, struct arena *arena, const char ***ret_addresses,
                       size_t *ret_count, struct error *error)
{
    const char **addresses = NULL;
    size_t count = 0, capacity = 0;
    struct query query;
    int row;

    query_start(&query, store, "SELECT address FROM dead_addresses WHERE suppressed_utc IS NULL",
                error);
    while ((row = query_next(&query)) > 0) {
        addresses = memory_grow(addresses, &capacity, count + 1, sizeof(*addresses));
        addresses[count++] = query_get_string(&query, 0, arena);
    }
    query_end(&query);
    if (row < 0) {
        free(addresses);
        return -1;
    }
    *ret_addresses = addresses;
    *ret_count = count;
    return 0;
}

int dead_forget(struct store *store, const char *address, struct error *error)
{
    return query_run_of(store, "DELETE FROM dead_addresses WHERE address = $1", address, NULL,
                        error);
}

int hold_prune(struct store *store, int64_t before_utc, struct error *error)
{
    if (query_run_before(store,
                         "DELETE FROM domain_runs WHERE last_utc < $1"
                         " AND (held_until_utc IS NULL OR held_until_utc < $1)",
                         before_utc, error) < 0)
        return -1;
    return query_run_before(store, "DELETE FROM dead_addresses WHERE last_utc < $1", before_utc,
                            error);
}
