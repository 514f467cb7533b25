#include "commands/catching_up.h"

#include "base/arena.h"
#include "commands/asking.h"
#include "commands/calendar.h"
#include "commands/fetching.h"
#include "papers/announcement.h"

/* The days from the first missed one to yesterday. */
struct gap {
    struct site *site;
    struct date since;
    struct date today;
    struct holiday_table table;
    struct holidays holidays; /* borrows the table */
    struct arena *arena;
    struct papers *days; /* the papers of each */
    bool *is_open;       /* whether it lacks any */
    size_t count;
};

static bool is_incomplete(const struct edition_list *list, struct date date)
{
    for (size_t i = 0; i < list->count; i++)
        if (date_compare(list->items[i].date, date) == 0)
            return list->items[i].state != EDITION_COMPLETE &&
                   list->items[i].state != EDITION_EMPTY;
    return true;
}

static int gap_open(struct gap *gap, struct site *site, struct date since, int64_t now_utc,
                    struct error *error)
{
    struct edition_list list = {0};
    int64_t first = date_to_days(since);

    *gap = (struct gap){.site = site, .since = since, .today = site_arxiv_date(site, now_utc)};
    if (calendar_read(site, &gap->table, error) < 0)
        return -1;
    if (store_list_editions(site->store, since, SIZE_MAX, &list, error) < 0) {
        holidays_free(&gap->table);
        return -1;
    }
    gap->holidays = (struct holidays){gap->table.items, gap->table.count};
    gap->arena = arena_new();
    gap->count = date_to_days(gap->today) > first ? (size_t)(date_to_days(gap->today) - first) : 0;
    gap->days = arena_alloc(gap->arena, gap->count, sizeof(gap->days[0]));
    gap->is_open = arena_alloc(gap->arena, gap->count, sizeof(gap->is_open[0]));
    for (size_t i = 0; i < gap->count; i++) {
        struct date date = date_from_days(first + (int64_t)i);

        papers_init(&gap->days[i]);
        gap->is_open[i] =
            announcement_is_day(date, &gap->holidays) && is_incomplete(&list, date);
    }
    edition_list_free(&list);
    return 0;
}

static void gap_close(struct gap *gap)
{
    for (size_t i = 0; i < gap->count; i++)
        papers_free(&gap->days[i]);
    arena_free(&gap->arena);
    holidays_free(&gap->table);
}

/* 1 when the store has this version, or a later one, already. */
static int is_known(struct gap *gap, const struct paper *paper, struct error *error)
{
    struct papers found;
    bool is_found;
    int result;

    papers_init(&found);
    result = store_find_paper(gap->site->store, paper->id, &found, &is_found, error);
    if (result == 0)
        result = is_found && found.items[0].version >= paper->version;
    papers_free(&found);
    return result;
}

static int take_paper(struct gap *gap, const struct paper *paper, struct error *error)
{
    struct paper dated = *paper;
    int64_t day;
    int known;

    if (!paper->submitted_utc)
        return 0;
    dated.date = announcement_date(paper->submitted_utc, gap->site->arxiv_zone, &gap->holidays);
    dated.announce_type = paper->version > 1 ? ANNOUNCE_REPLACE : ANNOUNCE_NEW;
    /* First announced within the gap, and revised at once: still new. */
    if (paper->version > 1 && paper->first_submitted_utc) {
        struct date first = announcement_date(paper->first_submitted_utc, gap->site->arxiv_zone,
                                              &gap->holidays);

        if (date_compare(first, gap->since) >= 0) {
            dated.date = first;
            dated.announce_type = ANNOUNCE_NEW;
        }
    }
    day = date_to_days(dated.date) - date_to_days(gap->since);
    if (day < 0 || day >= (int64_t)gap->count || !gap->is_open[day])
        return 0;
    known = is_known(gap, paper, error);
    if (known == 0)
        papers_add(&gap->days[day], &dated, NULL);
    return known < 0 ? -1 : 0;
}

static int take_page(void *user, const struct papers *papers, struct error *error)
{
    struct gap *gap = user;

    for (size_t i = 0; i < papers->count; i++)
        if (take_paper(gap, &papers->items[i], error) < 0)
            return -1;
    return 0;
}

static int store_days(struct gap *gap, const struct completeness_category *judged, size_t count,
                      int64_t now_utc, struct error *error)
{
    struct edition_category *categories = arena_alloc(gap->arena, count, sizeof(categories[0]));

    for (size_t day = 0; day < gap->count; day++) {
        struct completeness_category *own;
        struct edition edition = {.date = date_from_days(date_to_days(gap->since) + (int64_t)day),
                                  .estimated = true,
                                  .fetched_utc = now_utc,
                                  .categories = categories,
                                  .category_count = count};

        if (!gap->is_open[day])
            continue;
        own = arena_alloc(gap->arena, count, sizeof(own[0]));
        for (size_t i = 0; i < count; i++)
            own[i] = judged[i];
        edition.state = completeness_judge(&gap->days[day], NULL, own, count);
        for (size_t i = 0; i < count; i++)
            categories[i] = (struct edition_category){own[i].name, own[i].received, own[i].known,
                                                      own[i].state};
        if (fetching_merge(gap->site, &edition, &gap->days[day], error) < 0)
            return -1;
    }
    return 0;
}

static int store_all(struct gap *gap, const struct completeness_category *judged, size_t count,
                     int64_t now_utc, struct error *error)
{
    if (store_begin(gap->site->store, error) < 0)
        return -1;
    if (store_days(gap, judged, count, now_utc, error) < 0) {
        store_rollback(gap->site->store);
        return -1;
    }
    return store_commit(gap->site->store, error);
}

static void log_gap(const struct gap *gap)
{
    size_t papers = 0, days = 0;
    char since[DATE_TEXT_BYTES];

    for (size_t i = 0; i < gap->count; i++) {
        papers += gap->days[i].count;
        days += gap->is_open[i];
    }
    date_format(gap->since, since);
    log_line(gap->site->log, LOG_LEVEL_NOTICE,
             "caught up since %s over OAI-PMH: %zu papers of %zu days that were not complete; their "
             "dates are estimates",
             since, papers, days);
}

int catching_up_since(struct site *site, const struct wanted *wanted, struct date since,
                      int64_t now_utc, struct error *error)
{
    size_t count = wanted->categories.count;
    struct completeness_category *categories;
    struct gap gap;
    struct date from;
    int result;

    if (!announcement_is_day(since, &(struct holidays){0}))
        since = announcement_next(since, &(struct holidays){0});
    if (gap_open(&gap, site, since, now_utc, error) < 0)
        return -1;
    from = time_to_date(announcement_opens(since, site->arxiv_zone, &gap.holidays), NULL);
    categories = arena_alloc(gap.arena, count, sizeof(categories[0]));
    result = asking_list(site, wanted, from, take_page, &gap, categories, error);
    if (result == 0)
        result = store_all(&gap, categories, count, now_utc, error);
    if (result == 0)
        log_gap(&gap);
    gap_close(&gap);
    return result;
}
