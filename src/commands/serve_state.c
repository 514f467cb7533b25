#include "commands/serve_state.h"

#include "base/timer.h"
#include "commands/fetching.h"
#include "commands/trouble.h"
#include "store/editions.h"
#include "store/holds.h"
#include "store/outbox.h"
#include "store/pace.h"
#include "store/subscribers.h"
#include "store/summaries.h"

enum {
    COUNT_MS = 60 * 1000,   /* a folder of profiles is listed to be counted */
    EXPECTED_MINUTE = 2 * 60, /* in New York: by then a day's papers are usually here */
    MISSED_MINUTE = 12 * 60,
    OLD_DAYS = 6,           /* no run of holidays is longer */
    WAITING_LATE_SECONDS = 30 * 60, /* the timer runs each 15 minutes */
    WAITING_FAILING_SECONDS = 2 * 3600,
    FAILURES_FAILING = 3
};

static const char *const SERVICES[STATE_SERVICES] = {"rss", "oai"};

void state_keeper_init(struct state_keeper *keeper)
{
    *keeper = (struct state_keeper){0};
    pthread_mutex_init(&keeper->lock, NULL);
}

void state_keeper_free(struct state_keeper *keeper)
{
    pthread_mutex_destroy(&keeper->lock);
}

static int read_editions(struct site *site, struct state *state, struct error *error)
{
    struct edition_list list = {0};
    struct awaited awaited = {0};
    bool is_silent = false;

    state->has_edition = false;
    if (store_list_editions(site->store, (struct date){0}, 1, &list, error) < 0 ||
        fetching_find_awaited(site, state->taken_utc, &awaited, error) < 0 ||
        fetching_find_silence(site, awaited.today, state->taken_utc, &is_silent, error) < 0) {
        edition_list_free(&list);
        return -1;
    }
    if (list.count) {
        const struct edition *edition = &list.items[0];

        state->has_edition = true;
        state->date = edition->date;
        state->edition = edition->state;
        state->papers = edition->paper_count;
        state->fetched_utc = edition->fetched_utc;
        state->days_old = date_to_days(awaited.today) - date_to_days(edition->date);
    }
    edition_list_free(&list);
    zone_date_at(site->arxiv_zone, state->taken_utc, &state->minutes);
    state->is_today_missing = awaited.is_open && !is_silent;
    return 0;
}

static int read_services(struct site *site, struct state *state, struct error *error)
{
    for (size_t i = 0; i < STATE_SERVICES; i++) {
        const struct pace_request request = {
            .service = "arxiv", .endpoint = SERVICES[i], .now_ms = state->taken_utc * 1000};
        struct pace_turn turn;

        if (pace_find_backoff(site->store, &request, &turn, error) < 0)
            return -1;
        state->services[i] =
            (struct state_service){SERVICES[i], turn.failures, turn.failed_ms / 1000};
    }
    return 0;
}

static int read_outbox(struct site *site, struct state *state, struct error *error)
{
    struct outbox_left left;
    struct trouble trouble;
    struct hold_list holds = {0};

    if (outbox_count(site->store, state->deliveries, error) < 0 ||
        outbox_find_left(site->store, &left, error) < 0 ||
        trouble_find(site, &trouble, error) < 0 ||
        suppression_count(site->store, &state->suppressed, error) < 0 ||
        hold_list(site->store, state->taken_utc, &holds, error) < 0)
        return -1;
    state->waiting = left.waiting;
    state->held = left.held;
    state->next_utc = left.next_utc;
    state->held_domains = holds.count;
    state->sending_failed_utc = trouble.text[0] ? trouble.when_utc : 0;
    hold_list_free(&holds);
    return 0;
}

