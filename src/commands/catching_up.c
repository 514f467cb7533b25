#include "commands/catching_up.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/timer.h"
#include "commands/asking.h"
#include "commands/calendar.h"
#include "commands/fetching.h"
#include "commands/gap.h"
#include "commands/plan.h"
#include "papers/announcement.h"

#define WAIT_FACT "catching_up"

enum { NAME_BYTES = 33, FACT_BYTES = 128 };

/* ---- how long OAI-PMH is left alone after failures ---- */

struct wait {
    int64_t until_utc;
    int failures; /* in a row */
    char stuck[NAME_BYTES]; /* the category that ended the last round; "" for none */
};

static int find_wait(struct site *site, struct wait *ret_wait, struct error *error)
{
    struct wait wait = {0};
    struct buffer text;
    long long until;
    bool is_found;
    int result;

    buffer_init(&text, FACT_BYTES);
    result = fact_get(site->store, WAIT_FACT, &text, &is_found, error);
    if (result == 0 && is_found &&
        sscanf(buffer_string(&text), "%lld %d %32s", &until, &wait.failures, wait.stuck) >= 2)
        wait.until_utc = until;
    buffer_free(&text);
    if (result == 0)
        *ret_wait = wait;
    return result;
}

static int keep_wait(struct site *site, const struct wait *wait, struct error *error)
{
    char text[FACT_BYTES];

    snprintf(text, sizeof(text), "%lld %d %s", (long long)wait->until_utc, wait->failures,
             wait->stuck);
    return fact_put(site->store, WAIT_FACT, view_of(text), error);
}

/* `stuck` NULL: no category kept the ones behind it from being asked for. */
static int note_result(struct site *site, const struct wait *before, bool failed,
                       const char *stuck, int64_t now_utc, struct error *error)
{
    struct wait wait = {0};
    int64_t seconds = CATCHING_UP_WAIT_SECONDS;

    if (!failed && !before->failures)
        return 0;
    if (failed) {
        for (int i = 0; i < before->failures && seconds < CATCHING_UP_WAIT_MAX_SECONDS; i++)
            seconds *= 2;
        if (seconds > CATCHING_UP_WAIT_MAX_SECONDS)
            seconds = CATCHING_UP_WAIT_MAX_SECONDS;
        wait.until_utc = now_utc + seconds;
        wait.failures = before->failures < 100 ? before->failures + 1 : before->failures;
        snprintf(wait.stuck, sizeof(wait.stuck), "%s", stuck ? stuck : "");
    }
    return keep_wait(site, &wait, error);
}

/* A time that no clock like ours has written holds nobody up. */
static bool must_wait(const struct wait *wait, int64_t now_utc)
{
    return wait->until_utc > now_utc && wait->until_utc - now_utc <= CATCHING_UP_WAIT_MAX_SECONDS;
}

int catching_up_find_wait(struct site *site, int64_t *ret_until_utc, struct error *error)
{
    struct wait wait;

    if (find_wait(site, &wait, error) < 0)
        return -1;
    *ret_until_utc = wait.until_utc;
    return 0;
}

/* ---- asking ---- */

struct progress {
    size_t asked, failed;
    size_t papers;
    const char *stuck;   /* at which the others are better not asked; NULL: none */
    struct error first;  /* what failed first */
};

static int take_page(void *user, const struct papers *papers, struct error *error)
{
    struct gap *gap = user;

    for (size_t i = 0; i < papers->count; i++)
        if (gap_take(gap, &papers->items[i], error) < 0)
            return -1;
    return 0;
}

static int ask_category(struct gap *gap, struct asking_list *asking, size_t category,
                        int64_t now_utc, struct progress *progress, struct error *error)
{
    const char *name = gap->categories->items[category];
    struct date since = gap_begin(gap, category), from;
    bool is_whole = false;
    struct error problem;

    progress->asked++;
    from = time_to_date(announcement_opens(since, gap->site->arxiv_zone, &gap->holidays), NULL);
    log_progress(gap->site->log, "catching up: %s", name);
    if (asking_list_category(asking, name, from, take_page, gap, &is_whole, &problem) < 0) {
        log_line(gap->site->log, LOG_LEVEL_WARNING, "%s: %s; asked again later", name, problem.text);
        if (!progress->failed++)
            progress->first = problem;
        if (problem.kind == ERROR_TEMPORARY)
            progress->stuck = name;
        return 0;
    }
    progress->failed += !is_whole;
    return gap_store(gap, is_whole, now_utc, &progress->papers, error);
}

