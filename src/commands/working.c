#include "commands/working.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/timer.h"
#include "commands/compose.h"
#include "commands/holding.h"
#include "commands/relay.h"
#include "commands/trouble.h"
#include "store/outbox.h"

enum {
    PATIENCE_MS = 8 * 1000,      /* a relay that starts anew takes seconds */
    ENDLESS_MS = 1000 * 1000 * 1000,
    MUCH = 500,                  /* deliveries for each thread that starts by itself */
    BATCH_MAX = 500,
    PROGRESS_MS = 200,
    WAIT_UNTOLD_MS = 60 * 1000,   /* longer waits are told in lines, too, */
    WAIT_TOLD_MS = 10 * 60 * 1000, /* so often */
    FILES_PER_CONNECTION = 4     /* a socket, and libcurl's own */
};

/* All that work on one outbox from here. */
struct crew {
    struct site *site;
    const struct working_options *options;
    struct library library;
    pthread_mutex_t writing; /* to a store of one writer at a time */
    pthread_mutex_t lock; /* the log, and the hands' summaries */
    struct hand *hands;
    int hand_count;
    int64_t left;         /* when it began */
    int64_t started_ms;
    int64_t told_ms;      /* when the progress line was last written */
    int64_t waits_since_ms; /* nothing has ended since it was first waited; 0: it is not */
    int64_t wait_told_ms;   /* when a line said for what */
    char limit[ERROR_TEXT_BYTES]; /* the last news: with a limit that ends the work, that */
};

/* One thread: a store, an engine and a composer of its own. */
struct hand {
    struct composer composer; /* first: the worker's `user` is this struct */
    struct crew *crew;
    struct site site; /* the crew's, but for the store */
    struct engine *engine;
    char name[320];
    pthread_t thread;
    struct worker_summary summary;
    int result;
    struct error error;
};

static int compose(void *user, const struct delivery *delivery, struct composed *ret_composed,
                   struct error *error)
{
    struct hand *hand = user;

    return composer_compose(&hand->composer, delivery, ret_composed, error);
}

static int64_t now(void *user)
{
    (void)user;
    return site_now();
}

static int64_t wall_ms(void *user)
{
    const struct timer timer = timer_wall();

    (void)user;
    return timer.now_ms(timer.context);
}

static uint32_t draw(void *user)
{
    (void)user;
    return site_random();
}

/* ---- telling ---- */

static void log_result(struct log *log, const struct delivery *delivery,
                       const struct delivery_result *result)
{
    static const char *const words[] = {
        [RESULT_DEFERRED] = "deferred", [RESULT_FAILED] = "refused", [RESULT_UNCERTAIN] = "uncertain"};

    if (!result || result->kind == RESULT_SENT || (size_t)result->kind >= sizeof(words) / sizeof(words[0]) ||
        !words[result->kind])
        return;
    log_line(log, result->kind == RESULT_FAILED ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING,
             "%s %s at %s: %s%s%s", delivery->subscriber, words[result->kind], result->stage,
             result->enhanced, result->enhanced[0] ? " " : "", result->reply);
}

static struct worker_summary sum_up(const struct crew *crew)
{
    struct worker_summary total = {0};

    for (int i = 0; i < crew->hand_count; i++)
        working_add_summary(&total, &crew->hands[i].summary);
    return total;
}

static int64_t done_by(const struct worker_summary *summary)
{
    return summary->sent + summary->deferred + summary->failed + summary->skipped +
           summary->uncertain;
}

static void format_left(const struct crew *crew, const struct worker_summary *total, double seconds,
                        char text[40])
{
    int64_t done = done_by(total), left = crew->left - done, needed;

    text[0] = '\0';
    if (left <= 0 || done < 10 || seconds < 1)
        return;
    needed = (int64_t)((double)left * seconds / (double)done);
    snprintf(text, 40, ", %lld:%02lld left", (long long)needed / 60, (long long)needed % 60);
}

static void show_progress(struct crew *crew)
{
    int64_t now_ms = timer_steady_ms();
    double seconds = (double)(now_ms - crew->started_ms) / 1000;
    struct worker_summary total;
    char left[40];

    if (now_ms - crew->told_ms < PROGRESS_MS)
        return;
    crew->told_ms = now_ms;
    total = sum_up(crew);
    format_left(crew, &total, seconds, left);
    log_progress(crew->site->log, "sent %lld, deferred %lld, failed %lld, %.0f per second%s",
                 (long long)total.sent, (long long)total.deferred, (long long)total.failed,
                 (double)total.sent / (seconds > 1 ? seconds : 1), left);
}

