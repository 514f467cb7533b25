#include "commands/fetching.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "commands/asking.h"
#include "commands/calendar.h"

/* ---- whether to ask ---- */

static const struct edition_category *find_category(const struct edition *edition,
                                                    const char *name)
{
    for (size_t i = 0; i < edition->category_count; i++)
        if (strcmp(edition->categories[i].name, name) == 0)
            return &edition->categories[i];
    return NULL;
}

static bool lacks_category(const struct edition *edition, const struct wanted *wanted)
{
    for (size_t i = 0; i < wanted->categories.count; i++)
        if (!find_category(edition, wanted->categories.items[i]))
            return true;
    return false;
}

int fetching_is_expected(struct site *site, const struct wanted *wanted, int64_t now_utc,
                         bool *ret_is_expected, struct error *error)
{
    struct completeness_moment moment = {.now_utc = now_utc};
    struct holiday_table holidays;
    struct edition_list list = {0};

    if (calendar_read(site, &holidays, error) < 0)
        return -1;
    moment.date = zone_date_at(site->arxiv_zone, now_utc, &moment.minutes);
    if (store_find_edition(site->store, moment.date, &list, error) < 0) {
        holidays_free(&holidays);
        return -1;
    }
    if (list.count) {
        moment.has_edition = true;
        moment.state = list.items[0].state;
        moment.fetched_utc = list.items[0].fetched_utc;
        moment.lacks_category = lacks_category(&list.items[0], wanted);
    }
    *ret_is_expected = wanted->categories.count > 0 && completeness_is_due(&moment, &holidays);
    edition_list_free(&list);
    holidays_free(&holidays);
    return 0;
}

int fetching_find_silence(struct site *site, struct date date, bool *ret_is_silent,
                          struct error *error)
{
    struct edition_list list = {0};
    struct holiday_table holidays;
    bool is_silent = false;

    if (calendar_read(site, &holidays, error) < 0)
        return -1;
    if (store_find_edition(site->store, date, &list, error) < 0) {
        holidays_free(&holidays);
        return -1;
    }
    if (list.count && !list.items[0].paper_count && !completeness_is_weekend(date))
        is_silent = list.items[0].state == EDITION_EMPTY ||
                    (list.items[0].state == EDITION_STALE && holidays_contain(&holidays, date));
    *ret_is_silent = is_silent;
    edition_list_free(&list);
    holidays_free(&holidays);
    return 0;
}

/* ---- an edition from what was read ---- */

/* The primary categories of the papers: all that a given feed says about what
 * it was asked for. */
static void primary_categories(const struct papers *papers, struct arena *arena,
                               struct strings *ret_names)
{
    struct strings names = {0};
    size_t capacity = 0;

    for (size_t i = 0; i < papers->count; i++) {
        char *name;

        if (!papers->items[i].category_count)
            continue;
        name = arena_string(arena, papers->items[i].categories[0]);
        names_add(&names, &capacity, name);
        if (names.count > 4096)
            names_sort_unique(&names);
    }
    names_sort_unique(&names);
    ret_names->items = arena_alloc(arena, names.count, sizeof(char *));
    ret_names->count = names.count;
    for (size_t i = 0; i < names.count; i++) {
        ret_names->items[i] = arena_string(arena, view_of(names.items[i]));
        free(names.items[i]);
    }
    free(names.items);
}

static void set_date(struct site *site, struct fetched *fetched, struct date date, int64_t now_utc)
{
    struct edition *edition = &fetched->edition;

    if (!date_is_set(date))
        date = fetched->input.date;
    if (!date_is_set(date)) {
        date = site_arxiv_date(site, now_utc);
        if (fetched->input.papers.count) {
            char text[DATE_TEXT_BYTES];

            date_format(date, text);
            log_line(site->log, LOG_LEVEL_NOTICE,
                     "the papers carry no date; they are taken as announced on %s (--date overrides)",
                     text);
        }
    }
    edition->date = date;
    edition->estimated = fetched->input.estimated;
    edition->fetched_utc = now_utc;
}

/* Which papers earlier editions had; none without a store. */
static int find_seen(struct site *site, struct fetched *fetched, unsigned char **ret_seen,
                     struct error *error)
{
    const struct papers *papers = &fetched->input.papers;
    unsigned char *seen = arena_alloc(fetched->arena, papers->count, 1);

    if (site->store &&
        store_find_seen(site->store, papers, fetched->edition.date, seen, error) < 0)
        return -1;
    *ret_seen = seen;
    return 0;
}

