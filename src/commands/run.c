/* paperboy run: the daily job. Fetches when an edition is expected, plans what
 * is due, works the outbox; each stage goes on when the one before it failed. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/timer.h"
#include "commands/catching_up.h"
#include "commands/command.h"
#include "commands/compose.h"
#include "commands/fetching.h"
#include "commands/plan.h"
#include "commands/profile_source.h"
#include "commands/publish.h"
#include "commands/retention.h"
#include "commands/summarizing.h"
#include "commands/working.h"
#include "subscribers/address.h"

enum { CATCH_UP_BEFORE_MAIL_MS = 5 * 60 * 1000 };

struct job {
    struct site site;
    const struct options *options;
    struct log *log;
    char *only; /* canonical; NULL: everybody */
    bool is_dry;
    struct date date;
    struct roster roster;
    struct wanted wanted; /* once needed */
    bool has_wanted;
    struct fetched fetched;
    bool has_fetched;
    struct date fetched_day; /* also when its papers are let go */
};

/* ---- fetching ---- */

static int find_wanted(struct job *job, struct error *error)
{
    if (!job->has_wanted && wanted_find(&job->site, &job->roster, &job->wanted, error) < 0)
        return -1;
    job->has_wanted = true;
    return 0;
}

/* Status names it, and the next run asks again. */
static void note_failure(struct job *job, int64_t now_utc, const struct error *failure)
{
    struct error error;

    if (fetching_store_failure(&job->site, &job->wanted, job->date, now_utc, failure, &error) < 0)
        log_line(job->log, LOG_LEVEL_WARNING, "%s", error.text);
}

static int fetch_from_arxiv(struct job *job, struct error *error)
{
    int64_t now_utc = site_now();
    bool is_expected;
    int result;

    if (find_wanted(job, error) < 0 ||
        fetching_is_expected(&job->site, &job->wanted, now_utc, &is_expected, error) < 0)
        return -1;
    if (!is_expected && !date_is_set(job->date)) {
        if (!job->wanted.categories.count)
            log_line(job->log, LOG_LEVEL_WARNING,
                     "no profile names a category and arxiv.categories is empty: nothing to ask "
                     "arXiv for");
        return 0;
    }
    result = fetching_from_arxiv(&job->site, &job->wanted, job->date,
                                 !job->is_dry && !date_is_set(job->date), now_utc, &job->fetched,
                                 error);
    job->has_fetched = result == 0;
    if (result < 0 && !job->is_dry)
        note_failure(job, now_utc, error);
    return result;
}

static int fetch(struct job *job, struct error *error)
{
    const struct strings *feeds = options_list(job->options, "--feed");
    int result;

    if (!feeds->count)
        return fetch_from_arxiv(job, error);
    result =
        fetching_from_sources(&job->site, feeds, job->date, site_now(), &job->fetched, error);
    job->has_fetched = result == 0;
    return result;
}

/* 69 when arXiv could not be read; what else is wrong keeps its own status. */
static int fetch_status(const struct job *job, const struct error *error)
{
    bool from_feeds = options_list(job->options, "--feed")->count > 0;

    if (error->kind == ERROR_CONFIGURATION || error->kind == ERROR_PERMISSION)
        return error_exit_status(error->kind);
    if (from_feeds && (error->kind == ERROR_INPUT || error->kind == ERROR_MISSING))
        return error_exit_status(error->kind);
    return EX_UNAVAILABLE;
}

/* The day of what was just fetched, or today, when arXiv has announced nothing. */
static int find_silent_day(struct job *job, struct date *ret_day, struct error *error)
{
    int64_t now_utc = site_now();
    struct date day =
        job->has_fetched ? job->fetched_day : site_arxiv_date(&job->site, now_utc);
    bool is_silent;

    if (fetching_find_silence(&job->site, day, now_utc, &is_silent, error) < 0)
        return -1;
    *ret_day = is_silent ? day : (struct date){0};
    return 0;
}

/* ---- missed days ---- */

/* Before the mail what is missing, so that it goes into one digest with today's,
 * but not for long: the rest, and what is only doubted, waits until it is sent.
 * While today's feed is awaited nothing is lost by waiting too, and its papers
 * are then not taken for an earlier day's. A failure is no failure of the day. */
static void catch_up(struct job *job, enum catching_up_need need)
{
    const struct timer timer = timer_system();
    int64_t now_utc = site_now();
    bool is_first = need == CATCHING_UP_MISSED;
    struct awaited awaited;
    struct error error;

    if (job->is_dry || site_is_stopping() || date_is_set(job->date) ||
        options_list(job->options, "--feed")->count)
        return;
    if (fetching_find_awaited(&job->site, now_utc, &awaited, &error) < 0 ||
        (!awaited.is_soon &&
         (find_wanted(job, &error) < 0 ||
          catching_up_due(&job->site, &job->wanted, need, now_utc,
                          is_first ? timer.now_ms(timer.context) + CATCH_UP_BEFORE_MAIL_MS : 0,
                          &error) < 0)))
        log_line(job->log, LOG_LEVEL_WARNING, "catching up: %s", error.text);
}

