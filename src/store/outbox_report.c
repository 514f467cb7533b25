/* What the outbox can tell without changing anything. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/outbox.h"
#include "store/outbox_change.h"
#include "store/query.h"
#include "store/shown.h"

int outbox_count(struct store *store, int64_t ret_counts[DELIVERY_STATES], struct error *error)
{
    int64_t counts[DELIVERY_STATES] = {0};
    struct query query;
    int result;

    query_start(&query, store, "SELECT state, count(*) FROM deliveries GROUP BY state", error);
    while ((result = query_next(&query)) > 0) {
        enum delivery_state state;

        if (delivery_state_parse(query_get_view(&query, 0), &state))
            counts[state] = query_get_integer(&query, 1);
    }
    query_end(&query);
    if (result == 0)
        memcpy(ret_counts, counts, sizeof(counts));
    return result;
}

/* A count for each of the partial indexes. `ONLY` narrows them to one subscriber,
 * and is a text of its own so that the usual counts need no more than an index. */
#define LEFT_SQL(ONLY) \
    "SELECT (SELECT count(*) FROM deliveries WHERE phase IN ('queued', 'deferred')" ONLY ")" \
    " + (SELECT count(*) FROM deliveries WHERE phase = 'held'" ONLY ")" \
    " + (SELECT count(*) FROM deliveries WHERE phase = 'uncertain' AND expires_utc > $1" \
    " AND $2 = 1" ONLY ")"

int outbox_count_left(struct store *store, const char *subscriber, enum uncertain_policy policy,
                      int64_t now_utc, int64_t *ret_left, struct error *error)
{
    struct query query;
    int result;

    query_start(&query, store, subscriber ? LEFT_SQL(" AND subscriber = $3") : LEFT_SQL(""),
                error);
    query_integer(&query, now_utc);
    query_integer(&query, policy == UNCERTAIN_RESEND);
    if (subscriber)
        query_text(&query, subscriber);
    result = query_next(&query);
    if (result > 0)
        *ret_left = query_get_integer(&query, 0);
    query_end(&query);
    return result < 0 ? -1 : 0;
}

int outbox_find_left(struct store *store, struct outbox_left *ret_left, struct error *error)
{
    struct query query;
    int result;

    query_start(&query, store,
                "SELECT (SELECT count(*) FROM deliveries WHERE phase = 'held'),"
                " (SELECT max(lease_until_utc) FROM deliveries"
                " WHERE phase = 'held'),"
                " (SELECT count(*) FROM deliveries WHERE phase IN ('queued', 'deferred')),"
                " (SELECT min(not_before_utc) FROM deliveries"
                " WHERE phase IN ('queued', 'deferred'))",
                error);
    result = query_next(&query);
    if (result > 0)
        *ret_left = (struct outbox_left){
            .held = query_get_integer(&query, 0),
            .held_until_utc = query_is_null(&query, 1) ? 0 : query_get_integer(&query, 1),
            .waiting = query_get_integer(&query, 2),
            .next_utc = query_is_null(&query, 3) ? 0 : query_get_integer(&query, 3),
        };
    query_end(&query);
    return result < 0 ? -1 : 0;
}

int outbox_next_due(struct store *store, enum uncertain_policy policy, bool *ret_any,
                    int64_t *ret_utc, struct error *error)
{
    struct query query;
    int result;

    /* Each the first of an index. What waits behind another digest waits for that
     * one's lease at the longest. */
    query_start(&query, store,
                "SELECT min(due) FROM ("
                "SELECT min(not_before_utc) AS due FROM deliveries"
                " WHERE phase IN ('queued', 'deferred') AND " NOT_BEHIND_ANOTHER_SQL
                " UNION ALL SELECT min(expires_utc) FROM deliveries"
                " WHERE phase IN ('queued', 'deferred')"
                " UNION ALL SELECT min(lease_until_utc) FROM deliveries"
                " WHERE phase = 'held'"
                " UNION ALL SELECT min(not_before_utc) FROM deliveries"
                " WHERE phase = 'uncertain' AND $1 = 1"
                " UNION ALL SELECT min(expires_utc) FROM deliveries"
                " WHERE phase = 'uncertain' AND $1 = 1) AS d",
                error);
    query_integer(&query, policy == UNCERTAIN_RESEND);
    result = query_next(&query);
    if (result > 0) {
        *ret_any = !query_is_null(&query, 0);
        if (*ret_any)
            *ret_utc = query_get_integer(&query, 0);
    }
    query_end(&query);
    return result < 0 ? -1 : 0;
}

static void read_problem(const struct query *query, struct arena *arena,
                         struct outbox_problem *ret_problem)
{
    struct outbox_problem problem = {
        .when_utc = query_get_integer(query, 0),
        .subscriber = query_get_string(query, 1, arena),
        .stage = query_get_string(query, 4, arena),
        .enhanced = query_get_string(query, 5, arena),
        .reply = query_get_string(query, 6, arena),
        .reason = query_get_string(query, 7, arena),
    };

    delivery_kind_parse(query_get_view(query, 2), &problem.kind);
    delivery_state_parse(query_get_view(query, 3), &problem.state);
    *ret_problem = problem;
}

