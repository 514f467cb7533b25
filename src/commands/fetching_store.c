#include "commands/fetching.h"

#include <stdlib.h>

#include "base/memory.h"
#include "store/validators.h"

/* ---- merging ---- */

static long count_papers(const struct papers *papers, const char *category)
{
    long count = 0;

    for (size_t i = 0; i < papers->count; i++)
        count += completeness_is_in_category(&papers->items[i], view_of(category));
    return count;
}

/* What one category comes to, of which `before` (NULL: nothing) was known and
 * `received` papers from whatever source are there now. */
static void merge_category(struct edition_category *category,
                           const struct edition_category *before, long received, bool is_final)
{
    bool is_told = category->known >= 0;

    if (is_final && is_told) {
        category->state = received ? EDITION_COMPLETE : EDITION_EMPTY;
    } else if (before) {
        enum edition_state merged = completeness_merge(before->state, category->state);

        if (merged != category->state || !is_told)
            category->known = before->known;
        category->state = merged;
    }
    if (category->state == EDITION_COMPLETE || category->state == EDITION_LATE)
        category->received = received;
    else if (before && before->received > category->received)
        category->received = before->received;
    if (category->state == EDITION_LATE)
        category->known = -1;
    else if (category->known >= 0 && category->known < category->received)
        category->known = category->received;
}

/* What the edition has already, and what this fetch adds to it. `all` are the
 * papers of both. */
static void merge_categories(struct edition *edition, const struct edition *before,
                             const struct papers *all, bool is_final, struct arena *arena)
{
    size_t count = edition->category_count, total = count;
    struct edition_category *categories = arena_alloc(arena, count, sizeof(categories[0]));
    enum edition_state *states =
        arena_alloc(arena, count + before->category_count, sizeof(states[0]));

    for (size_t i = 0; i < count; i++) {
        categories[i] = edition->categories[i];
        merge_category(&categories[i], edition_find_category(before, categories[i].name),
                       count_papers(all, categories[i].name), is_final);
        states[i] = categories[i].state;
    }
    for (size_t i = 0; i < before->category_count; i++)
        if (!edition_find_category(edition, before->categories[i].name))
            states[total++] = before->categories[i].state;
    edition->categories = categories;
    edition->state = total ? completeness_of_all(states, total)
                           : completeness_merge(before->state, edition->state);
}

/* The edition of that date as the store has it, and its papers; `ret_list` may
 * come out empty. */
static int load_before(struct site *site, struct date date, struct edition_list *ret_list,
                       struct papers *papers, struct error *error)
{
    if (store_find_edition(site->store, date, ret_list, error) < 0)
        return -1;
    if (!ret_list->count || !ret_list->items[0].paper_count)
        return 0;
    return store_load_edition(site->store, date, papers, error);
}

static int put_merged(struct site *site, const struct edition *new_one, const struct papers *papers,
                      bool is_final, size_t *ret_added, struct error *error)
{
    static const struct edition nothing;
    struct edition edition = *new_one;
    struct edition_list list = {0};
    struct arena *arena = arena_new();
    struct papers all;
    int result;

    papers_init(&all);
    result = load_before(site, edition.date, &list, &all, error);
    if (result == 0) {
        const struct edition *before = list.count ? &list.items[0] : &nothing;

        for (size_t i = 0; i < papers->count; i++)
            papers_add(&all, &papers->items[i], NULL);
        if (list.count || edition.category_count)
            merge_categories(&edition, before, &all, is_final, arena);
        /* What a feed has dated is dated; a day of which nothing had come is not. */
        if (before->paper_count)
            edition.estimated = edition.estimated && before->estimated;
        result = store_put_edition(site->store, &edition, papers, ret_added, error);
    }
    papers_free(&all);
    arena_free(&arena);
    edition_list_free(&list);
    return result;
}

int fetching_merge(struct site *site, const struct edition *edition, const struct papers *papers,
                   struct error *error)
{
    return put_merged(site, edition, papers, true, NULL, error);
}

/* ---- a day that was asked for ---- */

#define ASKED_SINCE_FACT "asked_since"

int fetching_asked_since(struct site *site, struct date *ret_date, struct error *error)
{
    struct date date = {0};
    struct buffer text;
    bool is_found;
    int result;

    buffer_init(&text, DATE_TEXT_BYTES);
    result = fact_get(site->store, ASKED_SINCE_FACT, &text, &is_found, error);
    if (result == 0 && is_found && !date_parse(buffer_view(&text), &date))
        date = (struct date){0};
    buffer_free(&text);
    if (result == 0)
        *ret_date = date;
    return result;
}

/* From the first day that arXiv was asked for nothing may be missing. */
static int note_asked(struct site *site, struct date date, struct error *error)
{
    char text[DATE_TEXT_BYTES];
    struct date since;

    if (fetching_asked_since(site, &since, error) < 0)
        return -1;
    if (date_is_set(since) && date_compare(since, date) <= 0)
        return 0;
    date_format(date, text);
    return fact_put(site->store, ASKED_SINCE_FACT, view_of(text), error);
}

