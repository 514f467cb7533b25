#include "commands/summarizing.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/timer.h"
#include "commands/summary_choice.h"
#include "commands/summary_desk.h"
#include "commands/summary_uploads.h"
#include "store/editions.h"

enum {
    CONNECTIONS_MAX = 64,
    LOOK_MS = 500,          /* how often it is looked up what others have come to */
    LOOKS_UNTIL_CLAIM = 20, /* and whether they still live */
    AWAY_IN_A_ROW = 3, /* papers whose questions the endpoint did not take: it is away */
    ALIKE_IN_A_ROW = 6, /* answers that are of no use, all for one reason: not the papers' */
    EDITIONS_LOOKED_AT = 10
};

struct totals {
    size_t made, kept, unshown, failed, left;
    int64_t tokens;
};

/* What another process is asking. */
struct awaited {
    const struct chosen *chosen;
    const struct prompt *prompt;
};

/* All that work on one edition. */
struct crew {
    struct site *site;
    struct date edition;
    struct summary_office office;
    struct chosen *chosen;
    size_t count;
    struct papers papers; /* the edition's */
    int64_t spent;        /* tokens before this run */
    pthread_mutex_t lock; /* of what follows */
    size_t next;
    size_t wanted; /* summaries: papers times languages */
    struct totals totals;
    size_t away; /* in a row */
    size_t alike; /* troubles in a row that are as the last one */
    bool is_over;
    struct awaited *awaited;
    size_t awaited_count, awaited_capacity;
    struct error trouble; /* the last thing that went wrong */
    bool has_trouble;
};

struct hand {
    struct crew *crew;
    struct summary_desk desk;
    pthread_t thread;
    bool is_started;
};

/* ---- one after the other ---- */

static bool may_ask(void *user)
{
    struct crew *crew = user;
    long budget = crew->site->configuration.summaries.token_budget;
    bool may;

    pthread_mutex_lock(&crew->lock);
    may = !crew->is_over && (!budget || crew->spent + crew->totals.tokens < budget);
    pthread_mutex_unlock(&crew->lock);
    return may;
}

static void note_trouble(struct crew *crew, const struct error *why)
{
    crew->alike = crew->alike && strcmp(crew->trouble.text, why->text) == 0 ? crew->alike + 1 : 1;
    crew->trouble = *why;
    crew->has_trouble = true;
}

static void await(struct crew *crew, const struct chosen *chosen, const struct prompt *prompt)
{
    crew->awaited = memory_grow(crew->awaited, &crew->awaited_capacity, crew->awaited_count + 1,
                                sizeof(crew->awaited[0]));
    crew->awaited[crew->awaited_count++] = (struct awaited){chosen, prompt};
}

static void add_outcome(struct crew *crew, const struct chosen *chosen,
                        const struct prompt *prompt, const struct summary_outcome *outcome)
{
    size_t *const counts[] = {
        [SUMMARY_END_MADE] = &crew->totals.made,       [SUMMARY_END_KEPT] = &crew->totals.kept,
        [SUMMARY_END_UNSHOWN] = &crew->totals.unshown, [SUMMARY_END_FAILED] = &crew->totals.failed,
        [SUMMARY_END_LEFT] = &crew->totals.left};

    (*counts[outcome->end])++;
    crew->totals.tokens += outcome->tokens;
    if (outcome->end == SUMMARY_END_KEPT)
        await(crew, chosen, prompt);
    if (outcome->end == SUMMARY_END_MADE || outcome->tokens) /* it answered, if nothing of use */
        crew->away = 0;
    if (outcome->end == SUMMARY_END_MADE)
        crew->alike = 0;
    if (outcome->end == SUMMARY_END_UNSHOWN || outcome->end == SUMMARY_END_FAILED) {
        note_trouble(crew, &outcome->why);
        log_line(crew->site->log,
                 outcome->end == SUMMARY_END_FAILED ? LOG_LEVEL_WARNING : LOG_LEVEL_NOTICE,
                 "summaries: none of %s (%s): %s", chosen->id, prompt->language,
                 outcome->why.text);
    }
    crew->away += outcome->is_endpoint_away;
    if (outcome->is_misconfigured || crew->away >= AWAY_IN_A_ROW || crew->alike >= ALIKE_IN_A_ROW)
        crew->is_over = true;
}