static int read_summaries(struct site *site, struct state *state, struct error *error)
{
    struct summaries_report report;
    struct arena *arena;
    int result;

    state->has_summaries = site->configuration.summaries.enabled;
    if (!state->has_summaries)
        return 0;
    arena = arena_new();
    result = summaries_report(site->store, state->taken_utc, arena, &report, error);
    if (result == 0) {
        state->summaries_good = report.good;
        state->summaries_refused = report.refused;
        state->summaries_failed = report.failed;
        state->summaries_asking = report.asking;
        state->prompt_tokens = report.prompt_tokens;
        state->completion_tokens = report.completion_tokens;
    }
    arena_free(&arena);
    return result;
}

static void add(const char *list[STATE_PROBLEMS], size_t *count, const char *what)
{
    if (*count < STATE_PROBLEMS)
        list[(*count)++] = what;
}

void state_judge(struct state *state)
{
    const int64_t waited = state->waiting && state->next_utc
                               ? state->taken_utc - state->next_utc
                               : 0;
    const bool is_partial = state->has_edition && (state->edition == EDITION_LATE ||
                                                   state->edition == EDITION_STALE ||
                                                   state->edition == EDITION_FAILED);

    state->late_count = state->failing_count = 0;
    if (!state->has_edition)
        add(state->late, &state->late_count, "no edition yet");
    else if (state->days_old >= OLD_DAYS)
        add(state->failing, &state->failing_count, "the newest edition is days old");
    if (state->is_today_missing && state->minutes >= MISSED_MINUTE)
        add(state->failing, &state->failing_count, "the day's edition has not come");
    else if (state->is_today_missing && state->minutes >= EXPECTED_MINUTE)
        add(state->late, &state->late_count, "the day's edition has not come");
    if (is_partial)
        add(state->late, &state->late_count, "the newest edition is not complete");
    for (size_t i = 0; i < STATE_SERVICES; i++)
        if (state->services[i].failures >= FAILURES_FAILING)
            add(state->failing, &state->failing_count,
                i == 0 ? "fetching the feeds" : "fetching over OAI-PMH");
        else if (state->services[i].failures)
            add(state->late, &state->late_count,
                i == 0 ? "fetching the feeds" : "fetching over OAI-PMH");
    if (state->sending_failed_utc)
        add(state->failing, &state->failing_count, "sending");
    if (waited >= WAITING_FAILING_SECONDS)
        add(state->failing, &state->failing_count, "the outbox is not worked");
    else if (waited >= WAITING_LATE_SECONDS)
        add(state->late, &state->late_count, "the outbox is not worked");
    if (state->held_domains)
        add(state->late, &state->late_count, "domains are held");
    if (state->deliveries[DELIVERY_UNCERTAIN])
        add(state->late, &state->late_count, "deliveries are uncertain");
}

static int take(struct serve_desk *desk, struct state_keeper *keeper, int64_t now_ms,
                struct error *error)
{
    struct state state = keeper->state;

    state.taken_utc = site_now();
    if (read_editions(&desk->site, &state, error) < 0 ||
        read_services(&desk->site, &state, error) < 0 ||
        read_outbox(&desk->site, &state, error) < 0 ||
        read_summaries(&desk->site, &state, error) < 0)
        return -1;
    if (!keeper->counted_ms || now_ms - keeper->counted_ms >= COUNT_MS) {
        if (profile_source_count(&desk->source, &state.subscribers, error) < 0)
            return -1;
        keeper->counted_ms = now_ms;
    }
    state_judge(&state);
    keeper->state = state;
    keeper->taken_ms = now_ms;
    return 0;
}

int state_get(struct serve_desk *desk, struct state *ret_state, struct error *error)
{
    struct state_keeper *keeper = desk->serving->state;
    int64_t now_ms = timer_steady_ms();
    int result = 0;

    pthread_mutex_lock(&keeper->lock);
    if (!keeper->taken_ms || now_ms - keeper->taken_ms >= STATE_KEEP_MS)
        result = take(desk, keeper, now_ms, error);
    if (result == 0)
        *ret_state = keeper->state;
    pthread_mutex_unlock(&keeper->lock);
    return result;
}