static void progress(void *user, const struct worker_summary *summary,
                     const struct delivery *delivery, const struct delivery_result *result)
{
    struct hand *hand = user;
    struct crew *crew = hand->crew;

    pthread_mutex_lock(&crew->lock);
    crew->waits_since_ms = 0;
    hand->summary = *summary;
    log_result(crew->site->log, delivery, result);
    show_progress(crew);
    pthread_mutex_unlock(&crew->lock);
}

static void tell_news(void *user, const char *text)
{
    struct hand *hand = user;

    pthread_mutex_lock(&hand->crew->lock);
    snprintf(hand->crew->limit, sizeof(hand->crew->limit), "%s", text);
    log_line(hand->crew->site->log, LOG_LEVEL_WARNING, "%s", text);
    pthread_mutex_unlock(&hand->crew->lock);
}

static void tell_wait(void *user, const char *text)
{
    struct hand *hand = user;
    struct crew *crew = hand->crew;
    int64_t now_ms = timer_steady_ms();

    pthread_mutex_lock(&crew->lock);
    if (!crew->waits_since_ms)
        crew->waits_since_ms = now_ms;
    if (now_ms - crew->waits_since_ms >= WAIT_UNTOLD_MS &&
        (!crew->wait_told_ms || now_ms - crew->wait_told_ms >= WAIT_TOLD_MS)) {
        crew->wait_told_ms = now_ms;
        log_line(crew->site->log, LOG_LEVEL_NOTICE, "waiting: %s", text);
    }
    log_progress(crew->site->log, "waiting: %s", text);
    pthread_mutex_unlock(&crew->lock);
}

static void log_recovered(void *user, const struct outbox_recovered *recovered)
{
    const struct hand *hand = user;
    struct crew *crew = hand->crew;
    struct log *log = crew->site->log;

    pthread_mutex_lock(&crew->lock);
    if (recovered->queued)
        log_line(log, LOG_LEVEL_NOTICE, "%lld deliveries of a dead worker are queued again",
                 (long long)recovered->queued);
    if (recovered->uncertain)
        log_line(log, LOG_LEVEL_WARNING,
                 "%lld deliveries were under way when a worker died and are uncertain; %s",
                 (long long)recovered->uncertain,
                 crew->site->configuration.delivery.hold_uncertain ? "they are held"
                                                                   : "they are sent again");
    if (recovered->expired)
        log_line(log, LOG_LEVEL_ERROR, "%lld deliveries expired before they could be sent",
                 (long long)recovered->expired);
    pthread_mutex_unlock(&crew->lock);
}

/* ---- working ---- */

static void take_turn(void *user, bool begins)
{
    struct hand *hand = user;

    if (begins)
        pthread_mutex_lock(&hand->crew->writing);
    else
        pthread_mutex_unlock(&hand->crew->writing);
}

/* SQLite has one writer, for which the others look again after ever longer naps. */
static bool has_one_writer(const struct site *site)
{
    return strncmp(site->configuration.store, "sqlite:", strlen("sqlite:")) == 0;
}

static enum uncertain_policy policy_of(const struct site *site)
{
    return site->configuration.delivery.hold_uncertain ? UNCERTAIN_HOLD : UNCERTAIN_RESEND;
}

/* A small outbox is shared by all that work on it, and a large one claimed in few steps. */
static size_t find_batch(const struct crew *crew)
{
    int64_t share = crew->left / (2 * crew->hand_count) + 1;
    int64_t most = crew->site->configuration.delivery.connections * 4;

    if (most < 100)
        most = 100;
    if (most > BATCH_MAX)
        most = BATCH_MAX;
    return (size_t)(share < most ? share : most);
}

