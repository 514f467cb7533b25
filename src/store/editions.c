#include "store/editions.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/changes.h"
#include "store/paper_row.h"
#include "store/query.h"

static const char *const state_names[EDITION_STATES] = {
    [EDITION_COMPLETE] = "complete", [EDITION_LATE] = "late",     [EDITION_STALE] = "stale",
    [EDITION_EMPTY] = "empty",       [EDITION_FAILED] = "failed",
};

const char *edition_state_name(enum edition_state state)
{
    return state_names[state];
}

const struct edition_category *edition_find_category(const struct edition *edition,
                                                     const char *name)
{
    for (size_t i = 0; i < edition->category_count; i++)
        if (strcmp(edition->categories[i].name, name) == 0)
            return &edition->categories[i];
    return NULL;
}

static enum edition_state parse_state(struct view name)
{
    for (int i = 0; i < EDITION_STATES; i++)
        if (view_equal_string(name, state_names[i]))
            return (enum edition_state)i;
    return EDITION_FAILED; /* the schema allows no other name */
}

static int put_edition_row(struct store *store, const struct edition *edition, const char *date,
                           struct error *error)
{
    struct query query;

    query_start(&query, store,
                "INSERT INTO editions (date, estimated, first_fetched_utc, fetched_utc, state,"
                " note) VALUES ($1, $2, $3, $3, $4, $5) ON CONFLICT (date) DO UPDATE SET"
                " estimated = excluded.estimated, fetched_utc = excluded.fetched_utc,"
                " state = excluded.state, note = excluded.note", error);
    query_text(&query, date);
    query_integer(&query, edition->estimated);
    query_integer(&query, edition->fetched_utc);
    query_text(&query, state_names[edition->state]);
    query_text(&query, edition->note);
    return query_run(&query, NULL);
}

static int put_category(struct store *store, const char *date,
                        const struct edition_category *category, struct error *error)
{
    struct query query;

    query_start(&query, store,
                "INSERT INTO edition_categories (edition, category, received, known, state)"
                " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (edition, category) DO UPDATE SET"
                " received = excluded.received, known = excluded.known, state = excluded.state",
                error);
    query_text(&query, date);
    query_text(&query, category->name);
    query_integer(&query, category->received);
    if (category->known < 0)
        query_null(&query);
    else
        query_integer(&query, category->known);
    query_text(&query, state_names[category->state]);
    return query_run(&query, NULL);
}

/* What the edition says of a paper already. 1 when it lists it. */
static int find_listed(struct store *store, const char *date, struct view id,
                       struct listing *ret_listing, struct error *error)
{
    struct query query;
    int result;

    query_start(&query, store,
                "SELECT announce_type, version FROM edition_papers"
                " WHERE paper = $1 AND edition = $2", error);
    query_view(&query, id);
    query_text(&query, date);
    result = query_next(&query);
    if (result > 0) {
        announce_type_parse(query_get_view(&query, 0), &ret_listing->type);
        ret_listing->version = (int)query_get_integer(&query, 1);
    }
    query_end(&query);
    return result;
}

static int list_paper(struct store *store, const char *date, struct view id,
                      const struct listing *listing, int64_t now_utc, struct error *error)
{
    struct query query;

    query_start(&query, store,
                "INSERT INTO edition_papers (edition, position, paper, announce_type, version,"
                " received_utc) SELECT $1, coalesce(max(position), 0) + 1, $2, $3, $4, $5"
                " FROM edition_papers WHERE edition = $1", error);
    query_text(&query, date);
    query_view(&query, id);
    query_text(&query, announce_type_name(listing->type));
    query_integer(&query, listing->version);
    query_integer(&query, now_utc);
    return query_run(&query, NULL);
}

static int update_listed(struct store *store, const char *date, struct view id,
                         const struct listing *listing, struct error *error)
{
    struct query query;

    query_start(&query, store,
                "UPDATE edition_papers SET announce_type = $3, version = $4"
                " WHERE paper = $1 AND edition = $2", error);
    query_view(&query, id);
    query_text(&query, date);
    query_text(&query, announce_type_name(listing->type));
    query_integer(&query, listing->version);
    return query_run(&query, NULL);
}

/* Merges one paper with what the store knows of it; papers_add has the rules.
 * `scratch` is empty and is left with the merged paper. */
static int put_paper(struct store *store, const char *date, const struct paper *paper,
                     int64_t now_utc, struct papers *scratch, size_t *added, struct error *error)
{
    struct listing listing = {paper->announce_type, paper->version};
    const struct paper *merged;
    int known, listed;

    listed = find_listed(store, date, paper->id, &listing, error);
    known = listed < 0 ? -1 : paper_row_find(store, paper->id, scratch, error);
    if (known < 0)
        return -1;
    /* A type belongs to one announcement: another day's does not win over it. */
    if (known)
        scratch->items[0].announce_type = listing.type;
    papers_add(scratch, paper, NULL);
    merged = &scratch->items[0];
    if (paper_row_put(store, merged, now_utc, error) < 0)
        return -1;
    listing.type = merged->announce_type;
    if (paper->version > listing.version)
        listing.version = paper->version;
    if (listed)
        return update_listed(store, date, paper->id, &listing, error);
    (*added)++;
    return list_paper(store, date, paper->id, &listing, now_utc, error);
}