/* Behind the one at which the last round ended: a list that always fails must not
 * keep those behind it from being read. */
static size_t find_first(const struct strings *categories, const char *stuck)
{
    size_t first = 0;

    while (first < categories->count && strcmp(categories->items[first], stuck) <= 0)
        first++;
    return first < categories->count ? first : 0;
}

static int ask_all(struct gap *gap, const char *stuck, int64_t now_utc, int64_t until_ms,
                   struct progress *progress, struct error *error)
{
    const struct timer timer = timer_system();
    struct asking_list *asking = asking_list_open(gap->site, error);
    size_t count = gap->categories->count, first = find_first(gap->categories, stuck);
    int result = asking ? 0 : -1;

    for (size_t k = 0; k < count && result == 0; k++) {
        size_t i = (first + k) % count;

        if (!gap_is_open(gap, i))
            continue;
        if (progress->stuck || (until_ms && timer.now_ms(timer.context) >= until_ms) ||
            site_is_stopping())
            break;
        result = ask_category(gap, asking, i, now_utc, progress, error);
    }
    asking_list_close(&asking);
    return result;
}

static void log_caught(const struct gap *gap, const struct progress *progress)
{
    char since[DATE_TEXT_BYTES];

    date_format(gap->since, since);
    log_line(gap->site->log, LOG_LEVEL_NOTICE,
             "caught up since %s over OAI-PMH: %zu papers of days that were not complete; their "
             "dates are estimates%s",
             since, progress->papers, progress->failed ? "; some of it is asked for again" : "");
}

int catching_up_since(struct site *site, const struct wanted *wanted, struct date since,
                      int64_t now_utc, struct error *error)
{
    struct progress progress = {0};
    struct gap gap;
    int result;

    if (!announcement_is_day(since, NULL))
        since = announcement_next(since, NULL);
    if (gap_open(&gap, site, &wanted->categories, since, now_utc, error) < 0)
        return -1;
    gap_find_incomplete(&gap);
    result = ask_all(&gap, "", now_utc, 0, &progress, error);
    if (result == 0 && progress.failed && progress.failed == progress.asked &&
        progress.first.kind != ERROR_NONE) {
        *error = progress.first;
        result = -1;
    }
    if (result == 0)
        log_caught(&gap, &progress);
    gap_close(&gap);
    return result;
}

/* ---- by itself ---- */

static int close_gap(struct gap *gap, const struct wait *wait, int64_t now_utc, int64_t until_ms,
                     struct error *error)
{
    struct progress progress = {0};
    int result = gap_note_missed(gap, now_utc, error);

    if (result == 0)
        result = ask_all(gap, wait->stuck, now_utc, until_ms, &progress, error);
    if (result == 0)
        result = note_result(gap->site, wait, progress.failed > 0, progress.stuck, now_utc, error);
    if (result == 0 && progress.asked > progress.failed)
        log_caught(gap, &progress);
    return result;
}

int catching_up_due(struct site *site, const struct wanted *wanted, enum catching_up_need need,
                    int64_t now_utc, int64_t until_ms, struct error *error)
{
    struct date today = site_arxiv_date(site, now_utc), since;
    int64_t first = date_to_days(today) - PLAN_CATCH_UP_DAYS;
    struct wait wait;
    struct gap gap;
    int result = 0;

    if (find_wait(site, &wait, error) < 0 || fetching_asked_since(site, &since, error) < 0)
        return -1;
    if (!date_is_set(since) || must_wait(&wait, now_utc))
        return 0;
    if (date_to_days(since) < first)
        since = date_from_days(first);
    if (gap_open(&gap, site, &wanted->categories, since, now_utc, error) < 0)
        return -1;
    gap_find_missed(&gap, need == CATCHING_UP_ALL);
    if (gap_is_any_open(&gap))
        result = close_gap(&gap, &wait, now_utc, until_ms, error);
    gap_close(&gap);
    return result;
}