int outbox_list_problems(struct store *store, size_t max, struct outbox_problems *ret_problems,
                         struct error *error)
{
    struct outbox_problems problems = {.arena = arena_new()};
    struct query query;
    size_t capacity = 0;
    int result;

    query_start(&query, store,
                "SELECT changed_utc, subscriber, kind, state, stage, enhanced, reply,"
                " reason FROM deliveries WHERE phase IN ('failed', 'deferred', 'uncertain')"
                " ORDER BY changed_utc DESC LIMIT $1", error);
    query_integer(&query, (int64_t)max);
    while ((result = query_next(&query)) > 0) {
        problems.items = memory_grow(problems.items, &capacity, problems.count + 1,
                                     sizeof(*problems.items));
        read_problem(&query, problems.arena, &problems.items[problems.count++]);
    }
    query_end(&query);
    if (result < 0)
        outbox_problems_free(&problems);
    else
        *ret_problems = problems;
    return result;
}

void outbox_problems_free(struct outbox_problems *problems)
{
    arena_free(&problems->arena);
    free(problems->items);
    *problems = (struct outbox_problems){0};
}

/* A failed, expired or skipped digest has shown nothing. */
#define SHOWING_SQL \
    " FROM deliveries WHERE subscriber = $1 AND kind = 'digest'" \
    " AND state IN ('queued', 'claimed', 'sending', 'deferred', 'sent', 'uncertain')"

/* By date, the one with the most papers first. */
static int compare_editions(const void *a, const void *b)
{
    const struct edition_shown *first = a, *second = b;
    int order = date_compare(first->date, second->date);

    return order ? order : (first->papers < second->papers) - (first->papers > second->papers);
}

struct edition_list {
    struct edition_shown *items;
    size_t count;
    size_t capacity;
};

static void add_editions(struct edition_list *list, struct view text)
{
    struct edition_shown edition;
    struct view part;

    while (view_next_part(&text, ' ', &part)) {
        if (!edition_shown_parse(part, &edition))
            continue;
        list->items = memory_grow(list->items, &list->capacity, list->count + 1, sizeof(edition));
        list->items[list->count++] = edition;
    }
}

static void make_unique(struct edition_list *list)
{
    size_t kept = 0;

    if (list->count)
        qsort(list->items, list->count, sizeof(*list->items), compare_editions);
    for (size_t i = 0; i < list->count; i++)
        if (i == 0 || date_compare(list->items[i].date, list->items[kept - 1].date) != 0)
            list->items[kept++] = list->items[i];
    list->count = kept;
}

int outbox_editions_shown(struct store *store, const char *subscriber, int64_t except,
                          struct date from, struct arena *arena, struct edition_shown **ret_editions,
                          size_t *ret_count, struct error *error)
{
    struct edition_list list = {0};
    char slot[DATE_TEXT_BYTES];
    struct query query;
    int result;

    date_format(from, slot);
    query_start(&query, store, "SELECT editions FROM deliveries WHERE subscriber = $1 AND kind = 'digest'"
                " AND slot >= $3 AND " DEALT_WITH_SQL " AND id <> $2", error);
    query_text(&query, subscriber);
    query_integer(&query, except);
    query_text(&query, date_is_set(from) ? slot : "");
    while ((result = query_next(&query)) > 0)
        add_editions(&list, query_get_view(&query, 0));
    query_end(&query);
    if (result == 0) {
        make_unique(&list);
        *ret_editions = arena_alloc(arena, list.count, sizeof(*list.items));
        if (list.count)
            memcpy(*ret_editions, list.items, list.count * sizeof(*list.items));
        *ret_count = list.count;
    }
    free(list.items);
    return result;
}

struct paper_list {
    struct arena *arena;
    struct shown_paper *items;
    size_t count;
    size_t capacity;
};

static void add_paper(void *user, struct view id, int version)
{
    struct paper_list *list = user;

    list->items = memory_grow(list->items, &list->capacity, list->count + 1, sizeof(*list->items));
    list->items[list->count++] = (struct shown_paper){arena_copy(list->arena, id), version};
}

int outbox_papers_shown(struct store *store, const char *subscriber, int64_t except,
                        int64_t since_utc, struct arena *arena, struct shown_paper **ret_papers,
                        size_t *ret_count, struct error *error)
{
    struct paper_list list = {.arena = arena};
    struct query query;
    int result;

    query_start(&query, store,
                "SELECT shown" SHOWING_SQL " AND id <> $2 AND created_utc >= $3 AND shown IS NOT NULL"
                " ORDER BY id", error);
    query_text(&query, subscriber);
    query_integer(&query, except);
    query_integer(&query, since_utc);
    while ((result = query_next(&query)) > 0)
        if (shown_read(query_get_view(&query, 0), add_paper, &list, error) < 0) {
            result = error_add(error, "outbox, %s", subscriber);
            break;
        }
    query_end(&query);
    if (result == 0) {
        *ret_papers = arena_alloc(arena, list.count, sizeof(*list.items));
        if (list.count)
            memcpy(*ret_papers, list.items, list.count * sizeof(*list.items));
        *ret_count = list.count;
    }
    free(list.items);
    return result;
}
