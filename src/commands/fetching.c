#include "commands/fetching.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "papers/arxiv.h"
#include "subscribers/folder.h"

/* An empty feed on a weekday is a holiday, or arXiv is late: asked again hourly. */
enum { EMPTY_ASK_SECONDS = 55 * 60, FRIDAY = 4 };

/* ---- wanted categories ---- */

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_name(struct strings *names, size_t *capacity, const char *name)
{
    names->items = memory_grow(names->items, capacity, names->count + 1, sizeof(names->items[0]));
    names->items[names->count++] = memory_copy_string(name);
}

static void sort_unique(struct strings *names)
{
    size_t kept = 0;

    if (names->count)
        qsort(names->items, names->count, sizeof(names->items[0]), compare_names);
    for (size_t i = 0; i < names->count; i++) {
        if (kept && strcmp(names->items[kept - 1], names->items[i]) == 0)
            free(names->items[i]);
        else
            names->items[kept++] = names->items[i];
    }
    names->count = kept;
}

struct collecting {
    struct log *log;
    struct wanted wanted;
    size_t capacity;
};

/* One name that no request can carry must not cost the others their papers. */
static void add_category(struct collecting *collecting, const char *name, const char *where)
{
    struct error error;

    if (arxiv_check_category(view_of(name), &error) < 0)
        log_line(collecting->log, LOG_LEVEL_WARNING, "%s: %s; it is not asked for", where,
                 error.text);
    else
        add_name(&collecting->wanted.categories, &collecting->capacity, name);
}

static int collect(void *user, const char *name, const struct profile *profile,
                   const struct error *problem)
{
    struct collecting *collecting = user;

    if (problem) {
        collecting->wanted.bad_profiles++; /* planning names it */
        return 0;
    }
    for (size_t i = 0; i < profile->categories.count; i++)
        add_category(collecting, profile->categories.items[i], name);
    /* A hundred thousand profiles ask for the same few hundred names. */
    if (collecting->wanted.categories.count > 4096)
        sort_unique(&collecting->wanted.categories);
    return 0;
}

int fetching_find_wanted(struct site *site, struct wanted *ret_wanted, struct error *error)
{
    const struct strings *more = &site->configuration.arxiv.categories;
    struct collecting collecting = {.log = site->log};

    if (site_need_folder(site, error) < 0 ||
        folder_each(site->configuration.subscribers, collect, &collecting, error) < 0) {
        wanted_free(&collecting.wanted);
        return -1;
    }
    for (size_t i = 0; i < more->count; i++)
        add_category(&collecting, more->items[i], "arxiv.categories");
    sort_unique(&collecting.wanted.categories);
    *ret_wanted = collecting.wanted;
    return 0;
}

void wanted_free(struct wanted *wanted)
{
    for (size_t i = 0; i < wanted->categories.count; i++)
        free(wanted->categories.items[i]);
    free(wanted->categories.items);
    *wanted = (struct wanted){0};
}

static bool edition_has(const struct edition *edition, const char *category)
{
    for (size_t i = 0; i < edition->category_count; i++)
        if (strcmp(edition->categories[i].name, category) == 0)
            return true;
    return false;
}

static bool is_finished(const struct edition *edition, const struct wanted *wanted, int64_t now_utc)
{
    for (size_t i = 0; i < wanted->categories.count; i++)
        if (!edition_has(edition, wanted->categories.items[i]))
            return false;
    if (edition->state == EDITION_EMPTY)
        return now_utc - edition->fetched_utc < EMPTY_ASK_SECONDS;
    return edition->state == EDITION_COMPLETE;
}

int fetching_is_expected(struct site *site, const struct wanted *wanted, int64_t now_utc,
                         bool *ret_is_expected, struct error *error)
{
    struct date today = site_arxiv_date(site, now_utc);
    struct edition_list list = {0};

    if (date_weekday(today) > FRIDAY || !wanted->categories.count) {
        *ret_is_expected = false;
        return 0;
    }
    if (store_list_editions(site->store, today, 1, &list, error) < 0)
        return -1;
    *ret_is_expected = !list.count || date_compare(list.items[0].date, today) != 0 ||
                       !is_finished(&list.items[0], wanted, now_utc);
    edition_list_free(&list);
    return 0;
}

/* ---- an edition from what was read ---- */

/* "cs" asks for all of cs.*; "cs.LG" for itself. */
static bool is_in_category(const struct paper *paper, struct view category)
{
    for (size_t i = 0; i < paper->category_count; i++) {
        struct view name = paper->categories[i];

        if (view_equal(name, category))
            return true;
        if (view_starts_with(name, category) && name.data[category.size] == '.')
            return true;
    }
    return false;
}

static void count_category(const struct papers *papers, const char *name, enum edition_state state,
                           struct edition_category *category)
{
    long received = 0;

    for (size_t i = 0; i < papers->count; i++)
        received += is_in_category(&papers->items[i], view_of(name));
    category->name = name;
    category->received = received;
    category->known = -1;
    category->state = state == EDITION_COMPLETE && !received ? EDITION_EMPTY : state;
}

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
        add_name(&names, &capacity, name);
        if (names.count > 4096)
            sort_unique(&names);
    }
    sort_unique(&names);
    ret_names->items = arena_alloc(arena, names.count, sizeof(char *));
    ret_names->count = names.count;
    for (size_t i = 0; i < names.count; i++) {
        ret_names->items[i] = arena_string(arena, view_of(names.items[i]));
        free(names.items[i]);
    }
    free(names.items);
}