static int put_contents(struct store *store, const struct edition *edition,
                        const struct papers *papers, size_t *added, struct error *error)
{
    char date[DATE_TEXT_BYTES];
    int result = 0;

    date_format(edition->date, date);
    if (put_edition_row(store, edition, date, error) < 0)
        return -1;
    for (size_t i = 0; i < edition->category_count && result == 0; i++)
        result = put_category(store, date, &edition->categories[i], error);
    for (size_t i = 0; i < papers->count && result == 0; i++) {
        struct papers scratch;

        papers_init(&scratch);
        result = put_paper(store, date, &papers->items[i], edition->fetched_utc, &scratch, added,
                           error);
        papers_free(&scratch);
    }
    return result;
}

int store_put_edition(struct store *store, const struct edition *edition,
                      const struct papers *papers, size_t *ret_added, struct error *error)
{
    size_t added = 0;
    bool mine;
    int result;

    if (!date_is_set(edition->date))
        return error_set(error, ERROR_BUG, "store: an edition needs a date");
    if (transaction_open_locked(store, STORE_LOCK_EDITIONS, &mine, error) < 0)
        return -1;
    result = put_contents(store, edition, papers, &added, error);
    if (result == 0)
        result = store_change_note(store, CHANGE_EDITIONS, error);
    if (transaction_close(store, mine, result, error) < 0)
        return -1;
    if (ret_added)
        *ret_added = added;
    return 0;
}

static int check_edition(struct store *store, const char *date, struct error *error)
{
    struct query query;
    int result;

    query_start(&query, store, "SELECT 1 FROM editions WHERE date = $1", error);
    query_text(&query, date);
    result = query_next(&query);
    query_end(&query);
    if (result == 0)
        return error_set(error, ERROR_MISSING, "no edition of %s is stored", date);
    return result < 0 ? -1 : 0;
}

/* The rows of a query for PAPER_COLUMNS, version and type. Ends the query. */
static int add_rows(struct query *query, struct date date, struct papers *papers,
                    struct error *error)
{
    int result;

    while ((result = query_next(query)) > 0) {
        enum announce_type type = ANNOUNCE_NEW;

        announce_type_parse(query_get_view(query, 6), &type);
        if (paper_row_add(query, (int)query_get_integer(query, 5), type, date, papers, error) < 0) {
            result = -1;
            break;
        }
    }
    query_end(query);
    return result;
}

int store_load_late_papers(struct store *store, struct date date, int64_t after_utc,
                           struct papers *ret_papers, struct error *error)
{
    char text[DATE_TEXT_BYTES];
    struct query query;

    date_format(date, text);
    if (check_edition(store, text, error) < 0)
        return -1;
    query_start(&query, store,
                "SELECT " PAPER_COLUMNS ", e.version, e.announce_type"
                " FROM edition_papers e JOIN papers p ON p.id = e.paper"
                " WHERE e.edition = $1 AND e.received_utc > $2 ORDER BY e.position", error);
    query_text(&query, text);
    query_integer(&query, after_utc);
    return add_rows(&query, date, ret_papers, error);
}

int store_load_first_listed(struct store *store, struct date date, size_t from,
                            struct papers *ret_papers, struct error *error)
{
    char text[DATE_TEXT_BYTES];
    struct query query;

    date_format(date, text);
    query_start(&query, store,
                "SELECT " PAPER_COLUMNS ", e.version, e.announce_type"
                " FROM edition_papers e JOIN papers p ON p.id = e.paper"
                " WHERE e.edition = $1 AND e.position > $2 AND NOT EXISTS"
                " (SELECT 1 FROM edition_papers b WHERE b.paper = e.paper AND b.edition < $1)"
                " ORDER BY e.position", error);
    query_text(&query, text);
    query_integer(&query, (int64_t)from);
    return add_rows(&query, date, ret_papers, error);
}

int store_load_edition(struct store *store, struct date date, struct papers *ret_papers,
                       struct error *error)
{
    return store_load_late_papers(store, date, INT64_MIN, ret_papers, error);
}

int store_find_paper(struct store *store, struct view id, struct papers *ret_papers,
                     bool *ret_found, struct error *error)
{
    int result = paper_row_find(store, id, ret_papers, error);

    if (result < 0)
        return -1;
    *ret_found = result > 0;
    return 0;
}