static void *work(void *user)
{
    struct hand *hand = user;
    const struct crew *crew = hand->crew;
    struct worker_options options = {
        .name = hand->name,
        .only = crew->options->only,
        .uncertain = policy_of(crew->site),
        .batch = find_batch(crew),
        .compose = compose,
        .now = now,
        .now_ms = wall_ms,
        .random = draw,
        .progress = progress,
        .news = tell_news,
        .waits = tell_wait,
        .recovered = log_recovered,
        .writing = has_one_writer(crew->site) ? take_turn : NULL,
        .user = hand,
        .stop = site_stop_flag(),
    };
    struct worker_summary summary;

    holding_limits(&hand->site, &options.limits);
    hand->result = worker_run(hand->site.store, hand->engine, &options, &summary, &hand->error);
    pthread_mutex_lock(&hand->crew->lock);
    hand->summary = summary;
    pthread_mutex_unlock(&hand->crew->lock);
    return NULL;
}

/* Unique among all that work on this outbox. */
static void name_worker(char *name, size_t size, int number)
{
    char host[256] = "localhost";

    gethostname(host, sizeof(host) - 1);
    snprintf(name, size, "%s:%ld:%d:%08x", host, (long)getpid(), number, (unsigned)site_random());
}

static int open_hand(struct hand *hand, struct crew *crew, int number, struct error *error)
{
    long connections = crew->site->configuration.delivery.connections;
    /* The first ones take what is left over. */
    long share = (connections + crew->hand_count - 1 - number) / crew->hand_count;

    hand->crew = crew;
    hand->site = *crew->site;
    if (crew->hand_count > 1) {
        hand->site.store = NULL;
        if (site_open_store(&hand->site, error) < 0)
            return -1;
    }
    name_worker(hand->name, sizeof(hand->name), number);
    composer_init_sharing(&hand->composer, &hand->site, &crew->library);
    return relay_open_engine(&hand->site.configuration, share > 0 ? (int)share : 1,
                             crew->options->is_patient ? ENDLESS_MS : PATIENCE_MS, &hand->engine,
                             error);
}

static void close_hand(struct hand *hand)
{
    engine_close(&hand->engine);
    if (hand->crew)
        composer_free(&hand->composer);
    if (hand->crew && hand->crew->hand_count > 1)
        store_close(&hand->site.store);
}

/* A thread that cannot be started leaves its part to the others. */
static void work_together(struct crew *crew)
{
    bool started[WORKING_THREADS_MAX] = {false};

    for (int i = 1; i < crew->hand_count; i++)
        started[i] = pthread_create(&crew->hands[i].thread, NULL, work, &crew->hands[i]) == 0;
    work(&crew->hands[0]);
    for (int i = 1; i < crew->hand_count; i++)
        if (started[i])
            pthread_join(crew->hands[i].thread, NULL);
}

/* What stops one stops them all, mostly; a person is told of what to mend first. */
static int find_failure(const struct crew *crew, struct error *error)
{
    const struct hand *worst = NULL;

    for (int i = 0; i < crew->hand_count; i++)
        if (crew->hands[i].result < 0 &&
            (!worst || (worst->error.kind == ERROR_TEMPORARY &&
                        crew->hands[i].error.kind != ERROR_TEMPORARY)))
            worst = &crew->hands[i];
    if (worst)
        *error = worst->error;
    return worst ? -1 : 0;
}

/* Many connections need many files; what the system grants is enough for most. */
static void allow_files(const struct site *site)
{
    rlim_t needed = (rlim_t)site->configuration.delivery.connections * FILES_PER_CONNECTION + 200;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= needed)
        return;
    limit.rlim_cur = needed < limit.rlim_max ? needed : limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static int find_hand_count(const struct crew *crew)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int64_t useful = crew->left / MUCH;
    int count = crew->options->threads;

    if (!count) {
        count = cores > 1 ? (int)cores : 1;
        if (count > useful)
            count = useful > 1 ? (int)useful : 1;
    }
    return count < WORKING_THREADS_MAX ? count : WORKING_THREADS_MAX;
}

static int open_crew(struct crew *crew, struct error *error)
{
    struct site *site = crew->site;

    if (outbox_count_left(site->store, crew->options->only, policy_of(site), site_now(),
                          &crew->left, error) < 0)
        return -1;
    allow_files(site);
    crew->hand_count = find_hand_count(crew);
    crew->hands = memory_new((size_t)crew->hand_count, sizeof(crew->hands[0]));
    for (int i = 0; i < crew->hand_count; i++)
        if (open_hand(&crew->hands[i], crew, i, error) < 0)
            return -1;
    return 0;
}