static void describe(struct site *site, struct fetched *fetched, struct date date, int64_t now_utc,
                     bool complete)
{
    struct edition *edition = &fetched->edition;

    if (!date_is_set(date))
        date = fetched->input.date;
    if (!date_is_set(date)) {
        char text[DATE_TEXT_BYTES];

        date = site_arxiv_date(site, now_utc);
        date_format(date, text);
        log_line(site->log, LOG_LEVEL_NOTICE,
                 "the papers carry no date; they are taken as announced on %s (--date overrides)",
                 text);
    }
    edition->date = date;
    edition->estimated = fetched->input.estimated;
    edition->fetched_utc = now_utc;
    if (!complete)
        edition->state = EDITION_LATE;
    else
        edition->state = fetched->input.papers.count ? EDITION_COMPLETE : EDITION_EMPTY;
}

int fetching_from_sources(struct site *site, const struct strings *sources, struct date date,
                          int64_t now_utc, struct fetched *ret_fetched, struct error *error)
{
    struct fetched fetched = {0};
    struct edition_category *categories;
    struct strings names;

    if (input_read(site, sources, &fetched.input, error) < 0)
        return -1;
    fetched.arena = arena_new();
    describe(site, &fetched, date, now_utc, fetched.input.complete);
    primary_categories(&fetched.input.papers, fetched.arena, &names);
    categories = arena_alloc(fetched.arena, names.count, sizeof(categories[0]));
    for (size_t i = 0; i < names.count; i++)
        count_category(&fetched.input.papers, names.items[i], fetched.edition.state,
                       &categories[i]);
    fetched.edition.categories = categories;
    fetched.edition.category_count = names.count;
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

static enum edition_state state_of_category(const struct arxiv_result *result, const char *category)
{
    for (size_t i = 0; i < result->report_count; i++) {
        const struct arxiv_report *report = &result->reports[i];

        if (!is_asked_in(report->categories, category))
            continue;
        if (report->error.kind != ERROR_NONE)
            return EDITION_FAILED;
        return report->feed.truncated ? EDITION_LATE : EDITION_COMPLETE;
    }
    return EDITION_FAILED; /* a request before it failed, and it was not made */
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

static int ask_arxiv(struct site *site, const struct wanted *wanted, struct arxiv_result *result,
                     struct error *error)
{
    const struct configuration *configuration = &site->configuration;
    struct arxiv_settings settings = {
        .rss = configuration->arxiv.rss,
        .contact = configuration->arxiv.contact,
        .interval_ms = configuration->arxiv.interval_ms,
        .timer = timer_system(),
    };
    struct arxiv_client *client = arxiv_client_new(&settings, error);
    int status;

    if (!client)
        return -1;
    status = arxiv_fetch(client, (const char *const *)wanted->categories.items,
                         wanted->categories.count, result, error);
    arxiv_client_free(&client);
    return status;
}

int fetching_from_arxiv(struct site *site, const struct wanted *wanted, struct date date,
                        int64_t now_utc, struct fetched *ret_fetched, struct error *error)
{
    struct fetched fetched = {0};
    struct arxiv_result result = {0};
    struct edition_category *categories;
    bool complete = true;

    if (!wanted->categories.count)
        return error_set(error, ERROR_CONFIGURATION,
                         "no categories to ask arXiv for; name some in a profile's categories or in "
                         "arxiv.categories of %s",
                         site->configuration.file);
    log_progress(site->log, "asking arXiv for %zu categories", wanted->categories.count);
    if (ask_arxiv(site, wanted, &result, error) < 0)
        return -1;
    log_reports(site, &result);
    fetched.arena = arena_new();
    categories = arena_alloc(fetched.arena, wanted->categories.count, sizeof(categories[0]));
    for (size_t i = 0; i < wanted->categories.count; i++) {
        const char *name = arena_string(fetched.arena, view_of(wanted->categories.items[i]));

        count_category(&result.papers, name, state_of_category(&result, name), &categories[i]);
        if (categories[i].state != EDITION_COMPLETE && categories[i].state != EDITION_EMPTY)
            complete = false;
    }
    fetched.input.date =
        result.has_instant ? site_arxiv_date(site, result.instant_utc) : result.date;
    fetched.input.papers = result.papers;
    result.papers = (struct papers){0};
    arxiv_result_free(&result);
    fetched.edition.categories = categories;
    fetched.edition.category_count = wanted->categories.count;
    describe(site, &fetched, date, now_utc, complete);
    *ret_fetched = fetched;
    return 0;
}

void fetched_free(struct fetched *fetched)
{
    input_free(&fetched->input);
    arena_free(&fetched->arena);
    *fetched = (struct fetched){0};
}

int fetching_store(struct site *site, const struct fetched *fetched, struct error *error)
{
    char date[DATE_TEXT_BYTES];
    size_t added;

    if (store_put_edition(site->store, &fetched->edition, &fetched->input.papers, &added, error) <
        0)
        return -1;
    date_format(fetched->edition.date, date);
    if (!fetched->input.papers.count && fetched->edition.state != EDITION_EMPTY)
        log_line(site->log, LOG_LEVEL_WARNING,
                 "edition %s: no paper of it could be read yet; it is asked for again", date);
    else if (!fetched->input.papers.count)
        log_line(site->log, LOG_LEVEL_NOTICE,
                 "edition %s has no papers, as on weekends and holidays: no digest comes of it",
                 date);
    else
        log_line(site->log, LOG_LEVEL_NOTICE, "edition %s: %zu papers, %zu of them new here, %s",
                 date, fetched->input.papers.count, added,
                 edition_state_name(fetched->edition.state));
    return 0;
}
