/* paperboy send: works the outbox, with one worker or several. */
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "commands/command.h"
#include "commands/working.h"
#include "store/outbox.h"

enum { NAP_SECONDS = 3, NAP_TOLD_SECONDS = 30, RELAY_SECONDS = 60 };

static int open_site(struct site *site, struct log *log, const char *config, struct error *error)
{
    if (site_open(site, log, config, false, error) < 0 || site_need_sender(site, error) < 0 ||
        site_open_templates(site, error) < 0 ||
        site_open_store(site, error) < 0)
        return -1;
    return site_open_key(site, error);
}

static void tell_next(const struct site *site, int64_t due_utc)
{
    char due[TIME_TEXT_BYTES];

    time_format_rfc3339(due_utc, due);
    log_line(site->log, LOG_LEVEL_NOTICE, "waiting for the next attempt, at %s or before", due);
}

/* Sleeps until a delivery is due; `*ret_any` is false when nothing is open any
 * more. Looks again every few seconds: what another worker holds under a lease
 * it has mostly done long before the lease runs out, and clocks are set. */
static int wait_for_next(struct site *site, bool *ret_any, struct error *error)
{
    enum uncertain_policy policy =
        site->configuration.delivery.hold_uncertain ? UNCERTAIN_HOLD : UNCERTAIN_RESEND;

    bool is_told = false;

    while (!site_is_stopping()) {
        struct timespec nap = {.tv_sec = NAP_SECONDS};
        int64_t due_utc, seconds;

        if (outbox_next_due(site->store, policy, ret_any, &due_utc, error) < 0)
            return -1;
        seconds = due_utc - site_now();
        if (!*ret_any || seconds <= 0)
            return 0;
        if (!is_told && seconds > NAP_TOLD_SECONDS)
            tell_next(site, due_utc);
        is_told = true;
        log_progress(site->log, "waiting up to %lld s for the next attempt", (long long)seconds);
        if (seconds < NAP_SECONDS)
            nap.tv_sec = (time_t)seconds;
        nanosleep(&nap, NULL);
    }
    return 0;
}

/* Until a limit lets something begin again; which one was said. */
static void wait_for_limit(struct site *site, int64_t until_utc)
{
    while (!site_is_stopping() && site_now() < until_utc) {
        log_progress(site->log, "waiting %lld s for the limit", (long long)(until_utc - site_now()));
        sleep(1);
    }
}

static void wait_for_relay(struct site *site, const struct error *error)
{
    log_line(site->log, LOG_LEVEL_WARNING, "%s; tried again in %d s", error->text, RELAY_SECONDS);
    for (int i = 0; i < RELAY_SECONDS && !site_is_stopping(); i++)
        sleep(1);
}

/* A store that is away for a moment comes back. It is told once: this is asked often. */
static int wait_patiently(struct site *site, bool *ret_any, struct error *error)
{
    bool is_told = false;

    while (wait_for_next(site, ret_any, error) < 0) {
        if (error->kind != ERROR_TEMPORARY)
            return -1;
        if (!is_told)
            log_line(site->log, LOG_LEVEL_WARNING, "%s; asked again every %d s", error->text,
                     NAP_SECONDS);
        is_told = true;
        for (int i = 0; i < NAP_SECONDS && !site_is_stopping(); i++)
            sleep(1);
        *ret_any = true;
        if (site_is_stopping())
            return 0;
    }
    return 0;
}

static int work(struct site *site, int threads, bool wait, struct worker_summary *total,
                struct error *error)
{
    const struct working_options options = {.threads = threads, .is_patient = wait};
    bool any = true;

    do {
        struct worker_summary summary;
        int result = working_send_due(site, &options, &summary, error);

        working_add_summary(total, &summary);
        /* A later round's are mostly the same ones again. */
        total->deferred = summary.deferred;
        total->uncertain = summary.uncertain;
        total->wait_until_utc = summary.wait_until_utc;
        /* A relay that is away may come back; a wrong password does not. */
        if (result < 0 && !(wait && error->kind == ERROR_TEMPORARY))
            return -1;
        if (result < 0)
            wait_for_relay(site, error);
        else if (wait && summary.wait_until_utc)
            wait_for_limit(site, summary.wait_until_utc);
        if (wait && !site_is_stopping() && wait_patiently(site, &any, error) < 0)
            return -1;
    } while (wait && any && !site_is_stopping());
    /* What was left at this worker's last look, another has done since. */
    if (wait && !any)
        total->left = total->deferred = 0;
    return 0;
}

static int run(struct log *log, const struct options *options)
{
    bool wait = options_given(options, "--wait");
    struct worker_summary total = {.left = WORKING_LEFT_UNKNOWN};
    struct site site = {0};
    struct error error;
    long threads = 0;
    int status;

    if (options_number(options, "--workers", 1, WORKING_THREADS_MAX, &threads, &error) < 0)
        return command_fail_usage(log, &error);
    site_catch_signals();
    if (open_site(&site, log, options->config, &error) < 0 ||
        work(&site, (int)threads, wait, &total, &error) < 0) {
        if (site.store)
            working_log_summary(&site, &total);
        status = command_fail(log, &error);
    } else {
        working_log_summary(&site, &total);
        status = working_exit_status(&total);
    }
    site_close(&site);
    return status;
}

static const struct option OPTIONS[] = {{"--workers", OPTION_VALUE},
                                        {"--wait", OPTION_FLAG},
                                        {NULL, 0}};

const struct command command_send = {
    .name = "send",
    .summary = "send what is due in the outbox",
    .help = "Usage: paperboy send [--workers N] [--wait]\n"
            "Sends the deliveries whose time has come. Neither fetches nor adds any.\n\n"
            "  --workers N  N threads that share the outbox and the connections (1 to 64;\n"
            "               default: one, or one per core when there is much to do)\n"
            "  --wait       stay until the outbox is empty, deferred deliveries included;\n"
            "               what cannot be sent leaves it when it expires\n"
            "               (delivery.expire_hours)\n\n"
            "Exit status: 0 nothing is left; 75 something is left for later or has expired\n"
            "unsent; 78 the configuration needs mending.\n",
    .options = OPTIONS,
    .min_words = 0,
    .max_words = 0,
    .run = run,
};