/* Takes the categories as they were judged, and of the papers those of the day. */
static void set_judged(struct fetched *fetched, const unsigned char *seen,
                       const struct completeness_category *judged, size_t count)
{
    const struct papers *papers = &fetched->input.papers;
    struct edition_category *categories =
        arena_alloc(fetched->arena, count, sizeof(categories[0]));

    for (size_t i = 0; i < count; i++)
        categories[i] = (struct edition_category){judged[i].name, judged[i].received,
                                                  judged[i].known, judged[i].state};
    fetched->edition.categories = categories;
    fetched->edition.category_count = count;
    papers_init(&fetched->day);
    for (size_t i = 0; i < papers->count; i++)
        if (!seen[i] || !completeness_is_left_over(&papers->items[i], judged, count))
            papers_add(&fetched->day, &papers->items[i], NULL);
}

static bool all_set(const unsigned char *bytes, size_t count)
{
    return memchr(bytes, 0, count) == NULL;
}

static int judge_sources(struct site *site, struct fetched *fetched, bool has_date,
                         struct error *error)
{
    const struct papers *papers = &fetched->input.papers;
    struct completeness_category *categories;
    struct strings names;
    unsigned char *seen;

    if (find_seen(site, fetched, &seen, error) < 0)
        return -1;
    /* Who says the date, or gives an archive, knows better; else one feed is one
     * batch: all of it was there before, or none of it counts as seen. */
    if (has_date || fetched->input.estimated || (papers->count && !all_set(seen, papers->count)))
        memset(seen, 0, papers->count);
    primary_categories(papers, fetched->arena, &names);
    categories = arena_alloc(fetched->arena, names.count, sizeof(categories[0]));
    for (size_t i = 0; i < names.count; i++)
        categories[i] = (struct completeness_category){
            .name = names.items[i],
            .answer = fetched->input.complete ? ANSWER_WHOLE : ANSWER_CUT};
    fetched->edition.state = completeness_judge(papers, seen, categories, names.count);
    if (!names.count && !fetched->input.complete)
        fetched->edition.state = EDITION_LATE;
    else if (!names.count && papers->count)
        fetched->edition.state = EDITION_COMPLETE;
    set_judged(fetched, seen, categories, names.count);
    return 0;
}

int fetching_from_sources(struct site *site, const struct strings *sources, struct date date,
                          int64_t now_utc, struct fetched *ret_fetched, struct error *error)
{
    struct fetched fetched = {0};

    if (input_read(site, sources, &fetched.input, error) < 0)
        return -1;
    fetched.arena = arena_new();
    set_date(site, &fetched, date, now_utc);
    if (judge_sources(site, &fetched, date_is_set(date), error) < 0) {
        fetched_free(&fetched);
        return -1;
    }
    *ret_fetched = fetched;
    return 0;
}

/* ---- from arXiv ---- */

static bool is_asked_in(struct view joined, const char *category)
{
    struct view part;

    while (view_next_part(&joined, '+', &part))
        if (view_equal_string(part, category))
            return true;
    return false;
}

/* The report that a category is in; report_count: its request was not made. */
static size_t find_report(const struct arxiv_result *result, const char *category)
{
    for (size_t i = 0; i < result->report_count; i++)
        if (is_asked_in(result->reports[i].categories, category))
            return i;
    return result->report_count;
}

static enum completeness_answer answer_of(const struct arxiv_result *result, size_t report)
{
    if (report == result->report_count || result->reports[report].error.kind != ERROR_NONE)
        return ANSWER_FAILED;
    if (result->reports[report].unchanged)
        return ANSWER_UNCHANGED;
    return result->reports[report].feed.truncated || result->reports[report].at_limit ? ANSWER_CUT
                                                                                      : ANSWER_WHOLE;
}

static void log_reports(struct site *site, const struct arxiv_result *result)
{
    for (size_t i = 0; i < result->report_count; i++) {
        const struct arxiv_report *report = &result->reports[i];

        if (report->was_asked && report->error.kind != ERROR_NONE)
            log_line(site->log, LOG_LEVEL_WARNING, "%.*s: %s; asked again later",
                     VIEW_ARGUMENTS(report->categories), report->error.text);
        else if (report->feed.truncated)
            log_line(site->log, LOG_LEVEL_WARNING, "%.*s: %s; what came before it is used",
                     VIEW_ARGUMENTS(report->categories), report->feed.truncation);
    }
}

/* Moves the papers out of `result`. */
static int judge_answers(struct site *site, const struct wanted *wanted,
                         struct arxiv_result *result, struct fetched *fetched, struct error *error)
{
    size_t count = wanted->categories.count;
    struct completeness_category *categories =
        arena_alloc(fetched->arena, count, sizeof(categories[0]));
    unsigned char *seen;