static void show_progress(struct crew *crew)
{
    const struct totals *totals = &crew->totals;
    size_t done = totals->made + totals->kept + totals->unshown + totals->failed;

    log_progress(crew->site->log, "summaries: %zu of %zu, %zu failed, %lld tokens", done,
                 crew->wanted, totals->failed + totals->unshown, (long long)totals->tokens);
}

static void work_paper(struct hand *hand, const struct chosen *chosen)
{
    struct crew *crew = hand->crew;
    size_t at = papers_find(&crew->papers, view_of(chosen->id));
    struct summary_outcome *outcomes = memory_new(chosen->prompt_count, sizeof(outcomes[0]));
    struct error error;
    int result = 0;

    if (at < crew->papers.count)
        result = summary_desk_work(&hand->desk, &crew->papers.items[at], chosen->prompts,
                                   chosen->prompt_count, crew->edition, outcomes, &error);
    pthread_mutex_lock(&crew->lock);
    for (size_t i = 0; i < chosen->prompt_count && at < crew->papers.count; i++)
        add_outcome(crew, chosen, chosen->prompts[i], &outcomes[i]);
    if (result < 0) { /* the store's */
        note_trouble(crew, &error);
        log_line(crew->site->log, LOG_LEVEL_WARNING, "summaries: %s", error.text);
        crew->is_over = true;
    }
    show_progress(crew);
    pthread_mutex_unlock(&crew->lock);
    free(outcomes);
}

static const struct chosen *take_next(struct crew *crew)
{
    const struct chosen *chosen = NULL;

    pthread_mutex_lock(&crew->lock);
    if (crew->next < crew->count)
        chosen = &crew->chosen[crew->next++];
    pthread_mutex_unlock(&crew->lock);
    return chosen;
}

static void *work(void *user)
{
    struct hand *hand = user;
    const struct chosen *chosen;

    while ((chosen = take_next(hand->crew)))
        work_paper(hand, chosen);
    return NULL;
}

/* ---- what others are asking ---- */

/* 1: they have not come to an end; 0: they have, or left it to us and we have. */
static int look_at(struct crew *crew, struct summary_desk *desk, const struct awaited *awaited,
                   bool may_claim, struct error *error)
{
    const struct paper *paper =
        &crew->papers.items[papers_find(&crew->papers, view_of(awaited->chosen->id))];
    struct summary_key key =
        summary_key_of(crew->site, awaited->chosen->id, paper->version, awaited->prompt);
    struct summary_outcome outcome;
    struct summary_row row;
    bool found;

    arena_reset(desk->arena);
    if (summaries_get(desk->site.store, &key, desk->arena, &row, &found, error) < 0)
        return -1;
    if (!found || row.state != SUMMARY_ASKING || !may_claim)
        return found && row.state == SUMMARY_ASKING;
    if (summary_desk_work(desk, paper, &awaited->prompt, 1, crew->edition, &outcome, error) < 0)
        return -1;
    if (outcome.end == SUMMARY_END_KEPT)
        return 1;
    crew->totals.kept--;
    add_outcome(crew, awaited->chosen, awaited->prompt, &outcome);
    return 0;
}

static void nap(const struct crew *crew)
{
    const struct timer timer = timer_system();
    int64_t until = timer_steady_ms() + LOOK_MS;

    if (until > crew->office.deadline_ms)
        until = crew->office.deadline_ms;
    for (int64_t left; !site_is_stopping() && (left = until - timer_steady_ms()) > 0;)
        timer.sleep_ms(timer.context, left < 100 ? left : 100);
}