/* That `date` was asked for, and what it came to, when it has no papers. */
static int put_state(struct site *site, const struct strings *categories, struct date date,
                     enum edition_state state, const char *note, int64_t now_utc,
                     struct error *error)
{
    struct edition_category *items = memory_new(categories->count, sizeof(items[0]));
    struct edition edition = {.date = date, .fetched_utc = now_utc, .state = state, .note = note,
                              .categories = items, .category_count = categories->count};
    struct papers none = {0};
    int result;

    for (size_t i = 0; i < categories->count; i++)
        items[i] = (struct edition_category){categories->items[i], 0, -1, state};
    result = put_merged(site, &edition, &none, false, NULL, error);
    free(items);
    return result;
}

int fetching_store_failure(struct site *site, const struct wanted *wanted, struct date date,
                           int64_t now_utc, const struct error *failure, struct error *error)
{
    if (!wanted->categories.count)
        return 0;
    if (!date_is_set(date))
        date = site_arxiv_date(site, now_utc);
    if (completeness_is_weekend(date))
        return 0;
    if (store_begin(site->store, error) < 0)
        return -1;
    if (store_lock(site->store, STORE_LOCK_EDITIONS, error) < 0 ||
        put_state(site, &wanted->categories, date, EDITION_FAILED, failure->text, now_utc, error) < 0 ||
        note_asked(site, date, error) < 0) {
        store_rollback(site->store);
        return -1;
    }
    return store_commit(site->store, error);
}

/* ---- a day that came ---- */

static void log_stored(struct site *site, const struct fetched *fetched, size_t added)
{
    const struct edition *edition = &fetched->edition;
    char date[DATE_TEXT_BYTES];

    date_format(edition->date, date);
    if (fetched->is_unchanged)
        log_line(site->log, LOG_LEVEL_NOTICE,
                 "arXiv has nothing that it had not when it was last asked");
    else if (edition->state == EDITION_STALE)
        log_line(site->log, LOG_LEVEL_WARNING,
                 "edition %s: nothing in the feed is new, it is an earlier day's; it is asked for "
                 "again", date);
    else if (!fetched->day.count && edition->state != EDITION_EMPTY)
        log_line(site->log, LOG_LEVEL_WARNING,
                 "edition %s: no paper of it could be read yet; it is asked for again", date);
    else if (!fetched->day.count)
        log_line(site->log, LOG_LEVEL_NOTICE,
                 "edition %s has no papers, as on weekends and holidays: no digest comes of it",
                 date);
    else
        log_line(site->log, LOG_LEVEL_NOTICE, "edition %s: %zu papers, %zu of them new here, %s",
                 date, fetched->day.count, added, edition_state_name(edition->state));
}

/* A feed that was not made anew carries yesterday's date: today is still awaited. */
static int put_awaited(struct site *site, const struct fetched *fetched, struct error *error)
{
    const struct edition *edition = &fetched->edition;
    struct strings names = {0};
    size_t capacity = 0;
    int result;

    if (!date_is_set(fetched->asked_for) || completeness_is_weekend(fetched->asked_for) ||
        date_compare(edition->date, fetched->asked_for) >= 0)
        return 0;
    for (size_t i = 0; i < edition->category_count; i++)
        names_add(&names, &capacity, edition->categories[i].name);
    result = put_state(site, &names, fetched->asked_for, EDITION_STALE, NULL, edition->fetched_utc,
                       error);
    for (size_t i = 0; i < names.count; i++)
        free(names.items[i]);
    free(names.items);
    return result;
}

static int keep_validators(struct site *site, const struct fetched *fetched, struct error *error)
{
    for (size_t i = 0; i < fetched->kept_count; i++)
        if (validators_keep(site->store, fetched->kept[i].url, &fetched->kept[i].validators,
                            fetched->edition.fetched_utc, error) < 0)
            return -1;
    return 0;
}

static int put_all(struct site *site, const struct fetched *fetched, size_t *ret_added,
                   struct error *error)
{
    if (put_merged(site, &fetched->edition, &fetched->day, false, ret_added, error) < 0 ||
        put_awaited(site, fetched, error) < 0 || keep_validators(site, fetched, error) < 0)
        return -1;
    return date_is_set(fetched->asked_for) ? note_asked(site, fetched->asked_for, error) : 0;
}

int fetching_store(struct site *site, const struct fetched *fetched, struct error *error)
{
    size_t added = 0;

    if (store_begin(site->store, error) < 0)
        return -1;
    if (store_lock(site->store, STORE_LOCK_EDITIONS, error) < 0 ||
        put_all(site, fetched, &added, error) < 0) {
        store_rollback(site->store);
        return -1;
    }
    if (store_commit(site->store, error) < 0)
        return -1;
    log_stored(site, fetched, added);
    return 0;
}