    if (find_seen(site, fetched, &seen, error) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        const char *name = arena_string(fetched->arena, view_of(wanted->categories.items[i]));
        size_t report = find_report(result, name);

        categories[i] = (struct completeness_category){
            .name = name, .request = report, .answer = answer_of(result, report)};
    }
    fetched->edition.state = completeness_judge(&fetched->input.papers, seen, categories, count);
    set_judged(fetched, seen, categories, count);
    return 0;
}

int fetching_from_arxiv(struct site *site, const struct wanted *wanted, struct date date,
                        int64_t now_utc, struct fetched *ret_fetched, struct error *error)
{
    struct fetched fetched = {0};
    struct arxiv_result result = {0};
    int status;

    if (!wanted->categories.count)
        return error_set(error, ERROR_CONFIGURATION,
                         "no categories to ask arXiv for; name some in a profile's categories or in "
                         "arxiv.categories of %s",
                         site->configuration.file);
    log_progress(site->log, "asking arXiv for %zu categories", wanted->categories.count);
    if (asking_fetch(site, &wanted->categories, &result, error) < 0)
        return -1;
    log_reports(site, &result);
    fetched.arena = arena_new();
    fetched.input.date =
        result.has_instant ? site_arxiv_date(site, result.instant_utc) : result.date;
    fetched.input.papers = result.papers;
    result.papers = (struct papers){0};
    set_date(site, &fetched, date, now_utc);
    fetched.asked_for = date_is_set(date) ? date : site_arxiv_date(site, now_utc);
    status = judge_answers(site, wanted, &result, &fetched, error);
    arxiv_result_free(&result);
    if (status < 0) {
        fetched_free(&fetched);
        return -1;
    }
    *ret_fetched = fetched;
    return 0;
}

void fetched_free(struct fetched *fetched)
{
    input_free(&fetched->input);
    papers_free(&fetched->day);
    arena_free(&fetched->arena);
    *fetched = (struct fetched){0};
}

/* ---- into the store ---- */

/* What the edition has already, and what this fetch adds to it. */
static void merge_categories(struct edition *edition, const struct edition *before,
                             struct arena *arena)
{
    size_t count = edition->category_count, all = count;
    struct edition_category *categories = arena_alloc(arena, count, sizeof(categories[0]));
    enum edition_state *states =
        arena_alloc(arena, count + before->category_count, sizeof(states[0]));

    for (size_t i = 0; i < count; i++) {
        struct edition_category *category = &categories[i];
        const struct edition_category *old = find_category(before, edition->categories[i].name);

        *category = edition->categories[i];
        if (old) {
            enum edition_state merged = completeness_merge(old->state, category->state);

            if (merged != category->state)
                category->known = old->known;
            if (old->received > category->received)
                category->received = old->received;
            if (category->known >= 0 && category->known < category->received)
                category->known = category->received;
            category->state = merged;
        }
        states[i] = category->state;
    }
    for (size_t i = 0; i < before->category_count; i++)
        if (!find_category(edition, before->categories[i].name))
            states[all++] = before->categories[i].state;
    edition->categories = categories;
    edition->state = all ? completeness_of_all(states, all)
                         : completeness_merge(before->state, edition->state);
}

static int put_merged(struct site *site, const struct edition *new_one, const struct papers *papers,
                      size_t *ret_added, struct error *error)
{
    struct edition edition = *new_one;
    struct edition_list list = {0};
    struct arena *arena;
    int result;

    if (store_find_edition(site->store, edition.date, &list, error) < 0)
        return -1;
    arena = arena_new();
    if (list.count) {
        merge_categories(&edition, &list.items[0], arena);
        edition.estimated = edition.estimated && list.items[0].estimated;
    }
    result = store_put_edition(site->store, &edition, papers, ret_added, error);
    arena_free(&arena);
    edition_list_free(&list);
    return result;
}

int fetching_merge(struct site *site, const struct edition *edition, const struct papers *papers,
                   struct error *error)
{
    return put_merged(site, edition, papers, NULL, error);
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
    result = put_merged(site, &edition, &none, NULL, error);
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
    return put_state(site, &wanted->categories, date, EDITION_FAILED, failure->text, now_utc,
                     error);
}

static void log_stored(struct site *site, const struct fetched *fetched, size_t added)
{
    const struct edition *edition = &fetched->edition;
    char date[DATE_TEXT_BYTES];

    date_format(edition->date, date);
    if (edition->state == EDITION_STALE)
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

int fetching_store(struct site *site, const struct fetched *fetched, struct error *error)
{
    size_t added = 0;

    if (store_begin(site->store, error) < 0)
        return -1;
    if (put_merged(site, &fetched->edition, &fetched->day, &added, error) < 0 ||
        put_awaited(site, fetched, error) < 0) {
        store_rollback(site->store);
        return -1;
    }
    if (store_commit(site->store, error) < 0)
        return -1;
    log_stored(site, fetched, added);
    return 0;
}