/* Digests that were planned now would go out without what another is about to have. */
static int await_others(struct crew *crew, struct summary_desk *desk, struct error *error)
{
    for (size_t looks = 1; crew->awaited_count; looks++) {
        size_t kept = 0;

        for (size_t i = 0; i < crew->awaited_count; i++) {
            int more = look_at(crew, desk, &crew->awaited[i], looks % LOOKS_UNTIL_CLAIM == 0, error);

            if (more < 0)
                return -1;
            if (more)
                crew->awaited[kept++] = crew->awaited[i];
        }
        crew->awaited_count = kept;
        if (!kept || site_is_stopping() || timer_steady_ms() >= crew->office.deadline_ms)
            break;
        log_progress(crew->site->log, "summaries: another process is asking for %zu", kept);
        nap(crew);
    }
    return 0;
}

/* ---- together ---- */

/* As many as there are connections to the store for, one at least. */
static int open_hands(struct crew *crew, struct hand *hands, size_t *count, struct error *error)
{
    for (size_t i = 0; i < *count; i++) {
        hands[i].crew = crew;
        if (summary_desk_open(&crew->office, i, i == 0, &hands[i].desk, error) == 0)
            continue;
        summary_desk_close(&hands[i].desk);
        if (i == 0)
            return -1;
        log_line(crew->site->log, LOG_LEVEL_WARNING, "summaries: %zu at once, not %zu: %s", i, *count,
                 error->text);
        *count = i;
    }
    return 0;
}

/* A thread that cannot be started leaves its part to the others. */
static int work_together(struct crew *crew, struct error *error)
{
    long connections = crew->site->configuration.summaries.connections;
    struct hand hands[CONNECTIONS_MAX] = {{0}};
    size_t count = (size_t)connections < crew->count ? (size_t)connections : crew->count;
    int result = open_hands(crew, hands, &count, error);

    if (result == 0)
        result = summary_uploads_tidy(crew->site, hands[0].desk.endpoint, error);
    if (result == 0) {
        show_progress(crew);
        for (size_t i = 1; i < count; i++)
            hands[i].is_started = pthread_create(&hands[i].thread, NULL, work, &hands[i]) == 0;
        work(&hands[0]);
        for (size_t i = 1; i < count; i++)
            if (hands[i].is_started)
                pthread_join(hands[i].thread, NULL);
        result = await_others(crew, &hands[0].desk, error);
    }
    for (size_t i = 0; i < count; i++)
        summary_desk_close(&hands[i].desk);
    log_progress_end(crew->site->log);
    return result;
}

static void log_totals(const struct crew *crew)
{
    const struct totals *totals = &crew->totals;
    const struct {
        size_t count;
        const char *what;
    } parts[] = {{totals->made, "made"},
                 {totals->kept, "of others"},
                 {totals->unshown, "not to be had"},
                 {totals->failed, "failed"},
                 {totals->left, site_is_stopping()                       ? "left, stopped"
                                : crew->has_trouble && crew->is_over ? "left, given up"
                                                                     : "left, without time or tokens"}};
    struct buffer line;

    if (totals->made + totals->unshown + totals->failed + totals->left == 0)
        return;
    buffer_init(&line, ERROR_TEXT_BYTES);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (parts[i].count)
            buffer_printf(&line, "%s%zu %s", line.size ? ", " : "", parts[i].count, parts[i].what);
    log_line(crew->site->log, LOG_LEVEL_NOTICE, "summaries: %s; %lld tokens", buffer_string(&line),
             (long long)totals->tokens);
    buffer_free(&line);
}

/* ---- what is left to ask ---- */