static int load_categories(struct store *store, struct arena *arena, struct edition *edition,
                           struct error *error)
{
    struct edition_category *items = NULL, *kept;
    char date[DATE_TEXT_BYTES];
    size_t capacity = 0, count = 0;
    struct query query;
    int result;

    date_format(edition->date, date);
    query_start(&query, store,
                "SELECT category, received, known, state FROM edition_categories"
                " WHERE edition = $1 ORDER BY category", error);
    query_text(&query, date);
    while ((result = query_next(&query)) > 0) {
        items = memory_grow(items, &capacity, count + 1, sizeof(*items));
        items[count++] = (struct edition_category){
            .name = query_get_string(&query, 0, arena),
            .received = (long)query_get_integer(&query, 1),
            .known = query_is_null(&query, 2) ? -1 : (long)query_get_integer(&query, 2),
            .state = parse_state(query_get_view(&query, 3)),
        };
    }
    query_end(&query);
    kept = arena_alloc(arena, count, sizeof(*kept));
    for (size_t i = 0; i < count; i++)
        kept[i] = items[i];
    free(items);
    edition->categories = kept;
    edition->category_count = count;
    return result;
}

/* From `from` to `to`; zero: no bound. */
static int load_editions(struct store *store, struct date from, struct date to, size_t max,
                         struct edition_list *list, struct error *error)
{
    char first[DATE_TEXT_BYTES], last[DATE_TEXT_BYTES];
    struct query query;
    size_t capacity = 0;
    int result;

    date_format(from, first);
    date_format(to, last);
    query_start(&query, store,
                "SELECT date, estimated, fetched_utc, state, note,"
                " (SELECT count(*) FROM edition_papers e WHERE e.edition = editions.date)"
                " FROM editions WHERE date >= $1 AND date <= $2 ORDER BY date DESC LIMIT $3",
                error);
    query_text(&query, date_is_set(from) ? first : "");
    query_text(&query, date_is_set(to) ? last : "9999-12-31");
    query_integer(&query, max > INT64_MAX ? INT64_MAX : (int64_t)max);
    while ((result = query_next(&query)) > 0) {
        list->items = memory_grow(list->items, &capacity, list->count + 1, sizeof(*list->items));
        list->items[list->count++] = (struct edition){
            .date = query_get_date(&query, 0),
            .estimated = query_get_integer(&query, 1) != 0,
            .fetched_utc = query_get_integer(&query, 2),
            .state = parse_state(query_get_view(&query, 3)),
            .note = query_get_string(&query, 4, list->arena),
            .paper_count = (size_t)query_get_integer(&query, 5),
        };
    }
    query_end(&query);
    return result;
}

static int list_between(struct store *store, struct date from, struct date to, size_t max,
                        struct edition_list *ret_list, struct error *error)
{
    struct edition_list list = {.arena = arena_new()};
    int result = load_editions(store, from, to, max, &list, error);

    for (size_t i = 0; i < list.count && result == 0; i++)
        result = load_categories(store, list.arena, &list.items[i], error);
    if (result < 0)
        edition_list_free(&list);
    else
        *ret_list = list;
    return result;
}

int store_list_editions(struct store *store, struct date from, size_t max,
                        struct edition_list *ret_list, struct error *error)
{
    return list_between(store, from, (struct date){0}, max, ret_list, error);
}

int store_last_fetched(struct store *store, int64_t *ret_utc, struct error *error)
{
    struct query query;
    int64_t fetched_utc = 0;
    int result;

    query_start(&query, store, "SELECT coalesce(max(fetched_utc), 0) FROM editions", error);
    result = query_next(&query);
    if (result > 0)
        fetched_utc = query_get_integer(&query, 0);
    query_end(&query);
    if (result < 0)
        return -1;
    *ret_utc = fetched_utc;
    return 0;
}

int store_find_last_late(struct store *store, struct date date, int64_t *ret_utc,
                         struct error *error)
{
    char text[DATE_TEXT_BYTES];
    struct query query;
    int64_t late_utc = 0;
    int result;

    date_format(date, text);
    query_start(&query, store,
                "SELECT min(received_utc), max(received_utc) FROM edition_papers"
                " WHERE edition = $1", error);
    query_text(&query, text);
    result = query_next(&query);
    if (result > 0 && !query_is_null(&query, 0) &&
        query_get_integer(&query, 0) < query_get_integer(&query, 1))
        late_utc = query_get_integer(&query, 1);
    query_end(&query);
    if (result < 0)
        return -1;
    *ret_utc = late_utc;
    return 0;
}

int store_find_edition(struct store *store, struct date date, struct edition_list *ret_list,
                       struct error *error)
{
    return list_between(store, date, date, 1, ret_list, error);
}

void edition_list_free(struct edition_list *list)
{
    arena_free(&list->arena);
    free(list->items);
    *list = (struct edition_list){0};
}
