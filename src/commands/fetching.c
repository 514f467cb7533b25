#include "commands/fetching.h"

#include <stdlib.h>
#include <string.h>

#include "commands/asking.h"
#include "commands/calendar.h"

enum { DAY_MINUTES = 24 * 60 };

/* ---- whether to ask ---- */

static bool lacks_category(const struct edition *edition, const struct wanted *wanted)
{
    for (size_t i = 0; i < wanted->categories.count; i++)
        if (!edition_find_category(edition, wanted->categories.items[i]))
            return true;
    return false;
}

/* What the store has of today. `wanted` may be NULL. */
static int find_moment(struct site *site, const struct wanted *wanted, int64_t now_utc,
                       struct completeness_moment *ret_moment, struct error *error)
{
    struct completeness_moment moment = {.now_utc = now_utc};
    struct edition_list list = {0};

    moment.date = zone_date_at(site->arxiv_zone, now_utc, &moment.minutes);
    if (store_find_edition(site->store, moment.date, &list, error) < 0)
        return -1;
    if (list.count) {
        moment.has_edition = true;
        moment.state = list.items[0].state;
        moment.fetched_utc = list.items[0].fetched_utc;
        moment.lacks_category = wanted && lacks_category(&list.items[0], wanted);
    }
    edition_list_free(&list);
    *ret_moment = moment;
    return 0;
}

int fetching_is_expected(struct site *site, const struct wanted *wanted, int64_t now_utc,
                         bool *ret_is_expected, struct error *error)
{
    struct completeness_moment moment;
    struct holiday_table holidays;
    int result;

    if (calendar_read(site, &holidays, error) < 0)
        return -1;
    result = find_moment(site, wanted, now_utc, &moment, error);
    if (result == 0)
        *ret_is_expected = wanted->categories.count > 0 && completeness_is_due(&moment, &holidays);
    holidays_free(&holidays);
    return result;
}

int fetching_find_awaited(struct site *site, int64_t now_utc, struct awaited *ret_awaited,
                          struct error *error)
{
    struct completeness_moment moment;
    struct holiday_table holidays;
    int result;

    if (calendar_read(site, &holidays, error) < 0)
        return -1;
    result = find_moment(site, NULL, now_utc, &moment, error);
    if (result == 0) {
        bool is_awaited = completeness_is_awaited(&moment, &holidays);

        *ret_awaited = (struct awaited){
            .today = moment.date,
            .is_open = is_awaited,
            .is_soon = is_awaited && moment.minutes < COMPLETENESS_NOON_MINUTE,
        };
    }
    holidays_free(&holidays);
    return result;
}

int fetching_find_silence(struct site *site, struct date date, int64_t now_utc,
                          bool *ret_is_silent, struct error *error)
{
    struct completeness_moment moment = {.date = date, .now_utc = now_utc, .has_edition = true};
    struct edition_list list = {0};
    struct holiday_table holidays;
    bool is_silent = false;

    if (calendar_read(site, &holidays, error) < 0)
        return -1;
    if (store_find_edition(site->store, date, &list, error) < 0) {
        holidays_free(&holidays);
        return -1;
    }
    if (date_compare(zone_date_at(site->arxiv_zone, now_utc, &moment.minutes), date) != 0)
        moment.minutes = DAY_MINUTES; /* it is over */
    if (list.count && !list.items[0].paper_count && !completeness_is_weekend(date)) {
        moment.state = list.items[0].state;
        is_silent = (moment.state == EDITION_EMPTY || moment.state == EDITION_STALE) &&
                    !completeness_is_awaited(&moment, &holidays);
    }
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

/* Of several feeds one may be made anew before the others. */
static bool is_of_earlier_day(const struct site *site, const struct feed_report *feed,
                              struct date day)
{
    struct date own = feed->has_instant ? site_arxiv_date(site, feed->instant_utc) : feed->date;

    return date_is_set(own) && date_compare(own, day) < 0;
}

/* `day` is the latest of the feeds', or zero when the owner names one for all. */
static enum completeness_answer answer_of(const struct site *site,
                                          const struct arxiv_result *result, size_t report,
                                          struct date day)
{
    if (report == result->report_count || result->reports[report].error.kind != ERROR_NONE)
        return ANSWER_FAILED;
    if (result->reports[report].unchanged ||
        is_of_earlier_day(site, &result->reports[report].feed, day))
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

/* What arXiv said of the answers that stand for all that they were asked for. */
static void take_validators(const struct arxiv_result *result, struct fetched *fetched)
{
    size_t unchanged = 0;

    fetched->kept = arena_alloc(fetched->arena, result->report_count, sizeof(fetched->kept[0]));
    for (size_t i = 0; i < result->report_count; i++) {
        const struct arxiv_report *report = &result->reports[i];

        unchanged += report->unchanged;
        if (!report->was_asked || report->unchanged || report->error.kind != ERROR_NONE)
            continue;
        fetched->kept[fetched->kept_count++] = (struct fetched_kept){
            arena_string(fetched->arena, report->url), report->validators};
    }
    fetched->is_unchanged = unchanged > 0 && unchanged == result->report_count;
}

/* A feed that says nothing of a category may have left it out: how many papers it
 * has is not known before OAI-PMH has told. */
static void doubt_silence(struct completeness_category *categories, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (categories[i].state == EDITION_EMPTY)
            categories[i].known = -1;
}

/* Moves the papers out of `result`. */
static int judge_answers(struct site *site, const struct wanted *wanted, bool has_date,
                         struct arxiv_result *result, struct fetched *fetched, struct error *error)
{
    struct date day = has_date ? (struct date){0} : fetched->edition.date;
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
            .name = name, .request = report, .answer = answer_of(site, result, report, day)};
    }
    fetched->edition.state = completeness_judge(&fetched->input.papers, seen, categories, count);
    doubt_silence(categories, count);
    set_judged(fetched, seen, categories, count);
    return 0;
}

int fetching_from_arxiv(struct site *site, const struct wanted *wanted, struct date date,
                        bool only_news, int64_t now_utc, struct fetched *ret_fetched,
                        struct error *error)
{
    struct fetched fetched = {0};
    struct arxiv_result result = {0};
    int status;

    if (wanted_need(site, wanted, error) < 0)
        return -1;
    wanted_warn(site->log, &wanted->categories);
    log_progress(site->log, "asking arXiv for %zu categories", wanted->categories.count);
    if (asking_fetch(site, &wanted->categories, only_news, &result, error) < 0)
        return -1;
    log_reports(site, &result);
    fetched.arena = arena_new();
    fetched.input.date =
        result.has_instant ? site_arxiv_date(site, result.instant_utc) : result.date;
    fetched.input.papers = result.papers;
    result.papers = (struct papers){0};
    set_date(site, &fetched, date, now_utc);
    fetched.asked_for = date_is_set(date) ? date : site_arxiv_date(site, now_utc);
    take_validators(&result, &fetched);
    status = judge_answers(site, wanted, date_is_set(date), &result, &fetched, error);
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
