/* paperboy send: works the outbox, with one worker or several processes. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "commands/command.h"
#include "commands/working.h"
#include "store/outbox.h"

enum { WORKERS_MAX = 64, NAP_SECONDS = 3, RELAY_SECONDS = 60 };

static int open_site(struct site *site, struct log *log, const char *config, struct error *error)
{
    if (site_open(site, log, config, false, error) < 0 || site_need_sender(site, error) < 0 ||
        site_open_templates(site, error) < 0 ||
        site_open_store(site, error) < 0)
        return -1;
    return site_open_key(site, error);
}

static void add_summary(struct worker_summary *total, const struct worker_summary *summary)
{
    total->sent += summary->sent;
    total->deferred = summary->deferred;
    total->failed += summary->failed;
    total->skipped += summary->skipped;
    total->uncertain = summary->uncertain;
    total->expired += summary->expired;
    total->left = summary->left;
}

/* Sleeps until a delivery is due; `*ret_any` is false when nothing is open any
 * more. Looks again every few seconds: what another worker holds under a lease
 * it has mostly done long before the lease runs out, and clocks are set. */
static int wait_for_next(struct site *site, bool *ret_any, struct error *error)
{
    enum uncertain_policy policy =
        site->configuration.delivery.hold_uncertain ? UNCERTAIN_HOLD : UNCERTAIN_RESEND;

    while (!site_is_stopping()) {
        struct timespec nap = {.tv_sec = NAP_SECONDS};
        int64_t due_utc, seconds;

        if (outbox_next_due(site->store, policy, ret_any, &due_utc, error) < 0)
            return -1;
        seconds = due_utc - site_now();
        if (!*ret_any || seconds <= 0)
            return 0;
        log_progress(site->log, "waiting up to %lld s for the next attempt", (long long)seconds);
        if (seconds < NAP_SECONDS)
            nap.tv_sec = (time_t)seconds;
        nanosleep(&nap, NULL);
    }
    return 0;
}

static int work(struct site *site, bool wait, struct worker_summary *total, struct error *error)
{
    bool any = true;

    do {
        struct worker_summary summary;
        int result = working_send_due(site, NULL, &summary, error);

        add_summary(total, &summary);
        /* A relay that is away may come back; a wrong password does not. */
        if (result < 0 && !(wait && error->kind == ERROR_TEMPORARY))
            return -1;
        if (result < 0) {
            log_line(site->log, LOG_LEVEL_WARNING, "%s; tried again in %d s", error->text,
                     RELAY_SECONDS);
            for (int i = 0; i < RELAY_SECONDS && !site_is_stopping(); i++)
                sleep(1);
        }
        if (wait && !site_is_stopping() && wait_for_next(site, &any, error) < 0)
            return -1;
    } while (wait && any && !site_is_stopping());
    /* What was left at this worker's last look, another has done since. */
    if (wait && !any)
        total->left = total->deferred = 0;
    return 0;
}

static int send_alone(struct log *log, const char *config, bool wait)
{
    struct worker_summary total = {0};
    struct site site = {0};
    struct error error;
    int status;

    site_catch_signals();
    if (open_site(&site, log, config, &error) < 0 || work(&site, wait, &total, &error) < 0) {
        if (site.store)
            working_log_summary(log, &total);
        status = command_fail(log, &error);
    } else {
        working_log_summary(log, &total);
        status = working_exit_status(&total);
    }
    site_close(&site);
    return status;
}

/* Configuration before temporary before success. */
static int worse_status(int a, int b)
{
    if (a == EX_CONFIG || b == EX_CONFIG)
        return EX_CONFIG;
    return a != EX_OK ? a : b;
}

static int wait_for_workers(const pid_t *workers, long count)
{
    bool told = false;
    int status = EX_OK;
    long left = count;

    while (left > 0) {
        int how;
        pid_t ended;

        if (site_is_stopping() && !told) {
            for (long i = 0; i < count; i++)
                kill(workers[i], SIGTERM);
            told = true;
        }
        ended = waitpid(-1, &how, 0);
        if (ended < 0 && errno == EINTR)
            continue;
        if (ended < 0)
            break;
        left--;
        status = worse_status(status, WIFEXITED(how) ? WEXITSTATUS(how) : EX_TEMPFAIL);
    }
    return status;
}

/* Each worker opens the store and the relay for itself, as one on another
 * machine would. */
static int send_together(struct log *log, const char *config, bool wait, long count)
{
    pid_t workers[WORKERS_MAX];
    long started = 0;

    site_catch_signals();
    for (; started < count; started++) {
        pid_t worker = fork();

        if (worker == 0)
            _exit(send_alone(log, config, wait));
        if (worker < 0) {
            log_line(log, LOG_LEVEL_ERROR, "cannot start worker %ld: %s", started + 1,
                     strerror(errno));
            break;
        }
        workers[started] = worker;
    }
    return worse_status(wait_for_workers(workers, started), started < count ? EX_OSERR : EX_OK);
}

static int run(struct log *log, const struct options *options)
{
    bool wait = options_given(options, "--wait");
    struct error error;
    long workers = 1;

    if (options_number(options, "--workers", 1, WORKERS_MAX, &workers, &error) < 0)
        return command_fail_usage(log, &error);
    if (workers == 1)
        return send_alone(log, options->config, wait);
    return send_together(log, options->config, wait, workers);
}

static const struct option OPTIONS[] = {{"--workers", OPTION_VALUE},
                                        {"--wait", OPTION_FLAG},
                                        {NULL, 0}};

const struct command command_send = {
    .name = "send",
    .summary = "send what is due in the outbox",
    .help = "Usage: paperboy send [--workers N] [--wait]\n"
            "Sends the deliveries whose time has come. Neither fetches nor adds any.\n\n"
            "  --workers N  N processes that share the outbox (1 to 64, default 1)\n"
            "  --wait       stay until the outbox is empty, deferred deliveries included\n\n"
            "Exit status: 0 nothing is left; 75 something is left for later or has expired\n"
            "unsent; 78 the configuration needs mending.\n",
    .options = OPTIONS,
    .min_words = 0,
    .max_words = 0,
    .run = run,
};
