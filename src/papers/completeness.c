#include "papers/completeness.h"

#include "base/bytes.h"

enum {
    REBUILT_MINUTE = 5, /* feeds are rebuilt at midnight */
    PATIENT_MINUTE = 2 * 60, /* what is missing of a feed by then is in no hurry */
    FRIDAY = 4,
    /* A minute or five less than they say, since a timer is never exact. */
    SOON_SECONDS = 9 * 60,
    STALE_SECONDS = 25 * 60,
    EMPTY_SECONDS = 55 * 60,
    HOLIDAY_SECONDS = 4 * 3600 - 5 * 60
};

bool completeness_is_in_category(const struct paper *paper, struct view category)
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

struct counts {
    long received;
    long unseen;
};

static struct counts count_papers(const struct papers *papers, const unsigned char *seen,
                                  const char *category)
{
    struct counts counts = {0, 0};

    for (size_t i = 0; i < papers->count; i++) {
        if (!completeness_is_in_category(&papers->items[i], view_of(category)))
            continue;
        counts.received++;
        counts.unseen += !seen || !seen[i];
    }
    return counts;
}

/* What all the categories of one request brought together. */
static struct counts count_request(const struct completeness_category *categories,
                                   const struct counts *counts, size_t count, size_t request)
{
    struct counts sum = {0, 0};

    for (size_t i = 0; i < count; i++)
        if (categories[i].request == request) {
            sum.received += counts[i].received;
            sum.unseen += counts[i].unseen;
        }
    return sum;
}

static enum edition_state judge(const struct completeness_category *category, struct counts own,
                                struct counts request)
{
    if (category->answer == ANSWER_FAILED)
        return EDITION_FAILED;
    if (category->answer == ANSWER_UNCHANGED || (request.received && !request.unseen))
        return EDITION_STALE;
    if (own.received && !own.unseen)
        return EDITION_STALE; /* parts of a combined feed are made at different times */
    if (category->answer == ANSWER_CUT)
        return EDITION_LATE;
    return own.received ? EDITION_COMPLETE : EDITION_EMPTY;
}

enum edition_state completeness_of_all(const enum edition_state *states, size_t count)
{
    size_t of[EDITION_STATES] = {0};

    for (size_t i = 0; i < count; i++)
        of[states[i]]++;
    if (of[EDITION_COMPLETE] || of[EDITION_LATE])
        return of[EDITION_LATE] || of[EDITION_STALE] || of[EDITION_FAILED] ? EDITION_LATE
                                                                            : EDITION_COMPLETE;
    if (of[EDITION_STALE])
        return EDITION_STALE;
    return of[EDITION_FAILED] ? EDITION_FAILED : EDITION_EMPTY;
}

enum edition_state completeness_judge(const struct papers *papers, const unsigned char *seen,
                                      struct completeness_category *categories, size_t count)
{
    struct arena *arena = arena_new();
    struct counts *counts = arena_alloc(arena, count, sizeof(counts[0]));
    enum edition_state *states = arena_alloc(arena, count, sizeof(states[0])), state;

    for (size_t i = 0; i < count; i++)
        counts[i] = count_papers(papers, seen, categories[i].name);
    for (size_t i = 0; i < count; i++) {
        struct completeness_category *category = &categories[i];

        category->received = counts[i].received;
        category->state = judge(category, counts[i],
                                count_request(categories, counts, count, category->request));
        if (category->state == EDITION_STALE)
            category->received = 0; /* of this day */
        category->known = category->state == EDITION_COMPLETE || category->state == EDITION_EMPTY
                              ? category->received
                              : -1;
        states[i] = category->state;
    }
    state = completeness_of_all(states, count);
    arena_free(&arena);
    return state;
}

bool completeness_is_left_over(const struct paper *paper,
                               const struct completeness_category *categories, size_t count)
{
    bool is_stale = false;

    for (size_t i = 0; i < count; i++) {
        if (!completeness_is_in_category(paper, view_of(categories[i].name)))
            continue;
        if (categories[i].state != EDITION_STALE)
            return false;
        is_stale = true;
    }
    return is_stale;
}

enum edition_state completeness_merge(enum edition_state before, enum edition_state now)
{
    static const int certainty[EDITION_STATES] = {
        [EDITION_FAILED] = 0, [EDITION_STALE] = 1,    [EDITION_EMPTY] = 2,
        [EDITION_LATE] = 3,   [EDITION_COMPLETE] = 4,
    };

    return certainty[before] > certainty[now] ? before : now;
}

bool completeness_is_weekend(struct date date)
{
    return date_weekday(date) > FRIDAY;
}

bool completeness_is_awaited(const struct completeness_moment *moment,
                             const struct holiday_table *holidays)
{
    if (completeness_is_weekend(moment->date) || holidays_contain(holidays, moment->date))
        return false;
    if (!moment->has_edition)
        return true;
    if (moment->state == EDITION_EMPTY)
        return moment->minutes < COMPLETENESS_NOON_MINUTE;
    return moment->state == EDITION_STALE || moment->state == EDITION_FAILED;
}

bool completeness_is_due(const struct completeness_moment *moment, const struct holiday_table *holidays)
{
    static const int64_t spacing[EDITION_STATES] = {
        [EDITION_COMPLETE] = INT64_MAX,  [EDITION_LATE] = SOON_SECONDS,
        [EDITION_FAILED] = SOON_SECONDS, [EDITION_STALE] = STALE_SECONDS,
        [EDITION_EMPTY] = EMPTY_SECONDS,
    };
    int64_t age = moment->now_utc - moment->fetched_utc, wait;
    bool is_holiday = holidays_contain(holidays, moment->date);

    if (completeness_is_weekend(moment->date) || moment->minutes < REBUILT_MINUTE)
        return false;
    if (!moment->has_edition || moment->lacks_category || age < 0)
        return true;
    wait = spacing[moment->state];
    if (moment->state == EDITION_LATE && moment->minutes >= PATIENT_MINUTE)
        wait = EMPTY_SECONDS;
    if (is_holiday && (moment->state == EDITION_STALE || moment->state == EDITION_EMPTY))
        wait = HOLIDAY_SECONDS;
    return age >= wait;
}