/* What keeps mail back is in no delivery that was never tried; status tells it. */
static void note_trouble(const struct crew *crew, const struct worker_summary *summary,
                         const struct error *failure)
{
    struct trouble trouble = {.when_utc = site_now(), .until_utc = summary->wait_until_utc};
    struct error stopped, unkept;

    for (int i = 0; i < crew->hand_count && !failure; i++)
        if (crew->hands[i].engine && engine_find_stopped(crew->hands[i].engine, &stopped))
            failure = &stopped;
    if (failure)
        snprintf(trouble.text, sizeof(trouble.text), "%s", failure->text);
    else if (trouble.until_utc)
        snprintf(trouble.text, sizeof(trouble.text), "%s", crew->limit);
    /* What ended the work may be the store, which is told already. */
    if (trouble_keep(crew->site, &trouble, &unkept) < 0 && !failure)
        log_line(crew->site->log, LOG_LEVEL_WARNING, "%s", unkept.text);
}

int working_send_due(struct site *site, const struct working_options *options,
                     struct worker_summary *ret_summary, struct error *error)
{
    struct crew crew = {.site = site, .options = options, .started_ms = timer_steady_ms()};
    int result;

    *ret_summary = (struct worker_summary){0};
    pthread_mutex_init(&crew.lock, NULL);
    pthread_mutex_init(&crew.writing, NULL);
    library_init(&crew.library);
    result = open_crew(&crew, error);
    if (result == 0) {
        work_together(&crew);
        *ret_summary = sum_up(&crew);
        result = find_failure(&crew, error);
    }
    note_trouble(&crew, ret_summary, result < 0 ? error : NULL);
    for (int i = 0; i < crew.hand_count; i++)
        close_hand(&crew.hands[i]);
    free(crew.hands);
    library_free(&crew.library);
    pthread_mutex_destroy(&crew.lock);
    pthread_mutex_destroy(&crew.writing);
    log_progress_end(site->log);
    if (outbox_count_left(site->store, options->only, policy_of(site), site_now(),
                          &ret_summary->left, result < 0 ? NULL : error) < 0) {
        ret_summary->left = WORKING_LEFT_UNKNOWN;
        result = -1;
    }
    return result;
}

/* ---- what came of it ---- */

void working_add_summary(struct worker_summary *total, const struct worker_summary *summary)
{
    total->sent += summary->sent;
    total->deferred += summary->deferred;
    total->failed += summary->failed;
    total->skipped += summary->skipped;
    total->uncertain += summary->uncertain;
    total->expired += summary->expired;
    total->left = summary->left;
    if (summary->wait_until_utc > total->wait_until_utc)
        total->wait_until_utc = summary->wait_until_utc;
}

static void log_left(struct site *site)
{
    struct outbox_left left;
    struct error error;
    char until[TIME_TEXT_BYTES];

    if (outbox_find_left(site->store, &left, &error) < 0)
        return;
    if (left.held) {
        time_format_rfc3339(left.held_until_utc, until);
        log_line(site->log, LOG_LEVEL_NOTICE,
                 "%lld of them are held by another worker; if it is dead, they are sent after %s",
                 (long long)left.held, until);
    }
    if (left.waiting && left.next_utc > site_now()) {
        time_format_rfc3339(left.next_utc, until);
        log_line(site->log, LOG_LEVEL_NOTICE, "%lld of them wait, the first until %s",
                 (long long)left.waiting, until);
    }
}

void working_log_summary(struct site *site, const struct worker_summary *summary)
{
    char expired[40] = "", left[40] = "unknown";

    if (summary->expired)
        snprintf(expired, sizeof(expired), "expired %lld, ", (long long)summary->expired);
    if (summary->left != WORKING_LEFT_UNKNOWN)
        snprintf(left, sizeof(left), "%lld", (long long)summary->left);
    log_line(site->log, LOG_LEVEL_NOTICE,
             "sent %lld, deferred %lld, failed %lld, uncertain %lld, skipped %lld, %sleft %s",
             (long long)summary->sent, (long long)summary->deferred, (long long)summary->failed,
             (long long)summary->uncertain, (long long)summary->skipped, expired, left);
    if (summary->left > 0)
        log_left(site);
}

int working_exit_status(const struct worker_summary *summary)
{
    /* Expired mail is neither done nor refused: its editions come with a later
     * digest, so that it counts as left. What is held as uncertain waits for a
     * person and not for a later run. */
    return summary->left || summary->expired ? EX_TEMPFAIL : EX_OK;
}