/* ---- summaries ---- */

/* Before anybody's digest is planned, or another process would send it without. */
static void summarize(struct job *job)
{
    if (job->is_dry || job->only)
        return;
    site_catch_signals();
    summarizing_work(&job->site);
    if (!site_is_stopping())
        site_release_signals();
}

/* ---- a dry run ---- */

static int render_planned(struct composer *composer, const struct profile *profile,
                          const struct planned *planned, struct ranking *ret_ranking,
                          struct error *error)
{
    const struct edition_shown *taken;
    char slot[DATE_TEXT_BYTES];
    struct compose_request request = {
        .profile = profile,
        .is_note = planned->is_note,
        .date = planned->slot,
        .slot = slot,
        .now_utc = site_now(),
    };

    arena_reset(composer->arena);
    composer->compiling.is_refused = false;
    date_format(planned->slot, slot);
    if (!planned->is_note &&
        composer_take(composer, planned->editions, planned->edition_count, 0, (struct view){0},
                      &request, &taken, error) < 0)
        return -1;
    return composer_render(composer, &request, ret_ranking, error);
}

static int print_planned(struct job *job, struct composer *composer, const struct planned *planned,
                         struct error *error)
{
    struct profile_source profiles;
    char slot[DATE_TEXT_BYTES];
    struct ranking ranking;
    struct profile profile;
    int result;

    if (profile_source_open(&job->site, &profiles, error) < 0 ||
        profile_source_load(&profiles, planned->address, &profile, NULL, error) < 0)
        return -1;
    date_format(planned->slot, slot);
    result = render_planned(composer, &profile, planned, &ranking, error);
    if (result == 0 && planned->is_note)
        printf("%s %s: %s\n", planned->address, slot, buffer_string(&composer->output.subject));
    else if (result == 0 && ranking.count)
        printf("%s %s: %zu paper%s: %s\n", planned->address, slot, ranking.count,
               ranking.count == 1 ? "" : "s", buffer_string(&composer->output.subject));
    else if (result == 0)
        printf("%s %s: no paper fits the profile, no digest\n", planned->address, slot);
    else if (composer->compiling.is_refused)
        result = printf("%s %s: no digest: %s\n", planned->address, slot, error->text) < 0 ? -1 : 0;
    profile_free(&profile);
    return result;
}

static int print_all_planned(struct job *job, const struct planned_list *planned,
                             struct error *error)
{
    struct composer composer;
    int result = 0;

    composer_init(&composer, &job->site);
    if (job->has_fetched) {
        library_add_unstored(&composer.own, &job->fetched.day, job->fetched.edition.date);
    }
    for (size_t i = 0; i < planned->count && result == 0; i++)
        result = print_planned(job, &composer, &planned->items[i], error);
    composer_free(&composer);
    return result;
}

static int run_dry(struct job *job, struct error *error)
{
    struct planned_list planned = {0};
    struct plan_summary summary;
    struct plan_options options = {.only = job->only, .now_utc = site_now(), .planned = &planned};
    int result;

    if (find_silent_day(job, &options.silent_day, error) < 0)
        return -1;
    if (job->has_fetched) {
        options.unstored = &job->fetched.edition;
        options.unstored_papers = &job->fetched.day;
    }
    result = plan_digests(&job->site, &job->roster, &options, &summary, error);
    if (result == 0)
        result = print_all_planned(job, &planned, error);
    if (result == 0)
        log_line(job->log, LOG_LEVEL_NOTICE,
                 "dry run: %zu profiles, %zu broken, %zu digests would be made; nothing was sent "
                 "or stored",
                 summary.profiles, summary.bad, summary.added);
    planned_list_free(&planned);
    return result;
}

/* ---- the real one ---- */

static int plan(struct job *job, struct error *error)
{
    struct plan_options options = {.only = job->only, .now_utc = site_now()};
    struct plan_summary summary;

    if (find_silent_day(job, &options.silent_day, error) < 0 ||
        plan_digests(&job->site, &job->roster, &options, &summary, error) < 0)
        return -1;
    if (summary.notes)
        log_line(job->log, LOG_LEVEL_NOTICE, "%zu subscribers are told that nothing was announced",
                 summary.notes);
    log_line(job->log, LOG_LEVEL_NOTICE,
             "%zu profiles, %zu broken, %zu paused, %zu suppressed; %zu digests are due",
             summary.profiles, summary.bad, summary.paused, summary.suppressed, summary.added);
    return 0;
}

/* Sending needs none of what planning has read of everybody; what should need it again
 * reads it again. */
static void let_go(struct job *job)
{
    roster_free(&job->roster);
    roster_init(&job->roster, &job->site);
    malloc_trim(0);
}