static int drop_done(struct crew *crew, struct arena *arena, struct error *error)
{
    size_t kept = 0;

    for (size_t i = 0; i < crew->count; i++) {
        struct chosen *chosen = &crew->chosen[i];
        size_t at = papers_find(&crew->papers, view_of(chosen->id)), prompts = 0;

        for (size_t j = 0; j < chosen->prompt_count && at < crew->papers.count; j++) {
            struct summary_key key = summary_key_of(
                crew->site, chosen->id, crew->papers.items[at].version, chosen->prompts[j]);
            struct summary_row row;
            bool found;

            if (summaries_get(crew->site->store, &key, arena, &row, &found, error) < 0)
                return -1;
            if (found && (row.state == SUMMARY_GOOD || row.state == SUMMARY_REFUSED ||
                          (row.state == SUMMARY_FAILED && row.attempts >= SUMMARY_ATTEMPTS)))
                crew->totals.kept++;
            else
                chosen->prompts[prompts++] = chosen->prompts[j];
        }
        chosen->prompt_count = prompts;
        crew->wanted += prompts;
        if (prompts)
            crew->chosen[kept++] = *chosen;
    }
    crew->count = kept;
    crew->totals.kept = 0;
    return 0;
}

/* Its time counts from the first question, also over several runs. */
static int find_budget(struct crew *crew, bool *ret_is_over, struct error *error)
{
    long seconds = crew->site->configuration.summaries.deadline_seconds;
    long budget = crew->site->configuration.summaries.token_budget;
    int64_t first_utc, left;

    if (summaries_spent(crew->site->store, crew->edition, &crew->spent, &first_utc, error) < 0)
        return -1;
    left = first_utc ? first_utc + seconds - site_now() : seconds;
    *ret_is_over = left <= 0 || (budget && crew->spent >= budget);
    if (left > seconds) /* the clock was set back */
        left = seconds;
    crew->office.deadline_ms = timer_steady_ms() + left * 1000;
    crew->office.lease_seconds = (long)left;
    return 0;
}

static int summarize_edition(struct crew *crew, struct arena *arena, struct error *error)
{
    bool is_over;

    if (find_budget(crew, &is_over, error) < 0)
        return -1;
    if (is_over)
        return 0;
    if (summary_choice_find(crew->site, crew->edition, arena, &crew->chosen, &crew->count,
                            error) < 0)
        return -1;
    if (!crew->count)
        return 0;
    if (store_load_edition(crew->site->store, crew->edition, &crew->papers, error) < 0 ||
        drop_done(crew, arena, error) < 0)
        return -1;
    return crew->count ? work_together(crew, error) : 0;
}

/* The newest edition with papers. */
static int find_edition(struct site *site, struct date *ret_edition, bool *ret_found,
                        struct error *error)
{
    struct edition_list list = {0};

    *ret_found = false;
    if (store_list_editions(site->store, (struct date){0}, EDITIONS_LOOKED_AT, &list, error) < 0)
        return -1;
    for (size_t i = 0; i < list.count && !*ret_found; i++) {
        *ret_found = list.items[i].paper_count > 0;
        *ret_edition = list.items[i].date;
    }
    edition_list_free(&list);
    return 0;
}

void summarizing_work(struct site *site)
{
    struct crew crew = {.site = site};
    struct arena *arena;
    struct error error;
    bool found;
    int result;

    if (!site->configuration.summaries.enabled || !site->configuration.summaries.papers)
        return;
    arena = arena_new();
    papers_init(&crew.papers);
    pthread_mutex_init(&crew.lock, NULL);
    result = find_edition(site, &crew.edition, &found, &error);
    if (result == 0 && found)
        result = summary_office_open(site, &crew.office, &error);
    if (result == 0 && found) {
        crew.office.is_stopping = site_is_stopping;
        crew.office.may_ask = may_ask;
        crew.office.user = &crew;
        result = summarize_edition(&crew, arena, &error);
    }
    log_totals(&crew);
    if (result < 0)
        log_line(site->log, LOG_LEVEL_ERROR, "summaries: %s; digests go out without", error.text);
    summary_office_close(&crew.office);
    free(crew.awaited);
    papers_free(&crew.papers);
    pthread_mutex_destroy(&crew.lock);
    arena_free(&arena);
}