static int plan_and_work(struct job *job)
{
    const struct working_options options = {.only = job->only};
    struct worker_summary summary;
    struct error error;

    if (plan(job, &error) < 0)
        return command_fail(job->log, &error);
    let_go(job);
    site_catch_signals();
    if (working_send_due(&job->site, &options, &summary, &error) < 0) {
        working_log_summary(&job->site, &summary);
        return command_fail(job->log, &error);
    }
    working_log_summary(&job->site, &summary);
    if (!site_is_stopping()) {
        site_release_signals();
        catch_up(job, CATCHING_UP_ALL);
    }
    /* What is kept for too long harms nobody's mail. */
    if (!site_is_stopping() && retention_apply(&job->site, site_now(), &error) < 0)
        log_line(job->log, LOG_LEVEL_WARNING, "%s", error.text);
    return working_exit_status(&summary);
}

/* ---- the folder for everybody ---- */

/* Behind the mail, and only when that is asked for and something is new. */
static int publish(struct job *job)
{
    struct error error;

    if (job->is_dry || job->only || site_is_stopping() ||
        !job->site.configuration.publish.is_wanted ||
        publish_news(&job->site, &error) == 0)
        return EX_OK;
    return command_fail(job->log, &error);
}

static int work_job(struct job *job)
{
    struct error error;
    int fetched = EX_OK, published, status;

    if (fetch(job, &error) < 0) {
        fetched = fetch_status(job, &error);
        log_line(job->log, LOG_LEVEL_ERROR, "%s", error.text);
        /* A certificate or a category that has to be mended costs nobody the mail
         * that is waiting; a feed that was named and is none ends it. */
        if (fetched != EX_UNAVAILABLE && error.kind != ERROR_CONFIGURATION)
            return fetched;
    }
    if (job->has_fetched)
        job->fetched_day = job->fetched.edition.date;
    if (job->has_fetched && !job->is_dry) {
        if (fetching_store(&job->site, &job->fetched, &error) < 0)
            return command_fail(job->log, &error);
        fetched_free(&job->fetched); /* the store has it */
    }
    catch_up(job, CATCHING_UP_MISSED);
    summarize(job);
    if (job->is_dry)
        status = run_dry(job, &error) < 0 ? command_fail(job->log, &error) : EX_OK;
    else
        status = plan_and_work(job);
    published = publish(job);
    return status != EX_OK ? status : fetched != EX_OK ? fetched : published;
}

static int open_job(struct job *job, struct error *error)
{
    const char *only = options_value(job->options, "--only");

    if (only) {
        if (address_check(view_of(only), error) < 0)
            return -1;
        job->only = address_canonical(view_of(only));
    }
    if (site_open(&job->site, job->log, job->options->config, false, error) < 0 ||
        site_need_sender(&job->site, error) < 0 ||
        site_open_templates(&job->site, error) < 0 || site_open_store(&job->site, error) < 0)
        return -1;
    return job->is_dry ? site_open_key_unkept(&job->site, error) : site_open_key(&job->site, error);
}

static int run(struct log *log, const struct options *options)
{
    struct job job = {
        .options = options, .log = log, .is_dry = options_given(options, "--dry-run")};
    struct error error;
    int status;

    if (options_date(options, "--date", &job.date, &error) < 0)
        return command_fail_usage(log, &error);
    roster_init(&job.roster, &job.site);
    if (open_job(&job, &error) < 0)
        status = command_fail(log, &error);
    else
        status = work_job(&job);
    fetched_free(&job.fetched);
    wanted_free(&job.wanted);
    roster_free(&job.roster);
    site_close(&job.site);
    free(job.only);
    return status;
}

static const struct option OPTIONS[] = {{"--date", OPTION_VALUE},
                                        {"--dry-run", OPTION_FLAG},
                                        {"--feed", OPTION_LIST},
                                        {"--only", OPTION_VALUE},
                                        {NULL, 0}};

const struct command command_run = {
    .name = "run",
    .summary = "the daily job: fetch, rank, send what is due",
    .help = "Usage: paperboy run [--date YYYY-MM-DD] [--dry-run] [--feed FILE|URL...]\n"
            "                    [--only ADDRESS]\n"
            "Fetches the day's edition when one is expected, and over OAI-PMH what was missed\n"
            "in the last 31 days, has AI summaries made where they are configured, adds the\n"
            "digests whose time has come, and sends them. May run at any time and as often\n"
            "as one likes: what was sent is not sent again.\n\n"
            "  --date YYYY-MM-DD   the edition's date, instead of the feed's own\n"
            "  --dry-run           print what would be sent; send and store nothing\n"
            "  --feed FILE|URL...  read these instead of asking arXiv\n"
            "  --only ADDRESS      for this subscriber alone; no AI summaries are asked for\n\n"
            "Exit status: 0 all that was due is done; 75 something is left for later or has\n"
            "expired unsent; 69 arXiv could not be read; 78 the configuration needs mending.\n",
    .options = OPTIONS,
    .min_words = 0,
    .max_words = 0,
    .run = run,
};
